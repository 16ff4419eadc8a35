//! One value of an Arrow array as JSON, as plain text, as a CSV field.
//!
//! Written here rather than taken from Arrow's JSON writer, because that one either
//! keeps every absent leaf of an event as `null` or drops the null columns of a row
//! too, and because nested values in a table or a CSV field need the same text.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use datafusion::arrow::array::cast::AsArray;
use datafusion::arrow::array::{Array, ArrowPrimitiveType, StructArray};
use datafusion::arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::Number;

use crate::visible::{is_steering, push_escape};

/// Appends one value as compact JSON.
pub(crate) fn json(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    if array.is_null(row) {
        return out.extend_from_slice(b"null");
    }
    match array.data_type() {
        DataType::Struct(_) => json_struct(array.as_struct(), row, out),
        DataType::Map(..) => json_map(array, row, out),
        DataType::List(_) => json_list(array.as_list::<i32>().value(row).as_ref(), out),
        DataType::LargeList(_) => json_list(array.as_list::<i64>().value(row).as_ref(), out),
        DataType::FixedSizeList(..) => json_list(array.as_fixed_size_list().value(row).as_ref(), out),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            json(dictionary.values().as_ref(), dictionary.normalized_keys()[row], out);
        }
        DataType::Null => out.extend_from_slice(b"null"),
        DataType::Float32 => json_float(f64::from(array.as_primitive::<Float32Type>().value(row)), out),
        DataType::Float64 => json_float(array.as_primitive::<Float64Type>().value(row), out),
        kind if kind.is_numeric() || *kind == DataType::Boolean => out.extend_from_slice(scalar(array, row).as_bytes()),
        _ => json_string(&scalar(array, row), out),
    }
}

/// One value as a reader sees it in a table or CSV field; `None` for null.
pub(crate) fn text<'a>(array: &'a dyn Array, row: usize) -> Option<Cow<'a, str>> {
    if array.is_null(row) || *array.data_type() == DataType::Null {
        return None;
    }
    if array.data_type().is_nested() {
        let mut out = Vec::new();
        json(array, row, &mut out);
        return Some(Cow::Owned(String::from_utf8_lossy(&out).into_owned()));
    }
    Some(scalar(array, row))
}

/// One value as a number; `None` for null, and for what is none.
pub(crate) fn number(array: &dyn Array, row: usize) -> Option<Number> {
    match array.data_type() {
        _ if array.is_null(row) => None,
        DataType::Int64 => Some(array.as_primitive::<Int64Type>().value(row).into()),
        DataType::Float64 => Number::from_f64(array.as_primitive::<Float64Type>().value(row)),
        _ => None,
    }
}

/// A text as a JSON string.
pub(crate) fn json_text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// Appends a CSV line with its line feed; `None` is an empty field.
pub(crate) fn csv_line<'a>(fields: impl Iterator<Item = Option<Cow<'a, str>>>, out: &mut String) {
    for (at, field) in fields.enumerate() {
        if at > 0 {
            out.push(',');
        }
        let Some(field) = field else { continue };
        // Empty text is quoted, so that it is not read back as null.
        if field.is_empty() || field.contains(['"', ',', '\n', '\r']) {
            let _ = write!(out, "\"{}\"", field.replace('"', "\"\""));
        } else {
            out.push_str(&field);
        }
    }
    out.push('\n');
}

fn json_struct(array: &StructArray, row: usize, out: &mut Vec<u8>) {
    let mut separator = b'{';
    for (name, column) in array.column_names().iter().zip(array.columns()) {
        if column.is_valid(row) && !name.is_empty() {
            json_member(&mut separator, name, column.as_ref(), row, out);
        }
    }
    close(separator, out);
}

fn json_map(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    let entries = array.as_map().value(row);
    let mut separator = b'{';
    for entry in 0..entries.len() {
        if let Some(key) = text(entries.column(0).as_ref(), entry) {
            json_member(&mut separator, &key, entries.column(1).as_ref(), entry, out);
        }
    }
    close(separator, out);
}

