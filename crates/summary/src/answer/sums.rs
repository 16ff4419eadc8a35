//! What is added up in one pass over a day's cells.

use crate::Numbers;
use crate::day::Measure;

/// Sums of some cells: of each of [`Measure::ALL`], and of chats that are open and that aren't.
#[derive(Clone, Copy)]
pub(crate) struct Sums([u64; Measure::ALL.len() + 2]);

/// The places of chats without an end.
const OPEN: usize = Measure::ALL.len();
const UNENDED: usize = OPEN + 1;

impl Default for Sums {
    fn default() -> Sums {
        Sums([0; Measure::ALL.len() + 2])
    }
}

impl Sums {
    /// Adds to a measure by its [index](Measure::index).
    pub(crate) fn add(&mut self, measure: usize, value: u64) {
        self.0[measure] += value;
    }

    /// Adds chats without an end: of those that are over and of those that are open so many.
    pub(crate) fn add_unended(&mut self, over: u64, open: u64) {
        self.0[UNENDED] += over;
        self.0[OPEN] += open;
    }

    pub(crate) fn add_all(&mut self, other: &Sums) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, value)| *sum += value);
    }

    /// Adds them to the numbers that they are of.
    pub(crate) fn add_to(&self, numbers: &mut Numbers) {
        for (measure, sum) in Measure::ALL.into_iter().zip(self.0) {
            *measure.of(numbers) += sum;
        }
        numbers.sessions.open += self.0[OPEN];
        numbers.sessions.unended += self.0[UNENDED];
    }
}
