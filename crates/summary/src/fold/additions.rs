//! What is to be added up in a day's cells, before it is known which values get cells of their own.
//!
//! All of it is bags: how often each thing. So what some events amount to can be added to what others
//! do, and taken away again.

use super::Bucket;
use super::bag::Bag;
use super::sort::by_number;
use crate::day::{Measure, in_parts};

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

    /// Where it stands among all spots of so many places, in ascending order.
    pub(crate) fn index(self, places: usize) -> usize {
        usize::from(self.bucket()) * places + self.place() as usize
    }

    /// A spot and a small number above it, as one number that is compared in one step.
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

/// Everything of a day but its visitors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Additions {
    /// Of each measure.
    sums: [Bag<Spot>; MEASURES],
    /// By a spot with seconds above it.
    durations: Bag<u64>,
    first_contacts: Bag<u64>,
    /// With the microseconds of the last event.
    unended: Bag<(Spot, i64)>,
}

const MEASURES: usize = Measure::ALL.len();

/// Lengths of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Duration,
    FirstContact,
}

/// What takes the additions of some events to those of others.
#[derive(Debug)]
pub(crate) struct Steps {
    sums: [Vec<(Spot, i64)>; MEASURES],
    durations: Vec<(u64, i64)>,
    first_contacts: Vec<(u64, i64)>,
    unended: Vec<((Spot, i64), i64)>,
}

/// Collects what is added.
pub(crate) struct AdditionsBuilder {
    /// By bucket: each is sorted alone, near the processor.
    sums: Vec<Vec<Addition>>,
    durations: Vec<u64>,
    first_contacts: Vec<u64>,
    unended: Vec<(Spot, i64)>,
}

/// What is added to several measures of a spot: most of what an event or a chat session amounts to is 1.
#[derive(Clone, Copy)]
struct Addition {
    place: u32,
    /// A bit for each.
    measures: u32,
    value: u32,
}

const _: () = assert!(MEASURES <= u32::BITS as usize);

impl AdditionsBuilder {
    pub(crate) fn new(bucket: Bucket) -> AdditionsBuilder {
        AdditionsBuilder {
            sums: vec![Vec::new(); bucket.per_day() as usize],
            durations: Vec::new(),
            first_contacts: Vec::new(),
            unended: Vec::new(),
        }
    }

    /// Adds to each measure what stands beside it.
    pub(crate) fn add(&mut self, spot: Spot, values: impl IntoIterator<Item = (Measure, u64)>) {
        let (place, sums) = (spot.place(), &mut self.sums[usize::from(spot.bucket())]);
        let mut once = 0;
        for (measure, value) in values {
            let measures = 1 << measure.index();
            once |= if value == 1 { measures } else { 0 };
            if value > 1 {
                sums.extend(in_parts((measures, value)).map(|(measures, value)| Addition { place, measures, value }));
            }
        }
        if once != 0 {
            sums.push(Addition { place, measures: once, value: 1 });
        }
    }

    pub(crate) fn add_length(&mut self, length: Length, spot: Spot, seconds: u32) {
        let lengths = match length {
            Length::Duration => &mut self.durations,
            Length::FirstContact => &mut self.first_contacts,
        };
        lengths.push(spot.with(seconds));
    }

    pub(crate) fn add_unended(&mut self, spot: Spot, last_at: i64) {
        self.unended.push((spot, last_at));
    }

    /// What was added, in spots of so many places.
    pub(crate) fn finish(self, places: usize) -> Additions {
        Additions {
            sums: added_up(self.sums, places),
            durations: Bag::of(self.durations),
            first_contacts: Bag::of(self.first_contacts),
            unended: Bag::of(self.unended),
        }
    }
}

/// The sums of each measure.
fn added_up(buckets: Vec<Vec<Addition>>, places: usize) -> [Bag<Spot>; MEASURES] {
    let mut sums: [Bag<Spot>; MEASURES] = Default::default();
    let mut of_spot = [0; MEASURES];
    for (bucket, additions) in (0..).zip(buckets) {
        let additions = by_number(additions, places as u64, |addition| addition.place.into());
        for of_same in additions.chunk_by(|one, next| one.place == next.place) {
            let mut measures = 0;
            for addition in of_same {
                measures |= addition.measures;
                bits(addition.measures).for_each(|measure| of_spot[measure] += u64::from(addition.value));
            }
            let spot = Spot::new(bucket, of_same[0].place);
            bits(measures).for_each(|measure| sums[measure].push(spot, std::mem::take(&mut of_spot[measure])));
        }
    }
    sums.iter_mut().for_each(Bag::shrink_to_fit);
    sums
}

/// The places of the bits that are set.
fn bits(mut bits: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = bits.trailing_zeros() as usize;
        bits &= bits.checked_sub(1)?;
        Some(at)
    })
}

impl Additions {
    /// The sums of a measure, spots ascending.
    pub(crate) fn sums(&self, measure: Measure) -> &Bag<Spot> {
        &self.sums[measure.index()]
    }

    /// Spot, seconds, how often; seconds ascending.
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
        for (sums, others) in self.sums.iter_mut().zip(&other.sums) {
            sums.add_all(others, |spot| spot.renamed(places));
        }
        self.durations.add_all(&other.durations, renamed(places));
        self.first_contacts.add_all(&other.first_contacts, renamed(places));
        self.unended.add_all(&other.unended, renamed_unended(places));
    }

    /// What takes `old` to `new`, each with what its places are called here.
    pub(crate) fn steps(old: (&Additions, &[u32]), new: (&Additions, &[u32])) -> Steps {
        let (old, old_places) = old;
        let (new, new_places) = new;
        let of = |old, new| Bag::steps(old, renamed(old_places), new, renamed(new_places));
        let of_sums = |old, new| {
            Bag::steps(old, |spot: Spot| spot.renamed(old_places), new, |spot: Spot| spot.renamed(new_places))
        };
        Steps {
            sums: std::array::from_fn(|at| of_sums(&old.sums[at], &new.sums[at])),
            durations: of(&old.durations, &new.durations),
            first_contacts: of(&old.first_contacts, &new.first_contacts),
            unended: Bag::steps(&old.unended, renamed_unended(old_places), &new.unended, renamed_unended(new_places)),
        }
    }

    /// Whether all steps could be taken; if not, what is left here is of no use.
    pub(crate) fn take(&mut self, steps: &Steps) -> bool {
        self.sums.iter_mut().zip(&steps.sums).all(|(sums, steps)| sums.take(steps))
            && self.durations.take(&steps.durations)
            && self.first_contacts.take(&steps.first_contacts)
            && self.unended.take(&steps.unended)
    }

    /// The memory that they take, in bytes, about.
    pub(crate) fn bytes(&self) -> usize {
        let sums = self.sums.iter().map(Bag::bytes).sum::<usize>();
        sums + self.durations.bytes() + self.first_contacts.bytes() + self.unended.bytes()
    }
}

impl Steps {
    pub(crate) fn is_empty(&self) -> bool {
        let Steps { sums, durations, first_contacts, unended } = self;
        sums.iter().all(Vec::is_empty) && durations.is_empty() && first_contacts.is_empty() && unended.is_empty()
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
