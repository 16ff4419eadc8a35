//! The durable log of admitted requests: bytes in, bytes out.
//!
//! A sender gets its 2xx only after the log said "durable"; what was durable comes back,
//! in order and once, after any crash. This crate knows neither events nor JSON, names no
//! async runtime, and depends on no other crate of ours but the clock (`ambient`).
//!
//! * [`Log`] is the promise, and all that callers hold.
//! * [`Journal`] keeps it in the segment files of a directory: one writer thread turns
//!   whatever is queued into one write and one `fdatasync` (group commit) and then answers
//!   everybody. Records are sealed under a key per segment that dies with the segment.
//!   Everything about files is behind [`Disk`].
//! * [`MemoryLog`] keeps it in memory, for tests.
//!
//! Draining is replaying: both read the log in order. Records are released once what they
//! led to is durable elsewhere. The steps of the segment files, each with its reasons and
//! formats, are in `frame`, `segment`, `seal`, `spare`, `writer`, `cursor`, `reader`,
//! `recovery` and `release`.

#![forbid(unsafe_code)]

mod catalog;
mod counters;
mod cursor;
mod disk;
mod error;
mod frame;
mod fuzz;
mod journal;
mod log;
mod master_key;
mod memory;
mod options;
mod queue;
mod reader;
mod recovery;
mod release;
mod seal;
mod segment;
mod sequence;
mod shared;
mod spare;
mod writer;

pub use disk::{DirLock, Disk, DiskFile, RealDisk};
pub use error::{AppendError, Damage, OpenError, ReadError, ReleaseError};
#[doc(hidden)]
pub use fuzz::read_arbitrary_segment;
pub use journal::Journal;
pub use log::{Done, Log, LogHealth, LogReader, LogStatus, Released};
pub use master_key::MasterKey;
pub use memory::{MemoryLog, MemoryOptions, MemoryStorage};
pub use options::Options;
pub use recovery::{Recovery, exists, key_opens};
pub use sequence::Sequence;
