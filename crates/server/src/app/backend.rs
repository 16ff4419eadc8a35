//! What the server needs from whatever stores events and answers queries.
//!
//! Seven small traits, each with what one kind of route needs; [`Backend`] is all of them.
//! The real one is [`crate::EmbeddedBackend`] over `Intake` and `QueryPool`; tests put a
//! fake in its place, so that every answer and limit of the server is tested without a
//! disk. Events pass in `intake`'s own types, because they are the hot path; the rest is in
//! shapes of its own, made for the wire.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use intake::{AnswerBudget, Answers, BodyError, Request, SubmitError};
use report::{
    CollectedAnswer, CollectedRequest, EventDetails, EventList, EventsRequest, ExportRequest, Period, Report,
    ReportRequest,
};
pub use report::{Form as TableForm, MemoryReservation};
use serde_json::value::RawValue;
use thiserror::Error;

use super::alerts::Alerts;
use super::receipt::Receipt;
use super::unavailable::UnavailableReason;

/// Takes events in.
pub trait Ingest: Send + Sync + 'static {
    /// Checks events and keeps nothing. It is CPU-bound: large bodies are checked on a
    /// blocking thread.
    fn check(&self, request: &Request, budget: AnswerBudget) -> Result<Answers, BodyError>;

    /// Checks events and returns once they are durable, one answer per event in the
    /// order of the body, within the room that there is for them. Dropping the future must
    /// not undo an append that has begun.
    fn submit(
        &self,
        request: Request,
        budget: AnswerBudget,
    ) -> impl Future<Output = Result<Answers, SubmitError>> + Send;

    /// Looks at events once more, for people who watch them arrive: one entry per event in
    /// the order of the body, nothing if the body can't be read.
    fn describe(&self, request: &Request) -> Vec<DescribedEvent>;

    /// 128 bits that tell a new visitor from others, the same each time for one request
    /// and known to nobody else.
    fn visitor_bits(&self, datastream: &str, request_id: &str) -> [u8; 16];

    /// 128 bits that stand for a first-party device id within an organisation, always the
    /// same and known to nobody else.
    fn device_bits(&self, org_id: &str, device_id: &str) -> [u8; 16];

    /// Microseconds since 1970 by the clock that events are received by.
    fn now_micros(&self) -> i64;
}

/// Answers queries over the tables.
pub trait Queries: Send + Sync + 'static {
    /// Runs a read-only query and renders its rows; `hold` makes room for them as they come.
    fn query(
        &self,
        query: TableQuery<'_>,
        form: TableForm,
        limits: SqlLimits,
        reservation: &mut dyn MemoryReservation,
    ) -> impl Future<Output = Result<Vec<u8>, QueryFailure>> + Send;

    /// How many data files are left out of what is read, since they can't be. Cheap: asked
    /// with every answer that reads the tables.
    fn damaged_files(&self) -> usize {
        0
    }
}

/// Makes reports from summaries.
pub trait Reports: Send + Sync + 'static {
    /// The report that is asked for; `limits` hold for what has to be asked of the tables.
    fn report(
        &self,
        request: &ReportRequest,
        limits: SqlLimits,
    ) -> impl Future<Output = Result<Report, QueryFailure>> + Send;

    /// Several reports, in their order; of one moment, if the backend can say what that is.
    fn reports(
        &self,
        requests: &[ReportRequest],
        limits: SqlLimits,
    ) -> impl Future<Output = Result<Vec<Report>, QueryFailure>> + Send {
        async move {
            let mut made = Vec::with_capacity(requests.len());
            for request in requests {
                made.push(self.report(request, limits).await?);
            }
            Ok(made)
        }
    }
}

/// The bytes of an export as they come. What comes before a failure is a part of it; nothing comes after.
pub type ExportRows = BoxStream<'static, Result<Bytes, QueryFailure>>;

/// Gives rows to take along.
pub trait Exports: Send + Sync + 'static {
    /// Begins an export. `limits.time_max` is the whole export's; rows and bytes aren't limited, since none are held.
    /// Dropping what is given ends it.
    fn export(
        &self,
        request: &ExportRequest,
        limits: SqlLimits,
    ) -> impl Future<Output = Result<ExportRows, QueryFailure>> + Send;
}

/// Looks single events up.
pub trait Events: Send + Sync + 'static {
    /// A page of a list, newest first.
    fn events(
        &self,
        request: &EventsRequest,
        limits: SqlLimits,
    ) -> impl Future<Output = Result<EventList, QueryFailure>> + Send;

    /// What arrived, if that is known within `wait`, else what was counted before; `None` while it is counted first.
    fn collected(
        &self,
        request: &CollectedRequest,
        limits: SqlLimits,
        wait: Duration,
    ) -> impl Future<Output = Result<Option<CollectedAnswer>, QueryFailure>> + Send;

    /// What the tables know of a stored event; `time` is its own, RFC 3339, as its receipt has it.
    fn event(
        &self,
        id: &str,
        time: &str,
        limits: SqlLimits,
    ) -> impl Future<Output = Result<Option<EventDetails>, QueryFailure>> + Send;
}

