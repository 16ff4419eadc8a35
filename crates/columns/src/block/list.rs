//! One list or map of a block: which rows of its space have one, and where its items lie.

use super::bits::Bits;

/// The presence of one list and the extent of its items.
#[derive(Clone, Debug)]
pub(crate) struct ListColumn {
    /// Index of the space that the list lies in.
    pub(crate) space: u16,
    /// Index of the space of its items.
    pub(crate) items: u16,
    /// The key column, if it is a map.
    pub(crate) key: Option<u16>,
    /// The rows that have a list, be it empty.
    pub(crate) valid: Bits,
    /// For each present list, where its items end in the item space.
    pub(crate) ends: Vec<u32>,
}

impl ListColumn {
    pub(crate) fn new(space: u16, items: u16, key: Option<u16>) -> ListColumn {
        ListColumn { space, items, key, valid: Bits::default(), ends: Vec::new() }
    }

    /// The items of the list at `row`, if there is one; `ranks` are `valid`'s.
    pub(crate) fn range(&self, ranks: &[u32], row: usize) -> Option<std::ops::Range<u32>> {
        if !self.valid.get(row) {
            return None;
        }
        let at = self.valid.rank(ranks, row);
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        Some(start..self.ends[at])
    }

    /// For each of `rows` rows the end of its items, a zero before: Arrow's offsets.
    pub(crate) fn offsets(&self, rows: usize, into: &mut Vec<u32>) {
        into.clear();
        into.reserve(rows + 1);
        into.push(0);
        if self.ends.len() == rows {
            into.extend_from_slice(&self.ends);
            return;
        }
        let mut ends = self.ends.iter();
        let mut last = 0;
        for row in 0..rows {
            if self.valid.get(row) {
                last = ends.next().copied().unwrap_or(last);
            }
            into.push(last);
        }
    }

    /// Forgets the rows from `row` on.
    pub(crate) fn cut(&mut self, row: usize) {
        let removed = self.valid.cut(row);
        self.ends.truncate(self.ends.len() - removed);
    }

    /// Forgets all rows; keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.valid.clear();
        self.ends.clear();
    }

    /// Heap bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.valid.heap_bytes() + self.ends.capacity() * 4
    }
}
