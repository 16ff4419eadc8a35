//! What arrives, told live and kept for a while: for people who work on their tagging.
//!
//! `GET /v1/tail` streams every event with its verdict as it is answered; `GET
//! /v1/test/{testId}/events` gives back the events of one test run, so that a site's own
//! tests can assert "3 good, 0 bad". An event belongs to a run by the request's header
//! `x-frontdesk-test` or by its own `data.frontdesk.testId`.
//!
//! This is a window, not a store: all of it lives in memory within named limits and a part
//! of the server's budget. Of the runs the oldest go first, and a slow reader of the
//! stream is told how many it missed. Personal values are
//! masked before they come here. While nobody looks and no run is named, nothing is done.

mod ring;
mod runs;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt;
use intake::{Answers, EventAnswer, Request};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Notify;
use xdm::Violation;

use crate::access::while_admitted;
use crate::budget::Budget;
use crate::edge::{Call, Edge, Outcome, content, json};
use crate::front::{Described, Front};
use crate::options::is_name;
use crate::problem::{Code, Problem};

use ring::{Ring, Taken};
use runs::Runs;

/// Names the run that a request belongs to.
pub(crate) static TEST_HEADER: HeaderName = HeaderName::from_static("x-frontdesk-test");
/// A silent stream gets a blank line so often: it shows that both ends are there, to whatever
/// stands between them too.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Streams at once; the next one gets 503.
const TAIL_READERS_MAX: u64 = 64;
/// Longest event that is shown; of a longer one its length is told.
const SHOWN_BYTES_MAX: usize = 64 << 10;
/// Longest body whose events are looked at once more; of a longer one only what came of
/// its events is told.
const DESCRIBED_BODY_BYTES_MAX: usize = 1 << 20;

/// One event as it is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    datastream: &'a str,
    received_at: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_id: Option<&'a str>,
    derived: Vec<&'static str>,
    violations: &'a [Violation],
    #[serde(skip_serializing_if = "is_zero")]
    violations_omitted: usize,
    notices: &'a [xdm::Notice],
    #[serde(skip_serializing_if = "is_zero")]
    notices_omitted: usize,
    /// The event as it was taken in, personal values masked; left out when it is invalid,
    /// since then it can't be told what is personal in it, and when it is too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a RawValue>,
    /// The length of an event that is too long to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_bytes: Option<usize>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The run that each event of a request belongs to.
#[derive(Debug, Default)]
pub(crate) struct TestRun {
    all: Option<String>,
    each: Vec<Option<String>>,
}

impl TestRun {
    /// `each` has the events' own names, in their order. A name that is none is passed
    /// over: events matter more than their marks.
    pub(crate) fn of(headers: &HeaderMap, each: impl Iterator<Item = Option<String>>) -> TestRun {
        let all = headers.get(&TEST_HEADER).and_then(|name| name.to_str().ok()).filter(|name| is_name(name));
        let each: Vec<_> = each.map(|name| name.filter(|name| is_name(name))).collect();
        let each = if each.iter().any(Option::is_some) { each } else { Vec::new() };
        TestRun { all: all.map(str::to_owned), each }
    }

    /// Of a request whose events carry no marks of their own.
    pub(crate) fn of_headers(headers: &HeaderMap) -> TestRun {
        TestRun::of(headers, std::iter::empty())
    }

    fn is_named(&self) -> bool {
        self.all.is_some() || !self.each.is_empty()
    }

    fn of_event(&self, index: usize) -> Option<&str> {
        self.each.get(index).and_then(Option::as_deref).or(self.all.as_deref())
    }
}

/// The window.
pub(crate) struct Recorder {
    live: Mutex<Ring>,
    /// Wakes the readers of `live`.
    fresh: Notify,
    readers: AtomicU64,
    runs: Mutex<Runs>,
}

impl Recorder {
    /// What it keeps counts in this budget.
    pub(crate) fn new(budget: Budget) -> Recorder {
        Recorder {
            live: Mutex::new(Ring::new(budget.empty())),
            fresh: Notify::new(),
            readers: AtomicU64::new(0),
            runs: Mutex::new(Runs::new(budget.empty())),
        }
    }

