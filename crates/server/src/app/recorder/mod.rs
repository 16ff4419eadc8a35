//! What arrives, told live and kept for a while: for people who work on their tagging.
//!
//! `GET /v1/tail` streams every event with its verdict as it is answered; `GET
//! /v1/test/{testId}/events` gives back the events of one test run, so that a site's own
//! tests can assert "3 good, 0 bad". An event belongs to a run by the request's header
//! `x-frontdesk-test` or by its own `data.frontdesk.testId`.
//!
//! This is a window, not a store: all of it lives in memory within named limits and a part
//! of the server's budget. Of the runs the oldest go first, and a slow reader of the
//! stream is told how many it missed. Personal values are masked before they come here.
//! While nobody looks and no run is named, nothing is done.

mod event;
mod line_buffer;
mod runs;
pub(crate) mod test_run;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use intake::{Answers, Budget, Request};
use tokio::sync::Notify;

use event::{Arrival, RecordedEvent};
use line_buffer::{LineBuffer, Taken};
use runs::Runs;
use test_run::TestRun;

use super::backend::{DescribedEvent, Ingest};
use super::timestamp;
use super::unavailable::UnavailableReason;
use crate::http::problem::Problem;

/// A silent stream gets a blank line so often: it shows that both ends are there, to whatever
/// stands between them too.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Streams at once; the next one gets 503.
const TAIL_READERS_MAX: u64 = 64;
/// Longest body whose events are looked at once more; of a longer one only what came of
/// its events is told.
const DESCRIBED_BODY_BYTES_MAX: usize = 1 << 20;

/// The window.
pub(crate) struct Recorder {
    live: Mutex<LineBuffer>,
    /// Wakes the readers of `live`.
    fresh: Notify,
    readers: AtomicU64,
    runs: Mutex<Runs>,
}

impl Recorder {
    /// What it keeps counts in this budget.
    pub(crate) fn new(budget: Budget) -> Recorder {
        Recorder {
            live: Mutex::new(LineBuffer::new(budget.empty())),
            fresh: Notify::new(),
            readers: AtomicU64::new(0),
            runs: Mutex::new(Runs::new(budget.empty())),
        }
    }

    /// Has a request submitted, and tells what came of it if anybody wants to know.
    pub(crate) async fn record<B: Ingest, W>(
        &self,
        backend: &B,
        run: &TestRun,
        request: Request,
        submit: impl FnOnce(Request) -> W,
    ) -> Result<Answers, Problem>
    where
        W: Future<Output = Result<Answers, Problem>>,
    {
        if !run.is_named() && self.readers.load(Ordering::Relaxed) == 0 {
            return submit(request).await;
        }
        let copy = request.clone();
        let answers = submit(request).await?;
        let events = match copy.body.len() <= DESCRIBED_BODY_BYTES_MAX {
            true => backend.describe(&copy),
            false => Vec::new(),
        };
        self.tell(&events, &copy, run, &answers, backend.now_micros());
        Ok(answers)
    }

    fn tell(&self, events: &[DescribedEvent], request: &Request, run: &TestRun, answers: &Answers, now_micros: i64) {
        let received_at = timestamp::micros(now_micros);
        let unknown = DescribedEvent::default();
        for (index, answer) in answers.iter().enumerate() {
            let event = events.get(index).unwrap_or(&unknown);
            let test_id = run.of_event(index);
            let arrival = Arrival { datastream: &request.datastream, received_at: &received_at, test_id, event };
            let recorded = RecordedEvent::of(arrival, answer, answers.omitted_of(index));
            let Ok(mut line) = serde_json::to_vec(&recorded) else { continue };
            if let Some(test_id) = test_id {
                self.lock_runs().add(test_id, answer.is_accepted(), &line, Instant::now());
            }
            line.push(b'\n');
            // Without a reader there is nobody to miss it.
            if self.readers.load(Ordering::Relaxed) > 0 {
                line.shrink_to_fit();
                self.lock_live().push(line.into());
            }
        }
        self.fresh.notify_waiters();
    }

