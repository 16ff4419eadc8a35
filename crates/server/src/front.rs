//! What the edge needs from the house behind it, as one small trait.
//!
//! The real one is [`crate::House`] over `Intake` and `Session`; tests put a fake in its
//! place, so that every answer and limit of the edge is tested without a disk. Events
//! pass in `intake`'s own types, because they are the hot path; the rest is in shapes of
//! its own, made for the wire.

use std::future::Future;
use std::time::Duration;

use intake::{Answers, BodyError, Request, Room, SubmitError};
use report::Period;
pub use report::{Form as TableForm, Hold};
use serde::Serialize;
use serde_json::value::RawValue;
use thiserror::Error;
use xdm::Violation;

/// The pipeline, the queries and the clock behind the HTTP edge.
pub trait Front: Send + Sync + 'static {
    /// Checks events and keeps nothing. It is CPU-bound: large bodies are checked on a
    /// blocking thread.
    fn check(&self, request: &Request, room: Room) -> Result<Answers, BodyError>;

    /// Checks events and returns once they are durable, one answer per event in the
    /// order of the body, within the room that there is for them. Dropping the future must
    /// not undo an append that has begun.
    fn submit(&self, request: Request, room: Room) -> impl Future<Output = Result<Answers, SubmitError>> + Send;

    /// Looks at events once more, for people who watch them arrive: one entry per event in
    /// the order of the body, nothing if the body can't be read.
    fn describe(&self, request: &Request) -> Vec<Described>;

    /// 128 bits that tell a new visitor from others, the same each time for one request
    /// and known to nobody else.
    fn visitor_bits(&self, datastream: &str, request_id: &str) -> [u8; 16];

    /// 128 bits that stand for a first-party device id within an organisation, always the
    /// same and known to nobody else.
    fn device_bits(&self, org_id: &str, device_id: &str) -> [u8; 16];

    /// What became of the event with this id.
    fn receipt(&self, id: &str) -> impl Future<Output = Result<Receipt, FrontError>> + Send;

    /// Runs a read-only query and renders its rows; `hold` makes room for them as they come.
    fn query(
        &self,
        question: Question<'_>,
        form: TableForm,
        limits: SqlLimits,
        hold: &mut dyn Hold,
    ) -> impl Future<Output = Result<Vec<u8>, QueryFailure>> + Send;

    /// Whether the house can take events, and its numbers. Cheap: asked at every scrape.
    fn vitals(&self) -> Vitals;

    /// How many data files are left out of what is read, since they can't be. Cheap: asked
    /// with every answer that reads the tables.
    fn damaged_files(&self) -> usize {
        0
    }

    /// Microseconds since 1970 by the house's clock.
    fn now_micros(&self) -> i64;
}

/// One event, for somebody who watches it arrive.
#[derive(Debug, Default)]
pub struct Described {
    /// Its `eventType`.
    pub event_type: Option<String>,
    /// Its own time, RFC 3339 in UTC.
    pub time: Option<String>,
    /// The count that was concluded from the clicked link, if any.
    pub derived: Option<&'static str>,
    /// The event with its personal values masked; `None` when it is invalid.
    pub masked: Option<Box<RawValue>>,
}

/// What is known about one event id. Both parts can be filled: an event that is stored,
/// and later ones with the same id and other content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The stored event.
    pub stored: Option<Stored>,
    /// What was sent under this id and kept in `rejects`, the oldest first.
    pub rejects: Vec<RejectedRow>,
    /// How many more there are.
    pub rejects_more: u64,
}

/// A stored event's times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// The event's own time, RFC 3339 in UTC.
    pub time: String,
    /// When it was received, RFC 3339 in UTC.
    pub received_at: String,
    /// How often the same event came again.
    pub duplicates: u64,
}

/// One row of `rejects`, without its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedRow {
    /// The name of the row, for `frontdesk rejects show`.
    pub reject_id: String,
    /// `invalid`, `conflict` or `duplicate`.
    pub kind: String,
    /// When it was received, RFC 3339 in UTC.
    pub received_at: String,
    /// Every broken rule, values masked.
    pub violations: Vec<Violation>,
}

/// What is asked of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'a> {
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
    /// The text can't be run; the message says how to mend it.
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
    /// Queries can't be run now; the message is for the log.
    #[error("{0}")]
    Unavailable(String),
    /// The house failed; the message is for the log.
    #[error("{0}")]
    Internal(String),
}

/// A failure of the house that the sender can't mend; the message is for the log.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct FrontError(pub String);

/// Whether events can be taken in now, and the house's numbers.
#[derive(Clone, Debug)]
pub struct Vitals {
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
    NotReady(Held),
}

/// What holds events up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// More came than could be written; it passes.
    Overloaded,
    /// The disk is nearly full; somebody must make room.
    DiskFull,
    /// A write to disk failed and the journal takes no more until a restart.
    Poisoned,
    /// The server is stopping.
    Closed,
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
