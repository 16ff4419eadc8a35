//! The same event sent again: however it is written, whatever the clock does.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::AsArray as _;
use arrow::datatypes::Int64Type;
use intake::{EventAnswer, Intake, LoadInput, LoadOptions, NoProgress, Request, load};

use crate::bench::*;

const SENT: &str = r#"{"_id":"e-1","timestamp":"2026-11-20T10:00:00Z","customerFeedback":{"chatStart":1,"subject":"A/B","callBackNumber":{"number":"1-408-555-0100"}},"identityMap":{"ECID":[{"id":"1"}],"CRMID":[{"id":"2"}]},"own":[1,2]}"#;
const REWRITTEN: &str = r#"{
    "own" : [ 1.0, 2e0 ],
    "identityMap" : { "CRMID" : [ { "id" : "2" } ], "ECID" : [ { "id" : "1" } ] },
    "customerFeedback" : { "callBackNumber" : { "number" : "1-408-555-010\u0030" }, "subject" : "\u0041\/B", "chatStart" : 1.0 },
    "timestamp" : "2026-11-20T10:00:00Z",
    "\u005fid" : "e-1"
}"#;

#[tokio::test]
async fn an_event_that_is_equal_as_json_is_a_duplicate() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    submit(&intake, SENT).await;
    submit(&intake, REWRITTEN).await;
    intake.settle().await.unwrap();
    assert_eq!(rejects(&intake).await, kinds(&[("duplicate", 1)]));
    for other in [SENT.replace("0100", "0101"), SENT.replace("[1,2]", "[2,1]"), SENT.replace("A/B", "A/b")] {
        submit(&intake, other).await;
    }
    intake.settle().await.unwrap();
    assert_eq!(rejects(&intake).await, kinds(&[("conflict", 3), ("duplicate", 1)]));
    intake.close().await;
    // As well after a restart, and for a file.
    let file = dir.path().join("again.ndjson");
    std::fs::write(&file, format!("{}\n{}\n", REWRITTEN.replace('\n', " "), SENT.replace("0100", "0109"))).unwrap();
    let data = options(dir.path());
    let loaded = tokio::task::spawn_blocking(move || {
        load(&data, &clock(), &LoadInput::File(file), &LoadOptions::default(), &NoProgress)
    });
    let summary = loaded.await.unwrap().unwrap();
    assert_eq!((summary.accepted, summary.duplicates, summary.conflicts), (0, 1, 1));
}

