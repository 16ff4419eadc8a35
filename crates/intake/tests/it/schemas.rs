//! Schemas that change: what was acknowledged stays what it was answered, over a restart and
//! while requests come in, wherever the change is broken off.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use intake::{
    EventAnswer, Framing, Intake, IntakeError, IntakeOptions, ReloadHook, ReloadStep, Reloaded, Request,
    ValidationPolicy,
};
use xdm::{Plans, Profile, Registry};

use crate::bench::*;

const SHOP: &str = "https://shop.example/contact";

/// Own policy, and that of datastream `shop` with these properties beside the contact event's.
pub(crate) fn policies(properties: &str) -> (ValidationPolicy, BTreeMap<String, ValidationPolicy>) {
    let mut registry = Registry::bundled();
    let text = format!(
        r#"{{"$id":"{SHOP}","type":"object","allOf":[
            {{"$ref":"https://ns.adobe.com/xdm/context/experienceevent"}},
            {{"$ref":"https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details"}},
            {{"properties":{{{properties}}}}}]}}"#
    );
    registry.add(&text).unwrap();
    let plans = Plans::compile(&registry, &BTreeSet::from([SHOP])).unwrap();
    let policy = |id| ValidationPolicy { plan: Arc::clone(plans.of(id)), profile: Profile::spec() };
    (policy(None), BTreeMap::from([("shop".to_owned(), policy(Some(SHOP)))]))
}

fn gold() -> (ValidationPolicy, BTreeMap<String, ValidationPolicy>) {
    policies(r#""xdm:tier":{"type":"string","enum":["gold"]}"#)
}

/// The other tier, and a column more.
fn tin() -> (ValidationPolicy, BTreeMap<String, ValidationPolicy>) {
    policies(r#""xdm:tier":{"type":"string","enum":["tin"]},"xdm:points":{"type":"integer"}"#)
}

fn with(data: &Path, policies: (ValidationPolicy, BTreeMap<String, ValidationPolicy>)) -> IntakeOptions {
    IntakeOptions { policy: policies.0, policies: policies.1, ..options(data) }
}

fn tier(id: &str, tier: &str) -> Request {
    let body = format!(r#"{{"_id":"{id}","timestamp":"2026-11-20T09:00:00Z","tier":"{tier}","points":3}}"#);
    Request { datastream: "shop".to_owned(), framing: Framing::Single, ..request(body) }
}

/// Whether it was accepted.
async fn send(intake: &Intake, id: &str, of: &str) -> Result<bool, intake::SubmitError> {
    let answers = intake.submit(tier(id, of)).await?;
    Ok(matches!(answers[..], [EventAnswer::Accepted { .. }]))
}

async fn check(intake: &Intake, accepted: &BTreeSet<String>, rejected: usize, context: &str) {
    intake.settle().await.unwrap();
    assert_eq!(ids(intake).await, accepted.iter().cloned().collect::<Vec<_>>(), "{context}");
    let expect = if rejected == 0 { BTreeMap::new() } else { kinds(&[("invalid", rejected)]) };
    assert_eq!(rejects(intake).await, expect, "{context}");
}

#[tokio::test]
async fn what_waits_in_the_journal_is_drained_by_what_it_was_answered_by() {
    let dir = tempfile::tempdir().unwrap();
    let idle = |options| IntakeOptions { drain_every: Duration::from_secs(3600), ..options };
    let (intake, _) = open_with(idle(with(dir.path(), gold()))).await;
    assert!(send(&intake, "a", "gold").await.unwrap());
    assert!(!send(&intake, "b", "tin").await.unwrap());
    // As a crash would: nothing of it is in a table.
    intake.abandon().await;
    let (intake, opened) = open_with(idle(with(dir.path(), tin()))).await;
    assert_eq!((opened.replayed_records, opened.damage), (2, vec![]));
    check(&intake, &BTreeSet::from(["a".to_owned()]), 1, "judged by the old").await;
    assert!(send(&intake, "c", "tin").await.unwrap());
    assert!(!send(&intake, "d", "gold").await.unwrap());
    intake.abandon().await;
    // The same schemas again: the usual replay.
    let (intake, _) = open_with(with(dir.path(), tin())).await;
    check(&intake, &BTreeSet::from(["a".to_owned(), "c".to_owned()]), 2, "judged by the new").await;
    intake.close().await;
}

#[tokio::test]
async fn kept_schemas_that_are_gone_are_told_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let (intake, _) = open_with(with(dir.path(), gold())).await;
    assert!(send(&intake, "a", "gold").await.unwrap());
    intake.abandon().await;
    std::fs::write(dir.path().join("schemas/current"), "?").unwrap();
    let (intake, opened) = open_with(with(dir.path(), tin())).await;
    assert!(opened.damage[0].contains("today's judge it"), "{opened:?}");
    check(&intake, &BTreeSet::new(), 1, "judged by today's").await;
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemas_change_under_load() {
    let dir = tempfile::tempdir().unwrap();
    let (intake, _) = open_with(with(dir.path(), gold())).await;
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let (intake, stop) = (intake.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let (mut accepted, mut rejected) = (BTreeSet::new(), 0);
                for number in 0..20_000 {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let id = format!("{sender}-{number}");
                    let of = if number % 2 == 0 { "gold" } else { "tin" };
                    match send(&intake, &id, of).await.unwrap() {
                        true => drop(accepted.insert(id)),
                        false => rejected += 1,
                    }
                }
                (accepted, rejected)
            })
        })
        .collect();
    for round in 0..6 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let next = if round % 2 == 0 { tin() } else { gold() };
        assert_eq!(intake.reload(next.0, next.1).await.unwrap(), Reloaded::Changed, "{round}");
    }
    let same = gold();
    assert_eq!(intake.reload(same.0, same.1).await.unwrap(), Reloaded::Unchanged);
    stop.store(true, Ordering::Relaxed);
    let (mut accepted, mut rejected) = (BTreeSet::new(), 0);
    for sender in senders {
        let (ids, count) = sender.await.unwrap();
        accepted.extend(ids);
        rejected += count;
    }
    check(&intake, &accepted, rejected, "under load").await;
    intake.close().await;
    // The column came, and is null where it wasn't declared.
    let (intake, _) = open_with(with(dir.path(), gold())).await;
    check(&intake, &accepted, rejected, "after a restart").await;
    let points = column(&intake.store().events, "points").await;
    assert_eq!(points.len(), accepted.len());
    assert!(points.iter().any(|points| points == "3") && points.iter().any(|points| points == "null"));
    intake.close().await;
}

