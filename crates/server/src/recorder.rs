//! What arrives, told live and kept for a while: for people who work on their tagging.
//!
//! `GET /v1/tail` streams every event with its verdict as it is answered; `GET
//! /v1/test/{testId}/events` gives back the events of one test run, so that a site's own
//! tests can assert "3 good, 0 bad". An event belongs to a run by the request's header
//! `x-frontdesk-test` or by its own `data.frontdesk.testId`.
//!
//! This is a window, not a store: runs live in memory within named limits, the oldest go
//! first, and a slow reader of the stream is told how many it missed. Personal values are
//! masked before they come here. While nobody looks and no run is named, nothing is done.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt;
use intake::{EventAnswer, Request};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};
use xdm::Violation;

use crate::access::while_admitted;
use crate::edge::{Call, Edge, Outcome, content, json};
use crate::front::{Described, Front};
use crate::options::is_name;
use crate::problem::{Code, Problem};

/// Names the run that a request belongs to.
pub(crate) static TEST_HEADER: HeaderName = HeaderName::from_static("x-frontdesk-test");
/// A silent stream gets a blank line so often: it shows that both ends are there, to whatever
/// stands between them too.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Events that a reader of the stream may be behind; then it misses some.
const TAIL_EVENTS_MAX: usize = 1_024;
/// Runs that are kept; the one that began first goes first.
const RUNS_MAX: usize = 256;
/// Events of one run; later ones are only counted.
const RUN_EVENTS_MAX: usize = 5_000;
/// Bytes of all runs; the one that began first goes first.
const RUNS_BYTES_MAX: usize = 64 << 20;

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
    notices: &'a [xdm::Notice],
    /// The event as it was taken in, personal values masked; left out when it is invalid,
    /// since then it can't be told what is personal in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a RawValue>,
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
    /// `None` when the server stops: the streams end.
    live: Mutex<Option<Sender<Bytes>>>,
    readers: AtomicU64,
    runs: Mutex<Runs>,
}

impl Default for Recorder {
    fn default() -> Recorder {
        let live = Mutex::new(Some(channel(TAIL_EVENTS_MAX).0));
        Recorder { live, readers: AtomicU64::new(0), runs: Mutex::default() }
    }
}

impl Recorder {
    /// Has a request submitted, and tells what came of it if anybody wants to know.
    pub(crate) async fn around<F: Front, W>(
        &self,
        front: &F,
        run: &TestRun,
        request: Request,
        submit: impl FnOnce(Request) -> W,
    ) -> Result<Vec<EventAnswer>, Problem>
    where
        W: Future<Output = Result<Vec<EventAnswer>, Problem>>,
    {
        if !run.is_named() && self.readers.load(Ordering::Relaxed) == 0 {
            return submit(request).await;
        }
        let copy = request.clone();
        let answers = submit(request).await?;
        self.tell(&front.describe(&copy), &copy, run, &answers, front.now_micros());
        Ok(answers)
    }

