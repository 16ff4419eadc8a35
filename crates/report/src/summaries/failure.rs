//! What keeps a question from being answered.

use table::{ReadFailure, StoreError};

use super::threads::Ended;
use crate::SummaryError;

/// Why a question can't be answered, or not now.
#[derive(Debug)]
pub(super) enum Failure {
    /// A file went out of use, or was found damaged, while it was read: the table looks different
    /// now.
    Gone,
    /// The question passed a limit.
    Limit(String),
    /// More rows than are folded at once: they are folded in parts.
    NoRoom,
    /// The process is stopping.
    Stopping,
    /// The tables can't be read.
    Store(StoreError),
    /// Neither the table nor the question is to blame.
    Defect(&'static str),
}

impl From<ReadFailure> for Failure {
    fn from(failure: ReadFailure) -> Failure {
        match failure {
            ReadFailure::Gone => Failure::Gone,
            ReadFailure::Failed(error) => Failure::Store(error),
        }
    }
}

impl From<Ended> for Failure {
    fn from(_: Ended) -> Failure {
        Failure::Defect("the work on a summary ended without a result; please report it")
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(error: tokio::task::JoinError) -> Failure {
        if error.is_panic() { Failure::from(Ended) } else { Failure::Stopping }
    }
}

impl From<Failure> for SummaryError {
    fn from(failure: Failure) -> SummaryError {
        match failure {
            Failure::Gone => SummaryError::Unavailable("files of the table went away while they were read".to_owned()),
            Failure::Limit(message) => SummaryError::Limit(message),
            Failure::NoRoom => SummaryError::Internal("rows that have no room were not folded in parts".to_owned()),
            Failure::Stopping => SummaryError::Unavailable("the process is stopping".to_owned()),
            Failure::Store(error) => SummaryError::Internal(error.to_string()),
            Failure::Defect(message) => SummaryError::Internal(message.to_owned()),
        }
    }
}
