//! The pipeline as its callers see it: opened, asked how far it is, closed.
//!
//! Taking requests in is in `submit`. Draining to the tables happens on a thread of its
//! own, and [`settle`](Intake::settle) and [`flush`](Intake::flush) wait for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use journal::{Log, LogHealth, LogReader, ReadError, Sequence};
use tokio::runtime::Handle;
use tokio::sync::watch;
use uuid::Uuid;

use crate::admit::Admission;
use crate::aside::Aside;
use crate::clock::Clock;
use crate::dedupe::OUTSIDE_EVENTS_MAX;
use crate::drain::{APP, Drain, Ended, Progress, Shared};
use crate::error::IntakeError;
use crate::log;
use crate::mark::{self, Mark};
use crate::options::IntakeOptions;
use crate::stores::{Opened, Stores};
use crate::tally::{Counters, Tally};

/// The pipeline of one data directory. Clones share it. Dropping the last one ends the
/// drain as a crash would: nothing durable is lost. [`close`](Intake::close) commits first.
#[derive(Clone)]
pub struct Intake {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) admission: Admission,
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) closed: AtomicBool,
    /// The log has been told why the journal takes no more.
    pub(crate) poison_told: AtomicBool,
    /// Makes request ids: 64 random bits of this process and a count.
    pub(crate) request_seed: u64,
    pub(crate) request_count: AtomicU64,
    drain: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Not joined: this may run on the very runtime that a commit needs.
        self.shared.control.ask(|wanted| wanted.stop = true);
    }
}

impl Intake {
    /// Opens or creates what the data directory holds, drains what the journal has left
    /// from before, and begins to take requests. Must run on a tokio runtime, which
    /// must live as long as the intake.
    pub async fn open(options: IntakeOptions, clock: Arc<dyn Clock>) -> Result<(Intake, Opened), IntakeError> {
        let (stores, mut opened) = Stores::open(&options, &clock).await?;
        let events_mark = mark_of(stores.store.events.watermark(APP));
        let rejects_mark = mark_of(stores.store.rejects.watermark(APP));
        let now = clock.now_micros();
        let mut dedupe = stores.known_events(options.dedupe_days, now, 0, OUTSIDE_EVENTS_MAX).await?;
        opened.known_events = dedupe.len() as u64;
        stores.remember_rejects(&mut dedupe, options.dedupe_days, now).await?;

        let (mark, marked) = Mark::open(&options.data).map_err(|source| IntakeError::Io {
            action: "read the journal's mark in",
            path: options.data.clone(),
            source,
        })?;
        let watermark = events_mark.max(rejects_mark);
        // Also past records that are lost: a number must never stand for two of them.
        let first_sequence_min = watermark.max(marked) + 1;
        let opening = {
            let (options, key) = (options.clone(), stores.journal_key());
            tokio::task::spawn_blocking(move || log::open(&options, key, first_sequence_min))
        };
        let (log, recovery) = opening.await.map_err(|error| IntakeError::Stopped(error.to_string()))??;
        let lost = mark::lost(recovery.last.0, marked, watermark, recovery.cut_bytes);
        opened.damage.extend(lost.iter().map(|lost| lost.said.clone()));
        let recovered = log.tail().0;
        opened.replayed_records = recovery.last.0.saturating_sub(events_mark);
        let reader = reader_after(&*log, events_mark, &mut opened)?;

        let aside = Aside::open(&options.data, stores.quarantine_sealer(), options.quarantine_bytes_max)?;
        let admission = Admission::new(options.bounds(), options.time_bounds());
        let shared = Arc::new(Shared {
            options,
            clock,
            stores,
            log,
            aside,
            dedupe: Mutex::new(dedupe),
            tally: Tally::default(),
            control: crate::drain::Control::default(),
            recovered,
            mark,
            lost,
        });
        // Numbers without a record, where the journal has lost some, are as good as drained.
        let begin = if recovery.last.0 <= events_mark { recovered } else { events_mark };
        let start = Progress { drained: begin, shown: begin, committed: begin, ..Progress::default() };
        shared.mark.note(recovered);
        let (send, progress) = watch::channel(start);
        let drain = Drain::new(Arc::clone(&shared), Handle::current(), send, reader, begin, rejects_mark);
        let inner = Inner {
            admission,
            progress,
            closed: AtomicBool::new(false),
            poison_told: AtomicBool::new(false),
            request_seed: Uuid::new_v4().as_u64_pair().0,
            request_count: AtomicU64::new(0),
            drain: Mutex::new(Some(start_thread(&shared, drain)?)),
            shared,
        };
        let intake = Intake { inner: Arc::new(inner) };
        match intake.wait_shown(recovered).await {
            Ok(()) => {
                opened.damage.extend(intake.quarantine_said());
                Ok((intake, opened))
            }
            Err(error) => {
                // Gives the directory up before the caller hears of it.
                intake.end().await;
                Err(error)
            }
        }
    }

    /// Makes everything that is durable now visible to queries, and waits for it.
    pub async fn settle(&self) -> Result<(), IntakeError> {
        self.wait_shown(self.inner.shared.log.tail().0).await
    }

    /// Waits until everything durable now is committed to the tables and the journal
    /// released as far as its segments allow.
    pub async fn flush(&self) -> Result<(), IntakeError> {
        let target = self.inner.shared.log.tail().0;
        let mut progress = self.inner.progress.clone();
        let failures = progress.borrow().failures;
        loop {
            {
                let now = progress.borrow_and_update();
                if now.committed >= target {
                    return Ok(());
                }
                ended(&now)?;
                if now.failures > failures {
                    return Err(IntakeError::Failing(now.trouble.clone().unwrap_or_default()));
                }
            }
            self.inner.shared.control.ask(|wanted| wanted.commit = true);
            progress.changed().await.map_err(|_| IntakeError::Closed)?;
        }
    }

