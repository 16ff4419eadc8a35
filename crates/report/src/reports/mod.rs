//! Reports: what people ask about a span of time, answered from summaries.

pub(crate) mod source;

pub use source::{Answered, SummaryAnswer, SummaryError, SummarySource};
