//! What is refused, and what is answered from the rows.

use report::{Summaries, SummariesOptions, SummaryError, SummarySource};
use summary::{Dimension, Filter, Query, Values};

use super::bench::*;
use super::events::*;
use super::steps::some_days;

async fn refused(bench: &Bench, options: SummariesOptions, query: Query) -> String {
    let summaries = Summaries::new(bench.store.events.clone(), options);
    match summaries.answer(&[query]).await {
        Err(SummaryError::Limit(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_named() {
    let mut bench = Bench::new().await;
    bench.append(&some_days()).await;
    let few = SummariesOptions { fold_rows_max: 3, dir: bench.dir.path().join("other"), ..bench.options() };
    let message = refused(&bench, few, whole()).await;
    assert!(message.contains("2026-11-0") && message.contains("of 3 events"), "{message}");
    assert!(message.contains("too many of one visitor"), "{message}");
    let small = SummariesOptions { fold_bytes_max: 200, dir: bench.dir.path().join("other"), ..bench.options() };
    let message = refused(&bench, small, whole()).await;
    assert!(message.contains("can't be folded"), "{message}");
    let small = SummariesOptions { question_bytes_max: 1_000, ..bench.options() };
    let message = refused(&bench, small, whole()).await;
    assert!(message.contains("shorter span"), "{message}");
    let odd = Query { since: at(2, 600) + 1, ..whole() };
    let message = refused(&bench, bench.options(), odd).await;
    assert!(message.contains("whole minutes"), "{message}");
    // No time at all: the first step takes longer.
    let hasty = SummariesOptions { answer_time_max: std::time::Duration::ZERO, ..bench.options() };
    let summaries = Summaries::new(bench.store.events.clone(), hasty);
    match summaries.answer(&[whole()]).await {
        Err(SummaryError::Limit(message)) => assert!(message.contains("longer than 0 s"), "{message}"),
        Err(SummaryError::NotYet(message)) => assert!(message.contains("of 6 days are ready"), "{message}"),
        other => panic!("{other:?}"),
    }
    // What was asked before is answered after it.
    bench.check("after refusals").await;
    // A small cache costs time only.
    let tiny = SummariesOptions { memory_bytes_max: 3_000, rows_bytes_max: 1_000, ..bench.options() };
    bench.summaries = Summaries::new(bench.store.events.clone(), tiny);
    bench.check("tiny caches").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_too_many_events_to_be_folded_at_once_is_folded_in_parts() {
    let mut bench = Bench::new().await;
    let event = |number: i64| {
        let (visitor, session): (&'static str, &'static str) =
            (format!("v{}", number % 40).leak(), format!("s{}", number % 50).leak());
        let counter = summary::Counter::ALL[(number % 8) as usize];
        Happening::new(format!("m{number}"), at(12, number * 13)).by(visitor).chat(session, counter)
    };
    bench.append(&some_days()).await;
    bench.append(&(0..200).map(event).collect::<Vec<_>>()).await;
    bench.append_undated(&(200..300).map(event).collect::<Vec<_>>()).await;
    bench.check("at once").await;
    let small = SummariesOptions { fold_rows_max: 90, dir: bench.dir.path().join("other"), ..bench.options() };
    bench.summaries = Summaries::new(bench.store.events.clone(), small);
    bench.check("in parts").await;
    bench.show(&[event(300), Happening::new("n1", at(30, 400)).by("v3").chat("s3", summary::Counter::ChatEnd)]);
    bench.check("in parts, with fresh rows").await;
    // A summary made in parts is the same, to the byte, and is kept.
    let of_parts = std::fs::read(bench.dir.path().join("other/2026-11-10.summary")).unwrap();
    assert!(!of_parts.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn rare_values_are_read_from_the_rows_and_the_answer_says_so() {
    let mut bench = Bench::new().await;
    bench.append(&some_days()).await;
    // More subjects than a summary keeps apart; the rarest sort last.
    let many: Vec<Happening> = (0..summary::VALUES_PER_DAY_MAX + 10)
        .flat_map(|number| {
            let subject: &'static str = format!("subject {number:05}").leak();
            let minutes = (number % 1_000) as i64;
            let event = move |part: u32| Happening::new(format!("m{number}-{part}"), at(12, minutes)).about(subject);
            (0..if number < summary::VALUES_PER_DAY_MAX { 2 } else { 1 }).map(event)
        })
        .collect();
    bench.append(&many).await;
    let of = |subject: &str| Query {
        filter: Filter {
            subject: Values { any_of: vec![subject.to_owned()], none_of: Vec::new() },
            ..Filter::default()
        },
        ..whole()
    };
    for (subject, days) in
        [("subject 00003", vec![]), ("subject 04100", vec![FIRST_DAY + 12]), ("orders", vec![FIRST_DAY + 12])]
    {
        let query = of(subject);
        let answered = bench.summaries.answer(std::slice::from_ref(&query)).await.unwrap();
        let [answer] = answered.answers.as_slice() else { panic!("one answer") };
        assert_eq!(sorted(answer.answer.clone()), expected(&bench.events(), &query), "{subject}");
        assert_eq!(answer.days_from_rows, days, "{subject}");
    }
    let folds = bench.summaries.stats();
    let answered = bench.summaries.answer(&[of("orders")]).await.unwrap();
    assert_eq!(answered.answers[0].days_from_rows, [FIRST_DAY + 12], "said again");
    // Another question about the same values.
    let sums = Query { wanted: summary::Wanted::SUMS, ..of("orders") };
    let answered = bench.summaries.answer(&[sums]).await.unwrap();
    assert_eq!(answered.answers[0].days_from_rows, [FIRST_DAY + 12]);
    let after = bench.summaries.stats();
    assert_eq!((after.folds, after.rows_read), (folds.folds, folds.rows_read), "it is kept for the next one");
    assert_eq!(after.answers_known, folds.answers_known + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn referrers_with_pages_or_subjects_are_read_from_the_rows_and_the_answer_says_so() {
    let mut bench = Bench::new().await;
    bench.append(&some_days()).await;
    let values = |text: &str| Values { any_of: vec![text.to_owned()], none_of: Vec::new() };
    let searched = Filter { referrer: values("search.example"), ..Filter::default() };
    let orders = Filter { subject: values("orders"), device: values("mobile"), ..Filter::default() };
    let all: Vec<i32> = [2, 3, 4, 5, 9, 30].map(|day| FIRST_DAY + day).to_vec();
    for (by, filter, days) in [
        (Some(Dimension::Referrer), Filter::default(), &[][..]),
        (Some(Dimension::Device), searched.clone(), &[]),
        (Some(Dimension::Page), orders.clone(), &[]),
        (Some(Dimension::Page), searched.clone(), &all),
        (Some(Dimension::Referrer), orders.clone(), &all),
        (None, Filter { referrer: values("search.example"), ..orders }, &all),
    ] {
        let query = Query { by, filter, ..whole() };
        let answered = bench.summaries.answer(std::slice::from_ref(&query)).await.unwrap();
        let [answer] = answered.answers.as_slice() else { panic!("one answer") };
        assert_eq!(sorted(answer.answer.clone()), expected(&bench.events(), &query), "{query:?}");
        assert_eq!(answer.days_from_rows, days, "{query:?}");
    }
    // What was made for one question is kept for the next one.
    let folds = bench.folds();
    let query = Query { by: Some(Dimension::Page), filter: searched, since: at(0, 0), ..whole() };
    let answered = bench.summaries.answer(std::slice::from_ref(&query)).await.unwrap();
    assert_eq!(sorted(answered.answers[0].answer.clone()), expected(&bench.events(), &query));
    assert_eq!((bench.folds(), bench.summaries.stats().answers_known), (folds, 0));
}
