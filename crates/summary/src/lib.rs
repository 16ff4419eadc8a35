//! What a day's events amount to, kept so small that a question about a year reads no event.

mod answer;
mod channel;
mod counter;
mod day;
mod event;
mod fold;
mod hash_key;
mod limits;
mod numbers;
mod query;
mod rows;

pub use answer::answer;
pub use channel::Channel;
pub use counter::{COUNTER_MAX, Counter};
pub use day::{DaySummary, DecodeError, Unanswerable};
pub use event::Event;
pub use fold::{Bucket, Keep, fold};
pub use hash_key::HashKey;
pub use limits::*;
pub use numbers::{Anomalies, Answer, Distinct, Numbers, RowKey, Seconds, Sessions};
pub use query::{Channels, Dimension, Filter, Query, Timeline, Values};
pub use rows::{Rows, RowsBuilder};

/// A day, in microseconds.
pub const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// Silence that ends a visit, in microseconds: 30 minutes.
pub const VISIT_SILENCE_MICROS: i64 = 30 * 60 * 1_000_000;

/// The longest that a chat session lasts, and the silence after which its id stands for a new one, in
/// microseconds: 24 hours.
pub const SESSION_MICROS_MAX: i64 = DAY_MICROS;

/// No chat session and no visit is that long, in seconds.
const SESSION_SECONDS_MAX: u32 = (SESSION_MICROS_MAX / 1_000_000) as u32;

/// The longest that a visit lasts, in microseconds: 23:30 hours. An event that much or more after its
/// visit's first one belongs to no visit. Half an hour less than a session, so that the day before
/// shows where a visit began, together with the silence in front of it.
pub const VISIT_MICROS_MAX: i64 = SESSION_MICROS_MAX - VISIT_SILENCE_MICROS;

/// How long after its end a UTC day takes events that are not late, in microseconds: 1 hour.
pub const DAY_CLOSES_AFTER_MICROS: i64 = 60 * 60 * 1_000_000;

/// A contact request this long after the visitor's one before is a repeated one, in microseconds:
/// from 30 minutes to 7 days.
pub const REPEAT_MICROS: std::ops::RangeInclusive<i64> = 30 * 60 * 1_000_000..=7 * 24 * 60 * 60 * 1_000_000;
