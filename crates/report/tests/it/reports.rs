//! Reports from numbers made by hand, in all their forms.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use report::{
    Answered, Look, Period, Quality, ReceivedSource, Report, ReportForm, ReportRequest, SummaryAnswer, SummaryError,
    SummarySource, Zone,
};
use serde_json::{Value, json};
use summary::{Answer, Distinct, Numbers, Query, RowKey, Seconds, Sessions};

/// 2026-11-22T15:30:00Z
const NOW: i64 = 1_795_361_400_000_000;

/// Answers with what it was given, and remembers what it was asked.
#[derive(Default)]
struct Made {
    answers: Vec<SummaryAnswer>,
    asked: Mutex<Vec<Query>>,
}

#[async_trait]
impl SummarySource for Made {
    async fn answer(&self, queries: &[Query]) -> Result<Answered, SummaryError> {
        self.asked.lock().unwrap().extend_from_slice(queries);
        Ok(Answered { answers: self.answers[..queries.len()].iter().cloned().map(Arc::new).collect() })
    }
}

/// More were received in the span that was asked for than in the one before.
struct Receipt;

#[async_trait]
impl ReceivedSource for Receipt {
    async fn received(&self, periods: &[Period]) -> Result<Vec<Quality>, SummaryError> {
        let of = |period: &Period| {
            let is_current = period.until().timestamp_micros() > NOW;
            let reasons: &[(&str, u64)] = if is_current { &[("type", 2), ("required", 3)] } else { &[("required", 1)] };
            Quality {
                accepted: if is_current { 100 } else { 50 },
                rejected: reasons.iter().map(|(_, count)| count).sum(),
                rejected_by_reason: reasons.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect(),
                duplicates: 0,
                conflicts: 1,
            }
        };
        Ok(periods.iter().map(of).collect())
    }
}

/// So many chats and calls by so many visitors, of which a half asked.
fn numbers(chats: u64, calls: u64, visitors: u64) -> Numbers {
    let known = |sampled| Distinct { sampled, share: 1.0 };
    let mut numbers = Numbers {
        events: visitors,
        visitors: known(visitors),
        contact_visitors: known(visitors / 2),
        channel_visitors: [chats, calls, 0, 0, 0].map(known),
        ..Numbers::default()
    };
    // Offered, declined, started, ended, to call, text, e-mail, message.
    numbers.counters = [2 * chats, 0, chats, chats, calls, 0, 0, 0];
    numbers.sessions = Sessions { offered: 2 * chats, accepted: chats, started: chats, ..Sessions::default() };
    if chats > 0 {
        numbers.durations = Seconds(BTreeMap::from([(60, chats), (3_700, 1)]));
    }
    numbers
}

fn made(current: Answer, previous: Answer, days_from_rows: &[i32]) -> Made {
    let answers = vec![
        SummaryAnswer { answer: current, days_from_rows: days_from_rows.to_vec() },
        SummaryAnswer { answer: previous, days_from_rows: Vec::new() },
    ];
    Made { answers, asked: Mutex::default() }
}

async fn run(made: &Made, name: &str, parameters: &[(&str, &str)]) -> Report {
    let request = ReportRequest::parse(name, parameters.iter().copied(), Zone::UTC, NOW).unwrap();
    let report = Report::run(&request, made, &Receipt).await.unwrap();
    let json = serde_json::to_vec(&report).unwrap();
    let read: Report = serde_json::from_slice(&json).unwrap();
    assert_eq!(read, report, "it survives its own JSON");
    assert_eq!(serde_json::to_vec(&read).unwrap(), json);
    report
}

