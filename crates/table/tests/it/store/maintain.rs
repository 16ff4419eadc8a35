//! Compaction, deletion, vacuum, and the scan that rebuilds the dedupe index.

use std::sync::Arc;
use std::time::Duration;

use table::{CompactPolicy, Compacted, DeleteWhere, FileDays, Store, StoredId};

use super::fixture::*;

const ALL: CompactPolicy = CompactPolicy { small_bytes: 1 << 30, target_bytes: 1 << 30, files_min: 2 };
const HOUR: Duration = Duration::from_secs(3600);

fn these(column: &str, ids: &[&str]) -> DeleteWhere {
    DeleteWhere { column: column.to_owned(), ids: ids.iter().map(|id| (*id).to_owned()).collect() }
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_keeps_rows_and_spares_files() {
    let dir = tempfile::tempdir().unwrap();
    let events = open(dir.path()).await.events;
    for n in 0..6 {
        let _ = commit(&events, n * 10, n * 10 + 10, DAY + (n % 2) as i32).await;
    }
    let policy = CompactPolicy { files_min: 4, ..ALL };
    assert_eq!(events.compact(policy).await.unwrap(), Compacted::default(), "three files a day are not worth it");
    let compacted = events.compact(ALL).await.unwrap();
    assert_eq!((compacted.files_before, compacted.files_after, compacted.groups_skipped), (6, 2, 0));
    assert_eq!((events.stats().files, events.stats().rows), (2, 60));
    assert_eq!(counts(&events).await, (60, 60));
    assert_eq!(events.watermark("journal"), Some(59));
    // Pruning by the range of the instants still finds the rows.
    let sql = "select count(*) from events where timestamp >= timestamp '2026-11-23T00:00:00.050Z'";
    assert_eq!(scalar(&events, sql).await, "10");
    assert_eq!(events.compact(ALL).await.unwrap(), Compacted::default());
    // Small target: several groups.
    for n in 6..10 {
        let _ = commit(&events, n * 10, n * 10 + 10, DAY).await;
    }
    let one = events.stats().bytes / 6;
    let compacted = events.compact(CompactPolicy { target_bytes: one * 3, ..ALL }).await.unwrap();
    assert!(compacted.files_after > 1 && compacted.files_after < compacted.files_before, "{compacted:?}");
    assert_eq!(counts(&events).await, (100, 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_compactions_at_once_double_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (open(dir.path()).await.events, open(dir.path()).await.events);
    for n in 0..4 {
        let _ = commit(&a, n * 10, n * 10 + 10, DAY).await;
    }
    b.refresh().await.unwrap();
    // `b` doesn't know that `a` was faster.
    assert_eq!(a.compact(ALL).await.unwrap().files_after, 1);
    assert_eq!(b.compact(ALL).await.unwrap(), Compacted { groups_skipped: 1, ..Compacted::default() });
    for events in [&a, &b] {
        events.refresh().await.unwrap();
        assert_eq!((counts(events).await, events.stats().files), ((40, 40), 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_rows_stay_deleted_though_another_process_compacts() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (open(dir.path()).await.events, open(dir.path()).await.events);
    for n in 0..4 {
        let _ = commit(&a, n * 10, n * 10 + 10, DAY).await;
    }
    b.refresh().await.unwrap();
    assert_eq!(a.compact(ALL).await.unwrap().files_after, 1);
    let deleted = b.delete_where(these("_id", &["e3", "e17", "nobody"])).await.unwrap();
    assert_eq!((deleted.rows, deleted.files), (2, 1));
    a.refresh().await.unwrap();
    assert_eq!(counts(&a).await, (38, 38));
    assert_eq!(scalar(&a, "select count(*) from events where \"_id\" in ('e3', 'e17')").await, "0");
    // Ids inside a struct; a file that loses all its rows; nothing to do.
    let deleted = a.delete_where(these("customerFeedback.subject", &["subject 4", "subject 3"])).await.unwrap();
    assert_eq!(deleted.rows, 1, "row 3 has no feedback");
    let everything: Vec<String> = (0..40).map(|n| format!("e{n}")).collect();
    let everything: Vec<&str> = everything.iter().map(String::as_str).collect();
    assert_eq!(a.delete_where(these("_id", &everything)).await.unwrap().rows, 37);
    assert_eq!((counts(&a).await, a.stats().files), ((0, 0), 0));
    assert_eq!(a.delete_where(these("_id", &everything)).await.unwrap().version, None);
    let log = std::fs::read_dir(dir.path().join("events/_delta_log")).unwrap();
    for entry in log.map(|entry| entry.unwrap().path()) {
        // Quoted, since the UUID in a file's name may well hold "e17". Statistics are JSON within JSON.
        let text = String::from_utf8_lossy(&std::fs::read(&entry).unwrap()).replace('\\', "");
        assert!(!text.contains("\"e17\"") && !text.contains("subject 4"), "{} tells an id", entry.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vacuum_takes_what_is_out_of_use_for_long_enough() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    let mut options = options(dir.path());
    options.clock = Arc::clone(&clock) as _;
    let events = Store::open(options).await.unwrap().events;
    for n in 0..3 {
        let _ = commit(&events, n * 10, n * 10 + 10, DAY).await;
    }
    let old_view = events.provider();
    events.compact(ALL).await.unwrap();
    // A writer that was killed, in the middle of a file and in the middle of a log entry.
    let mut orphan = events.create_file(partition()).unwrap();
    std::io::Write::write_all(&mut orphan, b"half a file").unwrap();
    std::io::Write::flush(&mut orphan).unwrap();
    std::mem::forget(orphan);
    let temp = dir.path().join("events/_delta_log/.00000000000000000009.json.0.tmp");
    std::fs::write(&temp, b"half an entry").unwrap();
    assert_eq!(data_files(dir.path(), "events"), 5);

    assert_eq!(events.vacuum(Duration::ZERO).await.unwrap().files, 0, "the shortest retention is 10 minutes");
    clock.advance(HOUR / 2);
    assert_eq!(events.vacuum(HOUR).await.unwrap().files, 0);
    let rows = test_query::query("events", old_view, "select max(datastream) from events").await.unwrap();
    assert_eq!(rows.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1);

    clock.advance(HOUR / 2 + HOUR / 60);
    let vacuumed = events.vacuum(HOUR).await.unwrap();
    assert_eq!(vacuumed.files, 5, "3 compacted files, 1 orphan, 1 temp file");
    assert!(!temp.exists());
    assert_eq!((data_files(dir.path(), "events"), counts(&events).await), (1, (30, 30)));
    assert_eq!(counts(&open(dir.path()).await.events).await, (30, 30));
    assert_eq!(events.vacuum(HOUR).await.unwrap().files, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn scan_ids_tells_each_stored_row_once() {
    let dir = tempfile::tempdir().unwrap();
    let events = open(dir.path()).await.events;
    for n in 0..5 {
        let _ = commit(&events, n * 100, n * 100 + 100, DAY - n as i32).await;
    }
    events.set_fresh(vec![rows(900, 901, DAY)]).unwrap();
    let scan = async |since: Option<i32>| {
        let mut seen = Vec::new();
        let mut note = |row: StoredId<'_>| {
            let mac = row.content_mac.unwrap();
            assert_eq!((row.id, row.legacy_hash), (format!("e{mac}").as_str(), None));
            seen.push((mac, row.day.0));
        };
        let wanted = |days: FileDays| since.is_none_or(|since| matches!(days, FileDays::Of(day) if day.0 >= since));
        let rows = events.scan_ids(&wanted, &mut note).await.unwrap();
        assert_eq!(rows, seen.len() as u64);
        seen.sort_unstable();
        seen
    };
    let days: Vec<(i32, u64)> = events.days().into_iter().map(|(day, rows)| (day.0, rows)).collect();
    assert_eq!(days, (0..5).map(|n| (DAY - 4 + n, 100)).collect::<Vec<_>>());
    let expect: Vec<(i64, i32)> = (0..500).map(|id| (id, DAY - (id / 100) as i32)).collect();
    assert_eq!(scan(None).await, expect);
    assert_eq!(scan(Some(DAY - 1)).await, expect[..200]);
    assert_eq!(scan(Some(DAY + 1)).await, []);
}
