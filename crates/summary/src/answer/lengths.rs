//! Counts lengths of time, each in whole seconds.

use crate::{SESSION_SECONDS_MAX, Seconds};

/// Lengths that are gathered before equal ones are brought together.
const GATHERED_MAX: usize = 8_192;

/// How often each length of time, on the way to [`Seconds`].
///
/// Many days have millions of lengths and hardly ten thousand different ones: they are gathered unsorted,
/// and from time to time counted.
#[derive(Clone, Default)]
pub(crate) struct Gathered {
    counts: Vec<(u32, u64)>,
    /// How many of them were brought together last.
    together: usize,
}

/// A counter for each second, all 0 between two uses.
pub(crate) struct Counters(Vec<u64>);

impl Counters {
    pub(crate) fn new() -> Counters {
        Counters(vec![0; SESSION_SECONDS_MAX as usize])
    }
}

impl Gathered {
    /// Adds a length of less than a day.
    pub(crate) fn add(&mut self, seconds: u32, count: u32, counters: &mut Counters) {
        self.counts.push((seconds, count.into()));
        if self.counts.len() >= GATHERED_MAX.max(2 * self.together) {
            self.bring_together(counters);
        }
    }

    /// Leaves one entry for each length, ascending.
    fn bring_together(&mut self, counters: &mut Counters) {
        let Counters(counters) = counters;
        if self.counts.len() < counters.len() / 64 {
            self.counts.sort_unstable();
            self.counts.dedup_by(|next, kept| {
                let is_same = next.0 == kept.0;
                kept.1 += if is_same { next.1 } else { 0 };
                is_same
            });
        } else {
            self.counts.drain(..).for_each(|(seconds, count)| counters[seconds as usize] += count);
            let counted = (0..).zip(counters.iter_mut()).filter(|(_, count)| **count > 0);
            self.counts.extend(counted.map(|(seconds, count)| (seconds, std::mem::take(count))));
        }
        self.together = self.counts.len();
    }

    pub(crate) fn finish(mut self, counters: &mut Counters) -> Seconds {
        self.bring_together(counters);
        Seconds(self.counts.into_iter().collect())
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
                let (seconds, count) = (number * 7_919 % SESSION_SECONDS_MAX, 1 + number % 3);
                gathered.add(seconds, count, &mut counters);
                *expected.entry(seconds).or_default() += u64::from(count);
            }
            assert_eq!(gathered.finish(&mut counters), Seconds(expected), "{lengths}");
            assert!(counters.0.iter().all(|count| *count == 0));
        }
    }

    #[test]
    fn equal_lengths_take_no_more_memory() {
        let (mut gathered, mut counters) = (Gathered::default(), Counters::new());
        (0..1_000_000).for_each(|number| gathered.add(number % 100, 1, &mut counters));
        assert!(gathered.counts.capacity() <= GATHERED_MAX);
    }
}
