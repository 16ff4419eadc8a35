//! Turns additions into the columns of a summary.

use super::additions::{Additions, Length, Spot};
use super::bag::{Bag, add_up};
use super::choice::Choice;
use super::sort::by_number;
use crate::day::{Cells, Lengths, Measure, Sums, Unended, in_parts};

/// About as many cells are looked through in the time that sorting takes for each value.
const CELLS_PER_VALUE: usize = 16;

impl Choice {
    /// The cells with their sums.
    pub(crate) fn sums(&self, additions: &Additions) -> Cells {
        let sums = Measure::ALL.into_iter().map(|measure| {
            let (cells, values) = self.by_cell(additions.sums(measure)).into_iter().flat_map(in_parts).unzip();
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
    fn by_cell(&self, sums: &Bag<Spot>) -> Vec<(u32, u64)> {
        let values = sums.iter().map(|(spot, value)| (self.cell(spot), value));
        if sums.len() * CELLS_PER_VALUE < self.cells.len() {
            let mut values: Vec<(u32, u64)> = values.collect();
            values.sort_unstable_by_key(|(cell, _)| *cell);
            add_up(&mut values);
            return values;
        }
        let mut sums = vec![0; self.cells.len()];
        values.for_each(|(cell, value)| sums[cell as usize] += value);
        (0..).zip(sums).filter(|(_, sum)| *sum > 0).collect()
    }

    /// How often each length of time in each cell.
    pub(crate) fn lengths(&self, additions: &Additions, length: Length) -> Lengths {
        let counted = additions.lengths(length);
        let counted = counted.map(|(spot, seconds, count)| ((self.cell(spot), seconds), count)).collect();
        // By seconds they are in order.
        let mut counted = by_number(counted, self.cells.len() as u64, |((cell, _), _)| u64::from(*cell));
        add_up(&mut counted);
        Lengths::new(counted.into_iter().map(|((cell, seconds), count)| (cell, seconds, count)))
    }

    /// The sessions without an end.
    pub(crate) fn unended(&self, additions: &Additions) -> Unended {
        let sessions = additions.unended();
        let each = |(spot, last_at, count)| std::iter::repeat_n((self.cell(spot), last_at), count as usize);
        Unended::new(sessions.flat_map(each).collect())
    }
}
