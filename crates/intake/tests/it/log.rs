//! The pipeline over a log that the test holds in its hand: what is answered when, what is
//! released when, and what a start makes of what it finds.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use intake::{DrainStep, Intake, IntakeError, IntakeOptions, LogHealth, OpenLog, StepHook, SubmitError};
use journal::{Log, MemoryLog, MemoryOptions, MemoryStorage, Sequence};

use crate::bench::*;

/// A log in memory that outlives the intakes that are opened on it.
#[derive(Clone, Default)]
struct Held {
    storage: MemoryStorage,
    log: Arc<Mutex<Option<MemoryLog>>>,
}

impl Held {
    fn options(&self, data: &Path) -> IntakeOptions {
        let held = self.clone();
        let open = move |first_sequence_min| {
            let options = MemoryOptions { first_sequence_min, ..MemoryOptions::default() };
            let (log, recovery) = MemoryLog::open(&held.storage, options)?;
            *held.log.lock().unwrap() = Some(log.clone());
            Ok((Arc::new(log) as Arc<dyn Log>, recovery))
        };
        IntakeOptions { log: Some(OpenLog::new(open)), ..options(data) }
    }

    async fn open(&self, data: &Path) -> Intake {
        open_with(self.options(data)).await.0
    }

    /// The log of the intake that is open.
    fn log(&self) -> MemoryLog {
        self.log.lock().unwrap().clone().expect("opened")
    }
}

async fn close(held: &Held, intake: Intake) {
    intake.close().await;
    held.log.lock().unwrap().take();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_waits_until_the_log_has_it() {
    let (dir, held) = (tempfile::tempdir().unwrap(), Held::default());
    let intake = held.open(dir.path()).await;
    let log = held.log();
    log.pause();
    let submitted = tokio::spawn({
        let intake = intake.clone();
        async move { intake.submit(request(event("a", 1))).await }
    });
    while log.status().queue_bytes == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!submitted.is_finished());
    assert_eq!(intake.counters().accepted, 0, "not durable, so not accepted");
    intake.settle().await.unwrap();
    assert!(ids(&intake).await.is_empty(), "and no query sees it");
    log.resume();
    assert!(submitted.await.unwrap().unwrap()[0].is_accepted());
    intake.settle().await.unwrap();
    assert_eq!(ids(&intake).await, ["a"]);
    close(&held, intake).await;
}

/// Records go only when both tables have them: at every step before, the log has all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_released_before_both_tables_have_it() {
    let (dir, held) = (tempfile::tempdir().unwrap(), Held::default());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let step_hook: StepHook = {
        let (held, seen) = (held.clone(), Arc::clone(&seen));
        Arc::new(move |step| {
            seen.lock().unwrap().push((step, held.log().trim_point()));
            ControlFlow::Continue(())
        })
    };
    let (intake, _) = open_with(IntakeOptions { step_hook: Some(step_hook), ..held.options(dir.path()) }).await;
    submit(&intake, event("a", 1)).await;
    submit(&intake, invalid("bad")).await;
    intake.settle().await.unwrap();
    assert_eq!(held.log().trim_point(), Sequence(0), "shown, and still in the log");
    intake.flush().await.unwrap();
    // The wish of a flush may come late and find nothing to commit.
    let tail = held.log().tail();
    assert_eq!((tail, held.log().trim_point()), (Sequence(2), Sequence(2)));
    let seen = seen.lock().unwrap().clone();
    for (step, trim_point) in &seen {
        let expect = if *step == DrainStep::Released { tail } else { Sequence(0) };
        assert_eq!(*trim_point, expect, "{step:?} of {seen:?}");
    }
    let steps: Vec<_> = seen.iter().map(|(step, _)| *step).filter(|step| *step != DrainStep::Shown).collect();
    let order = [
        DrainStep::RejectsWritten,
        DrainStep::RejectsCommitted,
        DrainStep::EventsWritten,
        DrainStep::EventsCommitted,
        DrainStep::Released,
    ];
    assert_eq!(steps, order);
    close(&held, intake).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_releases_nothing() {
    let (dir, held) = (tempfile::tempdir().unwrap(), Held::default());
    let intake = held.open(dir.path()).await;
    let obstacle = dir.path().join("tables/events/event_date=2026-11-20");
    std::fs::write(&obstacle, b"").unwrap();
    submit(&intake, event("a", 1)).await;
    assert!(matches!(intake.flush().await, Err(IntakeError::Failing(_))));
    assert_eq!(held.log().trim_point(), Sequence(0));
    std::fs::remove_file(&obstacle).unwrap();
    // A try that began before may still fail.
    while intake.flush().await.is_err() {}
    assert_eq!(held.log().trim_point(), Sequence(1));
    close(&held, intake).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_drains_what_the_log_has_and_the_tables_have_not() {
    let (dir, held) = (tempfile::tempdir().unwrap(), Held::default());
    let intake = held.open(dir.path()).await;
    submit(&intake, event("committed", 1)).await;
    // Not `flush`: a wish of it that comes late would commit the next one as well.
    close(&held, intake).await;
    let intake = held.open(dir.path()).await;
    submit(&intake, event("shown", 2)).await;
    intake.settle().await.unwrap();
    submit(&intake, event("durable", 3)).await;
    intake.abandon().await;
    drop((intake, held.log.lock().unwrap().take()));
    let (intake, opened) = open_with(held.options(dir.path())).await;
    assert_eq!(opened.replayed_records, 2);
    assert_eq!(ids(&intake).await, ["committed", "durable", "shown"]);
    submit(&intake, event("next", 4)).await;
    intake.flush().await.unwrap();
    assert_eq!((held.log().tail(), held.log().trim_point()), (Sequence(4), Sequence(4)));
    close(&held, intake).await;
}

/// The log is gone and the tables are not: no number is given twice, and that is said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_log_begins_behind_what_the_tables_have() {
    let (dir, held) = (tempfile::tempdir().unwrap(), Held::default());
    let intake = held.open(dir.path()).await;
    for n in 0..3 {
        submit(&intake, event(&format!("a-{n}"), n)).await;
    }
    close(&held, intake).await;
    let fresh = Held::default();
    let (intake, opened) = open_with(fresh.options(dir.path())).await;
    assert!(opened.damage.iter().any(|said| said.contains("cut or deleted")), "{opened:?}");
    assert_eq!(fresh.log().tail(), Sequence(3));
    submit(&intake, event("next", 4)).await;
    intake.flush().await.unwrap();
    assert_eq!(fresh.log().tail(), Sequence(4));
    assert_eq!(ids(&intake).await, ["a-0", "a-1", "a-2", "next"]);
    close(&fresh, intake).await;
}

