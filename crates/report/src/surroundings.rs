//! The kind of device and the referrer of each row, by the rules of `summary`, as functions of SQL:
//! `device(device type, environment, screen width, screen height, window width)` and `referrer(referrer address, page address)`.
//!
//! Functions of ours, so that the views and the summaries can't differ.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use summary::{Device, DeviceSigns, referrer};

/// The function behind the column `device`.
pub(crate) const DEVICE: &str = "device";

/// The function behind the column `referrer`.
pub(crate) const REFERRER: &str = "referrer";

/// The functions as a session registers them.
pub(crate) fn udfs() -> [ScalarUDF; 2] {
    let device_takes = vec![DataType::Utf8, DataType::Utf8, DataType::Int64, DataType::Int64, DataType::Int64];
    let referrer_takes = vec![DataType::Utf8, DataType::Utf8];
    [
        create_udf(DEVICE, device_takes, DataType::Utf8, Volatility::Immutable, Arc::new(devices)),
        create_udf(REFERRER, referrer_takes, DataType::Utf8, Volatility::Immutable, Arc::new(referrers)),
    ]
}

fn devices(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let texts = [as_type(&arrays[0], &DataType::Utf8)?, as_type(&arrays[1], &DataType::Utf8)?];
    let integer = |at: usize| as_type(&arrays[at], &DataType::Int64);
    let integers = [integer(2)?, integer(3)?, integer(4)?];
    let [kinds, environments] = texts.each_ref().map(|array| array.as_string::<i32>());
    let [widths, heights, windows] = integers.each_ref().map(|array| array.as_primitive::<Int64Type>());
    let mut out = StringBuilder::with_capacity(kinds.len(), kinds.len() * 8);
    for row in 0..kinds.len() {
        let device = Device::of(&DeviceSigns {
            kind: kinds.is_valid(row).then(|| kinds.value(row).as_bytes()),
            environment: environments.is_valid(row).then(|| environments.value(row).as_bytes()),
            screen_width: widths.is_valid(row).then(|| widths.value(row)),
            screen_height: heights.is_valid(row).then(|| heights.value(row)),
            viewport_width: windows.is_valid(row).then(|| windows.value(row)),
        });
        out.append_option(device.map(Device::name));
    }
    Ok(ColumnarValue::Array(Arc::new(out.finish())))
}

fn referrers(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let texts = [as_type(&arrays[0], &DataType::Utf8)?, as_type(&arrays[1], &DataType::Utf8)?];
    let [urls, pages] = texts.each_ref().map(|array| array.as_string::<i32>());
    let mut out = StringBuilder::with_capacity(urls.len(), urls.len() * 16);
    let mut buffer = String::new();
    for row in 0..urls.len() {
        let url = urls.is_valid(row).then(|| urls.value(row).as_bytes());
        let page = pages.is_valid(row).then(|| pages.value(row).as_bytes());
        out.append_option(referrer(url, page, &mut buffer));
    }
    Ok(ColumnarValue::Array(Arc::new(out.finish())))
}

/// A reader may hand out views or dictionaries; for what is of the type the cast is free.
fn as_type(array: &ArrayRef, data_type: &DataType) -> Result<ArrayRef> {
    Ok(cast(array, data_type)?)
}
