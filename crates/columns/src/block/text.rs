//! A text column: numbers into a small dictionary while values repeat, else the values.
//!
//! Most text of an event comes from a small set (types, channels, languages), and a
//! Parquet file wants those as a dictionary. Interning while the value is in the
//! nearest cache costs one hash, stores two bytes instead of the text, and leaves the
//! page encoder with a table look-up. So a column begins with a dictionary and gives
//! it up ("spills") as soon as its values turn out not to repeat. The dictionary
//! outlives the block's contents: the next block mostly meets the same values.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use xxhash_rust::xxh3::xxh3_64;

use super::dictionary::{Dictionary, Plain, same};

/// Entries of a block's dictionary; a number must fit two bytes and the dictionary the cache.
const ENTRIES_MAX: usize = 4_096;
/// Bytes of a block's dictionary.
const DICTIONARY_BYTES_MAX: usize = 256 * 1024;
/// New values in a block before their share decides about the dictionary.
const TRIAL_ENTRIES: usize = 128;
/// Blocks that stay without a dictionary before it is tried again.
const PLAIN_BLOCKS: u8 = 16;

/// Numbers of dictionaries: no two of a process have the same.
static DICTIONARIES: AtomicU64 = AtomicU64::new(1);

/// The values of a text column, nulls left out.
#[derive(Debug)]
pub(crate) struct Text {
    dictionary: Dictionary,
    /// Another one as soon as entries go.
    dictionary_number: u64,
    /// Values as numbers into the dictionary, if `interning`.
    keys: Vec<u16>,
    /// The values otherwise.
    plain: Plain,
    interning: bool,
    /// Dictionary entries that an earlier block left.
    inherited: usize,
    plain_blocks_left: u8,
}

/// How a text column's values are at hand.
#[derive(Clone, Copy)]
pub(crate) enum TextValues<'a> {
    /// Numbers into a dictionary, which may have entries that no value uses.
    Keys(&'a [u16], &'a Plain),
    /// The values themselves.
    Plain(&'a Plain),
}

impl Text {
    pub(crate) fn new() -> Text {
        Text {
            dictionary: Dictionary::default(),
            dictionary_number: DICTIONARIES.fetch_add(1, Relaxed),
            keys: Vec::new(),
            plain: Plain::default(),
            interning: true,
            inherited: 0,
            plain_blocks_left: 0,
        }
    }

    /// Appends a value.
    #[inline]
    pub(crate) fn push(&mut self, value: &[u8]) {
        self.push_hashed(value, || xxh3_64(value));
    }

    /// Appends a value that has a hash: a good one of the value alone.
    #[inline]
    pub(crate) fn push_hashed(&mut self, value: &[u8], hash: impl FnOnce() -> u64) {
        if !self.interning {
            return self.plain.push(value);
        }
        if let Some(&last) = self.keys.last()
            && same(self.dictionary.entries().get(usize::from(last)), value)
        {
            return self.keys.push(last);
        }
        let known = self.dictionary.len();
        match self.dictionary.intern(value, hash(), ENTRIES_MAX) {
            Some(key) if self.dictionary.len() == known => self.keys.push(key as u16),
            Some(key) => self.push_new(key as u16),
            None => {
                self.spill();
                self.plain.push(value);
            }
        }
    }

    /// Appends the number of a value that the dictionary has just learnt.
    #[cold]
    fn push_new(&mut self, key: u16) {
        self.keys.push(key);
        let new = self.dictionary.len() - self.inherited;
        let repeats_little = new > TRIAL_ENTRIES && new * 2 > self.keys.len();
        if repeats_little || self.dictionary.entries().value_bytes() > DICTIONARY_BYTES_MAX {
            self.spill();
        }
    }

    /// Gives the dictionary up: the numbers become values.
    fn spill(&mut self) {
        for &key in &self.keys {
            self.plain.push(self.dictionary.entries().get(usize::from(key)));
        }
        self.keys.clear();
        self.forget_dictionary();
        self.interning = false;
        self.plain_blocks_left = PLAIN_BLOCKS;
    }

    fn forget_dictionary(&mut self) {
        self.dictionary.clear();
        self.dictionary_number = DICTIONARIES.fetch_add(1, Relaxed);
    }

    /// Stands for the dictionary: whenever it is the same, all entries that there were are there, and others may be
    /// behind them.
    pub(crate) fn dictionary_number(&self) -> u64 {
        self.dictionary_number
    }

