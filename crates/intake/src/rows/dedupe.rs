//! Which events are known: id → content.
//!
//! An open-addressing table of 16-byte entries with linear probing: the keyed hash of
//! the id, and 46 bits of the content's keyed hash beside the day of the event. Four entries
//! share a cache line, and a batch touches its lines before it probes them, so that
//! the memory's latencies overlap.
//!
//! The id's hash is keyed with a secret of the data directory, so that nobody can make
//! two ids that collide. By chance, among 30 million ids, a collision has a probability
//! of 1 in 40,000; it would make one new event a *conflict*, which is kept in `rejects`
//! with its payload: seen, and not lost.
//!
//! The index is not stored, and it needn't hold everything. Of each row in the table either
//! its id is here, or its day is among the days that are [`missing`](Dedupe::missing): then
//! an event of that day whose id isn't here is *unsure*, and is looked up in the table
//! before it is called new. So nothing depends on the clock but how much is held: what a
//! step of it makes the index forget, or not load at a start, is found in the table.

pub(crate) mod keys;
pub(crate) mod look_up;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use hashbrown::HashSet;

/// Longest window, in days.
pub(crate) const DAYS_MAX: u32 = 200;
/// The window ends this far ahead.
pub(crate) const AHEAD_DAYS: i32 = 50;
/// Entries outside of the window that are held, unless the caller says otherwise: 85 MiB.
pub(crate) const OUTSIDE_EVENTS_MAX: usize = 4_000_000;

const SLOTS_MIN: usize = 1024;
/// Entries whose cache lines are fetched together.
const GROUP: usize = 16;

/// The keyed hash of an id. 0 marks an empty slot and is never one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct IdHash(u64);

/// What the index knows of an event.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing; now it is known.
    New,
    /// The same id with the same content.
    Duplicate,
    /// The same id with other content.
    Conflict,
}

/// One event as the index sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) id: IdHash,
    /// The content's keyed hash; see [`keys::Keys::mac`].
    pub(crate) content: i64,
    /// Day of the event, in days since 1970-01-01.
    pub(crate) day: i32,
}

#[derive(Clone, Copy)]
struct Entry {
    id: u64,
    /// Upper 46 bits: content, the lowest of them telling a [`LEGACY`] one; lowest 18: day.
    rest: u64,
}

const DAY_BITS: u32 = 18;
const DAY_MASK: u64 = (1 << DAY_BITS) - 1;
const CONTENT: u64 = !DAY_MASK;
/// Set in a content's hash that is made of the bytes of an event from before contents were
/// compared as JSON.
pub(crate) const LEGACY: i64 = 1 << DAY_BITS;
/// The first day that fits an entry, 1600-01-01; the last one lies in 2317. Events have times
/// between 1678 and 2261.
const DAY_FIRST: i32 = -135_140;

impl Entry {
    fn new(key: Key) -> Self {
        let day = key.day.saturating_sub(DAY_FIRST).clamp(0, DAY_MASK as i32) as u64;
        Entry { id: key.id.0, rest: key.content.cast_unsigned() & CONTENT | day }
    }

    fn day(self) -> i32 {
        (self.rest & DAY_MASK) as i32 + DAY_FIRST
    }
}

/// The index. One owner at a time; callers share it behind a lock.
pub(crate) struct Dedupe {
    /// Id and rest of each entry; numbers, so that a large index begins as memory that the
    /// system has zeroed.
    slots: Vec<[u64; 2]>,
    used: usize,
    days: i32,
    today: i32,
    /// Days of which the table may have rows that are not here, with their number.
    missing: BTreeMap<i32, u64>,
    /// Days around today none of which is missing.
    clear: RangeInclusive<i32>,
    /// Ids that were looked up and are not in the table, although their day is missing.
    absent: HashSet<IdHash>,
    /// Entries outside of the window.
    outside: usize,
    outside_max: usize,
}

impl Dedupe {
    /// An index with a window of `days` back from `today`, and room for `events`. Of events
    /// outside of the window it holds about `outside_max`.
    pub(crate) fn new(days: u32, today: i32, events: usize, outside_max: usize) -> Self {
        let days = i32::try_from(days.min(DAYS_MAX)).expect("bounded");
        let slots = (events + events / 3 + 1).next_power_of_two().max(SLOTS_MIN);
        Dedupe {
            slots: vec![[0; 2]; slots],
            used: 0,
            days,
            today,
            missing: BTreeMap::new(),
            clear: i32::MIN..=i32::MAX,
            absent: HashSet::new(),
            outside: 0,
            outside_max,
        }
    }

    /// The days that are held whatever their size.
    pub(crate) fn window(&self) -> RangeInclusive<i32> {
        self.today.saturating_sub(self.days)..=self.today.saturating_add(AHEAD_DAYS)
    }

    /// Days of which the table may have rows that are not here.
    pub(crate) fn missing(&self) -> impl Iterator<Item = i32> {
        self.missing.keys().copied()
    }

    /// Notes that the table has rows of a day which are not here.
    pub(crate) fn miss(&mut self, day: i32, rows: u64) {
        *self.missing.entry(day).or_default() += rows;
        self.find_clear_days();
    }

    /// Entries in the index.
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// Tells the index what day it is, which may be any.
    pub(crate) fn move_to(&mut self, today: i32) {
        if today != self.today {
            self.today = today;
            self.count_outside();
            self.find_clear_days();
        }
    }

    fn count_outside(&mut self) {
        let window = self.window();
        self.outside = self.entries().filter(|entry| !window.contains(&entry.day())).count();
    }

    /// Whether there are more entries outside of the window than are to be held.
    pub(crate) fn is_crowded(&self) -> bool {
        self.outside > self.outside_max
    }

