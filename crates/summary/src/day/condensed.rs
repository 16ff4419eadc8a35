//! A day's summary without its buckets: what a question takes that has all of the day in one place.
//!
//! A day by hours has each place up to 24 times, and most questions don't care. It is made with the summary,
//! is never written, and shares with it what it can. It has no lengths of time: these are looked at as they are kept.

use std::sync::Arc;

use super::{Cells, DaySummary, Lengths, Sample, Sums, Trails, Unended, in_parts};
use crate::fold::Bucket;

impl DaySummary {
    /// With its condensed form, if it is one that is kept; `trails` are those of its sample.
    pub(crate) fn finished(mut self, trails: Trails) -> DaySummary {
        self.requests = self.places.iter().map(|place| place.mask.requests()).collect();
        let condensed = match self.bucket {
            Bucket::Hour => Some(Box::new(self.condense(trails).with_buckets())),
            Bucket::QuarterHour | Bucket::Minute => None,
        };
        DaySummary { condensed, ..self.with_buckets() }
    }

    /// The same day, each of whose cells is a place of all of it. It tells no minutes of contact requests.
    fn condense(&self, mut trails: Trails) -> DaySummary {
        let places = self.places.len();
        let place = |cell: u32| self.cells.places[cell as usize];
        let sums = self.cells.sums.iter().map(|sums| {
            let mut of_places = vec![0u64; places];
            let each = sums.cells.iter().zip(&sums.values);
            each.for_each(|(cell, value)| of_places[place(*cell) as usize] += u64::from(*value));
            let (cells, values) = (0..).zip(of_places).flat_map(in_parts).unzip();
            Sums::new(cells, values)
        });
        let (buckets, all) = (vec![0; places], (0..places as u32).collect());
        let cells = Cells { buckets, places: all, sums: sums.collect(), ..Cells::default() };
        let unended = self.unended.each().map(|(cell, last_at)| (place(cell), last_at));
        trails.cells.iter_mut().for_each(|cell| *cell = place(*cell));
        let visitors = (self.sample.threshold, Arc::clone(&self.sample.hashes));
        DaySummary {
            day: self.day,
            bucket: self.bucket,
            dimensions: self.dimensions,
            values: Arc::clone(&self.values),
            has_other: self.has_other,
            places: Arc::clone(&self.places),
            requests: Arc::clone(&self.requests),
            cells,
            durations: Lengths::default(),
            first_contacts: Lengths::default(),
            unended: Unended::new(unended.collect()),
            sample: Sample::new(visitors, places, |_| None, &trails),
            condensed: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn great_sums_are_in_parts() {
        let check = |sum: u64, expect: &[u32]| {
            assert!(in_parts((7, sum)).eq(expect.iter().map(|part| (7, *part))), "{sum}");
        };
        check(0, &[]);
        check(5, &[5]);
        check(u64::from(u32::MAX), &[u32::MAX]);
        check(u64::from(u32::MAX) * 2 + 3, &[u32::MAX, u32::MAX, 3]);
    }
}