/// The same when only the rejects were committed: what comes next would be taken for what they have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_log_begins_behind_what_the_rejects_have() {
    let (dir, held) = (tempfile::tempdir().unwrap(), Held::default());
    let step_hook: StepHook = Arc::new(|step| match step {
        DrainStep::RejectsCommitted => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let (intake, _) = open_with(IntakeOptions { step_hook: Some(step_hook), ..held.options(dir.path()) }).await;
    submit(&intake, invalid("bad")).await;
    submit(&intake, event("a", 1)).await;
    assert!(intake.flush().await.is_err());
    close(&held, intake).await;
    // Neither the log nor the note of how far it came is there any more.
    std::fs::remove_file(dir.path().join("journal.mark")).unwrap();
    let fresh = Held::default();
    let intake = fresh.open(dir.path()).await;
    assert_eq!(fresh.log().tail(), Sequence(2));
    submit(&intake, invalid("next")).await;
    intake.flush().await.unwrap();
    assert_eq!(column(&intake.store().rejects, "event_id").await, ["bad", "next"]);
    close(&fresh, intake).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_takes_nothing_is_said_and_what_it_has_is_drained() {
    let (dir, held) = (tempfile::tempdir().unwrap(), Held::default());
    let intake = held.open(dir.path()).await;
    submit(&intake, event("a", 1)).await;
    let log = held.log();
    log.set_full(true);
    let retry_after = Duration::from_secs(1);
    assert_eq!(intake.submit(request(event("b", 2))).await, Err(SubmitError::DiskFull { retry_after }));
    assert!(!intake.counters().ready && intake.counters().journal.health == LogHealth::Full);
    log.set_full(false);
    submit(&intake, event("b", 2)).await;
    assert!(intake.counters().ready);
    log.poison("a made-up fault");
    assert_eq!(intake.submit(request(event("c", 3))).await, Err(SubmitError::Poisoned));
    intake.settle().await.unwrap();
    let counters = intake.counters();
    assert!(counters.poisoned && !counters.ready, "{counters:?}");
    assert_eq!(counters.trouble.as_deref(), Some("a made-up fault"));
    assert_eq!(counters.lag_bytes, 0, "what was refused waits for nothing");
    intake.flush().await.unwrap();
    assert_eq!(ids(&intake).await, ["a", "b"]);
    close(&held, intake).await;
}

/// A record that can't be decoded: the log lets go of it only with what comes after it, and
/// when it is in quarantine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_of_a_newer_version_holds_up_nothing() {
    let (dir, held) = (tempfile::tempdir().unwrap(), Held::default());
    let intake = held.open(dir.path()).await;
    submit(&intake, event("before", 1)).await;
    let (done, durable) = tokio::sync::oneshot::channel();
    let tell = Box::new(move |outcome| {
        let _ = done.send(outcome);
    });
    held.log().append(b"\x63 written tomorrow".to_vec(), Bytes::new(), tell).unwrap();
    durable.await.unwrap().unwrap();
    submit(&intake, event("behind", 2)).await;
    intake.flush().await.unwrap();
    assert_eq!(ids(&intake).await, ["before", "behind"]);
    let quarantined: Vec<u64> = intake.quarantined().iter().map(|record| record.sequence).collect();
    assert_eq!((quarantined, held.log().trim_point()), (vec![2], Sequence(3)));
    close(&held, intake).await;
    let intake = held.open(dir.path()).await;
    assert_eq!(ids(&intake).await, ["before", "behind"]);
    assert_eq!(intake.quarantined().len(), 1);
    close(&held, intake).await;
}
