//! Rows that another program has marked deleted: they are in a data file, and in no answer.

use std::path::Path;
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use futures::TryStreamExt as _;
use table::{CompactPolicy, Contents, DeleteWhere, EventDays, Partition, ReadFailure, Store, StoreOptions};
use test_query::{MARKS_FILE, Marks, mark_deleted};

use super::fixture::*;

const ALL: CompactPolicy = CompactPolicy { small_bytes: 1 << 30, target_bytes: 1 << 30, files_min: 2 };
const COLUMNS: &[&str] = &["content_mac", "customerFeedback.subject"];

/// Rows 0 to 3 of one day, of which 1 and 2 are marked; rows 4 and 5 of the next.
async fn made(dir: &Path, marks: Marks) -> Store {
    let store = open(dir).await;
    let _ = commit(&store.events, 0, 4, DAY).await;
    let _ = commit(&store.events, 4, 6, DAY + 1).await;
    drop(store);
    mark_deleted(&dir.join("events"), "event_date=2026-11-22", &[1, 2], marks);
    open(dir).await
}

/// The rows of a day, read from its files.
async fn rows_of(store: &Store, contents: &Contents, day: i32) -> Vec<i64> {
    let mut rows = Vec::new();
    for file in contents.files.days()[&Partition(day)].files() {
        let batches = store.events.read_file(&contents.files, file, COLUMNS);
        let batches: Vec<_> = batches.try_collect().await.unwrap();
        for batch in batches {
            assert!(batch.column_by_name("customerFeedback").unwrap().as_struct().column_by_name("subject").is_some());
            rows.extend(batch.column_by_name("content_mac").unwrap().as_primitive::<Int64Type>().values());
        }
    }
    rows.sort_unstable();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_neither_queried_nor_read_nor_found() {
    for marks in [Marks::Inline, Marks::File] {
        let dir = tempfile::tempdir().unwrap();
        let store = made(dir.path(), marks).await;
        assert_eq!(counts(&store.events).await, (4, 4), "{marks:?}");
        let contents = store.events.contents();
        assert_eq!(rows_of(&store, &contents, DAY).await, [0, 3], "{marks:?}");
        assert_eq!(rows_of(&store, &contents, DAY + 1).await, [4, 5], "{marks:?}");
        assert_eq!(store.find_event("e1", EventDays::Any).await.unwrap(), None);
        assert!(store.find_event("e3", EventDays::On(DAY)).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_another_one_when_rows_of_it_are_marked() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let _ = commit(&store.events, 0, 4, DAY).await;
    let identity = |store: &Store| store.events.contents().files.days()[&Partition(DAY)].identity();
    let mut before = identity(&store);
    for (rows, marks) in [([1, 2], Marks::Inline), ([0, 2], Marks::Inline), ([1, 2], Marks::File)] {
        mark_deleted(&dir.path().join("events"), "event_date=2026-11-22", &rows, marks);
        let after = identity(&open(dir.path()).await);
        assert_ne!(after, before, "{rows:?} {marks:?}");
        before = after;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn they_stay_deleted_whatever_is_done_to_the_table() {
    for marks in [Marks::Inline, Marks::File] {
        let dir = tempfile::tempdir().unwrap();
        drop(made(dir.path(), marks).await);
        let clock = clock();
        let store = Store::open(StoreOptions { clock: clock.clone(), ..options(dir.path()) }).await.unwrap();
        let events = &store.events;
        let _ = commit(events, 6, 8, DAY).await;
        let _ = commit(events, 8, 10, DAY).await;
        assert_eq!(counts(events).await, (8, 8), "{marks:?}");
        // The marked file stays as it is.
        let compacted = events.compact(ALL).await.unwrap();
        assert_eq!((compacted.files_before, compacted.files_after), (2, 1), "{marks:?}");
        clock.advance(Duration::from_secs(24 * 60 * 60));
        assert_eq!(events.vacuum(Duration::ZERO).await.unwrap().files, 2, "{marks:?}");
        assert_eq!(dir.path().join("events").join(MARKS_FILE).exists(), matches!(marks, Marks::File));
        let store = open(dir.path()).await;
        assert_eq!(rows_of(&store, &store.events.contents(), DAY).await, [0, 3, 6, 7, 8, 9], "{marks:?}");
        assert_eq!(counts(&store.events).await, (8, 8), "{marks:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_rows_of_such_a_file_are_deleted_by_the_other_program_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = made(dir.path(), Marks::Inline).await;
    let delete = |id: &str| DeleteWhere { column: "_id".to_owned(), ids: [id.to_owned()].into() };
    assert_eq!(store.events.delete_where(delete("e4")).await.unwrap().rows, 1);
    let refused = store.events.delete_where(delete("e3")).await.unwrap_err();
    let source = std::error::Error::source(&refused).map(ToString::to_string).unwrap_or_default();
    assert!(format!("{refused} {source}").contains("purge the table with it first"), "{refused}: {source}");
    assert_eq!(counts(&store.events).await, (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_its_marks_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    drop(made(dir.path(), Marks::File).await);
    std::fs::remove_file(dir.path().join("events").join(MARKS_FILE)).unwrap();
    let store = open(dir.path()).await;
    // A row that was deleted must not come back, so the day can't be answered at all.
    let asked = test_query::query("events", store.events.provider(), "select count(*) from events").await;
    assert!(asked.unwrap_err().to_string().contains(MARKS_FILE));
    let contents = store.events.contents();
    let file = contents.files.days()[&Partition(DAY)].files()[0].clone();
    let read: Result<Vec<_>, _> = store.events.read_file(&contents.files, &file, COLUMNS).try_collect().await;
    assert!(matches!(read, Err(ReadFailure::Failed(_))), "{read:?}");
    assert!(store.find_event("e4", EventDays::On(DAY + 1)).await.unwrap().is_some(), "another day's");
    assert!(store.damaged().is_empty(), "the data file is whole");
}