    /// Has a request submitted, and tells what came of it if anybody wants to know.
    pub(crate) async fn around<F: Front, W>(
        &self,
        front: &F,
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
            true => front.describe(&copy),
            false => Vec::new(),
        };
        self.tell(&events, &copy, run, &answers, front.now_micros());
        Ok(answers)
    }

    fn tell(&self, events: &[Described], request: &Request, run: &TestRun, answers: &Answers, now_micros: i64) {
        let received_at = crate::house::rfc3339(now_micros);
        let unknown = Described::default();
        for (index, answer) in answers.iter().enumerate() {
            let event = events.get(index).unwrap_or(&unknown);
            let omitted = answers.omitted_of(index);
            let test_id = run.of_event(index);
            let (verdict, id, violations, notices) = match answer {
                EventAnswer::Accepted { id, notices } => ("accepted", Some(id.as_str()), &[][..], notices.as_slice()),
                EventAnswer::Rejected { id, violations } => ("rejected", id.as_deref(), violations.as_slice(), &[][..]),
            };
            let is_accepted = answer.is_accepted();
            let shown = event.masked.as_deref().map(|event| (event.get().len(), event));
            let too_long = shown.filter(|(bytes, _)| *bytes > SHOWN_BYTES_MAX);
            let told = Told {
                verdict,
                id,
                datastream: &request.datastream,
                received_at: &received_at,
                time: event.time.as_deref(),
                event_type: event.event_type.as_deref(),
                test_id,
                derived: event.derived.into_iter().collect(),
                violations,
                violations_omitted: if is_accepted { 0 } else { omitted },
                notices,
                notices_omitted: if is_accepted { omitted } else { 0 },
                event: shown.filter(|_| too_long.is_none()).map(|(_, event)| event),
                event_bytes: too_long.map(|(bytes, _)| bytes),
            };
            let Ok(mut line) = serde_json::to_vec(&told) else { continue };
            if let Some(test_id) = test_id {
                self.lock_runs().add(test_id, is_accepted, &line, Instant::now());
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

    /// Ends all streams: the server stops.
    pub(crate) fn close(&self) {
        self.lock_live().close();
        self.fresh.notify_waiters();
    }

    /// Forgets test runs that had no event for long.
    pub(crate) fn forget_old(&self) {
        self.lock_runs().forget_old(Instant::now());
    }

    fn lock_live(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_runs(&self) -> std::sync::MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `GET /v1/test/{testId}/events`.
pub(crate) async fn get_run<F: Front>(edge: Arc<Edge<F>>, call: Call) -> Outcome {
    let path = call.head.uri.path();
    let test_id = path.strip_prefix("/v1/test/").and_then(|rest| rest.strip_suffix("/events")).unwrap_or_default();
    if !is_name(test_id) {
        return Err(Problem::new(Code::NotFound, "a test id is 1 to 128 letters, digits, `-`, `_`, `.` or `:`"));
    }
    let runs = edge.recorder.lock_runs();
    // Claimed before it is made; once it is made it is counted like any answer.
    let claim = edge.answers.claim(runs.bytes_of(test_id));
    let _room = claim.ok_or_else(|| crate::health::held(crate::front::Held::Overloaded))?;
    Ok(json(StatusCode::OK, runs.answer(test_id)))
}

/// `GET /v1/tail`: one event a line, until either side ends it.
pub(crate) async fn get_tail<F: Front>(edge: Arc<Edge<F>>, call: Call) -> Outcome {
    let reader = Reader::new(Arc::clone(&edge))?;
    // The head goes out at once, so that a reader knows that it is listening.
    let greeting = futures::stream::once(async { Ok::<_, std::convert::Infallible>(Bytes::from_static(b"\n")) });
    let lines = futures::stream::unfold(reader, |mut reader| async move { Some((Ok(reader.next().await?), reader)) });
    let mut response: Response =
        content(StatusCode::OK, HeaderValue::from_static("application/x-ndjson"), Bytes::new());
    *response.body_mut() = while_admitted(&edge, call.principal, Body::from_stream(greeting.chain(lines)));
    Ok(response)
}

/// One stream; counts itself out when it ends.
struct Reader<F: Front> {
    /// The number of the line that it gets next.
    next: u64,
    edge: Arc<Edge<F>>,
}

impl<F: Front> Reader<F> {
    fn new(edge: Arc<Edge<F>>) -> Result<Reader<F>, Problem> {
        let recorder = &edge.recorder;
        let live = recorder.lock_live();
        if live.is_closed() {
            return Err(crate::health::held(crate::front::Held::Closed));
        }
        let one_more = |readers| (readers < TAIL_READERS_MAX).then_some(readers + 1);
        if recorder.readers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            return Err(crate::health::held(crate::front::Held::Overloaded));
        }
        let next = live.end();
        drop(live);
        Ok(Reader { next, edge })
    }

    async fn next(&mut self) -> Option<Bytes> {
        let recorder = &self.edge.recorder;
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

impl<F: Front> Drop for Reader<F> {
    fn drop(&mut self) {
        let recorder = &self.edge.recorder;
        let mut live = recorder.lock_live();
        if recorder.readers.fetch_sub(1, Ordering::Relaxed) == 1 {
            live.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_events_own_mark_is_before_the_requests() {
        let mut headers = HeaderMap::new();
        headers.insert(&TEST_HEADER, HeaderValue::from_static("run-1"));
        let marks = [Some("own".to_owned()), None, Some("no name".to_owned())];
        let run = TestRun::of(&headers, marks.into_iter());
        assert_eq!(
            [0, 1, 2, 3].map(|index| run.of_event(index)),
            [Some("own"), Some("run-1"), Some("run-1"), Some("run-1")]
        );
        assert!(!TestRun::of(&HeaderMap::new(), [None].into_iter()).is_named());
        headers.insert(&TEST_HEADER, HeaderValue::from_static("a b"));
        assert!(!TestRun::of_headers(&headers).is_named());
    }
}
