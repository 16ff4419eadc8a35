//! The visitors that are kept one by one.

use std::sync::Arc;

use super::Bucket;
use super::choice::Choice;
use super::trails::{Entry, Trails};
use crate::day::{self, Sample};
use crate::{TRAIL_ENTRIES_PER_DAY_MAX, VISITORS_PER_DAY_MIN};

impl Choice {
    /// The samples of a day by several choices: of the same visitors, so that counts of visitors are the same
    /// whichever is asked. Where one has no room for more, no other has more either.
    pub(crate) fn samples<const N: usize>(
        choices: [&Choice; N],
        bucket: Bucket,
        trails: &Trails,
    ) -> [(Sample, day::Trails); N] {
        let mut threshold = trails.threshold;
        let mut hashes: Vec<u64> = Vec::new();
        let mut samples: [day::Trails; N] = std::array::from_fn(|_| day::Trails::default());
        for (hash, trail) in trails.iter() {
            let entries = choices.map(|choice| choice.entries(trail));
            let is_full = samples
                .iter()
                .zip(&entries)
                .any(|(sample, entries)| sample.cells.len() + entries.len() > TRAIL_ENTRIES_PER_DAY_MAX);
            if is_full && hashes.len() >= VISITORS_PER_DAY_MIN {
                threshold = Some(hash);
                break;
            }
            hashes.push(hash);
            for (sample, entries) in samples.iter_mut().zip(&entries) {
                sample.cells.extend(entries.iter().map(|entry| entry.0));
                sample.minutes.extend(entries.iter().map(|entry| entry.1));
                sample.ends.push(sample.cells.len() as u32);
            }
        }
        let hashes: Arc<[u64]> = hashes.into();
        std::array::from_fn(|at| {
            let Choice { cells, places, .. } = choices[at];
            let request_from = |cell: u32| {
                let spot = cells[cell as usize];
                (places[spot.place() as usize].mask.requests() != 0).then(|| bucket.first_minute(spot.bucket()))
            };
            let trails = std::mem::take(&mut samples[at]);
            (Sample::new((threshold, Arc::clone(&hashes)), cells.len(), request_from, &trails), trails)
        })
    }

    /// The cells of a visitor's events, ascending and each once, with the minutes of his contact requests.
    fn entries(&self, trail: &[Entry]) -> Vec<(u32, u8)> {
        let mut entries: Vec<(u32, u8)> = trail
            .iter()
            .map(|entry| {
                let (spot, minute) = entry.spot_and_minute();
                (self.cell(spot), minute)
            })
            .collect();
        entries.sort_unstable();
        entries.dedup();
        entries
    }
}
