//! What of a day is kept apart.

use super::Bucket;
use crate::{Filter, VALUES_PER_DAY_MAX, Values};

/// What of a day's events is kept apart; the default is what a stored summary has.
#[derive(Clone, Copy, Debug)]
pub struct Keep<'a> {
    /// How finely the time.
    pub bucket: Bucket,
    /// How many values of each dimension at most, the most frequent first.
    pub values_max: usize,
    /// The values that it names are kept besides, however rare.
    pub named: Option<&'a Filter>,
}

impl Default for Keep<'_> {
    fn default() -> Self {
        Keep { bucket: Bucket::Hour, values_max: VALUES_PER_DAY_MAX, named: None }
    }
}

impl Keep<'_> {
    /// The values that must be kept: of datastream, subject, page.
    pub(crate) fn named_values(&self) -> [Vec<&str>; 3] {
        let Some(filter) = self.named else { return Default::default() };
        [&filter.datastream, &filter.subject, &filter.page].map(named)
    }
}

/// The texts that a choice names.
pub(crate) fn named(values: &Values) -> Vec<&str> {
    values.any_of.iter().chain(&values.none_of).map(String::as_str).filter(|text| !text.is_empty()).collect()
}
