//! Presence bitmaps that cost nothing until a bit is set.
//!
//! A bitmap has one bit per row of its space, but only as many words as its last set
//! bit needs: rows past them are absent. So a leaf that no event carries is an empty
//! `Vec`, and a block of hundreds of columns is cheap. Bit `r % 64` of word `r / 64`
//! belongs to row `r`, which is also Parquet's and Arrow's order.

/// A set of row numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// Adds a row; false if it was there already.
    #[inline]
    pub(crate) fn set(&mut self, row: usize) -> bool {
        let at = row / 64;
        if at >= self.words.len() {
            self.grow(at);
        }
        let bit = 1u64 << (row % 64);
        let word = &mut self.words[at];
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    #[cold]
    fn grow(&mut self, at: usize) {
        self.words.resize(at + 1, 0);
    }

    /// Adds the rows `from..to`.
    pub(crate) fn fill(&mut self, from: usize, to: usize) {
        if from >= to {
            return;
        }
        let (first, last) = (from / 64, (to - 1) / 64);
        if last >= self.words.len() {
            self.grow(last);
        }
        let from_mask = u64::MAX << (from % 64);
        let to_mask = u64::MAX >> (63 - (to - 1) % 64);
        if first == last {
            self.words[first] |= from_mask & to_mask;
            return;
        }
        self.words[first] |= from_mask;
        self.words[first + 1..last].fill(u64::MAX);
        self.words[last] |= to_mask;
    }

    /// Whether the row is in the set.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// The rows `64 * at ..` as a word; zero past the end.
    #[inline]
    pub(crate) fn word(&self, at: usize) -> u64 {
        self.words.get(at).copied().unwrap_or(0)
    }

    /// The words up to the last one that was touched.
    #[inline]
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// The rows of the set, ascending.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.checked_sub(1)?;
                Some(64 * at + bit)
            })
        })
    }

    /// Empties the set; keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.words.clear();
    }

    /// Removes the rows from `row` on and says how many there were.
    pub(crate) fn cut(&mut self, row: usize) -> usize {
        let at = row / 64;
        if at >= self.words.len() {
            return 0;
        }
        let kept = (1u64 << (row % 64)) - 1;
        let mut removed = (self.words[at] & !kept).count_ones();
        removed += self.words[at + 1..].iter().map(|word| word.count_ones()).sum::<u32>();
        self.words.truncate(at + 1);
        self.words[at] &= kept;
        removed as usize
    }

    /// Appends another set's rows, shifted to start at `at`. No row from `at` on may be set.
    pub(crate) fn append(&mut self, at: usize, other: &Bits) {
        let (word, shift) = (at / 64, at % 64);
        if other.words.is_empty() {
            return;
        }
        if shift == 0 {
            self.words.resize(word, 0);
            self.words.extend_from_slice(&other.words);
            return;
        }
        self.words.resize(word + 1, 0);
        for &next in &other.words {
            if let Some(last) = self.words.last_mut() {
                *last |= next << shift;
            }
            self.words.push(next >> (64 - shift));
        }
    }

    /// For each word, how many set rows lie before it; the last entry is the total.
    pub(crate) fn ranks(&self, into: &mut Vec<u32>) {
        into.clear();
        let mut before = 0;
        into.extend(self.words.iter().map(|word| {
            let rank = before;
            before += word.count_ones();
            rank
        }));
        into.push(before);
    }

    /// How many set rows lie before `row`, which must be set; `ranks` as [`ranks`](Self::ranks) gives it.
    #[inline]
    pub(crate) fn rank(&self, ranks: &[u32], row: usize) -> usize {
        let below = self.words[row / 64] & ((1u64 << (row % 64)) - 1);
        (ranks[row / 64] + below.count_ones()) as usize
    }

    /// Heap bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.words.capacity() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[usize]) -> Bits {
        let mut bits = Bits::default();
        rows.iter().for_each(|&row| assert!(bits.set(row)));
        bits
    }

    fn rows(bits: &Bits) -> Vec<usize> {
        (0..bits.words.len() * 64 + 64).filter(|&row| bits.get(row)).collect()
    }

    #[test]
    fn sets_once() {
        let mut bits = of(&[3, 64]);
        assert!(!bits.set(3));
        assert_eq!(rows(&bits), [3, 64]);
    }

    #[test]
    fn fill_sets_a_range() {
        for from in [0usize, 1, 63, 64, 70, 128] {
            for to in [0usize, 1, 63, 64, 65, 128, 129, 300] {
                let mut bits = Bits::default();
                bits.fill(from, to);
                assert_eq!(rows(&bits), (from..to).collect::<Vec<_>>(), "{from}..{to}");
            }
        }
    }

    #[test]
    fn cut_removes_and_counts() {
        let check = |row, removed, left: &[usize]| {
            let mut bits = of(&[0, 63, 64, 127, 200]);
            assert_eq!(bits.cut(row), removed);
            assert_eq!(rows(&bits), left, "cut at {row}");
        };
        check(0, 5, &[]);
        check(1, 4, &[0]);
        check(63, 4, &[0]);
        check(64, 3, &[0, 63]);
        check(128, 1, &[0, 63, 64, 127]);
        check(201, 0, &[0, 63, 64, 127, 200]);
        check(5000, 0, &[0, 63, 64, 127, 200]);
    }

    #[test]
    fn append_shifts() {
        for at in [0usize, 1, 63, 64, 65, 130] {
            let first: Vec<usize> = (0..at).step_by(3).collect();
            let other = [0usize, 1, 62, 63, 64, 190];
            let mut bits = of(&first);
            bits.append(at, &of(&other));
            let expect: Vec<usize> = first.iter().copied().chain(other.iter().map(|row| row + at)).collect();
            assert_eq!(rows(&bits), expect, "at {at}");
        }
    }

    #[test]
    fn rank_counts_the_rows_before() {
        let set = [0usize, 5, 63, 64, 100, 300];
        let bits = of(&set);
        let mut ranks = Vec::new();
        bits.ranks(&mut ranks);
        for (rank, &row) in set.iter().enumerate() {
            assert_eq!(bits.rank(&ranks, row), rank);
        }
        assert_eq!(ranks.last(), Some(&6));
    }
}
