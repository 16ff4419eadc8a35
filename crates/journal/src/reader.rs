//! Reads durable records in order, across segments, while the writer goes on.
//!
//! Draining and replaying are this one path. A reader opens its own file handles and
//! keeps its segment readable even when that is released under it; it never reads
//! beyond what the catalog says is durable.

use std::fmt;
use std::sync::Arc;

use crate::catalog::{Catalog, Location};
use crate::cursor::{Cursor, Found};
use crate::disk::Disk;
use crate::error::{Damage, ReadError};
use crate::log::LogReader;
use crate::segment::Segment;
use crate::sequence::Sequence;

/// A position in the journal.
pub(crate) struct Reader {
    catalog: Arc<Catalog>,
    disk: Arc<dyn Disk>,
    after: u64,
    position: Option<InSegment>,
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
    pub(crate) fn new(catalog: Arc<Catalog>, disk: Arc<dyn Disk>, after: Sequence) -> Result<Self, ReadError> {
        let mut reader = Reader { catalog, disk, after: after.0, position: None };
        // Says now, and not at the first record, that `after` was released.
        reader.enter()?;
        Ok(reader)
    }

    /// Stands in front of the record after `self.after`; false when there is none yet.
    fn enter(&mut self) -> Result<bool, ReadError> {
        if let Some(position) = &mut self.position {
            if position.next > position.last
                && let Some((last, end)) = self.catalog.extent(position.segment.first)
            {
                position.last = last;
                position.cursor.extend(end);
            }
            if position.next <= position.last {
                return Ok(true);
            }
        }
        let (entry, file) = match self.catalog.locate(self.after, &*self.disk) {
            Ok(Location::In(entry, file)) => (entry, file),
            Ok(Location::NotYet) => return Ok(false),
            Ok(Location::Gone(oldest)) => {
                return Err(ReadError::Released { after: Sequence(self.after), oldest: Sequence(oldest) });
            }
            Err((file, source)) => return Err(ReadError::Io { file, source }),
        };
        let mut position = InSegment {
            next: entry.segment.first,
            last: entry.last,
            cursor: Cursor::new(file, entry.end),
            segment: entry.segment,
        };
        skip(&mut position, self.after)?;
        self.position = Some(position);
        Ok(true)
    }
}

impl LogReader for Reader {
    fn next(&mut self) -> Result<Option<(Sequence, &[u8])>, ReadError> {
        if !self.enter()? {
            return Ok(None);
        }
        let position = self.position.as_mut().expect("entered");
        let sequence = position.next;
        let file = &position.segment.name;
        let offset = position.cursor.offset();
        match position.cursor.next(&position.segment.key, sequence) {
            Ok(Found::Record(record)) => {
                position.next += 1;
                self.after = sequence;
                Ok(Some((Sequence(sequence), record)))
            }
            Ok(Found::Fault(what)) => Err(damaged(file, offset, what)),
            Ok(Found::End) => Err(damaged(file, offset, "the segment ends too early")),
            Err(source) => Err(ReadError::Io { file: file.clone(), source }),
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("after", &self.after).finish_non_exhaustive()
    }
}

fn skip(position: &mut InSegment, after: u64) -> Result<(), ReadError> {
    let name = &position.segment.name;
    while position.next <= after {
        let offset = position.cursor.offset();
        match position.cursor.next(&position.segment.key, position.next) {
            Ok(Found::Record(_)) => position.next += 1,
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
