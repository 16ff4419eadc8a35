//! Draining: from the journal to the tables, on one thread of its own.
//!
//! Draining and replaying after a crash are this one loop. It reads the journal after
//! the events' watermark, decodes each record into the open batch, shows the rows to
//! whoever asks for them, and commits now and then: rejects first, then events, both as
//! `txn("journal", last sequence)`. A crash between the two leaves rejects ahead; the
//! replay then decodes the same records again, adds their events, and passes over
//! rejects up to the rejects' own watermark. Only when both are durable is the journal
//! released.
//!
//! A commit that fails is tried again with the same rows under the same number, since it
//! may have happened. Meanwhile draining goes on until the next batch is full, and then
//! the journal fills until admission says `Overloaded`: nothing is dropped.

pub(crate) mod batch;
mod commit;
mod decode;

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use journal::{Journal, Reader};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::watch;

use self::batch::Batch;
use self::decode::Decoder;
use crate::clock::{Clock, day_of};
use crate::dedupe::Dedupe;
use crate::files::FilesError;
use crate::options::IntakeOptions;
use crate::record::RecordError;
use crate::stores::Stores;
use crate::tally::Tally;

/// The application id under which the drain commits.
pub(crate) const APP: &str = "journal";

/// Most bytes of records that are decoded before the rows are shown.
const ROUND_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Pause after a failed commit; doubles up to the second figure.
const RETRY_AFTER: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(10)];
/// Empty blocks that are kept for reuse.
const SPARE_BLOCKS_MAX: usize = 32;
/// A block with this many rows is closed when it is shown: the form for queries of a
/// closed block is made once, that of the open one each time.
const SHOWN_OPEN_ROWS_MAX: usize = 1024;

/// A place where a test can stop the pipeline as a crash would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Rows were decoded and are shown to queries.
    Shown,
    /// The rejects' files are durable and in no commit.
    RejectsWritten,
    /// The rejects are committed.
    RejectsCommitted,
    /// The events' files are durable and in no commit.
    EventsWritten,
    /// The events are committed.
    EventsCommitted,
    /// The journal was released.
    Released,
}

/// Called at each [`Step`]; `Break` ends the drain there and then.
pub type Probe = Arc<dyn Fn(Step) -> ControlFlow<()> + Send + Sync>;

/// What the pipeline's parts share.
pub(crate) struct Shared {
    pub(crate) options: IntakeOptions,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stores: Stores,
    pub(crate) journal: Journal,
    pub(crate) dedupe: Mutex<Dedupe>,
    pub(crate) tally: Tally,
    pub(crate) control: Control,
    /// Records up to this one were durable at the start and count in no backlog.
    pub(crate) recovered: u64,
}

/// How far the drain is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// Records up to this one are rows, visible as soon as a query asks.
    pub(crate) drained: u64,
    /// Records up to this one are visible to queries.
    pub(crate) shown: u64,
    /// Records up to this one are committed.
    pub(crate) committed: u64,
    /// Failed commits so far, and why the last one failed, while it isn't repeated.
    pub(crate) failures: u64,
    pub(crate) trouble: Option<String>,
    /// Nothing more can be shown before a commit succeeds.
    pub(crate) stuck: bool,
    /// Set once, at the end.
    pub(crate) ended: Option<Ended>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As asked for.
    Closed,
    /// It can't go on.
    Stopped(String),
}

/// What the drain is asked to do.
#[derive(Default)]
pub(crate) struct Control {
    wanted: Mutex<Wanted>,
    wake: Condvar,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// Look at the journal now, and show what is in it.
    pub(crate) show: bool,
    /// Commit what is drained, even if it is little.
    pub(crate) commit: bool,
    /// End without another commit.
    pub(crate) stop: bool,
}

impl Control {
    pub(crate) fn ask(&self, ask: impl FnOnce(&mut Wanted)) {
        ask(&mut self.wanted.lock().unwrap_or_else(PoisonError::into_inner));
        self.wake.notify_one();
    }

    /// Waits for a wish or the timeout; takes the wishes.
    fn wait(&self, timeout: Duration) -> Wanted {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = |wanted: &mut Wanted| !(wanted.show || wanted.commit || wanted.stop);
        let (mut wanted, _) =
            self.wake.wait_timeout_while(wanted, timeout, quiet).unwrap_or_else(PoisonError::into_inner);
        let taken = *wanted;
        // A stop stays asked for.
        *wanted = Wanted { stop: taken.stop, ..Wanted::default() };
        taken
    }
}

/// Why the loop ends before it is asked to.
#[derive(Debug, Error)]
enum Halt {
    #[error(transparent)]
    Read(#[from] journal::ReadError),
    #[error("record {sequence}: {source}")]
    Record { sequence: u64, source: RecordError },
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("stopped at {0:?}")]
    Probe(Step),
}

/// The loop's state.
pub(crate) struct Drain {
    shared: Arc<Shared>,
    runtime: Handle,
    progress: watch::Sender<Progress>,
    reader: Reader,
    decoder: Decoder,
    current: Batch,
    /// A batch whose commit has begun and not succeeded.
    frozen: Option<Batch>,
    /// Pause after the next failure, and the time before which there is no retry.
    retry_pause: Duration,
    retry_at: Option<Instant>,
    /// Rows were decoded since they were last shown.
    unshown: bool,
    /// Somebody waits to see them. Most rows are committed before anybody asks, and the
    /// form for queries costs as much as decoding.
    asked: bool,
    shown_at: Option<Instant>,
}

