//! A cache that is bounded in bytes: what was asked for longest ago goes first.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Values by key, at most so many bytes of them.
pub(super) struct Cache<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// Keys by when they were asked for.
    order: BTreeMap<u64, K>,
    asked: u64,
    bytes: usize,
    bytes_max: usize,
}

struct Entry<V> {
    value: V,
    bytes: usize,
    asked: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    pub(super) fn new(bytes_max: usize) -> Cache<K, V> {
        Cache { entries: HashMap::new(), order: BTreeMap::new(), asked: 0, bytes: 0, bytes_max }
    }

    /// The value of a key, which was asked for last now.
    pub(super) fn get(&mut self, key: &K) -> Option<V> {
        let entry = self.entries.get_mut(key)?;
        self.order.remove(&entry.asked);
        self.asked += 1;
        entry.asked = self.asked;
        self.order.insert(self.asked, key.clone());
        Some(entry.value.clone())
    }

    /// The value of a key, without being asked for.
    pub(super) fn peek(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// Keeps a value of so many bytes in place of the key's old one. One that is larger than the
    /// cache isn't kept.
    pub(super) fn insert(&mut self, key: K, value: V, bytes: usize) {
        self.remove(&key);
        if bytes > self.bytes_max {
            return;
        }
        while self.bytes + bytes > self.bytes_max {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.forget(&oldest);
        }
        self.asked += 1;
        self.bytes += bytes;
        self.order.insert(self.asked, key.clone());
        self.entries.insert(key, Entry { value, bytes, asked: self.asked });
    }

    pub(super) fn remove(&mut self, key: &K) {
        if let Some(asked) = self.forget(key) {
            self.order.remove(&asked);
        }
    }

    /// Takes out of the entries and their sum, and answers when it was asked for.
    fn forget(&mut self, key: &K) -> Option<u64> {
        let entry = self.entries.remove(key)?;
        self.bytes -= entry.bytes;
        Some(entry.asked)
    }

    /// Keeps those whose keys are wanted.
    pub(super) fn retain(&mut self, is_wanted: impl Fn(&K) -> bool) {
        let unwanted: Vec<K> = self.entries.keys().filter(|key| !is_wanted(key)).cloned().collect();
        unwanted.iter().for_each(|key| self.remove(key));
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_longest_ago_goes_first() {
        let mut cache: Cache<&str, u8> = Cache::new(10);
        cache.insert("a", 1, 4);
        cache.insert("b", 2, 4);
        assert_eq!(cache.get(&"a"), Some(1));
        cache.insert("c", 3, 4);
        assert_eq!((cache.get(&"a"), cache.get(&"b"), cache.get(&"c")), (Some(1), None, Some(3)));
        assert_eq!((cache.len(), cache.bytes()), (2, 8));
        cache.insert("a", 4, 6);
        assert_eq!((cache.get(&"a"), cache.get(&"c"), cache.bytes()), (Some(4), Some(3), 10));
        cache.insert("c", 5, 11);
        assert_eq!((cache.get(&"c"), cache.len(), cache.bytes()), (None, 1, 6), "too large, and the old one is void");
        cache.insert("d", 6, 1);
        cache.retain(|key| *key == "d");
        assert_eq!((cache.get(&"a"), cache.get(&"d"), cache.bytes(), cache.order.len()), (None, Some(6), 1, 1));
    }
}
