//! Texts that stand once, each with a number.

use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// The number of the missing text.
pub(crate) const NO_TEXT: u32 = 0;

/// Texts in one piece, numbered from 1 in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a number; the empty one for [`NO_TEXT`] and for numbers that no text has.
    pub(crate) fn get(&self, id: u32) -> &str {
        let Some(at) = (id as usize).checked_sub(1) else { return "" };
        let Some(end) = self.ends.get(at).copied() else { return "" };
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start..end]
    }

    pub(crate) fn push(&mut self, text: &str) -> u32 {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
        self.ends.len() as u32
    }

    /// The number of a text, if the texts are in ascending order.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        let (mut low, mut high) = (1, self.ends.len() as u32 + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle).cmp(text) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (1..=self.ends.len() as u32).map(|id| self.get(id))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>()
    }

    pub(crate) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

/// Gives texts their numbers.
///
/// Strangers choose the texts, so the table's hashes are keyed, by chance and anew each time.
pub(crate) struct Interner {
    texts: Texts,
    table: HashTable<u32>,
    hasher: RandomState,
    /// The last text of each length and ending: most events have one of a few, and comparing takes less
    /// time than hashing.
    recent: [u32; RECENT],
}

/// Texts that are found without hashing.
const RECENT: usize = 128;

impl Default for Interner {
    fn default() -> Interner {
        Interner {
            texts: Texts::default(),
            table: HashTable::new(),
            hasher: RandomState::new(),
            recent: [NO_TEXT; RECENT],
        }
    }
}

impl Interner {
    /// The number of a text; [`NO_TEXT`] for none and for the empty one.
    pub(crate) fn intern(&mut self, text: Option<&str>) -> u32 {
        self.intern_bytes(text.map(str::as_bytes))
    }

    /// As [`intern`](Self::intern); [`NO_TEXT`] for what is no text.
    pub(crate) fn intern_bytes(&mut self, text: Option<&[u8]>) -> u32 {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return NO_TEXT };
        let Interner { texts, table, hasher, recent } = self;
        let recent = &mut recent[look(text)];
        if texts.get(*recent).as_bytes() == text {
            return *recent;
        }
        let hash = hasher.hash_one(text);
        *recent = match table.find(hash, |id| texts.get(*id).as_bytes() == text) {
            Some(id) => *id,
            None => {
                let Ok(text) = std::str::from_utf8(text) else { return NO_TEXT };
                let id = texts.push(text);
                table.insert_unique(hash, id, |id| hasher.hash_one(texts.get(*id).as_bytes()));
                id
            }
        };
        *recent
    }

    /// The number of a text that has one.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.table.find(self.hasher.hash_one(text.as_bytes()), |id| self.texts.get(*id) == text).copied()
    }

    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The memory that it takes, in bytes, about.
    pub(crate) fn bytes(&self) -> usize {
        self.texts.bytes() + self.table.capacity() * (size_of::<u32>() + 1)
    }

    pub(crate) fn finish(mut self) -> Texts {
        self.texts.shrink();
        self.texts
    }
}

/// The place of a text among the recent ones, by its length and its last bytes.
fn look(text: &[u8]) -> usize {
    let tail = text.last_chunk::<8>().map_or(0, |tail| u64::from_le_bytes(*tail));
    let mixed = (tail ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize % RECENT
}