fn json_member(separator: &mut u8, name: &str, column: &dyn Array, row: usize, out: &mut Vec<u8>) {
    out.push(*separator);
    *separator = b',';
    json_string(name, out);
    out.push(b':');
    json(column, row, out);
}

fn close(separator: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(if separator == b'{' { b"{}" } else { b"}" });
}

fn json_list(items: &dyn Array, out: &mut Vec<u8>) {
    out.push(b'[');
    for item in 0..items.len() {
        if item > 0 {
            out.push(b',');
        }
        json(items, item, out);
    }
    out.push(b']');
}

fn json_float(value: f64, out: &mut Vec<u8>) {
    // JSON has no word for infinity or not-a-number; `Value` makes them null.
    out.extend_from_slice(serde_json::Value::from(value).to_string().as_bytes());
}

/// JSON itself asks for escapes of the first control characters only; the others, which
/// steer terminals as well, may be escaped.
fn json_string(value: &str, out: &mut Vec<u8>) {
    if !value.contains(|letter| letter > '\u{1f}' && is_steering(letter)) {
        return serde_json::to_writer(&mut *out, value).expect("writing text to memory does not fail");
    }
    let plain = serde_json::Value::from(value).to_string();
    let mut text = String::with_capacity(plain.len() + 16);
    for letter in plain.chars() {
        if is_steering(letter) { push_escape(letter, &mut text) } else { text.push(letter) }
    }
    out.extend_from_slice(text.as_bytes());
}

/// A value that is neither null nor nested.
fn scalar(array: &dyn Array, row: usize) -> Cow<'_, str> {
    macro_rules! number {
        ($kind:ty) => {
            Cow::Owned(array.as_primitive::<$kind>().value(row).to_string())
        };
    }
    match array.data_type() {
        DataType::Utf8 => Cow::Borrowed(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Cow::Borrowed(array.as_string::<i64>().value(row)),
        DataType::Utf8View => Cow::Borrowed(array.as_string_view().value(row)),
        DataType::Boolean => Cow::Borrowed(if array.as_boolean().value(row) { "true" } else { "false" }),
        DataType::Int8 => number!(Int8Type),
        DataType::Int16 => number!(Int16Type),
        DataType::Int32 => number!(Int32Type),
        DataType::Int64 => number!(Int64Type),
        DataType::UInt8 => number!(UInt8Type),
        DataType::UInt16 => number!(UInt16Type),
        DataType::UInt32 => number!(UInt32Type),
        DataType::UInt64 => number!(UInt64Type),
        DataType::Float32 => number!(Float32Type),
        DataType::Float64 => number!(Float64Type),
        DataType::Timestamp(unit, _) => instant(array, row, *unit),
        _ => formatted(array, row),
    }
}

/// Whatever the zone in the type, the value counts from the epoch in UTC; without a
/// zone it is UTC by the session's setting.
fn instant(array: &dyn Array, row: usize, unit: TimeUnit) -> Cow<'_, str> {
    fn at<T: ArrowPrimitiveType<Native = i64>>(array: &dyn Array, row: usize) -> i64 {
        array.as_primitive::<T>().value(row)
    }
    let time = match unit {
        TimeUnit::Second => DateTime::<Utc>::from_timestamp(at::<TimestampSecondType>(array, row), 0),
        TimeUnit::Millisecond => DateTime::from_timestamp_millis(at::<TimestampMillisecondType>(array, row)),
        TimeUnit::Microsecond => DateTime::from_timestamp_micros(at::<TimestampMicrosecondType>(array, row)),
        TimeUnit::Nanosecond => Some(DateTime::from_timestamp_nanos(at::<TimestampNanosecondType>(array, row))),
    };
    match time {
        Some(time) => Cow::Owned(time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        None => formatted(array, row),
    }
}