    /// The events of a test run as JSON; one that is not known has none yet. `make_room` is
    /// given the bytes that the answer takes before it is made.
    ///
    /// # Errors
    /// There is no room for it.
    pub(crate) fn run<T>(
        &self,
        test_id: &str,
        make_room: impl FnOnce(usize) -> Option<T>,
    ) -> Result<Vec<u8>, UnavailableReason> {
        let runs = self.lock_runs();
        let _room = make_room(runs.bytes_of(test_id)).ok_or(UnavailableReason::Overloaded)?;
        Ok(runs.answer(test_id))
    }

    /// A reader of all that arrives from now on.
    ///
    /// # Errors
    /// There are many already, or the server stops.
    pub(crate) fn subscribe(self: &Arc<Recorder>) -> Result<Subscription, UnavailableReason> {
        let live = self.lock_live();
        if live.is_closed() {
            return Err(UnavailableReason::Closed);
        }
        let one_more = |readers| (readers < TAIL_READERS_MAX).then_some(readers + 1);
        if self.readers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            return Err(UnavailableReason::Overloaded);
        }
        let next = live.end();
        drop(live);
        Ok(Subscription { next, recorder: Arc::clone(self) })
    }

    /// Ends all streams: the server stops.
    pub(crate) fn close(&self) {
        self.lock_live().close();
        self.fresh.notify_waiters();
    }

    /// Forgets test runs that had no event for long.
    pub(crate) fn forget_old(&self) {
        self.lock_runs().forget_old(Instant::now());
    }

    fn lock_live(&self) -> MutexGuard<'_, LineBuffer> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reader of the stream; counts itself out when it is dropped.
pub(crate) struct Subscription {
    /// The number of the line that it gets next.
    next: u64,
    recorder: Arc<Recorder>,
}

impl Subscription {
    /// The next line; a blank one when there was none for a while, `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        let recorder = &self.recorder;
        loop {
            let mut fresh = std::pin::pin!(recorder.fresh.notified());
            // From here on a line that comes wakes it, also before it waits.
            fresh.as_mut().enable();
            let taken = recorder.lock_live().take(&mut self.next);
            match taken {
                Taken::Line(line) => return Some(line),
                Taken::Missed(missed) => return Some(format!("{{\"missed\":{missed}}}\n").into()),
                Taken::Closed => return None,
                Taken::Nothing => {}
            }
            if tokio::time::timeout(HEARTBEAT, fresh).await.is_err() {
                return Some(Bytes::from_static(b"\n"));
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut live = self.recorder.lock_live();
        if self.recorder.readers.fetch_sub(1, Ordering::Relaxed) == 1 {
            live.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_few_and_none_are_let_in_at_the_end() {
        let recorder = Arc::new(Recorder::new(Budget::new(1 << 20)));
        let readers: Vec<_> = (0..TAIL_READERS_MAX).map(|_| recorder.subscribe().expect("room")).collect();
        assert_eq!(recorder.subscribe().err(), Some(UnavailableReason::Overloaded));
        drop(readers);
        let mut reader = recorder.subscribe().expect("room again");
        recorder.close();
        assert_eq!(recorder.subscribe().err(), Some(UnavailableReason::Closed));
        let end = futures::executor::block_on(reader.next());
        assert_eq!(end, None);
    }

    #[test]
    fn a_run_without_room_for_its_answer_is_refused() {
        let recorder = Recorder::new(Budget::new(1 << 20));
        assert_eq!(recorder.run("t", |_| None::<()>), Err(UnavailableReason::Overloaded));
        let answer = recorder.run("t", |bytes| (bytes > 0).then_some(()));
        assert_eq!(answer.as_deref(), Ok(&br#"{"testId":"t","good":0,"bad":0,"events":[]}"#[..]));
    }
}
