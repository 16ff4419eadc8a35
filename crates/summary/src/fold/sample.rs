//! The trails of a day's visitors in the cells of its summary.

use super::choice::Choice;
use super::trails::Trails;
use crate::day::Sample;
use crate::{TRAIL_ENTRIES_PER_DAY_MAX, VISITORS_PER_DAY_MIN};

impl Choice {
    /// The sample of the day.
    pub(crate) fn sample(&self, trails: &Trails) -> Sample {
        let mut sample = Sample { threshold: trails.threshold, ..Sample::default() };
        let mut entries: Vec<(u32, u8)> = Vec::new();
        for (hash, trail) in trails.iter() {
            entries.clear();
            entries.extend(trail.iter().map(|entry| {
                let (spot, minute) = entry.spot_and_minute();
                (self.cell(spot), minute)
            }));
            entries.sort_unstable();
            entries.dedup();
            let is_full = sample.cells.len() + entries.len() > TRAIL_ENTRIES_PER_DAY_MAX;
            if is_full && sample.hashes.len() >= VISITORS_PER_DAY_MIN {
                sample.threshold = Some(hash);
                break;
            }
            sample.hashes.push(hash);
            sample.cells.extend(entries.iter().map(|entry| entry.0));
            sample.minutes.extend(entries.iter().map(|entry| entry.1));
            sample.ends.push(sample.cells.len() as u32);
        }
        for column in [&mut sample.ends, &mut sample.cells] {
            column.shrink_to_fit();
        }
        sample.hashes.shrink_to_fit();
        sample.minutes.shrink_to_fit();
        sample
    }
}
