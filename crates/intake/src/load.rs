//! The bulk path: files straight to the tables. The file itself is the journal: it is
//! there before and after, so nothing needs to be made durable twice.
//!
//! ```text
//! chunks of whole lines ─► N workers: check, decode, hash
//!                              │ in the file's order: duplicates, rejects
//!                              ▼
//!                          N workers: encode, each into its own files per date
//!                              │
//!                              ▼
//!              one commit per table, txn("load-<fingerprint>", offset)
//! ```
//!
//! Exactly once: the fingerprint (length, first and last MiB) names the file, and the
//! transaction says up to which offset of its text it is in the table. A load that was
//! killed is run again: what is committed is passed over, what is not leaves no trace.
//! Rejects are committed before events, with their own mark, as in draining.

mod ordered;
mod worker;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use table::{Committed, NewFile, Store, Txn};
use tokio::runtime::{Builder, Runtime};

pub use self::ordered::LoadSummary;
use self::ordered::Turnstile;
use self::worker::{Bench, Worker};
use crate::clock::Clock;
use crate::dedupe::{Dedupe, Key};
use crate::error::{IntakeError, LoadError};
use crate::input::LoadInput;
use crate::input::chunks::Chunks;
use crate::input::shape::Shape;
use crate::input::source::Source;
use crate::intake::Intake;
use crate::log;
use crate::options::IntakeOptions;
use crate::stores::Stores;

/// Text between two commits. Below it a load is one commit: all of the file or nothing.
const COMMIT_EVERY_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Set in a transaction's version when the file was loaded to its end.
const FINISHED: i64 = 1 << 62;
/// Guessed length of an event, to size the index of known events.
const EVENT_BYTES_GUESS: u64 = 800;
/// Events of days far from now whose ids are held while a file is loaded: 700 MiB.
const OUTSIDE_EVENTS_MAX: usize = 32_000_000;
/// The index is not sized for more events than this ahead of time.
const ROOM_EVENTS_MAX: u64 = 2_000_000;

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
    data: &'a IntakeOptions,
    stores: &'a Stores,
    name: String,
    datastream: &'a str,
    fingerprint: Option<u64>,
    received_micros: i64,
    /// Rejects of lines that begin before this offset are in their table.
    rejects_mark: u64,
    reject_bytes_max: usize,
    /// Workers.
    threads: usize,
    runtime: &'a Runtime,
}

impl Job<'_> {
    /// Looks events of days that the index doesn't hold up in the table.
    fn look_up(&self, index: &mut Dedupe, keys: &[Key]) -> Result<(), LoadError> {
        let Some(look) = index.look_up(keys) else { return Ok(()) };
        self.runtime.block_on(self.stores.look_up(&look, &mut |key| index.remember(key)))?;
        index.looked_up(look);
        Ok(())
    }
}

/// Loads one input into the tables of a data directory, which nobody else may have open.
/// What the journal still holds from before is drained first. Blocks; not for an async
/// task (use a thread of its own).
///
/// When this returns `Ok`, everything is committed and survives a power cut. After an
/// error, or a kill, loading the same file again completes it.
pub fn load(
    data: &IntakeOptions,
    clock: &Arc<dyn Clock>,
    input: &LoadInput,
    options: &LoadOptions,
    progress: &dyn Progress,
) -> Result<LoadSummary, LoadError> {
    let name = input.name();
    let failed = |source| LoadError::Input { name: name.clone(), source };
    let source = Source::open(input).map_err(failed)?;
    progress.total(source.total);
    let (fingerprint, length_guess) = (source.fingerprint, source.length_guess);
    let mut chunks = Chunks::new(source).map_err(failed)?;
    let runtime = runtime(options)?;
    drain_first(data, clock, &runtime)?;
    let (stores, _) = runtime.block_on(Stores::open(data, clock))?;
    // Versions that took every file for lines kept a mark of it all the same. Their marks of
    // other files say nothing.
    let kind = if chunks.shape() == Shape::Lines { "load" } else { "load-values" };
    let fingerprint = fingerprint.map(|hash| known_as(&stores, kind, hash));
    let app = fingerprint.map(|fingerprint| format!("{kind}-{fingerprint:016x}"));
    let mark = |watermark: Option<i64>| watermark.unwrap_or(0).cast_unsigned();
    let events_mark = mark(app.as_deref().and_then(|app| stores.store.events.watermark(app)));
    let rejects_mark = mark(app.as_deref().and_then(|app| stores.store.rejects.watermark(app)));
    if events_mark & FINISHED.cast_unsigned() != 0 {
        return Ok(LoadSummary { already_loaded: true, ..LoadSummary::default() });
    }
    let received_micros = clock.now_micros();
    let room = (length_guess / EVENT_BYTES_GUESS).min(ROOM_EVENTS_MAX);
    let room = usize::try_from(room).unwrap_or(0);
    let dedupe = runtime.block_on(stores.known_events(data.dedupe_days, received_micros, room, OUTSIDE_EVENTS_MAX))?;
    let job = Job {
        data,
        stores: &stores,
        datastream: &options.datastream,
        fingerprint,
        received_micros,
        rejects_mark: rejects_mark & !FINISHED.cast_unsigned(),
        reject_bytes_max: options.reject_bytes_max,
        threads: options.threads.max(1),
        name: name.clone(),
        runtime: &runtime,
    };
    chunks.pass_over(events_mark).map_err(failed)?;
    let chunks = Mutex::new(chunks);
    let turnstile = Turnstile::new(dedupe);
    let allowance = AtomicU64::new(options.stop_after_chunks.unwrap_or(u64::MAX));
    loop {
        let (offset, at_end) = {
            let mut chunks = chunks.lock().unwrap_or_else(PoisonError::into_inner);
            chunks.stop_at = chunks.offset().saturating_add(options.commit_every_bytes);
            (chunks.offset(), chunks.is_at_end())
        };
        let files = if at_end {
            Vec::new()
        } else {
            let bench = || Bench { job: &job, chunks: &chunks, turnstile: &turnstile, progress, allowance: &allowance };
            run_workers(options.threads.max(1), &turnstile, bench)?
        };
        let (end, done) = {
            let chunks = chunks.lock().unwrap_or_else(PoisonError::into_inner);
            (chunks.offset(), chunks.is_at_end())
        };
        debug_assert!(end >= offset, "an input is read forwards");
        let version = i64::try_from(end).unwrap_or(FINISHED - 1) | if done { FINISHED } else { 0 };
        commit(&runtime, &stores.store, app.as_deref(), version, files, &turnstile)?;
        if done {
            return Ok(turnstile.into_summary());
        }
    }
}