/// Dates, times, decimals, intervals, bytes (as hexadecimal): Arrow's own text.
fn formatted(array: &dyn Array, row: usize) -> Cow<'_, str> {
    let options = FormatOptions::default();
    match ArrayFormatter::try_new(array, &options).and_then(|formatter| formatter.value(row).try_to_string()) {
        Ok(text) => Cow::Owned(text),
        // A type without a text, or a date beyond the calendar: nothing to show, and no
        // reason to lose the other columns.
        Err(_) => Cow::Borrowed("?"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{
        ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array,
        ListArray, NullArray, StringArray, StringViewArray, StructArray, TimestampMicrosecondArray,
        TimestampSecondArray,
    };
    use datafusion::arrow::datatypes::{Field, Int32Type};

    use super::*;

    fn check(array: impl Array + 'static, json_expect: &str, text_expect: Option<&str>) {
        let array: ArrayRef = Arc::new(array);
        let mut out = Vec::new();
        json(array.as_ref(), 0, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), json_expect);
        assert_eq!(text(array.as_ref(), 0).as_deref(), text_expect);
    }

    #[test]
    fn scalars() {
        check(StringArray::from(vec!["a \"b\"\n\u{1b}"]), r#""a \"b\"\n\u001b""#, Some("a \"b\"\n\u{1b}"));
        check(StringArray::from(vec!["\u{9b}\u{202e}\""]), r#""\u009b\u202e\"""#, Some("\u{9b}\u{202e}\""));
        check(StringViewArray::from(vec!["é"]), "\"é\"", Some("é"));
        check(StringArray::from(vec![None::<&str>]), "null", None);
        check(NullArray::new(1), "null", None);
        check(BooleanArray::from(vec![true]), "true", Some("true"));
        check(Int64Array::from(vec![i64::MIN]), "-9223372036854775808", Some("-9223372036854775808"));
        check(Float64Array::from(vec![0.5]), "0.5", Some("0.5"));
        check(Float64Array::from(vec![f64::NAN]), "null", Some("NaN"));
        check(Date32Array::from(vec![20_779]), "\"2026-11-22\"", Some("2026-11-22"));
        check(Decimal128Array::from(vec![1_250]).with_precision_and_scale(10, 2).unwrap(), "12.50", Some("12.50"));
        check(BinaryArray::from(vec![&b"\x00\xff"[..]]), "\"00ff\"", Some("00ff"));
        check(DictionaryArray::<Int32Type>::from_iter(["x"]), "\"x\"", Some("x"));
    }

    #[test]
    fn instants_are_utc() {
        check(
            TimestampMicrosecondArray::from(vec![1_500_000]).with_timezone("UTC"),
            "\"1970-01-01T00:00:01.500Z\"",
            Some("1970-01-01T00:00:01.500Z"),
        );
        check(
            TimestampSecondArray::from(vec![0]).with_timezone("+02:00"),
            "\"1970-01-01T00:00:00Z\"",
            Some("1970-01-01T00:00:00Z"),
        );
        check(TimestampSecondArray::from(vec![0]), "\"1970-01-01T00:00:00Z\"", Some("1970-01-01T00:00:00Z"));
        check(TimestampSecondArray::from(vec![i64::MAX]), "\"?\"", Some("?"));
    }

    #[test]
    fn nested_values_leave_out_what_is_absent() {
        let field = |name: &str| Arc::new(Field::new(name, DataType::Int64, true));
        let some: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let none: ArrayRef = Arc::new(Int64Array::from(vec![None]));
        check(
            StructArray::from(vec![(field("a"), Arc::clone(&some)), (field("b"), Arc::clone(&none))]),
            r#"{"a":1}"#,
            Some(r#"{"a":1}"#),
        );
        check(StructArray::from(vec![(field("b"), none)]), "{}", Some("{}"));
        check(ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), None])]), "[1,null]", Some("[1,null]"));
    }

    #[test]
    fn csv_quotes_only_what_needs_it() {
        let check = |fields: &[Option<&str>], expect: &str| {
            let mut line = String::new();
            csv_line(fields.iter().map(|field| field.map(Cow::Borrowed)), &mut line);
            assert_eq!(line, expect);
        };
        check(&[Some("a"), None, Some("")], "a,,\"\"\n");
        check(&[Some("a,b"), Some("say \"x\""), Some("two\nlines")], "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\n");
        check(&[], "\n");
    }
}
