//! Smallest and largest value of a column chunk, for readers that skip row groups.
//!
//! Kept for instants, numbers and booleans, and for text with a small dictionary. Text
//! that hardly repeats (ids, addresses of pages) and sealed values get none: they cost
//! a comparison each and tell a reader nothing.

use parquet::data_type::ByteArray;
use parquet::file::statistics::Statistics;

use crate::block::dictionary::Plain;

/// Entries of a dictionary up to which text has statistics.
const TEXT_ENTRIES_MAX: usize = 1_024;
/// Bytes of a value above which text has none: cutting a maximum needs care that no
/// reader would thank us for.
const TEXT_BYTES_MAX: usize = 64;

/// The range of a chunk's values so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Range {
    /// No values, or of a kind that has no range.
    #[default]
    Empty,
    Long(i64, i64),
    /// `None` once a NaN was seen.
    Double(Option<(f64, f64)>),
    Boolean(bool, bool),
}

impl Range {
    /// Widens by integers or instants.
    pub(crate) fn longs(&mut self, values: &[i64]) {
        let (Some(&min), Some(&max)) = (values.iter().min(), values.iter().max()) else { return };
        *self = match *self {
            Range::Long(low, high) => Range::Long(low.min(min), high.max(max)),
            _ => Range::Long(min, max),
        };
    }

    /// Widens by doubles.
    pub(crate) fn doubles(&mut self, values: &[f64]) {
        for &value in values {
            *self = match *self {
                Range::Double(None) => Range::Double(None),
                _ if value.is_nan() => Range::Double(None),
                Range::Double(Some((low, high))) => Range::Double(Some((low.min(value), high.max(value)))),
                _ => Range::Double(Some((value, value))),
            };
        }
    }

    /// Widens by booleans.
    pub(crate) fn booleans(&mut self, values: &[bool]) {
        for &value in values {
            *self = match *self {
                Range::Boolean(low, high) => Range::Boolean(low & value, high | value),
                _ => Range::Boolean(value, value),
            };
        }
    }

    /// The range of instants or integers.
    pub(crate) fn as_longs(self) -> Option<(i64, i64)> {
        if let Range::Long(low, high) = self { Some((low, high)) } else { None }
    }

    /// As Parquet stores it; `None` if there is no range.
    pub(crate) fn statistics(self, nulls: u64) -> Option<Statistics> {
        match self {
            Range::Long(low, high) => Some(Statistics::int64(Some(low), Some(high), None, Some(nulls), false)),
            Range::Boolean(low, high) => Some(Statistics::boolean(Some(low), Some(high), None, Some(nulls), false)),
            Range::Double(Some((low, high))) => {
                // The format asks for this: a zero bound stands for both zeros.
                let low = if low == 0.0 { -0.0 } else { low };
                let high = if high == 0.0 { 0.0 } else { high };
                Some(Statistics::double(Some(low), Some(high), None, Some(nulls), false))
            }
            Range::Double(None) | Range::Empty => None,
        }
    }
}

/// Statistics of a text chunk: the bounds of its dictionary if it is small, and all
/// values are in it.
pub(crate) fn text(entries: Option<&Plain>, nulls: u64) -> Statistics {
    let entries = entries.filter(|entries| entries.len() <= TEXT_ENTRIES_MAX);
    let bounds = entries.and_then(|entries| {
        let values = || (0..entries.len()).map(|at| entries.get(at));
        let (min, max) = (values().min()?, values().max()?);
        (min.len() <= TEXT_BYTES_MAX && max.len() <= TEXT_BYTES_MAX).then(|| (bytes(min), bytes(max)))
    });
    let (min, max) = bounds.unzip();
    Statistics::byte_array(min, max, None, Some(nulls), false)
}

fn bytes(value: &[u8]) -> ByteArray {
    ByteArray::from(value.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_widen() {
        let mut range = Range::default();
        range.longs(&[]);
        assert_eq!(range, Range::Empty);
        range.longs(&[3, -7]);
        range.longs(&[5]);
        assert_eq!(range.as_longs(), Some((-7, 5)));
        let mut range = Range::default();
        range.booleans(&[true]);
        assert_eq!(range, Range::Boolean(true, true));
        range.booleans(&[false]);
        assert_eq!(range, Range::Boolean(false, true));
    }

    #[test]
    fn a_nan_takes_the_range_away() {
        let mut range = Range::default();
        range.doubles(&[1.5, 0.0]);
        assert_eq!(range, Range::Double(Some((0.0, 1.5))));
        range.doubles(&[f64::NAN]);
        range.doubles(&[1.0]);
        assert!(range.statistics(0).is_none());
    }

    #[test]
    fn long_or_many_texts_have_no_bounds() {
        let check = |values: &[&str], expect: Option<(&str, &str)>| {
            let mut plain = Plain::default();
            values.iter().for_each(|value| plain.push(value.as_bytes()));
            let statistics = text(Some(&plain), 3);
            let bounds = statistics.min_bytes_opt().zip(statistics.max_bytes_opt());
            assert_eq!(bounds, expect.map(|(min, max)| (min.as_bytes(), max.as_bytes())));
            assert_eq!(statistics.null_count_opt(), Some(3));
        };
        check(&["web", "app", "phone"], Some(("app", "web")));
        check(&["a", &"z".repeat(65)], None);
        check(&[], None);
        assert!(text(None, 0).min_bytes_opt().is_none());
    }
}
