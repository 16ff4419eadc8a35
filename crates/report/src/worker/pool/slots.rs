//! Places for workers, by what they are for, and how a question gets one.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Inner;
use super::backoff::StartBackoff;
use super::leased::LeasedWorker;
use crate::QueryError;
use crate::worker::frame::Startup;
use crate::worker::process::Worker;

/// Questions that may wait for one place; the next one is told to come back.
const WAITING_MAX: usize = 16;
/// A question waits so long for a pause to end; a longer one is an answer.
const PAUSE_WAIT_MAX: Duration = Duration::from_secs(2);

/// Places for workers.
pub(super) struct WorkerSlots {
    pub(super) permits: Arc<Semaphore>,
    idle: Mutex<Vec<Worker>>,
    /// Room to wait for a place.
    waiting: Semaphore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::worker) enum WorkerClass {
    /// Queries that people wrote.
    User,
    /// Our own.
    Internal,
    /// Exports, which take as long as their readers: they hold up no query. Their processes aren't kept.
    Export,
}

impl WorkerSlots {
    pub(super) fn new(permits: usize) -> WorkerSlots {
        WorkerSlots {
            permits: Arc::new(Semaphore::new(permits)),
            idle: Mutex::default(),
            waiting: Semaphore::new(WAITING_MAX),
        }
    }

    pub(super) fn idle(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    pub(super) fn slots(&self, class: WorkerClass) -> &WorkerSlots {
        match class {
            WorkerClass::User => &self.user,
            WorkerClass::Internal => &self.internal,
            WorkerClass::Export => &self.exports,
        }
    }

    pub(super) fn backoff(&self) -> MutexGuard<'_, StartBackoff> {
        self.backoff.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker and its place.
    pub(in crate::worker) async fn take(self: &Arc<Inner>, class: WorkerClass) -> Result<LeasedWorker, QueryError> {
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

    pub(super) async fn start(&self) -> Result<Worker, QueryError> {
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
        let dir = |table: &table::Dataset| table.dir().map(Path::to_owned).unwrap_or_default();
        let table::Store { events, rejects, .. } = &self.tables;
        let startup = Startup {
            events: dir(events),
            rejects: dir(rejects),
            versions: [events.moment().version, rejects.moment().version],
        };
        Worker::start(&self.options.program, &startup).await
    }
}
