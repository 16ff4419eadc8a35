//! A fake backend: it reads events with `serde_json`, keeps what it was given, and fails
//! when told to.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use intake::{AnswerBudget, Answers, BodyError, EventAnswer, Framing, Request, SubmitError};
use report::{
    Collected, CollectedAnswer, CollectedRequest, EventDetails, EventLine, EventList, EventsRequest, ExportRequest,
    Listed, RejectLine, Report, ReportRequest,
};
use serde_json::{Value, json};
use server::{
    BackendError, DescribedEvent, Events, ExportRows, Exports, Health, HealthReport, Ingest, MemoryReservation,
    MetricKind, MetricSample, Queries, QueryFailure, Readiness, Receipt, Receipts, RejectedEvent, Reports, SqlLimits,
    StoredEvent, TableForm, TableQuery,
};
use tokio::sync::Semaphore;
use xdm::{Notice, Violation};

/// Violations that it tells of an event.
pub(crate) const TOLD_MAX: usize = 60;
/// What the query `large` gives, in bytes: more than sockets buffer.
pub(crate) const LARGE_BYTES: usize = 24 << 20;
/// The fake's clock: 2026-11-22T14:07:16Z.
pub(crate) const NOW_MICROS: i64 = 1_795_356_436_000_000;

#[derive(Clone)]
pub(crate) struct Fake(Arc<FakeState>);

pub(crate) struct FakeState {
    /// What was submitted, in order.
    pub(crate) kept: Mutex<Vec<Request>>,
    /// Submissions that have begun.
    pub(crate) arrived: AtomicUsize,
    /// What `submit` says instead of keeping.
    pub(crate) refusal: Mutex<Option<SubmitError>>,
    pub(crate) readiness: Mutex<Readiness>,
    pub(crate) trouble: Mutex<Option<String>>,
    pub(crate) queries: Mutex<Vec<(String, TableForm, SqlLimits)>>,
    /// A submission or a query takes a permit for its time; tests close the gate by
    /// taking all of them.
    pub(crate) gate: Semaphore,
    /// Its clock, in microseconds since 1970.
    pub(crate) now: AtomicI64,
    /// Contact requests of every report.
    pub(crate) requests: AtomicU64,
}

impl std::ops::Deref for Fake {
    type Target = FakeState;
    fn deref(&self) -> &FakeState {
        &self.0
    }
}

impl Fake {
    pub(crate) fn new() -> Fake {
        Fake(Arc::new(FakeState {
            kept: Mutex::default(),
            arrived: AtomicUsize::new(0),
            refusal: Mutex::default(),
            readiness: Mutex::new(Readiness::Ready),
            trouble: Mutex::default(),
            queries: Mutex::default(),
            gate: Semaphore::new(1_000),
            now: AtomicI64::new(NOW_MICROS),
            requests: AtomicU64::new(7),
        }))
    }

    pub(crate) fn refuse(&self, error: SubmitError) {
        *self.refusal.lock().expect("not poisoned") = Some(error);
    }

    pub(crate) fn kept_bodies(&self) -> Vec<String> {
        let kept = self.kept.lock().expect("not poisoned");
        kept.iter().map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect()
    }
}

impl Fake {
    fn judge(&self, request: &Request) -> Result<Vec<EventAnswer>, BodyError> {
        if request.body.is_empty() {
            return Err(BodyError::Empty);
        }
        let text = std::str::from_utf8(&request.body).map_err(|e| BodyError::NotUtf8 { offset: e.valid_up_to() })?;
        let is_lines = request.framing == Framing::Lines
            || request.framing == Framing::Detect && text.trim().contains('\n') && !text.trim().starts_with('[');
        if is_lines {
            return Ok(text.lines().filter(|line| !line.is_empty()).enumerate().map(line).collect());
        }
        let value: Value = serde_json::from_str(text)
            .map_err(|e| BodyError::Syntax { offset: e.column(), message: "not JSON".to_owned() })?;
        match value {
            Value::Array(events) if request.framing != Framing::Single => {
                Ok(events.iter().enumerate().map(|(index, event)| answer(index, event)).collect())
            }
            event => Ok(vec![answer(0, &event)]),
        }
    }
}

