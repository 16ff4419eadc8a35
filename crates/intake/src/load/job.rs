//! One load: how it was asked for, and what stays the same throughout it.

use std::sync::Arc;
use std::thread;

use table::Store;
use tokio::runtime::Runtime;

use super::error::LoadError;
use crate::policy::Policies;
use crate::request::time_anomaly::TimeBounds;
use crate::rows::dedupe::{Dedupe, Key};
use crate::rows::known;
use crate::rows::scheme::RowScheme;
use crate::watch::Watcher;

/// Text between two commits. Below it a load is one commit: all of the file or nothing.
const COMMIT_EVERY_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// How to load.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// Worker threads; as many as the machine has cores.
    pub threads: usize,
    /// The datastream that the events belong to.
    pub datastream: String,
    /// Text between two commits (4 GiB).
    pub commit_every_bytes: u64,
    /// Rejects held in memory (4 MiB); more go to a file before the commit.
    pub reject_bytes_max: usize,
    /// Who looks on.
    pub watcher: Option<Arc<dyn Watcher>>,
    /// Stop after so many chunks, as if killed; for tests.
    #[doc(hidden)]
    pub stop_after_chunks: Option<u64>,
}

impl Default for LoadOptions {
    fn default() -> Self {
        LoadOptions {
            threads: thread::available_parallelism().map_or(1, usize::from),
            datastream: "default".to_owned(),
            commit_every_bytes: COMMIT_EVERY_BYTES,
            reject_bytes_max: 4 * 1024 * 1024,
            watcher: None,
            stop_after_chunks: None,
        }
    }
}

/// Told how far a load is, from several threads.
pub trait Progress: Send + Sync {
    /// So many more bytes of the input (as it lies on the disk) and events were read.
    fn read(&self, bytes: u64, events: u64);
    /// The length of the input, once it is opened; unknown for standard input.
    fn total(&self, bytes: Option<u64>);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn read(&self, _: u64, _: u64) {}
    fn total(&self, _: Option<u64>) {}
}

/// What stays the same throughout a load.
pub(crate) struct Job<'a> {
    pub(crate) policies: &'a Policies,
    pub(crate) times: TimeBounds,
    pub(crate) scheme: &'a RowScheme,
    pub(crate) store: &'a Store,
    pub(crate) name: String,
    pub(crate) datastream: &'a str,
    pub(crate) fingerprint: Option<u64>,
    pub(crate) received_micros: i64,
    /// Rejects of lines that begin before this offset are in their table.
    pub(crate) rejects_mark: u64,
    pub(crate) reject_bytes_max: usize,
    /// Workers.
    pub(crate) threads: usize,
    pub(crate) watcher: Option<&'a dyn Watcher>,
    pub(crate) runtime: &'a Runtime,
}

impl Job<'_> {
    /// Looks events of days that the index doesn't hold up in the table.
    pub(crate) fn look_up(&self, index: &mut Dedupe, keys: &[Key]) -> Result<(), LoadError> {
        let Some(look) = index.look_up(keys) else { return Ok(()) };
        self.runtime.block_on(known::look_up(self.store, &self.scheme.keys, &look, &mut |key| index.remember(key)))?;
        index.looked_up(look);
        Ok(())
    }
}
