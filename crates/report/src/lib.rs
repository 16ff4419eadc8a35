//! SQL, views and metrics over the tables `events` and `rejects`; reads, never writes.
//!
//! A [`Session`] runs one SQL statement at a time over a consistent [`Snapshot`] of
//! both tables. Next to the tables themselves it offers two flat views: `activity`
//! (a row per event) and `contacts` (a row per event that carries a contact
//! request), and views of what several events say together: `chat_sessions`, `visits`,
//! `requests`, `visitors`. What a number means is written once, in the folder `metrics`: the reports, the
//! documentation and the SQL that a reader can paste all come from those definitions.
//!
//! A person's query runs in a process of its own, which it can end, and nothing else
//! ([`QueryPool`]; the process's side is [`serve_queries`]).
//!
//! Personal values stand nowhere in these tables; the sealed bytes that hold them
//! are not shown either, only their length. This crate has no key and asks for none.

mod alerts;
mod cell;
mod collected;
mod contacts;
mod docs;
mod engine;
mod error;
mod events;
mod export;
mod formula;
mod grid;
mod lines;
pub mod metric;
mod metrics;
mod percentile;
mod period;
mod postgres;
mod query_size;
mod read_only;
mod reports;
mod result;
mod session;
mod store;
mod summaries;
mod surroundings;
mod tables;
mod views;
mod visible;
mod visitor;
mod worker;
mod yielding;

pub use alerts::{
    ALERT_METRICS, ALERT_PARAMETERS, AlertError, AlertKind, AlertReading, AlertRule, AlertStanding, AlertWeek,
};
pub use collected::{
    Collected, CollectedAnswer, CollectedColumn, CollectedRequest, FilledColumn, SMALL_NUMBER_MAX, ShownValues,
    UNDECLARED_TOLD_MAX,
};
pub use contacts::{ChannelNumbers, ContactsReport, Line, Numbers, Quality};
pub use docs::{EXAMPLES, SqlTable, metrics_markdown, sql_markdown, sql_tables};
pub use error::QueryError;
pub use events::{EVENTS_PARAMETERS, EventDetails, EventLine, EventList, EventsRequest, Listed, RejectLine};
pub use export::{EXPORT_PARAMETERS, ExportError, ExportForm, ExportRequest, ExportTable};
pub use metrics::{
    Channel, Chart, Condition, Counter, Dimension, Lines, METRICS, Measure, Metric, QUALITY, Quantiles, Quantity,
    Relation, Scope, SessionAnomaly, SessionCondition, SessionQuantity, Share, Span, Unit, Value,
};
pub use period::Period;
pub use postgres::{PARAMETERS_MAX, Parameter, ParameterType, ParameterValue, Purpose, Statement, StatementAnswer};
pub use reports::{
    Annotation, Answered, AskedForm, ComparedPeriod, Contents, DivisionError, DrawnForm, FILTERS, FilterError, Look,
    MetricAnswer, MetricNumber, NO_REFERRER, Named, PARAMETERS, ParameterError, PartAnswer, ReceivedSource, Report,
    ReportBucket, ReportForm, ReportName, ReportPeriod, ReportRequest, ReportRow, RequestError, RowKind, SecondsAnswer,
    SpanError, SummaryAnswer, SummaryError, SummarySource, UNKNOWN_DEVICE, UnknownZone, WrittenFilter, Zone,
};
pub use result::{Form, QueryResult};
pub use session::{QueryLimits, Session, Snapshot};
pub use summaries::{
    ANSWER_MEMORY_BYTES_MAX, ANSWER_TIME_MAX, FOLD_BYTES_MAX, FOLD_ROWS_MAX, FileRows, QUESTION_BYTES_MAX,
    ROWS_MEMORY_BYTES_MAX, RowColumns, SPECIAL_MEMORY_BYTES_MAX, SUMMARY_MEMORY_BYTES_MAX, Summaries, SummariesOptions,
    SummaryStats,
};
pub use summary::{Device, INTERNAL_REFERRER};
pub use tables::{Tables, TablesError};
pub use views::columns::flat_column;
pub use visible::{is_steering, visible};
pub use worker::export::ExportStream;
pub use worker::frame::Fault;
pub use worker::pool::{PoolOptions, QueryPool};
pub use worker::process::{MemoryReservation, WorkerProgram};
pub use worker::serve as serve_queries;
pub use worker::stats::WorkerCounts;