impl Ingest for Fake {
    fn check(&self, request: &Request, _: AnswerBudget) -> Result<Answers, BodyError> {
        let judged = self.judge(request)?;
        let mut answers = Answers::default();
        for answer in judged {
            match answer {
                EventAnswer::Rejected { id, mut violations } => {
                    let omitted = violations.len().saturating_sub(TOLD_MAX);
                    violations.truncate(TOLD_MAX);
                    answers.push(EventAnswer::Rejected { id, violations }, omitted);
                }
                accepted => answers.push(accepted, 0),
            }
        }
        Ok(answers)
    }

    async fn submit(&self, request: Request, budget: AnswerBudget) -> Result<Answers, SubmitError> {
        self.arrived.fetch_add(1, Ordering::SeqCst);
        let _permit = self.gate.acquire().await.map_err(|_| SubmitError::Closed)?;
        if let Some(error) = self.refusal.lock().expect("not poisoned").clone() {
            return Err(error);
        }
        let answers = self.check(&request, budget)?;
        assert!(!request.body.windows(7).any(|part| part == b"explode"), "the backend fell down: jo@shop.example");
        self.kept.lock().expect("not poisoned").push(request);
        Ok(answers)
    }

    fn describe(&self, request: &Request) -> Vec<DescribedEvent> {
        let Ok(Value::Array(events)) = serde_json::from_slice(&request.body) else { return Vec::new() };
        let describe = |event: &Value| DescribedEvent {
            event_type: event["eventType"].as_str().map(str::to_owned),
            masked: serde_json::value::to_raw_value(event).ok(),
            ..DescribedEvent::default()
        };
        events.iter().map(describe).collect()
    }

    fn visitor_bits(&self, datastream: &str, request_id: &str) -> [u8; 16] {
        let mut bits = [7; 16];
        for (place, byte) in datastream.bytes().chain(request_id.bytes()).enumerate() {
            bits[place % 16] ^= byte.wrapping_mul(place as u8 | 1);
        }
        bits
    }

    fn device_bits(&self, org_id: &str, device_id: &str) -> [u8; 16] {
        self.visitor_bits(org_id, device_id).map(|bits| !bits)
    }

    fn now_micros(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }
}

impl Receipts for Fake {
    async fn receipt(&self, id: &str) -> Result<Option<Receipt>, BackendError> {
        let stored = || StoredEvent {
            time: "2026-11-22T14:07:16Z".to_owned(),
            received_at: "2026-11-22T14:07:17Z".to_owned(),
            duplicates: 2,
        };
        let row = |kind: &str| RejectedEvent {
            reject_id: "r-1".to_owned(),
            kind: kind.to_owned(),
            received_at: "2026-11-22T14:07:18Z".to_owned(),
            violations: vec![violation(0)],
        };
        let (stored, rejects, more) = match id {
            "stored-1" | "https://data.example/stored" => (Some(stored()), Vec::new(), 0),
            "conflict-1" => (Some(stored()), vec![row("conflict")], 3),
            "rejected-1" => (None, vec![row("invalid")], 0),
            "broken" => return Err(BackendError("disk read failed".to_owned())),
            _ => return Ok(None),
        };
        Ok(Receipt::of(id, stored, rejects, more))
    }
}