    /// Forgets what lies outside of the window, but the days in `kept`: those of rows that are
    /// not in the table yet.
    pub(crate) fn forget_outside(&mut self, kept: &BTreeSet<i32>) {
        let window = self.window();
        let is_kept = |day: i32| window.contains(&day) || kept.contains(&day);
        let (entries, gone): (Vec<Entry>, Vec<Entry>) = self.entries().partition(|entry| is_kept(entry.day()));
        gone.iter().for_each(|entry| *self.missing.entry(entry.day()).or_default() += 1);
        self.rebuild(&entries, entries.len());
        self.count_outside();
        self.find_clear_days();
    }

    /// Whether only the table can tell if an event is new.
    #[inline]
    pub(crate) fn is_unsure(&self, key: &Key) -> bool {
        !self.clear.contains(&key.day) && self.is_unsure_outside(key)
    }

    #[cold]
    fn is_unsure_outside(&self, key: &Key) -> bool {
        self.missing.contains_key(&key.day) && self.slots[self.find(key.id.0)][0] == 0 && !self.absent.contains(&key.id)
    }

    /// Tells what is known of an event that is not unsure, and remembers a new one. `legacy`
    /// gives the content's hash as events had it before; it is asked for where it matters.
    pub(crate) fn admit(&mut self, key: Key, legacy: impl FnOnce() -> i64) -> Seen {
        self.reserve(1);
        self.place(key, legacy)
    }

    /// As [`admit`](Self::admit) for many events in order; both functions get an event's
    /// number.
    pub(crate) fn admit_all(
        &mut self,
        keys: &[Key],
        mut legacy: impl FnMut(usize) -> i64,
        mut each: impl FnMut(usize, Seen),
    ) {
        self.reserve(keys.len());
        for (group, members) in keys.chunks(GROUP).enumerate() {
            let touched = members.iter().fold(0, |sum, key| sum ^ self.slots[self.home(key.id.0)][0]);
            std::hint::black_box(touched);
            for (at, key) in members.iter().enumerate() {
                let number = group * GROUP + at;
                each(number, self.place(*key, || legacy(number)));
            }
        }
    }

    /// The day under which an id is remembered.
    pub(crate) fn day(&self, id: IdHash) -> Option<i32> {
        let entry = self.entry(self.find(id.0));
        (entry.id != 0).then(|| entry.day())
    }

    /// Forgets events that are not stored after all. Rare: it costs as much as a rebuild.
    pub(crate) fn forget(&mut self, ids: &[IdHash]) {
        let ids: HashSet<u64> = ids.iter().map(|id| id.0).collect();
        let kept: Vec<Entry> = self.entries().filter(|entry| !ids.contains(&entry.id)).collect();
        self.rebuild(&kept, kept.len());
        self.count_outside();
    }

    /// Inserts without telling: what the table holds.
    pub(crate) fn remember(&mut self, key: Key) {
        self.reserve(1);
        // Nothing is compared: the first of two rows of one id stays.
        let _ = self.place(key, || 0);
    }

    fn entries(&self) -> impl Iterator<Item = Entry> {
        self.slots.iter().map(|&[id, rest]| Entry { id, rest }).filter(|entry| entry.id != 0)
    }

    #[inline]
    fn entry(&self, at: usize) -> Entry {
        let [id, rest] = self.slots[at];
        Entry { id, rest }
    }

    #[inline]
    fn place(&mut self, key: Key, legacy: impl FnOnce() -> i64) -> Seen {
        let at = self.find(key.id.0);
        let (known, entry) = (self.entry(at), Entry::new(key));
        if known.id == 0 {
            self.slots[at] = [entry.id, entry.rest];
            self.used += 1;
            self.outside += usize::from(!self.window().contains(&key.day));
            Seen::New
        } else if known.rest & CONTENT == entry.rest & CONTENT {
            Seen::Duplicate
        } else if known.rest & LEGACY.cast_unsigned() != 0 && known.rest & CONTENT == legacy().cast_unsigned() & CONTENT
        {
            // From here on it is known by what it says.
            self.slots[at][1] = entry.rest & CONTENT | known.rest & DAY_MASK;
            Seen::Duplicate
        } else {
            Seen::Conflict
        }
    }

    /// The days around today without a missing one. Today itself can be one, if only for a
    /// moment; then there are none.
    fn find_clear_days(&mut self) {
        let before = self.missing.range(..=self.today).next_back().map_or(i32::MIN, |(day, _)| day + 1);
        let after = self.missing.range(self.today..).next().map_or(i32::MAX, |(day, _)| day - 1);
        self.clear = before..=after;
    }

    #[inline]
    fn home(&self, id: u64) -> usize {
        // The length is a power of two.
        id as usize & (self.slots.len() - 1)
    }

    /// The slot of `id`, or the empty one where it would be. There is always an empty one.
    #[inline]
    fn find(&self, id: u64) -> usize {
        let mut at = self.home(id);
        loop {
            let found = self.slots[at][0];
            if found == id || found == 0 {
                return at;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Keeps a quarter of the slots empty, so that probes stay short.
    fn reserve(&mut self, more: usize) {
        if (self.used + more) * 4 > self.slots.len() * 3 {
            let kept: Vec<Entry> = self.entries().collect();
            let room = kept.len() + more;
            self.rebuild(&kept, room);
        }
    }

    fn rebuild(&mut self, kept: &[Entry], room: usize) {
        let slots = (room + room / 3 + 1).next_power_of_two().max(SLOTS_MIN);
        self.slots = vec![[0; 2]; slots];
        self.used = kept.len();
        for entry in kept {
            let at = self.find(entry.id);
            self.slots[at] = [entry.id, entry.rest];
        }
    }
}

#[cfg(test)]
mod tests;
