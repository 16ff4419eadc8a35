//! Byte strings in Parquet's own layout, and a table that interns them.
//!
//! [`Plain`] is the body of a Parquet PLAIN page (four bytes of length, then the
//! bytes, value after value) with an index beside it, so that a page is one copy and
//! a value is still found by number. [`Dictionary`] adds an open-addressing hash table
//! and serves both the columns of a block and the column chunks of a file.
//!
//! The values come from outside, so the table bounds what a chosen set of colliding
//! values can cost: a probe that gets too long counts as a full dictionary, and the
//! column goes on without one.

/// Steps of a probe before the dictionary counts as full. With at most half of the slots
/// taken, the longest honest probe among 65,536 entries is expected to be below 60.
const PROBE_STEPS_MAX: usize = 128;

/// Whether two values are equal.
///
/// Values that are compared are mostly short and mostly equal, or share a prefix (a URL,
/// a type) and differ at the end; so the end is looked at first, and a call to the C
/// library is spared up to a cache line.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(a_end), Some(b_end)) if a.len() <= 64 => {
            u64::from_ne_bytes(*a_end) == u64::from_ne_bytes(*b_end)
                && a.as_chunks::<8>()
                    .0
                    .iter()
                    .zip(b.as_chunks::<8>().0)
                    .all(|(a, b)| u64::from_ne_bytes(*a) == u64::from_ne_bytes(*b))
        }
        (None, None) => a.iter().zip(b).all(|(a, b)| a == b),
        _ => a == b,
    }
}

/// Byte strings, each with its length before it as four little-endian bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plain {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Plain {
    /// Bytes of a value's length.
    pub(crate) const LENGTH_BYTES: usize = 4;

    /// Appends a value.
    #[inline]
    pub(crate) fn push(&mut self, value: &[u8]) {
        // The limit on an event's bytes keeps a value, and that on a block's bytes a
        // block, far below 4 GiB.
        let length = value.len() as u32;
        self.bytes.reserve(value.len() + Plain::LENGTH_BYTES);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len() as u32);
    }

    /// The value at `at`.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.bytes[start + Plain::LENGTH_BYTES..self.ends[at] as usize]
    }

    /// Number of values.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where each value ends.
    pub(crate) fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// All values as the body of a PLAIN page.
    pub(crate) fn page(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes of all values without their lengths.
    pub(crate) fn value_bytes(&self) -> usize {
        self.bytes.len() - Plain::LENGTH_BYTES * self.ends.len()
    }

    /// Forgets the values from `len` on.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.ends.truncate(len);
        self.bytes.truncate(self.ends.last().map_or(0, |&end| end as usize));
    }

    /// Forgets all; keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Heap bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 4
    }
}

/// Distinct byte strings, numbered from 0 in the order of their first appearance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dictionary {
    entries: Plain,
    /// High half: the upper half of the hash; low half: entry + 1, 0 = free. A slot's place
    /// follows from the upper half too, so that the table grows without the values.
    slots: Vec<u64>,
}

impl Dictionary {
    /// The number of `value`, whose hash this is. It is added unless there are `entries_max`
    /// already; `None` if it is absent and can't be added. A value that comes with two hashes
    /// is two entries, which takes room and is no error.
    #[inline]
    pub(crate) fn intern(&mut self, value: &[u8], hash: u64, entries_max: usize) -> Option<u32> {
        if self.slots.is_empty() {
            self.slots = vec![0; 64];
        }
        let tag = hash >> 32;
        let mask = self.slots.len() - 1;
        let mut at = tag as usize & mask;
        for _ in 0..PROBE_STEPS_MAX {
            let slot = self.slots[at];
            if slot == 0 {
                return self.add(value, tag, at, entries_max);
            }
            let entry = slot as u32 - 1;
            if slot >> 32 == tag && same(self.entries.get(entry as usize), value) {
                return Some(entry);
            }
            at = (at + 1) & mask;
        }
        None
    }

