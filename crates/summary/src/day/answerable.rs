//! Whether a day's summary answers a query, or its rows must be read.

use thiserror::Error;

use super::DaySummary;
use crate::fold::day_start;
use crate::fold::named;
use crate::{Bucket, Dimension, Query};

/// Why a summary doesn't answer a query. One folded for the query does: with
/// [`Bucket::for_query`], the query's [`Dimensions`](crate::Dimensions::of_query) and its filter in
/// [`Keep::named`](crate::Keep::named).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unanswerable {
    /// A value that the filter names is counted among others.
    #[error("the day has too many values of {dimension:?} to keep {value:?} apart")]
    Value {
        /// Of what.
        dimension: Dimension,
        /// As the filter has it.
        value: String,
    },
    /// The query names a dimension that the summary doesn't keep apart.
    #[error("the day isn't kept by {0:?} here")]
    Dimension(Dimension),
    /// An instant of the query lies within one of the day's buckets.
    #[error("the day is kept by {bucket:?} and can't be divided at {micros} µs")]
    Instant {
        /// The day's.
        bucket: Bucket,
        /// Since 1970-01-01T00:00:00Z.
        micros: i64,
    },
}

impl DaySummary {
    /// Whether the day's part of the answer can be had from this summary.
    pub fn can_answer(&self, query: &Query) -> Result<(), Unanswerable> {
        if let Some(micros) = self.bucket.divided_by(query, day_start(self.day)) {
            return Err(Unanswerable::Instant { bucket: self.bucket, micros });
        }
        for (at, (dimension, choice)) in query.filter.texts().into_iter().enumerate() {
            let is_named = !choice.is_empty() || query.by == Some(dimension);
            if is_named && !self.dimensions.has(at) {
                return Err(Unanswerable::Dimension(dimension));
            }
            if !self.has_other[at] {
                continue;
            }
            if let Some(value) = named(choice).into_iter().find(|value| self.values[at].find(value).is_none()) {
                return Err(Unanswerable::Value { dimension, value: value.to_owned() });
            }
        }
        Ok(())
    }
}
