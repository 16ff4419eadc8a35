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
//! the journal fills until admission says `Overloaded`: nothing is dropped. What can't
//! become rows however often it is tried is set aside ([`isolate`]), and the rest goes on.

pub(crate) mod batch;
mod commit;
mod decode;
mod isolate;
mod look_ahead;

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use journal::{Log, LogReader, Sequence};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::watch;

use self::batch::Batch;
use self::decode::Decoder;
pub(crate) use self::isolate::trial;
use self::isolate::{Fault, Suspects, guarded};
use crate::aside::{Aside, AsideError};
use crate::clock::{Clock, day_of};
use crate::dedupe::Dedupe;
use crate::files::FilesError;
use crate::mark::{Lost, Mark};
use crate::options::IntakeOptions;
use crate::stores::Stores;
use crate::tally::Tally;

/// The application id under which the drain commits.
pub(crate) const APP: &str = "journal";

/// Most bytes of records that are decoded before the rows are shown.
const ROUND_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Pause after a failed commit; doubles up to the second figure.
const RETRY_AFTER: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(10)];
/// Longest pause while the journal can't be read, or nothing can be set aside: a stop waits
/// for its end.
const HELD_UP_PAUSE_MAX: Duration = Duration::from_secs(1);
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

/// A place where a test can make something fail as a defect would.
#[derive(Clone, Copy)]
pub enum Touched<'a> {
    /// An event is about to be decoded; its bytes.
    Event(&'a [u8]),
    /// A block is about to be written.
    Rows(&'a table::Block),
    /// A block is about to be shown.
    Shown(&'a table::Block),
}

/// Called for each [`Touched`]; may panic.
pub type Tripwire = Arc<dyn Fn(Touched<'_>) + Send + Sync>;

/// What the pipeline's parts share.
pub(crate) struct Shared {
    pub(crate) options: IntakeOptions,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stores: Stores,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) aside: Aside,
    pub(crate) dedupe: Mutex<Dedupe>,
    pub(crate) tally: Tally,
    pub(crate) control: Control,
    /// Records up to this one were durable at the start and count in no backlog.
    pub(crate) recovered: u64,
    /// Says after the next start how far the journal had come.
    pub(crate) mark: Mark,
    /// What the journal was found to have lost at this start.
    pub(crate) lost: Option<Lost>,
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
    #[error(transparent)]
    Aside(#[from] AsideError),
    /// What is shown or committed fails although nothing is in it.
    #[error("a batch without records can't be committed; this is a defect, please report it")]
    Empty,
    #[error("the tables take no more writes after a failed sync; check the disk, then restart")]
    Poisoned,
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("stopped at {0:?}")]
    Probe(Step),
}

impl Halt {
    /// Whether the same may succeed later: the disk is full, or too many files are open.
    /// Nothing was taken from the journal then that isn't held.
    fn may_pass(&self) -> bool {
        match self {
            Halt::Read(error) => error.is_of_storage(),
            Halt::Aside(error) => matches!(error, AsideError::Io { .. }),
            _ => false,
        }
    }
}

/// The loop's state.
pub(crate) struct Drain {
    shared: Arc<Shared>,
    runtime: Handle,
    progress: watch::Sender<Progress>,
    reader: Box<dyn LogReader>,
    /// Reading goes on after this record instead of where the reader is.
    read_after: Option<u64>,
    decoder: Decoder,
    current: Batch,
    /// A batch whose commit has begun and not succeeded.
    frozen: Option<Batch>,
    /// Pause after the next failure, and the time before which there is no retry.
    retry_pause: Duration,
    retry_at: Option<Instant>,
    /// A batch failed for what is in it, and is tried in parts.
    suspects: Option<Suspects>,
    /// Bytes of records up to this one are counted as drained.
    counted: u64,
    /// Rows were decoded since they were last shown.
    unshown: bool,
    /// Somebody waits to see them. Most rows are committed before anybody asks, and the
    /// form for queries costs as much as decoding.
    asked: bool,
    shown_at: Option<Instant>,
    /// The journal could not be read when it was last tried, and the log knows.
    unread: bool,
}

impl Drain {
    pub(crate) fn new(
        shared: Arc<Shared>,
        runtime: Handle,
        progress: watch::Sender<Progress>,
        reader: Box<dyn LogReader>,
        events_mark: u64,
        rejects_mark: u64,
    ) -> Self {
        let mut decoder = Decoder::new(&shared, Some(runtime.clone()), rejects_mark);
        let current = Batch::new(decoder.block(&shared), events_mark);
        Drain {
            shared,
            runtime,
            progress,
            reader,
            read_after: None,
            decoder,
            current,
            frozen: None,
            retry_pause: RETRY_AFTER[0],
            retry_at: None,
            suspects: None,
            counted: events_mark,
            unshown: false,
            asked: false,
            shown_at: None,
            unread: false,
        }
    }

    /// Runs until it is asked to stop or can't go on. However it ends, that is told: what
    /// nobody drains must not be taken in.
    pub(crate) fn run(self) {
        let progress = self.progress.clone();
        let ended = guarded(move || self.run_on()).unwrap_or_else(|()| {
            tracing::error!("draining the journal has stopped: a defect; please report it with the log");
            Ended::Stopped("the drain failed by a defect of this program; restart it, and report it".to_owned())
        });
        progress.send_modify(|progress| progress.ended = Some(ended));
    }

    fn run_on(mut self) -> Ended {
        let mut behind = true;
        let mut held_up: Option<Duration> = None;
        loop {
            if let Some(pause) = held_up.take() {
                // Whoever asks meanwhile would only hear the same.
                std::thread::sleep(pause.min(HELD_UP_PAUSE_MAX));
            }
            let pause = if behind { Duration::ZERO } else { self.shared.options.drain_every };
            let wanted = self.shared.control.wait(pause);
            if wanted.stop {
                return Ended::Closed;
            }
            match self.round(wanted) {
                Ok(more) => behind = more,
                Err(halt) if halt.may_pass() => {
                    tracing::warn!(error = %halt, pause = ?self.retry_pause, "draining is held up and goes on later");
                    self.progress.send_modify(|progress| {
                        progress.failures += 1;
                        progress.trouble = Some(halt.to_string());
                    });
                    held_up = Some(self.retry_pause);
                    self.retry_pause = (self.retry_pause * 2).min(RETRY_AFTER[1]);
                }
                Err(halt) => {
                    tracing::error!(error = %halt, "draining the journal has stopped");
                    return Ended::Stopped(halt.to_string());
                }
            }
        }
    }

    /// Reads, shows, commits what is due. True when there is more to do at once.
    fn round(&mut self, wanted: Wanted) -> Result<bool, Halt> {
        self.tidy_index();
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
        let moved =
            self.progress.send_if_modified(|progress| std::mem::replace(&mut progress.drained, drained) != drained);
        if moved {
            self.shared.mark.note(drained);
        }
        self.commit_what_is_due(wanted.commit)?;
        let stuck = self.is_stuffed();
        self.progress.send_if_modified(|progress| std::mem::replace(&mut progress.stuck, stuck) != stuck);
        Ok(behind && !stuck)
    }

    /// Lets the index of known events forget what is committed and lies far back.
    fn tidy_index(&self) {
        let today = day_of(self.shared.clock.now_micros());
        let mut index = self.shared.dedupe.lock().unwrap_or_else(PoisonError::into_inner);
        index.move_to(today);
        if index.is_crowded() {
            let uncommitted = self.frozen.iter().chain([&self.current]).flat_map(Batch::blocks);
            let days = uncommitted.flat_map(|block| block.dates().iter().copied()).collect();
            index.forget_outside(&days);
        }
    }

    /// Decodes records until the journal's end, the round's bound or a full batch.
    fn read(&mut self) -> Result<bool, Halt> {
        let mut bytes = 0;
        if let Some(after) = self.read_after {
            self.reader = self.shared.log.reader(Sequence(after))?;
            self.read_after = None;
        }
        loop {
            if self.is_full() || bytes >= ROUND_BYTES_MAX {
                return Ok(true);
            }
            let (sequence, record) = match self.reader.next() {
                Ok(Some(next)) => next,
                Ok(None) => {
                    self.pass_over_lost();
                    return Ok(false);
                }
                // Too many open files: that passes, and the next round looks again.
                Err(error) if error.is_transient() => {
                    if !std::mem::replace(&mut self.unread, true) {
                        tracing::warn!(%error, "the journal can't be read at the moment; it is tried again");
                    }
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            };
            self.unread = false;
            let (sequence, length) = (sequence.0, record.len() as u64);
            if !self.shared.aside.holds(sequence) {
                let Drain { decoder, shared, current, .. } = self;
                let decoded = guarded(|| decoder.decode(shared, sequence, record, current));
                if let Err(fault) = decoded.map_or(Err(Fault::Panic), |decoded| decoded.map_err(Fault::Record)) {
                    let record = record.to_vec();
                    let kept = self.set_aside(sequence, fault.reason(), &record);
                    if kept.is_err() || matches!(fault, Fault::Panic) {
                        // What it left behind can't be told from what was there before.
                        self.rewind(Vec::new(), self.current.after);
                        return kept.map(|()| true);
                    }
                } else {
                    self.current.records += 1;
                    self.current.only = sequence;
                }
            }
            bytes += length;
            self.current.last = sequence;
            self.current.bytes += length;
            self.current.since.get_or_insert_with(Instant::now);
            self.unshown = true;
            if sequence > self.shared.recovered.max(self.counted) {
                self.counted = sequence;
                self.shared.tally.drained_bytes.fetch_add(length, Ordering::Release);
            }
        }
    }

    /// At the end of what the journal held at the start: numbers that follow, up to where
    /// new records begin, are of records that it has lost.
    fn pass_over_lost(&mut self) {
        if self.current.last < self.shared.recovered {
            self.current.last = self.shared.recovered;
            self.unshown = true;
            // So that a commit takes the watermark there.
            self.current.since.get_or_insert_with(Instant::now);
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
        self.frozen.is_some() && self.is_full()
    }

    fn commit_due(&self) -> bool {
        let options = &self.shared.options;
        let aged = self.current.since.is_some_and(|since| since.elapsed() >= options.commit_after);
        aged || self.suspects_are_in()
    }

    /// Makes all drained rows visible to queries.
    fn show(&mut self) -> Result<(), Halt> {
        if self.current.open.rows() >= SHOWN_OPEN_ROWS_MAX {
            let next = self.decoder.block(&self.shared);
            self.current.close_block(next);
        }
        let Some((events, rejects)) = self.fresh()? else {
            // Shown by the next round, without what can't be.
            self.asked = true;
            return Ok(());
        };
        let store = &self.shared.stores.store;
        store.events.set_fresh(events).and_then(|()| store.rejects.set_fresh(rejects)).map_err(FilesError::from)?;
        self.unshown = false;
        self.shown_at = Some(Instant::now());
        let shown = self.current.last;
        self.progress.send_modify(|progress| progress.shown = shown);
        self.pass(Step::Shown)
    }

    /// All drained rows in their form for queries. `None` when there is a batch that has
    /// none: it was forgotten, to be read again in parts.
    fn fresh(&mut self) -> Result<Option<(Vec<RecordBatch>, Vec<RecordBatch>)>, Halt> {
        let (mut events, mut rejects) = (Vec::new(), Vec::new());
        let tripwire = self.shared.options.tripwire.as_ref();
        let of_batch = |batch: &mut Batch, events: &mut Vec<RecordBatch>, rejects: &mut Vec<RecordBatch>| {
            events.append(&mut batch.fresh_events(tripwire));
            // Committed rejects are seen in their table while their events still wait.
            if !batch.rejects_committed {
                rejects.append(&mut batch.fresh_rejects());
            }
        };
        if let Some(frozen) = &mut self.frozen
            && guarded(|| of_batch(frozen, &mut events, &mut rejects)).is_err()
        {
            let frozen = self.frozen.take().ok_or(Halt::Empty)?;
            self.isolate(frozen)?;
            return Ok(None);
        }
        if guarded(|| of_batch(&mut self.current, &mut events, &mut rejects)).is_err() {
            let block = self.decoder.block(&self.shared);
            let after = self.current.last;
            let current = std::mem::replace(&mut self.current, Batch::new(block, after));
            self.isolate(current)?;
            return Ok(None);
        }
        Ok(Some((events, rejects)))
    }

    /// Lets a test end the loop here.
    fn pass(&self, step: Step) -> Result<(), Halt> {
        match &self.shared.options.probe {
            Some(probe) if probe(step).is_break() => Err(Halt::Probe(step)),
            _ => Ok(()),
        }
    }
}
