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
        self.0.shrink_to_fit();
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
        let mut has_none = false;
        for (key, step) in steps {
            let known = self.0.binary_search_by_key(key, |(key, _)| *key).map(|at| &mut self.0[at].1);
            let Some(sum) = known.as_ref().map_or(0, |count| **count).checked_add_signed(*step) else { return false };
            match known {
                Ok(count) => *count = sum,
                Err(_) => new.push((*key, sum)),
            }
            has_none |= sum == 0;
        }
        if has_none {
            self.0.retain(|(_, count)| *count > 0);
        }
        self.insert(&new);
        true
    }

    /// Inserts keys that aren't there, ascending.
    fn insert(&mut self, new: &[(K, u64)]) {
        let mut end = self.0.len();
        self.0.reserve_exact(new.len());
        self.0.extend_from_slice(new);
        // From the last one on, each moves up by as many as come before it.
        for (before, entry) in new.iter().enumerate().rev() {
            let start = self.0[..end].partition_point(|(key, _)| *key < entry.0);
            self.0.copy_within(start..end, start + before + 1);
            self.0[start + before] = *entry;
            end = start;
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn counted(keys: &[u8]) -> Vec<(u8, u64)> {
        let mut counts = BTreeMap::new();
        keys.iter().for_each(|key| *counts.entry(*key).or_default() += 1);
        counts.into_iter().collect()
    }

    proptest! {
        #[test]
        fn bags_are_added_and_taken_away(
            kept in prop::collection::vec(0u8..20, 0..30),
            removed in prop::collection::vec(0u8..20, 0..30),
            added in prop::collection::vec(0u8..20, 0..30),
        ) {
            let all = |one: &[u8], other: &[u8]| [one, other].concat();
            let mut bag = Bag::of(kept.clone());
            prop_assert_eq!(&bag.0, &counted(&kept));
            // Named as if each were one less.
            bag.add_all(&Bag::of(removed.iter().map(|key| key + 1).collect()), |key| key - 1);
            prop_assert_eq!(&bag.0, &counted(&all(&kept, &removed)));
            let steps = Bag::steps(&Bag::of(removed), |key| key, &Bag::of(added.clone()), |key| key);
            prop_assert!(bag.take(&steps));
            prop_assert_eq!(&bag.0, &counted(&all(&kept, &added)));
        }
    }

    #[test]
    fn no_more_is_taken_than_there_is() {
        let check = |keys: &[u8], step: (u8, i64), expect: bool| {
            assert_eq!(Bag::of(keys.to_vec()).take(&[step]), expect, "{keys:?} {step:?}");
        };
        check(&[1, 1, 2], (1, -2), true);
        check(&[1, 1, 2], (1, -3), false);
        check(&[1, 1, 2], (3, -1), false);
    }
}
