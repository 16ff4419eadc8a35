//! Where each bucket's part of a column ends.

use std::ops::Range;

/// Of a column of ascending cells, where the cells of each bucket of the day end. Found out once: a question that
/// tells hours apart looks for two thousand hours in each of its columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByBucket(Vec<u32>);

impl ByBucket {
    /// The same of all cells of a day, which are told by their buckets.
    pub(super) fn of_day(buckets: &[u16]) -> ByBucket {
        let count = buckets.last().map_or(0, |last| last + 1);
        ByBucket((0..count).map(|at| buckets.partition_point(|bucket| *bucket <= at) as u32).collect())
    }

    /// Of some of these cells.
    pub(super) fn of(&self, cells: &[u32]) -> ByBucket {
        ByBucket(self.0.iter().map(|end| cells.partition_point(|cell| cell < end) as u32).collect())
    }

    /// The last bucket before one.
    fn last_before(&self, bucket: u16) -> Option<usize> {
        usize::from(bucket).min(self.0.len()).checked_sub(1)
    }

    /// The places in the column of some buckets, one after the other.
    pub(crate) fn range(&self, buckets: &Range<u16>) -> Range<usize> {
        let before = |bucket: u16| self.last_before(bucket).map_or(0, |last| self.0[last] as usize);
        before(buckets.start)..before(buckets.end)
    }

    /// What values of the column come to up to the end of each bucket.
    pub(super) fn sums(&self, values: &[u32]) -> Vec<u64> {
        let mut start = 0;
        let mut sum = 0;
        let ends = self.0.iter().map(|end| {
            sum += values[start..*end as usize].iter().map(|value| u64::from(*value)).sum::<u64>();
            start = *end as usize;
            sum
        });
        ends.collect()
    }

    /// What they come to in some buckets, by [`sums`](Self::sums).
    pub(super) fn sum(&self, sums: &[u64], buckets: &Range<u16>) -> u64 {
        let before = |bucket: u16| self.last_before(bucket).map_or(0, |last| sums[last]);
        before(buckets.end) - before(buckets.start)
    }

    /// The memory that it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_bucket() {
        // Cells 0 to 6; in bucket 2 and after bucket 4 there is none.
        let of_day = ByBucket::of_day(&[0, 0, 1, 3, 3, 4, 4]);
        let column = of_day.of(&[1, 2, 4, 6]);
        let check = |buckets: Range<u16>, in_day: Range<usize>, in_column: Range<usize>| {
            assert_eq!((of_day.range(&buckets), column.range(&buckets)), (in_day, in_column), "{buckets:?}");
        };
        let values = [10, 1, u32::MAX, 7];
        let sums = column.sums(&values);
        for (start, end) in (0..25).flat_map(|start| (start..25).map(move |end| (start, end))) {
            let sum: u64 = values[column.range(&(start..end))].iter().map(|value| u64::from(*value)).sum();
            assert_eq!(column.sum(&sums, &(start..end)), sum, "{start}..{end}");
        }
        check(0..1, 0..2, 0..1);
        check(0..24, 0..7, 0..4);
        check(1..3, 2..3, 1..2);
        check(2..3, 3..3, 2..2);
        check(3..4, 3..5, 2..3);
        check(4..5, 5..7, 3..4);
        check(5..24, 7..7, 4..4);
        assert_eq!(ByBucket::of_day(&[]).range(&(0..24)), 0..0);
    }
}