impl Drain {
    pub(crate) fn new(
        shared: Arc<Shared>,
        runtime: Handle,
        progress: watch::Sender<Progress>,
        reader: Reader,
        events_mark: u64,
        rejects_mark: u64,
    ) -> Self {
        let mut decoder = Decoder::new(rejects_mark);
        let current = Batch::new(decoder.block(&shared), events_mark);
        Drain {
            shared,
            runtime,
            progress,
            reader,
            decoder,
            current,
            frozen: None,
            retry_pause: RETRY_AFTER[0],
            retry_at: None,
            unshown: false,
            asked: false,
            shown_at: None,
        }
    }

    /// Runs until it is asked to stop or can't go on.
    pub(crate) fn run(mut self) {
        let mut behind = true;
        let ended = loop {
            let pause = if behind { Duration::ZERO } else { self.shared.options.drain_every };
            let wanted = self.shared.control.wait(pause);
            if wanted.stop {
                break Ended::Closed;
            }
            match self.round(wanted) {
                Ok(more) => behind = more,
                Err(halt) => {
                    tracing::error!(error = %halt, "draining the journal has stopped");
                    break Ended::Stopped(halt.to_string());
                }
            }
        };
        self.progress.send_modify(|progress| progress.ended = Some(ended));
    }

    /// Reads, shows, commits what is due. True when there is more to do at once.
    fn round(&mut self, wanted: Wanted) -> Result<bool, Halt> {
        let today = day_of(self.shared.clock.now_micros());
        self.shared.dedupe.lock().unwrap_or_else(PoisonError::into_inner).advance(today);
        let behind = self.read()?;
        self.asked |= wanted.show;
        // Rows of a long backlog are shown now and then; of a short one at once.
        let lately = self.shown_at.is_some_and(|at| at.elapsed() < self.shared.options.drain_every);
        if self.asked && !(behind && lately) {
            self.asked = false;
            if self.unshown {
                self.show()?;
            }
        }
        let drained = self.current.last;
        self.progress.send_if_modified(|progress| std::mem::replace(&mut progress.drained, drained) != drained);
        self.commit_what_is_due(wanted.commit)?;
        let stuck = self.is_stuffed();
        self.progress.send_if_modified(|progress| std::mem::replace(&mut progress.stuck, stuck) != stuck);
        Ok(behind && !stuck)
    }

    /// Decodes records until the journal's end, the round's bound or a full batch.
    fn read(&mut self) -> Result<bool, Halt> {
        let mut bytes = 0;
        loop {
            if self.current.weight() >= self.shared.options.commit_bytes || bytes >= ROUND_BYTES_MAX {
                return Ok(true);
            }
            let Some((sequence, record)) = self.reader.next()? else { return Ok(false) };
            let length = record.len() as u64;
            self.decoder
                .decode(&self.shared, sequence.0, record, &mut self.current)
                .map_err(|source| Halt::Record { sequence: sequence.0, source })?;
            bytes += length;
            self.current.last = sequence.0;
            self.current.bytes += length;
            self.current.since.get_or_insert_with(Instant::now);
            self.unshown = true;
            if sequence.0 > self.shared.recovered {
                self.shared.tally.drained_bytes.fetch_add(length, Ordering::Release);
            }
        }
    }

    fn commit_what_is_due(&mut self, wanted: bool) -> Result<(), Halt> {
        let retry_due = self.retry_at.is_none_or(|at| Instant::now() >= at);
        if self.frozen.is_some() && (retry_due || wanted) {
            self.try_commit()?;
        }
        if self.frozen.is_none() && self.current.since.is_some() && (wanted || self.commit_due()) {
            self.freeze();
            self.try_commit()?;
        }
        Ok(())
    }

    /// Full, and the batch before it is not committed: nothing can be read.
    fn is_stuffed(&self) -> bool {
        self.frozen.is_some() && self.current.weight() >= self.shared.options.commit_bytes
    }

    fn commit_due(&self) -> bool {
        let options = &self.shared.options;
        let aged = self.current.since.is_some_and(|since| since.elapsed() >= options.commit_after);
        aged || self.current.weight() >= options.commit_bytes
    }

    /// Makes all drained rows visible to queries.
    fn show(&mut self) -> Result<(), Halt> {
        if self.current.open.rows() >= SHOWN_OPEN_ROWS_MAX {
            let next = self.decoder.block(&self.shared);
            self.current.close_block(next);
        }
        let mut events = Vec::new();
        let mut rejects = Vec::new();
        for batch in self.frozen.iter_mut().chain([&mut self.current]) {
            events.append(&mut batch.fresh_events());
            // Committed rejects are seen in their table while their events still wait.
            if !batch.rejects_committed {
                rejects.append(&mut batch.fresh_rejects());
            }
        }
        let store = &self.shared.stores.store;
        store.events.set_fresh(events).and_then(|()| store.rejects.set_fresh(rejects)).map_err(FilesError::from)?;
        self.unshown = false;
        self.shown_at = Some(Instant::now());
        let shown = self.current.last;
        self.progress.send_modify(|progress| progress.shown = shown);
        self.pass(Step::Shown)
    }

    /// Lets a test end the loop here.
    fn pass(&self, step: Step) -> Result<(), Halt> {
        match &self.shared.options.probe {
            Some(probe) if probe(step).is_break() => Err(Halt::Probe(step)),
            _ => Ok(()),
        }
    }
}
