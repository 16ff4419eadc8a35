//! The promise, as a trait: what the segment journal keeps with files and a replicated
//! log can keep with a quorum. Callers that hold a `dyn Log` need not know which.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::error::{AppendError, ReadError, ReleaseError};
use crate::journal::Journal;
use crate::reader::Reader;

/// Position of a record: 1, 2, 3 and so on without gaps; 0 is "nothing yet". It only
/// ever jumps forward over numbers that are used already (`first_sequence_min`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Told, once, what became of a record. It runs on the log's own thread: it must hand
/// the outcome on at once, and neither block nor panic.
pub type Done = Box<dyn FnOnce(Result<Sequence, AppendError>) + Send>;

/// What a release deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Released {
    /// Segment files.
    pub segments: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

/// A durable log of opaque records.
pub trait Log: Send + Sync {
    /// Queues the record `head` + `body`. `done` runs once the record survives what the
    /// log promises to survive, or has failed; after an `Err` it never runs.
    fn append(&self, head: Vec<u8>, body: Bytes, done: Done) -> Result<(), AppendError>;
    /// The last durable record.
    fn durable(&self) -> Sequence;
    /// Blocks until a record after `after` is durable, `timeout` passes or the log
    /// closes; returns [`Log::durable`].
    fn wait_past(&self, after: Sequence, timeout: Duration) -> Sequence;
    /// Reads the durable records after `after`, in order.
    fn reader(&self, after: Sequence) -> Result<Box<dyn LogReader>, ReadError>;
    /// Forgets records up to `through`, as far as the log's storage allows. What they
    /// led to must be durable elsewhere first.
    fn release(&self, through: Sequence) -> Result<Released, ReleaseError>;
}

/// Reads a log in order. The slice is valid until the next call.
pub trait LogReader: Send {
    /// The next durable record; `None` at the durable end, where it may be called again
    /// later.
    fn next(&mut self) -> Result<Option<(Sequence, &[u8])>, ReadError>;
}

impl Log for Journal {
    fn append(&self, head: Vec<u8>, body: Bytes, done: Done) -> Result<(), AppendError> {
        Journal::append(self, head, body, done)
    }

    fn durable(&self) -> Sequence {
        Journal::durable(self)
    }

    fn wait_past(&self, after: Sequence, timeout: Duration) -> Sequence {
        Journal::wait_past(self, after, timeout)
    }

    fn reader(&self, after: Sequence) -> Result<Box<dyn LogReader>, ReadError> {
        Ok(Box::new(Journal::reader(self, after)?))
    }

    fn release(&self, through: Sequence) -> Result<Released, ReleaseError> {
        Journal::release(self, through)
    }
}

impl LogReader for Reader {
    fn next(&mut self) -> Result<Option<(Sequence, &[u8])>, ReadError> {
        Reader::next(self)
    }
}