impl Queries for Fake {
    async fn query(
        &self,
        query: TableQuery<'_>,
        form: TableForm,
        limits: SqlLimits,
        reservation: &mut dyn MemoryReservation,
    ) -> Result<Vec<u8>, QueryFailure> {
        let sql = match query {
            TableQuery::Sql(sql) => sql.to_owned(),
            TableQuery::RejectCounts => "counts of rejects".to_owned(),
            TableQuery::Contacts(period) => format!("contacts from {} to {}", period.since(), period.until()),
        };
        self.queries.lock().expect("not poisoned").push((sql.clone(), form, limits));
        let _permit = match query {
            TableQuery::Sql(_) => {
                Some(self.gate.acquire().await.map_err(|_| QueryFailure::Internal("closed".to_owned()))?)
            }
            _ => None,
        };
        let bytes = match sql.as_str() {
            "large" => LARGE_BYTES,
            "larger" => 300 << 20,
            _ => 1,
        };
        if !reservation.grow_to(bytes) {
            return Err(QueryFailure::NoRoom);
        }
        match sql.as_str() {
            "invalid" => Err(QueryFailure::Invalid("there is no table `x`; did you mean `events`".to_owned())),
            "limit" => Err(QueryFailure::Limit("the query took longer than 30 s; narrow it".to_owned())),
            "large" => Ok(vec![b'x'; LARGE_BYTES]),
            "internal" => Err(QueryFailure::Internal("the disk is gone".to_owned())),
            "busy" => Err(QueryFailure::Busy),
            "unavailable" => Err(QueryFailure::Unavailable("fork failed".to_owned())),
            _ => Ok(format!("{form:?}").into_bytes()),
        }
    }
}

impl Reports for Fake {
    async fn report(&self, request: &ReportRequest, limits: SqlLimits) -> Result<Report, QueryFailure> {
        let asked = format!("report {request:?}");
        self.queries.lock().expect("not poisoned").push((asked.clone(), TableForm::Json, limits));
        if asked.contains("too much") {
            return Err(QueryFailure::Limit("the events of 3 days are too many; ask for fewer".to_owned()));
        }
        if asked.contains("pending") {
            return Err(QueryFailure::NotYet("31 of 97 days are ready".to_owned()));
        }
        if asked.contains("stale") {
            return Err(QueryFailure::Unavailable("files went away".to_owned()));
        }
        if asked.contains("broken") {
            return Err(QueryFailure::Internal("the disk is gone".to_owned()));
        }
        let report = json!({
            "report": request.name().name(),
            "period": { "since": "2026-11-16T00:00:00Z", "until": "2026-11-23T00:00:00Z", "tz": "UTC", "so_far": true },
            "compared": null, "by": "day", "filter": {},
            "metrics": { "contact_requests": { "value": self.requests.load(Ordering::SeqCst), "previous": null, "change": null, "unit": "count" } },
            "series": [], "rows_by": null, "rows": [], "rows_left_out": 0, "notes": [],
        });
        Ok(serde_json::from_value(report).expect("a report"))
    }
}

impl Exports for Fake {
    async fn export(&self, request: &ExportRequest, limits: SqlLimits) -> Result<ExportRows, QueryFailure> {
        let asked = format!("export {request:?}");
        self.queries.lock().expect("not poisoned").push((asked.clone(), TableForm::Csv, limits));
        if asked.contains("too much") {
            return Err(QueryFailure::Limit("that is too much; ask for less".to_owned()));
        }
        let mut parts = vec![Ok(Bytes::from_static(b"id\n")), Ok(Bytes::from_static(b"one\n"))];
        if asked.contains("broken") {
            parts.push(Err(QueryFailure::Internal("the disk is gone".to_owned())));
        }
        if asked.contains("endless") {
            let part = Bytes::from(vec![b'x'; 256 << 10]);
            return Ok(futures::stream::repeat_with(move || Ok(part.clone())).boxed());
        }
        Ok(futures::stream::iter(parts).boxed())
    }
}

impl Events for Fake {
    async fn events(&self, request: &EventsRequest, limits: SqlLimits) -> Result<EventList, QueryFailure> {
        let asked = format!("events {request:?}");
        self.queries.lock().expect("not poisoned").push((asked.clone(), TableForm::Json, limits));
        if asked.contains("too much") {
            return Err(QueryFailure::Limit("the query took longer than 30 s; narrow it".to_owned()));
        }
        let line = EventLine {
            time: "2026-11-22T14:07:16.5Z".to_owned(),
            id: "https://data.example/stored".to_owned(),
            session: Some("C1".to_owned()),
            channel: Some("chat".to_owned()),
            subject: Some("<b>".to_owned()),
            late: Some(true),
            ..EventLine::default()
        };
        let reject = RejectLine {
            received_at: "2026-11-22T14:07:16Z".to_owned(),
            reject_id: "r-1".to_owned(),
            kind: "invalid".to_owned(),
            keyword: Some("type".to_owned()),
            event_id: Some("rejected-1".to_owned()),
            ..RejectLine::default()
        };
        Ok(match request.listed() {
            Listed::Stored => EventList {
                stored: vec![line],
                before: Some("2026-11-22T14:07:16Z~a b".to_owned()),
                ..EventList::default()
            },
            Listed::Rejected => EventList { rejected: vec![reject], ..EventList::default() },
        })
    }

