//! Fresh ∪ committed: each row seen exactly once, whatever runs beside the query.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use table::{Committed, CompactPolicy, Txn};

use super::fixture::*;

#[tokio::test(flavor = "multi_thread")]
async fn fresh_rows_are_seen_until_they_are_committed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let events = &store.events;
    events.set_fresh(vec![rows(0, 3, DAY), rows(3, 5, DAY)]).unwrap();
    assert_eq!(counts(events).await, (5, 5));
    assert_eq!(events.stats().fresh_rows, 5);
    let files = events.write_rows(&rows(0, 5, DAY)).unwrap();
    let committed = events.commit(Txn { app: "journal", version: 4 }, files, vec![rows(5, 6, DAY)]).await.unwrap();
    assert_eq!(committed, Committed::At(1));
    assert_eq!(counts(events).await, (6, 6));
    // Filters and projections reach both halves.
    let sql = "select max(\"customerFeedback\"['chatStart']['value']) from events where \"_id\" in ('e4', 'e5')";
    assert_eq!(scalar(events, sql).await, "5.0");
    let sql = "select string_agg(\"_id\", ',' order by \"_id\") from events where event_date = date '2026-11-22' and content_mac > 3";
    assert_eq!(scalar(events, sql).await, "e4,e5");
    let sql = "select count(*) from events where event_date = date '2026-11-21'";
    assert_eq!(scalar(events, sql).await, "0");
    // A replay says what is fresh, too.
    let committed = events.commit(Txn { app: "journal", version: 4 }, Vec::new(), Vec::new()).await.unwrap();
    assert_eq!((committed, counts(events).await), (Committed::Already, (5, 5)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_that_is_null_keeps_no_row() {
    let dir = tempfile::tempdir().unwrap();
    let events = open(dir.path()).await.events;
    let _ = commit(&events, 0, 3, DAY).await;
    let _ = commit(&events, 3, 5, DAY + 1).await;
    let check = async |condition: &str, expect: &str| {
        let kept = scalar(&events, &format!("select count(*) from events where {condition}")).await;
        let counted = format!("select sum(case when {condition} then 1 else 0 end) from events");
        assert_eq!((kept.as_str(), scalar(&events, &counted).await.as_str()), (expect, expect), "{condition}");
    };
    check("event_date >= date '2026-11-22'", "5").await;
    check("event_date = date '2026-11-22' or null", "3").await;
    check("event_date not in (date '2026-11-22', null)", "0").await;
    check("event_date = any(array[date '2026-11-23', null])", "2").await;
    check("event_date >= date '2026-11-22' and (event_date <= date '2026-11-22' or null)", "3").await;
    check("event_date = null", "0").await;
    check("nullif(1, 1) = 1", "0").await;
    check("\"_id\" not in ('e0', null)", "0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_stays_as_it_was_made() {
    let dir = tempfile::tempdir().unwrap();
    let events = open(dir.path()).await.events;
    events.set_fresh(vec![rows(0, 3, DAY)]).unwrap();
    let view = events.provider();
    let _ = commit(&events, 0, 3, DAY).await;
    let _ = commit(&events, 3, 9, DAY).await;
    let rows = test_query::query("events", view, "select datastream from events").await.unwrap();
    assert_eq!(rows.iter().map(|batch| batch.num_rows()).sum::<usize>(), 3);
}

/// Drains, commits, compacts and queries at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_row_is_seen_once_while_commits_and_compactions_run() {
    const COMMITS: i64 = 30;
    let dir = tempfile::tempdir().unwrap();
    let events = open(dir.path()).await.events;
    let (shown, done) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)));
    let drain = {
        let (events, shown, done) = (events.clone(), shown.clone(), done.clone());
        tokio::spawn(async move {
            for n in 0..COMMITS {
                let (from, to) = (n * 10, n * 10 + 10);
                let mark = events.push_fresh(rows(from, to - 3, DAY)).unwrap();
                shown.store(to - 3, Ordering::SeqCst);
                let first = events.write_rows(&rows(from, to - 3, DAY)).unwrap();
                let txn = Txn { app: "journal", version: n };
                // Draining goes on while the commit runs.
                let (committed, late) = tokio::join!(events.commit(txn, first, mark), async {
                    let late = events.push_fresh(rows(to - 3, to, DAY)).unwrap();
                    shown.store(to, Ordering::SeqCst);
                    late
                });
                assert!(matches!(committed.unwrap(), Committed::At(_)));
                let rest = events.write_rows(&rows(to - 3, to, DAY)).unwrap();
                let _ = events.commit(Txn { app: "late", version: n }, rest, late).await.unwrap();
            }
            done.store(true, Ordering::SeqCst);
        })
    };
    let compact = {
        let (events, done) = (events.clone(), done.clone());
        tokio::spawn(async move {
            let policy = CompactPolicy { files_min: 4, ..CompactPolicy::default() };
            while !done.load(Ordering::SeqCst) {
                events.compact(policy).await.unwrap();
                tokio::task::yield_now().await;
            }
        })
    };
    let mut queries = 0;
    while !done.load(Ordering::SeqCst) {
        let at_least = shown.load(Ordering::SeqCst);
        let (rows, ids) = counts(&events).await;
        assert_eq!(rows, ids, "a row was seen twice");
        assert!(rows >= at_least, "{rows} rows seen, {at_least} shown before");
        queries += 1;
    }
    drain.await.unwrap();
    compact.await.unwrap();
    assert!(queries > 5, "only {queries} queries ran meanwhile");
    assert_eq!(counts(&events).await, (COMMITS * 10, COMMITS * 10));
    assert_eq!(events.stats().fresh_rows, 0);
    let again = open(dir.path()).await;
    assert_eq!(counts(&again.events).await, (COMMITS * 10, COMMITS * 10));
}
