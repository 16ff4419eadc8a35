//! A few sealed values of a table that isn't open yet.

use std::cmp::Reverse;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::{Array as _, AsArray as _};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;

use crate::place::LOG_DIR;

/// Sealed values of a table's newest data files, with the ids of their rows: what tells
/// whether a key is the right one before the table is opened. Files that can't be read are
/// passed over.
pub fn sealed_samples(root: &Path, table: &str, samples_max: usize) -> Vec<(String, Vec<u8>)> {
    let mut samples = Vec::new();
    let id = if table == "rejects" { "reject_id" } else { "_id" };
    for path in newest_files(&root.join(table)) {
        let _ = sample(&path, id, samples_max, &mut samples);
        if samples.len() >= samples_max {
            break;
        }
    }
    samples
}

/// Data files, the newest first; not more than make sense to look into.
fn newest_files(dir: &Path) -> Vec<PathBuf> {
    const FILES_MAX: usize = 64;
    let list = |dir: &Path| -> Vec<PathBuf> {
        fs::read_dir(dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
    };
    let parquet = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "parquet");
    let days = list(dir).into_iter().filter(|path| path.is_dir() && !path.ends_with(LOG_DIR));
    let mut files: Vec<_> = days.flat_map(|day| list(&day)).filter(parquet).collect();
    files.sort_by_key(|path| Reverse(path.metadata().and_then(|about| about.modified()).ok()));
    files.truncate(FILES_MAX);
    files
}

fn sample(path: &Path, id: &str, samples_max: usize, samples: &mut Vec<(String, Vec<u8>)>) -> Result<(), ParquetError> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(File::open(path)?, options)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), [id, "sealed"]);
    for batch in builder.with_projection(mask).with_batch_size(1024).build()? {
        let batch = batch?;
        let ids = batch.column_by_name(id).and_then(|ids| ids.as_string_opt::<i32>());
        let sealed = batch.column_by_name("sealed").and_then(|sealed| sealed.as_binary_opt::<i32>());
        let (Some(ids), Some(sealed)) = (ids, sealed) else { return Ok(()) };
        for row in 0..batch.num_rows() {
            if sealed.is_valid(row) && ids.is_valid(row) && samples.len() < samples_max {
                samples.push((ids.value(row).to_owned(), sealed.value(row).to_vec()));
            }
        }
        if samples.len() >= samples_max {
            break;
        }
    }
    Ok(())
}
