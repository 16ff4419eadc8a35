//! What is to be added up in a day's cells, before it is known which values get cells of their own.

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
    pub(crate) sums: Vec<(Measure, Spot, u64)>,
    /// Seconds.
    pub(crate) durations: Vec<(Spot, u32)>,
    pub(crate) first_contacts: Vec<(Spot, u32)>,
    /// Microseconds of the last event.
    pub(crate) unended: Vec<(Spot, i64)>,
}
