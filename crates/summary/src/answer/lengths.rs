//! Counts lengths of time, each in whole seconds.

use crate::{SESSION_SECONDS_MAX, Seconds};

/// Lengths that are gathered before equal ones are brought together.
const GATHERED_MAX: usize = 1_024;

/// Where many are gathered, those of fewer seconds have a counter each: as many bytes as the ones gathered until then.
const NEAR_SECONDS: usize = 2 * GATHERED_MAX;

/// How often each length of time, on the way to [`Seconds`].
///
/// Many days have millions of lengths and hardly ten thousand different ones, most of them short: a few are gathered
/// unsorted; of many the short ones are counted at once, and the others from time to time.
#[derive(Clone, Default)]
pub(crate) struct Gathered {
    counts: Vec<(u32, u64)>,
    /// How many of them were brought together last.
    together: usize,
    /// By seconds; empty while there are few.
    near: Vec<u64>,
}

/// A counter for each second, all 0 between two uses, and a bit for each that isn't.
pub(crate) struct Counters {
    counts: Vec<u64>,
    used: Vec<u64>,
}

impl Counters {
    pub(crate) fn new() -> Counters {
        let seconds = SESSION_SECONDS_MAX as usize;
        Counters { counts: vec![0; seconds], used: vec![0; seconds.div_ceil(64)] }
    }

    pub(crate) fn add(&mut self, seconds: u32, count: u64) {
        self.counts[seconds as usize] += count;
        self.used[seconds as usize / 64] |= 1 << (seconds % 64);
    }

    /// Takes out the counts, ascending by their seconds.
    pub(crate) fn take(&mut self, mut each: impl FnMut(u32, u64)) {
        for (at, used) in self.used.iter_mut().enumerate() {
            while *used != 0 {
                let seconds = at as u32 * 64 + used.trailing_zeros();
                *used &= *used - 1;
                each(seconds, std::mem::take(&mut self.counts[seconds as usize]));
            }
        }
    }
}

impl Gathered {
    /// Adds a length of less than a day.
    pub(crate) fn add(&mut self, seconds: u32, count: u64, counters: &mut Counters) {
        if let Some(near) = self.near.get_mut(seconds as usize) {
            *near += count;
            return;
        }
        self.counts.push((seconds, count));
        if self.counts.len() >= GATHERED_MAX.max(2 * self.together) {
            self.near.resize(NEAR_SECONDS, 0);
            self.bring_together(counters);
        }
    }

    pub(crate) fn add_all(&mut self, other: Gathered, counters: &mut Counters) {
        let near = (0..).zip(other.near).filter(|(_, count)| *count > 0);
        near.chain(other.counts).for_each(|(seconds, count)| self.add(seconds, count, counters));
    }

    /// Leaves one entry for each length, ascending, apart from the short ones.
    fn bring_together(&mut self, counters: &mut Counters) {
        for (seconds, count) in self.counts.drain(..) {
            match self.near.get_mut(seconds as usize) {
                Some(near) => *near += count,
                None => counters.add(seconds, count),
            }
        }
        counters.take(|seconds, count| self.counts.push((seconds, count)));
        self.together = self.counts.len();
    }

    pub(crate) fn finish(mut self, counters: &mut Counters) -> Seconds {
        if self.counts.is_empty() && self.near.is_empty() {
            return Seconds::default();
        }
        self.bring_together(counters);
        let near = (0..).zip(self.near).filter(|(_, count)| *count > 0);
        Seconds(near.chain(self.counts).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn few_and_many_are_counted_alike() {
        for lengths in [0, 1, 100, 2_000, 50_000] {
            let (mut gathered, mut counters) = (Gathered::default(), Counters::new());
            let mut expected = BTreeMap::new();
            for number in 0..lengths {
                let (seconds, count) = (number * 7_919 % SESSION_SECONDS_MAX, 1 + u64::from(number % 3));
                gathered.add(seconds, count, &mut counters);
                *expected.entry(seconds).or_default() += count;
            }
            assert_eq!(gathered.finish(&mut counters), Seconds(expected), "{lengths}");
            assert!(counters.counts.iter().all(|count| *count == 0));
            assert!(counters.used.iter().all(|used| *used == 0));
        }
    }

    #[test]
    fn equal_lengths_take_no_more_memory() {
        let (mut gathered, mut counters) = (Gathered::default(), Counters::new());
        (0..1_000_000).for_each(|number| gathered.add(number % 100 * 800, 1, &mut counters));
        assert!(gathered.counts.capacity() <= GATHERED_MAX && gathered.near.capacity() <= NEAR_SECONDS);
    }
}
