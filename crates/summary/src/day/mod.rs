//! What a day amounts to: immutable, small, made by [`fold`](crate::fold).

mod answerable;
mod by_bucket;
mod codec;
mod column;
mod columns;
mod condensed;
mod known;
mod lengths;
mod measure;
mod sample;
mod summaries;
mod unended;

pub use answerable::Unanswerable;
pub(crate) use by_bucket::ByBucket;
pub use codec::DecodeError;
pub(crate) use column::CellColumn;
pub(crate) use lengths::Lengths;
pub(crate) use measure::Measure;
pub(crate) use sample::{Entries, Sample, Trails, Visitor};
pub use summaries::DaySummaries;
pub(crate) use unended::Unended;

use std::ops::Range;
use std::sync::Arc;

use crate::Dimensions;
use crate::dimensions::TEXT_DIMENSIONS;
use crate::fold::Bucket;
use crate::rows::{Place, Texts};

/// Stands in a [`Place`] for values that have no number of their own.
pub(crate) const OTHER: u32 = u32::MAX;

/// What the events of a UTC day amount to.
#[derive(Clone, Debug)]
pub struct DaySummary {
    pub(crate) day: i32,
    pub(crate) bucket: Bucket,
    /// What is kept apart; of other dimensions all events have no text here.
    pub(crate) dimensions: Dimensions,
    /// Values of each dimension, ascending.
    pub(crate) values: Arc<[Texts; TEXT_DIMENSIONS]>,
    /// Whether values of the dimension stand in `OTHER`.
    pub(crate) has_other: [bool; TEXT_DIMENSIONS],
    pub(crate) places: Arc<[Place]>,
    /// The channels of the contact requests of each place, a bit each: what every question looks at, so it is near.
    pub(crate) requests: Arc<[u8]>,
    pub(crate) cells: Cells,
    pub(crate) durations: Lengths,
    pub(crate) first_contacts: Lengths,
    pub(crate) unended: Unended,
    pub(crate) sample: Sample,
    /// The same without buckets, and without lengths of time.
    pub(crate) condensed: Option<Box<DaySummary>>,
}

/// What is told apart: a bucket of the day and a place, in this order and ascending.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    pub(crate) buckets: Vec<u16>,
    pub(crate) places: Vec<u32>,
    pub(crate) by_bucket: ByBucket,
    /// For each of [`Measure::ALL`].
    pub(crate) sums: Vec<Sums>,
}

/// A measure's sums in those cells where it isn't 0. One above `u32::MAX` is in parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    /// Ascending.
    pub(crate) cells: Vec<u32>,
    pub(crate) values: Vec<u32>,
    pub(crate) by_bucket: ByBucket,
    /// Of all cells up to the end of each bucket.
    sums: Vec<u64>,
}

impl Sums {
    /// Of cells, ascending, and their values.
    pub(crate) fn new(mut cells: Vec<u32>, mut values: Vec<u32>) -> Sums {
        cells.shrink_to_fit();
        values.shrink_to_fit();
        Sums { cells, values, ..Sums::default() }
    }

    fn find_buckets(&mut self, of_day: &ByBucket) {
        self.by_bucket = of_day.of(&self.cells);
        self.sums = self.by_bucket.sums(&self.values);
    }

    /// What all cells of some buckets come to.
    pub(crate) fn of_buckets(&self, buckets: &Range<u16>) -> u64 {
        self.by_bucket.sum(&self.sums, buckets)
    }

    /// The memory that they take, in bytes.
    fn bytes(&self) -> usize {
        let Sums { cells, values, by_bucket, sums } = self;
        (cells.capacity() + values.capacity()) * size_of::<u32>()
            + by_bucket.bytes()
            + sums.capacity() * size_of::<u64>()
    }
}

impl DaySummary {
    /// The day, counted from 1970-01-01.
    pub fn day(&self) -> i32 {
        self.day
    }

    /// How finely it tells the time.
    pub fn bucket(&self) -> Bucket {
        self.bucket
    }

    /// Finds the buckets of each column.
    fn with_buckets(mut self) -> DaySummary {
        let of_day = ByBucket::of_day(&self.cells.buckets);
        for sums in &mut self.cells.sums {
            sums.find_buckets(&of_day);
        }
        self.durations.by_cell.find_buckets(&of_day);
        self.first_contacts.by_cell.find_buckets(&of_day);
        self.sample.find_buckets(&of_day);
        self.cells.by_bucket = of_day;
        self
    }

    /// The memory that it takes, in bytes.
    pub fn bytes(&self) -> usize {
        fn of<T>(column: &Vec<T>) -> usize {
            column.capacity() * size_of::<T>()
        }
        let DaySummary {
            values, places, requests, cells, durations, first_contacts, unended, sample, condensed, ..
        } = self;
        size_of::<DaySummary>()
            + values.iter().map(Texts::bytes).sum::<usize>()
            + size_of_val::<[Place]>(places)
            + size_of_val::<[u8]>(requests)
            + of(&cells.buckets)
            + of(&cells.places)
            + of(&cells.sums)
            + cells.sums.iter().map(Sums::bytes).sum::<usize>()
            + durations.bytes()
            + first_contacts.bytes()
            + unended.bytes()
            + size_of_val::<[u64]>(&sample.hashes)
            + sample.bytes()
            + condensed.as_ref().map_or(0, |condensed| {
                let shared = values.iter().map(Texts::bytes).sum::<usize>()
                    + size_of_val::<[Place]>(places)
                    + size_of_val::<[u8]>(requests)
                    + size_of_val::<[u64]>(&sample.hashes);
                condensed.bytes().saturating_sub(shared)
            })
    }
}

/// A sum as the columns have it: none of 0, and one above `u32::MAX` in parts.
pub(crate) fn in_parts((key, mut sum): (u32, u64)) -> impl Iterator<Item = (u32, u32)> {
    std::iter::from_fn(move || {
        let part = u32::try_from(sum).unwrap_or(u32::MAX);
        sum -= u64::from(part);
        (part > 0).then_some((key, part))
    })
}
