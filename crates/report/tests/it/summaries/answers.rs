//! Answers that are kept are given again, and never when they no longer hold.

use std::fs;

use report::SummarySource;
use summary::Counter::{ChatOffered, ClickToCall};
use summary::{Channel, Channels, Filter, Query, Values};

use super::bench::*;
use super::events::*;
use super::steps::some_days;

/// The third day to the ninth.
fn span() -> Query {
    Query { since: at(2, 0), until: at(10, 0), ..whole() }
}

/// The same with each kind of filter, and by everything that rows are told apart by.
fn spans() -> Vec<Query> {
    let values = |any_of: &[&str], none_of: &[&str]| Values {
        any_of: any_of.iter().map(|text| (*text).to_owned()).collect(),
        none_of: none_of.iter().map(|text| (*text).to_owned()).collect(),
    };
    let channel =
        |any_of: &[Channel], none_of: &[Channel]| Channels { any_of: any_of.to_vec(), none_of: none_of.to_vec() };
    let filters = [
        Filter::default(),
        Filter { datastream: values(&["web"], &[]), ..Filter::default() },
        Filter { datastream: values(&[], &["shop"]), ..Filter::default() },
        Filter { channel: channel(&[Channel::Call], &[]), ..Filter::default() },
        Filter { channel: channel(&[], &[Channel::Chat]), ..Filter::default() },
        Filter { subject: values(&["orders", ""], &[]), ..Filter::default() },
        Filter { subject: values(&[], &["returns"]), ..Filter::default() },
        Filter { page: values(&["https://shop.example/a"], &[]), ..Filter::default() },
        Filter { page: values(&[], &["https://shop.example/b", ""]), ..Filter::default() },
    ];
    let by = [None, Some(summary::Dimension::Subject), Some(summary::Dimension::Channel)];
    let query = |filter: &Filter| by.map(|by| Query { filter: filter.clone(), by, ..span() });
    filters.iter().flat_map(query).collect()
}

impl Bench {
    /// Asks, and answers how many of the answers were known. They are right in any case.
    async fn known(&self, queries: &[Query], context: &str) -> u64 {
        let before = self.summaries.stats().answers_known;
        let answered = self.summaries.answer(queries).await.unwrap();
        let events = self.events();
        for (query, answer) in queries.iter().zip(answered.answers) {
            assert_eq!(sorted(answer.answer.clone()), expected(&events, query), "{context}: {query:?}");
        }
        self.summaries.stats().answers_known - before
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_given_again_until_its_events_change() {
    let mut bench = Bench::new().await;
    bench.append(&some_days()).await;
    let spans = spans();
    let all = spans.len() as u64;
    assert_eq!(bench.known(&spans, "asked").await, 0);
    assert_eq!(bench.known(&spans, "asked again").await, all);
    assert!(bench.summaries.stats().answer_bytes > 0);
    let call = |id: &str, micros: i64| Happening::new(id, micros).by("anna").counting(ClickToCall, 1).about("orders");

    // Each of these is an event of the span, or of the days by which it is known who came again.
    bench.append(&[call("f1", at(9, 600))]).await;
    assert_eq!(bench.known(&spans, "appended").await, 0);
    bench.append(&[call("f2", at(-3, 600))]).await;
    assert_eq!(bench.known(&spans, "of a week before").await, 0);
    let mut late = call("f3", at(3, 1));
    late.is_late = true;
    bench.append(&[late]).await;
    assert_eq!(bench.known(&spans, "late").await, 0);
    bench.show(&[call("f4", at(4, 5))]);
    assert_eq!(bench.known(&spans, "fresh").await, 0);
    bench.commit_fresh().await;
    assert_eq!(bench.known(&spans, "committed").await, 0);
    bench.append_undated(&[call("f5", at(5, 5))]).await;
    assert_eq!(bench.known(&spans, "in a file of no day").await, 0);
    bench.delete("a2").await;
    assert_eq!(bench.known(&spans, "deleted").await, 0);
    bench.compact().await;
    bench.known(&spans, "compacted").await;
    assert_eq!(bench.known(&spans, "compacted, again").await, all);

    // These aren't.
    bench.append(&[call("f6", at(12, 5))]).await;
    assert_eq!(bench.known(&spans, "two days later").await, all);
    bench.append(&[call("f7", at(-20, 5))]).await;
    assert_eq!(bench.known(&spans, "long before").await, all);
    bench.replay().await;
    assert_eq!(bench.known(&spans, "replayed").await, all);
    fs::remove_dir_all(bench.summaries_dir()).unwrap();
    assert_eq!(bench.known(&spans, "the files of summaries are gone").await, all);
    bench.forget();
    assert_eq!(bench.known(&spans, "another process").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_chat_is_open_only_as_long_as_it_is() {
    let mut bench = Bench::new().await;
    bench.append(&some_days()).await;
    // Of the 31st day, begun at 300 minutes.
    let query = |now: i64| Query { since: at(30, 0), until: at(31, 0), now, ..whole() };
    let open = |answered: &report::Answered| {
        let sessions = answered.answers[0].answer.totals.sessions;
        (sessions.open, sessions.unended)
    };
    for (now, expect, is_known) in [
        (at(30, 720), (1, 0), 0),
        (at(30, 721), (1, 0), 1),
        (at(31, 300) - 1, (1, 0), 1),
        (at(31, 300), (0, 1), 0),
        (at(31, 301), (0, 1), 1),
        (at(30, 720), (1, 0), 0),
    ] {
        let before = bench.summaries.stats().answers_known;
        let answered = bench.summaries.answer(&[query(now)]).await.unwrap();
        assert_eq!(open(&answered), expect, "at {now}");
        assert_eq!(bench.summaries.stats().answers_known - before, is_known, "at {now}");
    }
    bench.append(&[Happening::new("f1", at(30, 301)).by("anna").chat("s9", ChatOffered)]).await;
    assert_eq!(open(&bench.summaries.answer(&[query(at(31, 300))]).await.unwrap()), (1, 0), "a minute longer");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_repeats_needs_no_day_before() {
    let mut bench = Bench::new().await;
    bench.append(&some_days()).await;
    let query = Query { since: at(9, 0), until: at(10, 0), wanted: summary::Wanted::SUMS, ..whole() };
    bench.summaries.answer(std::slice::from_ref(&query)).await.unwrap();
    assert_eq!(bench.folds(), 1);
    let wanted = summary::Wanted::ALL;
    bench.summaries.answer(&[Query { wanted, ..query }]).await.unwrap();
    assert_eq!(bench.folds(), 5, "and those of the days from 2 to 5");
}
