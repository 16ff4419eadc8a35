//! What a day's events amount to, kept so small that a question about a year reads no event.

mod channel;
mod counter;
mod event;
mod numbers;
mod query;

pub use channel::Channel;
pub use counter::{COUNTER_MAX, Counter};
pub use event::Event;
pub use numbers::{Anomalies, Answer, Distinct, Numbers, Seconds, Sessions};
pub use query::{Channels, Dimension, Filter, Query, Timeline, Values};

/// Silence that ends a visit, in microseconds: 30 minutes.
pub const VISIT_SILENCE_MICROS: i64 = 30 * 60 * 1_000_000;

/// The longest that a chat session or a visit lasts, and the silence after which the id of a chat
/// session stands for a new one, in microseconds: 24 hours.
pub const SESSION_MICROS_MAX: i64 = 24 * 60 * 60 * 1_000_000;

/// How long after its end a UTC day takes events that are not late, in microseconds: 1 hour.
pub const DAY_CLOSES_AFTER_MICROS: i64 = 60 * 60 * 1_000_000;

/// A contact request this long after the visitor's one before is a repeated one, in microseconds:
/// from 30 minutes to 7 days.
pub const REPEAT_MICROS: std::ops::RangeInclusive<i64> = 30 * 60 * 1_000_000..=7 * 24 * 60 * 60 * 1_000_000;
