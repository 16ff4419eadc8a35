//! What the pipeline tells: per event at admission, and later as a receipt.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use table::RejectedRow;
use xdm::{Notice, Violation};

use crate::room::Room;

/// The answers to one request, in the order of its events, and the room that they take
/// until they are dropped.
#[derive(Debug, Default)]
pub struct Answers {
    events: Vec<EventAnswer>,
    /// What isn't told of an event, past the limits: by its index, in order.
    omitted: Vec<(usize, usize)>,
    /// How many events were rejected, by the keyword of their first violation.
    pub(crate) rejected: BTreeMap<String, u64>,
    pub(crate) room: Room,
}

impl Answers {
    /// Answers of which nothing is left out and that are counted nowhere.
    pub fn of(events: Vec<EventAnswer>) -> Answers {
        Answers { events, ..Answers::default() }
    }

    /// None yet, in the room that there is for them.
    pub(crate) fn within(room: Room) -> Answers {
        Answers { room, ..Answers::default() }
    }

    /// The answers alone.
    pub fn into_events(self) -> Vec<EventAnswer> {
        self.events
    }

    /// How many violations (of a rejected event) or notices (of an accepted one) there are
    /// besides those in the answer to this event.
    pub fn omitted_of(&self, index: usize) -> usize {
        let place = self.omitted.binary_search_by_key(&index, |(index, _)| *index);
        place.map_or(0, |place| self.omitted[place].1)
    }

    /// Adds the next event's answer and how much it leaves out.
    pub fn push(&mut self, answer: EventAnswer, omitted: usize) {
        if omitted > 0 {
            self.omitted.push((self.events.len(), omitted));
        }
        self.events.push(answer);
    }
}

impl Deref for Answers {
    type Target = [EventAnswer];
    fn deref(&self) -> &[EventAnswer] {
        &self.events
    }
}

impl DerefMut for Answers {
    fn deref_mut(&mut self) -> &mut [EventAnswer] {
        &mut self.events
    }
}

/// The outcome of one event at admission, in the order of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventAnswer {
    /// It keeps all rules.
    Accepted {
        /// Its own `_id`, or the one made for it.
        id: String,
        /// Worth knowing, and no reason to reject it; within the limits of an answer.
        notices: Vec<Notice>,
    },
    /// It breaks at least one rule. It is kept in `rejects`.
    Rejected {
        /// Its `_id`, if one could be read.
        id: Option<String>,
        /// The broken rules, within the limits of an answer.
        violations: Vec<Violation>,
    },
}

impl EventAnswer {
    /// True when the event was accepted.
    pub fn is_accepted(&self) -> bool {
        matches!(self, EventAnswer::Accepted { .. })
    }
}

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
