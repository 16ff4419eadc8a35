//! Which events are known: id → content, for the days that resends can come from.
//!
//! An open-addressing table of 16-byte entries with linear probing: the keyed hash of
//! the id, and 56 bits of the content's hash beside 8 bits of the day. Four entries
//! share a cache line, and a batch touches its lines before it probes them, so that
//! the memory's latencies overlap.
//!
//! The id's hash is keyed with a secret of the data directory, so that nobody can make
//! two ids that collide. By chance, among 30 million ids, a collision has a probability
//! of 1 in 40,000; it would make one new event a *conflict*, which is kept in `rejects`
//! with its payload: seen, and not lost.
//!
//! The index is not stored. It is rebuilt from the table, and what a crash took out of
//! it is drained again from the journal anyway.

use std::collections::HashSet;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_secret};

/// Longest window, in days; days are kept modulo 256.
pub(crate) const DAYS_MAX: u32 = 200;
/// Events further ahead than this are remembered as if they were this far ahead.
const AHEAD_DAYS_MAX: i32 = 50;
/// Length of the secret that keys the ids' hashes, in bytes.
pub(crate) const SECRET_BYTES: usize = 192;

const SLOTS_MIN: usize = 1024;
/// Entries whose cache lines are fetched together.
const GROUP: usize = 16;

/// The keyed hash of an id. 0 marks an empty slot and is never one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdHash(u64);

/// Hashes ids under the data directory's secret. Cheap to clone: workers hash ids
/// before it is their turn with the index.
#[derive(Clone)]
pub(crate) struct IdHasher([u8; SECRET_BYTES]);

impl IdHasher {
    pub(crate) fn new(secret: [u8; SECRET_BYTES]) -> Self {
        IdHasher(secret)
    }

    #[inline]
    pub(crate) fn hash(&self, id: &str) -> IdHash {
        IdHash(xxh3_64_with_secret(id.as_bytes(), &self.0).max(1))
    }
}

/// The hash of an event's bytes as they were sent, without white space around them.
#[inline]
pub(crate) fn content_hash(event: &[u8]) -> i64 {
    xxh3_64(event).cast_signed()
}

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
    pub(crate) content: i64,
    /// Day of the event, in days since 1970-01-01.
    pub(crate) day: i32,
}

#[derive(Clone, Copy)]
struct Entry {
    id: u64,
    /// Upper 56 bits: content; lowest 8: day modulo 256.
    rest: u64,
}

const CONTENT: u64 = !0xFF;

/// The index. One owner at a time; callers share it behind a lock.
pub(crate) struct Dedupe {
    /// Id and rest of each entry; numbers, so that a large index begins as memory that the
    /// system has zeroed.
    slots: Vec<[u64; 2]>,
    used: usize,
    days: i32,
    today: i32,
}

impl Dedupe {
    /// An index that remembers `days` days back from `today`, with room for `events`.
    pub(crate) fn new(days: u32, today: i32, events: usize) -> Self {
        let days = i32::try_from(days.min(DAYS_MAX)).expect("bounded");
        let slots = (events + events / 3 + 1).next_power_of_two().max(SLOTS_MIN);
        Dedupe { slots: vec![[0; 2]; slots], used: 0, days, today }
    }

    /// The oldest event day that is remembered.
    pub(crate) fn since(&self) -> i32 {
        self.today.saturating_sub(self.days)
    }

    /// Entries in the index.
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// Moves on to another day and forgets what is too old then. Time never goes back.
    pub(crate) fn advance(&mut self, today: i32) {
        if today <= self.today {
            return;
        }
        let passed = today.saturating_sub(self.today);
        let keep = |entry: &Entry| self.age(entry).saturating_add(passed) <= self.days;
        let kept: Vec<Entry> = self.entries().filter(keep).collect();
        self.today = today;
        self.rebuild(&kept, kept.len());
    }

    /// Tells what is known of an event, and remembers a new one.
    pub(crate) fn admit(&mut self, key: Key) -> Seen {
        self.reserve(1);
        self.place(key)
    }

    /// As [`admit`](Self::admit) for many events in order.
    pub(crate) fn admit_all(&mut self, keys: &[Key], mut each: impl FnMut(usize, Seen)) {
        self.reserve(keys.len());
        for (group, members) in keys.chunks(GROUP).enumerate() {
            let touched = members.iter().fold(0, |sum, key| sum ^ self.slots[self.home(key.id.0)][0]);
            std::hint::black_box(touched);
            for (at, key) in members.iter().enumerate() {
                each(group * GROUP + at, self.place(*key));
            }
        }
    }

    /// The day under which an id is remembered; see [`Dedupe::stored_day`] for when it
    /// is not the event's own.
    pub(crate) fn day(&self, id: IdHash) -> Option<i32> {
        let entry = self.entry(self.find(id.0));
        (entry.id != 0).then(|| self.today - self.age(&entry))
    }

    /// Forgets events that are not stored after all. Rare: it costs as much as a rebuild.
    pub(crate) fn forget(&mut self, ids: &[IdHash]) {
        let ids: HashSet<u64> = ids.iter().map(|id| id.0).collect();
        let kept: Vec<Entry> = self.entries().filter(|entry| !ids.contains(&entry.id)).collect();
        self.rebuild(&kept, kept.len());
    }

