//! A worker while it has a question, and what becomes of it afterwards.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::Inner;
use super::slots::WorkerClass;
use crate::worker::process::Worker;
use crate::worker::stats::EndCause;
use crate::{QueryError, QueryLimits};

/// A worker that has a question. Dropped in the middle of it, it is killed and replaced.
pub(in crate::worker) struct LeasedWorker {
    inner: Arc<Inner>,
    class: WorkerClass,
    held: Option<(OwnedSemaphorePermit, Worker)>,
    /// Why it ends, if it is dropped now.
    pub(in crate::worker) why: EndCause,
}

impl LeasedWorker {
    pub(super) fn new(
        inner: &Arc<Inner>,
        class: WorkerClass,
        permit: OwnedSemaphorePermit,
        worker: Worker,
    ) -> LeasedWorker {
        LeasedWorker { inner: Arc::clone(inner), class, held: Some((permit, worker)), why: EndCause::Unwanted }
    }

    pub(in crate::worker) fn worker(&mut self) -> &mut Worker {
        let (_, worker) = self.held.as_mut().expect("it is given up only when this is consumed");
        worker
    }

    /// Its answer is there.
    pub(in crate::worker) fn release(mut self, is_spent: bool) {
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
    pub(in crate::worker) async fn replace(mut self) {
        let Some((permit, worker)) = self.held.take() else { return };
        let exit = worker.wait_for_exit().await;
        self.inner.stats.ended(exit.why);
        tracing::warn!(end = exit.status, "a query worker ended before it read its query; another one runs it");
        replace(&self.inner, self.class, permit, None);
    }

    /// It has ended, and with it the query.
    pub(in crate::worker) async fn fail(mut self, limits: QueryLimits) -> QueryError {
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
pub(super) fn replace(inner: &Arc<Inner>, class: WorkerClass, permit: OwnedSemaphorePermit, old: Option<Worker>) {
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
