//! The day's visitors, or those of them with the smallest hashes, each with his trail.

use hashbrown::{HashMap, HashSet};

use super::Bucket;
use super::additions::Spot;
use super::choice::Choice;
use super::sources::Sources;
use super::window::Window;
use crate::day::Sample;
use crate::{TRAIL_ENTRIES_PER_DAY_MAX, VISITORS_PER_DAY_MAX, VISITORS_PER_DAY_MIN};

/// The sample of a day.
pub(crate) fn sample(window: Window, bucket: Bucket, sources: &Sources<'_>, choice: &Choice) -> Sample {
    let smallest = smallest(window, sources);
    let mut trails: Vec<Vec<u64>> = Vec::new();
    trails.resize_with(smallest.hashes.len(), Vec::new);
    let numbers: HashMap<u64, u32> = smallest.hashes.iter().copied().zip(0..).collect();
    for source in &sources.sources {
        let rows = source.rows.visitors().iter().zip(source.rows.micros()).enumerate();
        for (row, (visitor, micros)) in
            rows.filter(|(_, (visitor, micros))| smallest.has(**visitor) && window.has(**micros))
        {
            let Some(number) = numbers.get(visitor) else { continue };
            let place = source.place(row as u32).0;
            let cell = choice.cell(Spot::new(window.bucket(bucket, *micros), place));
            let is_request = sources.places[place as usize].mask.requests() != 0;
            let minute = if is_request { (micros - window.start) % bucket.micros() / 60_000_000 } else { 0 };
            trails[*number as usize].push(u64::from(cell) << 8 | minute as u64);
        }
    }
    let mut sample = Sample { threshold: smallest.threshold, ..Sample::default() };
    for (hash, mut trail) in smallest.hashes.into_iter().zip(trails) {
        trail.sort_unstable();
        trail.dedup();
        if sample.cells.len() + trail.len() > TRAIL_ENTRIES_PER_DAY_MAX && sample.hashes.len() >= VISITORS_PER_DAY_MIN {
            sample.threshold = Some(hash);
            break;
        }
        sample.hashes.push(hash);
        sample.cells.extend(trail.iter().map(|entry| (entry >> 8) as u32));
        sample.minutes.extend(trail.iter().map(|entry| *entry as u8));
        sample.ends.push(sample.cells.len() as u32);
    }
    sample
}

/// The smallest hashes of a day.
struct Smallest {
    /// Ascending; all below the threshold.
    hashes: Vec<u64>,
    /// The next one, if there are more.
    threshold: Option<u64>,
}

impl Smallest {
    /// Whether a visitor may be among them. 0 stands for none.
    fn has(&self, visitor: u64) -> bool {
        visitor != 0 && self.threshold.is_none_or(|threshold| visitor < threshold)
    }
}

fn smallest(window: Window, sources: &Sources<'_>) -> Smallest {
    let mut seen = HashSet::new();
    let mut smallest = Smallest { hashes: Vec::new(), threshold: None };
    for source in &sources.sources {
        for (visitor, micros) in source.rows.visitors().iter().zip(source.rows.micros()) {
            if smallest.has(*visitor)
                && window.has(*micros)
                && seen.insert(*visitor)
                && seen.len() > 2 * VISITORS_PER_DAY_MAX
            {
                smallest.cut(seen.iter().copied());
                seen.retain(|hash| smallest.has(*hash));
            }
        }
    }
    smallest.cut(seen.into_iter());
    smallest.hashes.sort_unstable();
    smallest
}

impl Smallest {
    /// Takes as many of the hashes as may be kept.
    fn cut(&mut self, seen: impl Iterator<Item = u64>) {
        self.hashes = seen.collect();
        if self.hashes.len() > VISITORS_PER_DAY_MAX {
            let (_, next, _) = self.hashes.select_nth_unstable(VISITORS_PER_DAY_MAX);
            self.threshold = Some(*next);
            self.hashes.truncate(VISITORS_PER_DAY_MAX);
        }
    }
}
