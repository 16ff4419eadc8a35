//! Single rows by their instants, past the query engine: the newest of a span, and the one of an instant with an id.
//!
//! Planning a query takes longer than reading a few rows, and whoever looks at single events waits for it. Here the
//! instants of files are read, newest days first, until no other file can have newer rows; then the rows that were
//! found are read from the pages that they lie in. What can't be done so is told, and is a query's.

use std::collections::BTreeMap;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches, take_record_batch};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use futures::TryStreamExt as _;
use futures::future::BoxFuture;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

use crate::dataset::Dataset;
use crate::day_files::{Contents, DataFile, ReadFailure, mask};
use crate::error::{StoreError, at};
use crate::evolve::fit;
use crate::scan::FileDays;

const DOING: &str = "reading single rows";
/// Rows that are read beyond those that were asked for, since they are of one instant with the last of them.
const TIES_MAX: usize = 1_000;
/// Files that are looked into; where more are needed a query does it.
pub(crate) const FILES_MAX: usize = 256;
const DAY_MICROS: i64 = 86_400_000_000;

/// What is picked.
#[derive(Clone, Debug)]
pub struct Newest {
    /// Instants, in microseconds since 1970.
    pub within: Range<i64>,
    /// Rows at least, if there are so many; the caller orders those of one instant.
    pub rows: usize,
}

/// A row in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) instant: i64,
    pub(crate) source: Source,
    pub(crate) row: usize,
}

/// What a row lies in, by its place in [`Contents`] or in the list of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    Fresh(usize),
    File(usize),
}

