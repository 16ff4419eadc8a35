//! A day's summary without its buckets: what a question takes that has all of the day in one place.
//!
//! A day by hours has each place up to 24 times, and most questions don't care. It is made with the summary,
//! is never written, and shares with it what it can.

use std::sync::Arc;

use super::{Cells, DaySummary, Lengths, Sample, Sums, Trails, Unended};
use crate::fold::Bucket;

impl DaySummary {
    /// With its condensed form, if it is one that is kept; `trails` are those of its sample.
    pub(crate) fn finished(self, trails: Trails) -> DaySummary {
        match self.bucket {
            Bucket::Hour => DaySummary { condensed: Some(Box::new(self.condense(trails))), ..self },
            Bucket::QuarterHour | Bucket::Minute => self,
        }
    }

    /// The same day, each of whose cells is a place of all of it. It tells no minutes of contact requests.
    fn condense(&self, mut trails: Trails) -> DaySummary {
        let places = self.places.len();
        let place = |cell: u32| self.cells.places[cell as usize];
        let sums = self.cells.sums.iter().map(|sums| {
            let mut of_places = vec![0u64; places];
            let each = sums.cells.iter().zip(&sums.values);
            each.for_each(|(cell, value)| of_places[place(*cell) as usize] += u64::from(*value));
            let (mut cells, mut values): (Vec<u32>, Vec<u32>) = (0..).zip(of_places).flat_map(in_parts).unzip();
            cells.shrink_to_fit();
            values.shrink_to_fit();
            Sums { cells, values }
        });
        let cells = Cells { buckets: vec![0; places], places: (0..places as u32).collect(), sums: sums.collect() };
        let lengths = |lengths: &Lengths| {
            let each = lengths.cells.iter().zip(&lengths.seconds).zip(&lengths.counts);
            let mut each: Vec<(u64, u32)> = each
                .map(|((cell, seconds), count)| (u64::from(place(*cell)) << 32 | u64::from(*seconds), *count))
                .collect();
            each.sort_unstable_by_key(|(key, _)| *key);
            let mut condensed = Lengths::default();
            for same in each.chunk_by(|one, next| one.0 == next.0) {
                let (place, seconds) = ((same[0].0 >> 32) as u32, same[0].0 as u32);
                for (_, count) in in_parts((place, same.iter().map(|(_, count)| u64::from(*count)).sum())) {
                    condensed.cells.push(place);
                    condensed.seconds.push(seconds);
                    condensed.counts.push(count);
                }
            }
            let Lengths { cells, seconds, counts } = &mut condensed;
            [cells, seconds, counts].into_iter().for_each(Vec::shrink_to_fit);
            condensed
        };
        let unended = self.unended.cells.iter().zip(&self.unended.last_at);
        let mut unended: Vec<(u32, i64)> = unended.map(|(cell, last_at)| (place(*cell), *last_at)).collect();
        unended.sort_unstable();
        let (unended_cells, last_at) = unended.into_iter().unzip();
        trails.cells.iter_mut().for_each(|cell| *cell = place(*cell));
        let visitors = (self.sample.threshold, Arc::clone(&self.sample.hashes));
        DaySummary {
            day: self.day,
            bucket: self.bucket,
            dimensions: self.dimensions,
            values: Arc::clone(&self.values),
            has_other: self.has_other,
            places: Arc::clone(&self.places),
            cells,
            durations: lengths(&self.durations),
            first_contacts: lengths(&self.first_contacts),
            unended: Unended { cells: unended_cells, last_at },
            sample: Sample::new(visitors, places, |_| false, &trails),
            condensed: None,
        }
    }
}

/// A sum as the columns have it: none of 0, and one above `u32::MAX` in parts.
fn in_parts((cell, mut sum): (u32, u64)) -> impl Iterator<Item = (u32, u32)> {
    std::iter::from_fn(move || {
        let part = u32::try_from(sum).unwrap_or(u32::MAX);
        sum -= u64::from(part);
        (part > 0).then_some((cell, part))
    })
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
