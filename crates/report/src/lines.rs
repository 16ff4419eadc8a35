//! A row as a line of CSV and as a JSON object.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::Schema;
use serde::{Deserialize, Serialize};

use crate::cell;
use crate::formula::harmless;

/// How texts stand in CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Texts {
    /// One that a spreadsheet would take for a formula has an apostrophe before it.
    #[default]
    Harmless,
    /// As they were sent.
    AsSent,
}

/// Appends the names of the columns.
pub(crate) fn csv_heading(schema: &Schema, line: &mut String) {
    cell::csv_line(schema.fields().iter().map(|field| Some(field.name().as_str().into())), line);
}

/// Appends a row.
pub(crate) fn csv_row(columns: &[ArrayRef], row: usize, texts: Texts, line: &mut String) {
    let cells = columns.iter().map(|column| {
        let text = cell::text(column.as_ref(), row)?;
        // A number that is below 0 is one.
        let is_safe = texts == Texts::AsSent || column.data_type().is_numeric();
        Some(if is_safe { text } else { harmless(text) })
    });
    cell::csv_line(cells, line);
}

/// The names of the columns as a JSON object's keys.
pub(crate) struct ObjectKeys(Vec<String>);

impl ObjectKeys {
    pub(crate) fn of(schema: &Schema) -> ObjectKeys {
        ObjectKeys(schema.fields().iter().map(|field| cell::json_text(field.name())).collect())
    }

    /// Appends a row.
    pub(crate) fn put(&self, columns: &[ArrayRef], row: usize, object: &mut Vec<u8>) {
        for (at, (key, column)) in self.0.iter().zip(columns).enumerate() {
            object.push(if at == 0 { b'{' } else { b',' });
            object.extend_from_slice(key.as_bytes());
            object.push(b':');
            cell::json(column.as_ref(), row, object);
        }
        object.extend_from_slice(if self.0.is_empty() { b"{}" } else { b"}" });
    }
}