impl Dataset {
    /// The newest rows of a span, in no order, with all that are of one instant with the last of them. Columns whose
    /// names aren't in `columns` are null, and so is the partition column. `None` where a query must do it.
    ///
    /// # Errors
    /// A file can't be read, or is gone: ask anew, or a query.
    pub fn newest<'a>(
        &'a self,
        newest: &'a Newest,
        columns: &'static [&'static str],
    ) -> BoxFuture<'a, Result<Option<RecordBatch>, ReadFailure>> {
        Box::pin(async move {
            let contents = self.contents();
            let files = files_of(&contents, &newest.within);
            let mut found = Vec::new();
            for (place, (_, batch)) in contents.fresh.iter().enumerate() {
                let Some(instants) = self.instants(batch) else { return Ok(None) };
                push(&mut found, &instants, &newest.within, Source::Fresh(place), 0);
            }
            let mut cut = cut(&mut found, newest.rows);
            for (place, (last, file)) in files.iter().enumerate() {
                if cut.is_some_and(|cut| cut > *last) {
                    break;
                }
                if place == FILES_MAX {
                    return Ok(None);
                }
                let within = cut.unwrap_or(i64::MIN).max(newest.within.start)..newest.within.end;
                if !self.instants_of(file, &within, Source::File(place), &mut found).await? {
                    return Ok(None);
                }
                cut = self::cut(&mut found, newest.rows);
            }
            if found.len() > newest.rows + TIES_MAX {
                return Ok(None);
            }
            self.rows(&contents, &files, &found, columns).await.map(Some)
        })
    }

    /// The row of an instant that has this id, whole; `None` where there is none, or a query must find it.
    ///
    /// # Errors
    /// As [`newest`](Dataset::newest).
    pub fn row_at<'a>(&'a self, instant: i64, id: &'a str) -> BoxFuture<'a, Result<Option<RecordBatch>, ReadFailure>> {
        Box::pin(async move {
            let contents = self.contents();
            let within = instant..instant.saturating_add(1);
            let files = files_of(&contents, &within);
            let mut found = Vec::new();
            for (place, (_, batch)) in contents.fresh.iter().enumerate() {
                let Some(instants) = self.instants(batch) else { return Ok(None) };
                push(&mut found, &instants, &within, Source::Fresh(place), 0);
            }
            for (place, (_, file)) in files.iter().enumerate().take(FILES_MAX) {
                if !self.instants_of(file, &within, Source::File(place), &mut found).await? {
                    return Ok(None);
                }
            }
            if found.len() > TIES_MAX {
                return Ok(None);
            }
            let rows = self.rows(&contents, &files, &found, &[]).await?;
            let ids = rows.column_by_name(self.inner.names.id).map(|ids| cast(ids, &DataType::Utf8));
            let Some(Ok(ids)) = ids else { return Ok(None) };
            let row = ids.as_string::<i32>().iter().position(|known| known == Some(id));
            Ok(row.map(|row| rows.slice(row, 1)))
        })
    }

    /// Adds a file's rows within a span; false for a file that only the engine can read.
    async fn instants_of(
        &self,
        file: &DataFile,
        within: &Range<i64>,
        source: Source,
        found: &mut Vec<Found>,
    ) -> Result<bool, ReadFailure> {
        if file.is_marked() {
            return Ok(false);
        }
        let read = async {
            let builder = self.open_file(file.view()).await?;
            let name = self.inner.names.instant;
            let leaf = builder.parquet_schema().columns().iter().position(|column| column.path().string() == name);
            let Some(leaf) = leaf else { return Ok(false) };
            let groups: Vec<usize> = (0..builder.metadata().num_row_groups())
                .filter(|group| may_hold(builder.metadata().row_group(*group), leaf, within))
                .collect();
            let mut begins = begins(builder.metadata().row_groups());
            let sizes: Vec<usize> = groups.iter().map(|group| rows_of(builder.metadata().row_group(*group))).collect();
            let mask = ProjectionMask::leaves(builder.parquet_schema(), [leaf]);
            let stream = builder.with_row_groups(groups.clone()).with_projection(mask).build();
            let mut batches = stream.map_err(at(self.name(), DOING))?;
            let mut done = 0;
            let mut groups = groups.into_iter().zip(sizes).peekable();
            while let Some(batch) = batches.try_next().await.map_err(at(self.name(), DOING))? {
                let Some(instants) = self.instants(&batch) else { return Ok(false) };
                // Batches may end within a row group and begin in one.
                let mut offset = 0;
                while offset < batch.num_rows() {
                    let Some((group, size)) = groups.peek().copied() else { return Ok(false) };
                    let rows = (size - done).min(batch.num_rows() - offset);
                    let Some(begin) = begins.get_mut(group) else { return Ok(false) };
                    push(found, &instants.slice(offset, rows), within, source, *begin + done);
                    offset += rows;
                    done += rows;
                    if done == size {
                        groups.next();
                        done = 0;
                    }
                }
            }
            Ok(true)
        };
        read.await.map_err(|error: StoreError| self.failure(file.view(), error))
    }

    /// The rows that were found, in the table's columns; all columns where none are named.
    pub(crate) async fn rows(
        &self,
        contents: &Contents,
        files: &[(i64, DataFile)],
        found: &[Found],
        columns: &'static [&'static str],
    ) -> Result<RecordBatch, ReadFailure> {
        let mut by_source: BTreeMap<Source, Vec<usize>> = BTreeMap::new();
        for found in found {
            by_source.entry(found.source).or_default().push(found.row);
        }
        let schema = contents.files.schema();
        let mut batches = Vec::new();
        for (source, mut rows) in by_source {
            rows.sort_unstable();
            match source {
                Source::Fresh(place) => {
                    let batch = &contents.fresh[place].1;
                    let rows = arrow::array::UInt64Array::from_iter_values(rows.iter().map(|row| *row as u64));
                    let batch = take_record_batch(batch, &rows).map_err(at(self.name(), DOING))?;
                    batches.push(fit(self.name(), batch, &schema)?);
                }
                Source::File(place) => {
                    let file = &files[place].1;
                    let read = self.rows_of_file(file, &rows, columns).await;
                    for batch in read.map_err(|error| self.failure(file.view(), error))? {
                        batches.push(fit(self.name(), batch, &schema)?);
                    }
                }
            }
        }
        Ok(concat_batches(&schema, &batches).map_err(at(self.name(), DOING))?)
    }

    async fn rows_of_file(
        &self,
        file: &DataFile,
        rows: &[usize],
        columns: &'static [&'static str],
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let builder = self.open_file(file.view()).await?;
        let sizes: Vec<usize> = builder.metadata().row_groups().iter().map(rows_of).collect();
        let (groups, selection) = selection(&sizes, rows);
        let mask = match columns {
            [] => ProjectionMask::all(),
            columns => mask(builder.parquet_schema(), columns),
        };
        let builder = builder.with_row_groups(groups).with_row_selection(selection).with_projection(mask);
        let batches = builder.build().map_err(at(self.name(), DOING))?;
        batches.try_collect().await.map_err(at(self.name(), DOING))
    }

    /// A batch's instants; `None` if they are of another type.
    fn instants(&self, batch: &RecordBatch) -> Option<ArrayRef> {
        let column = batch.column_by_name(self.inner.names.instant)?;
        let wanted = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        cast(column, &wanted).ok()
    }
}

/// The files that may have rows of a span, each with the last instant that it can have, the latest first.
fn files_of(contents: &Contents, within: &Range<i64>) -> Vec<(i64, DataFile)> {
    let begin = |day: i32| i64::from(day).saturating_mul(DAY_MICROS);
    let end = |day: i32| begin(day).saturating_add(DAY_MICROS - 1);
    let files = contents.files.days().values().flat_map(|day| day.files()).chain(contents.files.undated());
    let mut files: Vec<(i64, DataFile)> = files
        .filter_map(|file| {
            let (first, last) = match file.days() {
                FileDays::Of(day) => (begin(day.0), end(day.0)),
                FileDays::Among(first, last) => (begin(first.0), end(last.0)),
                FileDays::Any => (i64::MIN, i64::MAX),
            };
            (first < within.end && last >= within.start).then(|| (last, file.clone()))
        })
        .collect();
    files.sort_by_key(|(last, _)| std::cmp::Reverse(*last));
    files
}

