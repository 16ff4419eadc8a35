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
//! become rows however often it is tried goes to quarantine ([`isolate`]), and the rest goes on.

mod batch;
mod commit;
pub(crate) mod context;
mod decode;
mod fault;
mod isolate;
mod look_ahead;
pub(crate) mod mark;
pub(crate) mod quarantine;
mod read;
mod show;
mod suspects;
mod switch;
mod trial;

use std::sync::Arc;
use std::time::Duration;

use ambient::Clock;
use journal::{Log, LogReader};
use table::Store;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::watch;

use self::batch::Batch;
use self::context::{DecodeContext, NextContext};
use self::decode::Decoder;
use self::fault::guarded;
use self::look_ahead::LookAhead;
use self::mark::Mark;
use self::quarantine::{Quarantine, QuarantineError};
use self::suspects::Suspects;
pub(crate) use self::trial::trial;
use crate::day::day_of;
use crate::hooks::{DrainStep, StepHook};
use crate::progress::{DrainControl, DrainEnd, DrainProgress, Wanted};
use crate::rows::files::FilesError;

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

/// What the drain works on, as it is handed to it. It is the one owner of the log's end: nobody
/// else reads records to make rows of them, or releases them.
pub(crate) struct DrainInputs {
    pub(crate) context: Arc<DecodeContext>,
    pub(crate) store: Store,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) reader: Box<dyn LogReader>,
    pub(crate) quarantine: Arc<Quarantine>,
    pub(crate) control: Arc<DrainControl>,
    pub(crate) next_context: Arc<NextContext>,
    pub(crate) progress: watch::Sender<DrainProgress>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) runtime: Handle,
    pub(crate) timing: DrainTiming,
    pub(crate) step_hook: Option<StepHook>,
    /// Says after the next start how far the journal had come.
    pub(crate) mark: Mark,
    /// Records up to this one were durable at the start and count in no backlog.
    pub(crate) recovered: u64,
    /// Records up to this one are drained, or lost.
    pub(crate) begin: u64,
    /// Rejects of records up to this one are in their table.
    pub(crate) rejects_mark: u64,
}

/// When the drain looks and commits; see [`IntakeOptions`](crate::IntakeOptions).
#[derive(Clone, Copy, Debug)]
pub(crate) struct DrainTiming {
    pub(crate) commit_after: Duration,
    pub(crate) commit_bytes: u64,
    pub(crate) drain_every: Duration,
}

/// Why the loop ends before it is asked to.
#[derive(Debug, Error)]
enum DrainError {
    #[error(transparent)]
    Read(#[from] journal::ReadError),
    #[error(transparent)]
    Quarantine(#[from] QuarantineError),
    /// What is shown or committed fails although nothing is in it.
    #[error("a batch without records can't be committed; this is a defect, please report it")]
    Empty,
    #[error("the tables take no more writes after a failed sync; check the disk, then restart")]
    Poisoned,
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("stopped at {0:?}")]
    Stopped(DrainStep),
}

impl DrainError {
    /// Whether the same may succeed later: the disk is full, or too many files are open.
    /// Nothing was taken from the journal then that isn't held.
    fn may_pass(&self) -> bool {
        match self {
            DrainError::Read(error) => error.is_of_storage(),
            DrainError::Quarantine(error) => matches!(error, QuarantineError::Io { .. }),
            _ => false,
        }
    }
}

/// The loop's state.
pub(crate) struct Drain {
    context: Arc<DecodeContext>,
    store: Store,
    log: Arc<dyn Log>,
    quarantine: Arc<Quarantine>,
    control: Arc<DrainControl>,
    next_context: Arc<NextContext>,
    progress: watch::Sender<DrainProgress>,
    clock: Arc<dyn Clock>,
    runtime: Handle,
    timing: DrainTiming,
    step_hook: Option<StepHook>,
    mark: Mark,
    recovered: u64,
    reader: Box<dyn LogReader>,
    /// Reading goes on after this record instead of where the reader is.
    read_after: Option<u64>,
    decoder: Decoder,
    current: Batch,
    /// A batch whose commit has begun and not succeeded.
    frozen: Option<Batch>,
    /// Pause after the next failure, and the time before which there is no retry; this and
    /// those below by the clock that never steps back.
    retry_pause: Duration,
    retry_at: Option<Duration>,
    /// A batch failed for what is in it, and is tried in parts.
    suspects: Option<Suspects>,
    /// Bytes of records up to this one are counted as drained.
    counted: u64,
    /// Rows were decoded since they were last shown.
    unshown: bool,
    /// Somebody waits to see them. Most rows are committed before anybody asks, and the
    /// form for queries costs as much as decoding.
    asked: bool,
    shown_at: Option<Duration>,
    /// The journal could not be read when it was last tried, and the log knows.
    unread: bool,
}

impl Drain {
    pub(crate) fn new(inputs: DrainInputs) -> Self {
        let DrainInputs {
            context,
            store,
            log,
            reader,
            quarantine,
            control,
            next_context,
            progress,
            clock,
            runtime,
            timing,
            step_hook,
            mark,
            recovered,
            begin,
            rejects_mark,
        } = inputs;
        let look_ahead = LookAhead { log: Arc::clone(&log), store: store.clone(), runtime: runtime.clone() };
        let mut decoder = Decoder::new(Arc::clone(&context), Some(look_ahead), rejects_mark);
        let current = Batch::new(decoder.block(), begin);
        Drain {
            context,
            store,
            log,
            quarantine,
            control,
            next_context,
            progress,
            clock,
            runtime,
            timing,
            step_hook,
            mark,
            recovered,
            reader,
            read_after: None,
            decoder,
            current,
            frozen: None,
            retry_pause: RETRY_AFTER[0],
            retry_at: None,
            suspects: None,
            counted: begin,
            unshown: false,
            asked: false,
            shown_at: None,
            unread: false,
        }
    }