fn written(report: &Report, form: ReportForm, look: Look) -> String {
    let mut out = Vec::new();
    report.write(form, look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Two days: today (so far) and the day before; compared with the two before.
fn two_days() -> Made {
    let current =
        Answer { totals: numbers(3, 1, 10), series: vec![numbers(2, 0, 6), numbers(1, 1, 4)], ..Answer::default() };
    let previous =
        Answer { totals: numbers(2, 0, 8), series: vec![numbers(2, 0, 4), numbers(0, 0, 4)], ..Answer::default() };
    made(current, previous, &[])
}

#[tokio::test]
async fn an_overview_as_json() {
    let made = two_days();
    let report = serde_json::to_value(run(&made, "overview", &[("since", "2d"), ("by", "day")]).await).unwrap();
    assert_eq!(
        report["period"],
        json!({ "since": "2026-11-21T00:00:00Z", "until": "2026-11-23T00:00:00Z", "tz": "UTC", "so_far": true })
    );
    assert_eq!(
        report["compared"],
        json!({ "with": "previous", "since": "2026-11-19T00:00:00Z", "until": "2026-11-20T15:00:00Z", "so_far": true })
    );
    let metric = |name: &str| report["metrics"][name].clone();
    assert_eq!(metric("contact_requests"), json!({ "value": 4, "previous": 2, "change": 1.0, "unit": "count" }));
    assert_eq!(
        metric("click_to_call"),
        json!({ "value": 1, "previous": 0, "change": null, "unit": "count", "note": "from 0 to 1" })
    );
    assert_eq!(metric("contact_rate"), json!({ "value": 0.5, "previous": 0.5, "change": 0.0, "unit": "share" }));
    // Of 4 chats the 2nd took 60 s, the 4th 3,700.
    assert_eq!(
        metric("chat_duration_seconds"),
        json!({
            "value": { "median": 60, "p90": 3700, "p95": 3700, "max": 3700, "count": 4 },
            "previous": { "median": 60, "p90": 3700, "p95": 3700, "max": 3700, "count": 3 },
            "change": 0.0,
            "unit": "seconds",
        })
    );
    let first = metric("time_to_first_contact_seconds");
    assert_eq!((&first["value"], first["reason"].is_string()), (&Value::Null, true));
    assert_eq!(metric("chats_open")["previous"], Value::Null, "what is open now was never open before");
    let names: Vec<&String> = report.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "report",
            "period",
            "compared",
            "by",
            "filter",
            "metrics",
            "series",
            "rows_by",
            "rows",
            "rows_left_out",
            "notes"
        ]
    );
    assert_eq!(report["series"][1]["at"], "2026-11-22T00:00:00Z");
    assert_eq!(report["series"][0]["metrics"]["contact_requests"], json!({ "value": 2, "previous": 2, "change": 0.0 }));
    assert_eq!(report["series"][1]["metrics"]["contact_requests"], json!({ "value": 2, "previous": 0 }));
    let rows: Vec<&str> = report["rows"].as_array().unwrap().iter().map(|row| row["value"].as_str().unwrap()).collect();
    assert_eq!(rows, ["chat", "call", "direct_message", "email", "text"]);
    let chat = json!({
        "contact_requests": { "value": 3, "previous": 2, "change": 0.5 },
        "contact_visitors": { "value": 3, "previous": 2, "change": 0.5 },
        "contact_rate": { "value": 0.3, "previous": 0.25, "change": 0.2 },
        "channel_mix": { "value": 0.75, "previous": 1.0, "change": -0.25 },
    });
    assert_eq!(report["rows"][0]["metrics"], chat);
    assert_eq!(
        report["notes"],
        json!(["The period isn't over: it is compared with as much of the earlier one, in whole hours."])
    );
}

/// What is said of a period that somebody named, beside one that isn't over.
#[tokio::test]
async fn a_named_period_says_whether_all_of_it_counts() {
    const CUT: &str = "The period isn't over: it is compared with as much of the other one, in whole hours.";
    let check = async |since: &str, compare: &str, expect: (bool, &[&str])| {
        let report = run(&two_days(), "overview", &[("since", since), ("by", "day"), ("compare", compare)]).await;
        let compared = report.compared.unwrap();
        let notes: Vec<&str> = report.notes.iter().map(String::as_str).collect();
        assert_eq!((compared.so_far, notes.as_slice()), expect, "{since} {compare}");
        assert_eq!(compared.with, "own");
    };
    // Of ten days as much as is over of two, and the same of as many days from a date on.
    check("2d", "2026-10-01..2026-10-10", (true, &[CUT])).await;
    check("2d", "2026-10-01", (true, &[CUT])).await;
    // One day is whole, and shorter than what is over.
    let shorter = "The period is 39 hours long so far, and the one that it is compared with 24 hours: compare shares, not counts.";
    check("2d", "2026-10-01..2026-10-01", (false, &[shorter])).await;
}