/// Adds the rows whose instants are within a span; the first of them is row `begin` of its source.
fn push(found: &mut Vec<Found>, instants: &ArrayRef, within: &Range<i64>, source: Source, begin: usize) {
    let Some(instants) = instants.as_primitive_opt::<TimestampMicrosecondType>() else { return };
    let has_nulls = instants.null_count() > 0;
    for (row, instant) in instants.values().iter().enumerate() {
        if within.contains(instant) && !(has_nulls && instants.is_null(row)) {
            found.push(Found { instant: *instant, source, row: begin + row });
        }
    }
}

/// The instant of the last of so many newest rows; older ones are dropped. `None` where there are fewer.
fn cut(found: &mut Vec<Found>, rows: usize) -> Option<i64> {
    let last = rows.checked_sub(1)?;
    if found.len() < rows {
        return None;
    }
    let (_, nth, _) = found.select_nth_unstable_by_key(last, |found| std::cmp::Reverse(found.instant));
    let cut = nth.instant;
    found.retain(|found| found.instant >= cut);
    Some(cut)
}

/// Whether a row group can have instants of a span.
fn may_hold(group: &RowGroupMetaData, leaf: usize, within: &Range<i64>) -> bool {
    match group.column(leaf).statistics() {
        Some(Statistics::Int64(range)) => match (range.min_opt(), range.max_opt()) {
            (Some(min), Some(max)) => *min < within.end && *max >= within.start,
            _ => true,
        },
        _ => true,
    }
}

fn rows_of(group: &RowGroupMetaData) -> usize {
    usize::try_from(group.num_rows()).unwrap_or(0)
}

/// The first row of each row group.
fn begins(groups: &[RowGroupMetaData]) -> Vec<usize> {
    let mut next = 0;
    let begin = |group| {
        let begin = next;
        next += rows_of(group);
        begin
    };
    groups.iter().map(begin).collect()
}

/// The row groups that ascending rows lie in, and which rows of these they are.
fn selection(sizes: &[usize], rows: &[usize]) -> (Vec<usize>, RowSelection) {
    let (mut groups, mut selectors) = (Vec::new(), Vec::new());
    let (mut begin, mut rest) = (0, rows);
    for (group, size) in sizes.iter().enumerate() {
        let inside = rest.partition_point(|row| *row < begin + size);
        let (these, others) = rest.split_at(inside);
        if !these.is_empty() {
            groups.push(group);
            let mut at = begin;
            for row in these {
                if *row > at {
                    selectors.push(RowSelector::skip(row - at));
                }
                selectors.push(RowSelector::select(1));
                at = row + 1;
            }
            if at < begin + size {
                selectors.push(RowSelector::skip(begin + size - at));
            }
        }
        (begin, rest) = (begin + size, others);
    }
    (groups, selectors.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_selected_in_their_groups() {
        let check = |rows: &[usize], groups: &[usize], expect: &[(bool, usize)]| {
            let (found, selection) = selection(&[10, 5, 10], rows);
            let selectors: Vec<(bool, usize)> = selection.iter().map(|one| (one.skip, one.row_count)).collect();
            assert_eq!((found.as_slice(), selectors.as_slice()), (groups, expect), "{rows:?}");
        };
        check(&[], &[], &[]);
        check(&[0, 3], &[0], &[(false, 1), (true, 2), (false, 1), (true, 6)]);
        check(&[9, 10], &[0, 1], &[(true, 9), (false, 2), (true, 4)]);
        check(&[14, 24], &[1, 2], &[(true, 4), (false, 1), (true, 9), (false, 1)]);
    }

    #[test]
    fn all_of_the_last_instant_are_kept() {
        let found = |instants: &[i64]| -> Vec<Found> {
            let one = |(row, instant): (usize, &i64)| Found { instant: *instant, source: Source::File(0), row };
            instants.iter().enumerate().map(one).collect()
        };
        let check = |instants: &[i64], rows: usize, expect: Option<i64>, left: usize| {
            let mut found = found(instants);
            assert_eq!((cut(&mut found, rows), found.len()), (expect, left), "{instants:?}");
        };
        check(&[], 2, None, 0);
        check(&[5], 2, None, 1);
        check(&[1, 5, 3, 3, 3], 2, Some(3), 4);
        check(&[1, 5, 3], 3, Some(1), 3);
        check(&[1], 0, None, 1);
    }
}
