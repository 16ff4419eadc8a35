//! Events of very many dates: few files, bounded work, and each row under its own date.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use chrono::{Days, NaiveDate};
use intake::{Intake, LoadInput, LoadOptions, NoProgress, Receipt, load};
use table::CompactPolicy;

use crate::bench::*;

fn day(first: (i32, u32, u32), n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(first.0, first.1, first.2).unwrap() + Days::new(n)
}

fn dated(id: &str, day: NaiveDate) -> String {
    event(id, 1).replace("2026-11-20", &day.to_string())
}

/// The first number that a query gives.
async fn number(intake: &Intake, sql: &str) -> i64 {
    let batches = test_query::query("events", intake.store().events.provider(), sql).await.unwrap();
    batches[0].column(0).as_primitive::<Int64Type>().value(0)
}

/// Data files by the directory that they lie in.
fn files(data: &Path) -> BTreeMap<String, usize> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(data.join("tables/events")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("event_date=") {
            files.insert(name, fs::read_dir(entry.path()).unwrap().count());
        }
    }
    files
}

const NO_DAY: &str = "event_date=__HIVE_DEFAULT_PARTITION__";

async fn check_dates(intake: &Intake, first: (i32, u32, u32), count: u64) {
    let n = i64::try_from(count).unwrap();
    assert_eq!(number(intake, "select count(*) from events").await, n);
    assert_eq!(number(intake, "select count(distinct event_date) from events").await, n);
    let wrong = "select count(*) from events where event_date is null or event_date <> cast(timestamp as date)";
    assert_eq!(number(intake, wrong).await, 0);
    for at in [0, 1, count / 2, count - 1] {
        let day = day(first, at);
        let one = format!("select count(*) from events where event_date = '{day}' and _id = 'd-{at}'");
        assert_eq!(number(intake, &one).await, 1, "{day}");
        let from = format!("select count(*) from events where event_date >= '{day}'");
        assert_eq!(number(intake, &from).await, n - i64::try_from(at).unwrap(), "from {day}");
        let of_time = format!("select count(*) from events where timestamp >= '{day}T00:00:00Z'");
        assert_eq!(number(intake, &of_time).await, n - i64::try_from(at).unwrap(), "from {day} by time");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_very_many_dates_is_committed_in_few_files() {
    let dir = tempfile::tempdir().unwrap();
    let (first, count) = ((1960, 1, 1), 5000);
    let body: Vec<String> = (0..count).map(|n| dated(&format!("d-{n}"), day(first, n))).collect();
    let intake = open(dir.path()).await;
    assert_eq!(submit(&intake, body.join("\n")).await.len(), 5000);
    intake.settle().await.unwrap();
    check_dates(&intake, first, count).await;
    intake.flush().await.unwrap();
    check_dates(&intake, first, count).await;
    assert_eq!(files(dir.path()), BTreeMap::from([(NO_DAY.to_owned(), 1)]), "all are far from now");
    for at in [0, 2500, 4999] {
        let receipt = intake.receipt(&format!("d-{at}")).await.unwrap();
        assert!(matches!(receipt, Receipt::Stored { .. }), "{receipt:?}");
    }
    intake.close().await;
    // They are known after a restart, too.
    let intake = open(dir.path()).await;
    let late = dated("d-4999", day(first, 4999));
    submit(&intake, format!("{late}\n{}", dated("d-5000", day(first, 5000)))).await;
    intake.flush().await.unwrap();
    check_dates(&intake, first, count + 1).await;
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dates_near_now_have_files_of_their_own_as_far_as_they_are_few() {
    let dir = tempfile::tempdir().unwrap();
    let (first, count) = ((2026, 7, 1), 100);
    let mut body: Vec<String> = (0..count).map(|n| dated(&format!("d-{n}"), day(first, n))).collect();
    // The most rows, and the nearest ones, come first.
    body.extend((0..3).map(|n| dated(&format!("more-{n}"), day(first, 2))));
    let intake = open(dir.path()).await;
    submit(&intake, format!("[{}]", body.join(","))).await;
    intake.flush().await.unwrap();
    let files = files(dir.path());
    assert_eq!(files.len(), 65, "{files:?}");
    assert!(files.values().all(|count| *count == 1), "{files:?}");
    for date in ["2026-07-03", "2026-10-08", "2026-09-01"] {
        assert!(files.contains_key(&format!("event_date={date}")), "{date} in {files:?}");
    }
    assert!(files.contains_key(NO_DAY) && !files.contains_key("event_date=2026-07-01"), "{files:?}");
    assert_eq!(number(&intake, "select count(*) from events").await, 103);
    assert_eq!(number(&intake, "select count(distinct event_date) from events").await, 100);
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_no_day_are_compacted_too() {
    let dir = tempfile::tempdir().unwrap();
    let intake = open(dir.path()).await;
    for n in 0..10 {
        submit(&intake, dated(&format!("d-{n}"), day((1999, 1, 1), n))).await;
        intake.flush().await.unwrap();
    }
    let events = &intake.store().events;
    assert_eq!(events.stats().files, 10);
    let compacted = events.compact(CompactPolicy::default()).await.unwrap();
    assert_eq!((compacted.files_before, compacted.files_after), (10, 1));
    assert_eq!(events.stats().files, 1);
    check_dates(&intake, (1999, 1, 1), 10).await;
    intake.close().await;
}

#[test]
fn years_of_dates_in_any_order_are_loaded_with_few_files_a_date() {
    let dir = tempfile::tempdir().unwrap();
    let (first, dates, each) = ((2021, 11, 1), 200, 40);
    // Each date everywhere in the file.
    let lines: Vec<String> = (0..dates * each).map(|n| dated(&format!("e-{n}"), day(first, n * 37 % dates))).collect();
    let file = dir.path().join("years.ndjson");
    fs::write(&file, lines.join("\n")).unwrap();
    let options = LoadOptions { threads: 2, ..LoadOptions::default() };
    let summary = load(&options_at(dir.path()), &clock(), &LoadInput::File(file), &options, &NoProgress).unwrap();
    assert_eq!(summary.accepted, dates * each);
    let files = files(&dir.path().join("data"));
    let names: BTreeSet<String> = (0..dates).map(|n| format!("event_date={}", day(first, n))).collect();
    assert_eq!(files.keys().cloned().collect::<BTreeSet<_>>(), names);
    assert!(files.values().all(|count| *count <= 2), "{files:?}");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (intake, _) = open_with(options_at(dir.path())).await;
        let n = i64::try_from(dates * each).unwrap();
        assert_eq!(number(&intake, "select count(distinct _id) from events").await, n);
        let wrong = "select count(*) from events where event_date <> cast(timestamp as date)";
        assert_eq!(number(&intake, wrong).await, 0);
        intake.close().await;
    });
}

fn options_at(dir: &Path) -> intake::IntakeOptions {
    options(&dir.join("data"))
}
