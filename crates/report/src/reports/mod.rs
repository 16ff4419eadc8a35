//! Reports: what people ask about a span of time, answered from summaries.
//!
//! A [`ReportRequest`] is read from a name and parameters, the same for the HTTP interface and the
//! command line. [`Report::run`] asks a [`SummarySource`] and gives a [`Report`], which is
//! JSON and can be written as a table or CSV. Nothing here reads a table or knows a clock.

mod answer;
mod buckets;
mod compared;
mod contents;
pub(crate) mod filter;
mod name;
mod named;
mod notes;
mod numbers;
pub(crate) mod request;
mod rows;
mod run;
mod source;
pub(crate) mod span;
pub(crate) mod words;
mod write;
mod zone;

pub use answer::{
    Annotation, ComparedPeriod, MetricAnswer, MetricNumber, PartAnswer, Report, ReportBucket, ReportPeriod, ReportRow,
    RowKind, SecondsAnswer,
};
pub use buckets::DivisionError;
pub use contents::Contents;
pub use filter::{FILTERS, FilterError, NO_REFERRER, UNKNOWN_DEVICE, WrittenFilter};
pub use name::ReportName;
pub use named::Named;
pub use request::{AskedForm, DrawnForm, PARAMETERS, ReportForm, ReportRequest, RequestError};
pub use run::ReceivedSource;
pub use source::{Answered, SummaryAnswer, SummaryError, SummarySource};
pub use span::SpanError;
pub use words::ParameterError;
pub use write::Look;
pub use zone::{UnknownZone, Zone};
