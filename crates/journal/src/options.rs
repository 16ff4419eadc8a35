//! What the caller decides before a journal is opened: where it lives, how large
//! its parts may grow, and the key that wraps the segments' keys.
//!
//! Every bound has a unit in its name and an answer that follows from reaching it;
//! none of them changes while the journal is open.

use std::path::PathBuf;
use std::sync::Arc;

use ambient::{Clock, SystemClock};

use crate::error::OpenError;
use crate::frame;
use crate::master_key::MasterKey;
use crate::segment;

const MIB: usize = 1024 * 1024;

/// Settings of one journal. Build them with [`Options::new`] and change fields.
#[derive(Clone, Debug)]
pub struct Options {
    /// Directory of the segment files. Created when missing; one open journal owns it.
    pub dir: PathBuf,
    /// Size of a preallocated segment file (64 MiB). A record that is larger than
    /// this gets a segment of its own size.
    pub segment_bytes: u64,
    /// Largest `head` + `body` of one record (64 MiB). Above it: `TooLarge`.
    pub record_bytes_max: usize,
    /// Records that wait for their `fdatasync`, in bytes (64 MiB). Above it:
    /// `Overloaded`. One record is always let into an empty queue.
    pub queue_bytes_max: usize,
    /// Free space that the journal leaves to others on its file system (256 MiB).
    /// Below it: `Full`. The table needs room to commit what the journal holds.
    pub disk_free_bytes_min: u64,
    /// The next record's sequence is at least this: the table's watermark + 1. It
    /// keeps sequences from going back when the directory was lost.
    pub first_sequence_min: u64,
    /// Wraps each segment's data key. Without it the journal cannot be read.
    pub key: MasterKey,
    /// Measures how long the disk takes.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// The defaults named at each field, for `dir`.
    pub fn new(dir: impl Into<PathBuf>, key: MasterKey) -> Self {
        Options {
            dir: dir.into(),
            segment_bytes: 64 * MIB as u64,
            record_bytes_max: 64 * MIB,
            queue_bytes_max: 64 * MIB,
            disk_free_bytes_min: 256 * MIB as u64,
            first_sequence_min: 1,
            key,
            clock: Arc::new(SystemClock),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), OpenError> {
        let room_min = segment::HEADER_BYTES + frame::OVERHEAD_BYTES as u64;
        if self.segment_bytes <= room_min {
            return Err(OpenError::Options(format!(
                "segment_bytes is {}, it must be above {room_min}",
                self.segment_bytes
            )));
        }
        if self.record_bytes_max > frame::RECORD_BYTES_LIMIT {
            return Err(OpenError::Options(format!(
                "record_bytes_max is {}, it must not be above {}",
                self.record_bytes_max,
                frame::RECORD_BYTES_LIMIT
            )));
        }
        if self.queue_bytes_max == 0 {
            return Err(OpenError::Options("queue_bytes_max is 0, it must be at least 1".to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_key() {
        let shown = format!("{:?}", Options::new("journal", MasterKey::new([0xAB; 32])));
        assert!(shown.contains("MasterKey(..)"), "{shown}");
        assert!(!shown.contains("171") && !shown.to_lowercase().contains("ab, "), "{shown}");
    }

    #[test]
    fn options_that_cannot_work_are_refused() {
        let check = |change: fn(&mut Options), field: &str| {
            let mut options = Options::new("journal", MasterKey::new([0; 32]));
            assert!(options.validate().is_ok());
            change(&mut options);
            let refusal = options.validate().expect_err(field).to_string();
            assert!(refusal.contains(field), "{refusal}");
        };
        check(|o| o.segment_bytes = 128, "segment_bytes");
        check(|o| o.record_bytes_max = usize::MAX, "record_bytes_max");
        check(|o| o.queue_bytes_max = 0, "queue_bytes_max");
    }
}
