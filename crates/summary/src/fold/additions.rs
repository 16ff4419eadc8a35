//! What is to be added up in a day's cells, before it is known which values get cells of their own.
//!
//! All of it is bags: how often each thing. So what some events amount to can be added to what others
//! do, and taken away again.

use std::hash::Hash;

use hashbrown::HashMap;

use crate::day::Measure;

/// A bucket of the day and a place, by the numbering of [`Names`](super::names::Names): as one
/// number of [`Spot::BITS`], since many are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Spot(u64);

impl Spot {
    /// A bucket is less than 1,440, a place has 32 bits.
    pub(crate) const BITS: u32 = 43;

    pub(crate) fn new(bucket: u16, place: u32) -> Spot {
        Spot(u64::from(bucket) << 32 | u64::from(place))
    }

    pub(crate) fn bucket(self) -> u16 {
        (self.0 >> 32) as u16
    }

    pub(crate) fn place(self) -> u32 {
        self.0 as u32
    }

    /// A spot and a small number above it, as one number that is hashed in one step.
    pub(crate) fn with(self, above: u32) -> u64 {
        u64::from(above) << Spot::BITS | self.0
    }

    /// What [`with`](Self::with) was made of.
    pub(crate) fn and_above(number: u64) -> (Spot, u32) {
        (Spot(number & ((1 << Spot::BITS) - 1)), (number >> Spot::BITS) as u32)
    }

    /// The spot with another number of its place.
    pub(crate) fn renamed(self, places: &[u32]) -> Spot {
        Spot::new(self.bucket(), places[self.place() as usize])
    }
}

/// How often each.
#[derive(Clone, Debug)]
pub(crate) struct Bag<K>(HashMap<K, u64>);

impl<K> Default for Bag<K> {
    fn default() -> Bag<K> {
        Bag(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> Bag<K> {
    pub(crate) fn add(&mut self, key: K, count: u64) {
        *self.0.entry(key).or_default() += count;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, u64)> + '_ {
        self.0.iter().map(|(key, count)| (*key, *count))
    }

    fn add_all(&mut self, other: &Bag<K>, rename: impl Fn(K) -> K) {
        self.0.reserve(other.0.len() / 2);
        other.iter().for_each(|(key, count)| self.add(rename(key), count));
    }

    /// What takes `old` to `new`, in the names that `rename_old` and `rename_new` give.
    fn steps(old: &Bag<K>, rename_old: impl Fn(K) -> K, new: &Bag<K>, rename_new: impl Fn(K) -> K) -> Vec<(K, i64)> {
        let mut steps: HashMap<K, i64> = HashMap::with_capacity(old.0.len().max(new.0.len()));
        new.iter().for_each(|(key, count)| *steps.entry(rename_new(key)).or_default() += count as i64);
        old.iter().for_each(|(key, count)| *steps.entry(rename_old(key)).or_default() -= count as i64);
        steps.into_iter().filter(|(_, step)| *step != 0).collect()
    }

    /// Whether all steps could be taken: none leads below 0.
    fn take(&mut self, steps: &[(K, i64)]) -> bool {
        steps.iter().all(|(key, step)| {
            let count = self.0.entry(*key).or_default();
            match count.checked_add_signed(*step) {
                Some(0) => self.0.remove(key).is_some(),
                Some(sum) => {
                    *count = sum;
                    true
                }
                None => false,
            }
        })
    }

    fn bytes(&self) -> usize {
        self.0.capacity() * (size_of::<(K, u64)>() + 1)
    }
}

/// Everything of a day but its visitors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Additions {
    /// By a spot with the number of a measure above it.
    sums: Bag<u64>,
    /// By a spot with seconds above it.
    durations: Bag<u64>,
    first_contacts: Bag<u64>,
    /// With the microseconds of the last event.
    unended: Bag<(Spot, i64)>,
}

/// Lengths of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Duration,
    FirstContact,
}

/// What takes the additions of some events to those of others.
#[derive(Debug)]
pub(crate) struct Steps {
    sums: Vec<(u64, i64)>,
    durations: Vec<(u64, i64)>,
    first_contacts: Vec<(u64, i64)>,
    unended: Vec<((Spot, i64), i64)>,
}

