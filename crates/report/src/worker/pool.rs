//! The workers of one server: a few for people's queries, one for our own.
//!
//! A query takes an idle worker, or starts one where fewer run than may. When it has its
//! answer the worker is idle again; when its time is over, or nobody waits any more, the
//! worker is killed, and the place in the pool stays taken until another one is ready. So
//! there are never more processes than places, and a place always comes back.
//!
//! Our own queries (counts of rejects, reports) are fixed texts over bounded inputs. They
//! have a place of their own, which no person's query can hold up.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::frame::{Job, Startup};
use super::process::{MemoryReservation, QueryOutcome, Worker, WorkerProgram, WorkerQuery};
use super::stats::{EndCause, Stats, WorkerCounts};
use crate::collected::CollectedCache;
use crate::error::UNREADABLE;
use crate::events::LinePlan;
use crate::postgres::{Statement, StatementAnswer};
use crate::session::ATTEMPTS_MAX;
use crate::{Form, Period, Quality, QueryError, QueryLimits};

/// Exports at once. Each has a process for as long as it runs; the next one waits, and is told to come back.
const EXPORTS_MAX: usize = 2;
/// Questions that may wait for one place; the next one is told to come back.
const WAITING_MAX: usize = 16;
/// Longest pause after failures to start a worker, and after queries that ended one.
const START_PAUSE_MAX: Duration = Duration::from_secs(30);
const CRASH_PAUSE_MAX: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);
/// A question waits at least so long for a worker to be ready: starting one takes a moment on
/// a busy machine, and is nobody's fault.
pub(super) const WORKER_WAIT_MIN: Duration = Duration::from_secs(10);
/// A question waits so long for a pause to end; a longer one is an answer.
const PAUSE_WAIT_MAX: Duration = Duration::from_secs(2);

/// How a pool is laid out.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    /// How workers are started.
    pub program: WorkerProgram,
    /// People's queries at once; each has a process.
    pub queries_max: usize,
}

/// Runs queries in processes of their own. Clones share them.
#[derive(Clone)]
pub struct QueryPool {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) tables: table::Store,
    pub(crate) collected: CollectedCache,
    pub(crate) lines: LinePlan,
    options: PoolOptions,
    user: WorkerSlots,
    internal: WorkerSlots,
    exports: WorkerSlots,
    stats: Stats,
    backoff: Mutex<StartBackoff>,
    closed: AtomicBool,
}

