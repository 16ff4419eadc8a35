//! The day's visitors, or those of them with the smallest hashes, each with his trail.

use hashbrown::{HashMap, HashSet};

use super::Bucket;
use super::additions::Spot;
use super::shard::Shard;
use super::sort::by_number;
use super::sources::Sources;
use super::window::{Clock, Window};
use crate::{TRAIL_ENTRIES_PER_DAY_MAX, VISITORS_PER_DAY_MAX, VISITORS_PER_DAY_MIN};

/// Entries of trails before it is known which values have cells of their own: the same cell may be
/// there several times.
const ENTRIES_MAX: usize = 4 * TRAIL_ENTRIES_PER_DAY_MAX;

/// The visitors with the smallest hashes, each with his trail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trails {
    /// All visitors with smaller hashes are here; `None`: all there are.
    pub(crate) threshold: Option<u64>,
    /// Ascending.
    hashes: Vec<u64>,
    /// Where the entries of each visitor end.
    ends: Vec<u32>,
    /// Ascending within a visitor, each once.
    entries: Vec<Entry>,
}

/// Where a visitor was, and of a contact request the minute of its bucket above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry(u64);

impl Entry {
    fn new(spot: Spot, minute: u8) -> Entry {
        Entry(spot.with(minute.into()))
    }

    pub(crate) fn spot_and_minute(self) -> (Spot, u8) {
        let (spot, minute) = Spot::and_above(self.0);
        (spot, minute as u8)
    }

    fn renamed(self, places: &[u32]) -> Entry {
        let (spot, minute) = self.spot_and_minute();
        Entry::new(spot.renamed(places), minute)
    }
}

/// Visitors whose trails are others now.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Ascending by hash; an empty trail if there is none any more.
    trails: Vec<(u64, Vec<Entry>)>,
    /// Whether a trail lacks something that it had.
    has_less: bool,
    /// Visitors from this hash on aren't known.
    threshold: Option<u64>,
}

const MINUTE_MICROS: i64 = 60_000_000;

impl Trails {
    /// Of the visitors of a shard.
    pub(crate) fn of(window: Window, bucket: Bucket, sources: &Sources<'_>, shard: Shard) -> Trails {
        let smallest = smallest(window, sources, shard);
        let numbers: HashMap<u64, u32> = smallest.hashes.iter().copied().zip(0..).collect();
        let mut entries: Vec<(u32, Entry)> = Vec::new();
        for source in sources.of_day(window) {
            let mut clock = Clock::new(window, bucket);
            let visitors = source.rows.visitors().iter().copied().enumerate();
            let visitors = visitors.filter_map(|(row, visitor)| Some((row, kept(visitor)?)));
            for (row, visitor) in visitors.filter(|(_, visitor)| smallest.has(*visitor)) {
                let micros = source.rows.micros()[row];
                let Some(of_day) = clock.bucket(micros) else { continue };
                let Some(number) = numbers.get(&visitor) else { continue };
                let place = source.place(row as u32);
                let is_request = place.mask.requests() != 0;
                let minute = if is_request { (micros - window.start) % bucket.micros() / MINUTE_MICROS } else { 0 };
                entries.push((*number, Entry::new(Spot::new(of_day, place.number), minute as u8)));
            }
        }
        let mut trails = Trails { threshold: smallest.threshold, ..Trails::default() };
        let entries = by_number(entries, smallest.hashes.len() as u64, |(number, _)| (*number).into());
        let mut trail = Vec::new();
        for of_visitor in entries.chunk_by(|one, next| one.0 == next.0) {
            trail.clear();
            trail.extend(of_visitor.iter().map(|(_, entry)| *entry));
            trail.sort_unstable();
            trails.push(smallest.hashes[of_visitor[0].0 as usize], &trail);
        }
        trails
    }

