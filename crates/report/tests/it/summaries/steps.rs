//! Whatever happens to the table, one thing at a time.

use std::fs;

use summary::Counter::{ChatEnd, ChatOffered, ChatStart, ClickToCall};

use super::bench::*;
use super::events::*;

/// A few days with visits, a chat across midnight, events without a visitor and odd ones.
pub(super) fn some_days() -> Vec<Happening> {
    let mut events = vec![
        Happening::new("a1", at(2, 600)).by("anna").on("https://shop.example/a").with("mobile").from("search.example"),
        Happening::new("a2", at(2, 605))
            .by("anna")
            .chat("s1", ChatOffered)
            .about("orders")
            .on("https://shop.example/a")
            .from("(internal)"),
        Happening::new("a3", at(2, 606)).by("anna").chat("s1", ChatStart).about("orders").with("mobile"),
        Happening::new("a4", at(2, 630)).by("anna").chat("s1", ChatEnd),
        Happening::new("b1", at(3, 1430)).by("bert").chat("s2", ChatStart).about("returns"),
        Happening::new("b2", at(4, 10)).by("bert").chat("s2", ChatEnd),
        Happening::new("c1", at(4, 61)).by("anna").counting(ClickToCall, 2).on("https://shop.example/b").with("tablet"),
        Happening::new("d1", at(5, 700)).counting(ClickToCall, 1).with("app").from("social.example"),
        Happening::new("d2", at(5, 700)).by("dora").counting(ChatStart, -4),
        Happening::new("e1", at(9, 100)).by("anna").counting(ClickToCall, 1).about("orders").from("search.example"),
        Happening::new("t1", at(30, 300)).by("anna").chat("s9", ChatStart).about("orders"),
    ];
    events[6].is_late = true;
    events
}