/// Tells what became of an event.
pub trait Receipts: Send + Sync + 'static {
    /// The receipt of the event with this id; `None` if no such event was received.
    fn receipt(&self, id: &str) -> impl Future<Output = Result<Option<Receipt>, BackendError>> + Send;
}

/// Tells how the backend is.
pub trait Health: Send + Sync + 'static {
    /// Whether events can be taken in, and numbers. Cheap: asked at every scrape.
    fn health(&self) -> HealthReport;

    /// Events that were received since the start, whatever became of them. Cheap: asked once a second by each page
    /// that is live.
    fn events_received(&self) -> u64;

    /// Whether there is any event. Cheap: asked with each overview.
    fn has_events(&self) -> bool;

    /// What doesn't work about mails, a sentence each, for whoever may read.
    fn mail_trouble(&self) -> Vec<String> {
        Vec::new()
    }

    /// The alerts as they were read last. Cheap.
    fn alerts(&self) -> Alerts {
        Alerts::default()
    }
}

/// All that a server needs.
pub trait Backend: Ingest + Queries + Reports + Exports + Events + Receipts + Health {}

impl<T: Ingest + Queries + Reports + Exports + Events + Receipts + Health> Backend for T {}

/// One event, for somebody who watches it arrive.
#[derive(Debug, Default)]
pub struct DescribedEvent {
    /// Its `eventType`.
    pub event_type: Option<String>,
    /// Its own time, RFC 3339 in UTC.
    pub time: Option<String>,
    /// The count that was concluded from the clicked link, if any.
    pub derived: Option<&'static str>,
    /// The event with its personal values masked; `None` when it is invalid.
    pub masked: Option<Box<RawValue>>,
}

/// What is asked of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableQuery<'a> {
    /// A person's statement. Its length was limited while it was read.
    Sql(&'a str),
    /// Rejected events, counted by kind and keyword. Ours, so no person's query holds it up.
    RejectCounts,
    /// The report of contact requests; likewise.
    Contacts(Period),
}

/// Limits of one query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlLimits {
    /// Rows of the answer.
    pub rows_max: usize,
    /// Wall-clock time.
    pub time_max: Duration,
    /// Memory of the query's operators, in bytes, as the engine counts it.
    pub memory_bytes_max: usize,
    /// Memory of the process that runs it, in bytes, as the kernel counts it.
    pub process_memory_bytes_max: usize,
    /// The answer, in bytes.
    pub answer_bytes_max: usize,
}

/// Why a query gave no rows.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum QueryFailure {
    /// The text can't be run; the message says how to fix it.
    #[error("{0}")]
    Invalid(String),
    /// It passed a limit; the message says which.
    #[error("{0}")]
    Limit(String),
    /// Too many are asked at once.
    #[error("too many queries at once")]
    Busy,
    /// There is no room for the answer now.
    #[error("there is no room for the answer")]
    NoRoom,
    /// What it is answered from is being made; the message says how far that is.
    #[error("{0}")]
    NotYet(String),
    /// Queries can't be run now; the message is for the log.
    #[error("{0}")]
    Unavailable(String),
    /// The backend failed; the message is for the log.
    #[error("{0}")]
    Internal(String),
}

/// A failure of the backend that the sender can't fix; the message is for the log.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct BackendError(pub String);

/// Whether events can be taken in now, and the backend's numbers.
#[derive(Clone, Debug)]
pub struct HealthReport {
    /// Whether events can be taken in now.
    pub readiness: Readiness,
    /// What holds them up or fails at the moment, for an operator: names of files and the
    /// system's words, and nothing that was sent.
    pub trouble: Option<String>,
    /// What doesn't work, is missing or can't be read although events are taken in, a sentence
    /// each; the rest is served.
    pub remarks: Vec<String>,
    /// Numbers for `/metrics`.
    pub samples: Vec<MetricSample>,
}

/// Whether events can be taken in now.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// They can.
    Ready,
    /// They can't.
    NotReady(UnavailableReason),
}

/// One metric with its values.
#[derive(Clone, Debug)]
pub struct MetricSample {
    /// Prometheus name, with unit and `_total` where it counts.
    pub name: &'static str,
    /// Counter or gauge.
    pub kind: MetricKind,
    /// One sentence.
    pub help: &'static str,
    /// Values, each with at most one label.
    pub values: Vec<(Option<(&'static str, String)>, f64)>,
}

/// How a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only up, until a restart.
    Counter,
    /// Up and down.
    Gauge,
}
