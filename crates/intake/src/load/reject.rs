//! Events of a file that don't go to the table of events, and how they are kept.

use table::Block;
use xdm::{ContentHash, Violation};

use super::job::Job;
use super::ordered::InOrder;
use crate::input::chunks::Chunk;
use crate::request::identity::{IdGenerator, Origin};
use crate::rows::dedupe::{Key, Seen};
use crate::rows::rejects::{BrokenRules, RejectOrigin, RejectReason};

/// An event that was decoded into a block.
pub(super) struct Decoded {
    pub(super) key: Key,
    pub(super) line: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// An event that breaks rules.
pub(super) struct Broken {
    pub(super) line: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) id: Option<String>,
    pub(super) violations: Vec<Violation>,
    /// Violations besides those.
    pub(super) omitted: usize,
}

/// A line that does not go to the table of events.
pub(super) enum Reject<'a> {
    Broken(&'a Broken),
    Known(&'a Decoded, u32, Seen),
}

impl Reject<'_> {
    pub(super) fn line(&self) -> u32 {
        match self {
            Reject::Broken(broken) => broken.line,
            Reject::Known(decoded, ..) => decoded.line,
        }
    }

    pub(super) fn start(&self) -> u32 {
        match self {
            Reject::Broken(broken) => broken.start,
            Reject::Known(decoded, ..) => decoded.start,
        }
    }

    pub(super) fn count(&self, state: &mut InOrder) {
        let summary = &mut state.summary;
        match self {
            Reject::Broken(broken) => {
                let keyword = broken.violations.first().map_or("invalid", |violation| &violation.keyword);
                match summary.rejected.get_mut(keyword) {
                    Some(count) => *count += 1,
                    None => drop(summary.rejected.insert(keyword.to_owned(), 1)),
                }
            }
            Reject::Known(_, _, Seen::Conflict) => summary.conflicts += 1,
            Reject::Known(..) => summary.duplicates += 1,
        }
    }

    pub(super) fn keep(
        &self,
        state: &mut InOrder,
        job: &Job<'_>,
        chunk: &Chunk,
        id_generator: &mut IdGenerator,
        content: &ContentHash,
        blocks: &[Block],
    ) {
        let (start, end) = match self {
            Reject::Broken(broken) => (broken.start, broken.end),
            Reject::Known(decoded, ..) => (decoded.start, decoded.end),
        };
        let payload = &chunk.bytes()[start as usize..end as usize];
        let (event_id, reason) = match self {
            Reject::Broken(broken) => {
                let rules = BrokenRules { listed: &broken.violations, omitted: broken.omitted };
                (broken.id.as_deref(), RejectReason::Invalid(rules))
            }
            Reject::Known(_, row, Seen::Conflict) => (id_of(blocks, *row), RejectReason::Conflict),
            Reject::Known(_, row, _) => (id_of(blocks, *row), RejectReason::Duplicate),
        };
        let offset = chunk.offset + u64::from(start);
        let file =
            job.fingerprint.unwrap_or_else(|| job.scheme.keys.text_mac(content.of_text(payload)).cast_unsigned());
        let source = RejectOrigin {
            reject_id: id_generator.generate(Origin::RejectLine { file, offset }),
            received_micros: job.received_micros,
            datastream: job.datastream,
            request_id: None,
            event_id,
            index: state.lines + u64::from(self.line()),
        };
        state.rejects.push(source, reason, payload, &job.scheme.rejects_sealer);
    }
}

/// The id of a row, counted over the blocks of a chunk.
fn id_of(blocks: &[Block], row: u32) -> Option<&str> {
    let mut row = row as usize;
    for block in blocks {
        if row < block.rows() {
            return Some(block.id(row));
        }
        row -= block.rows();
    }
    None
}
