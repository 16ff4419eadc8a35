//! Requests and what becomes of their events.

use bytes::Bytes;
use intake::{BodyError, EventAnswer, Framing, Receipt, Request, RetryOutcome, SubmitError, ValidationPolicy};

use crate::bench::*;

#[tokio::test]
async fn an_accepted_event_is_visible_and_has_a_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    assert_eq!(submit(&intake, event("e-1", 90)).await, ["e-1"]);
    let stored = Receipt::Stored {
        id: "e-1".to_owned(),
        time: NOON - DAY / 2 + 90 * 60_000_000,
        received_at: NOON,
        duplicates: 0,
        rejected: Vec::new(),
        more: 0,
    };
    assert_eq!(intake.receipt("e-1").await.unwrap(), stored);
    assert_eq!(intake.receipt("e-2").await.unwrap(), Receipt::Unknown);
    // The same after a commit, and after a restart.
    intake.flush().await.unwrap();
    assert_eq!(intake.receipt("e-1").await.unwrap(), stored);
    intake.close().await;
    let intake = open(dir.path()).await;
    assert_eq!(intake.receipt("e-1").await.unwrap(), stored);
    assert_eq!(intake.counters().uncommitted_records, 0);
    intake.close().await;
}

#[tokio::test]
async fn every_framing_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let mut expect = Vec::new();
    let mut n = 0;
    for framing in [Framing::Single, Framing::Array, Framing::Lines, Framing::Detect] {
        let mut fresh = || {
            n += 1;
            expect.push(format!("e-{n}"));
            event(&format!("e-{n}"), n)
        };
        let mut bodies = Vec::new();
        if matches!(framing, Framing::Single | Framing::Detect) {
            bodies.push(fresh());
            bodies.push(format!("\n {}\r\n", fresh().replace("\":{", "\":\n  {")));
        }
        if matches!(framing, Framing::Array | Framing::Detect) {
            bodies.push(format!("[{}]", fresh()));
            bodies.push(format!(" [ {} ,\n {}]\n", fresh(), fresh()));
        }
        if matches!(framing, Framing::Lines | Framing::Detect) {
            bodies.push(format!("{}\n", fresh()));
            bodies.push(format!("\n{}\r\n\n  {}  \n{}", fresh(), fresh(), fresh()));
        }
        for body in bodies {
            let answers = intake.submit(Request { framing, ..request(body.clone()) }).await;
            let answers = answers.unwrap_or_else(|error| panic!("{framing:?} {body}: {error}"));
            assert!(answers.iter().all(EventAnswer::is_accepted), "{framing:?} {body} {answers:?}");
        }
    }
    intake.settle().await.unwrap();
    expect.sort();
    assert_eq!(ids(&intake).await, expect);
    intake.close().await;
}

#[tokio::test]
async fn a_body_that_cannot_be_read_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let check = async |framing, body: &[u8], expect: &str| {
        let body = Bytes::copy_from_slice(body);
        let refused = intake.submit(Request { framing, body: body.clone(), ..request("") }).await;
        let Err(SubmitError::Body(error)) = refused else { panic!("{framing:?} {body:?}: {refused:?}") };
        assert_eq!(error.code(), expect, "{framing:?} {body:?}: {error}");
    };
    let good = event("kept", 1);
    check(Framing::Detect, b"", "empty").await;
    check(Framing::Detect, b" \n\t ", "empty").await;
    check(Framing::Array, b"[ ]", "empty").await;
    check(Framing::Lines, b"\n\n", "empty").await;
    check(Framing::Single, b"{\"a\":", "syntax").await;
    check(Framing::Single, format!("{good} {good}").as_bytes(), "syntax").await;
    check(Framing::Array, format!("[{good}, {{\"a\"]").as_bytes(), "syntax").await;
    check(Framing::Array, format!("[{good} {good}]").as_bytes(), "syntax").await;
    check(Framing::Array, format!("[{good}] x").as_bytes(), "syntax").await;
    check(Framing::Array, format!("[{good},]").as_bytes(), "syntax").await;
    check(Framing::Array, good.as_bytes(), "syntax").await;
    check(Framing::Single, b"{\"a\":\"\xFF\"}", "encoding").await;
    check(Framing::Array, b"[{\"a\":\"\xFF\"}]", "encoding").await;
    intake.settle().await.unwrap();
    assert_eq!(ids(&intake).await, [""; 0]);
    assert_eq!(rejects(&intake).await, kinds(&[]));
    assert_eq!(intake.counters().journal.appended, 0);
    intake.close().await;
}

