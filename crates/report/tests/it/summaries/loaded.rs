//! Summaries that are made while files are written.

use report::{RowColumns, Summaries, SummariesOptions};
use summary::Counter;

use super::bench::*;
use super::events::*;

/// A chat on each of these days, and one across each midnight.
fn chats(days: std::ops::Range<i32>) -> Vec<Happening> {
    let chat = |day: i32| {
        let event = |name: &str, minutes: i64| {
            Happening::new(format!("{name}{day}"), at(day, minutes)).on("https://shop.example/a")
        };
        [
            event("offer", 600).by("anna").chat("s1", Counter::ChatOffered).about("orders"),
            event("start", 601).by("anna").chat("s1", Counter::ChatStart).with("mobile"),
            event("end", 611).by("anna").chat("s1", Counter::ChatEnd).from("search.example"),
            event("late", 24 * 60 - 3).by("bert").chat("s2", Counter::ChatStart),
            event("next", 24 * 60 + 7).by("bert").chat("s2", Counter::ChatEnd),
            event("call", 24 * 60 + 9).by("bert").counting(Counter::ClickToCall, 2),
        ]
    };
    days.flat_map(chat).collect()
}

fn has_file(bench: &Bench) -> Vec<i32> {
    (-5..40).filter(|day| bench.file(*day).exists()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_made_of_the_rows_that_are_written() {
    let mut bench = Bench::new().await;
    // Rows of the 8th day come, too; so the 7th and the 8th may get more.
    assert_eq!(bench.load(&chats(0..7), false).await, 6);
    assert_eq!(has_file(&bench), [0, 1, 2, 3, 4, 5]);
    assert_eq!(bench.load(&chats(7..12), true).await, 7);
    assert_eq!(has_file(&bench), (0..13).collect::<Vec<_>>());
    let stats = bench.summaries.stats();
    assert_eq!((stats.folds, stats.rows_read), (13, 0));
    bench.check("made").await;
    // And so says another process.
    let made = has_file(&bench).into_iter().map(|day| std::fs::read(bench.file(day)).unwrap()).collect::<Vec<_>>();
    bench.reopen().await;
    bench.check("read").await;
    let key = std::fs::read(bench.summaries_dir().join("key")).unwrap();
    std::fs::remove_dir_all(bench.summaries_dir()).unwrap();
    std::fs::create_dir(bench.summaries_dir()).unwrap();
    std::fs::write(bench.summaries_dir().join("key"), key).unwrap();
    bench.forget();
    bench.check("made of the files").await;
    assert!(bench.summaries.stats().rows_read > 0);
    let again = has_file(&bench).into_iter().map(|day| std::fs::read(bench.file(day)).unwrap()).collect::<Vec<_>>();
    assert!(made == again, "summaries made of rows at hand and of files are the same bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn days_with_files_that_were_there_before_are_left() {
    let mut bench = Bench::new().await;
    bench.append(&[Happening::new("before", at(3, 5)).by("anna")]).await;
    // Not the day of the file, nor those beside it.
    assert_eq!(bench.load(&chats(0..7), false).await, 3);
    assert_eq!(has_file(&bench), [0, 1, 5]);
    // The rows of the 6th day and later ones are needed still.
    assert_eq!(bench.load(&[Happening::new("more", at(6, 9)).by("dora")], true).await, 2);
    assert_eq!(has_file(&bench), [0, 1, 5, 6, 7]);
    assert_eq!(bench.summaries.stats().rows_bytes, 0);
    // Of the others nothing is at hand any more.
    assert_eq!(bench.load(&[Happening::new("again", at(6, 10)).by("dora")], true).await, 0);
    bench.check("changed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_may_still_change_are_left() {
    let mut bench = Bench::new().await;
    // It is the 31st.
    assert_eq!(bench.load(&chats(26..31), true).await, 3);
    assert_eq!(has_file(&bench), [26, 27, 28]);
    bench.check("some made").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_place_for_summaries_no_rows_are_taken() {
    let mut bench = Bench::new().await;
    std::fs::write(bench.summaries_dir(), "in the way").unwrap();
    assert!(bench.summaries.begin_file(&RowColumns::new(&shape())).is_none());
    assert_eq!(bench.load(&chats(0..7), true).await, 0);
    bench.check("from the files").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_do_not_fit_are_not_taken() {
    let mut bench = Bench::new().await;
    let tiny = SummariesOptions { rows_bytes_max: 2_000, ..bench.options() };
    bench.summaries = Summaries::new(bench.store.events.clone(), tiny);
    let columns = RowColumns::new(&shape());
    assert!(bench.summaries.begin_file(&columns).is_some());
    bench.load(&chats(0..12), true).await;
    assert!(bench.summaries.stats().rows_bytes <= 2_000);
    bench.check("without room").await;
    // Nothing was made of more than fits: what comes won't be either.
    bench.forget();
    let none = SummariesOptions { rows_bytes_max: 0, ..bench.options() };
    bench.summaries = Summaries::new(bench.store.events.clone(), none);
    assert!(bench.summaries.begin_file(&columns).is_some());
    assert_eq!(bench.load(&chats(12..14), true).await, 0);
    assert!(bench.summaries.begin_file(&columns).is_none());
    bench.check("without any room").await;
}
