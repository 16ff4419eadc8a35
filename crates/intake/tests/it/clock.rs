//! Time and randomness are what the pipeline is given: commits and retries come when the
//! clock says so, and a seed gives the same run again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ambient::{ManualClock, SeededRandom};
use intake::{Intake, IntakeOptions};

use crate::bench::*;

async fn open_at(clock: &Arc<ManualClock>, options: IntakeOptions) -> Intake {
    let clock = Arc::clone(clock);
    Intake::open(options, clock).await.expect("opened").0
}

/// Lets the drain look once more, at least: what is new is shown by a later round.
async fn round(intake: &Intake, id: &str) {
    submit(intake, event(id, 1)).await;
    intake.settle().await.expect("shown");
}

async fn until(intake: &Intake, what: impl Fn(&intake::Counters) -> bool) {
    while !what(&intake.counters()) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_committed_when_its_time_has_come_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(NOON));
    let timed = IntakeOptions { commit_after: Duration::from_secs(5), ..options(dir.path()) };
    let intake = open_at(&clock, timed).await;
    round(&intake, "a").await;
    clock.advance(Duration::from_millis(4999));
    round(&intake, "b").await;
    round(&intake, "c").await;
    assert_eq!(intake.counters().commits, 0, "its first record is not five seconds old");
    clock.advance(Duration::from_millis(1));
    until(&intake, |counters| counters.commits == 1).await;
    assert_eq!(intake.store().events.stats().rows, 3);
    // A clock that somebody sets is no time that passes.
    round(&intake, "d").await;
    clock.set(NOON + 30 * DAY);
    round(&intake, "e").await;
    round(&intake, "f").await;
    assert_eq!(intake.counters().commits, 1);
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_commit_is_tried_again_after_its_pause_which_grows() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(NOON));
    let timed = IntakeOptions { commit_after: Duration::from_secs(1), ..options(dir.path()) };
    let intake = open_at(&clock, timed).await;
    let obstacle = dir.path().join("tables/events/event_date=2026-11-20");
    std::fs::write(&obstacle, b"").unwrap();
    round(&intake, "a").await;
    clock.advance(Duration::from_secs(1));
    until(&intake, |counters| counters.commit_failures == 1).await;
    clock.advance(Duration::from_millis(249));
    round(&intake, "b").await;
    round(&intake, "c").await;
    assert_eq!(intake.counters().commit_failures, 1, "the pause is not over");
    clock.advance(Duration::from_millis(1));
    until(&intake, |counters| counters.commit_failures == 2).await;
    std::fs::remove_file(&obstacle).unwrap();
    clock.advance(Duration::from_millis(499));
    round(&intake, "d").await;
    round(&intake, "e").await;
    assert_eq!(intake.counters().commits, 0, "the second pause is twice as long");
    clock.advance(Duration::from_millis(1));
    until(&intake, |counters| counters.commits >= 1).await;
    assert_eq!(ids(&intake).await, ["a", "b", "c", "d", "e"]);
    intake.close().await;
}

/// The ids that events without one get, of a run.
async fn ids_of_run(data: &Path, seed: u64) -> Vec<String> {
    let random = Arc::new(SeededRandom::new(seed));
    let intake = open_with(IntakeOptions { random, ..options(data) }).await.0;
    let mut made = Vec::new();
    for minute in 0..5 {
        made.extend(submit(&intake, nameless(minute)).await);
    }
    intake.close().await;
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seed_gives_the_same_run_again() {
    let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let first = ids_of_run(dirs[0].path(), 7).await;
    assert_eq!(first.len(), 5);
    assert_eq!(ids_of_run(dirs[1].path(), 7).await, first);
    assert!(ids_of_run(dirs[2].path(), 8).await.iter().all(|id| !first.contains(id)));
}
