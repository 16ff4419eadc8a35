//! Rows that are drained but not committed, shown beside the committed ones.
//!
//! A commit takes tens of milliseconds, and draining goes on meanwhile. So each batch
//! gets a [`FreshMark`] when it is shown, and a commit names the last mark that its
//! files hold: what was shown later stays, whoever was first.

use arrow::array::RecordBatch;

/// A place in the order in which fresh rows were shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct FreshMark(u64);

impl FreshMark {
    /// The mark as a number, for a reader in another process.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Which fresh rows remain once a commit is visible.
#[derive(Debug)]
pub enum FreshAfter {
    /// Those shown after this mark; the commit's files hold all up to it.
    After(FreshMark),
    /// Exactly these. Rows shown while the commit ran are forgotten, so this is for a
    /// caller that shows none meanwhile.
    Only(Vec<RecordBatch>),
}

impl From<FreshMark> for FreshAfter {
    fn from(mark: FreshMark) -> FreshAfter {
        FreshAfter::After(mark)
    }
}

impl From<Vec<RecordBatch>> for FreshAfter {
    fn from(batches: Vec<RecordBatch>) -> FreshAfter {
        FreshAfter::Only(batches)
    }
}

/// The fresh rows of one moment. Cheap to clone: batches share their columns.
#[derive(Clone, Default, Debug)]
pub(crate) struct Fresh {
    batches: Vec<(FreshMark, RecordBatch)>,
    last: FreshMark,
}

impl Fresh {
    pub(crate) fn push(&mut self, batch: RecordBatch) -> FreshMark {
        if batch.num_rows() > 0 {
            self.last.0 += 1;
            self.batches.push((self.last, batch));
        }
        self.last
    }

    pub(crate) fn set(&mut self, batches: impl IntoIterator<Item = RecordBatch>) {
        self.batches.clear();
        for batch in batches {
            self.push(batch);
        }
    }

    pub(crate) fn drop_through(&mut self, mark: FreshMark) {
        self.batches.retain(|(at, _)| *at > mark);
    }

    pub(crate) fn batches(&self) -> Vec<RecordBatch> {
        self.batches.iter().map(|(_, batch)| batch.clone()).collect()
    }

    /// Each batch with the mark it was shown under, oldest first.
    pub(crate) fn marked_batches(&self) -> Vec<(FreshMark, RecordBatch)> {
        self.batches.clone()
    }

    /// Changes each batch; on failure none.
    pub(crate) fn try_map<E>(&mut self, change: impl Fn(RecordBatch) -> Result<RecordBatch, E>) -> Result<(), E> {
        let changed = self.batches.iter().map(|(mark, batch)| Ok((*mark, change(batch.clone())?)));
        self.batches = changed.collect::<Result<_, E>>()?;
        Ok(())
    }

    pub(crate) fn rows(&self) -> usize {
        self.batches.iter().map(|(_, batch)| batch.num_rows()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array};

    use super::*;

    fn batch(rows: usize) -> RecordBatch {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![7; rows]));
        RecordBatch::try_from_iter([("n", column)]).unwrap()
    }

    #[test]
    fn a_commit_takes_what_was_shown_before_its_mark() {
        let mut fresh = Fresh::default();
        fresh.push(batch(1));
        let mark = fresh.push(batch(2));
        assert_eq!(fresh.push(batch(0)), mark, "no rows, no mark");
        fresh.push(batch(4));
        fresh.drop_through(mark);
        assert_eq!(fresh.rows(), 4);
        fresh.set([batch(8), batch(16)]);
        assert_eq!(fresh.rows(), 24);
        // Marks never run backwards, so an old one can't take new rows.
        fresh.drop_through(mark);
        assert_eq!(fresh.rows(), 24);
    }
}
