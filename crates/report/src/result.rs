//! The rows of a finished query, and the five forms in which they leave: an aligned
//! table, CSV, a JSON array, NDJSON, Parquet.
//!
//! Timestamps are ISO 8601 in UTC with a `Z`. In JSON a null column is `null`, while
//! an absent field inside a nested value is left out: an event has some three hundred
//! of those. CSV is RFC 4180 with a line feed; null is an empty field, empty text is
//! `""`, a nested value is its JSON.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use datafusion::arrow::array::Array;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;

use serde::{Deserialize, Serialize};
use table::ParquetRows;

use crate::lines::{self, ObjectKeys, Texts};
use crate::postgres::ParameterType;
use crate::postgres::answer::PARAMETERS;
use crate::{cell, grid};

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// A JSON array of objects.
    Json,
    /// One JSON object a line.
    NdJson,
    /// Comma-separated with a heading, texts as they were sent.
    Csv,
    /// The same for spreadsheets: a text that one would take for a formula has an apostrophe before it.
    CsvHarmless,
    /// Aligned columns for people.
    Table,
    /// One Parquet file; of statements alone.
    Parquet,
}

/// What a query found.
#[derive(Clone, Debug)]
pub struct QueryResult {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl QueryResult {
    pub(crate) fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> QueryResult {
        QueryResult { schema, batches }
    }

    /// No rows: the columns that there would be, and the types of the parameters.
    pub(crate) fn described(schema: &Schema, parameters: &[ParameterType]) -> QueryResult {
        let types = serde_json::to_string(parameters).unwrap_or_default();
        let metadata = HashMap::from([(PARAMETERS.to_owned(), types)]);
        QueryResult { schema: Arc::new(schema.clone().with_metadata(metadata)), batches: Vec::new() }
    }

    /// Names and types of the columns; known even when there are no rows.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows as Arrow batches.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// An aligned table with a heading and a last line that counts the rows. With
    /// `width_max` (columns of the terminal) cells that don't fit end in `…`. Control
    /// characters are shown as escapes: what a visitor typed never steers a terminal.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_table(&self, out: &mut impl Write, width_max: Option<usize>) -> io::Result<()> {
        let mut table = grid::Grid::new(
            self.schema.fields().iter().map(|field| (field.name().as_str(), field.data_type().is_numeric())),
        );
        self.each_row(|columns, row| {
            table.push(columns.iter().map(|column| cell::text(column.as_ref(), row)));
            Ok(())
        })?;
        table.write(out, width_max)?;
        let rows = self.rows();
        writeln!(out, "({rows} {})", if rows == 1 { "row" } else { "rows" })
    }

    /// CSV with a heading.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_csv(&self, out: &mut impl Write) -> io::Result<()> {
        self.write_csv_with(Texts::AsSent, out)
    }

    /// The same without what a spreadsheet would take for a formula.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn write_csv_harmless(&self, out: &mut impl Write) -> io::Result<()> {
        self.write_csv_with(Texts::Harmless, out)
    }

    fn write_csv_with(&self, texts: Texts, out: &mut impl Write) -> io::Result<()> {
        let mut line = String::new();
        lines::csv_heading(&self.schema, &mut line);
        out.write_all(line.as_bytes())?;
        self.each_row(|columns, row| {
            line.clear();
            lines::csv_row(columns, row, texts, &mut line);
            out.write_all(line.as_bytes())
        })
    }

    /// A JSON array with an object per row, a row per line.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let mut separator = "[\n";
        self.each_object(|object| {
            out.write_all(separator.as_bytes())?;
            separator = ",\n";
            out.write_all(object)
        })?;
        out.write_all(if self.rows() == 0 { b"[]\n" } else { b"\n]\n" })
    }

    /// An object per row and line.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_ndjson(&self, out: &mut impl Write) -> io::Result<()> {
        self.each_object(|object| {
            out.write_all(object)?;
            out.write_all(b"\n")
        })
    }

    /// One Parquet file.
    ///
    /// # Errors
    /// Those of `out`; [`io::ErrorKind::InvalidData`] if Parquet has no such column.
    pub fn write_parquet(&self, out: &mut (impl Write + Send)) -> io::Result<()> {
        let mut file = ParquetRows::begin(Box::new(out), SchemaRef::clone(&self.schema))?;
        self.batches.iter().try_for_each(|batch| file.write(batch))?;
        file.finish()
    }

    fn each_object(&self, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let keys = ObjectKeys::of(&self.schema);
        let mut object = Vec::new();
        self.each_row(|columns, row| {
            object.clear();
            keys.put(columns, row, &mut object);
            write(&object)
        })
    }

    fn each_row(&self, mut visit: impl FnMut(&[std::sync::Arc<dyn Array>], usize) -> io::Result<()>) -> io::Result<()> {
        for batch in &self.batches {
            for row in 0..batch.num_rows() {
                visit(batch.columns(), row)?;
            }
        }
        Ok(())
    }
}