#[tokio::test]
async fn an_invalid_event_that_is_equal_as_json_is_a_duplicate() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let send = async |body: &str| {
        intake.submit(Request { request_id: Some("r".to_owned()), ..request(body) }).await.unwrap();
        intake.settle().await.unwrap();
    };
    send(r#"{"_id":"e-1","customerFeedback":{"chatStart":"one","chatEnd":1}}"#).await;
    send(r#"{"customerFeedback":{"chatEnd":1.0, "chatStart":"\u006fne"},"_id":"e-1"}"#).await;
    assert_eq!(rejects(&intake).await, kinds(&[("duplicate", 1), ("invalid", 1)]));
    send(r#"{"customerFeedback":{"chatEnd":2, "chatStart":"one"},"_id":"e-1"}"#).await;
    assert_eq!(rejects(&intake).await, kinds(&[("duplicate", 1), ("invalid", 2)]));
    intake.close().await;
}

async fn open_at(dir: &Path, clock: &Arc<Watch>) -> Intake {
    Intake::open(options(dir), Arc::clone(clock) as Arc<dyn intake::Clock>).await.unwrap().0
}

/// Sends events again that were sent before, of the days around and long ago.
async fn send_all(intake: &Intake) {
    for (n, time) in ["2026-11-20T10:00:00Z", "2026-10-25T10:00:00Z", "2019-02-01T10:00:00Z", "2027-03-01T10:00:00Z"]
        .into_iter()
        .enumerate()
    {
        submit(intake, format!(r#"{{"_id":"e-{n}","timestamp":"{time}","customerFeedback":{{"chatStart":1}}}}"#)).await;
    }
    intake.flush().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_step_of_the_clock_stores_an_event_twice() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(Watch(AtomicI64::new(NOON)));
    let intake = open_at(dir.path(), &clock).await;
    send_all(&intake).await;
    let all = names("e", 4);
    assert_eq!(ids(&intake).await, all);
    for days in [1, -1, 40, -40, -400, 3650, -20_000, 300_000, 0] {
        clock.0.store(NOON + days * DAY, Ordering::Relaxed);
        send_all(&intake).await;
        assert_eq!(ids(&intake).await, all, "{days} days off");
    }
    intake.close().await;
    // A start with a clock that is wrong, and with one that is right again.
    for days in [400, 0, -400, 0, 40, -40] {
        clock.0.store(NOON + days * DAY, Ordering::Relaxed);
        let intake = open_at(dir.path(), &clock).await;
        send_all(&intake).await;
        assert_eq!(ids(&intake).await, all, "started {days} days off");
        clock.0.store(NOON, Ordering::Relaxed);
        send_all(&intake).await;
        assert_eq!(ids(&intake).await, all, "started {days} days off, then set right");
        intake.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_file_loaded_under_another_name_adds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (0..400)
        .map(|n| format!(r#"{{"_id":"e-{n}","timestamp":"20{:02}-{:02}-01T10:00:00Z"}}"#, 20 + n % 5, 1 + n % 12))
        .collect();
    let run = |name: &str, text: String| {
        let (file, data) = (dir.path().join(name), options(dir.path()));
        std::fs::write(&file, text).unwrap();
        let options = LoadOptions::default();
        tokio::task::block_in_place(|| load(&data, &clock(), &LoadInput::File(file), &options, &NoProgress).unwrap())
    };
    assert_eq!(run("a.ndjson", lines.join("\n")).accepted, 400);
    let mut shuffled = lines.clone();
    shuffled.reverse();
    shuffled.push(event("new", 1));
    let again = run("b.ndjson", shuffled.join("\n"));
    assert_eq!((again.accepted, again.duplicates, again.conflicts), (1, 400, 0));
}

#[tokio::test]
async fn the_stored_code_is_no_plain_hash_and_differs_where_the_content_is_equal() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let same =
        r#"{"timestamp":"2026-11-20T10:00:00Z","customerFeedback":{"callBackNumber":{"number":"1-408-555-0100"}}}"#;
    submit(&intake, SENT).await;
    submit(&intake, same).await;
    submit(&intake, same).await;
    intake.flush().await.unwrap();
    let events = &intake.store().events;
    let names: Vec<String> = events.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert!(!names.contains(&"content_hash".to_owned()));
    let batches = test_query::query("events", events.provider(), "select content_mac from events").await.unwrap();
    let mut macs: Vec<i64> = Vec::new();
    for batch in &batches {
        macs.extend(batch.column(0).as_primitive::<Int64Type>().values());
    }
    assert_eq!(macs.len(), 3);
    for sent in [SENT, same] {
        assert!(!macs.contains(&xxhash_rust::xxh3::xxh3_64(sent.as_bytes()).cast_signed()));
    }
    macs.sort_unstable();
    macs.dedup();
    assert_eq!(macs.len(), 3, "equal contents of events with other ids look alike");
    let rejects = intake.store().rejects.schema();
    assert!(rejects.fields().iter().all(|field| !field.name().contains("content")));
    intake.close().await;
}

#[tokio::test]
async fn times_far_from_receipt_are_accepted_and_marked() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let check = async |time: &str, expect: Option<&str>| {
        let body = format!(r#"{{"xdm:timestamp":"{time}","xdm:eventType":"x"}}"#);
        let answers = intake.submit(request(body)).await.unwrap();
        let EventAnswer::Accepted { notices, .. } = &answers[0] else { panic!("{time}: {answers:?}") };
        let codes: Vec<&str> = notices.iter().map(|notice| notice.code.as_str()).collect();
        assert_eq!(codes, expect.into_iter().collect::<Vec<_>>(), "{time}");
        assert!(notices.iter().all(|notice| notice.pointer == "/xdm:timestamp"));
    };
    check("2026-11-20T12:00:00Z", None).await;
    check("2026-11-21T12:00:00Z", None).await;
    check("2026-11-21T12:00:01Z", Some("timeAhead")).await;
    check("2026-11-19T12:00:00Z", None).await;
    check("2026-11-19T11:59:59Z", Some("timeBehind")).await;
    check("2261-12-31T23:59:59Z", Some("timeAhead")).await;
    check("1678-01-01T00:00:00Z", Some("timeBehind")).await;
    for far in ["2262-01-01T00:00:00Z", "1677-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"] {
        let answers = intake.submit(request(format!(r#"{{"timestamp":"{far}"}}"#))).await.unwrap();
        let EventAnswer::Rejected { violations, .. } = &answers[0] else { panic!("{far}: {answers:?}") };
        assert_eq!(violations[0].keyword, "timestampRange", "{far}");
    }
    intake.flush().await.unwrap();
    let marks = column(&intake.store().events, "time_anomaly").await;
    assert_eq!(marks, ["ahead", "ahead", "behind", "behind", "null", "null", "null"]);
    intake.close().await;
}
