//! Admission: room, check, append, answer, in this order. It holds no state of its own beside
//! warm checkers and counters, so that any number of them can stand before one log.
//!
//! An answer is given when the request is durable, and not before. Past a limit the sender
//! hears so before anything of the request is kept.

pub(crate) mod answer;
pub(crate) mod answer_budget;
pub(crate) mod budget;
mod checkers;
pub(crate) mod describe;
pub(crate) mod error;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ambient::Clock;
use bytes::Bytes;
use journal::{AppendError, Log, LogHealth};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, oneshot, watch};

use self::answer::Answers;
use self::answer_budget::AnswerBudget;
use self::checkers::{Arrival, CheckerPool};
use self::error::SubmitError;
use crate::counters::Tally;
use crate::input::format::foreign_format;
use crate::options::IntakeOptions;
use crate::policy::Policies;
use crate::progress::{DrainEnd, DrainProgress};
use crate::request::body::{BodyError, Request};
use crate::request::framing::ResolvedFraming;
use crate::request::record::{Record, RequestId};

/// Bodies above this are checked on a thread that may block: a check takes about half a
/// millisecond per MiB, and others wait on the caller's thread.
const CHECK_INLINE_BYTES_MAX: usize = 64 * 1024;
/// Longest name of a datastream and longest request id.
const NAME_BYTES_MAX: usize = 512;

/// What bounds a request and what waits behind it; see [`IntakeOptions`].
#[derive(Clone, Copy, Debug)]
struct AdmitLimits {
    body_bytes_max: usize,
    event_bytes_max: usize,
    backlog_bytes_max: u64,
    retry_after: Duration,
}

/// Takes requests in, to one log.
pub(crate) struct Admit {
    limits: AdmitLimits,
    /// Replaced while the gate is shut.
    policies: RwLock<Arc<Policies>>,
    /// Every request goes through it, from being judged to being durable, also if its sender doesn't
    /// wait for that. While it is shut, nothing is on its way into the log.
    gate: Arc<tokio::sync::RwLock<()>>,
    checkers: CheckerPool,
    clock: Arc<dyn Clock>,
    log: Arc<dyn Log>,
    tally: Arc<Tally>,
    progress: watch::Receiver<DrainProgress>,
    is_closed: AtomicBool,
    /// The operator's log says why no more is taken.
    is_poison_reported: AtomicBool,
    /// Makes request ids: 64 random bits of this process and a count.
    request_seed: u64,
    request_count: AtomicU64,
}

impl Admit {
    pub(crate) fn new(
        options: &IntakeOptions,
        policies: Arc<Policies>,
        clock: Arc<dyn Clock>,
        log: Arc<dyn Log>,
        tally: Arc<Tally>,
        progress: watch::Receiver<DrainProgress>,
    ) -> Admit {
        Admit {
            limits: AdmitLimits {
                body_bytes_max: options.body_bytes_max,
                event_bytes_max: options.event_bytes_max,
                backlog_bytes_max: options.backlog_bytes_max,
                retry_after: options.retry_after,
            },
            policies: RwLock::new(policies),
            gate: Arc::default(),
            checkers: CheckerPool::new(options.bounds(), options.time_bounds()),
            clock,
            log,
            tally,
            progress,
            is_closed: AtomicBool::new(false),
            is_poison_reported: AtomicBool::new(false),
            request_seed: options.random.bits() as u64,
            request_count: AtomicU64::new(0),
        }
    }

    /// Checks only; stores nothing.
    pub(crate) fn check(&self, request: &Request, budget: AnswerBudget) -> Result<Answers, BodyError> {
        self.bound(request)?;
        let made = self.make_request_id();
        Ok(self.judge(request, &self.policies(), self.arrival(request, made), budget)?.1)
    }