    /// Runs until it is asked to stop or can't go on. However it ends, that is published: what
    /// nobody drains must not be taken in.
    pub(crate) fn run(self) {
        let progress = self.progress.clone();
        let ended = guarded(move || self.run_on()).unwrap_or_else(|()| {
            tracing::error!("draining the journal has stopped: a defect; please report it with the log");
            DrainEnd::Stopped("the drain failed by a defect of this program; restart it, and report it".to_owned())
        });
        progress.send_modify(|progress| progress.ended = Some(ended));
    }

    fn run_on(mut self) -> DrainEnd {
        let mut behind = true;
        let mut held_up: Option<Duration> = None;
        loop {
            if let Some(pause) = held_up.take() {
                // Whoever asks meanwhile would only hear the same.
                std::thread::sleep(pause.min(HELD_UP_PAUSE_MAX));
            }
            let pause = if behind { Duration::ZERO } else { self.timing.drain_every };
            let wanted = self.control.wait(pause);
            if wanted.stop {
                return DrainEnd::Closed;
            }
            match self.round(wanted) {
                Ok(more) => behind = more,
                Err(error) if error.may_pass() => {
                    tracing::warn!(%error, pause = ?self.retry_pause, "draining is held up and goes on later");
                    self.progress.send_modify(|progress| {
                        progress.failures += 1;
                        progress.trouble = Some(error.to_string());
                    });
                    held_up = Some(self.retry_pause);
                    self.retry_pause = (self.retry_pause * 2).min(RETRY_AFTER[1]);
                }
                Err(error) => {
                    tracing::error!(%error, "draining the journal has stopped");
                    return DrainEnd::Stopped(error.to_string());
                }
            }
        }
    }

    /// Reads, shows, commits what is due. True when there is more to do at once.
    fn round(&mut self, wanted: Wanted) -> Result<bool, DrainError> {
        self.tidy_index();
        let behind = self.read()?;
        self.asked |= wanted.show;
        // Rows of a long backlog are shown now and then; of a short one at once.
        let lately = self.shown_at.is_some_and(|at| self.since(at) < self.timing.drain_every);
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
            self.mark.note(drained);
        }
        self.commit_what_is_due(wanted.commit)?;
        self.switch()?;
        let stuck = self.is_stuffed();
        self.progress.send_if_modified(|progress| std::mem::replace(&mut progress.stuck, stuck) != stuck);
        Ok(behind && !stuck)
    }

    /// Lets the index of known events forget what is committed and lies far back.
    fn tidy_index(&self) {
        let today = day_of(self.clock.now_micros());
        let mut index = self.context.index();
        index.move_to(today);
        if index.is_crowded() {
            let uncommitted = self.frozen.iter().chain([&self.current]).flat_map(Batch::blocks);
            let days = uncommitted.flat_map(|block| block.dates().iter().copied()).collect();
            index.forget_outside(&days);
        }
    }

    fn commit_what_is_due(&mut self, wanted: bool) -> Result<(), DrainError> {
        let retry_due = self.retry_at.is_none_or(|at| self.clock.monotonic() >= at);
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
        let aged = self.current.since.is_some_and(|since| self.since(since) >= self.timing.commit_after);
        aged || self.suspects_are_in()
    }

    /// How long ago that was.
    fn since(&self, at: Duration) -> Duration {
        self.clock.monotonic().saturating_sub(at)
    }

    /// Lets a test end the loop here.
    fn pass(&self, step: DrainStep) -> Result<(), DrainError> {
        match &self.step_hook {
            Some(step_hook) if step_hook(step).is_break() => Err(DrainError::Stopped(step)),
            _ => Ok(()),
        }
    }
}