    fn tell(&self, events: &[Described], request: &Request, run: &TestRun, answers: &[EventAnswer], now_micros: i64) {
        let received_at = crate::house::rfc3339(now_micros);
        for (index, (event, answer)) in events.iter().zip(answers).enumerate() {
            let test_id = run.of_event(index);
            let (verdict, id, violations, notices) = match answer {
                EventAnswer::Accepted { id, notices } => ("accepted", Some(id.as_str()), &[][..], notices.as_slice()),
                EventAnswer::Rejected { id, violations } => ("rejected", id.as_deref(), violations.as_slice(), &[][..]),
            };
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
                notices,
                event: event.masked.as_deref(),
            };
            let Ok(mut line) = serde_json::to_vec(&told) else { continue };
            if let Some(test_id) = test_id {
                self.lock_runs().add(test_id, answer.is_accepted(), &line);
            }
            line.push(b'\n');
            if let Some(live) = &*self.live.lock().unwrap_or_else(PoisonError::into_inner) {
                // Without a reader there is nobody to miss it.
                let _ = live.send(line.into());
            }
        }
    }

    /// Ends all streams: the server stops.
    pub(crate) fn close(&self) {
        drop(self.live.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn lock_runs(&self) -> std::sync::MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Test runs, in the order in which they began.
#[derive(Default)]
struct Runs {
    runs: VecDeque<Run>,
    bytes: usize,
}

struct Run {
    test_id: String,
    good: u64,
    bad: u64,
    events: Vec<Box<[u8]>>,
    bytes: usize,
}

impl Runs {
    fn add(&mut self, test_id: &str, is_good: bool, event: &[u8]) {
        let place = self.runs.iter().rposition(|run| run.test_id == test_id).unwrap_or_else(|| {
            let test_id = test_id.to_owned();
            self.runs.push_back(Run { test_id, good: 0, bad: 0, events: Vec::new(), bytes: 0 });
            self.runs.len() - 1
        });
        let run = &mut self.runs[place];
        if is_good {
            run.good += 1
        } else {
            run.bad += 1
        }
        if run.events.len() < RUN_EVENTS_MAX {
            run.events.push(event.into());
            run.bytes += event.len();
            self.bytes += event.len();
        }
        while self.runs.len() > RUNS_MAX || self.bytes > RUNS_BYTES_MAX && self.runs.len() > 1 {
            let oldest = self.runs.pop_front();
            self.bytes -= oldest.map_or(0, |run| run.bytes);
        }
    }

    /// The answer for one run; an unknown one has no events yet.
    fn answer(&self, test_id: &str) -> Vec<u8> {
        let run = self.runs.iter().find(|run| run.test_id == test_id);
        let (good, bad) = run.map_or((0, 0), |run| (run.good, run.bad));
        let mut out = format!(r#"{{"testId":"{test_id}","good":{good},"bad":{bad},"events":["#).into_bytes();
        for (index, event) in run.map_or(&[][..], |run| &run.events).iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(event);
        }
        out.extend_from_slice(b"]}");
        out
    }
}

/// `GET /v1/test/{testId}/events`.
pub(crate) async fn get_run<F: Front>(edge: Arc<Edge<F>>, call: Call) -> Outcome {
    let path = call.head.uri.path();
    let test_id = path.strip_prefix("/v1/test/").and_then(|rest| rest.strip_suffix("/events")).unwrap_or_default();
    if !is_name(test_id) {
        return Err(Problem::new(Code::NotFound, "a test id is 1 to 128 letters, digits, `-`, `_`, `.` or `:`"));
    }
    Ok(json(StatusCode::OK, edge.recorder.lock_runs().answer(test_id)))
}

/// `GET /v1/tail`: one event a line, until either side ends it.
pub(crate) async fn get_tail<F: Front>(edge: Arc<Edge<F>>, call: Call) -> Outcome {
    let receiver = edge.recorder.live.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Sender::subscribe);
    let receiver = receiver.ok_or_else(|| crate::health::held(crate::front::Held::Closed))?;
    edge.recorder.readers.fetch_add(1, Ordering::Relaxed);
    let reader = Reader { receiver, edge: Arc::clone(&edge) };
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
    receiver: Receiver<Bytes>,
    edge: Arc<Edge<F>>,
}

impl<F: Front> Reader<F> {
    async fn next(&mut self) -> Option<Bytes> {
        match tokio::time::timeout(HEARTBEAT, self.receiver.recv()).await {
            Err(_) => Some(Bytes::from_static(b"\n")),
            Ok(Ok(line)) => Some(line),
            Ok(Err(RecvError::Lagged(missed))) => Some(format!("{{\"missed\":{missed}}}\n").into()),
            Ok(Err(RecvError::Closed)) => None,
        }
    }
}

impl<F: Front> Drop for Reader<F> {
    fn drop(&mut self) {
        self.edge.recorder.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted_kept_and_forgotten_in_order() {
        let mut runs = Runs::default();
        runs.add("a", true, b"1");
        runs.add("a", false, b"2");
        runs.add("b", true, b"3");
        let check = |runs: &Runs, name: &str, expect: &str| {
            assert_eq!(String::from_utf8(runs.answer(name)).as_deref(), Ok(expect));
        };
        check(&runs, "a", r#"{"testId":"a","good":1,"bad":1,"events":[1,2]}"#);
        check(&runs, "none", r#"{"testId":"none","good":0,"bad":0,"events":[]}"#);
        for number in 0..RUNS_MAX - 1 {
            runs.add(&format!("n{number}"), true, b"4");
        }
        check(&runs, "a", r#"{"testId":"a","good":0,"bad":0,"events":[]}"#);
        check(&runs, "b", r#"{"testId":"b","good":1,"bad":0,"events":[3]}"#);
        assert_eq!(runs.bytes, RUNS_MAX);
        runs.add("large", true, &vec![b'5'; RUNS_BYTES_MAX]);
        assert_eq!(runs.runs.len(), 1);
        for _ in 0..RUN_EVENTS_MAX + 1 {
            runs.add("many", true, b"6");
        }
        let many = runs.runs.back().map(|run| (run.good, run.events.len()));
        assert_eq!(many, Some((RUN_EVENTS_MAX as u64 + 1, RUN_EVENTS_MAX)));
    }

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
