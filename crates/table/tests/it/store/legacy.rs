//! Unkeyed hashes of early tables: gone from the files, and the rows still known.

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use table::{CompactPolicy, Dataset, Store, StoreOptions, StoredId, Txn};

use super::fixture::{DAY, counts, options, rows, scalar};

/// The schema as an early version had it.
fn early(schema: &SchemaRef) -> SchemaRef {
    let rename = |field: &Arc<Field>| match field.name().as_str() {
        "content_mac" => Arc::new(field.as_ref().clone().with_name("content_hash").with_nullable(false)),
        _ => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(rename).collect::<Vec<_>>()))
}

fn keyed(id: &str, hash: i64) -> i64 {
    hash.wrapping_mul(31).wrapping_add(id.len() as i64)
}

fn keyed_options(dir: &Path) -> StoreOptions {
    StoreOptions { key_hash: Some(Arc::new(keyed)), ..options(dir) }
}

/// A table with files of an early version: 5 of one day, 1 of another.
async fn early_table(dir: &Path) {
    let store = Store::open(StoreOptions { events_schema: early(&options(dir).events_schema), ..options(dir) }).await;
    let events = store.unwrap().events;
    for (n, day) in [DAY, DAY, DAY, DAY, DAY, DAY - 3].into_iter().enumerate() {
        let n = n as i64;
        let batch = rows(n * 10, n * 10 + 10, day);
        let batch = RecordBatch::try_new(early(&batch.schema()), batch.columns().to_vec()).unwrap();
        let files = events.write_rows(&batch).unwrap();
        let _ = events.commit(Txn { app: "journal", version: n }, files, Vec::new()).await.unwrap();
    }
}

/// Ids with what is known of their content: keyed or not.
async fn known(events: &Dataset) -> Vec<(String, Option<i64>, Option<i64>)> {
    let mut known = Vec::new();
    let mut note = |row: StoredId<'_>| known.push((row.id.to_owned(), row.content_mac, row.legacy_hash));
    events.scan_ids(&|_| true, &mut note).await.unwrap();
    known.sort_unstable_by_key(|(id, ..)| id[1..].parse::<i64>().unwrap());
    known
}

fn live_files_with(dir: &Path, bytes: &[u8]) -> usize {
    let mut count = 0;
    for day in std::fs::read_dir(dir.join("events")).unwrap().map(|entry| entry.unwrap().path()) {
        for file in std::fs::read_dir(day).unwrap().map(|entry| entry.unwrap().path()) {
            let is_data = file.extension().is_some_and(|kind| kind == "parquet");
            let holds = std::fs::read(&file).unwrap().windows(bytes.len()).any(|window| window == bytes);
            count += usize::from(is_data && holds);
        }
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_rewritten_without_unkeyed_hashes() {
    let dir = tempfile::tempdir().unwrap();
    early_table(dir.path()).await;
    let store = Store::open(keyed_options(dir.path())).await.unwrap();
    let events = &store.events;
    assert!(events.has_legacy_hashes());
    assert!(events.schema().column_with_name("content_hash").is_none());
    let before: Vec<_> = (0..60).map(|n| (format!("e{n}"), None, Some(n))).collect();
    assert_eq!(known(events).await, before);
    let rows = "select sum(length(_id)), max(timestamp), count(sealed), sum(\"customerFeedback\"['chatStart']['value']) from events";
    let was = scalar(events, rows).await;

    assert_eq!(events.forget_legacy_hashes().await.unwrap(), 6);
    assert!(!events.has_legacy_hashes());
    let after: Vec<_> = (0..60i64).map(|n| (format!("e{n}"), Some(keyed(&format!("e{n}"), n)), None)).collect();
    assert_eq!(known(events).await, after);
    assert_eq!((counts(events).await, scalar(events, rows).await), ((60, 60), was));
    assert_eq!(events.forget_legacy_hashes().await.unwrap(), 0);
    // The old files go with a vacuum; until then they hold the column.
    assert_eq!(live_files_with(dir.path(), b"content_hash"), 6);
    let again = Store::open(keyed_options(dir.path())).await.unwrap().events;
    assert!(!again.has_legacy_hashes());
    assert_eq!(known(&again).await, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_takes_unkeyed_hashes_out_too() {
    let dir = tempfile::tempdir().unwrap();
    early_table(dir.path()).await;
    let events = Store::open(keyed_options(dir.path())).await.unwrap().events;
    let policy = CompactPolicy { files_min: 2, ..CompactPolicy::default() };
    assert_eq!(events.compact(policy).await.unwrap().files_before, 5);
    // One file of the other day is left.
    assert_eq!(known(&events).await.iter().filter(|(_, _, legacy)| legacy.is_some()).count(), 10);
    assert_eq!(events.forget_legacy_hashes().await.unwrap(), 1);
    assert_eq!(counts(&events).await, (60, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_files_stay_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    early_table(dir.path()).await;
    let events = Store::open(options(dir.path())).await.unwrap().events;
    assert_eq!(events.forget_legacy_hashes().await.unwrap(), 0);
    assert!(events.has_legacy_hashes());
}
