//! The instants that decide about a day.

use crate::DAY_MICROS;

/// Days since 1970 that are counted at all: more than microseconds in 64 bits can tell.
const DAY_MAX: i64 = i64::MAX / DAY_MICROS - 2;

/// When a day begins, in microseconds since 1970-01-01T00:00:00Z.
pub(crate) fn day_start(day: i32) -> i64 {
    i64::from(day).clamp(-DAY_MAX, DAY_MAX) * DAY_MICROS
}

/// A day with the one before and the one after: what begins within it is known from these.
///
/// A chat session begins with an event that has none less than 24 hours before it, and takes what is
/// less than 24 hours after it. A visit lasts at most 23:30 hours, so one that reaches into the day began
/// after 0:30 of the day before, which holds the 30 minutes of silence that show it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// The day's first instant.
    pub(crate) start: i64,
}

impl Window {
    pub(crate) fn new(day: i32) -> Window {
        Window { start: day_start(day) }
    }

    /// Whether an instant is in the day.
    pub(crate) fn has(self, micros: i64) -> bool {
        (self.start..self.start + DAY_MICROS).contains(&micros)
    }

    /// Whether an instant is in the day or the one after.
    pub(crate) fn has_or_precedes(self, micros: i64) -> bool {
        (self.start..self.start + 2 * DAY_MICROS).contains(&micros)
    }

    /// Whether a span, its last instant included, has a part in the day or one beside it.
    pub(crate) fn touches(self, first: i64, last: i64) -> bool {
        last >= self.start - DAY_MICROS && first < self.start + 2 * DAY_MICROS
    }

    /// Whether an instant is in the day or one beside it.
    pub(crate) fn sees(self, micros: i64) -> bool {
        (self.start - DAY_MICROS..self.start + 2 * DAY_MICROS).contains(&micros)
    }
}
