//! The pipeline as its callers see it: admission before the log, the drain behind it, asked
//! how far it is, closed.
//!
//! Draining to the tables happens on a thread of its own, and [`settle`](Intake::settle) and
//! [`flush`](Intake::flush) wait for it.

pub(crate) mod open;
pub(crate) mod outcome;
pub(crate) mod quarantine;
mod receipt;
mod rejects;
pub(crate) mod reload;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use journal::{Log, LogHealth};
use table::Store;
use tokio::sync::watch;
use xdm::Plan;

use crate::admit::Admit;
use crate::admit::answer::{Answers, EventAnswer};
use crate::admit::answer_budget::AnswerBudget;
use crate::admit::describe::Described;
use crate::admit::error::SubmitError;
use crate::counters::Counters;
use crate::dir_lock::DataDirLock;
use crate::drain::context::{DecodeContext, NextContext};
use crate::drain::mark::Lost;
use crate::drain::quarantine::Quarantine;
use crate::error::IntakeError;
use crate::hooks::ReloadHook;
use crate::progress::{DrainControl, DrainEnd, DrainProgress};
use crate::request::body::{BodyError, Request};
use crate::rows::links::LinkRules;
use crate::secrets::Secrets;

/// The pipeline of one data directory. Clones share it. Dropping the last one ends the
/// drain as a crash would: nothing durable is lost. [`close`](Intake::close) commits first.
#[derive(Clone)]
pub struct Intake {
    inner: Arc<Inner>,
}

struct Inner {
    admit: Arc<Admit>,
    log: Arc<dyn Log>,
    control: Arc<DrainControl>,
    next_context: Arc<NextContext>,
    progress: watch::Receiver<DrainProgress>,
    drain: Mutex<Option<JoinHandle<()>>>,
    store: Store,
    /// Shared with the drain: receipts ask its index, and a record in quarantine is tried by
    /// it. Replaced when schemas are.
    context: RwLock<Arc<DecodeContext>>,
    quarantine: Arc<Quarantine>,
    secrets: Secrets,
    /// What the log was found to have lost at this start.
    lost: Option<Lost>,
    /// `None` once the directory was given up, although its tables may still be read.
    lock: Mutex<Option<Arc<DataDirLock>>>,
    /// One reload of schemas at a time.
    reloading: tokio::sync::Mutex<()>,
    reload_hook: Option<ReloadHook>,
    link_rules: LinkRules,
    data: PathBuf,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Not joined: this may run on the very runtime that a commit needs.
        self.control.ask(|wanted| wanted.stop = true);
    }
}

impl Intake {
    /// Checks only; stores nothing. Takes about a microsecond an event.
    pub fn check(&self, request: &Request) -> Result<Vec<EventAnswer>, BodyError> {
        self.check_within(request, AnswerBudget::default()).map(Answers::into_events)
    }

    /// As [`check`](Self::check), within the budget that there is for the answer.
    pub fn check_within(&self, request: &Request, budget: AnswerBudget) -> Result<Answers, BodyError> {
        self.inner.admit.check(request, budget)
    }

    /// Checks, appends to the journal, and answers once that is durable (`fdatasync`):
    /// what is answered survives a power cut. A request of which every event is invalid
    /// is kept too. Dropping the future does not undo an append that has begun.
    pub async fn submit(&self, request: Request) -> Result<Vec<EventAnswer>, SubmitError> {
        self.submit_within(request, AnswerBudget::default()).await.map(Answers::into_events)
    }

    /// As [`submit`](Self::submit), within the budget that there is for the answer: what
    /// must be said and finds no room is `Overloaded`, before anything is kept; details
    /// that don't fit are left out.
    pub async fn submit_within(&self, request: Request, budget: AnswerBudget) -> Result<Answers, SubmitError> {
        self.inner.admit.submit(request, budget).await
    }

    /// Describes each event of a body, in order, for people who watch events arrive. A body
    /// that can't be read gives nothing from the place on where it can't.
    pub fn describe(&self, request: &Request) -> Vec<Described> {
        self.inner.admit.describe(request, &self.context().scheme.derivation)
    }

    /// 128 bits made of a request's id and this data directory's key: the same for the
    /// same request, so that a visitor who is new in it is one visitor when it is sent
    /// again, and not to be guessed by others.
    pub fn visitor_bits(&self, datastream: &str, request_id: &str) -> [u8; 16] {
        self.inner.secrets.visitor_bits(datastream, request_id)
    }

    /// The key by which links that are shared are signed: the same at each start, and of no use for anything else.
    pub fn link_key(&self) -> [u8; 32] {
        self.inner.secrets.link_key()
    }

    /// 128 bits made of a first-party device id and this data directory's key: always the
    /// same within an organisation, and not to be guessed by others.
    pub fn device_bits(&self, org_id: &str, device_id: &str) -> [u8; 16] {
        self.inner.secrets.device_bits(org_id, device_id)
    }