#[tokio::test]
async fn invalid_events_are_kept_with_their_payload() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let body = format!("{}\n{}\nnot json\n\u{1}\n", event("good", 1), invalid("bad"));
    let mut raw = body.into_bytes();
    raw.extend_from_slice(b"{\"_id\":\"\xFF\"}\n");
    let lines: Vec<Vec<u8>> = raw.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let answers = intake.submit(Request { body: raw.into(), framing: Framing::Lines, ..request("") }).await.unwrap();
    assert_eq!(answers.len(), 5);
    assert!(answers[0].is_accepted());
    let EventAnswer::Rejected { id, violations } = &answers[1] else { panic!("{answers:?}") };
    assert_eq!(id.as_deref(), Some("bad"));
    assert!(violations.len() >= 2, "all violations, not just the first: {violations:?}");
    for committed in [false, true] {
        if committed {
            intake.flush().await.unwrap();
        }
        let Receipt::Rejected { rows, .. } = intake.receipt("bad").await.unwrap() else { panic!("rejected") };
        assert_eq!((rows.len(), rows[0].kind.as_str()), (1, "invalid"));
        assert_eq!(&rows[0].violations, violations);
        let mut payloads = Vec::new();
        for reject_id in column(&intake.store().rejects, "reject_id").await {
            payloads.push(intake.reject_payload(&reject_id).await.unwrap().expect("kept"));
        }
        payloads.sort();
        let mut expect = lines[1..5].to_vec();
        expect.sort();
        assert_eq!(payloads, expect);
    }
    assert_eq!(intake.reject_payload("no such row").await.unwrap(), None);
    assert_eq!(intake.counters().rejected.values().sum::<u64>(), 4);
    // A request of which nothing is valid is kept too.
    assert_eq!(submit(&intake, invalid("worse")).await, [""; 0]);
    assert!(matches!(intake.receipt("worse").await.unwrap(), Receipt::Rejected { .. }));
    intake.close().await;
}

#[tokio::test]
async fn a_receipt_has_an_end_however_often_an_id_came() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let conflicts: Vec<String> = (1..=130).map(|minute| event("again", minute)).collect();
    submit(&intake, conflicts.join("\n")).await;
    submit(&intake, event("again", 1)).await;
    let Receipt::Stored { duplicates, rejected, more, .. } = intake.receipt("again").await.unwrap() else {
        panic!("stored")
    };
    assert_eq!((duplicates, rejected.len(), more), (1, 100, 29));
    assert!(rejected.iter().all(|row| row.kind == "conflict"));
}

#[tokio::test]
async fn duplicates_and_conflicts_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    submit(&intake, event("twice", 1)).await;
    submit(&intake, format!(" {} ", event("twice", 1))).await;
    submit(&intake, format!("{}\n{}", event("twice", 1), event("twice", 2))).await;
    intake.flush().await.unwrap();
    submit(&intake, event("twice", 1)).await;
    let Receipt::Stored { duplicates, rejected, .. } = intake.receipt("twice").await.unwrap() else { panic!("stored") };
    assert_eq!((duplicates, rejected.len()), (3, 1));
    assert_eq!(rejected[0].kind, "conflict");
    let payload = intake.reject_payload(&rejected[0].reject_id).await.unwrap();
    assert_eq!(payload, Some(event("twice", 2).into_bytes()));
    let counters = intake.counters();
    assert_eq!((counters.duplicates, counters.conflicts, counters.accepted), (3, 1, 5));
    // Known after a restart as well.
    intake.close().await;
    let (intake, opened) = open_with(options(dir.path())).await;
    assert_eq!(opened.known_events, 1);
    submit(&intake, event("twice", 1)).await;
    intake.settle().await.unwrap();
    assert_eq!(ids(&intake).await, ["twice"]);
    assert_eq!(rejects(&intake).await, kinds(&[("conflict", 1), ("duplicate", 4)]));
    intake.close().await;
}

#[tokio::test]
async fn a_resent_request_collapses() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let body = format!("[{},{},{}]", nameless(1), nameless(2), nameless(1));
    let named = Request { request_id: Some("r-1".to_owned()), ..request(body.clone()) };
    let first = intake.submit(named.clone()).await.unwrap();
    assert_eq!(intake.check(&named).unwrap(), first);
    assert_eq!(intake.submit(named.clone()).await.unwrap(), first);
    // Another datastream, another request id, or none: other events.
    intake.submit(Request { datastream: "shop".to_owned(), ..named.clone() }).await.unwrap();
    intake.submit(Request { request_id: Some("r-2".to_owned()), ..named }).await.unwrap();
    let minted = submit(&intake, body.clone()).await;
    assert_ne!(minted, submit(&intake, body).await);
    intake.settle().await.unwrap();
    let stored = ids(&intake).await;
    assert_eq!(stored.len(), 15);
    assert!(minted.iter().all(|id| stored.contains(id)), "answered ids are the stored ones");
    assert_eq!(rejects(&intake).await, kinds(&[("duplicate", 3)]));
    intake.close().await;
}

#[tokio::test]
async fn a_dry_run_stores_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let body = format!("{}\n{}", event("dry", 1), invalid("bad"));
    let checked = intake.check(&request(body.clone())).unwrap();
    assert_eq!(checked.iter().map(EventAnswer::is_accepted).collect::<Vec<_>>(), [true, false]);
    assert_eq!(intake.check(&request("")), Err(BodyError::Empty));
    intake.settle().await.unwrap();
    assert_eq!(intake.receipt("dry").await.unwrap(), Receipt::Unknown);
    assert_eq!(intake.receipt("bad").await.unwrap(), Receipt::Unknown);
    assert_eq!(intake.counters().journal.appended, 0);
    // The same answers as when it counts.
    assert_eq!(intake.submit(request(body)).await.unwrap(), checked);
    intake.close().await;
}

