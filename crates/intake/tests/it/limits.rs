//! Limits, and what is answered past them: never an ack and a drop.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use intake::{
    BodyError, DrainStep, EventAnswer, Framing, Intake, IntakeError, IntakeOptions, LogHealth, Request, SubmitError,
};

use crate::bench::*;

#[tokio::test]
async fn bodies_past_a_limit_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let limits = IntakeOptions { body_bytes_max: 4000, events_per_request_max: 5, ..options(dir.path()) };
    let (intake, _) = open_with(limits).await;
    let check = async |request: Request, expect: BodyError| {
        assert_eq!(intake.submit(request).await, Err(SubmitError::Body(expect)));
    };
    check(request(" ".repeat(4001)), BodyError::BodyTooLarge { bytes_max: 4000 }).await;
    let six: Vec<String> = (0..6).map(|n| event(&n.to_string(), n)).collect();
    let too_many = BodyError::TooManyEvents { events_max: 5 };
    check(request(six.join("\n")), too_many.clone()).await;
    check(request(format!("[{}]", six.join(","))), too_many).await;
    let named = |name, bytes_max| BodyError::NameTooLong { name, bytes_max };
    let name = "n".repeat(513);
    check(Request { datastream: name.clone(), ..request("{}") }, named("datastream", 512)).await;
    check(Request { request_id: Some(name), ..request("{}") }, named("request id", 512)).await;
    assert_eq!(submit(&intake, six[..5].join("\n")).await.len(), 5);
    assert_eq!(intake.counters().journal.appended, 1);
    intake.close().await;
}

/// One event past a limit is rejected and kept; those beside it are stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_is_judged_alone() {
    let dir = tempfile::tempdir().unwrap();
    let limits = IntakeOptions { event_bytes_max: 500_000, ..options(dir.path()) };
    let (intake, _) = open_with(limits).await;
    let with = |id: &str, value: &str| {
        event(id, 1).replace("\"customerFeedback\"", &format!("\"x\":{value},\"customerFeedback\""))
    };
    let members: Vec<String> = (0..1100).map(|n| format!("\"k{n}\":1")).collect();
    let past = [
        ("deep", with("deep", &("[".repeat(70) + &"]".repeat(70)))),
        ("abyss", with("abyss", &("{\"a\":[".repeat(90_000) + &"]}".repeat(90_000)))),
        (
            "items",
            event("items", 1).replacen(
                '{',
                &format!("{{\"identityMap\":{{\"ECID\":[{}{{}}]}},", "{},".repeat(10_000)),
                1,
            ),
        ),
        ("members", event("members", 1).replacen('{', &format!("{{{},", members.join(",")), 1)),
        ("long", with("long", &format!("\"{}\"", "y".repeat(500_000)))),
        ("longer", with("longer", &format!("\"{}\"", "]}\\\"".repeat(500_000)))),
    ];
    let (mut stored, mut lengths) = (Vec::new(), Vec::new());
    for (name, event_past) in &past {
        for (form, first, glue, last) in [("array", "[", " , ", "]"), ("lines", "", "\n", "\n")] {
            let (before, behind) = (format!("{name}-{form}-a"), format!("{name}-{form}-b"));
            let body = [first, &event(&before, 1), glue, event_past, glue, &event(&behind, 1), last].concat();
            let answers = intake.submit(request(body)).await.unwrap();
            let context = format!("{name} as {form}: {answers:?}");
            assert!(answers[0].is_accepted() && answers[2].is_accepted(), "{context}");
            let EventAnswer::Rejected { violations, .. } = &answers[1] else { panic!("{context}") };
            assert_eq!(violations.last().unwrap().keyword, "limit", "{context}");
            assert!(violations.last().unwrap().message.contains("than"), "{context}");
            stored.extend([before, behind]);
            lengths.push(event_past.len().min(xdm::limits::EVENT_BYTES_MAX));
        }
    }
    // A restart changes no verdict.
    intake.abandon().await;
    let (intake, _) = open_with(options(dir.path())).await;
    stored.sort();
    assert_eq!(ids(&intake).await, stored);
    assert_eq!(column(&intake.store().rejects, "keyword").await, vec!["limit"; 2 * past.len()]);
    let mut kept = Vec::new();
    for id in column(&intake.store().rejects, "reject_id").await {
        kept.push(intake.reject_payload(&id).await.unwrap().unwrap().len());
    }
    kept.sort_unstable();
    lengths.sort_unstable();
    assert_eq!(kept, lengths);
    intake.close().await;
}

#[tokio::test]
async fn a_large_body_is_checked_off_the_callers_thread() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let lines: Vec<String> = (0..2000).map(|n| event(&format!("big-{n}"), n)).collect();
    assert_eq!(submit(&intake, lines.join("\n")).await.len(), 2000);
    intake.settle().await.unwrap();
    assert_eq!(ids(&intake).await, names("big", 2000));
    intake.close().await;
}