    /// Visitors, ascending, with their trails.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &[Entry])> + '_ {
        let mut start = 0;
        self.hashes.iter().zip(&self.ends).map(move |(hash, end)| {
            let trail = &self.entries[start..*end as usize];
            start = *end as usize;
            (*hash, trail)
        })
    }

    /// Adds a visitor after all others, if there is room.
    fn push(&mut self, hash: u64, trail: &[Entry]) {
        if self.threshold.is_some_and(|threshold| hash >= threshold) || trail.is_empty() {
            return;
        }
        let start = self.entries.len();
        trail.chunk_by(|one, next| one == next).for_each(|same| self.entries.push(same[0]));
        let is_full = self.entries.len() > ENTRIES_MAX && self.hashes.len() >= VISITORS_PER_DAY_MIN;
        if is_full || self.hashes.len() >= VISITORS_PER_DAY_MAX {
            self.entries.truncate(start);
            self.threshold = Some(hash);
            return;
        }
        self.hashes.push(hash);
        self.ends.push(self.entries.len() as u32);
    }

    /// Adds those of other visitors, whose places are called `places` here.
    pub(crate) fn add_all(&mut self, other: &Trails, places: &[u32]) {
        let all = other.iter().map(|(hash, trail)| (hash, in_order(trail, places)));
        let added = Changes { trails: all.collect(), has_less: false, threshold: other.threshold };
        self.merge(&added);
    }

    /// Which trails of `old` are others in `new`, each with what its places are called where they are
    /// kept.
    pub(crate) fn changes(old: (&Trails, &[u32]), new: (&Trails, &[u32])) -> Changes {
        let mut changes =
            Changes { threshold: [old.0.threshold, new.0.threshold].into_iter().flatten().min(), ..Changes::default() };
        let mut before = old.0.iter().peekable();
        let mut add = |hash: u64, earlier: Option<&[Entry]>, now: Option<&[Entry]>| {
            let earlier = earlier.map_or_else(Vec::new, |trail| in_order(trail, old.1));
            let now = now.map_or_else(Vec::new, |trail| in_order(trail, new.1));
            if earlier != now {
                changes.has_less |= earlier.iter().any(|entry| now.binary_search(entry).is_err());
                changes.trails.push((hash, now));
            }
        };
        for (hash, trail) in new.0.iter() {
            while let Some((gone, earlier)) = before.next_if(|(before, _)| *before < hash) {
                add(gone, Some(earlier), None);
            }
            let earlier = before.next_if(|(before, _)| *before == hash);
            add(hash, earlier.map(|(_, trail)| trail), Some(trail));
        }
        before.for_each(|(gone, earlier)| add(gone, Some(earlier), None));
        changes
    }

    /// Whether the changes could be made. They can't where somebody may move up who isn't known.
    pub(crate) fn take(&mut self, changes: &Changes) -> bool {
        let is_below = |threshold: u64| self.threshold.is_none_or(|own| threshold < own);
        if changes.threshold.is_some_and(is_below) || changes.has_less && self.threshold.is_some() {
            return false;
        }
        if !changes.trails.is_empty() {
            self.merge(changes);
        }
        true
    }

    fn merge(&mut self, changes: &Changes) {
        let threshold = [self.threshold, changes.threshold].into_iter().flatten().min();
        let mut merged = Trails { threshold, ..Trails::default() };
        merged.hashes.reserve(self.hashes.len());
        merged.ends.reserve(self.hashes.len());
        merged.entries.reserve(self.entries.len());
        let mut changed = changes.trails.iter().peekable();
        for (hash, trail) in self.iter() {
            while let Some((new, trail)) = changed.next_if(|(new, _)| *new < hash) {
                merged.push(*new, trail);
            }
            match changed.next_if(|(new, _)| *new == hash) {
                Some((_, trail)) => merged.push(hash, trail),
                None => merged.push(hash, trail),
            }
        }
        changed.for_each(|(new, trail)| merged.push(*new, trail));
        *self = merged;
    }

    /// The memory that they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.hashes.capacity() * size_of::<u64>()
            + self.ends.capacity() * size_of::<u32>()
            + self.entries.capacity() * size_of::<Entry>()
    }
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.trails.is_empty()
    }
}

/// A trail with other numbers of its places, in their order.
fn in_order(trail: &[Entry], places: &[u32]) -> Vec<Entry> {
    let mut renamed: Vec<Entry> = trail.iter().map(|entry| entry.renamed(places)).collect();
    renamed.sort_unstable();
    renamed
}

/// What is kept of a visitor's hash: the first 48 bits, the others as ones. Of ten million visitors no two are expected
/// to have the same, and what is the same in all takes no room in a file. `None` for 0, which stands for no visitor.
fn kept(visitor: u64) -> Option<u64> {
    (visitor != 0).then_some(visitor | u64::from(u16::MAX))
}

/// The smallest hashes of a day.
struct Smallest {
    /// Ascending; all below the threshold.
    hashes: Vec<u64>,
    /// The next one, if there are more.
    threshold: Option<u64>,
}

impl Smallest {
    /// Whether a visitor may be among them.
    fn has(&self, visitor: u64) -> bool {
        self.threshold.is_none_or(|threshold| visitor < threshold)
    }

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

fn smallest(window: Window, sources: &Sources<'_>, shard: Shard) -> Smallest {
    let mut seen = HashSet::new();
    let mut smallest = Smallest { hashes: Vec::new(), threshold: None };
    for source in sources.of_day(window) {
        for (visitor, micros) in source.rows.visitors().iter().zip(source.rows.micros()) {
            let Some(hash) = kept(*visitor) else { continue };
            if smallest.has(hash)
                && window.has(*micros)
                && shard.has(*visitor)
                && seen.insert(hash)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_that_are_kept_differ_in_their_first_48_bits() {
        assert_eq!(kept(0), None);
        for hash in [1, 0xffff, 0x1_0000, 0x1234_5678_9abc_def0, u64::MAX] {
            let rounded = kept(hash).expect("a visitor");
            assert_eq!((rounded >> 16, rounded & 0xffff), (hash >> 16, 0xffff), "{hash:x}");
        }
    }
}