#[tokio::test]
async fn a_repaired_reject_is_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let strict = ValidationPolicy { plan: xdm::standard_plan(), profile: xdm::Profile::aep_strict() };
    let (intake, _) = open_with(intake::IntakeOptions { policy: strict, ..options(dir.path()) }).await;
    let undeclared = event("later", 5).replace("\"eventType\"", "\"madeUp\":1,\"eventType\"");
    assert_eq!(submit(&intake, undeclared).await, [""; 0]);
    submit(&intake, invalid("never")).await;
    submit(&intake, event("dup", 1)).await;
    submit(&intake, event("dup", 1)).await;
    intake.settle().await.unwrap();
    let all = column(&intake.store().rejects, "reject_id").await;
    let outcomes = intake.rejects_retry(&all).await.unwrap();
    assert!(!outcomes.iter().any(|outcome| matches!(outcome, RetryOutcome::Accepted { .. })), "{outcomes:?}");
    assert_eq!(rejects(&intake).await, kinds(&[("duplicate", 1), ("invalid", 2)]), "a vain retry adds nothing");
    intake.close().await;
    // Under the schema's own rules the property is permitted.
    let intake = open(dir.path()).await;
    let outcomes = intake.rejects_retry(&all).await.unwrap();
    let accepted =
        outcomes.iter().filter(|outcome| matches!(outcome, RetryOutcome::Accepted { id, .. } if id == "later"));
    assert_eq!(accepted.count(), 1, "{outcomes:?}");
    assert!(matches!(intake.receipt("later").await.unwrap(), Receipt::Stored { .. }));
    assert_eq!(rejects(&intake).await, kinds(&[("duplicate", 1), ("invalid", 1)]));
    let again = intake.rejects_retry(&["gone".to_owned()]).await.unwrap();
    assert_eq!(again, [RetryOutcome::Unknown { reject_id: "gone".to_owned() }]);
    intake.close().await;
}

#[tokio::test]
async fn a_files_reject_is_a_files_event_when_it_is_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let strict = ValidationPolicy { plan: xdm::standard_plan(), profile: xdm::Profile::aep_strict() };
    let (intake, _) = open_with(intake::IntakeOptions { policy: strict, ..options(dir.path()) }).await;
    let undeclared = |id: &str| event(id, 5).replace("\"eventType\"", "\"madeUp\":1,\"eventType\"");
    for (id, source) in [("of-a-file", intake::Source::File), ("of-a-sender", intake::Source::Sender)] {
        intake.submit(intake::Request { source, ..request(undeclared(id)) }).await.unwrap();
    }
    intake.settle().await.unwrap();
    // Of a sender's request without a name it is empty, so that the two can be told from each other.
    assert_eq!(column(&intake.store().rejects, "request_id").await, ["", "null"]);
    let all = column(&intake.store().rejects, "reject_id").await;
    intake.close().await;
    let intake = open(dir.path()).await;
    intake.rejects_retry(&all).await.unwrap();
    assert_eq!(ids(&intake).await, ["of-a-file", "of-a-sender"]);
    // Null is what is never late.
    let requests = column(&intake.store().events, "request_id").await;
    assert_eq!(requests.iter().filter(|id| *id == "null").count(), 1, "{requests:?}");
    assert_eq!(requests.iter().filter(|id| id.starts_with("retry-")).count(), 1, "{requests:?}");
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_another_format_are_refused_by_name_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    for (body, name) in [
        (&b"\x1F\x8B\x08\x00\x00"[..], "gzip"),
        (b"\xFF\xFE{\x00}\x00", "UTF-16"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"_id,timestamp\na,b\n", "CSV"),
    ] {
        for framing in [Framing::Detect, Framing::Lines] {
            let request = Request { body: Bytes::from_static(body), framing, ..request("") };
            match intake.submit(request).await {
                Err(SubmitError::Body(BodyError::Foreign(foreign))) => assert_eq!(foreign.name, name),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    intake.settle().await.unwrap();
    assert_eq!(rejects(&intake).await, kinds(&[]));
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_events_on_one_line_are_told_or_taken() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let body = format!("{}{}", event("a", 1), event("b", 2));
    // Where the sender says that it is one event a line, it is one, and broken.
    let lines = Request { framing: Framing::Lines, ..request(body.clone()) };
    let answers = intake.submit(lines).await.unwrap();
    let [EventAnswer::Rejected { violations, .. }] = &answers[..] else { panic!("{answers:?}") };
    assert!(violations[0].message.contains("--data-binary"), "{violations:?}");
    assert_eq!(submit(&intake, body).await, ["a", "b"]);
    intake.abandon().await;
    // The journal knows how the body holds them.
    let intake = open(dir.path()).await;
    assert_eq!(ids(&intake).await, ["a", "b"]);
    intake.close().await;
}