#[tokio::test]
async fn a_change_that_is_broken_off_loses_nothing_and_judges_nothing_twice() {
    for step in [ReloadStep::Drained, ReloadStep::Widened, ReloadStep::Kept, ReloadStep::Switched] {
        let dir = tempfile::tempdir().unwrap();
        let hook: ReloadHook =
            Arc::new(move |at| if at == step { ControlFlow::Break(()) } else { ControlFlow::Continue(()) });
        let (intake, _) = open_with(IntakeOptions { reload_hook: Some(hook), ..with(dir.path(), gold()) }).await;
        assert!(send(&intake, "a", "gold").await.unwrap());
        assert!(!send(&intake, "b", "tin").await.unwrap());
        let next = tin();
        let error = intake.reload(next.0, next.1).await.unwrap_err();
        assert!(matches!(error, IntakeError::Stopped(_)), "{error}");
        let is_kept = matches!(step, ReloadStep::Kept | ReloadStep::Switched);
        if !is_kept {
            // The old ones go on.
            assert!(send(&intake, "c", "gold").await.unwrap(), "{step:?}");
        }
        intake.abandon().await;
        // Started with the changed schemas, as the settings have them by now.
        let (intake, _) = open_with(with(dir.path(), tin())).await;
        let mut accepted = BTreeSet::from(["a".to_owned()]);
        accepted.extend((!is_kept).then(|| "c".to_owned()));
        check(&intake, &accepted, 1, &format!("{step:?}")).await;
        assert!(send(&intake, "d", "tin").await.unwrap());
        intake.close().await;
    }
}

#[tokio::test]
async fn a_change_that_the_table_cannot_take_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (intake, _) = open_with(with(dir.path(), gold())).await;
    let number = policies(r#""xdm:tier":{"type":"integer"}"#);
    let error = intake.reload(number.0, number.1).await.unwrap_err().to_string();
    assert!(error.contains("tier"), "{error}");
    assert!(send(&intake, "a", "gold").await.unwrap(), "the old ones go on");
    check(&intake, &BTreeSet::from(["a".to_owned()]), 0, "refused").await;
    intake.close().await;
}

#[tokio::test]
async fn records_on_their_way_hold_a_change_up_even_when_their_sender_has_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (intake, _) = open_with(with(dir.path(), gold())).await;
    for number in 0..50 {
        let sending = {
            let intake = intake.clone();
            tokio::spawn(async move { drop(send(&intake, &format!("a-{number}"), "gold").await) })
        };
        tokio::task::yield_now().await;
        sending.abort();
    }
    let next = tin();
    assert_eq!(intake.reload(next.0, next.1).await.unwrap(), Reloaded::Changed);
    intake.settle().await.unwrap();
    // Whichever were appended were accepted by the old.
    assert_eq!(rejects(&intake).await, BTreeMap::new());
    intake.close().await;
}
