//! Turns additions into the columns of a summary.

use super::additions::{Additions, Length};
use super::choice::Choice;
use crate::day::{Cells, Lengths, Measure, Sums, Unended};

impl Choice {
    /// The cells with their sums.
    pub(crate) fn sums(&self, additions: &Additions) -> Cells {
        let mut by_measure: Vec<Vec<(u32, u64)>> = vec![Vec::new(); Measure::ALL.len()];
        for (measure, spot, value) in additions.sums() {
            by_measure[measure.index()].push((self.cell(spot), value));
        }
        let sums = by_measure.into_iter().map(|values| {
            let (cells, values) = in_parts(self.added_up(values)).unzip();
            Sums::new(cells, values)
        });
        Cells {
            buckets: self.cells.iter().map(|cell| cell.bucket()).collect(),
            places: self.cells.iter().map(|cell| cell.place()).collect(),
            sums: sums.collect(),
            ..Cells::default()
        }
    }

    /// The sums of each cell.
    fn added_up(&self, values: Vec<(u32, u64)>) -> Vec<(u32, u64)> {
        if values.len() < self.cells.len() {
            return added_up(values);
        }
        let mut sums = vec![0; self.cells.len()];
        values.into_iter().for_each(|(cell, value)| sums[cell as usize] += value);
        (0..).zip(sums).filter(|(_, sum)| *sum > 0).collect()
    }

    /// How often each length of time in each cell.
    pub(crate) fn lengths(&self, additions: &Additions, length: Length) -> Lengths {
        let counted = additions.lengths(length);
        let counted = counted.map(|(spot, seconds, count)| ((self.cell(spot), seconds), count)).collect();
        Lengths::new(added_up(counted).into_iter().map(|((cell, seconds), count)| (cell, seconds, count)))
    }

    /// The sessions without an end.
    pub(crate) fn unended(&self, additions: &Additions) -> Unended {
        let sessions = additions.unended();
        let each = |(spot, last_at, count)| std::iter::repeat_n((self.cell(spot), last_at), count as usize);
        Unended::new(sessions.flat_map(each).collect())
    }
}

/// The sums of equal keys, in their order.
fn added_up<K: Ord + Copy>(mut values: Vec<(K, u64)>) -> Vec<(K, u64)> {
    values.sort_unstable_by_key(|(key, _)| *key);
    values.dedup_by(|next, kept| {
        let is_same = next.0 == kept.0;
        if is_same {
            kept.1 += next.1;
        }
        is_same
    });
    values
}

/// Values of 64 bits as several of 32 where one isn't enough.
fn in_parts<K: Copy>(values: Vec<(K, u64)>) -> impl Iterator<Item = (K, u32)> {
    values.into_iter().flat_map(|(key, value)| {
        let whole = (value / u64::from(u32::MAX)) as usize;
        let rest = (value % u64::from(u32::MAX)) as u32;
        std::iter::repeat_n((key, u32::MAX), whole).chain((rest > 0).then_some((key, rest)))
    })
}