impl Additions {
    /// Adds to a measure. At once: many events are of few spots.
    pub(crate) fn add(&mut self, measure: Measure, spot: Spot, value: u64) {
        self.sums.add(spot.with(measure.index() as u32), value);
    }

    pub(crate) fn add_length(&mut self, length: Length, spot: Spot, seconds: u32) {
        let bag = match length {
            Length::Duration => &mut self.durations,
            Length::FirstContact => &mut self.first_contacts,
        };
        bag.add(spot.with(seconds), 1);
    }

    pub(crate) fn add_unended(&mut self, spot: Spot, last_at: i64) {
        self.unended.add((spot, last_at), 1);
    }

    /// What was added up.
    pub(crate) fn sums(&self) -> impl Iterator<Item = (Measure, Spot, u64)> + '_ {
        self.sums.iter().map(|(key, value)| {
            let (spot, measure) = Spot::and_above(key);
            (Measure::ALL[measure as usize], spot, value)
        })
    }

    /// Spot, seconds, how often.
    pub(crate) fn lengths(&self, length: Length) -> impl Iterator<Item = (Spot, u32, u64)> + '_ {
        let bag = match length {
            Length::Duration => &self.durations,
            Length::FirstContact => &self.first_contacts,
        };
        bag.iter().map(|(key, count)| {
            let (spot, seconds) = Spot::and_above(key);
            (spot, seconds, count)
        })
    }

    /// Spot, microseconds of the last event, how often.
    pub(crate) fn unended(&self) -> impl Iterator<Item = (Spot, i64, u64)> + '_ {
        self.unended.iter().map(|((spot, last_at), count)| (spot, last_at, count))
    }

    /// Adds all of others, whose places are called `places` here.
    pub(crate) fn add_all(&mut self, other: &Additions, places: &[u32]) {
        self.sums.add_all(&other.sums, renamed(places));
        self.durations.add_all(&other.durations, renamed(places));
        self.first_contacts.add_all(&other.first_contacts, renamed(places));
        self.unended.add_all(&other.unended, renamed_unended(places));
    }

    /// What takes `old` to `new`, each with what its places are called here.
    pub(crate) fn steps(old: (&Additions, &[u32]), new: (&Additions, &[u32])) -> Steps {
        let (old, old_places) = old;
        let (new, new_places) = new;
        let of = |old, new| Bag::steps(old, renamed(old_places), new, renamed(new_places));
        Steps {
            sums: of(&old.sums, &new.sums),
            durations: of(&old.durations, &new.durations),
            first_contacts: of(&old.first_contacts, &new.first_contacts),
            unended: Bag::steps(&old.unended, renamed_unended(old_places), &new.unended, renamed_unended(new_places)),
        }
    }

    /// Whether all steps could be taken; if not, what is left here is of no use.
    pub(crate) fn take(&mut self, steps: &Steps) -> bool {
        self.sums.take(&steps.sums)
            && self.durations.take(&steps.durations)
            && self.first_contacts.take(&steps.first_contacts)
            && self.unended.take(&steps.unended)
    }

    /// The memory that they take, in bytes, about.
    pub(crate) fn bytes(&self) -> usize {
        self.sums.bytes() + self.durations.bytes() + self.first_contacts.bytes() + self.unended.bytes()
    }
}

impl Steps {
    pub(crate) fn is_empty(&self) -> bool {
        let Steps { sums, durations, first_contacts, unended } = self;
        sums.is_empty() && durations.is_empty() && first_contacts.is_empty() && unended.is_empty()
    }
}

fn renamed(places: &[u32]) -> impl Fn(u64) -> u64 + '_ {
    |key| {
        let (spot, above) = Spot::and_above(key);
        spot.renamed(places).with(above)
    }
}

fn renamed_unended(places: &[u32]) -> impl Fn((Spot, i64)) -> (Spot, i64) + '_ {
    |(spot, last_at)| (spot.renamed(places), last_at)
}
