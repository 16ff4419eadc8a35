//! A data directory with a clock of its own, made-up events, and questions to its tables.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use bytes::Bytes;
use intake::{Clock, EventAnswer, Framing, Intake, IntakeOptions, Opened, Request, Source};
use table::Dataset;

/// 2026-11-20T12:00:00Z.
pub(crate) const NOON: i64 = 1_795_176_000_000_000;
pub(crate) const DAY: i64 = 86_400_000_000;

/// Stands still until it is moved; pauses end by the machine's clock.
#[derive(Debug)]
pub(crate) struct Watch(pub(crate) AtomicI64);

impl Clock for Watch {
    fn now_micros(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(Watch(AtomicI64::new(NOON)))
}

/// Small files, and no commit unless it is asked for.
pub(crate) fn options(data: &Path) -> IntakeOptions {
    IntakeOptions {
        segment_bytes: 256 * 1024,
        disk_free_bytes_min: 1024 * 1024,
        commit_after: Duration::from_secs(3600),
        drain_every: Duration::from_millis(5),
        ..IntakeOptions::new(data)
    }
}

pub(crate) async fn open(data: &Path) -> Intake {
    open_with(options(data)).await.0
}

pub(crate) async fn open_with(options: IntakeOptions) -> (Intake, Opened) {
    Intake::open(options, clock()).await.expect("opened")
}

/// A valid event of 2026-11-20, `minute` minutes after midnight.
pub(crate) fn event(id: &str, minute: u32) -> String {
    format!(
        "{{\"_id\":\"{id}\",\"timestamp\":\"2026-11-20T{:02}:{:02}:00Z\",\"eventType\":\"web.webinteraction.linkClicks\",\
         \"customerFeedback\":{{\"chatStart\":1,\"chatSessionID\":\"C{minute}\"}}}}",
        minute / 60 % 24,
        minute % 60
    )
}

/// An event without an id.
pub(crate) fn nameless(minute: u32) -> String {
    event("x", minute).replace("\"_id\":\"x\",", "")
}

/// An event that breaks two rules.
pub(crate) fn invalid(id: &str) -> String {
    format!("{{\"_id\":\"{id}\",\"customerFeedback\":{{\"chatStart\":\"one\"}}}}")
}

pub(crate) fn request(body: impl Into<String>) -> Request {
    Request {
        datastream: "default".to_owned(),
        request_id: None,
        source: Source::Sender,
        framing: Framing::Detect,
        body: Bytes::from(body.into()),
    }
}

/// Submits, and gives the ids of the accepted events.
pub(crate) async fn submit(intake: &Intake, body: impl Into<String>) -> Vec<String> {
    let answers = intake.submit(request(body)).await.expect("taken in");
    let accepted = answers.into_iter().filter_map(|answer| match answer {
        EventAnswer::Accepted { id, .. } => Some(id),
        EventAnswer::Rejected { .. } => None,
    });
    accepted.collect()
}

/// All values of a text column, sorted; fresh rows included.
pub(crate) async fn column(table: &Dataset, name: &str) -> Vec<String> {
    let sql = format!("select \"{name}\" from rows");
    let batches = test_query::query("rows", table.provider(), &sql).await.expect("rows");
    let mut values = Vec::new();
    for batch in batches {
        let texts = cast(batch.column(0), &DataType::Utf8).expect("text");
        values.extend(texts.as_string::<i32>().iter().map(|text| text.unwrap_or("null").to_owned()));
    }
    values.sort();
    values
}

/// Ids of all stored events, sorted.
pub(crate) async fn ids(intake: &Intake) -> Vec<String> {
    column(&intake.store().events, "_id").await
}

/// How many rejects there are of each kind.
pub(crate) async fn rejects(intake: &Intake) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for kind in column(&intake.store().rejects, "kind").await {
        *kinds.entry(kind).or_insert(0) += 1;
    }
    kinds
}

pub(crate) fn kinds(expect: &[(&str, usize)]) -> BTreeMap<String, usize> {
    expect.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
}

/// `name-0`, `name-1` … sorted as text.
pub(crate) fn names(name: &str, count: usize) -> Vec<String> {
    let mut names: Vec<String> = (0..count).map(|n| format!("{name}-{n}")).collect();
    names.sort();
    names
}