async fn made() -> Bench {
    let mut bench = Bench::new().await;
    bench.check("nothing").await;
    bench.append(&some_days()).await;
    bench.check("appended").await;
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_count_at_once() {
    let mut bench = made().await;
    bench.append(&[Happening::new("f1", at(3, 5)).by("anna").counting(ClickToCall, 1)]).await;
    bench.check("a late event into an old day").await;
    bench.append(&[Happening::new("f2", at(31, 20)).by("anna").chat("s9", ChatEnd)]).await;
    bench.check("the end of the day before's chat").await;
    bench.show(&[Happening::new("f3", at(30, 301)).by("dora").chat("s9", ChatOffered)]);
    bench.check("fresh").await;
    bench.show(&[Happening::new("f4", at(4, 20)).by("bert").counting(ClickToCall, 1)]);
    bench.check("fresh, of an old day").await;
    bench.commit_fresh().await;
    bench.check("committed").await;
    bench.replay().await;
    bench.check("replayed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_rearranged_has_the_same_numbers() {
    let mut bench = made().await;
    bench.append(&[Happening::new("f1", at(2, 640)).by("anna").chat("s1", ChatStart)]).await;
    bench.append(&[Happening::new("f2", at(2, 650)).by("dora")]).await;
    bench.check("before").await;
    bench.compact().await;
    bench.check("compacted").await;
    bench.clock.set(at(35, 0));
    bench.vacuum().await;
    bench.check("vacuumed").await;
    bench.delete("a2").await;
    bench.check("an offer deleted").await;
    bench.delete("d1").await;
    bench.delete("d2").await;
    bench.check("a day deleted").await;
    bench.vacuum().await;
    bench.reopen().await;
    bench.check("reopened").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_several_days_count_for_their_days_only() {
    let mut bench = made().await;
    let folds = bench.folds();
    bench
        .append_undated(&[
            Happening::new("u1", at(-30, 5)).by("anna").counting(ClickToCall, 1),
            Happening::new("u2", at(9, 130)).by("anna").chat("s5", ChatStart),
            Happening::new("u3", at(50, 5)).by("dora"),
        ])
        .await;
    bench.check("undated").await;
    bench.reopen().await;
    bench.check("reopened").await;
    // Of the days that were there, only that of `u2` has changed; 6 is between and has no events of its own.
    let mut fewer = made().await;
    let before = fewer.folds();
    assert_eq!(before, folds);
    fewer.append_undated(&[Happening::new("u1", at(-30, 5)), Happening::new("u3", at(50, 5))]).await;
    let query = whole();
    report::SummarySource::answer(&fewer.summaries, &[query]).await.unwrap();
    assert_eq!(fewer.folds() - before, 2, "the two days themselves, and none between");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_changed_is_made_anew() {
    let mut bench = made().await;
    let (folds, read) = (bench.folds(), bench.summaries.stats().rows_read);
    bench.check("nothing has changed").await;
    assert_eq!(bench.folds(), folds);
    bench.append(&[Happening::new("f1", at(9, 200)).by("anna")]).await;
    report::SummarySource::answer(&bench.summaries, &[whole()]).await.unwrap();
    assert_eq!(bench.folds() - folds, 1, "no day beside it has events");
    assert_eq!(bench.summaries.stats().rows_read - read, 1, "the day's other file is in memory");
}

#[tokio::test(flavor = "multi_thread")]
async fn fresh_rows_that_are_shown_again_are_the_same() {
    let mut bench = made().await;
    let shown = batch(&[Happening::new("f1", at(9, 200)).by("anna").counting(ClickToCall, 1)]);
    bench.fresh.push(Happening::new("f1", at(9, 200)).by("anna").counting(ClickToCall, 1));
    bench.store.events.set_fresh(vec![shown.clone()]).unwrap();
    bench.check("shown").await;
    let folds = bench.folds();
    // As a drain does it: all anew, each time, and more behind.
    bench.store.events.set_fresh(vec![shown.clone()]).unwrap();
    bench.check("shown again").await;
    assert_eq!(bench.folds(), folds);
    let more = Happening::new("f2", at(4, 200)).by("anna").counting(ClickToCall, 1);
    bench.store.events.set_fresh(vec![shown, batch(std::slice::from_ref(&more))]).unwrap();
    bench.fresh.push(more);
    report::SummarySource::answer(&bench.summaries, &[whole()]).await.unwrap();
    assert_eq!(bench.folds() - folds, 3, "the day and those beside it");
    bench.check("more").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_day_that_changes_only_what_changed_is_folded() {
    let mut bench = made().await;
    let ask = async |bench: &Bench| {
        report::SummarySource::answer(&bench.summaries, &[whole()]).await.unwrap();
        bench.summaries.stats().changes
    };
    let changes = ask(&bench).await;
    bench.show(&[Happening::new("f1", at(30, 310)).by("anna").chat("s9", ChatEnd)]);
    assert_eq!(ask(&bench).await - changes, 1, "fresh rows");
    bench.check("fresh rows").await;
    bench.show(&[Happening::new("f2", at(29, 1439)).by("anna").counting(ClickToCall, 1)]);
    let changes = ask(&bench).await;
    bench.commit_fresh().await;
    assert_eq!(ask(&bench).await - changes, 2, "they are in a file now, today's and that of the day before");
    bench.check("committed").await;
    bench.append(&[Happening::new("f3", at(30, 5)).by("anna").chat("s9", ChatOffered)]).await;
    bench.check("before what was there").await;
    bench.delete("t1").await;
    bench.compact().await;
    bench.check("deleted and compacted").await;
    // A question of an older moment may come later; and a day that is over has a file.
    bench.clock.set(at(35, 0));
    bench.append(&[Happening::new("f4", at(31, 5)).by("anna")]).await;
    bench.check("settled").await;
    assert!(bench.file(30).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_costs_its_own_rows() {
    let mut bench = made().await;
    let dir = bench.dir.path().join("tables/events/event_date=2026-11-10");
    let path = fs::read_dir(dir).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[8..middle].fill(0xAA);
    fs::write(&path, bytes).unwrap();
    // Its summary holds until it is known that the file can't be read.
    bench.check("not noticed").await;
    bench.append(&[Happening::new("f1", at(10, 5)).by("anna").counting(ClickToCall, 1)]).await;
    bench.forget();
    bench.committed.retain(|event| event.id != "e1");
    bench.check("noticed, since the day beside it needs it").await;
    assert_eq!(bench.store.damaged_count(), 1);
    bench.reopen().await;
    bench.check("reopened").await;
}