    /// Inserts without telling: for rebuilding the index from the table.
    pub(crate) fn remember(&mut self, key: Key) {
        self.reserve(1);
        let _ = self.place(key);
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
    fn place(&mut self, key: Key) -> Seen {
        let content = key.content.cast_unsigned() & CONTENT;
        let at = self.find(key.id.0);
        let entry = self.entry(at);
        if entry.id == 0 {
            let day = u64::from(self.stored_day(key.day));
            self.slots[at] = [key.id.0, content | day];
            self.used += 1;
            Seen::New
        } else if entry.rest & CONTENT == content {
            Seen::Duplicate
        } else {
            Seen::Conflict
        }
    }

    /// An event from before the window is remembered for a day, since a resend comes
    /// soon or never; one from far ahead as if it were less far ahead.
    fn stored_day(&self, day: i32) -> u8 {
        let oldest = self.today.saturating_sub(self.days).saturating_add(1).min(self.today);
        let day = day.clamp(oldest, self.today.saturating_add(AHEAD_DAYS_MAX));
        day.rem_euclid(256) as u8
    }

    /// Days from the entry's day to today; negative for events from ahead.
    fn age(&self, entry: &Entry) -> i32 {
        let today = self.today.rem_euclid(256) as u8;
        let behind = i32::from(today.wrapping_sub((entry.rest & 0xFF) as u8));
        if behind >= 256 - AHEAD_DAYS_MAX { behind - 256 } else { behind }
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
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn key(id: u64, content: i64, day: i32) -> Key {
        Key { id: IdHash(id.max(1)), content, day }
    }

    #[test]
    fn new_duplicate_conflict() {
        let mut index = Dedupe::new(30, 20_000, 0);
        let mut check = |id, content, expect| assert_eq!(index.admit(key(id, content, 20_000)), expect);
        check(1, 0x700, Seen::New);
        check(1, 0x700, Seen::Duplicate);
        check(1, 0x800, Seen::Conflict);
        check(1, 0x700, Seen::Duplicate);
        check(2, 0x700, Seen::New);
        // The same home slot: told apart by the whole hash.
        check(1 + (1 << 40), 0x900, Seen::New);
        check(1, 0x700, Seen::Duplicate);
        assert_eq!(index.len(), 3);
    }

    #[test]
    fn agrees_with_a_map_while_it_grows() {
        let hasher = IdHasher::new(std::array::from_fn(|i| (i * 7 + 3) as u8));
        let mut index = Dedupe::new(30, 20_000, 0);
        let mut model: HashMap<u64, i64> = HashMap::new();
        let mut seed = 1u64;
        for batch in 0..40 {
            let keys: Vec<Key> = (0..1000)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let id = hasher.hash(&format!("event-{}", (seed >> 33) % 20_000));
                    Key { id, content: ((seed >> 60) as i64) << 8, day: 20_000 - batch % 7 }
                })
                .collect();
            let mut seen = Vec::new();
            index.admit_all(&keys, |at, what| {
                assert_eq!(at, seen.len());
                seen.push(what);
            });
            for (key, what) in keys.iter().zip(seen) {
                let expect = match model.get(&key.id.0) {
                    None => Seen::New,
                    Some(content) if *content == key.content => Seen::Duplicate,
                    Some(_) => Seen::Conflict,
                };
                model.entry(key.id.0).or_insert(key.content);
                assert_eq!(what, expect);
            }
        }
        assert_eq!(index.len(), model.len());
    }

    #[test]
    fn old_days_are_forgotten() {
        let mut index = Dedupe::new(30, 20_000, 0);
        let days = [19_970, 19_985, 20_000, 20_001, 20_900, 12];
        for (id, day) in (1..).zip(days) {
            assert_eq!(index.admit(key(id, 0, day)), Seen::New);
        }
        let mut check = |today: i32, expect: &[u64]| {
            index.advance(today);
            let known: Vec<u64> = (1..=6).filter(|id| index.day(IdHash(*id)).is_some()).collect();
            assert_eq!(known, expect, "on day {today}");
        };
        check(20_000, &[1, 2, 3, 4, 5, 6]);
        // 19,970 and 12 lie before the window and were kept for a day.
        check(20_001, &[1, 2, 3, 4, 5, 6]);
        check(20_002, &[2, 3, 4, 5]);
        check(20_015, &[2, 3, 4, 5]);
        check(20_016, &[3, 4, 5]);
        check(20_031, &[4, 5]);
        check(20_032, &[5]);
        check(20_080, &[5]);
        check(20_081, &[]);
    }

    #[test]
    fn a_long_sleep_forgets_everything() {
        let mut index = Dedupe::new(200, 20_000, 10);
        assert_eq!(index.admit(key(1, 0, 20_050)), Seen::New);
        assert_eq!(index.day(IdHash(1)), Some(20_050));
        index.advance(20_256);
        assert_eq!(index.day(IdHash(1)), None);
        assert_eq!(index.len(), 0);
    }

    #[test]
    fn other_secrets_give_other_hashes() {
        let secret = |seed: usize| std::array::from_fn(|i| (i * i * seed + 11 * i) as u8);
        let (a, b) = (IdHasher::new(secret(3)), IdHasher::new(secret(5)));
        for id in ["", "x", "12345678", "5f9f1f80-6f4e-4a55-9f3c-0c7b1f0a2f11", &"long".repeat(100)] {
            assert_eq!(a.hash(id), a.hash(id));
            assert_ne!(a.hash(id), b.hash(id), "{id}");
        }
        assert_ne!(a.hash("x"), a.hash("y"));
    }
}
