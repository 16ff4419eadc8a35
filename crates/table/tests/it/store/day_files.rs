//! What a moment consists of: files by day, files of no day, fresh rows; and their columns.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use futures::TryStreamExt as _;
use parquet::arrow::ArrowWriter;
use table::{
    CompactPolicy, Contents, DataFile, Dataset, FileDays, FileStats, NewFile, Partition, ReadFailure, Store,
    StoreOptions, Txn,
};

use super::fixture::*;

const ALL: CompactPolicy = CompactPolicy { small_bytes: 1 << 30, target_bytes: 1 << 30, files_min: 2 };
const COLUMNS: &[&str] = &["content_mac", "customerFeedback.subject", "labels.*.key", "unknown.column"];

async fn read(dataset: &Dataset, contents: &Contents, file: &DataFile) -> Result<Vec<RecordBatch>, ReadFailure> {
    dataset.read_file(&contents.files, file, COLUMNS).try_collect().await
}

/// The rows of all files by day, read from them, the undated ones under `None`, and the fresh ones.
async fn rows_of(dataset: &Dataset) -> (BTreeMap<Option<i32>, Vec<i64>>, usize) {
    let contents = dataset.contents();
    let mut rows: BTreeMap<Option<i32>, Vec<i64>> = BTreeMap::new();
    let dated =
        contents.files.days().iter().flat_map(|(day, of_day)| of_day.files().iter().map(|file| (Some(day.0), file)));
    for (day, file) in dated.chain(contents.files.undated().iter().map(|file| (None, file))) {
        let batches = read(dataset, &contents, file).await.unwrap();
        let numbers = batches.iter().flat_map(|batch| {
            batch.column_by_name("content_mac").unwrap().as_primitive::<Int64Type>().values().to_vec()
        });
        let rows = rows.entry(day).or_default();
        rows.extend(numbers);
        rows.sort_unstable();
    }
    (rows, contents.fresh.iter().map(|(_, batch)| batch.num_rows()).sum())
}

/// A data file of no day.
fn undated_file(dataset: &Dataset, batches: &[RecordBatch]) -> NewFile {
    let mut file = dataset.create_file(None).unwrap();
    let mut stats = FileStats::default();
    let without_date = |batch: &RecordBatch| {
        let mut batch = batch.clone();
        batch.remove_column(batch.schema().index_of("event_date").unwrap());
        batch
    };
    let mut writer = ArrowWriter::try_new(&mut file, without_date(&batches[0]).schema(), None).unwrap();
    for batch in batches {
        stats.observe(batch);
        writer.write(&without_date(batch)).unwrap();
    }
    writer.close().unwrap();
    file.finish(stats).unwrap()
}

fn one_file(contents: &Contents, day: i32) -> DataFile {
    let [file] = contents.files.days()[&Partition(day)].files() else { panic!("not one file") };
    file.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_told_by_their_days_and_fresh_rows_beside_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let events = &store.events;
    let _ = commit(events, 0, 4, DAY).await;
    let _ = commit(events, 4, 6, DAY + 1).await;
    let first = events.contents();
    let _ = commit(events, 6, 8, DAY).await;
    let undated = undated_file(events, &[rows(8, 9, DAY - 3), rows(9, 10, DAY + 3)]);
    let _ = events.commit(Txn { app: "journal", version: 9 }, vec![undated], Vec::new()).await.unwrap();
    events.push_fresh(rows(10, 13, DAY)).unwrap();
    let (by_day, fresh) = rows_of(events).await;
    assert_eq!(by_day[&Some(DAY)], [0, 1, 2, 3, 6, 7]);
    assert_eq!(by_day[&Some(DAY + 1)], [4, 5]);
    assert_eq!(by_day[&None], [8, 9]);
    assert_eq!(fresh, 3);
    let now = events.contents();
    let identity = |contents: &Contents, day: i32| contents.files.days()[&Partition(day)].identity();
    assert_ne!(identity(&first, DAY), identity(&now, DAY));
    assert_eq!(identity(&first, DAY + 1), identity(&now, DAY + 1), "its files are the same");
    assert_eq!(now.files.undated()[0].days(), FileDays::Among(Partition(DAY - 3), Partition(DAY + 3)));
    assert_eq!(one_file(&now, DAY + 1).rows(), Some(2));
    assert_eq!(one_file(&now, DAY + 1).days(), FileDays::Of(Partition(DAY + 1)));
    assert!(Arc::ptr_eq(&now.files, &events.contents().files), "sorted once a version");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_columns_asked_for_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let _ = commit(&store.events, 0, 4, DAY).await;
    let contents = store.events.contents();
    let batches = read(&store.events, &contents, &one_file(&contents, DAY)).await.unwrap();
    let [batch] = batches.as_slice() else { panic!("four rows are a batch") };
    let schema = batch.schema();
    let mut names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["content_mac", "customerFeedback", "labels"]);
    let feedback = batch.column_by_name("customerFeedback").unwrap().as_struct();
    assert_eq!(feedback.column_names(), ["subject"]);
    let subjects = feedback.column_by_name("subject").unwrap().as_string::<i32>();
    assert_eq!(subjects.iter().collect::<Vec<_>>(), [None, Some("subject 1"), Some("subject 2"), None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_files_are_left_out_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let events = &store.events;
    let _ = commit(events, 0, 4, DAY).await;
    let _ = commit(events, 4, 6, DAY + 1).await;
    let before = events.contents();
    let path = file_of(dir.path(), "2026-11-22");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() - 20;
    bytes[4..middle].fill(0);
    fs::write(&path, bytes).unwrap();
    // Found by reading it; whoever asks again reads without it.
    let failure = read(events, &before, &one_file(&before, DAY)).await;
    assert!(matches!(failure, Err(ReadFailure::Gone)), "{failure:?}");
    let after = events.contents();
    assert_eq!((after.files.damaged_files(), after.files.damaged_rows()), (1, 4));
    assert_eq!(after.files.version(), before.files.version());
    let (by_day, _) = rows_of(events).await;
    assert_eq!(by_day.into_iter().collect::<Vec<_>>(), [(Some(DAY + 1), vec![4, 5])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_went_out_of_use_and_was_deleted_is_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    let store = Store::open(StoreOptions { clock: clock.clone(), ..options(dir.path()) }).await.unwrap();
    let events = &store.events;
    for n in 0..3 {
        let _ = commit(events, n, n + 1, DAY).await;
    }
    let before = events.contents();
    assert_eq!(events.compact(ALL).await.unwrap().files_after, 1);
    let old = before.files.days()[&Partition(DAY)].files()[0].clone();
    assert_eq!(read(events, &before, &old).await.unwrap()[0].num_rows(), 1, "old versions can be read for a while");
    clock.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(events.vacuum(Duration::ZERO).await.unwrap().files, 3);
    let failure = read(events, &before, &old).await;
    assert!(matches!(failure, Err(ReadFailure::Gone)), "{failure:?}");
    assert_eq!(events.damaged_count(), 0);
    let after = events.contents();
    assert_eq!(read(events, &after, &one_file(&after, DAY)).await.unwrap()[0].num_rows(), 3);
}

/// The one data file of a day.
fn file_of(dir: &Path, day: &str) -> PathBuf {
    let mut files = fs::read_dir(dir.join("events").join(format!("event_date={day}"))).unwrap();
    files.next().unwrap().unwrap().path()
}
