//! What can go wrong, by what the caller was doing.
//!
//! Texts say what to do next and name files and offsets; they never hold bytes of a
//! record. `AppendError` is one word per outcome so that it can be matched and copied
//! to every sender of a group.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::sequence::Sequence;

/// Why a record was not made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AppendError {
    /// `queue_bytes_max` bytes wait for the disk already, or no file can be opened for the
    /// next segment at the moment.
    #[error("the journal can't take more at the moment; send the record again soon")]
    Overloaded,
    /// The disk has less than `disk_free_bytes_min` left, or no room for a segment.
    #[error("the journal's disk is full; free space on it, then send the record again")]
    Full,
    /// The record is larger than `record_bytes_max`.
    #[error("the record is larger than record_bytes_max; send it in smaller parts")]
    TooLarge,
    /// A write or an fsync failed, so what the disk holds is not known any more. The
    /// record may or may not be there after a restart.
    #[error("the journal stopped after a failed write; check the disk and restart")]
    Poisoned,
    /// The journal was closed.
    #[error("the journal is closed; send the record again after the restart")]
    Closed,
}

impl AppendError {
    /// True when the same record may be taken by the same journal later.
    pub fn is_retryable(self) -> bool {
        match self {
            AppendError::Overloaded | AppendError::Full => true,
            AppendError::TooLarge | AppendError::Poisoned | AppendError::Closed => false,
        }
    }
}

/// Why a journal could not be opened. Nothing was changed on disk.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A setting is out of its range.
    #[error("journal settings: {0}")]
    Options(String),
    /// Another process, or another journal in this one, owns the directory.
    #[error("journal directory {} is in use; stop the process that has it open", .0.display())]
    InUse(PathBuf),
    /// The segment was written under another master key.
    #[error("the key does not open segment {file}; use the key that the journal was written with")]
    WrongKey {
        /// Name of the segment file.
        file: String,
    },
    /// Bytes that were durable are not what was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The operating system refused.
    #[error("journal: cannot {action} {file}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        file: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The system's random source failed, so no key can be made.
    #[error("journal: the system's random source failed; try again")]
    Random,
}

/// A place in the journal whose bytes are not what was written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("journal segment {file} is damaged at byte {offset}: {what}; {remedy}")]
pub struct Damage {
    /// Name of the segment file.
    pub file: String,
    /// Offset of the first byte that cannot be trusted.
    pub offset: u64,
    /// What was found there.
    pub what: String,
    /// What an operator can do.
    pub remedy: String,
}

/// Why records could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The records after `after` were released.
    #[error("records after {} were released, the oldest kept follow {}; read from there", after, oldest)]
    Released {
        /// Where the reader wanted to go on.
        after: Sequence,
        /// Reading after this one works.
        oldest: Sequence,
    },
    /// Bytes that were durable are not what was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The operating system refused.
    #[error("cannot read journal segment {file}: {source}")]
    Io {
        /// Name of the segment file.
        file: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl ReadError {
    /// True when no file could be opened because too many are open: the same record may be
    /// read in a moment.
    pub fn is_transient(&self) -> bool {
        matches!(self, ReadError::Io { source, .. } if matches!(source.raw_os_error(), Some(EMFILE | ENFILE)))
    }

    /// True when the storage refused: the record is there and may be read later. Otherwise
    /// it is not what was written, or is gone.
    pub fn is_of_storage(&self) -> bool {
        matches!(self, ReadError::Io { .. })
    }
}

/// Too many open files, of the process and of the system: the same numbers on every Unix.
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;

/// Why drained segments could not be deleted. They are released all the same: the next
/// release, or the next open, tries again to delete them.
#[derive(Debug, Error)]
#[error("cannot {action} drained journal segment {file}: {source}; the next release tries again")]
pub struct ReleaseError {
    /// What was tried.
    pub action: &'static str,
    /// Name of the segment file.
    pub file: String,
    /// Why it failed.
    #[source]
    pub source: io::Error,
}
