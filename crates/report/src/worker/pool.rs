//! The workers of one server: a few for people's queries, one for our own.
//!
//! A query takes an idle worker, or starts one where fewer run than may. When it has its
//! answer the worker is idle again; when its time is over, or nobody waits any more, the
//! worker is killed, and the place in the pool stays taken until another one is ready. So
//! there are never more processes than places, and a place always comes back.
//!
//! Our own queries (counts of rejects, reports) are fixed texts over bounded inputs. They
//! have a place of their own, which no person's query can hold up.

mod backoff;
mod leased;
mod slots;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backoff::StartBackoff;
use leased::replace;
use slots::WorkerSlots;

use super::frame::Job;
use super::process::{MemoryReservation, QueryOutcome, WorkerProgram, WorkerQuery};
use super::stats::{EndCause, Stats, WorkerCounts};
use crate::collected::CollectedCache;
use crate::error::UNREADABLE;
use crate::events::LinePlan;
use crate::postgres::{Statement, StatementAnswer};
use crate::session::ATTEMPTS_MAX;
use crate::{Form, Period, Quality, QueryError, QueryLimits};

pub(super) use leased::LeasedWorker;
pub(super) use slots::WorkerClass;

/// Exports at once. Each has a process for as long as it runs; the next one waits, and is told to come back.
const EXPORTS_MAX: usize = 2;
/// A question waits at least so long for a worker to be ready: starting one takes a moment on
/// a busy machine, and is nobody's fault.
pub(super) const WORKER_WAIT_MIN: Duration = Duration::from_secs(10);

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

    /// Starts the first worker of each kind in the background, for the first query and for the first look at the page of
    /// quality, and plans what single events are shown by.
    pub fn warm(&self) {
        let Inner { user, internal, .. } = &*self.inner;
        for (class, slots) in [(WorkerClass::User, user), (WorkerClass::Internal, internal)] {
            if let Ok(permit) = Arc::clone(&slots.permits).try_acquire_owned() {
                replace(&self.inner, class, permit, None);
            }
        }
        let pool = self.clone();
        tokio::spawn(async move { pool.plan_lines().await });
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

    /// Counts what became of the events that were received in a span of time and not stored; those that were aren't
    /// counted.
    ///
    /// # Errors
    /// As [`QueryPool::sql`].
    pub async fn rejected(
        &self,
        period: &Period,
        limits: QueryLimits,
        reservation: &mut dyn MemoryReservation,
    ) -> Result<Quality, QueryError> {
        let job = Job::Rejected {
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