/// Places for workers.
struct WorkerSlots {
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Worker>>,
    /// Room to wait for a place.
    waiting: Semaphore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WorkerClass {
    /// Queries that people wrote.
    User,
    /// Our own.
    Internal,
    /// Exports, which take as long as their readers: they hold up no query. Their processes aren't kept.
    Export,
}

impl WorkerSlots {
    fn new(permits: usize) -> WorkerSlots {
        WorkerSlots {
            permits: Arc::new(Semaphore::new(permits)),
            idle: Mutex::default(),
            waiting: Semaphore::new(WAITING_MAX),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When the next worker may be started.
#[derive(Default)]
struct StartBackoff {
    failures: u32,
    crashes: u32,
    until: Option<Instant>,
}

impl StartBackoff {
    fn start_failed(&mut self, now: Instant) {
        self.failures += 1;
        self.until = Some(now + doubled(self.failures).min(START_PAUSE_MAX));
    }

    /// The first of several crashes costs nothing: people make mistakes.
    fn crashed(&mut self, now: Instant) {
        self.crashes += 1;
        if self.crashes > 1 {
            self.until = Some(now + doubled(self.crashes - 1).min(CRASH_PAUSE_MAX));
        }
    }

    fn went_well(&mut self) {
        *self = StartBackoff::default();
    }
}

fn doubled(times: u32) -> Duration {
    PAUSE.saturating_mul(1 << times.min(16))
}

impl QueryPool {
    /// A pool over the tables of this process; nothing is started yet.
    ///
    /// # Errors
    /// The tables don't lie in a directory, which is what a worker opens.
    pub fn new(tables: table::Store, options: PoolOptions) -> Result<QueryPool, QueryError> {
        if tables.events.dir().is_none() || tables.rejects.dir().is_none() {
            let message = "queries are run over tables in a directory of this machine".to_owned();
            return Err(QueryError::Tables { message });
        }
        let user = WorkerSlots::new(options.queries_max.max(1));
        let (internal, exports) = (WorkerSlots::new(1), WorkerSlots::new(EXPORTS_MAX));
        let (stats, backoff, closed) = (Stats::default(), Mutex::default(), AtomicBool::new(false));
        let collected = CollectedCache::default();
        let inner = Inner {
            tables,
            collected,
            lines: LinePlan::default(),
            options,
            user,
            internal,
            exports,
            stats,
            backoff,
            closed,
        };
        Ok(QueryPool { inner: Arc::new(inner) })
    }

    /// Starts the first worker in the background, for the first query.
    pub fn warm(&self) {
        if let Ok(permit) = Arc::clone(&self.inner.user.permits).try_acquire_owned() {
            replace(&self.inner, WorkerClass::User, permit, None);
        }
    }

    /// Runs a person's statement; its rows, written.
    ///
    /// # Errors
    /// Every [`QueryError`]; the query's fault unless [`QueryError::fault`] says otherwise.
    pub async fn sql(
        &self,
        sql: &str,
        form: Form,
        limits: QueryLimits,
        reservation: &mut dyn MemoryReservation,
    ) -> Result<Vec<u8>, QueryError> {
        if sql.len() > limits.sql_bytes_max {
            return Err(QueryError::TooLong { sql_bytes_max: limits.sql_bytes_max });
        }
        self.run(WorkerClass::User, Job::Sql(sql.to_owned()), form, limits, reservation).await
    }

    /// Runs a statement of PostgreSQL's dialect, as a person's; its rows.
    ///
    /// # Errors
    /// As [`QueryPool::sql`].
    pub async fn statement(
        &self,
        statement: &Statement,
        limits: QueryLimits,
        reservation: &mut dyn MemoryReservation,
    ) -> Result<StatementAnswer, QueryError> {
        if statement.text.len() > limits.sql_bytes_max {
            return Err(QueryError::TooLong { sql_bytes_max: limits.sql_bytes_max });
        }
        let job = Job::Statement(statement.clone());
        StatementAnswer::read(self.run(WorkerClass::User, job, Form::Json, limits, reservation).await?)
    }

    /// Runs a statement of our own, which people's queries can't hold up.
    ///
    /// # Errors
    /// As [`QueryPool::sql`].
    pub async fn own_sql(
        &self,
        sql: &'static str,
        form: Form,
        limits: QueryLimits,
        reservation: &mut dyn MemoryReservation,
    ) -> Result<Vec<u8>, QueryError> {
        self.run(WorkerClass::Internal, Job::Sql(sql.to_owned()), form, limits, reservation).await
    }

    /// Runs `report contacts`; the time limit is the whole report's.
    ///
    /// # Errors
    /// As [`QueryPool::sql`].
    pub async fn contacts(
        &self,
        period: &Period,
        form: Form,
        limits: QueryLimits,
        reservation: &mut dyn MemoryReservation,
    ) -> Result<Vec<u8>, QueryError> {
        let job = Job::Contacts {
            since_micros: period.since().timestamp_micros(),
            until_micros: period.until().timestamp_micros(),
        };
        self.run(WorkerClass::Internal, job, form, limits, reservation).await
    }

    /// Counts what became of the events that were received in a span of time.
    ///
    /// # Errors
    /// As [`QueryPool::sql`].
    pub async fn received(
        &self,
        period: &Period,
        limits: QueryLimits,
        reservation: &mut dyn MemoryReservation,
    ) -> Result<Quality, QueryError> {
        let job = Job::Received {
            since_micros: period.since().timestamp_micros(),
            until_micros: period.until().timestamp_micros(),
        };
        let answer = self.run(WorkerClass::Internal, job, Form::Json, limits, reservation).await?;
        serde_json::from_slice(&answer)
            .map_err(|error| QueryError::Failed { message: format!("a worker's answer can't be read: {error}") })
    }

    /// Runs something else that a person asked for.
    ///
    /// # Errors
    /// As [`QueryPool::sql`].
    pub(crate) async fn run_job(
        &self,
        job: Job,
        form: Form,
        limits: QueryLimits,
        hold: &mut dyn MemoryReservation,
    ) -> Result<Vec<u8>, QueryError> {
        self.run(WorkerClass::User, job, form, limits, hold).await
    }

    /// What has become of the workers.
    pub fn counts(&self) -> WorkerCounts {
        self.inner.stats.counts()
    }

    /// Ends all workers; what is asked later is refused.
    pub fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
        for slots in [&self.inner.user, &self.inner.internal, &self.inner.exports] {
            slots.permits.close();
            slots.idle().clear();
        }
    }

    /// Runs it again when a file turned out to be damaged, which is left out then.
    async fn run(
        &self,
        class: WorkerClass,
        job: Job,
        form: Form,
        limits: QueryLimits,
        reservation: &mut dyn MemoryReservation,
    ) -> Result<Vec<u8>, QueryError> {
        let mut attempts = 1;
        loop {
            match self.ask(class, job.clone(), form, limits, reservation).await {
                Err(QueryError::Worker(told))
                    if told.code == UNREADABLE && attempts < ATTEMPTS_MAX && self.inner.tables.find_damage().await =>
                {
                    attempts += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// A worker that ended before it had read the question is no answer: another one is asked,
    /// once.
    async fn ask(
        &self,
        class: WorkerClass,
        job: Job,
        form: Form,
        limits: QueryLimits,
        reservation: &mut dyn MemoryReservation,
    ) -> Result<Vec<u8>, QueryError> {
        let tables = &self.inner.tables;
        let mut is_second = false;
        loop {
            let taken = tokio::time::timeout(limits.time_max.max(WORKER_WAIT_MIN), self.inner.take(class));
            let mut leased = taken.await.map_err(|_| QueryError::Busy)??;
            // Not before there is a worker: it can't go back to an earlier version cheaply.
            let (events, rejects) = (tables.events.moment(), tables.rejects.moment());
            let question = WorkerQuery { job: &job, form, limits, events: &events, rejects: &rejects };
            let asked = leased.worker().ask(question, reservation);
            return match tokio::time::timeout(limits.time_max, asked).await {
                Ok(QueryOutcome::Answered { answer, done }) => {
                    leased.release(done.is_spent);
                    match done.failure {
                        None => Ok(answer),
                        Some(told) => Err(QueryError::Worker(told)),
                    }
                }
                Ok(QueryOutcome::TooLong) => {
                    Err(QueryError::AnswerTooLong { answer_bytes_max: limits.answer_bytes_max })
                }
                Ok(QueryOutcome::NoRoom) => Err(QueryError::NoRoom),
                Ok(QueryOutcome::Unread) if !is_second => {
                    leased.replace().await;
                    is_second = true;
                    continue;
                }
                Ok(QueryOutcome::Unread | QueryOutcome::Broken) => Err(leased.fail(limits).await),
                Err(_) => {
                    leased.why = EndCause::Time;
                    Err(QueryError::TimedOut { time_max: limits.time_max })
                }
            };
        }
    }
}

impl Inner {
    fn slots(&self, class: WorkerClass) -> &WorkerSlots {
        match class {
            WorkerClass::User => &self.user,
            WorkerClass::Internal => &self.internal,
            WorkerClass::Export => &self.exports,
        }
    }

    fn backoff(&self) -> std::sync::MutexGuard<'_, StartBackoff> {
        self.backoff.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker and its place.
    pub(super) async fn take(self: &Arc<Inner>, class: WorkerClass) -> Result<LeasedWorker, QueryError> {
        let slots = self.slots(class);
        let _waiting = slots.waiting.try_acquire().map_err(|_| QueryError::Busy)?;
        let permit = Arc::clone(&slots.permits).acquire_owned().await.map_err(|_| QueryError::Closing)?;
        loop {
            let idle = slots.idle().pop();
            let Some(mut worker) = idle else { break };
            if worker.is_alive() {
                return Ok(LeasedWorker::new(self, class, permit, worker));
            }
            let exit = worker.wait_for_exit().await;
            self.stats.ended(exit.why);
            tracing::warn!(end = exit.status, "an idle query worker has ended; another one is started");
        }
        let pause = self.backoff().until.map(|until| until.saturating_duration_since(Instant::now()));
        match pause {
            Some(pause) if pause > PAUSE_WAIT_MAX => {
                return Err(QueryError::NoWorker { message: "the last attempts to start one failed".to_owned() });
            }
            Some(pause) => tokio::time::sleep(pause).await,
            None => {}
        }
        let worker = self.start().await?;
        Ok(LeasedWorker::new(self, class, permit, worker))
    }

    async fn start(&self) -> Result<Worker, QueryError> {
        match self.try_start().await {
            Ok(worker) => {
                self.stats.started();
                Ok(worker)
            }
            Err(error) => {
                let failures = self.stats.start_failed();
                self.backoff().start_failed(Instant::now());
                tracing::error!(%error, failures, "a query worker can't be started");
                Err(QueryError::NoWorker { message: error.to_string() })
            }
        }
    }

    async fn try_start(&self) -> io::Result<Worker> {
        let dir = |table: &table::Dataset| table.dir().map(std::path::Path::to_owned).unwrap_or_default();
        let table::Store { events, rejects, .. } = &self.tables;
        let startup = Startup {
            events: dir(events),
            rejects: dir(rejects),
            versions: [events.moment().version, rejects.moment().version],
        };
        Worker::start(&self.options.program, &startup).await
    }
}

/// A worker that has a question. Dropped in the middle of it, it is killed and replaced.
pub(super) struct LeasedWorker {
    inner: Arc<Inner>,
    class: WorkerClass,
    held: Option<(OwnedSemaphorePermit, Worker)>,
    /// Why it ends, if it is dropped now.
    pub(super) why: EndCause,
}

impl LeasedWorker {
    fn new(inner: &Arc<Inner>, class: WorkerClass, permit: OwnedSemaphorePermit, worker: Worker) -> LeasedWorker {
        LeasedWorker { inner: Arc::clone(inner), class, held: Some((permit, worker)), why: EndCause::Unwanted }
    }

    pub(super) fn worker(&mut self) -> &mut Worker {
        let (_, worker) = self.held.as_mut().expect("it is given up only when this is consumed");
        worker
    }

    /// Its answer is there.
    pub(super) fn release(mut self, is_spent: bool) {
        self.inner.backoff().went_well();
        let Some((permit, worker)) = self.held.take() else { return };
        if is_spent || self.class == WorkerClass::Export {
            self.inner.stats.ended(EndCause::Spent);
            replace(&self.inner, self.class, permit, Some(worker));
        } else if !self.inner.closed.load(Ordering::Acquire) {
            self.inner.slots(self.class).idle().push(worker);
        }
    }

    /// It has ended without the query's doing.
    pub(super) async fn replace(mut self) {
        let Some((permit, worker)) = self.held.take() else { return };
        let exit = worker.wait_for_exit().await;
        self.inner.stats.ended(exit.why);
        tracing::warn!(end = exit.status, "a query worker ended before it read its query; another one runs it");
        replace(&self.inner, self.class, permit, None);
    }

    /// It has ended, and with it the query.
    pub(super) async fn fail(mut self, limits: QueryLimits) -> QueryError {
        let Some((permit, worker)) = self.held.take() else { return QueryError::Closing };
        let exit = worker.wait_for_exit().await;
        self.inner.stats.ended(exit.why);
        self.inner.backoff().crashed(Instant::now());
        // The one who asked is told; to the operator it is a number in /metrics.
        tracing::info!(end = exit.status, cause = ?exit.why, "a query ended its worker");
        replace(&self.inner, self.class, permit, None);
        match exit.why {
            EndCause::Memory => QueryError::ProcessMemory { process_memory_bytes_max: limits.process_memory_bytes_max },
            EndCause::Stack => QueryError::TooDeep,
            _ => QueryError::Ended { end: exit.status },
        }
    }
}

impl Drop for LeasedWorker {
    fn drop(&mut self) {
        if let Some((permit, worker)) = self.held.take() {
            self.inner.stats.ended(self.why);
            replace(&self.inner, self.class, permit, Some(worker));
        }
    }
}

/// Puts a new worker in the place of an old one, in the background. The place is free only
/// when the old one's memory is.
fn replace(inner: &Arc<Inner>, class: WorkerClass, permit: OwnedSemaphorePermit, old: Option<Worker>) {
    // Without a runtime this process is ending; dropping the worker kills it.
    let Ok(runtime) = Handle::try_current() else { return };
    let inner = Arc::clone(inner);
    runtime.spawn(async move {
        if let Some(old) = old {
            old.kill().await;
        }
        let pause = inner.backoff().until.map(|until| until.saturating_duration_since(Instant::now()));
        let is_pausing = pause.is_some_and(|pause| pause > Duration::ZERO);
        // After a failure the next question tries again: no process is started in a loop.
        if class != WorkerClass::Export
            && !is_pausing
            && !inner.closed.load(Ordering::Acquire)
            && let Ok(worker) = inner.start().await
            && !inner.closed.load(Ordering::Acquire)
        {
            inner.slots(class).idle().push(worker);
        }
        drop(permit);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_end_with_success() {
        let now = Instant::now();
        let mut backoff = StartBackoff::default();
        let pause = |backoff: &StartBackoff| backoff.until.map(|until| until.saturating_duration_since(now));
        backoff.crashed(now);
        assert_eq!(pause(&backoff), None, "one crash is a mistake");
        backoff.crashed(now);
        assert_eq!(pause(&backoff), Some(PAUSE * 2));
        for _ in 0..40 {
            backoff.crashed(now);
        }
        assert_eq!(pause(&backoff), Some(CRASH_PAUSE_MAX));
        backoff.went_well();
        assert_eq!(pause(&backoff), None);
        for _ in 0..40 {
            backoff.start_failed(now);
        }
        assert_eq!(pause(&backoff), Some(START_PAUSE_MAX));
    }
}