/// The name of a file in the tables' log: keyed, since a short file could be found by trying.
/// One that an early version began goes on under its plain hash.
fn known_as(stores: &Stores, kind: &str, hash: u64) -> u64 {
    let plain = format!("{kind}-{hash:016x}");
    let began = [&stores.store.events, &stores.store.rejects].iter().any(|table| table.watermark(&plain).is_some());
    if began { hash } else { stores.keys.file_mac(hash) }
}

/// The journal's records come before the file's: they were acknowledged first.
fn drain_first(data: &IntakeOptions, clock: &Arc<dyn Clock>, runtime: &Runtime) -> Result<(), LoadError> {
    if !log::may_hold_records(data) {
        return Ok(());
    }
    runtime.block_on(async {
        let (intake, opened) = Intake::open(data.clone(), Arc::clone(clock)).await?;
        // It may be seen this once only.
        opened.damage.iter().for_each(|damage| tracing::error!("{damage}"));
        let flushed = intake.flush().await;
        intake.close().await;
        Ok(flushed?)
    })
}

/// Runs workers until the chunks are used up or one of them fails.
fn run_workers<'a>(
    threads: usize,
    turnstile: &Turnstile,
    bench: impl Fn() -> Bench<'a>,
) -> Result<Vec<NewFile>, LoadError> {
    let outcomes: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let worker = Worker::new(bench());
                scope.spawn(move || {
                    let _guard = SendHome(turnstile);
                    worker.run().inspect_err(|_| turnstile.fail())
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut files = Vec::new();
    let mut failure = None;
    for outcome in outcomes {
        match outcome {
            Ok(mut more) => files.append(&mut more),
            // The first cause, not those whom it sent home.
            Err(LoadError::Stopped) if failure.is_some() => {}
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(files), Err)
}

/// A worker that panics must not leave the others waiting for its turn to pass.
struct SendHome<'a>(&'a Turnstile);

impl Drop for SendHome<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail();
        }
    }
}

/// Rejects, then events. A stream that nobody can recognise again commits under no name.
fn commit(
    runtime: &Runtime,
    store: &Store,
    app: Option<&str>,
    version: i64,
    files: Vec<NewFile>,
    turnstile: &Turnstile,
) -> Result<(), LoadError> {
    let stream = format!("load-stream-{}", uuid::Uuid::new_v4().simple());
    let txn = Txn { app: app.unwrap_or(&stream), version };
    let rest = turnstile.lock().overflow(0);
    rest.map_or(Ok(()), |rejects| turnstile.write(rejects, &store.rejects))?;
    let rejects = std::mem::take(&mut turnstile.lock().reject_files);
    if !rejects.is_empty() {
        note(runtime.block_on(store.rejects.commit(txn, rejects, Vec::new()))?);
    }
    note(runtime.block_on(store.events.commit(txn, files, Vec::new()))?);
    Ok(())
}

/// Rejects of an earlier run may be committed already; those were not gathered again.
fn note(committed: Committed) {
    tracing::debug!(?committed, "committed a part of a bulk load");
}

fn runtime(options: &LoadOptions) -> Result<Runtime, LoadError> {
    let runtime = Builder::new_multi_thread().worker_threads(options.threads.max(1)).enable_all().build();
    runtime.map_err(|source| LoadError::Open(IntakeError::Threads(source)))
}
