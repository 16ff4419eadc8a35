//! Exactly once: replays, fences, several writers.

use table::{Committed, StoreError, Txn};

use super::fixture::*;

#[tokio::test(flavor = "multi_thread")]
async fn replayed_twice_is_committed_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    assert_eq!(commit(&store.events, 0, 10, DAY).await, Committed::At(1));
    assert_eq!(commit(&store.events, 0, 10, DAY).await, Committed::Already);
    assert_eq!(commit(&store.events, 0, 5, DAY).await, Committed::Already);
    assert_eq!(counts(&store.events).await, (10, 10));
    assert_eq!(data_files(dir.path(), "events"), 1, "the files of a replay are deleted");
    let again = open(dir.path()).await;
    assert_eq!(commit(&again.events, 0, 10, DAY).await, Committed::Already);
    assert_eq!(counts(&again.events).await, (10, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_without_files_moves_the_watermark() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let txn = Txn { app: "journal", version: 7 };
    assert_eq!(store.events.commit(txn, Vec::new(), Vec::new()).await.unwrap(), Committed::At(1));
    assert_eq!(open(dir.path()).await.events.watermark("journal"), Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_not_committed_are_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let pending = store.events.create_file(partition()).unwrap();
    let files = store.events.write_rows(&rows(0, 3, DAY)).unwrap();
    assert_eq!((files[0].rows(), data_files(dir.path(), "events")), (3, 2));
    drop((pending, files));
    assert_eq!(data_files(dir.path(), "events"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_their_own_ids_share_a_table() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (open(dir.path()).await.events, open(dir.path()).await.events);
    let load = async |dataset: &table::Dataset, app: &str, from: i64| {
        for n in 0..10 {
            let files = dataset.write_rows(&rows(from + n * 10, from + n * 10 + 10, DAY)).unwrap();
            let committed = dataset.commit(Txn { app, version: n }, files, Vec::new()).await.unwrap();
            assert!(matches!(committed, Committed::At(_)));
        }
    };
    tokio::join!(load(&a, "load-a", 0), load(&b, "load-b", 1_000));
    for dataset in [&a, &b] {
        dataset.refresh().await.unwrap();
        assert_eq!(counts(dataset).await, (200, 200));
        assert_eq!((dataset.watermark("load-a"), dataset.watermark("load-b")), (Some(9), Some(9)));
        assert_eq!(dataset.stats().version, 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_under_the_same_id_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (open(dir.path()).await.events, open(dir.path()).await.events);
    let _ = commit(&a, 0, 10, DAY).await;
    let files = b.write_rows(&rows(10, 20, DAY)).unwrap();
    let error = b.commit(Txn { app: "journal", version: 19 }, files, Vec::new()).await.unwrap_err();
    assert!(matches!(&error, StoreError::AnotherWriter { app, .. } if app == "journal"), "{error:?}");
    assert!(error.to_string().contains("another process is writing"), "{error}");
    b.refresh().await.unwrap();
    assert_eq!(counts(&b).await, (10, 10));
    assert_eq!(data_files(dir.path(), "events"), 1, "the loser's file is deleted");
}
