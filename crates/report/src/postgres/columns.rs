//! Columns of an answer in few, plain types, so that whoever writes them for the wire meets no
//! other: booleans, integers, floats, decimals, texts, bytes, dates, times, timestamps and lists
//! of those. A nested value is its JSON, as in every other answer of ours.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringBuilder};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};

use crate::cell;

/// The key in a column's metadata that says its text is JSON.
pub(crate) const JSON: (&str, &str) = ("frontdesk.form", "json");

/// Most digits of a decimal that are written as one.
const DECIMAL_DIGITS_MAX: u8 = 28;

/// How a column is made plain.
enum Way {
    /// It is.
    Keep,
    /// By a cast that fails rather than lose something.
    Cast(DataType),
    /// As text, JSON where it is nested.
    Text,
}

/// The schema of the plain columns.
pub(crate) fn plain_schema(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        let kept = Field::new(field.name(), field.data_type().clone(), true).with_metadata(field.metadata().clone());
        match way(field.data_type()) {
            Way::Keep => kept,
            Way::Cast(kind) => kept.with_data_type(kind),
            Way::Text => {
                let is_json = field.data_type().is_nested();
                let metadata = is_json.then(|| HashMap::from([(JSON.0.to_owned(), JSON.1.to_owned())]));
                Field::new(field.name(), DataType::Utf8, true).with_metadata(metadata.unwrap_or_default())
            }
        }
    });
    Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone()))
}

/// The same rows in plain columns.
///
/// # Errors
/// A number doesn't fit.
pub(crate) fn plain(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(|column| match way(column.data_type()) {
        Way::Keep => Ok(Arc::clone(column)),
        Way::Cast(kind) => cast_with_options(column, &kind, &CastOptions { safe: false, ..CastOptions::default() }),
        Way::Text => Ok(texts(column.as_ref())),
    });
    let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn way(kind: &DataType) -> Way {
    match kind {
        DataType::Boolean
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Utf8
        | DataType::Binary
        | DataType::Date32
        | DataType::Time64(TimeUnit::Microsecond)
        | DataType::Timestamp(TimeUnit::Microsecond, _) => Way::Keep,
        DataType::Decimal128(digits, scale) if *digits <= DECIMAL_DIGITS_MAX && *scale >= 0 => Way::Keep,
        DataType::Int8 | DataType::UInt8 => Way::Cast(DataType::Int16),
        DataType::UInt16 => Way::Cast(DataType::Int32),
        DataType::UInt32 | DataType::UInt64 => Way::Cast(DataType::Int64),
        DataType::Float16 => Way::Cast(DataType::Float32),
        DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Way::Cast(DataType::Utf8),
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => Way::Cast(DataType::Binary),
        DataType::Date64 => Way::Cast(DataType::Date32),
        DataType::Time32(_) | DataType::Time64(_) => Way::Cast(DataType::Time64(TimeUnit::Microsecond)),
        DataType::Timestamp(_, zone) => Way::Cast(DataType::Timestamp(TimeUnit::Microsecond, zone.clone())),
        DataType::Dictionary(_, values) if !values.is_nested() => match way(values) {
            Way::Keep => Way::Cast((**values).clone()),
            other => other,
        },
        DataType::List(element) => match element.data_type() {
            DataType::Boolean
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Float32
            | DataType::Float64
            | DataType::Utf8 => Way::Keep,
            DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => {
                Way::Cast(DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))))
            }
            DataType::Int8 | DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
                Way::Cast(DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true))))
            }
            _ => Way::Text,
        },
        // Intervals, long decimals, and whatever is nested.
        _ => Way::Text,
    }
}

fn texts(column: &dyn Array) -> ArrayRef {
    let mut texts = StringBuilder::with_capacity(column.len(), 0);
    for row in 0..column.len() {
        texts.append_option(cell::text(column, row));
    }
    Arc::new(texts.finish())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::cast::AsArray;
    use datafusion::arrow::array::{Int64Array, StructArray, UInt64Array};
    use datafusion::arrow::datatypes::Int64Type;

    use super::*;

    fn batch(column: ArrayRef) -> RecordBatch {
        RecordBatch::try_from_iter([("c", column)]).unwrap()
    }

    #[test]
    fn nested_values_are_json_and_numbers_fit_or_fail() {
        let inner: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let nested = StructArray::from(vec![(Arc::new(Field::new("a", DataType::Int64, true)), inner)]);
        let before = batch(Arc::new(nested));
        let schema = plain_schema(&before.schema());
        let after = plain(&before, &schema).unwrap();
        assert_eq!(after.column(0).as_string::<i32>().value(0), r#"{"a":1}"#);
        assert_eq!(schema.field(0).metadata()[JSON.0], JSON.1);

        let before = batch(Arc::new(UInt64Array::from(vec![7])));
        let schema = plain_schema(&before.schema());
        assert_eq!(plain(&before, &schema).unwrap().column(0).as_primitive::<Int64Type>().value(0), 7);
        let before = batch(Arc::new(UInt64Array::from(vec![u64::MAX])));
        assert!(plain(&before, &schema).is_err(), "no number is changed");
    }
}
