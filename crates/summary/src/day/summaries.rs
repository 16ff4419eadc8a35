//! The summaries that are kept of a day.

use std::sync::Arc;

use super::DaySummary;
use crate::{Dimensions, Query};

/// What is kept of a day: two summaries of the same events and the same visitors, that know different
/// [`Dimensions`].
#[derive(Clone, Debug)]
pub struct DaySummaries {
    /// [`Dimensions::BY_PAGE`].
    pub(crate) by_page: Arc<DaySummary>,
    /// [`Dimensions::BY_REFERRER`].
    pub(crate) by_referrer: Arc<DaySummary>,
}

impl DaySummaries {
    /// The day, counted from 1970-01-01.
    pub fn day(&self) -> i32 {
        self.by_page.day
    }

    /// The summary that knows all dimensions that a query names; `None` if neither does. Whether it answers it,
    /// [`DaySummary::can_answer`] says.
    pub fn knowing(&self, query: &Query) -> Option<&Arc<DaySummary>> {
        let kept = Dimensions::kept_for(query)?;
        [&self.by_page, &self.by_referrer].into_iter().find(|summary| summary.dimensions == kept)
    }

    /// The memory that they take, in bytes.
    pub fn bytes(&self) -> usize {
        let shared = size_of_val::<[u64]>(&self.by_page.sample.hashes);
        (self.by_page.bytes() + self.by_referrer.bytes()).saturating_sub(shared)
    }
}
