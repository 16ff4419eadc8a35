//! Entries by cell.

use std::ops::Range;

use super::ByBucket;

/// Which entries of a column belong to which cell: cells that have any, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct CellColumn {
    /// Ascending.
    cells: Vec<u32>,
    /// Where the entries of each end.
    ends: Vec<u32>,
    by_bucket: ByBucket,
}

impl CellColumn {
    /// Of ascending cells and where the entries of each end, as many of both.
    pub(super) fn new(cells: Vec<u32>, ends: Vec<u32>) -> CellColumn {
        let mut column = CellColumn { cells, ends, by_bucket: ByBucket::default() };
        column.shrink_to_fit();
        column
    }

    /// Adds an entry behind all others, of their last cell or of one behind it.
    pub(super) fn push(&mut self, cell: u32) {
        match self.ends.last_mut() {
            Some(end) if self.cells.last() == Some(&cell) => *end += 1,
            last => {
                let end = last.map_or(1, |end| *end + 1);
                self.cells.push(cell);
                self.ends.push(end);
            }
        }
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.cells.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    pub(super) fn find_buckets(&mut self, of_day: &ByBucket) {
        self.by_bucket = of_day.of(&self.cells);
    }

    /// The cells that have entries, ascending.
    pub(crate) fn cells(&self) -> &[u32] {
        &self.cells
    }

    /// The places of some buckets of the day among [`cells`](Self::cells).
    pub(crate) fn of_buckets(&self, buckets: &Range<u16>) -> Range<usize> {
        self.by_bucket.range(buckets)
    }

    /// The entries of the cell at a place among [`cells`](Self::cells).
    pub(super) fn entries(&self, at: usize) -> Range<usize> {
        range(&self.ends, at)
    }

    /// The memory that it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        (self.cells.capacity() + self.ends.capacity()) * size_of::<u32>() + self.by_bucket.bytes()
    }
}

/// From where the part before one ends to where it ends itself.
pub(super) fn range(ends: &[u32], at: usize) -> Range<usize> {
    let start = at.checked_sub(1).map_or(0, |before| ends[before]);
    start as usize..ends[at] as usize
}