    /// The plans that events are judged by now, each once; all have the same columns.
    pub fn plans(&self) -> Vec<Arc<Plan>> {
        let context = self.context();
        let mut plans = vec![Arc::clone(&context.policies.default.plan)];
        for policy in context.policies.by_datastream.values() {
            if !plans.iter().any(|known| Arc::ptr_eq(known, &policy.plan)) {
                plans.push(Arc::clone(&policy.plan));
            }
        }
        plans
    }

    /// Makes everything that is durable now visible to queries, and waits for it.
    pub async fn settle(&self) -> Result<(), IntakeError> {
        self.wait_shown(self.inner.log.tail().0).await
    }

    /// Waits until everything durable now is committed to the tables and the journal
    /// released as far as its segments allow.
    pub async fn flush(&self) -> Result<(), IntakeError> {
        let target = self.inner.log.tail().0;
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
            self.inner.control.ask(|wanted| wanted.commit = true);
            progress.changed().await.map_err(|_| IntakeError::Closed)?;
        }
    }

    /// The tables, for queries and for their upkeep. Rows that wait for their commit are in
    /// them after [`settle`](Intake::settle), which a reader calls first.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// What is missing or can't be read, a sentence each: events are taken in and the rest is
    /// served, and whoever reads should know.
    pub fn degraded(&self) -> Vec<String> {
        let lost = self.inner.lost.iter().map(|lost| lost.said.clone());
        let damaged = self.inner.store.damaged();
        let damaged = damaged.iter().map(ToString::to_string);
        lost.chain(damaged).chain(self.quarantine_said()).collect()
    }

    /// What happened since the start, and how it stands.
    pub fn counters(&self) -> Counters {
        let inner = &*self.inner;
        let progress = inner.progress.borrow().clone();
        let durable = inner.log.tail().0;
        let journal = inner.log.status();
        let stopped = match &progress.ended {
            Some(DrainEnd::Stopped(why)) => Some(why.clone()),
            _ => None,
        };
        let (is_poisoned, cause) = match &journal.health {
            LogHealth::Poisoned { cause } => (true, Some(cause.clone())),
            LogHealth::Blocked { cause } => (false, Some(cause.clone())),
            LogHealth::Full | LogHealth::Writable => (false, None),
        };
        let closed = inner.admit.is_closed() || progress.ended.is_some();
        let (quarantined_records, quarantined_bytes) = inner.quarantine.totals();
        Counters {
            lag_records: durable.saturating_sub(progress.drained),
            uncommitted_records: durable.saturating_sub(progress.committed),
            ready: journal.health == LogHealth::Writable && !(inner.admit.is_overloaded() || closed),
            closed,
            poisoned: is_poisoned || stopped.is_some(),
            trouble: stopped.or(cause).or(progress.trouble),
            journal,
            quarantined_records,
            quarantined_bytes,
            journal_records_lost: inner.lost.as_ref().map_or(0, |lost| lost.records),
            damaged_files: inner.store.damaged().len() as u64,
            ..self.context().tally.counters()
        }
    }

    /// Refuses further requests, commits what is durable, and ends the drain. A commit
    /// that fails is left to the next start: the journal has it.
    pub async fn close(&self) {
        self.inner.admit.close();
        // A reload of schemas is done or refused before the directory is given up.
        let _reloading = self.inner.reloading.lock().await;
        if let Err(error) = self.flush().await {
            tracing::warn!(%error, "closing without a last commit; the journal keeps what is missing");
        }
        self.end().await;
    }

    /// Ends as a crash would: no commit, what is shown is forgotten.
    #[doc(hidden)]
    pub async fn abandon(&self) {
        self.inner.admit.close();
        self.end().await;
    }

    /// How records are decoded at present.
    fn context(&self) -> Arc<DecodeContext> {
        Arc::clone(&self.inner.context.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn end(&self) {
        let inner = &self.inner;
        inner.control.ask(|wanted| wanted.stop = true);
        let drain = inner.drain.lock().unwrap_or_else(PoisonError::into_inner).take();
        let log = Arc::clone(&inner.log);
        let joined = tokio::task::spawn_blocking(move || {
            let drained = drain.map(JoinHandle::join);
            log.close();
            drained
        });
        if !matches!(joined.await, Ok(None | Some(Ok(())))) {
            tracing::error!("the drain ended in a panic; the journal keeps what it had not committed");
        }
        drop(inner.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
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
            self.inner.control.ask(|wanted| wanted.show = true);
            progress.changed().await.map_err(|_| IntakeError::Closed)?;
        }
    }
}

fn ended(progress: &DrainProgress) -> Result<(), IntakeError> {
    match &progress.ended {
        None => Ok(()),
        Some(DrainEnd::Closed) => Err(IntakeError::Closed),
        Some(DrainEnd::Stopped(why)) => Err(IntakeError::Stopped(why.clone())),
    }
}
