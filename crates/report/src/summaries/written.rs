//! Rows of data files while these are written: who has them at hand makes the summaries of their days without reading
//! the files.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use futures::{StreamExt, TryStreamExt};
use summary::RowsBuilder;
use table::{Block, NewFile};

use super::blocks::RowColumns;
use super::failure::Failure;
use super::moment::{Moment, SourceId};
use super::{EVERYTHING, FOLDS_AT_ONCE, Inner, Summaries, lock};

/// The rows of a data file in the making.
pub struct FileRows {
    inner: Arc<Inner>,
    columns: RowColumns,
    rows: RowsBuilder,
}

impl Summaries {
    /// The rows of a file of one date that is begun. `None` where they would be of no use: summaries can't be kept in
    /// files, or the rows don't fit into memory together with those that were taken since summaries were made of any.
    pub fn begin_file(&self, columns: &RowColumns) -> Option<FileRows> {
        let inner = Arc::clone(&self.0);
        if inner.counters.rows_taken.load(Relaxed) > inner.options.rows_bytes_max as u64 {
            return None;
        }
        let kept = inner.kept().ok().filter(|kept| kept.files.is_some())?;
        let mut rows = RowsBuilder::new(&kept.key.hash);
        rows.reserve(inner.counters.file_rows.load(Relaxed));
        Some(FileRows { inner, columns: columns.clone(), rows })
    }

    /// Makes and keeps the summaries of settled days whose rows, and those of the days beside them, are all in memory;
    /// the others are left to the [upkeep](Self::upkeep). If more files are to come, the newest days are left, too, and
    /// rows that these need stay in memory.
    /// Answers how many were made.
    pub async fn make_of_rows_at_hand(&self, is_last: bool) -> usize {
        let outcome = async {
            let moment = Arc::new(self.moment().await?);
            let made = self.make_at_hand(&moment, is_last).await?;
            self.0.drop_rows(&moment, is_last);
            Ok::<_, Failure>(made)
        };
        outcome.await.unwrap_or_else(|failure| {
            tracing::debug!(?failure, "summaries weren't made of what was loaded; they are made later");
            0
        })
    }

    async fn make_at_hand(&self, moment: &Arc<Moment>, is_last: bool) -> Result<usize, Failure> {
        let days = self.0.days_at_hand(moment, is_last)?;
        let making = days.into_iter().map(|day| async move { self.day(moment, day).await.map(drop) });
        let mut making = futures::stream::iter(making).buffered(FOLDS_AT_ONCE);
        let mut made = 0;
        while let Some(()) = making.try_next().await? {
            made += 1;
            self.0.counters.rows_taken.store(0, Relaxed);
        }
        Ok(made)
    }
}

impl Inner {
    /// Days without a summary that holds, all of whose rows are in memory, ascending.
    fn days_at_hand(&self, moment: &Moment, is_last: bool) -> Result<Vec<i32>, Failure> {
        let stale = self.stale(moment)?;
        let at_hand = |day: i32| {
            let rows = lock(&self.rows);
            moment.sources(day).iter().all(|source| rows.peek(&source.id()).is_some())
        };
        let mut days: BTreeSet<i32> =
            stale.into_iter().filter(|day| self.is_settled(moment, *day) && at_hand(*day)).collect();
        if !is_last {
            days.retain(|day| is_complete(moment, *day));
        }
        Ok(days.into_iter().collect())
    }

    /// Drops rows that no day needs any more.
    fn drop_rows(&self, moment: &Moment, is_last: bool) {
        let mut needed = HashSet::new();
        if !is_last {
            let open = moment.days().into_iter().rev().take_while(|day| !is_complete(moment, *day));
            needed.extend(open.flat_map(|day| moment.sources(day)).map(|source| source.id()));
        }
        lock(&self.rows).retain(|id| needed.contains(id));
    }
}

/// Whether no more events of the day, and of those beside it, are to be expected: they come roughly in the order of
/// time.
fn is_complete(moment: &Moment, day: i32) -> bool {
    moment.days().last().is_some_and(|newest| day.saturating_add(1) < *newest)
}

impl FileRows {
    /// Adds the rows of a block.
    pub fn push(&mut self, block: &Block) {
        if let Some(fields) = self.columns.of(block) {
            self.rows.push_columns(&fields.columns(), &EVERYTHING);
        }
    }

    /// The file is written: its rows are kept while there is room.
    pub fn written(self, file: &NewFile) {
        let rows = Arc::new(self.rows.finish());
        let bytes = rows.bytes();
        self.inner.counters.file_rows.store(rows.len(), Relaxed);
        self.inner.counters.rows_taken.fetch_add(bytes as u64, Relaxed);
        lock(&self.inner.rows).insert(SourceId::File(file.identity()), rows, bytes);
    }
}
