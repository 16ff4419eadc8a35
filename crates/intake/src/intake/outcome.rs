//! What became of an event, as it is answered later: by its id, and when it is sent again.

use table::RejectedRow;
use xdm::Violation;

/// What became of an event id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// No event of this id was taken in.
    Unknown,
    /// It is stored.
    Stored {
        /// The event's id.
        id: String,
        /// The event's own time, in microseconds since 1970-01-01T00:00:00Z.
        time: i64,
        /// When it was taken in, in microseconds since 1970-01-01T00:00:00Z.
        received_at: i64,
        /// How often it came again with the same content.
        duplicates: u64,
        /// Events that came later under the same id with other content or broken, the oldest
        /// hundred.
        rejected: Vec<RejectedRow>,
        /// How many more there are.
        more: u64,
    },
    /// It was taken in, but only broken.
    Rejected {
        /// The event's id.
        id: String,
        /// Each time it was rejected, the oldest hundred.
        rows: Vec<RejectedRow>,
        /// How many more there are.
        more: u64,
    },
}

/// What became of one row of `rejects` that was sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryOutcome {
    /// It is valid now, was taken in, and its reject row is gone.
    Accepted {
        /// The reject row.
        reject_id: String,
        /// The event's id.
        id: String,
    },
    /// It still breaks rules; nothing changed.
    Rejected {
        /// The reject row.
        reject_id: String,
        /// The broken rules.
        violations: Vec<Violation>,
    },
    /// A duplicate has no payload, and a conflict would be one again; nothing changed.
    NotRetryable {
        /// The reject row.
        reject_id: String,
        /// `duplicate` or `conflict`.
        kind: String,
    },
    /// There is no such row.
    Unknown {
        /// What was asked for.
        reject_id: String,
    },
}
