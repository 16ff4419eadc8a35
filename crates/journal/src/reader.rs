//! Reads durable records in order, across segments, while the writer goes on.
//!
//! Draining and replaying are this one path. A reader opens its own file handles and
//! keeps its segment readable even when that is released under it; it never reads
//! beyond what the catalog says is durable.

use std::fmt;
use std::sync::Arc;

use crate::catalog::Place;
use crate::cursor::{Cursor, Found};
use crate::error::{Damage, ReadError};
use crate::journal::Shared;
use crate::log::Sequence;
use crate::segment::Segment;

/// A position in the journal. See [`crate::Journal::reader`].
pub struct Reader {
    shared: Arc<Shared>,
    after: u64,
    place: Option<InSegment>,
}

struct InSegment {
    segment: Arc<Segment>,
    cursor: Cursor,
    /// The sequence at the cursor.
    next: u64,
    /// The last one that may be read.
    last: u64,
}

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>, after: Sequence) -> Result<Self, ReadError> {
        let mut reader = Reader { shared, after: after.0, place: None };
        // Tells now, and not at the first record, that `after` was released.
        reader.enter()?;
        Ok(reader)
    }

    /// The next durable record, valid until the next call; `None` at the durable end,
    /// where it may be called again later.
    #[expect(clippy::should_implement_trait, reason = "an Iterator cannot lend its buffer")]
    pub fn next(&mut self) -> Result<Option<(Sequence, &[u8])>, ReadError> {
        if !self.enter()? {
            return Ok(None);
        }
        let place = self.place.as_mut().expect("entered");
        let sequence = place.next;
        let file = &place.segment.name;
        let offset = place.cursor.offset();
        match place.cursor.next(&place.segment.key, sequence) {
            Ok(Found::Record(record)) => {
                place.next += 1;
                self.after = sequence;
                Ok(Some((Sequence(sequence), record)))
            }
            Ok(Found::Fault(what)) => Err(damaged(file, offset, what)),
            Ok(Found::End) => Err(damaged(file, offset, "the segment ends too early")),
            Err(source) => Err(ReadError::Io { file: file.clone(), source }),
        }
    }

    /// Stands in front of the record after `self.after`; false when there is none yet.
    fn enter(&mut self) -> Result<bool, ReadError> {
        if let Some(place) = &mut self.place {
            if place.next > place.last
                && let Some((last, end)) = self.shared.catalog.extent(place.segment.first)
            {
                place.last = last;
                place.cursor.extend(end);
            }
            if place.next <= place.last {
                return Ok(true);
            }
        }
        let (entry, file) = match self.shared.catalog.locate(self.after, &*self.shared.disk) {
            Ok(Place::In(entry, file)) => (entry, file),
            Ok(Place::NotYet) => return Ok(false),
            Ok(Place::Gone(oldest)) => {
                return Err(ReadError::Released { after: Sequence(self.after), oldest: Sequence(oldest) });
            }
            Err((file, source)) => return Err(ReadError::Io { file, source }),
        };
        let mut place = InSegment {
            next: entry.segment.first,
            last: entry.last,
            cursor: Cursor::new(file, entry.end),
            segment: entry.segment,
        };
        skip(&mut place, self.after)?;
        self.place = Some(place);
        Ok(true)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("after", &self.after).finish_non_exhaustive()
    }
}

fn skip(place: &mut InSegment, after: u64) -> Result<(), ReadError> {
    let name = &place.segment.name;
    while place.next <= after {
        let offset = place.cursor.offset();
        match place.cursor.next(&place.segment.key, place.next) {
            Ok(Found::Record(_)) => place.next += 1,
            Ok(Found::Fault(what)) => return Err(damaged(name, offset, what)),
            Ok(Found::End) => return Err(damaged(name, offset, "the segment ends too early")),
            Err(source) => {
                return Err(ReadError::Io { file: name.clone(), source });
            }
        }
    }
    Ok(())
}

fn damaged(file: &str, offset: u64, what: &str) -> ReadError {
    ReadError::Damaged(Damage {
        file: file.to_owned(),
        offset,
        what: what.to_owned(),
        remedy: "the file was changed while in use; stop and check the disk".to_owned(),
    })
}
