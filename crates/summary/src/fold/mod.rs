//! Folds the events of a day, and of the days beside it, to the day's summary.

mod additions;
mod bag;
mod bucket;
mod cells;
mod chat;
mod choice;
mod counts;
mod groups;
mod keep;
mod names;
mod part;
mod sample;
mod sessions;
mod shard;
mod sort;
mod sources;
mod touched;
mod trails;
mod visits;
mod window;

pub use bucket::Bucket;
pub use keep::Keep;
pub(crate) use keep::named;
pub use part::{Changed, Part};
pub use shard::Shard;
pub(crate) use window::day_start;

use crate::day::DaySummary;
use crate::rows::Rows;

/// What a UTC day, counted from 1970-01-01, amounts to.
///
/// `rows` hold all events of the day before, the day and the day after, each event once, in any order
/// and in any number of parts; events of other days are passed over. All must be made with one
/// [`HashKey`](crate::HashKey).
pub fn fold(day: i32, rows: &[&Rows], keep: &Keep<'_>) -> DaySummary {
    Part::new(day, keep.bucket, rows, Shard::WHOLE).summary(keep)
}
