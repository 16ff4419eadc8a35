//! The promise, as a trait: what the segment files keep on one disk, a replicated log can
//! keep with a quorum. Whoever holds a `dyn Log` need not know which.
//!
//! * **Order.** Records get the sequences 1, 2, 3 … in the order in which they became
//!   durable, and are read back in it, each once, after any crash.
//! * **Durability.** An append is confirmed when the record survives what the log
//!   promises to survive, and not before; [`Log::tail`] never shows more.
//! * **Refusal.** What can't be taken is refused with an [`AppendError`] that says whether
//!   the same record may pass later. Nothing is confirmed and dropped.
//! * **No second life.** After [`AppendError::Poisoned`] a log takes nothing until it is
//!   opened again.
//!
//! No call here waits for the storage: an append is answered by its callback, and a reader
//! at the tail returns `None` and is asked again. `tests/it/conformance.rs` checks all of
//! this for every kind of log.

use std::fmt;

use bytes::Bytes;

use crate::error::{AppendError, ReadError, ReleaseError};
use crate::sequence::Sequence;

/// Called once with what became of a record. It runs on the log's own thread: it must hand
/// the outcome on at once, and neither block nor panic.
pub type Done = Box<dyn FnOnce(Result<Sequence, AppendError>) + Send>;

/// A durable log of opaque records.
pub trait Log: fmt::Debug + Send + Sync {
    /// Queues the record `head` + `body`. `done` runs once the record is durable, or has
    /// failed; after an `Err` it is dropped uncalled. Confirmations come in the order of
    /// the sequences.
    fn append(&self, head: Vec<u8>, body: Bytes, done: Done) -> Result<(), AppendError>;
    /// The last durable record. In a log without records the number before its first.
    fn tail(&self) -> Sequence;
    /// Reads the durable records after `after`, in order. Fails when some of them were
    /// released.
    fn reader(&self, after: Sequence) -> Result<Box<dyn LogReader>, ReadError>;
    /// Forgets records up to `through`, as far as the log's storage allows; never more.
    /// What they led to must be durable elsewhere first.
    fn release(&self, through: Sequence) -> Result<Released, ReleaseError>;
    /// Records up to this one can't be read any more; reading after it works.
    fn trim_point(&self) -> Sequence;
    /// How the log is, now. A look at a log that takes nothing may find that it does again.
    fn status(&self) -> LogStatus;
    /// Refuses further records, makes those that are queued durable and gives the storage
    /// up. What is durable can still be read.
    fn close(&self);
}

/// Reads a log in order. The slice is valid until the next call.
pub trait LogReader: Send {
    /// The next durable record; `None` at the tail, where it may be called again later.
    fn next(&mut self) -> Result<Option<(Sequence, &[u8])>, ReadError>;
}

/// What a release deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Released {
    /// Pieces of storage: files, of a log that is kept in files.
    pub pieces: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Whether a log takes records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogHealth {
    /// It does.
    #[default]
    Writable,
    /// Its storage has no room left that it may use; records are refused meanwhile.
    Full,
    /// Something that may pass keeps it from taking more; records that need it are refused
    /// as `Overloaded`.
    Blocked {
        /// What, for the operator.
        cause: String,
    },
    /// It refuses everything until it is opened again.
    Poisoned {
        /// Which write or sync failed.
        cause: String,
    },
}

/// A moment's numbers, for an operator: they count bytes and records and hold nothing of
/// either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogStatus {
    /// Whether records are taken.
    pub health: LogHealth,
    /// Bytes of storage in use.
    pub stored_bytes: u64,
    /// Bytes that its storage has left; `None` where that isn't known.
    pub free_bytes: Option<u64>,
    /// Bytes of records that wait to become durable.
    pub queue_bytes: usize,
    /// Records made durable since the log was opened.
    pub appended: u64,
    /// Times that the storage was asked to make records durable since then.
    pub syncs: u64,
    /// How long the last one took, in microseconds.
    pub last_sync_us: u64,
}