#[tokio::test]
async fn a_comparison_with_nothing_says_so() {
    let events = |events: u64| {
        let totals = Numbers { events, ..numbers(1, 0, 4) };
        Answer { totals, series: vec![Numbers::default(); 2], ..Answer::default() }
    };
    let notes = async |current: u64, before: u64| {
        let made = made(events(current), events(before), &[]);
        run(&made, "overview", &[("since", "2d"), ("by", "day")]).await.notes
    };
    let is_told =
        |notes: &[String]| notes.iter().any(|note| note == "No event is known of the period that it is compared with.");
    assert!(is_told(&notes(9, 0).await));
    assert!(!is_told(&notes(9, 1).await));
    assert!(!is_told(&notes(0, 0).await), "there is nothing to compare");
}

#[tokio::test]
async fn a_table_for_a_pipe_has_no_bars_and_one_for_a_terminal_does() {
    let report = run(&two_days(), "channels", &[("since", "2d"), ("by", "day"), ("channel", "!text")]).await;
    let plain = written(&report, ReportForm::Table, Look::Plain);
    let head = "\
channels from 2026-11-21T00:00:00Z to 2026-11-23T00:00:00Z (UTC), so far
compared with 2026-11-19T00:00:00Z to 2026-11-20T15:00:00Z (previous), as much of it
only channel=!text

metric  ";
    assert!(plain.starts_with(head), "{plain}");
    let line = |text: &str, begin: &str| {
        text.lines().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("{begin}: {text}")).to_owned()
    };
    assert!(line(&plain, "Contact requests ").split_whitespace().eq(["Contact", "requests", "4", "2", "+100.0%"]));
    assert!(line(&plain, "Clicks to call ").ends_with("1       0           from 0 to 1"), "{plain}");
    assert!(
        line(&plain, "2026-11-21 ").split_whitespace().eq("2026-11-21 2 2 0 0 0 0 6 3 50.0%".split(' ')),
        "{plain}"
    );
    assert!(line(&plain, "day ").starts_with("day         requests  started  call"), "{plain}");
    assert!(line(&plain, "Chat ").split_whitespace().eq("Chat 3 3 30.0% 75.0%".split(' ')), "{plain}");
    assert!(!plain.contains("\nText"), "a channel that doesn't count has no row: {plain}");
    let is_drawn = |text: &str| text.contains(['█', '▁', '▌']);
    assert!(!is_drawn(&plain) && !plain.contains('\u{1b}'), "{plain}");

    let terminal = written(&report, ReportForm::Table, Look::Terminal { width: 120, has_colour: true });
    assert!(is_drawn(&terminal) && terminal.contains("\u{1b}[36m████████████████████\u{1b}[0m"), "{terminal}");
    let grey = written(&report, ReportForm::Table, Look::Terminal { width: 80, has_colour: false });
    assert!(is_drawn(&grey) && !grey.contains('\u{1b}'), "{grey}");
    assert!(grey.lines().skip(3).all(|line| line.chars().count() <= 80 || line.ends_with('.')), "{grey}");
    assert!(grey.contains("\n2026-11-21  ") && grey.contains(" more numbers in a wider terminal"), "{grey}");
}

