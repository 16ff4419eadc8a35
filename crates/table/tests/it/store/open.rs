//! Creating, opening, repairing, refusing.

use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use table::{Committed, Store, StoreError, Txn};

use super::fixture::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("made by open");
    let store = open(&root).await;
    assert_eq!(store.opened.created, ["events", "rejects"]);
    assert_eq!(store.events.schema(), events_schema());
    assert_eq!(store.rejects.schema().fields().len(), table::rejects_schema().fields().len());
    assert_eq!(store.events.watermark("journal"), None);
    assert_eq!(commit(&store.events, 0, 10, DAY).await, Committed::At(1));

    let again = open(&root).await;
    assert!(again.opened.created.is_empty() && again.opened.widened.is_empty() && again.opened.repaired.is_empty());
    assert_eq!(again.events.watermark("journal"), Some(9));
    assert_eq!(counts(&again.events).await, (10, 10));
    let stats = again.events.stats();
    assert_eq!((stats.version, stats.files, stats.rows, stats.fresh_rows), (1, 1, 10, 0));
    assert!(stats.bytes > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn watermarks_survive_a_checkpoint_that_sums_up_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut few = options(dir.path());
    few.checkpoint_every_commits = 4;
    let store = Store::open(few).await.unwrap();
    for n in 0..6 {
        let _ = commit(&store.events, n * 5, n * 5 + 5, DAY).await;
        let txn = Txn { app: "load-a", version: n };
        let _ = store.events.commit(txn, Vec::new(), Vec::new()).await.unwrap();
    }
    let log = dir.path().join("events/_delta_log");
    assert!(log.join(format!("{:020}.checkpoint.parquet", 11)).exists());
    // Old entries may be cleaned up: the checkpoint must do.
    for version in 0..11 {
        std::fs::remove_file(log_entry(dir.path(), "events", version)).unwrap();
    }
    let again = open(dir.path()).await;
    assert_eq!(again.events.watermark("journal"), Some(29));
    assert_eq!(again.events.watermark("load-a"), Some(5));
    assert_eq!(counts(&again.events).await, (30, 30));
}

/// Damages the log entry of `version` (of 0..=3), then opens.
async fn check_damage(version: u64, damage: impl Fn(&Path), expect: Result<u64, &str>) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    for n in 0..3 {
        let _ = commit(&store.events, n * 10, n * 10 + 10, DAY).await;
    }
    drop(store);
    damage(&log_entry(dir.path(), "events", version));
    let opened = Store::open(options(dir.path())).await;
    match (opened, expect) {
        (Ok(store), Ok(rows)) => {
            assert_eq!(store.opened.repaired.len(), 1);
            let repaired = &store.opened.repaired[0];
            assert_eq!((repaired.table, repaired.version), ("events", version));
            assert!(dir.path().join("events/_delta_log").join(&repaired.kept_as).exists());
            assert_eq!(counts(&store.events).await, (rows as i64, rows as i64));
            assert_eq!(store.events.watermark("journal"), Some(rows as i64 - 1));
            // The rows come again from the journal.
            assert_eq!(commit(&store.events, 20, 30, DAY).await, Committed::At(3));
            assert_eq!(counts(&store.events).await, (30, 30));
            assert!(open(dir.path()).await.opened.repaired.is_empty());
        }
        (Err(error @ StoreError::Damaged { .. }), Err(expect)) => {
            assert!(error.to_string().contains(expect), "{error}");
            assert!(log_entry(dir.path(), "events", 3).exists(), "nothing is set aside when the table is refused");
        }
        (other, expect) => panic!("{other:?}, expected {expect:?}"),
    }
}

fn empty(path: &Path) {
    std::fs::write(path, b"").unwrap();
}

fn tear(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() - 9]).unwrap();
}

fn zero(path: &Path) {
    let len = std::fs::metadata(path).unwrap().len() as usize;
    std::fs::write(path, vec![0; len]).unwrap();
}

/// Empties the data file that the entry adds.
fn empty_its_file(path: &Path) {
    let entry = std::fs::read_to_string(path).unwrap();
    let name = entry.split("part-").nth(1).unwrap().split(".parquet").next().unwrap();
    let table = path.parent().unwrap().parent().unwrap();
    let file = table.join("event_date=2026-11-22").join(format!("part-{name}.parquet"));
    std::fs::write(file, b"").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_newest_entry_is_set_aside() {
    check_damage(3, empty, Ok(20)).await;
    check_damage(3, tear, Ok(20)).await;
    check_damage(3, zero, Ok(20)).await;
    check_damage(3, empty_its_file, Ok(20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_older_entry_is_refused() {
    check_damage(2, empty, Err("version 2 in its log is damaged (the file is empty)")).await;
    check_damage(1, tear, Err("version 1 in its log is damaged (the file is torn")).await;
    check_damage(
        1,
        |path| std::fs::remove_file(path).unwrap(),
        Err("version 1 in its log is damaged (the file is missing)"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_whose_first_entry_is_torn_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()).await);
    empty(&log_entry(dir.path(), "events", 0));
    let store = open(dir.path()).await;
    assert_eq!((store.opened.created, store.opened.repaired.len()), (vec!["events"], 1));
    assert_eq!(commit(&store.events, 0, 3, DAY).await, Committed::At(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grown_schema_widens_the_table_and_old_rows_read_as_null() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let _ = commit(&store.events, 0, 6, DAY).await;
    let mut fields: Vec<Field> = events_schema().fields().iter().map(|field| Field::clone(field)).collect();
    let at = fields.iter().position(|field| field.name() == "customerFeedback").unwrap();
    let DataType::Struct(inside) = fields[at].data_type() else { panic!("a struct") };
    let inside = inside.iter().cloned().chain([Arc::new(Field::new("rating", DataType::Int64, true))]);
    fields[at] = Field::new("customerFeedback", DataType::Struct(inside.collect()), true);
    fields.push(Field::new("campaign", DataType::Utf8, true));
    let wide = Arc::new(Schema::new(fields));

    let mut grown = options(dir.path());
    grown.events_schema = wide.clone();
    let again = Store::open(grown).await.unwrap();
    assert_eq!(again.opened.widened, ["events"]);
    // Files of the old shape still come, from a load that was running.
    let _ = commit(&again.events, 6, 9, DAY).await;
    again.events.set_fresh(vec![rows(9, 12, DAY)]).unwrap();
    assert_eq!(counts(&again.events).await, (12, 12));
    let sql = "select count(*) from events where campaign is null and \"customerFeedback\"['rating'] is null";
    assert_eq!(scalar(&again.events, sql).await, "12");
    let sql = "select count(*) from events where \"customerFeedback\"['subject'] is not null";
    assert_eq!(scalar(&again.events, sql).await, "8");

    let mut clash = options(dir.path());
    clash.events_schema = Arc::new(Schema::new(vec![Field::new("content_mac", DataType::Utf8, true)]));
    let error = Store::open(clash).await.unwrap_err().to_string();
    assert!(error.contains("content_mac is Int64 in the table but Utf8"), "{error}");
}