#[tokio::test]
async fn what_is_not_drained_in_time_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    // The drain stands still after it has shown the first rows.
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let step_hook: intake::StepHook = Arc::new(move |step| {
        if step == DrainStep::Shown {
            let _ = held.lock().unwrap().recv();
        }
        ControlFlow::Continue(())
    });
    let bounds = IntakeOptions { backlog_bytes_max: 20_000, step_hook: Some(step_hook), ..options(dir.path()) };
    let (intake, _) = open_with(bounds).await;
    let mut taken = vec!["b-0".to_owned()];
    submit(&intake, event("b-0", 1)).await;
    let asking = tokio::spawn({
        let intake = intake.clone();
        async move { intake.settle().await }
    });
    let refused = loop {
        tokio::task::yield_now().await;
        let id = format!("b-{}", taken.len());
        match intake.submit(request(event(&id, 1))).await {
            Ok(_) => taken.push(id),
            Err(error) => break error,
        }
        assert!(taken.len() < 1000);
    };
    assert_eq!(refused, SubmitError::Overloaded { retry_after: Duration::from_secs(1) });
    assert!(!intake.counters().ready && intake.counters().lag_bytes > 20_000);
    drop(hold);
    asking.await.unwrap().unwrap();
    intake.settle().await.unwrap();
    assert!(intake.counters().ready);
    taken.push("after".to_owned());
    submit(&intake, event("after", 2)).await;
    intake.settle().await.unwrap();
    taken.sort();
    assert_eq!(ids(&intake).await, taken, "what was answered is there, what was refused is not");
    intake.close().await;
}

#[tokio::test]
async fn a_full_disk_and_a_closed_intake_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let full = IntakeOptions { disk_free_bytes_min: u64::MAX, ..options(dir.path()) };
    let (intake, _) = open_with(full).await;
    let refused = intake.submit(request(event("a", 1))).await;
    assert_eq!(refused, Err(SubmitError::DiskFull { retry_after: Duration::from_secs(1) }));
    let counters = intake.counters();
    assert!(counters.journal.health == LogHealth::Full && !counters.ready && !counters.closed, "{counters:?}");
    intake.close().await;
    assert!(intake.counters().closed);
    assert_eq!(intake.submit(request(event("a", 1))).await, Err(SubmitError::Closed));
    assert!(!intake.counters().ready);
    let (intake, _) = open_with(options(dir.path())).await;
    assert_eq!(intake.counters().lag_records, 0);
    assert_eq!(ids(&intake).await, [""; 0]);
    intake.close().await;
}

#[tokio::test]
async fn a_queue_that_is_full_is_overload() {
    let dir = tempfile::tempdir().unwrap();
    let (intake, _) = open_with(IntakeOptions { queue_bytes_max: 1, ..options(dir.path()) }).await;
    let both = tokio::join!(async { intake.submit(request(event("a", 1))).await }, async {
        intake.submit(request(event("b", 1))).await
    },);
    // Alone, a record passes any queue; together one of them may have been refused.
    let expect_refusal = SubmitError::Overloaded { retry_after: Duration::from_secs(1) };
    assert!(both.0.is_ok());
    assert!(both.1.is_ok() || both.1 == Err(expect_refusal));
    intake.close().await;
}

#[tokio::test]
async fn one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let second = Intake::open(options(dir.path()), clock()).await.err();
    assert!(matches!(second, Some(IntakeError::InUse(_))), "{second:?}");
    intake.close().await;
    open(dir.path()).await.close().await;
}

