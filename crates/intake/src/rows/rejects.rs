//! Rows on their way into `rejects`: why an event was not taken in, and its payload,
//! sealed here, before anything else can see it.
//!
//! Rows are gathered into Arrow batches, one per round, so that showing them to queries
//! costs each row once.
//!
//! What a row holds is bounded: so many violations in full and the count of all, and so
//! much of an event that is too long. A request of a hundred thousand broken events is
//! bounded once more as a whole. A batch is closed before a column of it could outgrow
//! what Arrow can address (2 GiB of text), by bytes that are counted before they are
//! copied.

use arrow::array::RecordBatch;
use keys::Sealer;
use table::{Dataset, NewFile, RejectBuilder, RejectKind, RejectRow, StoreError};
use xdm::Violation;

/// Where a rejected event came from.
#[derive(Clone, Copy)]
pub(crate) struct RejectOrigin<'a> {
    pub(crate) reject_id: &'a str,
    pub(crate) received_micros: i64,
    pub(crate) datastream: &'a str,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) event_id: Option<&'a str>,
    /// Place in the request, or line in the file, from 0.
    pub(crate) index: u64,
}

/// Why.
#[derive(Clone, Copy)]
pub(crate) enum RejectReason<'a> {
    /// It breaks rules; the payload is kept, of an event that is too long its beginning.
    Invalid(BrokenRules<'a>),
    /// The whole body can't be read any more; all of it is kept.
    Unreadable(BrokenRules<'a>),
    /// Its id is taken by other content; the payload is kept.
    Conflict,
    /// It is known with this very content; there is nothing to keep.
    Duplicate,
}

/// The rules that an event breaks.
#[derive(Clone, Copy)]
pub(crate) struct BrokenRules<'a> {
    pub(crate) listed: &'a [Violation],
    /// How many there are besides those.
    pub(crate) omitted: usize,
}

impl BrokenRules<'_> {
    const NONE: BrokenRules<'static> = BrokenRules { listed: &[], omitted: 0 };
}

/// Most bytes that are kept of an event. Longer ones break the limit on events.
const PAYLOAD_BYTES_MAX: usize = xdm::limits::EVENT_BYTES_MAX;

fn payload_bytes_max(reason: RejectReason<'_>) -> usize {
    match reason {
        RejectReason::Unreadable(_) => usize::MAX,
        _ => PAYLOAD_BYTES_MAX,
    }
}

/// Most violations that a row holds in full; `violation_count` counts all.
const VIOLATIONS_MAX: usize = 100;
/// Most bytes of a row's violations as JSON, unless the first alone is longer.
const VIOLATIONS_BYTES_MAX: usize = 16 * 1024;
/// Most bytes of violations of one request's rows, or one chunk's of a file. Behind that a
/// row holds its first one.
const REQUEST_VIOLATIONS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bytes of a batch's values at which another is begun: far below Arrow's 2 GiB.
const BATCH_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Rows of `rejects` between two commits.
#[derive(Default)]
pub(crate) struct RejectRows {
    builder: RejectBuilder,
    batches: Vec<RecordBatch>,
    bytes: usize,
    /// Bytes of the rows that are in no batch yet.
    open_bytes: usize,
    /// Bytes of violations of the request at hand.
    request_violations_bytes: usize,
    sealed: Vec<u8>,
    violations: Vec<u8>,
}

impl RejectRows {
    /// Another request, or chunk of a file, begins.
    pub(crate) fn begin_record(&mut self) {
        self.request_violations_bytes = 0;
    }

