//! What a day's events amount to, kept so small that a question about a year reads no event.
//!
//! [`RowsBuilder`] takes events and makes [`Rows`] of them: columns of what matters here, for one data file
//! or for rows that are in none yet. [`fold`] makes the [`DaySummary`] of a UTC day from the rows of that
//! day and of the two beside it. [`answer`] answers a [`Query`] from the summaries of the days of its span
//! and of the seven before. Nothing here reads a file or knows the time: the same rows give the same
//! numbers, whether a summary was stored or is made for the question.
//!
//! # What a summary holds
//!
//! * **Cells**: for each bucket of the day (an hour), datastream, subject, page, device and set of channels that
//!   has events, the sums of everything that can be added up. A chat session is in the cell of its beginning.
//! * **Lengths of time**: chat durations and times to first contact are less than a day, so there are
//!   86,400 whole seconds at most. How often each, by cell: medians are exact, and cost less than a
//!   DDSketch for each cell would. An entry takes four bytes in memory; most of a busy day are of one length once.
//! * **Unended sessions** with their last event, since whether they are open depends on the present.
//! * **Visitors**: those with the smallest hashes, at most [`VISITORS_PER_DAY_MAX`], each with the cells of
//!   his events and the minutes of his contact requests. A day with no more has all of them, and every
//!   distinct count is exact. Else it is a sample of a known share: every count of visitors, at any filter and
//!   over any span, has the error that [`Distinct::error`] tells. Of a hash 48 bits are kept, the same on all days,
//!   so samples of days are one sample of the span, by the lowest of their thresholds; a bucket of a
//!   series is estimated from the days that it is about. HyperLogLog
//!   would need a sketch for each cell, and could tell neither visitors that pass two filters at once nor
//!   who came again.
//!
//! A day has two of them ([`DaySummaries`]), of the same events and the same visitors: one as above, and one whose
//! cells are by datastream, device and referrer. Pages and referrers together would be more cells than all
//! others, and few ask for both: a query that names a referrer and a page or a subject is answered by a summary
//! folded for it ([`Dimensions`]).
//!
//! # What it leaves out
//!
//! Limits keep a summary small whatever strangers send: rare values of a dimension are counted
//! together ([`VALUES_PER_DAY_MAX`], [`CELLS_PER_DAY_MAX`]). [`DaySummary::can_answer`] says when a query
//! needs one of these, or an instant within a bucket; a summary folded for that query, with [`Keep`],
//! answers it.
//!
//! # Parts
//!
//! Sessions and visits are of one chat session's id or one visitor each, and everything else is of one
//! event. So a day can be folded in [`Shard`]s of keys and be added up, and a day that changes a little is
//! brought up to date by folding only the keys of what came and went ([`Part::change`]).
//!
//! # Why three days
//!
//! A chat session begins with an event of its id that has none less than 24 hours before it, and takes what
//! is less than 24 hours after its beginning. A visit is shorter than 23:30 hours ([`VISIT_MICROS_MAX`]):
//! one that reaches into the day began after 0:30 of the day before, and the 30 minutes of silence that show
//! it are in that day, too. So what begins in a day is known from the day and the two beside it.
//!
//! # Who came again
//!
//! Contact requests of a visitor are known to the minute, and those of one minute count as one. One is
//! repeated if the latest of an earlier minute, among those that pass the filter, is 30 minutes to 7 days
//! earlier. Buckets of a series and rows count the requests of theirs that repeat any one before, also of
//! another bucket or row.

mod answer;
mod channel;
mod columns;
mod counter;
mod day;
mod device;
mod dimensions;
mod event;
mod fold;
mod hash_key;
mod limits;
mod numbers;
mod query;
mod referrer;
mod rows;
mod text;

pub use answer::{Lasting, answer, lasting_answer, lasting_answers};
pub use channel::Channel;
pub use columns::{
    Bits, Bounds, EventColumns, FlagColumn, FlagValues, IdentityColumn, IntegerColumn, KeyNumbers, Keys, ListColumn,
    Present, TextColumn, Texts,
};
pub use counter::{COUNTER_MAX, Counter};
pub use day::{DaySummaries, DaySummary, DecodeError, Unanswerable};
pub use device::{Device, DeviceSigns, TABLET_SIDE_MAX, TABLET_SIDE_MIN};
pub use dimensions::{Dimension, Dimensions};
pub use event::Event;
pub use fold::{Bucket, Changed, Keep, Part, Shard, fold};
pub use hash_key::HashKey;
pub use limits::*;
pub use numbers::{Anomalies, Answer, Distinct, Numbers, RowKey, Seconds, Sessions};
pub use query::{Channels, Filter, Query, Timeline, Values, Want, Wanted};
pub use referrer::{HOST_CHARS_MAX, INTERNAL_REFERRER, referrer, referrer_named};
pub use rows::{Rows, RowsBuilder};
pub use text::{TEXT_CHARS_MAX, cut, page};

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