/// An intake that is dropped, and not closed, doesn't wait for a commit that is under way.
#[tokio::test]
async fn the_directory_is_in_use_until_the_drain_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let (reached, waiting) = std::sync::mpsc::channel::<()>();
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let step_hook: intake::StepHook = Arc::new(move |step| {
        if step == DrainStep::EventsWritten {
            let _ = reached.send(());
            let _ = held.lock().unwrap().recv();
        }
        ControlFlow::Continue(())
    });
    let (intake, _) = open_with(IntakeOptions { step_hook: Some(step_hook), ..options(dir.path()) }).await;
    submit(&intake, event("a", 1)).await;
    let asking = tokio::spawn({
        let intake = intake.clone();
        async move { intake.flush().await }
    });
    tokio::task::spawn_blocking(move || waiting.recv().unwrap()).await.unwrap();
    asking.abort();
    let _ = asking.await;
    drop(intake);
    let second = Intake::open(options(dir.path()), clock()).await.err();
    assert!(matches!(second, Some(IntakeError::InUse(_))), "{second:?}");
    drop(hold);
    let mut tries = 0;
    let third = loop {
        match Intake::open(options(dir.path()), clock()).await {
            Ok((intake, _)) => break intake,
            Err(IntakeError::InUse(_)) if tries < 500 => tries += 1,
            Err(error) => panic!("{error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(ids(&third).await, ["a"]);
    third.close().await;
}

#[tokio::test]
async fn a_lost_key_is_not_replaced_by_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    submit(&intake, event("a", 1)).await;
    intake.close().await;
    std::fs::remove_file(dir.path().join("vault.key")).unwrap();
    let refused = Intake::open(options(dir.path()), clock()).await.err();
    assert!(matches!(refused, Some(IntakeError::KeyMissing(_))), "{refused:?}");
}

#[tokio::test]
async fn a_sender_that_goes_away_is_no_reason_to_drop() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    // Polled once, the append has begun; then the future is dropped.
    let body = Bytes::from(event("gone", 1));
    let submitted = intake.submit(Request { framing: Framing::Single, body, ..request("") });
    let polled = tokio::time::timeout(Duration::ZERO, submitted).await;
    drop(polled);
    // One more behind it, so that the first is durable when this one is.
    submit(&intake, event("next", 1)).await;
    intake.settle().await.unwrap();
    assert_eq!(ids(&intake).await, ["gone", "next"]);
    intake.close().await;
}

/// An event that breaks so many rules.
fn broken(rules: usize) -> String {
    let items = vec!["1"; rules].join(",");
    format!(r#"{{"timestamp":"2026-11-22T14:07:15Z","identityMap":{{"A":[{items}]}}}}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_answer_tells_is_bounded_and_every_event_has_one() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let lines = vec![broken(1000); 200].join("\n");
    let answers = intake.submit_within(request(lines), intake::AnswerBudget::default()).await.unwrap();
    assert_eq!(answers.len(), 200);
    let mut bytes = 0;
    for (index, answer) in answers.iter().enumerate() {
        let EventAnswer::Rejected { violations, .. } = answer else { panic!("{answer:?}") };
        assert_eq!(violations.len() + answers.omitted_of(index), 1000, "event {index}");
        bytes += violations.iter().map(intake::Violation::bytes).sum::<usize>();
    }
    assert!((intake::DETAIL_BYTES_MAX / 2..=intake::DETAIL_BYTES_MAX).contains(&bytes), "{bytes}");
    assert_eq!(intake.counters().rejected.get("type"), Some(&200));
    // Without room in their budget they are left out, and the events are taken in.
    let budget = intake::Budget::new(1 << 20);
    let room = intake::AnswerBudget::new(budget.empty(), budget.share(0).empty());
    let answers = intake.submit_within(request(vec![broken(50); 3].join("\n")), room).await.unwrap();
    assert_eq!([0, 1, 2].map(|index| answers.omitted_of(index)), [50, 50, 50]);
    drop(answers);
    assert_eq!(budget.used(), 0);
    intake.close().await;
}

#[tokio::test]
async fn without_room_for_the_answer_nothing_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let budget = intake::Budget::new(16 << 10);
    let room = || intake::AnswerBudget::new(budget.empty(), budget.empty());
    let many = vec!["1"; 10_000].join("\n");
    let refused = intake.submit_within(request(many.clone()), room()).await.err();
    assert_eq!(refused, Some(SubmitError::Overloaded { retry_after: Duration::from_secs(1) }));
    assert_eq!(intake.check_within(&request(many), room()).err(), Some(BodyError::NoRoom));
    assert_eq!((intake.counters().journal.appended, budget.used()), (0, 0));
    assert!(intake.submit_within(request(event("a", 1)), room()).await.unwrap()[0].is_accepted());
    intake.close().await;
}

/// The refusal comes from the journal's own thread, when nobody listens any more.
#[tokio::test]
async fn the_backlog_forgets_what_was_refused_after_its_sender_went() {
    let dir = tempfile::tempdir().unwrap();
    let free = fs4::available_space(dir.path()).unwrap();
    // There is room for records, and none for a segment.
    let bounds = IntakeOptions { disk_free_bytes_min: free / 2, segment_bytes: free, ..options(dir.path()) };
    let (intake, _) = open_with(bounds).await;
    for _ in 0..3 {
        let gone = tokio::time::timeout(Duration::ZERO, intake.submit(request(event("gone", 1)))).await;
        drop(gone);
    }
    let refused = loop {
        match intake.submit(request(event("next", 1))).await {
            Err(SubmitError::DiskFull { .. }) => break true,
            Err(_) => tokio::task::yield_now().await,
            Ok(_) => break false,
        }
    };
    assert!(refused, "there was room for a segment");
    assert_eq!(intake.counters().lag_bytes, 0);
    intake.close().await;
}
