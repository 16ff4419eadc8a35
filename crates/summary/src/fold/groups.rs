//! Brings together what has the same key: a datastream and a visitor or a chat session.

use hashbrown::HashMap;

/// A datastream and the hash of a visitor or a chat session.
pub(crate) type Key = (u32, u64);

/// The keys that are asked about, numbered.
pub(crate) struct Keys {
    numbers: HashMap<Key, u32>,
    /// Most rows belong to no key, and this says so without a look into the table.
    hashes: Hashes,
}

/// Hashes, some of which may be taken for others.
pub(crate) struct Hashes {
    /// A bit for the lowest bits of each.
    bits: Vec<u64>,
}

/// Bits of [`Hashes`]: 128 KiB, which the processor keeps near.
const HASH_BITS: u64 = 1 << 20;

impl Hashes {
    pub(crate) fn new() -> Hashes {
        Hashes { bits: vec![0; (HASH_BITS / 64) as usize] }
    }

    pub(crate) fn insert(&mut self, hash: u64) {
        let bit = hash % HASH_BITS;
        self.bits[(bit / 64) as usize] |= 1 << (bit % 64);
    }

    /// Whether the hash was inserted; true for some that weren't.
    pub(crate) fn may_have(&self, hash: u64) -> bool {
        let bit = hash % HASH_BITS;
        self.bits[(bit / 64) as usize] >> (bit % 64) & 1 != 0
    }
}

impl Keys {
    pub(crate) fn new() -> Keys {
        Keys { numbers: HashMap::new(), hashes: Hashes::new() }
    }

    pub(crate) fn insert(&mut self, key: Key) {
        let number = self.numbers.len() as u32;
        self.numbers.entry(key).or_insert(number);
        self.hashes.insert(key.1);
    }

    /// Whether a key may have this hash.
    pub(crate) fn may_have(&self, hash: u64) -> bool {
        self.hashes.may_have(hash)
    }

    pub(crate) fn number(&self, key: Key) -> Option<u32> {
        self.numbers.get(&key).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }
}

/// Items by the number of their key, in the order in which they came.
pub(crate) struct Groups<T> {
    items: Vec<T>,
    ends: Vec<usize>,
}

impl<T: Copy> Groups<T> {
    /// Of `count` keys.
    pub(crate) fn new(count: usize, numbered: &[(u32, T)]) -> Groups<T> {
        let mut ends = vec![0; count];
        for (number, _) in numbered {
            ends[*number as usize] += 1;
        }
        let mut start = 0;
        for end in &mut ends {
            (*end, start) = (start, start + *end);
        }
        let Some((_, first)) = numbered.first() else { return Groups { items: Vec::new(), ends } };
        let mut items = vec![*first; numbered.len()];
        for (number, item) in numbered {
            let at = &mut ends[*number as usize];
            items[*at] = *item;
            *at += 1;
        }
        Groups { items, ends }
    }

    pub(crate) fn for_each(mut self, mut look: impl FnMut(&mut [T])) {
        let mut start = 0;
        for end in self.ends {
            look(&mut self.items[start..end]);
            start = end;
        }
    }
}
