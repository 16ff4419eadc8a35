//! Where a report's numbers come from.
//!
//! Whoever keeps summaries answers for all queries of a report at once, so that its numbers are of
//! one moment of the tables. It is never asked for a query it may not answer: what has no
//! summary it reads from the rows itself, and says for which days it did.

use std::sync::Arc;

use async_trait::async_trait;
use summary::{Answer, Query};
use thiserror::Error;

/// Answers queries about spans of time.
#[async_trait]
pub trait SummarySource: Send + Sync {
    /// Answers all queries from one snapshot of the table, in their order.
    ///
    /// # Errors
    /// [`SummaryError`] says whether asking for less, or later, helps.
    async fn answer(&self, queries: &[Query]) -> Result<Answered, SummaryError>;
}

/// The answers to some queries, all of one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answered {
    /// As many as there were queries, in their order.
    pub answers: Vec<Arc<SummaryAnswer>>,
}

/// The answer to one query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SummaryAnswer {
    /// Its numbers.
    pub answer: Answer,
    /// The UTC days whose summary can't answer this query, so that their rows were read, ascending:
    /// days since 1970-01-01. A day that merely has no summary yet isn't among them: its numbers
    /// are what a summary would say.
    pub days_from_rows: Vec<i32>,
}

/// Why a source has no answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SummaryError {
    /// It passed a limit. The message is for the asker, says which, and what to ask instead: lower
    /// case, no final period.
    #[error("{0}")]
    Limit(String),
    /// Not yet: what it is answered from is being made, and goes on being made. The message is for the
    /// asker, and says how far that is: lower case, no final period.
    #[error("{0}")]
    NotYet(String),
    /// Not now: too much is asked at once, or the process is stopping. The message is for the log.
    #[error("{0}")]
    Unavailable(String),
    /// The tables or the summaries failed. The message is for the log.
    #[error("{0}")]
    Internal(String),
}
