//! An export on its way: its bytes as a worker writes them, for as long as somebody takes them.
//!
//! The worker writes into a socket and waits when that is full, so a slow reader slows the reading of the table and
//! nothing piles up. Dropped in the middle, the export is over and its worker killed.

use tokio::time::Instant;

use super::frame::Job;
use super::pool::{LeasedWorker, QueryPool, WORKER_WAIT_MIN, WorkerClass};
use super::process::{Heard, QueryOutcome, WorkerQuery};
use super::stats::EndCause;
use crate::error::UNREADABLE;
use crate::session::ATTEMPTS_MAX;
use crate::{ExportRequest, Form, QueryError, QueryLimits};

/// The bytes of an export.
pub struct ExportStream {
    /// None when nothing more comes.
    leased: Option<LeasedWorker>,
    /// What came before it was said that any would come.
    first: Option<Vec<u8>>,
    limits: QueryLimits,
    ends: Instant,
}

impl QueryPool {
    /// Begins an export over the tables as they are now; it is answered when its first bytes are there, so that what
    /// can't be exported at all is told before anything is. Of `limits` the time is the whole export's, and those of
    /// rows and of the answer don't hold.
    ///
    /// # Errors
    /// As [`QueryPool::sql`].
    pub async fn export(&self, request: &ExportRequest, limits: QueryLimits) -> Result<ExportStream, QueryError> {
        let limits = QueryLimits { answer_bytes_max: usize::MAX, rows_max: usize::MAX, ..limits };
        let job = Job::Export { sql: request.sql(), form: request.form(), texts: request.texts() };
        let mut attempts = 1;
        loop {
            match self.begin(&job, limits).await {
                Err(QueryError::Worker(told))
                    if told.code == UNREADABLE && attempts < ATTEMPTS_MAX && self.inner.tables.find_damage().await =>
                {
                    attempts += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn begin(&self, job: &Job, limits: QueryLimits) -> Result<ExportStream, QueryError> {
        let mut is_second = false;
        loop {
            let taken = tokio::time::timeout(WORKER_WAIT_MIN, self.inner.take(WorkerClass::Export));
            let mut leased = taken.await.map_err(|_| QueryError::Busy)??;
            let tables = &self.inner.tables;
            let (events, rejects) = (tables.events.moment(), tables.rejects.moment());
            let question = WorkerQuery { job, form: Form::Csv, limits, events: &events, rejects: &rejects };
            let sent = leased.worker().send(&question).await;
            drop((events, rejects));
            let mut stream =
                ExportStream { leased: Some(leased), first: None, limits, ends: Instant::now() + limits.time_max };
            let heard = match sent {
                Ok(()) => stream.hear(true).await,
                Err(outcome) => Err(outcome),
            };
            match heard {
                Ok(part) => {
                    stream.first = part?;
                    return Ok(stream);
                }
                // It ended before it had read the question, which is no answer.
                Err(QueryOutcome::Unread) if !is_second => {
                    if let Some(leased) = stream.leased.take() {
                        leased.replace().await;
                    }
                    is_second = true;
                }
                Err(_) => return Err(stream.broken().await),
            }
        }
    }
}

impl ExportStream {
    /// The next bytes, some hundred KiB at most; `None` at the end of a whole export. Not cancel-safe.
    ///
    /// # Errors
    /// The export ends here and what was given is a part of it.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, QueryError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        match self.hear(false).await {
            Ok(part) => part,
            Err(_) => Err(self.broken().await),
        }
    }

    async fn hear(&mut self, is_first: bool) -> Result<Result<Option<Vec<u8>>, QueryError>, QueryOutcome> {
        let Some(leased) = &mut self.leased else { return Ok(Ok(None)) };
        let heard = tokio::time::timeout_at(self.ends, leased.worker().hear(is_first)).await;
        let Ok(heard) = heard else {
            leased.why = EndCause::Time;
            self.leased = None;
            return Ok(Err(QueryError::ExportTimedOut { time_max: self.limits.time_max }));
        };
        match heard? {
            Heard::Part(part) => Ok(Ok(Some(part))),
            Heard::End(done) => {
                if let Some(leased) = self.leased.take() {
                    leased.release(done.is_spent);
                }
                Ok(done.failure.map_or(Ok(None), |told| Err(QueryError::Worker(told))))
            }
        }
    }

    async fn broken(&mut self) -> QueryError {
        match self.leased.take() {
            Some(leased) => leased.fail(self.limits).await,
            None => QueryError::Closing,
        }
    }
}
