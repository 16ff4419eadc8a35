//! The durable log of admitted requests: bytes in, bytes out.
//!
//! A sender gets its 2xx only after the journal said "durable"; what was durable comes
//! back, in order and once, after any crash. The journal knows neither events nor JSON,
//! names no async runtime, and depends on no other crate of ours.
//!
//! * [`Journal::append`] queues a record; one writer thread turns whatever is queued into
//!   one write and one `fdatasync` (group commit) and then answers everybody.
//! * [`Journal::reader`] reads durable records. Draining is replaying.
//! * [`Journal::release`] forgets whole segments once what they led to is durable
//!   elsewhere.
//!
//! Records are sealed under a key per segment that dies with the segment. Everything
//! about files is behind [`Disk`]. The steps, each with its reasons and formats, are in
//! `frame`, `segment`, `seal`, `spare`, `writer`, `cursor`, `reader`, `recovery` and
//! `release`.

#![forbid(unsafe_code)]

mod catalog;
mod cursor;
mod disk;
mod error;
mod frame;
mod fuzz;
mod journal;
mod log;
mod options;
mod queue;
mod reader;
mod recovery;
mod release;
mod seal;
mod segment;
mod spare;
mod stats;
mod writer;

pub use disk::{DirLock, Disk, DiskFile, RealDisk};
pub use error::{AppendError, Damage, OpenError, ReadError, ReleaseError};
#[doc(hidden)]
pub use fuzz::read_arbitrary_segment;
pub use journal::Journal;
pub use log::{Done, Log, LogReader, Released, Sequence};
pub use options::{MasterKey, Options};
pub use reader::Reader;
pub use recovery::{Recovery, key_opens};
pub use stats::Stats;
