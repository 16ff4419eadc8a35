//! Why events can't be taken in now, and how a sender learns it.

use std::time::Duration;

use crate::http::problem::{Code, Problem};

/// What keeps events from being taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnavailableReason {
    /// More came than could be written; it passes.
    Overloaded,
    /// The disk is nearly full; somebody must make room.
    DiskFull,
    /// A write to disk failed and the journal takes no more until a restart.
    Poisoned,
    /// The server is stopping.
    Closed,
}

impl From<UnavailableReason> for Problem {
    /// The problem, with a wait that suits it.
    fn from(reason: UnavailableReason) -> Problem {
        // A disk or a restart needs a person: asking again each second would be noise.
        let (code, wait) = match reason {
            UnavailableReason::Overloaded => return Problem::overloaded(),
            UnavailableReason::DiskFull => (Code::DiskFull, Duration::from_secs(30)),
            UnavailableReason::Poisoned => (Code::Poisoned, Duration::from_secs(60)),
            UnavailableReason::Closed => (Code::Stopping, Duration::from_secs(5)),
        };
        Problem::of(code).retry_after(wait)
    }
}
