//! The instants that decide about a day.

use super::Bucket;
use crate::{DAY_MICROS, VISIT_SILENCE_MICROS};

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

    /// The first instant of the day after.
    pub(crate) fn end(self) -> i64 {
        self.start + DAY_MICROS
    }

    /// Whether an instant is in the day after.
    pub(crate) fn precedes(self, micros: i64) -> bool {
        (self.end()..self.end() + DAY_MICROS).contains(&micros)
    }

    /// Whether an event of the day is late enough in it that its visit can go on in the day after.
    pub(crate) fn is_near_end(self, micros: i64) -> bool {
        (self.end() - VISIT_SILENCE_MICROS..self.end()).contains(&micros)
    }

    /// Whether an event is so much earlier than the day that a visit goes on past it before the day begins.
    pub(crate) fn is_far_before(self, micros: i64) -> bool {
        micros < self.start - VISIT_SILENCE_MICROS
    }

    /// Whether a span, its last instant included, has a part in the day.
    pub(crate) fn has_part(self, first: i64, last: i64) -> bool {
        last >= self.start && first < self.end()
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

/// Tells the buckets of instants of the day. Neighbours are mostly of one bucket, which takes no division.
pub(crate) struct Clock {
    window: Window,
    bucket: Bucket,
    current: u16,
    from: i64,
    until: i64,
}

impl Clock {
    pub(crate) fn new(window: Window, bucket: Bucket) -> Clock {
        Clock { window, bucket, current: 0, from: 0, until: 0 }
    }

    /// The bucket of an instant; `None` if it isn't in the day.
    pub(crate) fn bucket(&mut self, micros: i64) -> Option<u16> {
        if micros < self.from || micros >= self.until {
            if !self.window.has(micros) {
                return None;
            }
            let current = (micros - self.window.start) / self.bucket.micros();
            self.current = current as u16;
            self.from = self.window.start + current * self.bucket.micros();
            self.until = self.from + self.bucket.micros();
        }
        Some(self.current)
    }
}
