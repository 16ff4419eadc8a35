//! How often each of some things: what can be added to others, and taken away again.

/// How often each: ascending, each once, and none 0 times.
///
/// Made by sorting, since nearly all of it is added at once and read from one end to the other.
#[derive(Clone, Debug)]
pub(crate) struct Bag<K>(Vec<(K, u64)>);

impl<K> Default for Bag<K> {
    fn default() -> Bag<K> {
        Bag(Vec::new())
    }
}

impl<K: Copy + Ord> Bag<K> {
    /// Of keys, each as often as it is there.
    pub(super) fn of(mut keys: Vec<K>) -> Bag<K> {
        keys.sort_unstable();
        Bag(keys.chunk_by(|one, next| one == next).map(|same| (same[0], same.len() as u64)).collect())
    }

    /// Adds a key that comes after all others.
    pub(super) fn push(&mut self, key: K, count: u64) {
        self.0.push((key, count));
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, u64)> + '_ {
        self.0.iter().copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn renamed(&self, rename: impl Fn(K) -> K) -> Vec<(K, u64)> {
        let mut renamed: Vec<(K, u64)> = self.iter().map(|(key, count)| (rename(key), count)).collect();
        renamed.sort_unstable_by_key(|(key, _)| *key);
        renamed
    }

    pub(super) fn add_all(&mut self, other: &Bag<K>, rename: impl Fn(K) -> K) {
        self.0.extend(other.renamed(rename));
        // Two ascending runs, which this kind of sorting merges.
        self.0.sort_by_key(|(key, _)| *key);
        add_up(&mut self.0);
    }

    /// What takes `old` to `new`, in the names that `rename_old` and `rename_new` give; ascending.
    pub(super) fn steps(
        old: &Bag<K>,
        rename_old: impl Fn(K) -> K,
        new: &Bag<K>,
        rename_new: impl Fn(K) -> K,
    ) -> Vec<(K, i64)> {
        let gone = old.renamed(rename_old).into_iter().map(|(key, count)| (key, -(count as i64)));
        let come = new.renamed(rename_new).into_iter().map(|(key, count)| (key, count as i64));
        let mut steps: Vec<(K, i64)> = gone.chain(come).collect();
        steps.sort_by_key(|(key, _)| *key);
        add_up(&mut steps);
        steps.retain(|(_, step)| *step != 0);
        steps
    }

    /// Whether all steps could be taken: none leads below 0.
    pub(super) fn take(&mut self, steps: &[(K, i64)]) -> bool {
        if steps.is_empty() {
            return true;
        }
        let mut new = Vec::new();
        for (key, step) in steps {
            let known = self.0.binary_search_by_key(key, |(key, _)| *key).map(|at| &mut self.0[at].1);
            let Some(sum) = known.as_ref().map_or(0, |count| **count).checked_add_signed(*step) else { return false };
            match known {
                Ok(count) => *count = sum,
                Err(_) => new.push((*key, sum)),
            }
        }
        self.0.retain(|(_, count)| *count > 0);
        self.0.extend(new);
        self.0.sort_by_key(|(key, _)| *key);
        true
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<(K, u64)>()
    }
}

/// Adds up what has equal keys and stands together.
pub(crate) fn add_up<K: PartialEq, N: Copy + std::ops::AddAssign>(counted: &mut Vec<(K, N)>) {
    counted.dedup_by(|next, kept| {
        let is_same = next.0 == kept.0;
        if is_same {
            kept.1 += next.1;
        }
        is_same
    });
}
