//! The dictionary of a text column's chunk, and when to do without one.

use xxhash_rust::xxh3::xxh3_64;

use super::rle;
use crate::block::dictionary::{Dictionary, Plain};
use crate::block::text::{Text, TextValues};

/// Entries of a chunk's dictionary.
const ENTRIES_MAX: usize = 65_536;
/// Bytes of a chunk's dictionary: every reader of a page needs all of it.
const DICTIONARY_BYTES_MAX: usize = 1024 * 1024;
/// Values after which a column that its blocks haven't interned is judged.
const TRIAL_VALUES: usize = 4_096;

/// The dictionary of a chunk, and the page's values as numbers into it.
pub(crate) struct TextPage {
    dictionary: Dictionary,
    keys: Vec<u32>,
    interning: bool,
    /// Values interned in this chunk.
    seen: usize,
    /// For each entry of a block's dictionary its number here; scratch.
    ours: Vec<u32>,
}

impl Default for TextPage {
    fn default() -> TextPage {
        TextPage { dictionary: Dictionary::default(), keys: Vec::new(), interning: true, seen: 0, ours: Vec::new() }
    }
}

impl TextPage {
    /// Appends a block's values as dictionary numbers, all or none; false if none.
    pub(crate) fn intern(&mut self, text: &Text, rows_max: usize) -> bool {
        if !self.interning {
            return false;
        }
        let before = self.keys.len();
        let fits = match text.values() {
            TextValues::Keys(keys, entries) => self.intern_keys(keys, entries),
            TextValues::Plain(plain) => self.intern_values(plain, rows_max),
        };
        if fits && self.dictionary.entries().value_bytes() <= DICTIONARY_BYTES_MAX {
            self.seen += self.keys.len() - before;
            return true;
        }
        self.keys.truncate(before);
        false
    }

    fn intern_keys(&mut self, keys: &[u16], entries: &Plain) -> bool {
        self.ours.clear();
        self.ours.resize(entries.len(), u32::MAX);
        self.keys.reserve(keys.len());
        for &key in keys {
            let key = usize::from(key);
            if self.ours[key] == u32::MAX {
                // Only values in use: a block's dictionary remembers earlier blocks'.
                let Some(number) = self.number(entries.get(key)) else { return false };
                self.ours[key] = number;
            }
            self.keys.push(self.ours[key]);
        }
        true
    }

    fn intern_values(&mut self, plain: &Plain, rows_max: usize) -> bool {
        for at in 0..plain.len() {
            let Some(number) = self.number(plain.get(at)) else { return false };
            self.keys.push(number);
            if self.seen + at + 1 == TRIAL_VALUES && !worth_it(self.dictionary.len(), rows_max) {
                return false;
            }
        }
        true
    }

    fn number(&mut self, value: &[u8]) -> Option<u32> {
        self.dictionary.intern(value, xxh3_64(value), ENTRIES_MAX)
    }

    pub(crate) fn is_interning(&self) -> bool {
        self.interning
    }

    /// Goes on without a dictionary; it is kept if pages refer to it.
    pub(crate) fn give_up(&mut self, in_use: bool) {
        self.interning = false;
        if !in_use {
            self.dictionary.clear();
        }
    }

    /// Appends a block's values to a PLAIN page.
    pub(crate) fn append_plain(text: &Text, page: &mut Vec<u8>) {
        match text.values() {
            TextValues::Plain(plain) => page.extend_from_slice(plain.page()),
            TextValues::Keys(keys, entries) => {
                for &key in keys {
                    push_plain(entries.get(usize::from(key)), page);
                }
            }
        }
    }

    /// Appends the page's dictionary numbers, if it has any.
    pub(crate) fn encode(&mut self, page: &mut Vec<u8>) -> bool {
        if self.keys.is_empty() {
            return false;
        }
        // A width of 0 is legal, but not every reader has met it.
        let width = rle::width_of(self.dictionary.len() as u32 - 1).max(1);
        page.push(width as u8);
        rle::keys(&self.keys, width, page);
        self.keys.clear();
        true
    }

    /// At the end of a chunk of one page: values that are nearly all distinct are
    /// shorter without a dictionary.
    pub(crate) fn expand_if_distinct(&mut self, page: &mut Vec<u8>) {
        if self.dictionary.len() * 4 <= self.keys.len() * 3 {
            return;
        }
        for &key in &self.keys {
            push_plain(self.dictionary.entries().get(key as usize), page);
        }
        self.keys.clear();
        self.give_up(false);
    }

    /// The entries that pages refer to.
    pub(crate) fn dictionary(&self) -> &Plain {
        self.dictionary.entries()
    }

    /// The entries, if they are all of the chunk's values.
    pub(crate) fn complete_dictionary(&self) -> Option<&Plain> {
        self.interning.then(|| self.dictionary.entries())
    }

    /// Bytes that the page's numbers take, roughly.
    pub(crate) fn pending_bytes(&self) -> usize {
        self.keys.len() * rle::width_of(self.dictionary.len() as u32) as usize / 8
    }

    pub(crate) fn dictionary_bytes(&self) -> usize {
        self.dictionary.entries().page().len()
    }

    /// Begins the next chunk.
    pub(crate) fn clear(&mut self) {
        self.dictionary.clear();
        self.keys.clear();
        self.interning = true;
        self.seen = 0;
    }

    /// Heap bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.dictionary.heap_bytes() + (self.keys.capacity() + self.ours.capacity()) * 4
    }
}

/// Whether a dictionary pays for a column with `distinct` values among the first
/// [`TRIAL_VALUES`], of `rows_max` in all.
///
/// The birthday estimate: `n` values drawn from `d` equally frequent ones repeat
/// `n² / 2d` times, so a few repeats early tell many later. Real values are less evenly
/// spread and repeat more, so this errs towards a dictionary, whose size is bounded.
fn worth_it(distinct: usize, rows_max: usize) -> bool {
    let repeats = TRIAL_VALUES - distinct;
    let estimate = TRIAL_VALUES * TRIAL_VALUES / (2 * repeats).max(1);
    estimate * 3 < rows_max.max(TRIAL_VALUES)
}

fn push_plain(value: &[u8], page: &mut Vec<u8>) {
    page.extend_from_slice(&(value.len() as u32).to_le_bytes());
    page.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_must_pay() {
        let check = |distinct, expect| assert_eq!(worth_it(distinct, 131_072), expect, "{distinct} distinct");
        check(10, true);
        check(2_000, true);
        check(3_456, true); // about 13,000 in the row group
        check(4_090, false);
        check(TRIAL_VALUES, false);
    }
}
