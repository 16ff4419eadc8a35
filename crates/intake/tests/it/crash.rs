//! Crashes: the drain is stopped at every step, and the next start completes its work.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use intake::{DrainStep, Intake, IntakeOptions};

use crate::bench::*;

/// Options with which the drain ends at the `nth` passing of a step, counted while `armed`.
fn stopping(data: &Path, stop: DrainStep, nth: u32, armed: &Arc<AtomicBool>) -> IntakeOptions {
    let (seen, armed) = (AtomicU32::new(0), Arc::clone(armed));
    let step_hook: intake::StepHook = Arc::new(move |step| {
        let counts = step == stop && armed.load(Ordering::SeqCst);
        match counts && seen.fetch_add(1, Ordering::Relaxed) + 1 == nth {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    // It drains only when asked to, so that the step is reached when the test flushes.
    IntakeOptions { step_hook: Some(step_hook), drain_every: Duration::from_secs(3600), ..options(data) }
}

/// Requests with new events, events without an id, duplicates, conflicts and broken ones.
async fn feed(intake: &Intake, round: u32) -> BTreeMap<String, usize> {
    let id = |name: &str| format!("{name}-{round}");
    submit(intake, event(&id("a"), round)).await;
    submit(intake, format!("[{},{}]", event(&id("b"), round), nameless(round))).await;
    submit(intake, format!("{}\n{}", event(&id("a"), round), invalid(&id("bad")))).await;
    submit(intake, event(&id("a"), round + 1)).await;
    submit(intake, invalid(&id("worse"))).await;
    kinds(&[("invalid", 2), ("duplicate", 1), ("conflict", 1)])
}

async fn check(intake: &Intake, rounds: u32, context: &str) {
    let stored = ids(intake).await;
    assert_eq!(stored.len(), 3 * rounds as usize, "{context}: {stored:?}");
    for round in 0..rounds {
        for name in ["a", "b"] {
            assert!(stored.contains(&format!("{name}-{round}")), "{context}");
        }
    }
    let n = rounds as usize;
    let expect = kinds(&[("invalid", 2 * n), ("duplicate", n), ("conflict", n)]);
    assert_eq!(rejects(intake).await, expect, "{context}");
    let mut reject_ids = column(&intake.store().rejects, "reject_id").await;
    reject_ids.dedup();
    assert_eq!(reject_ids.len(), 4 * n, "{context}: a reject is named once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_step_is_completed_by_the_next_start() {
    for step in DrainStep::ALL {
        let dir = tempfile::tempdir().unwrap();
        // Once in the first commit, once in the second, once more in the replay itself.
        for (round, nth) in [(0, 1), (1, 2), (2, 1)] {
            let context = format!("{step:?} in round {round}");
            // The drain looks once at its start, and may find what is only being fed.
            let armed = Arc::new(AtomicBool::new(nth == 2));
            let intake = match Intake::open(stopping(dir.path(), step, nth, &armed), clock()).await {
                Ok((intake, _)) => intake,
                Err(error) => panic!("{context}: {error}"),
            };
            if nth == 2 {
                // The first passing of each step.
                let _ = intake.flush().await;
            }
            feed(&intake, round).await;
            armed.store(true, Ordering::SeqCst);
            let _ = intake.flush().await;
            intake.abandon().await;
            let intake = open(dir.path()).await;
            check(&intake, round + 1, &context).await;
            if round == 1 {
                intake.flush().await.unwrap();
                check(&intake, round + 1, &format!("{context}, committed")).await;
                intake.close().await;
            } else {
                intake.abandon().await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replaying_over_and_over_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    feed(&intake, 0).await;
    intake.abandon().await;
    // Each start crashes one step later than the one before.
    for step in DrainStep::ALL {
        // A replay that is stopped while opening can't be opened; that is a crash too.
        if let Ok((intake, _)) =
            Intake::open(stopping(dir.path(), step, 1, &Arc::new(AtomicBool::new(true))), clock()).await
        {
            let _ = intake.flush().await;
            intake.abandon().await;
        }
    }
    let intake = open(dir.path()).await;
    check(&intake, 1, "after all steps").await;
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_is_released_only_after_the_commit() {
    let dir = tempfile::tempdir().unwrap();
    let segments = || {
        let files = std::fs::read_dir(dir.path().join("journal")).unwrap();
        files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|kind| kind == "seg")).count()
    };
    let intake = open(dir.path()).await;
    for n in 0..6 {
        let lines: Vec<String> = (0..600).map(|m| event(&format!("s-{}", n * 600 + m), m)).collect();
        submit(&intake, lines.join("\n")).await;
    }
    intake.settle().await.unwrap();
    assert!(segments() >= 3, "{} segments", segments());
    assert_eq!(intake.store().events.stats().rows, 0, "shown, not committed");
    assert_eq!(ids(&intake).await, names("s", 3600));
    intake.flush().await.unwrap();
    assert_eq!(intake.store().events.stats().rows, 3600);
    assert!(segments() <= 2, "{} segments", segments());
    assert_eq!(ids(&intake).await, names("s", 3600));
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_batch_commits_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let small = IntakeOptions { commit_bytes: 50_000, ..options(dir.path()) };
    let (intake, _) = open_with(small).await;
    for n in 0..10 {
        let lines: Vec<String> = (0..100).map(|m| event(&format!("f-{}", n * 100 + m), m)).collect();
        submit(&intake, lines.join("\n")).await;
    }
    intake.settle().await.unwrap();
    // The third may be under way.
    assert!(intake.counters().commits >= 2);
    assert_eq!(ids(&intake).await, names("f", 1000));
    intake.abandon().await;
    let intake = open(dir.path()).await;
    assert_eq!(ids(&intake).await, names("f", 1000));
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_seen_once_while_commits_run() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    let mut sent = 0;
    for _ in 0..8 {
        for _ in 0..5 {
            submit(&intake, event(&format!("q-{sent}"), sent as u32)).await;
            sent += 1;
        }
        let flushing = tokio::spawn({
            let intake = intake.clone();
            async move { intake.flush().await }
        });
        intake.settle().await.unwrap();
        while !flushing.is_finished() {
            assert_eq!(ids(&intake).await, names("q", sent));
        }
        flushing.await.unwrap().unwrap();
    }
    assert_eq!(ids(&intake).await, names("q", sent));
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_is_tried_again_and_nothing_is_seen_twice() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    // A file stands where the day's directory belongs.
    let obstacle = dir.path().join("tables/events/event_date=2026-11-20");
    std::fs::write(&obstacle, b"").unwrap();
    feed(&intake, 0).await;
    let failed = intake.flush().await;
    assert!(matches!(failed, Err(intake::IntakeError::Failing(_))), "{failed:?}");
    intake.settle().await.unwrap();
    check(&intake, 1, "rejects are committed, events are not").await;
    // What comes meanwhile is shown, and waits its turn.
    feed(&intake, 1).await;
    intake.settle().await.unwrap();
    check(&intake, 2, "more is drained").await;
    let counters = intake.counters();
    assert!(counters.commit_failures >= 1 && counters.trouble.is_some() && counters.commits == 0, "{counters:?}");
    std::fs::remove_file(&obstacle).unwrap();
    intake.flush().await.unwrap();
    check(&intake, 2, "committed").await;
    let counters = intake.counters();
    assert!(counters.trouble.is_none() && counters.uncommitted_records == 0, "{counters:?}");
    intake.abandon().await;
    let intake = open(dir.path()).await;
    check(&intake, 2, "reopened").await;
    intake.close().await;
}
