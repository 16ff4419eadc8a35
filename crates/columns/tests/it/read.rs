//! Arrow rows as JSON, in the form of [`world::event`](super::world::event).

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use serde_json::{Map, Value, json};

/// A batch's row, column by column.
pub(crate) fn row(batch: &RecordBatch, at: usize) -> Map<String, Value> {
    let schema = batch.schema();
    schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| (field.name().clone(), value(column, at)))
        .collect()
}

fn value(array: &dyn Array, at: usize) -> Value {
    if array.is_null(at) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Utf8 => json!(array.as_string::<i32>().value(at)),
        // The query engine reads text and bytes as views.
        DataType::Utf8View => json!(array.as_string_view().value(at)),
        DataType::BinaryView => json!(array.as_binary_view().value(at)),
        DataType::Binary => json!(array.as_binary::<i32>().value(at)),
        DataType::Int64 => json!(array.as_primitive::<Int64Type>().value(at)),
        DataType::Float64 => json!(array.as_primitive::<Float64Type>().value(at)),
        DataType::Boolean => json!(array.as_boolean().value(at)),
        DataType::Date32 => json!(array.as_primitive::<Date32Type>().value(at)),
        DataType::Timestamp(..) => json!(array.as_primitive::<TimestampMicrosecondType>().value(at)),
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            Value::Object(
                fields.iter().zip(columns).map(|(field, column)| (field.name().clone(), value(column, at))).collect(),
            )
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(at);
            (0..items.len()).map(|item| value(&items, item)).collect()
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(at);
            (0..entries.len())
                .map(|entry| json!([value(entries.column(0), entry), value(entries.column(1), entry)]))
                .collect()
        }
        other => panic!("no column has type {other}"),
    }
}