/// What hasn't begun has no number, in any form; nor has an hour of the week that the period doesn't have.
#[tokio::test]
async fn what_has_not_begun_is_told_from_0() {
    let of_parts = |parts: usize, later: usize| {
        let mut series = vec![Numbers::default(); parts];
        series[later] = numbers(2, 0, 4);
        Answer { series, ..Answer::default() }
    };
    // Events that claim to be of 20:00 came before; it is 15:00.
    let hours = made(of_parts(24, 20), of_parts(15, 3), &[]);
    let report = run(&hours, "overview", &[("since", "1d"), ("by", "hour")]).await;
    let of = |report: &Report, at: &str| {
        let part =
            report.series.iter().find(|part| part.at == at).and_then(|part| part.metrics.get("contact_requests"));
        serde_json::to_value(part.unwrap()).unwrap()
    };
    assert_eq!(of(&report, "2026-11-22T14:00:00Z"), json!({ "value": 0, "previous": 0, "change": 0.0 }));
    assert_eq!(of(&report, "2026-11-22T15:00:00Z"), json!({ "value": 0 }));
    assert_eq!(of(&report, "2026-11-22T16:00:00Z"), json!({ "value": null }));
    assert_eq!(of(&report, "2026-11-22T20:00:00Z"), json!({ "value": 2 }));
    let csv = written(&report, ReportForm::Csv, Look::Plain);
    assert!(
        csv.contains("\nseries,2026-11-22T15:00:00Z,0,0,") && csv.contains("\nseries,2026-11-22T16:00:00Z,,,"),
        "{csv}"
    );
    let table = written(&report, ReportForm::Table, Look::Plain);
    let cell = |at: &str| table.lines().find_map(|line| line.strip_prefix(at)?.split_whitespace().next()).unwrap();
    assert_eq!([cell("2026-11-22 15:00"), cell("2026-11-22 16:00")], ["0", "–"], "{table}");

    // A Sunday, beside the Saturday before.
    let hours = made(of_parts(168, 3), of_parts(168, 5 * 24 + 3), &[]);
    let report = run(&hours, "overview", &[("since", "1d"), ("by", "weekday-hour")]).await;
    assert_eq!(of(&report, "sun 15:00"), json!({ "value": 0 }));
    assert_eq!(of(&report, "sun 16:00"), json!({ "value": null }));
    assert_eq!(of(&report, "sat 03:00"), json!({ "value": null, "previous": 2 }));
    assert_eq!(of(&report, "sat 15:00"), json!({ "value": null }));
}

#[tokio::test]
async fn rows_that_are_no_value_come_last_and_the_rest_is_counted() {
    let rows = vec![
        (RowKey::Other, numbers(9, 9, 40)),
        (RowKey::Value("=1+1".to_owned()), numbers(1, 0, 2)),
        (RowKey::None, numbers(5, 0, 10)),
        (RowKey::Value("Billing\u{1b}[31m".to_owned()), numbers(1, 2, 4)),
        (RowKey::Value("Orders".to_owned()), numbers(1, 0, 2)),
    ];
    let before = vec![(RowKey::Value("Orders".to_owned()), numbers(2, 0, 2)), (RowKey::Other, numbers(1, 0, 2))];
    let answer = |rows| Answer { totals: numbers(17, 11, 50), rows, ..Answer::default() };
    let made = made(answer(rows), answer(before), &[20_778, 20_779]);
    let report = run(&made, "subjects", &[("since", "2d"), ("limit", "2")]).await;
    let told: Vec<(String, Option<&str>)> =
        report.rows.iter().map(|row| (format!("{:?}", row.kind), row.value.as_deref())).collect();
    let expect = [("Value", Some("Billing\u{1b}[31m")), ("Value", Some("=1+1")), ("None", None), ("Other", None)];
    assert_eq!(told, expect.map(|(kind, value)| (kind.to_owned(), value)));
    assert_eq!(report.rows_left_out, 1);
    // Who names a subject asks: a rate by subject would be near 1 whatever the subject.
    let names: Vec<&str> = report.rows[0].metrics.iter().map(|(name, _)| name).collect();
    let of_who_asks = ["contact_requests", "contact_visitors", "chats_started", "chat_duration_seconds"];
    let clicks = ["click_to_call", "click_to_text", "click_to_email", "click_to_direct_message"];
    assert_eq!(names, [&of_who_asks[..], &clicks].concat());
    // Billing may have been among the others before, so nothing is said of it.
    assert_eq!(report.rows[0].metrics.get("contact_requests").unwrap().previous, None);
    assert!(report.notes.iter().any(|note| note.contains("in the row `other`")), "{:?}", report.notes);
    let days = "The events of 2026-11-21, 2026-11-22 (UTC) were read, since their summaries can't answer this.";
    assert!(report.notes.iter().any(|note| note == days), "{:?}", report.notes);

    let csv = written(&report, ReportForm::Csv, Look::Plain);
    assert!(csv.contains("\nvalue,'=1+1,1,"), "{csv}");
    assert!(csv.contains("\nnone,,5,") && csv.contains("\nother,,18,"), "{csv}");
    let columns = |line: &str| line.split(',').count();
    assert!(csv.lines().all(|line| columns(line) == columns(csv.lines().next().unwrap())), "{csv}");
    assert!(
        csv.starts_with("part,name,contact_requests,visitors,") && csv.contains(",chat_duration_seconds_p90,"),
        "{csv}"
    );
    assert!(csv.contains("\ntotal,2026-11-21T00:00:00Z,28,50,25,0.5,"), "{csv}");
    for look in [Look::Plain, Look::Terminal { width: 200, has_colour: true }] {
        let table = written(&report, ReportForm::Table, look);
        assert!(table.contains("Billing\\u001b[31m") && !table.contains("\u{1b}[31m"), "{table}");
        assert!(table.contains("(none)") && table.contains("(other)") && table.contains("1 more row"), "{table}");
    }
}