    async fn collected(
        &self,
        request: &CollectedRequest,
        limits: SqlLimits,
        wait: Duration,
    ) -> Result<Option<CollectedAnswer>, QueryFailure> {
        assert!(wait < Duration::from_millis(150) && limits.time_max > Duration::ZERO);
        let since = request.report_period().since;
        // Of another year it is counted anew.
        let collected = Arc::new(Collected { events: 7, ..Collected::default() });
        let older_micros = since.starts_with("2025").then_some(NOW_MICROS);
        Ok(["2026", "2025"]
            .iter()
            .any(|year| since.starts_with(year))
            .then_some(CollectedAnswer { collected, older_micros }))
    }

    async fn event(&self, id: &str, time: &str, limits: SqlLimits) -> Result<Option<EventDetails>, QueryFailure> {
        self.queries.lock().expect("not poisoned").push((format!("event {id} {time}"), TableForm::Json, limits));
        let line = EventLine { id: id.to_owned(), derived: Some("clickToCall".to_owned()), ..EventLine::default() };
        let sent = "{\n  \"a\": \"<script>\"\n}".to_owned();
        Ok(Some(EventDetails { line, sent, sealed_bytes: 34, ..EventDetails::default() }))
    }
}

impl Health for Fake {
    fn events_received(&self) -> u64 {
        self.kept.lock().expect("not poisoned").len() as u64
    }

    fn has_events(&self) -> bool {
        self.events_received() > 0
    }

    fn health(&self) -> HealthReport {
        let sample = MetricSample {
            name: "frontdesk_events_rejected_total",
            kind: MetricKind::Counter,
            help: "Events rejected, by keyword.",
            values: vec![(Some(("keyword", "type".to_owned())), 3.0)],
        };
        let readiness = *self.readiness.lock().expect("not poisoned");
        let trouble = self.trouble.lock().expect("not poisoned").clone();
        HealthReport { readiness, trouble, remarks: vec!["one thing is amiss".to_owned()], samples: vec![sample] }
    }
}

fn line((index, line): (usize, &str)) -> EventAnswer {
    match serde_json::from_str(line) {
        Ok(event) => answer(index, &event),
        Err(_) => EventAnswer::Rejected { id: None, violations: vec![violation(0)] },
    }
}

/// An event with `"bad": n` breaks n rules; one with `"odd"` gets a notice.
fn answer(index: usize, event: &Value) -> EventAnswer {
    let id = event["_id"].as_str().map(str::to_owned);
    match event["bad"].as_u64() {
        Some(count) => EventAnswer::Rejected { id, violations: (0..count).map(violation).collect() },
        None => EventAnswer::Accepted {
            id: id.unwrap_or_else(|| format!("minted-{index}")),
            notices: event.get("odd").map(|_| notice()).into_iter().collect(),
        },
    }
}

fn violation(number: u64) -> Violation {
    Violation {
        pointer: format!("/place{number}"),
        schema: "https://ns.example/schema#/type".to_owned(),
        keyword: "type".to_owned(),
        message: "9 is a number; send a string".to_owned(),
    }
}

fn notice() -> Notice {
    Notice { pointer: "/odd".to_owned(), code: "undeclaredProperty".to_owned(), message: "kept as it is".to_owned() }
}

/// Waits, within bounds, until `is_true` holds.
pub(crate) async fn eventually(what: &str, is_true: impl Fn() -> bool) {
    for _ in 0..500 {
        if is_true() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still not so after 5 s: {what}");
}
