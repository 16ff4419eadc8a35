//! Rows by a text of one column, past the query engine: an event by its id, or what was rejected under one.
//!
//! Planning a query takes longer than reading such a column, and whoever looks at an event waits for it. Here the column
//! alone is read, then the rows that have the text, from the pages that they lie in. What can't be done so is told, and is
//! a query's.

use std::ops::RangeInclusive;

use arrow::array::{Array, ArrayRef, RecordBatch, Scalar, StringArray};
use arrow::compute::cast;
use arrow::compute::kernels::cmp::eq;
use futures::TryStreamExt as _;
use futures::future::BoxFuture;
use parquet::arrow::ProjectionMask;

use crate::dataset::Dataset;
use crate::day_files::{DataFile, ReadFailure};
use crate::error::{StoreError, at};
use crate::pick::{FILES_MAX, Found, Source};
use crate::scan::FileDays;

const DOING: &str = "searching rows by a text";
/// Rows that are found; of more a query makes its answer.
const ROWS_MAX: usize = 1_000;
/// Rows whose texts are read; more are searched by a query, on all processors.
const ROWS_READ_MAX: u64 = 4_000_000;
/// Rows of one step of reading.
const BATCH_ROWS: usize = 8_192;

impl Dataset {
    /// The rows of some days, or of all, whose column has this text, in no order, and fresh ones whatever their day; columns
    /// whose names aren't in `columns` are null. `None` where a query must find them.
    ///
    /// # Errors
    /// A file can't be read, or is gone: ask a query.
    pub(crate) fn rows_with<'a>(
        &'a self,
        column: &'static str,
        text: &'a str,
        days: Option<RangeInclusive<i32>>,
        columns: &'static [&'static str],
    ) -> BoxFuture<'a, Result<Option<RecordBatch>, ReadFailure>> {
        Box::pin(async move {
            let contents = self.contents();
            let all = contents.files.days().values().flat_map(|day| day.files()).chain(contents.files.undated());
            let files: Vec<(i64, DataFile)> =
                all.filter(|file| may_be(file.days(), days.as_ref())).map(|file| (0, file.clone())).collect();
            let rows: u64 = files.iter().map(|(_, file)| file.rows().unwrap_or(u64::from(u32::MAX))).sum();
            if rows > ROWS_READ_MAX || files.len() > FILES_MAX || files.iter().any(|(_, file)| file.is_marked()) {
                return Ok(None);
            }
            let mut found = Vec::new();
            for (place, (_, batch)) in contents.fresh.iter().enumerate() {
                let Some(values) = batch.column_by_name(column) else { return Ok(None) };
                let Some(rows) = rows_of(values, text) else { return Ok(None) };
                found.extend(rows.into_iter().map(|row| Found { instant: 0, source: Source::Fresh(place), row }));
            }
            for (place, (_, file)) in files.iter().enumerate() {
                if found.len() > ROWS_MAX {
                    break;
                }
                let rows = self.rows_in(file, column, text).await;
                let Some(rows) = rows.map_err(|error| self.failure(file.view(), error))? else { return Ok(None) };
                found.extend(rows.into_iter().map(|row| Found { instant: 0, source: Source::File(place), row }));
            }
            if found.len() > ROWS_MAX {
                return Ok(None);
            }
            self.rows(&contents, &files, &found, columns).await.map(Some)
        })
    }

    /// The numbers of a file's rows with this text; `None` where only the engine can read it.
    async fn rows_in(&self, file: &DataFile, column: &str, text: &str) -> Result<Option<Vec<usize>>, StoreError> {
        let builder = self.open_file(file.view()).await?;
        let leaf = builder.parquet_schema().columns().iter().position(|known| known.path().string() == column);
        let Some(leaf) = leaf else { return Ok(None) };
        let mask = ProjectionMask::leaves(builder.parquet_schema(), [leaf]);
        let stream = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
        let mut batches = stream.map_err(at(self.name(), DOING))?;
        let (mut rows, mut begin) = (Vec::new(), 0);
        while let Some(batch) = batches.try_next().await.map_err(at(self.name(), DOING))? {
            let Some(found) = rows_of(batch.column(0), text) else { return Ok(None) };
            rows.extend(found.into_iter().map(|row| begin + row));
            begin += batch.num_rows();
        }
        Ok(Some(rows))
    }
}

/// Whether a file can have rows of some days.
fn may_be(file: FileDays, days: Option<&RangeInclusive<i32>>) -> bool {
    let Some(days) = days else { return true };
    match file {
        FileDays::Of(day) => days.contains(&day.0),
        FileDays::Among(first, last) => first.0 <= *days.end() && last.0 >= *days.start(),
        FileDays::Any => true,
    }
}

/// The rows with this text; `None` for a column that isn't made of texts.
fn rows_of(values: &ArrayRef, text: &str) -> Option<Vec<usize>> {
    let text = cast(&StringArray::from(vec![text]), values.data_type()).ok().filter(|text| text.is_valid(0))?;
    let is_same = eq(values, &Scalar::new(text)).ok()?;
    Some((0..is_same.len()).filter(|row| is_same.is_valid(*row) && is_same.value(*row)).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::DataType;

    use super::*;

    #[test]
    fn texts_are_found_in_whatever_form_they_are_read() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("b"), Some("a"), Some("")]));
        for form in [
            DataType::Utf8,
            DataType::LargeUtf8,
            DataType::Utf8View,
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        ] {
            let values = cast(&texts, &form).expect("another form");
            assert_eq!(rows_of(&values, "a"), Some(vec![0, 3]), "{form}");
            assert_eq!((rows_of(&values, ""), rows_of(&values, "c")), (Some(vec![4]), Some(vec![])), "{form}");
        }
        let numbers: ArrayRef = Arc::new(arrow::array::Int32Array::from(vec![1]));
        assert_eq!(rows_of(&numbers, "x"), None);
    }
}
