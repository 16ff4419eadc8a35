//! Rows on their way into `rejects`: why an event was not taken in, and its payload,
//! sealed here, before anything else can see it.
//!
//! Rows are gathered into Arrow batches, one per round, so that showing them to queries
//! costs each row once.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use table::{Dataset, NewFile, RejectBuilder, RejectKind, RejectRow, StoreError};
use vault::Sealer;
use xdm::Violation;

/// Where a rejected event came from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) reject_id: &'a str,
    pub(crate) received_micros: i64,
    pub(crate) datastream: &'a str,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) event_id: Option<&'a str>,
    /// Place in the request, or line in the file, from 0.
    pub(crate) index: u64,
    pub(crate) content_hash: i64,
}

/// Why.
#[derive(Clone, Copy)]
pub(crate) enum Reason<'a> {
    /// It breaks rules; the payload is kept, of an event that is too long its beginning.
    Invalid(&'a [Violation]),
    /// The whole body can't be read any more; all of it is kept.
    Unreadable(&'a [Violation]),
    /// Its id is taken by other content; the payload is kept.
    Conflict,
    /// It is known with this very content; there is nothing to keep.
    Duplicate,
}

/// Most bytes that are kept of an event. Longer ones break the limit on events.
const PAYLOAD_BYTES_MAX: usize = xdm::limits::EVENT_BYTES_MAX;

fn payload_bytes_max(reason: Reason<'_>) -> usize {
    match reason {
        Reason::Unreadable(_) => usize::MAX,
        _ => PAYLOAD_BYTES_MAX,
    }
}

/// Rows of `rejects` between two commits.
#[derive(Default)]
pub(crate) struct Quarantine {
    builder: RejectBuilder,
    batches: Vec<RecordBatch>,
    bytes: usize,
    sealed: Vec<u8>,
    violations: Vec<u8>,
}

impl Quarantine {
    /// Adds a row. `payload` is the event as sent.
    pub(crate) fn push(&mut self, source: Source<'_>, reason: Reason<'_>, payload: &[u8], sealer: &Sealer) {
        let payload = &payload[..payload.len().min(payload_bytes_max(reason))];
        let (kind, violations) = match reason {
            Reason::Invalid(violations) | Reason::Unreadable(violations) => (RejectKind::Invalid, violations),
            Reason::Conflict => (RejectKind::Conflict, &[][..]),
            Reason::Duplicate => (RejectKind::Duplicate, &[][..]),
        };
        self.sealed.clear();
        if kind != RejectKind::Duplicate {
            sealer.seal(source.reject_id.as_bytes(), payload, &mut self.sealed);
        }
        self.violations.clear();
        serde_json::to_writer(&mut self.violations, violations).expect("violations are plain text fields");
        let first = violations.first();
        self.builder.push(&RejectRow {
            reject_id: source.reject_id,
            received_micros: source.received_micros,
            datastream: source.datastream,
            request_id: source.request_id,
            event_id: source.event_id,
            event_index: i32::try_from(source.index).unwrap_or(i32::MAX),
            kind,
            keyword: first.map(|violation| violation.keyword.as_str()),
            pointer: first.map(|violation| violation.pointer.as_str()),
            violation_count: i32::try_from(violations.len()).unwrap_or(i32::MAX),
            violations: std::str::from_utf8(&self.violations).expect("JSON is UTF-8"),
            content_hash: source.content_hash,
            sealed: (!self.sealed.is_empty()).then_some(&self.sealed),
        });
        self.bytes += self.sealed.len() + self.violations.len() + source.reject_id.len();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.builder.rows() == 0
    }

    /// Bytes of the values that vary in size.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// All rows so far.
    pub(crate) fn batches(&mut self) -> &[RecordBatch] {
        if self.builder.rows() > 0 {
            self.batches.push(self.builder.finish());
        }
        &self.batches
    }

    /// Writes all rows as data files that no commit names yet.
    pub(crate) fn write(&mut self, rejects: &Dataset) -> Result<Vec<NewFile>, StoreError> {
        let batches = self.batches();
        let Some(first) = batches.first() else { return Ok(Vec::new()) };
        let rows = concat_batches(&first.schema(), batches).expect("batches of one builder fit each other");
        rejects.write_rows(&rows)
    }
}
