//! What is to be added up in a day's cells, before it is known which values get cells of their own.

use hashbrown::HashMap;

use crate::day::Measure;

/// A bucket of the day and a place, by the numbering of [`Sources`](super::sources::Sources): as one
/// number, since many are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Spot(u64);

impl Spot {
    pub(crate) fn new(bucket: u16, place: u32) -> Spot {
        Spot(u64::from(bucket) << 32 | u64::from(place))
    }

    pub(crate) fn bucket(self) -> u16 {
        (self.0 >> 32) as u16
    }

    pub(crate) fn place(self) -> u32 {
        self.0 as u32
    }
}

/// Everything of a day but its visitors.
#[derive(Default)]
pub(crate) struct Additions {
    sums: HashMap<SumKey, u64>,
    /// Seconds.
    pub(crate) durations: Vec<(Spot, u32)>,
    pub(crate) first_contacts: Vec<(Spot, u32)>,
    /// Microseconds of the last event.
    pub(crate) unended: Vec<(Spot, i64)>,
}

/// A measure and a spot, as one number that is hashed in one step.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct SumKey(u64);

/// Above the bits of a bucket and a place.
const MEASURE_SHIFT: u32 = 48;

impl Additions {
    /// Adds to a measure. At once: many events are of few spots.
    pub(crate) fn add(&mut self, measure: Measure, spot: Spot, value: u64) {
        *self.sums.entry(SumKey((measure.index() as u64) << MEASURE_SHIFT | spot.0)).or_default() += value;
    }

    /// What was added up.
    pub(crate) fn sums(&self) -> impl Iterator<Item = (Measure, Spot, u64)> + '_ {
        self.sums.iter().map(|(key, value)| {
            let measure = Measure::ALL[(key.0 >> MEASURE_SHIFT) as usize];
            (measure, Spot(key.0 & ((1 << MEASURE_SHIFT) - 1)), *value)
        })
    }
}
