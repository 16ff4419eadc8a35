//! Opening the log of a data directory: the one place of this crate that knows which kind of
//! log it is. Everything else holds an `Arc<dyn Log>`.

use std::path::PathBuf;
use std::sync::Arc;

use ambient::Clock;
use journal::{Journal, Log, MasterKey, OpenError, Recovery};

use crate::options::{IntakeOptions, OpenLog};

/// Room for a record's head beside the largest body.
const HEAD_BYTES_MAX: usize = 4096;

/// Opens the log, or begins one. Creating and replaying block on the disk.
pub(crate) fn open(
    options: &IntakeOptions,
    clock: Arc<dyn Clock>,
    key: MasterKey,
    first_sequence_min: u64,
) -> Result<(Arc<dyn Log>, Recovery), OpenError> {
    if let Some(OpenLog(open)) = &options.log {
        return open(first_sequence_min);
    }
    let (journal, recovery) = Journal::open(journal::Options {
        segment_bytes: options.segment_bytes,
        record_bytes_max: options.body_bytes_max + HEAD_BYTES_MAX,
        queue_bytes_max: options.queue_bytes_max,
        disk_free_bytes_min: options.disk_free_bytes_min,
        first_sequence_min,
        clock,
        ..journal::Options::new(directory(options), key)
    })?;
    Ok((Arc::new(journal), recovery))
}

/// Whether the log may hold records: false only where none was ever begun.
pub(crate) fn may_hold_records(options: &IntakeOptions) -> bool {
    options.log.is_some() || journal::exists(&directory(options))
}

/// Whether the log's records open with this key; `None` where nothing can tell.
pub(crate) fn opens_with(options: &IntakeOptions, key: &MasterKey) -> Option<bool> {
    journal::key_opens(&directory(options), key)
}

fn directory(options: &IntakeOptions) -> PathBuf {
    options.data.join("journal")
}
