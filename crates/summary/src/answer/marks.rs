//! Counts each visitor once for each number, and once for each thing that he did.

use std::ops::RangeInclusive;

use crate::{Channel, Numbers};

/// What a visitor did, a bit for each number of distinct visitors.
pub(crate) mod seen {
    use crate::Want;

    pub(crate) const ANY: u8 = 1;
    pub(crate) const CONTACT: u8 = 1 << 1;
    pub(crate) const REPEAT: u8 = 1 << 7;
    const CHANNEL_SHIFT: u8 = 2;
    const CHANNELS: u8 = 0b1_1111;

    /// Contact requests by these channels.
    pub(crate) const fn requests(channels: u8) -> u8 {
        if channels == 0 { 0 } else { CONTACT | channels << CHANNEL_SHIFT }
    }

    /// The channels of these contact requests.
    pub(crate) const fn channels(seen: u8) -> u8 {
        seen >> CHANNEL_SHIFT & CHANNELS
    }

    /// What is wanted of what visitors did, apart from whether they came again.
    pub(crate) const fn wanted(want: Want) -> u8 {
        let contact = if want.contact_visitors { requests(CHANNELS) } else { 0 };
        if want.visitors { ANY | contact } else { contact }
    }
}

/// How many visitors of each number did what.
pub(crate) struct Counts(Vec<[u32; 8]>);

impl Counts {
    pub(crate) fn new(numbers: usize) -> Counts {
        Counts(vec![[0; 8]; numbers])
    }

    /// Counts a visitor for what he did, which wasn't counted yet.
    pub(crate) fn add(&mut self, number: u32, seen: u8) {
        let counts = &mut self.0[number as usize];
        counts[0] += u32::from(seen & seen::ANY);
        if seen > seen::ANY {
            (1..8).for_each(|bit| counts[bit] += u32::from(seen >> bit & 1));
        }
    }

    /// Counts visitors by what they did: how many did each.
    pub(crate) fn add_many(&mut self, number: u32, visitors: &Histogram) {
        for (seen, visitors) in visitors.0.iter().enumerate().filter(|(_, visitors)| **visitors > 0) {
            (0..8).for_each(|bit| self.0[number as usize][bit] += (seen >> bit & 1) as u32 * visitors);
        }
    }

    pub(crate) fn add_all(&mut self, other: &Counts) {
        let own = self.0.iter_mut().flatten();
        own.zip(other.0.iter().flatten()).for_each(|(count, other)| *count += other);
    }

    /// Adds to the numbers of a number's place.
    pub(crate) fn add_to(&self, number: usize, numbers: &mut Numbers) {
        let [visitors, contact, channels @ .., repeat] = self.0[number].map(u64::from);
        numbers.visitors.sampled += visitors;
        numbers.contact_visitors.sampled += contact;
        numbers.repeat_visitors.sampled += repeat;
        for (channel, count) in Channel::ALL.into_iter().zip(channels) {
            numbers.channel_visitors[channel as usize].sampled += count;
        }
    }
}

/// How many visitors did each.
#[derive(Clone)]
pub(crate) struct Histogram([u32; 256]);

impl Histogram {
    pub(crate) fn new() -> Histogram {
        Histogram([0; 256])
    }

    pub(crate) fn add(&mut self, seen: u8) {
        self.0[usize::from(seen)] += 1;
    }
}

/// Brings together what the same visitor did on several days, for one number.
///
/// A table of visitors in the order of their hashes, nearly: each has his place by how far his hash is between the
/// least and the greatest, or the next one that is free. Hashes are spread evenly, and those of a day come in their order,
/// so a day's visitors are looked for from one end of the table to the other, and nothing is sorted.
pub(crate) struct Union {
    slots: Vec<Known>,
    /// The slots in use are those from 0 to here.
    last: usize,
    first_hash: u64,
    /// What is left of the distance to the least hash, so that all bits of the greatest one count.
    shift: u32,
    /// Slots for each part of 2^64 of that.
    scale: u64,
    /// What was put into a slot before isn't there any more.
    round: u32,
}

#[derive(Clone, Copy, Default)]
struct Known {
    hash: u64,
    round: u32,
    seen: u8,
}

impl Union {
    const SLOTS_MIN: usize = 16;

    pub(crate) fn new() -> Union {
        Union { slots: Vec::new(), last: 0, first_hash: 0, shift: 0, scale: 0, round: 0 }
    }

    /// Forgets everything, and has room for so many marks of visitors whose hashes are in a range.
    pub(crate) fn begin(&mut self, marks: usize, hashes: &RangeInclusive<u64>) {
        let slots = (2 * marks).next_power_of_two().max(Union::SLOTS_MIN);
        if self.slots.len() < slots {
            self.slots.resize(slots, Known::default());
        }
        self.last = slots - 1;
        self.first_hash = *hashes.start();
        let width = hashes.end().saturating_sub(*hashes.start()).max(1);
        self.shift = width.leading_zeros();
        self.scale = ((slots as u128) << 64).div_euclid(u128::from(width << self.shift) + 1) as u64;
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.slots.fill(Known::default());
            self.round = 1;
        }
    }

    /// Adds what a visitor did, and answers what of it is new. At most as often as there is room for.
    pub(crate) fn add(&mut self, hash: u64, seen: u8) -> u8 {
        let distance = hash.wrapping_sub(self.first_hash) << self.shift;
        let mut at = ((u128::from(distance) * u128::from(self.scale)) >> 64) as usize & self.last;
        loop {
            let known = &mut self.slots[at];
            if known.round != self.round {
                *known = Known { hash, round: self.round, seen };
                return seen;
            }
            if known.hash == hash {
                let new = seen & !known.seen;
                known.seen |= seen;
                return new;
            }
            at = (at + 1) & self.last;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_visitor_counts_once(
            rounds in prop::collection::vec(
                (prop::collection::vec((0u64..100, any::<u8>()), 0..200), 0u64..3, any::<u64>()), 1..4),
            first_round in prop::sample::select(&[0, 1, u32::MAX - 1][..]),
        ) {
            let mut union = Union::new();
            union.round = first_round;
            for (marks, spread, first) in rounds {
                // From next to each other to all over the range.
                let step = [1, 1 << 20, u64::MAX / 100][spread as usize];
                let first = if step == u64::MAX / 100 { 0 } else { first.min(u64::MAX - 100 * step) };
                let mut expected: BTreeMap<u64, u8> = BTreeMap::new();
                let mut histogram = Histogram::new();
                union.begin(marks.len(), &(first..=first + 100 * step));
                for (number, seen) in marks {
                    let hash = first + number * step;
                    *expected.entry(hash).or_default() |= seen;
                    histogram.add(union.add(hash, seen));
                }
                let mut counts = Counts::new(1);
                counts.add_many(0, &histogram);
                for bit in 0..8 {
                    let count = expected.values().filter(|seen| **seen >> bit & 1 != 0).count();
                    prop_assert_eq!(counts.0[0][bit] as usize, count);
                }
            }
        }
    }

    #[test]
    fn visitors_by_what_they_did_are_counted_as_each_is() {
        let (mut one_by_one, mut together) = (Counts::new(1), Counts::new(1));
        let mut histogram = Histogram::new();
        for seen in (0..=u8::MAX).chain(3..90).chain(7..9) {
            one_by_one.add(0, seen);
            histogram.add(seen);
        }
        together.add_many(0, &histogram);
        assert_eq!(one_by_one.0, together.0);
    }
}
