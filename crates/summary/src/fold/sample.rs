//! The day's visitors, or those of them with the smallest hashes, each with his trail.

use hashbrown::{HashMap, HashSet};

use super::Bucket;
use super::additions::Spot;
use super::choice::Choice;
use super::groups::Groups;
use super::sources::Sources;
use super::window::{Clock, Window};
use crate::day::Sample;
use crate::{TRAIL_ENTRIES_PER_DAY_MAX, VISITORS_PER_DAY_MAX, VISITORS_PER_DAY_MIN};

/// The sample of a day.
pub(crate) fn sample(window: Window, bucket: Bucket, sources: &Sources<'_>, choice: &Choice) -> Sample {
    let smallest = smallest(window, sources);
    let numbers: HashMap<u64, u32> = smallest.hashes.iter().copied().zip(0..).collect();
    let mut entries: Vec<(u32, Entry)> = Vec::new();
    for source in sources.of_day(window) {
        let mut clock = Clock::new(window, bucket);
        for (row, visitor) in source.rows.visitors().iter().enumerate().filter(|(_, visitor)| smallest.has(**visitor)) {
            let micros = source.rows.micros()[row];
            let Some(of_day) = clock.bucket(micros) else { continue };
            let Some(number) = numbers.get(visitor) else { continue };
            let place = source.place(row as u32).0;
            let cell = choice.cell(Spot::new(of_day, place));
            let is_request = sources.places[place as usize].mask.requests() != 0;
            let minute = if is_request { (micros - window.start) % bucket.micros() / MINUTE_MICROS } else { 0 };
            entries.push((*number, Entry { cell, minute: minute as u8 }));
        }
    }
    let count = smallest.hashes.len();
    let mut sample = Sample { threshold: smallest.threshold, ..Sample::default() };
    let mut hashes = smallest.hashes.into_iter();
    Groups::new(count, &entries).for_each(|trail| {
        let Some(hash) = hashes.next().filter(|hash| sample.threshold.is_none_or(|threshold| *hash < threshold)) else {
            return;
        };
        trail.sort_unstable();
        let entries = || trail.chunk_by(|one, next| one == next).map(|same| same[0]);
        let is_full = sample.cells.len() + entries().count() > TRAIL_ENTRIES_PER_DAY_MAX;
        if is_full && sample.hashes.len() >= VISITORS_PER_DAY_MIN {
            sample.threshold = Some(hash);
            return;
        }
        sample.hashes.push(hash);
        sample.cells.extend(entries().map(|entry| entry.cell));
        sample.minutes.extend(entries().map(|entry| entry.minute));
        sample.ends.push(sample.cells.len() as u32);
    });
    for column in [&mut sample.ends, &mut sample.cells] {
        column.shrink_to_fit();
    }
    sample.hashes.shrink_to_fit();
    sample.minutes.shrink_to_fit();
    sample
}

/// Where a visitor was, and of a contact request the minute of the cell's bucket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    cell: u32,
    minute: u8,
}

const MINUTE_MICROS: i64 = 60_000_000;

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
    for source in sources.of_day(window) {
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
