//! The rows of `rejects`: what was sent and not accepted, and why.
//!
//! A reject is kept so that it can be repaired and replayed, so its payload is here,
//! sealed by whoever fills the row. The other columns are safe to show: the rule that
//! was broken, where, and the violations with their values masked. This file takes
//! what it is given; masking and sealing are done before.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, BinaryBuilder, Date32Builder, Int32Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::days::Partition;

/// Why an event was not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RejectKind {
    /// It breaks the schema.
    Invalid,
    /// Its id was used before, for other content.
    Conflict,
    /// It was accepted before.
    Duplicate,
}

impl RejectKind {
    /// As column `kind` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            RejectKind::Invalid => "invalid",
            RejectKind::Conflict => "conflict",
            RejectKind::Duplicate => "duplicate",
        }
    }
}

/// One row of `rejects`.
#[derive(Clone, Copy, Debug)]
pub struct RejectRow<'a> {
    /// A UUID that names the row.
    pub reject_id: &'a str,
    /// When the request came in, microseconds since 1970-01-01T00:00:00Z.
    pub received_micros: i64,
    /// The datastream it came in by.
    pub datastream: &'a str,
    /// The request's id.
    pub request_id: Option<&'a str>,
    /// The event's `_id`, when it could be read.
    pub event_id: Option<&'a str>,
    /// Place of the event in its request, from 0.
    pub event_index: i32,
    /// Why it was not accepted.
    pub kind: RejectKind,
    /// The rule of the first violation: `required`, `type`, …
    pub keyword: Option<&'a str>,
    /// JSON pointer to where the first violation is.
    pub pointer: Option<&'a str>,
    /// How many violations there are.
    pub violation_count: i32,
    /// All of them as JSON, values masked.
    pub violations: &'a str,
    /// The event as sent, sealed; `None` when it is not kept.
    pub sealed: Option<&'a [u8]>,
}

/// The columns of `rejects`, with the partition column `received_date` last.
pub fn rejects_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let text = DataType::Utf8;
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let columns = [
            ("reject_id", text.clone(), "names this row"),
            ("received_at", instant, "when the request came in"),
            ("datastream", text.clone(), "the datastream it came in by"),
            ("request_id", text.clone(), "the request's id"),
            ("event_id", text.clone(), "the event's _id, when it could be read"),
            ("event_index", DataType::Int32, "place of the event in its request, from 0"),
            ("kind", text.clone(), "invalid, conflict or duplicate"),
            ("keyword", text.clone(), "the rule of the first violation"),
            ("pointer", text.clone(), "JSON pointer to where the first violation is"),
            ("violation_count", DataType::Int32, "how many violations there are"),
            ("violations", text, "all violations as JSON, values masked"),
            ("sealed", DataType::Binary, "the event as sent, sealed"),
            ("received_date", DataType::Date32, "UTC date of received_at"),
        ];
        let field = |(name, data_type, comment): (&str, DataType, &str)| {
            Field::new(name, data_type, true).with_metadata([("comment".to_owned(), comment.to_owned())].into())
        };
        Arc::new(Schema::new(columns.map(field).to_vec()))
    });
    SCHEMA.clone()
}

/// Gathers rejects into a batch.
#[derive(Default)]
pub struct RejectBuilder {
    rows: usize,
    reject_id: StringBuilder,
    received_at: TimestampMicrosecondBuilder,
    datastream: StringBuilder,
    request_id: StringBuilder,
    event_id: StringBuilder,
    event_index: Int32Builder,
    kind: StringBuilder,
    keyword: StringBuilder,
    pointer: StringBuilder,
    violation_count: Int32Builder,
    violations: StringBuilder,
    sealed: BinaryBuilder,
    received_date: Date32Builder,
}

impl RejectBuilder {
    /// An empty batch.
    pub fn new() -> RejectBuilder {
        RejectBuilder::default()
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a row.
    pub fn push(&mut self, row: &RejectRow<'_>) {
        self.rows += 1;
        self.reject_id.append_value(row.reject_id);
        self.received_at.append_value(row.received_micros);
        self.datastream.append_value(row.datastream);
        self.request_id.append_option(row.request_id);
        self.event_id.append_option(row.event_id);
        self.event_index.append_value(row.event_index);
        self.kind.append_value(row.kind.as_str());
        self.keyword.append_option(row.keyword);
        self.pointer.append_option(row.pointer);
        self.violation_count.append_value(row.violation_count);
        self.violations.append_value(row.violations);
        self.sealed.append_option(row.sealed);
        self.received_date.append_value(Partition::of_micros(row.received_micros).0);
    }

    /// The rows so far, with the columns of [`rejects_schema`]; leaves the builder empty.
    pub fn finish(&mut self) -> RecordBatch {
        self.rows = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.reject_id.finish()),
            Arc::new(self.received_at.finish().with_timezone("UTC")),
            Arc::new(self.datastream.finish()),
            Arc::new(self.request_id.finish()),
            Arc::new(self.event_id.finish()),
            Arc::new(self.event_index.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.keyword.finish()),
            Arc::new(self.pointer.finish()),
            Arc::new(self.violation_count.finish()),
            Arc::new(self.violations.finish()),
            Arc::new(self.sealed.finish()),
            Arc::new(self.received_date.finish()),
        ];
        RecordBatch::try_new(rejects_schema(), columns).expect("one builder per column of the schema, in its order")
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::Date32Type;

    use super::*;

    #[test]
    fn a_batch_has_the_rows_and_is_then_empty() {
        let row = RejectRow {
            reject_id: "00000000-0000-4000-8000-000000000001",
            received_micros: -1,
            datastream: "web",
            request_id: None,
            event_id: Some("e1"),
            event_index: 3,
            kind: RejectKind::Conflict,
            keyword: None,
            pointer: None,
            violation_count: 0,
            violations: "[]",
            sealed: None,
        };
        let mut builder = RejectBuilder::new();
        builder.push(&row);
        builder.push(&RejectRow { sealed: Some(b"\x01\x02"), kind: RejectKind::Duplicate, ..row });
        let batch = builder.finish();
        assert_eq!((batch.num_rows(), builder.rows()), (2, 0));
        assert_eq!(batch["kind"].as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["conflict", "duplicate"]);
        assert_eq!(batch["sealed"].null_count(), 1);
        assert_eq!(batch["received_date"].as_primitive::<Date32Type>().values(), &[-1, -1]);
        assert_eq!(builder.finish().num_rows(), 0);
    }
}
