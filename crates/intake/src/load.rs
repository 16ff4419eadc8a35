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

pub(crate) mod error;
mod job;
mod ordered;
mod reject;
mod worker;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ambient::{Clock, Random};
use table::{Committed, NewFile, Store, Txn};
use tokio::runtime::{Builder, Runtime};

use self::error::LoadError;
use self::job::Job;
pub use self::job::{LoadOptions, NoProgress, Progress};
use self::ordered::ChunkSequencer;
pub use self::ordered::LoadSummary;
use self::worker::{Worker, WorkerContext};
use crate::error::IntakeError;
use crate::input::chunks::Chunks;
use crate::input::shape::Shape;
use crate::input::source::{InputSource, LoadInput};
use crate::intake::Intake;
use crate::opening::{self, OpenedDir, log};
use crate::options::IntakeOptions;
use crate::rows::dedupe::keys::Keys;
use crate::rows::known::{IndexBounds, known_events};

/// Set in a transaction's version when the file was loaded to its end.
const FINISHED: i64 = 1 << 62;
/// Guessed length of an event, to size the index of known events.
const EVENT_BYTES_GUESS: u64 = 800;
/// Events of days far from now whose ids are held while a file is loaded: 700 MiB.
const OUTSIDE_EVENTS_MAX: usize = 32_000_000;
/// The index is not sized for more events than this ahead of time.
const ROOM_EVENTS_MAX: u64 = 2_000_000;

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
    let source = InputSource::open(input).map_err(failed)?;
    progress.total(source.total);
    let (fingerprint, length_guess) = (source.fingerprint, source.length_guess);
    let mut chunks = Chunks::new(source).map_err(failed)?;
    let runtime = runtime(options)?;
    drain_first(data, clock, &runtime)?;
    let OpenedDir { lock: _lock, policies, scheme, store, .. } = runtime.block_on(opening::open(data, clock))?;
    // Versions that took every file for lines kept a mark of it all the same. Their marks of
    // other files say nothing.
    let kind = if chunks.shape() == Shape::Lines { "load" } else { "load-values" };
    let fingerprint = fingerprint.map(|hash| known_as(&store, &scheme.keys, kind, hash));
    let app = fingerprint.map(|fingerprint| format!("{kind}-{fingerprint:016x}"));
    let mark = |watermark: Option<i64>| watermark.unwrap_or(0).cast_unsigned();
    let events_mark = mark(app.as_deref().and_then(|app| store.events.watermark(app)));
    let rejects_mark = mark(app.as_deref().and_then(|app| store.rejects.watermark(app)));
    if events_mark & FINISHED.cast_unsigned() != 0 {
        return Ok(LoadSummary { already_loaded: true, ..LoadSummary::default() });
    }
    let received_micros = clock.now_micros();
    let room = (length_guess / EVENT_BYTES_GUESS).min(ROOM_EVENTS_MAX);
    let room = usize::try_from(room).unwrap_or(0);
    let bounds = IndexBounds { days: data.dedupe_days, room, outside_max: OUTSIDE_EVENTS_MAX };
    let dedupe = runtime.block_on(known_events(&store, &scheme.keys, received_micros, bounds))?;
    let job = Job {
        policies: &policies,
        times: data.time_bounds(),
        scheme: &scheme,
        store: &store,
        datastream: &options.datastream,
        fingerprint,
        received_micros,
        rejects_mark: rejects_mark & !FINISHED.cast_unsigned(),
        reject_bytes_max: options.reject_bytes_max,
        threads: options.threads.max(1),
        watcher: options.watcher.as_deref(),
        name: name.clone(),
        runtime: &runtime,
    };
    if let Some(watcher) = &options.watcher {
        watcher.opened(&store.events, &scheme.shape);
    }
    chunks.pass_over(events_mark).map_err(failed)?;
    let chunks = Mutex::new(chunks);
    let sequencer = ChunkSequencer::new(dedupe);
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
            let context =
                || WorkerContext { job: &job, chunks: &chunks, sequencer: &sequencer, progress, allowance: &allowance };
            run_workers(options.threads.max(1), &sequencer, context)?
        };
        let (end, done) = {
            let chunks = chunks.lock().unwrap_or_else(PoisonError::into_inner);
            (chunks.offset(), chunks.is_at_end())
        };
        debug_assert!(end >= offset, "an input is read forwards");
        let version = i64::try_from(end).unwrap_or(FINISHED - 1) | if done { FINISHED } else { 0 };
        commit(&runtime, &store, &app_of_commit(app.as_deref(), &*data.random), version, files, &sequencer)?;
        if let Some(watcher) = &options.watcher {
            watcher.committed(done);
        }
        if done {
            return Ok(sequencer.into_summary());
        }
    }
}

/// The name of a file in the tables' log: keyed, since a short file could be found by trying.
/// One that an early version began goes on under its plain hash.
fn known_as(store: &Store, keys: &Keys, kind: &str, hash: u64) -> u64 {
    let plain = format!("{kind}-{hash:016x}");
    let began = [&store.events, &store.rejects].iter().any(|table| table.watermark(&plain).is_some());
    if began { hash } else { keys.file_mac(hash) }
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
    sequencer: &ChunkSequencer,
    context: impl Fn() -> WorkerContext<'a>,
) -> Result<Vec<NewFile>, LoadError> {
    let outcomes: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let worker = Worker::new(context());
                scope.spawn(move || {
                    let _guard = FailOnPanic(sequencer);
                    worker.run().inspect_err(|_| sequencer.fail())
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
            // The first cause, not those whose wait it ended.
            Err(LoadError::Stopped) if failure.is_some() => {}
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(files), Err)
}

/// A worker that panics must not leave the others waiting for its turn to pass.
struct FailOnPanic<'a>(&'a ChunkSequencer);

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail();
        }
    }
}

/// A stream that nobody can recognise again commits each part under a name of its own.
fn app_of_commit(app: Option<&str>, random: &dyn Random) -> String {
    let new = || format!("load-stream-{:032x}", random.bits());
    app.map_or_else(new, str::to_owned)
}

/// Rejects, then events.
fn commit(
    runtime: &Runtime,
    store: &Store,
    app: &str,
    version: i64,
    files: Vec<NewFile>,
    sequencer: &ChunkSequencer,
) -> Result<(), LoadError> {
    let txn = Txn { app, version };
    let rest = sequencer.lock().overflow(0);
    rest.map_or(Ok(()), |rejects| sequencer.write(rejects, &store.rejects))?;
    let rejects = std::mem::take(&mut sequencer.lock().reject_files);
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
