//! Brings together the events of a visitor or a chat session.

use super::sort::by_number;

/// Hashes, some of which may be taken for others.
pub(crate) struct Hashes {
    /// A bit for the lowest bits of each.
    words: Vec<u64>,
}

/// Words of [`Hashes`] at most: 512 KiB, which the processor keeps near.
const WORDS_MAX: usize = 1 << 16;

impl Hashes {
    /// Without any yet, with a word for each of about so many: few others are taken for one of them.
    pub(crate) fn of_about(count: usize) -> Hashes {
        Hashes { words: vec![0; count.clamp(1, WORDS_MAX).next_power_of_two()] }
    }

    pub(crate) fn insert(&mut self, hash: u64) {
        let at = self.word(hash);
        self.words[at] |= bit(hash);
    }

    /// Whether the hash was inserted; true for some that weren't.
    pub(crate) fn may_have(&self, hash: u64) -> bool {
        self.words[self.word(hash)] & bit(hash) != 0
    }

    /// Their number is a power of two.
    fn word(&self, hash: u64) -> usize {
        (hash >> 6) as usize & (self.words.len() - 1)
    }
}

fn bit(hash: u64) -> u64 {
    1 << (hash % u64::from(u64::BITS))
}

/// Stands for a datastream and a visitor or a chat session, by their hashes. Two have one key no more often than two
/// visitors have one hash: nobody who doesn't know the key of hashes can choose some that do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(u64);

impl Key {
    pub(crate) fn new(datastream: u32, hash: u64) -> Key {
        // By an odd number, so that a visitor has another key in each datastream.
        Key(hash ^ u64::from(datastream).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// An event that has a key.
pub(crate) trait Keyed: Copy {
    fn key(&self) -> Key;

    fn micros(&self) -> i64;
}

/// Events by their keys.
///
/// In parts by the lowest bits of keys, which are spread evenly, in a shard too: a part is so small that it is sorted near
/// the processor, and takes little memory for it.
pub(crate) struct ByKey<T>(Vec<Vec<T>>);

const PART_BITS: u32 = 7;

impl<T: Keyed> ByKey<T> {
    /// Without any yet, with room for about so many.
    pub(crate) fn of_about(events: usize) -> ByKey<T> {
        ByKey((0..1 << PART_BITS).map(|_| Vec::with_capacity(events >> PART_BITS)).collect())
    }

    pub(crate) fn push(&mut self, event: T) {
        self.0[event.key().0 as usize % (1 << PART_BITS)].push(event);
    }

    /// Looks at the events of each key, in order of time.
    pub(crate) fn for_each(self, mut look: impl FnMut(&[T])) {
        for events in self.0 {
            // As many of the next bits as few of a part share.
            let bits = events.len().max(2).ilog2();
            let next_bits = |event: &T| event.key().0 >> PART_BITS & ((1 << bits) - 1);
            let mut events = by_number(events, 1 << bits, next_bits);
            for alike in events.chunk_by_mut(|one, next| next_bits(one) == next_bits(next)) {
                let order = |event: &T| (event.key(), event.micros());
                if !alike.is_sorted_by_key(order) {
                    alike.sort_unstable_by_key(order);
                }
                alike.chunk_by(|one, next| one.key() == next.key()).for_each(&mut look);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Keyed for (Key, i64) {
        fn key(&self) -> Key {
            self.0
        }

        fn micros(&self) -> i64 {
            self.1
        }
    }

    proptest! {
        /// Also where many keys share their first bits.
        #[test]
        fn events_of_a_key_come_together(
            events in prop::collection::vec((0u32..3, prop_oneof![1u64..5, any::<u64>()], any::<i64>()), 0..100),
        ) {
            let events: Vec<(Key, i64)> =
                events.iter().map(|(datastream, hash, micros)| (Key::new(*datastream, *hash), *micros)).collect();
            let mut expect = events.clone();
            expect.sort_unstable();
            let mut found: Vec<Vec<(Key, i64)>> = Vec::new();
            let mut by_key = ByKey::of_about(0);
            events.into_iter().for_each(|event| by_key.push(event));
            by_key.for_each(|of_key| found.push(of_key.to_vec()));
            found.sort_unstable_by_key(|of_key| of_key[0].0);
            prop_assert!(found.concat() == expect);
            prop_assert!(found.iter().all(|of_key| of_key.iter().all(|event| event.0 == of_key[0].0)));
            prop_assert!(found.windows(2).all(|keys| keys[0][0].0 != keys[1][0].0));
        }
    }

    #[test]
    fn a_visitor_has_another_key_in_each_datastream() {
        let mut keys: Vec<Key> = (0..1_000).map(|datastream| Key::new(datastream, 7)).collect();
        keys.sort_unstable();
        assert!(keys.windows(2).all(|keys| keys[0] != keys[1]));
    }
}
