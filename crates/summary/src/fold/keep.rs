//! What of a day is kept apart.

use super::Bucket;
use crate::dimensions::TEXT_DIMENSIONS;
use crate::{Dimensions, Filter, VALUES_PER_DAY_MAX, Values};

/// What of a day's events is kept apart; the default is all that a stored summary may have.
#[derive(Clone, Copy, Debug)]
pub struct Keep<'a> {
    /// How finely the time.
    pub bucket: Bucket,
    /// By what else.
    pub dimensions: Dimensions,
    /// How many values of each dimension at most, the most frequent first.
    pub values_max: usize,
    /// The values that it names are kept besides, however rare.
    pub named: Option<&'a Filter>,
}

impl Default for Keep<'_> {
    fn default() -> Self {
        Keep { bucket: Bucket::Hour, dimensions: Dimensions::ALL, values_max: VALUES_PER_DAY_MAX, named: None }
    }
}

impl Keep<'_> {
    /// The values that must be kept, of each dimension of text.
    pub(crate) fn named_values(&self) -> [Vec<&str>; TEXT_DIMENSIONS] {
        let Some(filter) = self.named else { return Default::default() };
        filter.texts().map(|(_, values)| named(values))
    }
}

/// The texts that a choice names.
pub(crate) fn named(values: &Values) -> Vec<&str> {
    values.any_of.iter().chain(&values.none_of).map(String::as_str).filter(|text| !text.is_empty()).collect()
}