    /// Checks, appends, and answers once that is durable. Dropping the future does not undo
    /// an append that has begun.
    pub(crate) async fn submit(
        self: &Arc<Self>,
        request: Request,
        budget: AnswerBudget,
    ) -> Result<Answers, SubmitError> {
        let passing = self.pass_gate().await;
        self.admits()?;
        self.bound(&request)?;
        let (answers, head, body) = if request.body.len() <= CHECK_INLINE_BYTES_MAX {
            self.prepare(request, budget)
        } else {
            let admit = Arc::clone(self);
            let prepare = move || admit.prepare(request, budget);
            tokio::task::spawn_blocking(prepare).await.map_err(|_| SubmitError::Closed)?
        }
        .map_err(|error| self.unreadable(error))?;
        self.append_passing(head, body, passing).await?;
        self.tally.answered(&answers.rejected, answers.len());
        Ok(answers)
    }

    /// Appends a record and returns once it is durable.
    pub(crate) async fn append(&self, head: Vec<u8>, body: Bytes) -> Result<(), SubmitError> {
        let passing = self.pass_gate().await;
        self.append_passing(head, body, passing).await
    }

    /// Lets nobody else through until it is dropped, and waits for those who are.
    pub(crate) async fn shut_gate(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.gate).write_owned().await
    }

    /// Judges by these from now on. The gate must be shut.
    pub(crate) fn judge_by(&self, policies: Arc<Policies>) {
        *self.policies.write().unwrap_or_else(PoisonError::into_inner) = policies;
        self.checkers.clear();
    }

    async fn pass_gate(&self) -> Passing {
        Arc::clone(&self.gate).read_owned().await
    }

    fn policies(&self) -> Arc<Policies> {
        Arc::clone(&self.policies.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn append_passing(&self, head: Vec<u8>, body: Bytes, passing: Passing) -> Result<(), SubmitError> {
        let (done, durable) = oneshot::channel();
        let pending = Pending::count(&self.tally, (head.len() + body.len()) as u64);
        let tell = Box::new(move |outcome: Result<_, AppendError>| {
            // Also if the sender has gone meanwhile, the record is on its way until now.
            let _passing = passing;
            // First the count: whoever hears of a refusal may look at it. The sender may
            // have gone: that is no reason to stop, and the record is kept.
            match outcome {
                Ok(_) => pending.keep(),
                Err(_) => drop(pending),
            }
            let _ = done.send(outcome.map(drop));
        });
        self.log.append(head, body, tell).map_err(|error| self.refused(error))?;
        match durable.await {
            Ok(outcome) => outcome.map_err(|error| self.refused(error)),
            // The log's thread died before it answered.
            Err(_) => Err(self.refused(AppendError::Poisoned)),
        }
    }

    /// Takes no more requests.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// More is durable than may wait for the drain.
    pub(crate) fn is_overloaded(&self) -> bool {
        self.tally.backlog_bytes() > self.limits.backlog_bytes_max
    }

    /// Is there room for one more request?
    fn admits(&self) -> Result<(), SubmitError> {
        if self.is_closed() {
            return Err(SubmitError::Closed);
        }
        match &self.progress.borrow().ended {
            None => {}
            Some(DrainEnd::Closed) => return Err(SubmitError::Closed),
            // The log could still take it, and nothing would ever come of it.
            Some(DrainEnd::Stopped(_)) => return Err(SubmitError::Poisoned),
        }
        if self.is_overloaded() {
            return Err(SubmitError::Overloaded { retry_after: self.limits.retry_after });
        }
        Ok(())
    }

    fn bound(&self, request: &Request) -> Result<(), BodyError> {
        let bytes_max = self.limits.body_bytes_max;
        if request.body.len() > bytes_max {
            return Err(BodyError::BodyTooLarge { bytes_max });
        }
        if let Some(foreign) = foreign_format(&request.body) {
            return Err(BodyError::Foreign(foreign));
        }
        let request_id = request.request_id.as_deref().unwrap_or_default();
        for (name, value) in [("datastream", request.datastream.as_str()), ("request id", request_id)] {
            if value.len() > NAME_BYTES_MAX {
                return Err(BodyError::NameTooLong { name, bytes_max: NAME_BYTES_MAX });
            }
        }
        Ok(())
    }

    fn arrival<'a>(&self, request: &'a Request, made: [u8; 16]) -> Arrival<'a> {
        Arrival {
            datastream: &request.datastream,
            request_id: request.request_id.as_deref().map_or(RequestId::Made(made), RequestId::Given),
            source: request.source,
            received_micros: self.clock.now_micros(),
        }
    }

    /// Checks a body, and says how it holds events.
    fn judge(
        &self,
        request: &Request,
        policies: &Policies,
        arrival: Arrival<'_>,
        budget: AnswerBudget,
    ) -> Result<(ResolvedFraming, Answers), BodyError> {
        let policy = policies.of(&request.datastream);
        let framing = request.framing.resolve(&request.body);
        let again = budget.beside();
        let unread = match self.checkers.check(framing, &request.body, policy, arrival, budget) {
            Ok(answers) => return Ok((framing, answers)),
            Err(error) => error,
        };
        match (&unread, framing.also_values(request.framing)) {
            (BodyError::Syntax { .. }, Some(values)) => {
                // If it can't be read so either, the first error is the one to fix.
                let answers = self.checkers.check(values, &request.body, policy, arrival, again);
                Ok((values, answers.map_err(|_| unread)?))
            }
            _ => Err(unread),
        }
    }

    /// The answers to a request, and its record in two parts.
    fn prepare(&self, request: Request, budget: AnswerBudget) -> Result<(Answers, Vec<u8>, Bytes), BodyError> {
        let made = self.make_request_id();
        let arrival = self.arrival(&request, made);
        let policies = self.policies();
        let (framing, answers) = self.judge(&request, &policies, arrival, budget)?;
        let Arrival { datastream, request_id, source, received_micros } = arrival;
        let profile = Some(policies.of(&request.datastream).profile);
        let event_bytes_max = self.limits.event_bytes_max;
        let body = &request.body;
        let record =
            Record { framing, profile, received_micros, datastream, request_id, source, event_bytes_max, body };
        let head = record.head();
        Ok((answers, head, request.body))
    }

    fn refused(&self, error: AppendError) -> SubmitError {
        let AdmitLimits { retry_after, body_bytes_max, .. } = self.limits;
        match error {
            AppendError::Overloaded => SubmitError::Overloaded { retry_after },
            AppendError::Full => SubmitError::DiskFull { retry_after },
            AppendError::TooLarge => BodyError::BodyTooLarge { bytes_max: body_bytes_max }.into(),
            AppendError::Closed => SubmitError::Closed,
            AppendError::Poisoned => {
                if !self.is_poison_reported.swap(true, Ordering::Relaxed) {
                    let cause = match self.log.status().health {
                        LogHealth::Poisoned { cause } => cause,
                        _ => "its thread ended".to_owned(),
                    };
                    tracing::error!(cause, "the journal takes no more until the disk is checked and this is restarted");
                }
                SubmitError::Poisoned
            }
        }
    }

    fn unreadable(&self, error: BodyError) -> SubmitError {
        match error {
            BodyError::NoRoom => SubmitError::Overloaded { retry_after: self.limits.retry_after },
            error => SubmitError::Body(error),
        }
    }

    fn make_request_id(&self) -> [u8; 16] {
        let count = self.request_count.fetch_add(1, Ordering::Relaxed);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.request_seed.to_le_bytes());
        id[8..].copy_from_slice(&count.to_le_bytes());
        id
    }
}

/// The right to be on the way into the log.
type Passing = OwnedRwLockReadGuard<()>;

/// A record's bytes in the backlog, which end there unless the record is kept: also when
/// nobody hears of its refusal any more.
struct Pending {
    tally: Arc<Tally>,
    bytes: u64,
}

impl Pending {
    /// Counts them, before the drain can see the record.
    fn count(tally: &Arc<Tally>, bytes: u64) -> Pending {
        tally.admitted_bytes.fetch_add(bytes, Ordering::Release);
        Pending { tally: Arc::clone(tally), bytes }
    }

    /// The drain will count them out.
    fn keep(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.tally.admitted_bytes.fetch_sub(self.bytes, Ordering::Release);
    }
}
