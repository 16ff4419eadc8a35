//! Counts each visitor once for each number, and once for each thing that he did.

use crate::{Channel, Numbers};

/// What a visitor did, a bit for each number of distinct visitors.
pub(crate) mod seen {
    pub(crate) const ANY: u8 = 1;
    pub(crate) const CONTACT: u8 = 1 << 1;
    pub(crate) const REPEAT: u8 = 1 << 7;
    pub(super) const CHANNEL_SHIFT: u8 = 2;

    /// Contact requests by these channels.
    pub(crate) const fn requests(channels: u8) -> u8 {
        if channels == 0 { 0 } else { CONTACT | channels << CHANNEL_SHIFT }
    }
}

/// What a visitor did, for one of an answer's numbers.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) hash: u64,
    pub(crate) number: u32,
    pub(crate) seen: u8,
}

/// How many visitors of each number did what.
pub(crate) struct Counts(Vec<[u32; 8]>);

impl Counts {
    pub(crate) fn new(numbers: usize) -> Counts {
        Counts(vec![[0; 8]; numbers])
    }

    /// Counts a visitor for what he did, which wasn't counted yet.
    pub(crate) fn add(&mut self, number: usize, seen: u8) {
        let counts = &mut self.0[number];
        counts[0] += u32::from(seen & seen::ANY);
        if seen > seen::ANY {
            (1..8).for_each(|bit| counts[bit] += u32::from(seen >> bit & 1));
        }
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

/// Brings marks of the same visitor together.
pub(crate) struct Marks {
    pub(crate) counts: Counts,
    /// Numbered from 1.
    visitor: u32,
    /// For each number the last visitor, and what was counted for him.
    last: Vec<(u32, u8)>,
    sorted: Vec<Mark>,
    starts: Vec<u32>,
}

/// Marks that have the same place when they are sorted, about.
const MARKS_PER_PLACE: usize = 2;

impl Marks {
    pub(crate) fn new(numbers: usize) -> Marks {
        let counts = Counts::new(numbers);
        Marks { counts, visitor: 0, last: vec![(0, 0); numbers], sorted: Vec::new(), starts: Vec::new() }
    }

    /// Counts the marks of visitors whose hashes are in a range, both ends included; all marks of these,
    /// at once. Takes them out.
    pub(crate) fn count_all(&mut self, marks: &mut Vec<Mark>, range: (u64, u64)) {
        self.sort(marks, range);
        let mut sorted = std::mem::take(&mut self.sorted);
        for of_place in self.starts.windows(2) {
            let of_place = &mut sorted[of_place[0] as usize..of_place[1] as usize];
            // Few, and mostly of one visitor.
            of_place.sort_unstable_by_key(|mark| mark.hash);
        }
        let mut hash = None;
        for mark in &sorted {
            if hash != Some(mark.hash) {
                hash = Some(mark.hash);
                self.visitor += 1;
            }
            let (visitor, seen) = &mut self.last[mark.number as usize];
            if *visitor != self.visitor {
                (*visitor, *seen) = (self.visitor, 0);
            }
            let new = mark.seen & !*seen;
            if new != 0 {
                *seen |= new;
                self.counts.add(mark.number as usize, new);
            }
        }
        sorted.clear();
        self.sorted = sorted;
        marks.clear();
    }

    /// Puts them in places in the order of their hashes, which are spread evenly: so a place has few.
    fn sort(&mut self, marks: &[Mark], (first, last): (u64, u64)) {
        let highest = marks.iter().map(|mark| mark.hash).max().unwrap_or(first).min(last);
        let places = marks.len() / MARKS_PER_PLACE + 1;
        let width = (highest - first) / places as u64 + 1;
        let place = |mark: &Mark| ((mark.hash - first) / width) as usize;
        self.starts.clear();
        self.starts.resize(places + 2, 0);
        marks.iter().for_each(|mark| self.starts[place(mark) + 2] += 1);
        (2..self.starts.len()).for_each(|at| self.starts[at] += self.starts[at - 1]);
        self.sorted.clear();
        self.sorted.resize(marks.len(), Mark { hash: 0, number: 0, seen: 0 });
        for mark in marks {
            let at = &mut self.starts[place(mark) + 1];
            self.sorted[*at as usize] = *mark;
            *at += 1;
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
            marks in prop::collection::vec((1000u64..1100, 0u32..3, any::<u8>()), 0..200),
            range in prop::sample::select(&[(0, u64::MAX), (1000, 1099), (1000, u64::MAX)][..]),
        ) {
            let mut expected: BTreeMap<(u32, u64), u8> = BTreeMap::new();
            marks.iter().for_each(|(hash, number, seen)| *expected.entry((*number, *hash)).or_default() |= seen);
            let mut of_marks = Marks::new(3);
            let mut marks: Vec<Mark> =
                marks.into_iter().map(|(hash, number, seen)| Mark { hash, number, seen }).collect();
            of_marks.count_all(&mut marks, range);
            prop_assert!(marks.is_empty());
            for number in 0..3 {
                for bit in 0..8 {
                    let count = expected.iter().filter(|((of, _), seen)| *of == number && *seen >> bit & 1 != 0);
                    prop_assert_eq!(of_marks.counts.0[number as usize][bit] as usize, count.count());
                }
            }
        }
    }
}
