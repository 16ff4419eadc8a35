//! Records that can't become rows: set aside, said, and no obstacle to what comes after.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use intake::{
    DrainStep, Intake, IntakeError, IntakeOptions, QuarantineReason, Replayed, StepHook, SubmitError, TouchHook,
    Touched, quarantine_list,
};
use journal::{Journal, Log, MasterKey};
use table::Block;

use crate::bench::*;

/// Where a defect strikes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Event,
    Rows,
    Shown,
}

/// Options with which whatever touches an event named `bad-…` panics.
fn trapped(data: &Path, at: At) -> IntakeOptions {
    let holds = |block: &Block| (0..block.rows()).any(|row| block.id(row).starts_with("bad-"));
    let touch_hook: TouchHook = Arc::new(move |touched| {
        let trips = match touched {
            Touched::Event(bytes) => at == At::Event && bytes.windows(5).any(|part| part == b"\"bad-"),
            Touched::Rows(block) => at == At::Rows && holds(block),
            Touched::Shown(block) => at == At::Shown && holds(block),
        };
        assert!(!trips, "a made-up defect");
    });
    IntakeOptions { touch_hook: Some(touch_hook), drain_every: Duration::from_secs(3600), ..options(data) }
}

fn reasons(data: &Path) -> Vec<QuarantineReason> {
    quarantine_list(data).unwrap().into_iter().map(|record| record.reason).collect()
}

/// Requests with good events, some of them beside a bad one, and some that are rejected.
async fn feed(intake: &Intake, round: u32) -> Vec<String> {
    let id = |name: &str| format!("{name}-{round}");
    submit(intake, event(&id("a"), 1)).await;
    submit(intake, format!("[{},{},{}]", event(&id("beside"), 1), event(&id("bad"), 1), nameless(3))).await;
    submit(intake, format!("{}\n{}", event(&id("b"), 2), invalid(&id("broken")))).await;
    submit(intake, event(&id("bad-two"), 1)).await;
    submit(intake, event(&id("c"), 3)).await;
    submit(intake, event(&id("a"), 1)).await;
    vec![id("a"), id("b"), id("c")]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_breaks_the_drain_is_set_aside_and_the_rest_goes_on() {
    for at in [At::Event, At::Rows] {
        let dir = tempfile::tempdir().unwrap();
        let (intake, opened) = open_with(trapped(dir.path(), at)).await;
        assert!(opened.damage.is_empty() && intake.degraded().is_empty());
        let mut stored = feed(&intake, 0).await;
        intake.settle().await.unwrap();
        intake.flush().await.unwrap();
        stored.extend(feed(&intake, 1).await);
        intake.flush().await.unwrap();
        intake.settle().await.unwrap();
        stored.sort();
        assert_eq!(ids(&intake).await, stored, "{at:?}");
        assert_eq!(rejects(&intake).await, kinds(&[("invalid", 2), ("duplicate", 2)]), "{at:?}");
        let reason = if at == At::Event { QuarantineReason::Panic } else { QuarantineReason::Rows };
        assert_eq!(reasons(dir.path()), [reason; 4], "{at:?}");
        let counters = intake.counters();
        assert!(counters.ready && counters.quarantined_records == 4 && counters.quarantined_bytes > 0, "{counters:?}");
        assert_eq!((counters.uncommitted_records, counters.duplicates), (0, 2), "{at:?}");
        assert!(intake.degraded()[0].contains("4 acknowledged requests"), "{:?}", intake.degraded());
        intake.close().await;

        // The next start passes them over, says so, and stores what comes.
        let (intake, opened) = open_with(trapped(dir.path(), at)).await;
        assert!(opened.damage[0].contains("4 acknowledged requests"), "{:?}", opened.damage);
        assert_eq!(opened.replayed_records, 0);
        let first = intake.quarantined()[0].sequence;
        assert_eq!(intake.quarantine_retry(first).await.unwrap(), Replayed::Still(reason));
        intake.close().await;

        // Repaired, they come back, each event once, however often that is tried.
        let (intake, _) = open_with(options(dir.path())).await;
        for record in intake.quarantined() {
            assert_eq!(intake.quarantine_retry(record.sequence).await.unwrap(), Replayed::Stored);
        }
        assert!(intake.degraded().is_empty() && reasons(dir.path()).is_empty());
        let all = ids(&intake).await;
        assert_eq!(all.len(), 6 + 4 + 4, "{at:?}: {all:?}");
        for name in ["beside-0", "bad-0", "bad-two-0", "beside-1", "bad-1", "bad-two-1"] {
            assert!(all.iter().any(|id| id == name), "{at:?}: {name}");
        }
        let mut once = all.clone();
        once.dedup();
        assert_eq!(once, all);
        intake.close().await;
    }
}

/// What can't be shown may still be committed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_cannot_be_shown_hide_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let (intake, _) = open_with(trapped(dir.path(), At::Shown)).await;
    for round in 0..3 {
        let mut stored = feed(&intake, round).await;
        intake.settle().await.unwrap();
        let shown = ids(&intake).await;
        stored.retain(|id| !shown.contains(id));
        assert!(stored.is_empty(), "{stored:?} of round {round} are not in {shown:?}");
    }
    intake.flush().await.unwrap();
    let (all, aside) = (ids(&intake).await, reasons(dir.path()).len());
    let bad = all.iter().filter(|id| id.starts_with("bad")).count();
    assert_eq!(bad + aside, 6, "{all:?}");
    intake.close().await;
}