    /// Adds a row. `payload` is the event as sent.
    pub(crate) fn push(&mut self, source: RejectOrigin<'_>, reason: RejectReason<'_>, payload: &[u8], sealer: &Sealer) {
        let payload = &payload[..payload.len().min(payload_bytes_max(reason))];
        let (kind, broken) = match reason {
            RejectReason::Invalid(broken) | RejectReason::Unreadable(broken) => (RejectKind::Invalid, broken),
            RejectReason::Conflict => (RejectKind::Conflict, BrokenRules::NONE),
            RejectReason::Duplicate => (RejectKind::Duplicate, BrokenRules::NONE),
        };
        self.sealed.clear();
        if kind != RejectKind::Duplicate {
            sealer.seal(source.reject_id.as_bytes(), payload, &mut self.sealed);
        }
        self.write_violations(broken.listed);
        let first = broken.listed.first();
        let texts = [source.datastream, source.request_id.unwrap_or_default(), source.event_id.unwrap_or_default()];
        let texts = texts.iter().map(|text| text.len()).sum::<usize>() + source.reject_id.len();
        let firsts = first.map_or(0, |violation| violation.keyword.len() + violation.pointer.len());
        let row_bytes = texts + firsts + self.violations.len() + self.sealed.len();
        if self.open_bytes + row_bytes > BATCH_BYTES_MAX {
            self.close_batch();
        }
        self.open_bytes += row_bytes;
        self.bytes += row_bytes;
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
            violation_count: i32::try_from(broken.listed.len().saturating_add(broken.omitted)).unwrap_or(i32::MAX),
            violations: std::str::from_utf8(&self.violations).expect("JSON is UTF-8"),
            sealed: (!self.sealed.is_empty()).then_some(&self.sealed),
        });
    }

    /// The violations as a JSON array, as far as the limits go.
    fn write_violations(&mut self, violations: &[Violation]) {
        let out = &mut self.violations;
        out.clear();
        out.push(b'[');
        let left = REQUEST_VIOLATIONS_BYTES_MAX.saturating_sub(self.request_violations_bytes);
        let bytes_max = VIOLATIONS_BYTES_MAX.min(left);
        for (at, violation) in violations.iter().take(VIOLATIONS_MAX).enumerate() {
            let before = out.len();
            if at > 0 {
                out.push(b',');
            }
            serde_json::to_writer(&mut *out, violation).expect("a violation has plain text fields");
            if at > 0 && out.len() > bytes_max {
                out.truncate(before);
                break;
            }
        }
        out.push(b']');
        self.request_violations_bytes += out.len();
    }

    fn close_batch(&mut self) {
        if self.builder.rows() > 0 {
            self.batches.push(self.builder.finish());
            self.open_bytes = 0;
        }
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
        self.close_batch();
        &self.batches
    }

    /// Writes all rows as data files that no commit names yet.
    pub(crate) fn write(&mut self, table: &Dataset) -> Result<Vec<NewFile>, StoreError> {
        table.write_batches(self.batches())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int32Type;

    use super::*;

    fn violation(n: usize, message_bytes: usize) -> Violation {
        let text = |text: &str| text.to_owned();
        Violation {
            pointer: format!("/a/{n}"),
            schema: text("s#/type"),
            keyword: text("type"),
            message: "m".repeat(message_bytes),
        }
    }

    fn sealer() -> Sealer {
        let dir = tempfile::tempdir().unwrap();
        Sealer::new(&keys::MasterKey::load_or_create(&dir.path().join("key")).unwrap(), "test")
    }

    fn push(rejects: &mut RejectRows, violations: &[Violation], sealer: &Sealer) {
        let source = RejectOrigin {
            reject_id: "r",
            received_micros: 0,
            datastream: "web",
            request_id: None,
            event_id: None,
            index: 0,
        };
        rejects.push(source, RejectReason::Invalid(BrokenRules { listed: violations, omitted: 7 }), b"{}", sealer);
    }

    #[test]
    fn a_row_holds_so_many_violations_and_counts_all() {
        let check = |count: usize, message_bytes: usize, expect: usize| {
            let mut rejects = RejectRows::default();
            let violations: Vec<_> = (0..count).map(|n| violation(n, message_bytes)).collect();
            push(&mut rejects, &violations, &sealer());
            let batch = &rejects.batches()[0];
            let kept: Vec<Violation> = serde_json::from_str(batch["violations"].as_string::<i32>().value(0)).unwrap();
            assert_eq!(kept, violations[..expect], "{count} of {message_bytes} bytes");
            assert_eq!(batch["violation_count"].as_primitive::<Int32Type>().value(0), count as i32 + 7);
        };
        check(0, 0, 0);
        check(3, 10, 3);
        check(VIOLATIONS_MAX + 50, 1, VIOLATIONS_MAX);
        check(50, VIOLATIONS_BYTES_MAX / 4, 3);
        check(2, VIOLATIONS_BYTES_MAX * 2, 1);
    }

    #[test]
    fn a_request_of_many_broken_events_is_bounded_as_a_whole() {
        let violations: Vec<_> = (0..60).map(|n| violation(n, 200)).collect();
        let mut rejects = RejectRows::default();
        let rows = REQUEST_VIOLATIONS_BYTES_MAX / VIOLATIONS_BYTES_MAX * 2;
        let sealer = sealer();
        for _ in 0..rows {
            push(&mut rejects, &violations, &sealer);
        }
        assert!(rejects.bytes() < REQUEST_VIOLATIONS_BYTES_MAX + rows * 1000);
        rejects.begin_record();
        push(&mut rejects, &violations, &sealer);
        let batch = rejects.batches()[0].clone();
        let kept = |row: usize| {
            let text = batch["violations"].as_string::<i32>().value(row);
            serde_json::from_str::<Vec<Violation>>(text).unwrap().len()
        };
        assert_eq!(kept(rows - 1), 1, "the last of a large request");
        assert_eq!((kept(0), kept(rows)), (60, 60));
    }
}
