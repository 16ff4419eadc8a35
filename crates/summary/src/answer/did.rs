//! What each visitor of a day did, brought together from several cells.

use crate::day::Visitor;

/// Of so many visitors one is looked for among all, rather than in a list of its own.
const LISTED_SHARE: usize = 64;

/// What each visitor did.
#[derive(Default)]
pub(crate) struct Did {
    /// By visitor; 0 for those who did nothing.
    seen: Vec<u8>,
    /// Those who did something in no order, each once, while they are few.
    listed: Vec<Visitor>,
    /// How many may be listed.
    listed_max: usize,
    is_listed: bool,
    /// As many as did something, or more.
    did_max: usize,
}

impl Did {
    /// Forgets everything, and has room for the first `count` visitors.
    pub(crate) fn begin(&mut self, count: usize) {
        if self.is_listed {
            self.listed.iter().for_each(|visitor| self.seen[usize::from(*visitor)] = 0);
        } else {
            self.seen.fill(0);
        }
        self.seen.resize(count, 0);
        self.listed.clear();
        self.listed_max = count / LISTED_SHARE;
        self.did_max = 0;
        self.is_listed = true;
    }

    /// Takes what is known of all visitors, of it what is wanted.
    pub(crate) fn copy(&mut self, seen: &[u8], wanted: u8) {
        self.seen.clear();
        self.seen.extend(seen.iter().map(|seen| seen & wanted));
        self.did_max = seen.len();
        self.is_listed = false;
    }

    /// Adds what visitors did, all of them the same.
    pub(crate) fn add_all(&mut self, visitors: &[Visitor], seen: u8) {
        self.did_max += visitors.len();
        if self.is_listed && self.listed.len() + visitors.len() > self.listed_max {
            self.is_listed = false;
        }
        if self.is_listed {
            for visitor in visitors {
                let did = &mut self.seen[usize::from(*visitor)];
                if *did == 0 {
                    self.listed.push(*visitor);
                }
                *did |= seen;
            }
        } else {
            visitors.iter().for_each(|visitor| self.seen[usize::from(*visitor)] |= seen);
        }
    }

    /// Adds to what the first visitors did elsewhere, of it what is wanted.
    pub(crate) fn add_to(&self, others: &mut [u8], wanted: u8) {
        others.iter_mut().zip(&self.seen).for_each(|(other, seen)| *other |= seen & wanted);
    }

    /// Those of the first `count` visitors who did something that is wanted, ascending.
    pub(crate) fn each(&mut self, count: usize, wanted: u8, mut each: impl FnMut(Visitor, u8)) {
        let mut one = |visitor: usize, seen: u8| {
            if seen & wanted != 0 {
                each(visitor as Visitor, seen & wanted);
            }
        };
        if self.is_listed {
            self.listed.sort_unstable();
            let listed = self.listed.iter().map(|visitor| usize::from(*visitor)).take_while(|visitor| *visitor < count);
            listed.for_each(|visitor| one(visitor, self.seen[visitor]));
            return;
        }
        // Most did nothing: eight of them are looked at together.
        let all_wanted = u64::from_le_bytes([wanted; 8]);
        let (eights, rest) = self.seen[..count].as_chunks::<8>();
        for (at, eight) in eights.iter().enumerate() {
            let mut left = u64::from_le_bytes(*eight) & all_wanted;
            while left != 0 {
                let place = left.trailing_zeros() as usize / 8;
                one(at * 8 + place, eight[place]);
                left &= !(0xff << (place * 8));
            }
        }
        rest.iter().enumerate().for_each(|(place, seen)| one(eights.len() * 8 + place, *seen));
    }

    /// The same as a list.
    pub(crate) fn taken(&mut self, count: usize, wanted: u8) -> Vec<(Visitor, u8)> {
        let mut taken = Vec::with_capacity(self.did_max.min(count));
        self.each(count, wanted, |visitor, seen| taken.push((visitor, seen)));
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn few_and_many_are_brought_together_alike(
            rounds in prop::collection::vec((
                prop::collection::vec((prop::collection::vec(0u16..700, 0..20), any::<u8>()), 0..12),
                prop::sample::select(&[0usize, 1, 300, 640, 700][..]),
                any::<u8>(),
            ), 1..4),
        ) {
            let mut did = Did::default();
            for (cells, count, wanted) in rounds {
                let mut expected: BTreeMap<Visitor, u8> = BTreeMap::new();
                did.begin(700);
                for (visitors, seen) in cells {
                    did.add_all(&visitors, seen);
                    visitors.into_iter().for_each(|visitor| *expected.entry(visitor).or_default() |= seen);
                }
                let mut all = vec![0; count];
                did.add_to(&mut all, wanted);
                let expected: Vec<(Visitor, u8)> = expected
                    .into_iter()
                    .map(|(visitor, seen)| (visitor, seen & wanted))
                    .filter(|(visitor, seen)| usize::from(*visitor) < count && *seen != 0)
                    .collect();
                prop_assert_eq!(did.taken(count, wanted), expected.clone());
                let mut each = (0..).zip(all).filter(|(_, seen)| *seen != 0);
                prop_assert!(expected.into_iter().all(|one| each.next() == Some(one)));
                prop_assert!(each.next().is_none());
            }
        }
    }

    #[test]
    fn what_is_known_is_taken_as_it_is_wanted() {
        let mut did = Did::default();
        did.begin(3);
        did.add_all(&[1], 7);
        did.copy(&[3, 0, 4, 1], 6);
        assert_eq!(did.taken(4, u8::MAX), [(0, 2), (2, 4)]);
        did.begin(4);
        assert!(did.taken(4, u8::MAX).is_empty());
    }
}