    /// The tables, for queries and for their upkeep. Rows that wait for their commit are in
    /// them after [`settle`](Intake::settle), which a reader calls first.
    pub fn store(&self) -> &table::Store {
        &self.inner.shared.stores.store
    }

    /// What is missing or can't be read, a sentence each: events are taken in and the rest is
    /// served, and whoever reads should know.
    pub fn degraded(&self) -> Vec<String> {
        let shared = &self.inner.shared;
        let lost = shared.lost.iter().map(|lost| lost.said.clone());
        let damaged = shared.stores.store.damaged();
        let damaged = damaged.iter().map(ToString::to_string);
        lost.chain(damaged).chain(self.quarantine_said()).collect()
    }

    /// What happened since the start, and how it stands.
    pub fn counters(&self) -> Counters {
        let shared = &self.inner.shared;
        let progress = self.inner.progress.borrow().clone();
        let durable = shared.log.tail().0;
        let journal = shared.log.status();
        let stopped = match &progress.ended {
            Some(Ended::Stopped(why)) => Some(why.clone()),
            _ => None,
        };
        let (poisoned, cause) = match &journal.health {
            LogHealth::Poisoned { cause } => (true, Some(cause.clone())),
            LogHealth::Blocked { cause } => (false, Some(cause.clone())),
            LogHealth::Full | LogHealth::Writable => (false, None),
        };
        let is_writable = journal.health == LogHealth::Writable;
        let overloaded = shared.tally.backlog_bytes() > shared.options.backlog_bytes_max;
        let closed = self.inner.closed.load(Ordering::Relaxed) || progress.ended.is_some();
        let (quarantined_records, quarantined_bytes) = shared.aside.totals();
        Counters {
            lag_records: durable.saturating_sub(progress.drained),
            uncommitted_records: durable.saturating_sub(progress.committed),
            ready: is_writable && !(overloaded || closed),
            closed,
            poisoned: poisoned || stopped.is_some(),
            trouble: stopped.or(cause).or(progress.trouble),
            journal,
            quarantined_records,
            quarantined_bytes,
            journal_records_lost: shared.lost.as_ref().map_or(0, |lost| lost.records),
            damaged_files: shared.stores.store.damaged().len() as u64,
            ..shared.tally.counters()
        }
    }

    /// Refuses further requests, commits what is durable, and ends the drain. A commit
    /// that fails is left to the next start: the journal has it.
    pub async fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
        if let Err(error) = self.flush().await {
            tracing::warn!(%error, "closing without a last commit; the journal keeps what is missing");
        }
        self.end().await;
    }

    /// Ends as a crash would: no commit, what is shown is forgotten.
    #[doc(hidden)]
    pub async fn abandon(&self) {
        self.inner.closed.store(true, Ordering::Release);
        self.end().await;
    }

    async fn end(&self) {
        let inner = &self.inner;
        inner.shared.control.ask(|wanted| wanted.stop = true);
        let drain = inner.drain.lock().unwrap_or_else(PoisonError::into_inner).take();
        let log = Arc::clone(&inner.shared.log);
        let joined = tokio::task::spawn_blocking(move || {
            let drained = drain.map(JoinHandle::join);
            log.close();
            drained
        });
        if !matches!(joined.await, Ok(None | Some(Ok(())))) {
            tracing::error!("the drain ended in a panic; the journal keeps what it had not committed");
        }
        inner.shared.stores.unlock();
    }

    async fn wait_shown(&self, target: u64) -> Result<(), IntakeError> {
        let mut progress = self.inner.progress.clone();
        loop {
            {
                let now = progress.borrow_and_update();
                if now.shown >= target {
                    return Ok(());
                }
                ended(&now)?;
                if now.stuck {
                    return Err(IntakeError::Failing(now.trouble.clone().unwrap_or_default()));
                }
            }
            self.inner.shared.control.ask(|wanted| wanted.show = true);
            progress.changed().await.map_err(|_| IntakeError::Closed)?;
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.inner.shared
    }
}

fn mark_of(watermark: Option<i64>) -> u64 {
    watermark.map_or(0, |mark| u64::try_from(mark).unwrap_or(0))
}

fn ended(progress: &Progress) -> Result<(), IntakeError> {
    match &progress.ended {
        None => Ok(()),
        Some(Ended::Closed) => Err(IntakeError::Closed),
        Some(Ended::Stopped(why)) => Err(IntakeError::Stopped(why.clone())),
    }
}

/// Reads on after the events' watermark. Where the journal has let go of records that
/// the table lost (a damaged newest version was set aside), what is left is drained, and
/// the report says what is missing.
fn reader_after(log: &dyn Log, after: u64, opened: &mut Opened) -> Result<Box<dyn LogReader>, IntakeError> {
    match log.reader(Sequence(after)) {
        Err(ReadError::Released { oldest, .. }) => {
            opened.repairs.push(format!(
                "records {} to {} of the journal were released and are not in the table any more; restore the table from a backup to have them",
                after + 1,
                oldest.0
            ));
            Ok(log.reader(oldest)?)
        }
        outcome => Ok(outcome?),
    }
}

fn start_thread(shared: &Arc<Shared>, drain: Drain) -> Result<JoinHandle<()>, IntakeError> {
    thread::Builder::new().name("drain".to_owned()).spawn(move || drain.run()).map_err(|source| IntakeError::Io {
        action: "start the drain of",
        path: shared.options.data.clone(),
        source,
    })
}
