//! An event put together from its row: its columns, what is in `extra`, what was sealed.
//!
//! Whatever columns the table has are the event's, but for our own; so those of schemas that have
//! gone are there too. What was derived is taken out again. Over the columns come the values of
//! `extra`, which a column couldn't hold exactly, and over those the sealed ones, which stand there
//! covered or as `null`.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use serde_json::value::RawValue;

use super::tree::Tree;

/// Our own columns, which no event has.
const OWN: [&str; 10] = [
    "received_at",
    "datastream",
    "request_id",
    "content_mac",
    "content_hash",
    "extra",
    "sealed",
    "derived",
    "time_anomaly",
    table::EVENT_DATE,
];
/// Where a count that was derived stands.
const FEEDBACK: &str = "customerFeedback";

/// The rows of a batch as events.
pub(super) struct Rebuilt<'b> {
    columns: Vec<(&'b str, &'b ArrayRef)>,
    extra: Option<&'b StringArray>,
    derived: Option<&'b StringArray>,
}

impl<'b> Rebuilt<'b> {
    pub(super) fn of(batch: &'b RecordBatch) -> Rebuilt<'b> {
        let texts = |name| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        let schema = batch.schema_ref();
        let columns = schema.fields().iter().zip(batch.columns());
        Rebuilt {
            columns: columns
                .filter(|(field, _)| !OWN.contains(&field.name().as_str()))
                .map(|(field, column)| (field.name().as_str(), column))
                .collect(),
            extra: texts("extra"),
            derived: texts("derived"),
        }
    }

    /// The event of a row as JSON, given what was sealed of it (a JSON object of pointers and
    /// values). `None` if its parts don't fit together.
    pub(super) fn event(&self, row: usize, sealed: Option<&[u8]>) -> Option<String> {
        let mut members: Vec<_> = self.columns.iter().filter_map(|(name, column)| member(name, column, row)).collect();
        if let Some(derived) = self.derived.filter(|derived| derived.is_valid(row)) {
            take_out(&mut members, derived.value(row));
        }
        let mut event = Tree::Object(members);
        if let Some(extra) = self.extra.filter(|extra| extra.is_valid(row)) {
            put_all(&mut event, extra.value(row))?;
        }
        if let Some(sealed) = sealed {
            put_all(&mut event, std::str::from_utf8(sealed).ok()?)?;
        }
        let mut out = String::new();
        event.write(&mut out);
        Some(out)
    }
}

/// Shorter pointers come first, so that a value is there before its parts.
fn put_all(event: &mut Tree, object: &str) -> Option<()> {
    let parts: BTreeMap<String, &RawValue> = serde_json::from_str(object).ok()?;
    let mut parts: Vec<_> = parts.into_iter().map(|(pointer, raw)| (order(&pointer), pointer, raw)).collect();
    parts.sort_by(|a, b| a.0.cmp(&b.0));
    parts.into_iter().try_for_each(|(_, pointer, raw)| event.put(&pointer, raw.get()))
}

/// By steps, numbers by their size: items of a list come in their order.
fn order(pointer: &str) -> Vec<(u64, String)> {
    pointer.split('/').map(|step| (step.parse().unwrap_or(u64::MAX), step.to_owned())).collect()
}

/// Takes a derived count out, and the object around it if nothing else is in it.
fn take_out(members: &mut Vec<(String, Tree)>, count: &str) {
    let Some(at) = members.iter().position(|(name, _)| name == FEEDBACK) else { return };
    if let Tree::Object(feedback) = &mut members[at].1 {
        feedback.retain(|(name, _)| name != count);
        if feedback.is_empty() {
            members.remove(at);
        }
    }
}

fn member(name: &str, column: &ArrayRef, row: usize) -> Option<(String, Tree)> {
    column.is_valid(row).then(|| (name.to_owned(), value(column, row)))
}

/// The value of a row that is one, or null.
fn value(column: &ArrayRef, row: usize) -> Tree {
    if column.is_null(row) {
        return Tree::null();
    }
    match column.data_type() {
        DataType::Utf8 => Tree::text(column.as_string::<i32>().value(row)),
        DataType::Int64 => Tree::Raw(column.as_primitive::<Int64Type>().value(row).to_string()),
        DataType::Float64 => Tree::Raw(number(column.as_primitive::<Float64Type>().value(row))),
        DataType::Boolean => Tree::Raw(column.as_boolean().value(row).to_string()),
        DataType::Timestamp(..) => instant(column.as_primitive::<TimestampMicrosecondType>().value(row)),
        DataType::Struct(_) => object(column.as_struct(), row),
        DataType::List(_) => list(column.as_list(), row),
        DataType::Map(..) => map(column.as_map(), row),
        // No column of an event has another type.
        _ => Tree::null(),
    }
}

/// As it reads back the same.
fn number(value: f64) -> String {
    serde_json::to_string(&value).unwrap_or_else(|_| "null".to_owned())
}

fn object(column: &StructArray, row: usize) -> Tree {
    let members = column.fields().iter().zip(column.columns());
    Tree::Object(members.filter_map(|(field, column)| member(field.name(), column, row)).collect())
}

fn list(column: &ListArray, row: usize) -> Tree {
    let items = column.value(row);
    Tree::List((0..items.len()).map(|at| value(&items, at)).collect())
}

fn map(column: &MapArray, row: usize) -> Tree {
    let entries = column.value(row);
    let (Some(keys), values) = (entries.column(0).as_string_opt::<i32>(), entries.column(1)) else {
        return Tree::Object(Vec::new());
    };
    let members = (0..entries.len()).map(|at| (keys.value(at).to_owned(), value(values, at)));
    Tree::Object(members.collect())
}

/// RFC 3339, to the microsecond where it needs that.
fn instant(micros: i64) -> Tree {
    let (day, rest) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000));
    let (year, month, day) = date(day);
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    let mut text =
        format!("\"{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if micros > 0 {
        text.push_str(&format!(".{micros:06}"));
    }
    text.push_str("Z\"");
    Tree::Raw(text)
}

/// Year, month and day of a day since 1970 (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `civil_from_days`).
fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_they_are_read() {
        for micros in
            [0, -1, 1_795_176_000_000_000, 951_782_400_000_001, -62_000_000_000_000_000 / 8, 4_102_444_799_999_999]
        {
            let Tree::Raw(text) = instant(micros) else { panic!("a text") };
            let read = chrono::DateTime::parse_from_rfc3339(text.trim_matches('"')).expect("RFC 3339");
            assert_eq!(read.timestamp_micros(), micros, "{text}");
        }
    }

    #[test]
    fn a_derived_count_goes_with_its_object_if_that_was_made_for_it() {
        let check = |feedback: &[&str], expect: usize| {
            let feedback = feedback.iter().map(|name| ((*name).to_owned(), Tree::null())).collect();
            let mut members = vec![(FEEDBACK.to_owned(), Tree::Object(feedback))];
            take_out(&mut members, "clickToCall");
            assert_eq!(members.len(), expect);
        };
        check(&["clickToCall"], 0);
        check(&["clickToCall", "subject"], 1);
        check(&["subject"], 1);
    }
}