/// A batch fails when its rejects are committed, now or before a crash, and more has come when it is tried in parts: one of
/// them ends behind the commit of the rejects.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejects_of_a_batch_that_is_tried_in_parts_stay_once() {
    for is_replay in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (failing, fails) = std::sync::mpsc::channel();
        let (go_on, goes_on) = std::sync::mpsc::channel::<()>();
        let (gate, trap) = (Mutex::new(Some((failing, goes_on))), trapped(dir.path(), At::Rows));
        let touch_hook = trap.touch_hook.clone().unwrap();
        let gated: TouchHook = Arc::new(move |touched| {
            // The first time only: it is the batch as a whole.
            if matches!(touched, Touched::Rows(_))
                && let Some((failing, goes_on)) = gate.lock().unwrap().take()
            {
                failing.send(()).unwrap();
                goes_on.recv().unwrap();
            }
            touch_hook(touched);
        });
        let mut stored = Vec::new();
        if is_replay {
            let step_hook: StepHook = Arc::new(|step| match step {
                DrainStep::RejectsCommitted => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            });
            let (intake, _) = open_with(IntakeOptions { step_hook: Some(step_hook), ..trap.clone() }).await;
            stored.extend(feed(&intake, 0).await);
            assert!(intake.flush().await.is_err());
            intake.abandon().await;
        }
        let (intake, _) = open_with(IntakeOptions { touch_hook: Some(gated), ..trap }).await;
        if !is_replay {
            stored.extend(feed(&intake, 0).await);
        }
        let flushing = tokio::spawn({
            let intake = intake.clone();
            async move { intake.flush().await }
        });
        tokio::task::spawn_blocking(move || fails.recv()).await.unwrap().unwrap();
        stored.extend(feed(&intake, 1).await);
        go_on.send(()).unwrap();
        flushing.await.unwrap().unwrap();
        intake.flush().await.unwrap();
        intake.settle().await.unwrap();
        stored.sort();
        assert_eq!(ids(&intake).await, stored, "replay: {is_replay}");
        let expect = kinds(&[("invalid", 2), ("duplicate", 2)]);
        assert_eq!(rejects(&intake).await, expect, "replay: {is_replay}");
        assert_eq!(reasons(dir.path()), [QuarantineReason::Rows; 4]);
        intake.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_leaves_a_record_in_the_tables_or_set_aside() {
    for at in [At::Event, At::Rows] {
        let dir = tempfile::tempdir().unwrap();
        let (intake, _) = open_with(trapped(dir.path(), at)).await;
        let mut stored = feed(&intake, 0).await;
        // Set aside, and nothing committed.
        let _ = intake.settle().await;
        intake.abandon().await;
        let (intake, _) = open_with(trapped(dir.path(), at)).await;
        intake.flush().await.unwrap();
        intake.settle().await.unwrap();
        stored.sort();
        assert_eq!(ids(&intake).await, stored, "{at:?}");
        assert_eq!(reasons(dir.path()).len(), 2, "{at:?}");
        intake.abandon().await;
        // What is set aside stays so although it could be decoded now.
        let (intake, _) = open_with(options(dir.path())).await;
        assert_eq!(ids(&intake).await, stored, "{at:?}");
        intake.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_record_among_many_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (intake, _) = open_with(trapped(dir.path(), At::Rows)).await;
    for n in 0..100 {
        submit(&intake, event(&format!("{}-{n}", if n == 61 { "bad" } else { "good" }), n)).await;
    }
    intake.flush().await.unwrap();
    intake.settle().await.unwrap();
    assert_eq!(ids(&intake).await.len(), 99);
    assert_eq!(reasons(dir.path()), [QuarantineReason::Rows]);
    assert!(intake.counters().commits < 20, "{}", intake.counters().commits);
    intake.close().await;
}

/// The journal of a closed data directory.
fn journal_of(data: &Path) -> Journal {
    let key = keys::MasterKey::load_or_create(&data.join("vault.key")).unwrap();
    let options = journal::Options::new(data.join("journal"), MasterKey::new(key.derive("journal")));
    Journal::open(journal::Options { disk_free_bytes_min: 0, ..options }).unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_another_version_or_form_are_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    submit(&intake, event("before", 1)).await;
    intake.close().await;
    let journal = journal_of(dir.path());
    for record in [&b"\x63 written tomorrow"[..], b"\x02 cut short", b""] {
        journal.append(record.to_vec(), Bytes::new(), Box::new(|_| {})).unwrap();
    }
    journal.close();
    drop(journal);
    for _ in 0..2 {
        let (intake, _) = open_with(options(dir.path())).await;
        assert_eq!(reasons(dir.path()), [QuarantineReason::Version, QuarantineReason::Form, QuarantineReason::Form]);
        submit(&intake, event("after", 1)).await;
        intake.settle().await.unwrap();
        assert_eq!(ids(&intake).await, ["after", "before"]);
        let first = intake.quarantined()[0].sequence;
        assert_eq!(intake.quarantine_retry(first).await.unwrap(), Replayed::Still(QuarantineReason::Version));
        assert!(matches!(intake.quarantine_retry(77).await, Err(IntakeError::Quarantine(_))));
        intake.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_quarantine_stops_the_taking_in_and_drops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let small = IntakeOptions { quarantine_bytes_max: 500, ..trapped(dir.path(), At::Event) };
    let (intake, _) = open_with(small.clone()).await;
    submit(&intake, event("bad-1", 1)).await;
    intake.settle().await.unwrap();
    submit(&intake, event(&format!("bad-2{}", "x".repeat(300)), 1)).await;
    submit(&intake, event("good", 1)).await;
    assert!(matches!(intake.settle().await, Err(IntakeError::Stopped(why)) if why.contains("quarantine_bytes_max")));
    assert_eq!(intake.submit(request(event("late", 1))).await, Err(SubmitError::Poisoned));
    let counters = intake.counters();
    assert!(!counters.ready && counters.poisoned, "{counters:?}");
    intake.abandon().await;
    let (intake, _) = open_with(IntakeOptions { quarantine_bytes_max: 5000, ..small }).await;
    intake.settle().await.unwrap();
    assert_eq!(ids(&intake).await, ["good"]);
    assert_eq!(reasons(dir.path()).len(), 2);
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_that_dies_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    // A panic where nothing expects one.
    let step_hook: intake::StepHook = Arc::new(|step| {
        assert_ne!(step, intake::DrainStep::Released, "a made-up defect");
        std::ops::ControlFlow::Continue(())
    });
    let (intake, _) = open_with(IntakeOptions { step_hook: Some(step_hook), ..options(dir.path()) }).await;
    submit(&intake, event("a", 1)).await;
    assert!(matches!(intake.flush().await, Err(IntakeError::Stopped(_)) | Ok(())));
    while intake.counters().ready {
        tokio::task::yield_now().await;
    }
    assert!(intake.counters().poisoned);
    assert_eq!(intake.submit(request(event("b", 1))).await, Err(SubmitError::Poisoned));
    assert!(matches!(intake.settle().await, Ok(()) | Err(IntakeError::Stopped(_))));
    intake.abandon().await;
    let intake = open(dir.path()).await;
    assert_eq!(ids(&intake).await, ["a"]);
    intake.close().await;
}

/// What can't be set aside now is tried again, and nothing is passed over meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_for_a_while_loses_nothing() {
    for at in [At::Event, At::Rows] {
        let dir = tempfile::tempdir().unwrap();
        let (intake, _) = open_with(trapped(dir.path(), at)).await;
        // A file where the directory should be.
        let obstacle = dir.path().join("journal/quarantine");
        std::fs::write(&obstacle, "").unwrap();
        let mut stored = feed(&intake, 0).await;
        let waiting = tokio::spawn({
            let intake = intake.clone();
            async move { while intake.flush().await.is_err() {} }
        });
        while intake.counters().trouble.is_none() {
            tokio::task::yield_now().await;
        }
        stored.extend(feed(&intake, 1).await);
        std::fs::remove_file(&obstacle).unwrap();
        waiting.await.unwrap();
        intake.flush().await.unwrap();
        intake.settle().await.unwrap();
        stored.sort();
        assert_eq!(ids(&intake).await, stored, "{at:?}");
        assert_eq!(reasons(dir.path()).len(), 4, "{at:?}");
        assert!(intake.counters().trouble.is_none());
        intake.close().await;
    }
}