    #[cold]
    fn add(&mut self, value: &[u8], tag: u64, at: usize, entries_max: usize) -> Option<u32> {
        let entry = self.entries.len();
        if entry >= entries_max {
            return None;
        }
        self.entries.push(value);
        self.slots[at] = tag << 32 | (entry as u64 + 1);
        if (entry + 1) * 2 > self.slots.len() {
            self.grow();
        }
        Some(entry as u32)
    }

    /// Doubles the table.
    fn grow(&mut self) {
        let len = self.slots.len() * 2;
        let old = std::mem::replace(&mut self.slots, vec![0; len]);
        let mask = len - 1;
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut at = (slot >> 32) as usize & mask;
            while self.slots[at] != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = slot;
        }
    }

    /// The entries in order.
    #[inline]
    pub(crate) fn entries(&self) -> &Plain {
        &self.entries
    }

    /// Number of entries.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Forgets all; keeps the memory.
    pub(crate) fn clear(&mut self) {
        if self.entries.len() > 0 {
            self.entries.clear();
            self.slots.fill(0);
        }
    }

    /// Heap bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.entries.heap_bytes() + self.slots.capacity() * 8
    }
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    fn intern(dictionary: &mut Dictionary, value: &[u8], entries_max: usize) -> Option<u32> {
        dictionary.intern(value, xxh3_64(value), entries_max)
    }

    #[test]
    fn equal_hashes_are_told_apart_until_there_are_too_many() {
        let mut dictionary = Dictionary::default();
        let most = PROBE_STEPS_MAX as u32;
        for round in 0..2 {
            for value in 0..most {
                let number = dictionary.intern(&value.to_le_bytes(), 7 << 32, 1000);
                assert_eq!(number, Some(value), "round {round}");
            }
        }
        assert_eq!(dictionary.intern(b"one more", 7 << 32, 1000), None);
        assert_eq!(dictionary.intern(b"one more", 5000 << 32, 1000), Some(most));
    }

    #[test]
    fn interns_in_order_of_appearance() {
        let mut dictionary = Dictionary::default();
        for round in 0..2 {
            for value in 0..1000u32 {
                let text = format!("value {value}");
                assert_eq!(intern(&mut dictionary, text.as_bytes(), 1000), Some(value), "round {round}");
            }
        }
        assert_eq!(intern(&mut dictionary, b"one more", 1000), None);
        assert_eq!(dictionary.entries().get(7), b"value 7");
        dictionary.clear();
        assert_eq!(intern(&mut dictionary, b"", 1), Some(0));
        assert_eq!(intern(&mut dictionary, b"x", 1), None);
        assert_eq!(intern(&mut dictionary, b"", 1), Some(0));
    }

    #[test]
    fn same_is_equality() {
        for len in [0usize, 1, 3, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 200] {
            let a: Vec<u8> = (0..len).map(|n| n as u8).collect();
            assert!(same(&a, &a.clone()), "{len}");
            assert!(!same(&a, &[&a[..], b"x"].concat()), "{len}");
            for at in 0..len {
                let mut b = a.clone();
                b[at] ^= 0x80;
                assert!(!same(&a, &b), "{len} with another byte {at}");
            }
        }
    }

    #[test]
    fn plain_is_a_parquet_page() {
        let mut plain = Plain::default();
        [&b"ab"[..], b"", b"c"].iter().for_each(|value| plain.push(value));
        assert_eq!(plain.page(), b"\x02\0\0\0ab\0\0\0\0\x01\0\0\0c");
        assert_eq!((plain.get(0), plain.get(1), plain.get(2)), (&b"ab"[..], &b""[..], &b"c"[..]));
        plain.truncate(1);
        assert_eq!((plain.len(), plain.value_bytes(), plain.page()), (1, 2, &b"\x02\0\0\0ab"[..]));
        plain.truncate(0);
        assert_eq!(plain.page(), b"");
    }
}