    /// Number of values.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        if self.interning { self.keys.len() } else { self.plain.len() }
    }

    /// The value at `at`.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> &[u8] {
        match self.values() {
            TextValues::Keys(keys, entries) => entries.get(usize::from(keys[at])),
            TextValues::Plain(plain) => plain.get(at),
        }
    }

    /// The last value.
    pub(crate) fn last(&self) -> Option<&[u8]> {
        self.len().checked_sub(1).map(|at| self.get(at))
    }

    /// All values.
    #[inline]
    pub(crate) fn values(&self) -> TextValues<'_> {
        if self.interning {
            TextValues::Keys(&self.keys, self.dictionary.entries())
        } else {
            TextValues::Plain(&self.plain)
        }
    }

    /// Forgets the values from `len` on.
    pub(crate) fn truncate(&mut self, len: usize) {
        if self.interning { self.keys.truncate(len) } else { self.plain.truncate(len) }
    }

    /// Forgets all values; keeps the memory and, if it is worth it, the dictionary.
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.plain.clear();
        if self.interning {
            if self.dictionary.len() > ENTRIES_MAX / 2 {
                self.forget_dictionary();
            }
        } else {
            self.plain_blocks_left = self.plain_blocks_left.saturating_sub(1);
            self.interning = self.plain_blocks_left == 0;
        }
        self.inherited = self.dictionary.len();
    }

    /// Appends the values of `from` at the given places.
    pub(crate) fn gather(&mut self, from: &Text, places: impl Iterator<Item = usize>) {
        let TextValues::Keys(keys, entries) = from.values() else {
            return places.for_each(|at| self.push(from.plain.get(at)));
        };
        // `u16::MAX` is no entry: there are fewer.
        let mut ours = vec![u16::MAX; entries.len()];
        for at in places {
            let key = usize::from(keys[at]);
            if ours[key] != u16::MAX && self.interning {
                self.keys.push(ours[key]);
                continue;
            }
            self.push(entries.get(key));
            if let Some(&last) = self.keys.last() {
                ours[key] = last;
            }
        }
    }

    /// Heap bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.dictionary.heap_bytes() + self.keys.capacity() * 2 + self.plain.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[String], interned: bool) {
        let mut text = Text::new();
        for block in 0..3 {
            values.iter().for_each(|value| text.push(value.as_bytes()));
            assert_eq!(text.len(), values.len());
            for (at, value) in values.iter().enumerate() {
                assert_eq!(text.get(at), value.as_bytes(), "value {at} of block {block}");
            }
            assert_eq!(matches!(text.values(), TextValues::Keys(..)), interned, "block {block}");
            let mut other = Text::new();
            other.push(b"before");
            other.gather(&text, (0..values.len()).rev());
            for (at, value) in values.iter().rev().enumerate() {
                assert_eq!(other.get(at + 1), value.as_bytes(), "gathered {at} of block {block}");
            }
            text.truncate(1);
            assert_eq!(text.last(), values.first().map(String::as_bytes));
            text.clear();
            assert_eq!(text.last(), None);
        }
    }

    #[test]
    fn interns_what_repeats_and_spills_what_does_not() {
        let of = |count: usize, distinct: usize| (0..count).map(|n| format!("v{}", n % distinct)).collect::<Vec<_>>();
        check(&of(1, 1), true);
        check(&of(1000, 1), true);
        check(&of(8192, 64), true);
        check(&of(TRIAL_ENTRIES, TRIAL_ENTRIES), true);
        check(&of(1000, 1000), false);
        check(&of(8192, 5000), false);
        check(&vec!["long".repeat(100_000); 3], false);
        // Each often enough, and more than there are numbers for.
        check(&(0..3 * (ENTRIES_MAX + 100)).map(|n| format!("v{}", n / 3)).collect::<Vec<_>>(), false);
    }

    #[test]
    fn values_whose_hashes_are_equal_are_kept_in_order() {
        let mut text = Text::new();
        let values: Vec<String> = (0..3 * 200).map(|n| format!("v{}", n / 3)).collect();
        values.iter().for_each(|value| text.push_hashed(value.as_bytes(), || 7));
        assert!(!text.interning, "looking for them would take ever longer");
        assert_eq!(text.len(), values.len());
        values.iter().enumerate().for_each(|(at, value)| assert_eq!(text.get(at), value.as_bytes()));
    }

    #[test]
    fn tries_a_dictionary_again() {
        let mut text = Text::new();
        (0..1000).for_each(|n: u32| text.push(&n.to_le_bytes()));
        for block in 0..PLAIN_BLOCKS {
            assert!(!text.interning, "block {block}");
            text.clear();
        }
        text.push(b"x");
        assert!(text.interning);
    }

    #[test]
    fn an_inherited_dictionary_is_no_reason_to_spill() {
        let mut text = Text::new();
        (0..4000u32).for_each(|n| text.push(&(n % 1000).min(n / 4).to_le_bytes()));
        assert!(text.interning);
        text.clear();
        (0..10u32).for_each(|n| text.push(&n.to_le_bytes()));
        assert!(text.interning);
    }
}
