//! Why a request was not taken in. An event that breaks rules is not here: that is an answer.

use std::time::Duration;

use thiserror::Error;

use crate::request::body::BodyError;

/// Why a request was not taken in. Nothing of it was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SubmitError {
    /// The body can't be read as events; it has to be fixed.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// More is coming in than goes to the tables; send it again later.
    #[error("too much is waiting to be stored; send the request again in {retry_after:?}")]
    Overloaded {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The disk has no room for the journal.
    #[error("the disk is full; free space on it, then send the request again")]
    DiskFull {
        /// How long to wait.
        retry_after: Duration,
    },
    /// A write failed and what the disk holds is not known; only a restart helps.
    #[error("the journal stopped after a failed write; check the disk and restart")]
    Poisoned,
    /// The pipeline was closed.
    #[error("the intake is closed; send the request again after the restart")]
    Closed,
}
