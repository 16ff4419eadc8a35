//! Rows are found by id, committed or fresh; only the days that are named are searched, and
//! of many rows only the oldest are held.

use table::{EventDays, FoundEvent, RejectBuilder, RejectCounts, RejectKind, RejectKinds, RejectRow, Store, Txn};

use super::fixture::*;

const NOON: i64 = DAY as i64 * MICROS_PER_DAY + MICROS_PER_DAY / 2;

async fn with_events(dir: &std::path::Path) -> Store {
    let store = open(dir).await;
    let _ = commit(&store.events, 0, 10, DAY).await;
    let _ = commit(&store.events, 10, 20, DAY + 1).await;
    store.events.set_fresh(vec![rows(20, 25, DAY + 2)]).expect("fits");
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_found_where_it_may_be() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let store = with_events(dir.path()).await;
    let check = async |id: &str, days: EventDays, expect: Option<(i32, i64)>| {
        let found = store.find_event(id, days).await.expect("searched");
        let time = |(day, n): (i32, i64)| i64::from(day) * MICROS_PER_DAY + n * 1_000;
        let expect = expect.map(|at| FoundEvent { time: time(at), received_at: time(at) });
        assert_eq!(found, expect, "{id} {days:?}");
    };
    check("e3", EventDays::On(DAY), Some((DAY, 3))).await;
    check("e3", EventDays::On(DAY + 1), None).await;
    check("e13", EventDays::On(DAY + 1), Some((DAY + 1, 13))).await;
    check("e13", EventDays::UpTo(DAY), None).await;
    check("e13", EventDays::UpTo(DAY + 1), Some((DAY + 1, 13))).await;
    check("e13", EventDays::Any, Some((DAY + 1, 13))).await;
    check("e22", EventDays::On(DAY + 2), Some((DAY + 2, 22))).await;
    check("e99", EventDays::Any, None).await;
    check("'; drop table events", EventDays::Any, None).await;
}

fn reject<'a>(reject_id: &'a str, event_id: &'a str, kind: RejectKind, received_micros: i64) -> RejectRow<'a> {
    let is_invalid = kind == RejectKind::Invalid;
    RejectRow {
        reject_id,
        received_micros,
        datastream: "web",
        request_id: None,
        event_id: Some(event_id),
        event_index: 0,
        kind,
        keyword: is_invalid.then_some("type"),
        pointer: is_invalid.then_some("/a"),
        violation_count: i32::from(is_invalid),
        violations: if is_invalid { r#"[{"pointer":"/a","schema":"s","keyword":"type","message":"m"}]"# } else { "[]" },
        sealed: (kind != RejectKind::Duplicate).then_some(b"sealed"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_of_an_event_are_counted_and_the_oldest_are_listed() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let store = open(dir.path()).await;
    let mut builder = RejectBuilder::new();
    builder.push(&reject("r-2", "a", RejectKind::Invalid, NOON + 2));
    builder.push(&reject("r-1", "a", RejectKind::Conflict, NOON + 1));
    builder.push(&reject("r-0", "a", RejectKind::Duplicate, NOON));
    builder.push(&reject("r-9", "b", RejectKind::Invalid, NOON));
    let files = store.rejects.write_rows(&builder.finish()).expect("written");
    let _ = store.rejects.commit(Txn { app: "journal", version: 1 }, files, Vec::new()).await.expect("committed");
    builder.push(&reject("r-3", "a", RejectKind::Duplicate, NOON + 3));
    store.rejects.set_fresh(vec![builder.finish()]).expect("fits");

    let counts = store.count_rejects_of("a").await.expect("searched");
    assert_eq!(counts, RejectCounts { duplicates: 2, others: 2 });
    assert_eq!(store.count_rejects_of("c").await.expect("searched"), RejectCounts::default());
    let check = async |kinds: RejectKinds, rows_max: usize, expect: &[&str]| {
        let rows = store.rejects_of("a", kinds, rows_max).await.expect("searched");
        let ids: Vec<&str> = rows.iter().map(|row| row.reject_id.as_str()).collect();
        assert_eq!(ids, expect, "{kinds:?}, {rows_max} at most");
        // Past the engine it is the same.
        assert_eq!(store.rejects_under("a", kinds, rows_max).await.expect("searched"), (counts, rows));
    };
    check(RejectKinds::All, 100, &["r-0", "r-1", "r-2", "r-3"]).await;
    check(RejectKinds::NoDuplicates, 100, &["r-1", "r-2"]).await;
    check(RejectKinds::All, 3, &["r-0", "r-1", "r-2"]).await;
    let rows = store.rejects_of("b", RejectKinds::All, 1).await.expect("searched");
    assert_eq!((rows[0].kind.as_str(), rows[0].received_at), ("invalid", NOON));
    assert_eq!(rows[0].violations[0].keyword, "type");
    let nothing = (RejectCounts::default(), Vec::new());
    assert_eq!(store.rejects_under("c", RejectKinds::All, 9).await.expect("searched"), nothing);
    // Of very many only the oldest are told, and all are counted.
    let mut builder = RejectBuilder::new();
    let ids: Vec<String> = (0..1_200).map(|number| format!("m-{number:04}")).collect();
    for (number, id) in (0..).zip(&ids) {
        builder.push(&reject(id, "many", RejectKind::Conflict, NOON + number));
    }
    store.rejects.set_fresh(vec![builder.finish()]).expect("fits");
    let (counts, rows) = store.rejects_under("many", RejectKinds::All, 2).await.expect("searched");
    assert_eq!((counts.others, rows.len(), rows[1].reject_id.as_str()), (1_200, 2, "m-0001"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reject_comes_with_its_payload() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let store = open(dir.path()).await;
    let mut builder = RejectBuilder::new();
    builder.push(&reject("r-1", "a", RejectKind::Invalid, NOON));
    builder.push(&reject("r-2", "a", RejectKind::Duplicate, NOON));
    store.rejects.set_fresh(vec![builder.finish()]).expect("fits");
    let check = async |id: &str, expect: Option<(&str, Option<&[u8]>)>| {
        let found = store.find_reject(id).await.expect("searched");
        let found = found.as_ref().map(|row| (row.kind.as_str(), row.sealed.as_deref()));
        assert_eq!(found, expect, "{id}");
    };
    check("r-1", Some(("invalid", Some(b"sealed")))).await;
    check("r-2", Some(("duplicate", None))).await;
    check("r-3", None).await;
}