#[tokio::test]
async fn a_filter_that_nobody_passes_gives_zeros_and_a_note() {
    let nothing = || Answer { series: vec![Numbers::default(); 7], ..Answer::default() };
    let made = made(nothing(), nothing(), &[]);
    let report = run(&made, "overview", &[("subject", "nobody's")]).await;
    assert!(report.notes[0].starts_with("No event of this period passes the filter"), "{:?}", report.notes);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["metrics"]["contact_requests"]["value"], 0);
    assert_eq!(json["metrics"]["contact_rate"]["value"], Value::Null);
    assert_eq!(json["filter"], json!({ "subject": ["nobody's"] }));
    let asked = made.asked.lock().unwrap();
    assert!(asked.len() == 2 && asked.iter().all(|query| query.filter.subject.any_of == ["nobody's"]));
}

#[tokio::test]
async fn a_filter_by_subject_says_what_its_rates_are_worth() {
    let check = async |subjects: &[&str], expect: bool| {
        let made = made(Answer::default(), Answer::default(), &[]);
        let filter: Vec<(&str, &str)> = subjects.iter().map(|subject| ("subject", *subject)).collect();
        let report = run(&made, "overview", &filter).await;
        let is_said = report.notes.iter().any(|note| note.contains("A subject is named by who asks for contact"));
        assert_eq!(is_said, expect, "{subjects:?}: {:?}", report.notes);
    };
    check(&[], false).await;
    check(&["Billing"], true).await;
    check(&["Billing", "Orders"], true).await;
    // Events without a subject pass.
    check(&["Billing", ""], false).await;
    check(&["!Billing"], false).await;
    check(&[""], false).await;
    // Events without one don't.
    check(&["!"], true).await;
}

#[tokio::test]
async fn quality_counts_by_receipt_and_by_the_events_time() {
    let current = Answer {
        totals: Numbers {
            anomalies: summary::Anomalies { late: 2, ..Default::default() },
            events: 1,
            ..Numbers::default()
        },
        ..Answer::default()
    };
    let made = made(current, Answer::default(), &[]);
    let json = serde_json::to_value(run(&made, "quality", &[("compare", "previous")]).await).unwrap();
    let metric = |name: &str| (json["metrics"][name]["value"].clone(), json["metrics"][name]["previous"].clone());
    assert_eq!(metric("accepted"), (json!(100), json!(50)));
    assert_eq!(metric("rejected"), (json!(5), json!(1)));
    assert_eq!(metric("late"), (json!(2), json!(0)));
    assert_eq!(json["rows_by"], "reason");
    let row = json!({ "kind": "value", "value": "required", "metrics": { "rejected": { "value": 3, "previous": 1, "change": 2.0 } } });
    assert_eq!(json["rows"][0], row);
    assert_eq!(json["rows"][1]["metrics"]["rejected"], json!({ "value": 2, "previous": 0 }));
    // What is counted by receipt knows no filter.
    let json = serde_json::to_value(run(&made, "quality", &[("page", "/a")]).await).unwrap();
    assert_eq!((&json["metrics"]["accepted"]["value"], &json["rows"]), (&Value::Null, &json!([])));
    let reason = "it is counted by the time of receipt and of all events; leave the filter out";
    assert_eq!(json["metrics"]["accepted"]["reason"], reason);
}

#[tokio::test]
async fn a_source_that_answers_too_little_is_an_error() {
    struct Nothing;
    #[async_trait]
    impl SummarySource for Nothing {
        async fn answer(&self, _: &[Query]) -> Result<Answered, SummaryError> {
            Ok(Answered::default())
        }
    }
    let request = ReportRequest::parse("chat", [], Zone::UTC, NOW).unwrap();
    let error = Report::run(&request, &Nothing, &Receipt).await.unwrap_err();
    assert!(matches!(error, SummaryError::Internal(_)), "{error}");
}
