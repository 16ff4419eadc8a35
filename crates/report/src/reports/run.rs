//! From a request to its report: the summaries are asked once, and each metric reads its number
//! from what they answer.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate};
use summary::{Channel, Numbers, Query};

use super::answer::{ComparedPeriod, MetricAnswer, PartAnswer, Report, ReportBucket, ReportPeriod, ReportRow, RowKind};
use super::name::ReportName;
use super::named::Named;
use super::notes;
use super::numbers::{self, Known, answers, parts};
use super::request::{Divided, ReportRequest};
use super::rows;
use super::source::{SummaryAnswer, SummaryError, SummarySource};
use super::words::Words;
use crate::contacts::Quality;
use crate::metrics::{Metric, Relation, Scope};
use crate::period::Period;

/// Counts what became of the events that were received in a span of time.
#[async_trait]
pub trait ReceivedSource: Send + Sync {
    /// The counts of each period, by the time of receipt and of all events.
    ///
    /// # Errors
    /// As those of [`SummarySource::answer`].
    async fn received(&self, periods: &[Period]) -> Result<Vec<Quality>, SummaryError>;
}

/// The numbers of a span.
pub(super) struct Measured<'a> {
    pub(super) answer: &'a SummaryAnswer,
    pub(super) divided: &'a Divided,
    pub(super) received: Option<&'a Quality>,
}

impl Report {
    /// Makes the report: all numbers of the summaries are of one moment. `received` is asked by
    /// the report on quality alone.
    ///
    /// # Errors
    /// Those of the sources.
    pub async fn run(
        request: &ReportRequest,
        source: &dyn SummarySource,
        received: &dyn ReceivedSource,
    ) -> Result<Report, SummaryError> {
        let mut reports = Report::run_all(std::slice::from_ref(request), source, received).await?;
        reports.pop().ok_or_else(|| SummaryError::Internal("a report was expected".to_owned()))
    }

    /// Makes several reports: all their numbers of the summaries are of one moment.
    ///
    /// # Errors
    /// As those of [`Report::run`].
    pub async fn run_all(
        requests: &[ReportRequest],
        source: &dyn SummarySource,
        received: &dyn ReceivedSource,
    ) -> Result<Vec<Report>, SummaryError> {
        let queries: Vec<Query> = requests.iter().flat_map(ReportRequest::queries).collect();
        let of_receipt = requests.iter().filter(|request| is_of_receipt(request));
        let periods: Vec<Period> = of_receipt.flat_map(spans).map(period).collect::<Result<_, _>>()?;
        let receiving = async { if periods.is_empty() { Ok(Vec::new()) } else { received.received(&periods).await } };
        let (answered, qualities) = futures::try_join!(source.answer(&queries), receiving)?;
        if answered.answers.len() != queries.len() || qualities.len() != periods.len() {
            return Err(SummaryError::Internal("as many answers as questions were expected".to_owned()));
        }
        let (mut rest, mut qualities) = (answered.answers.as_slice(), qualities.as_slice());
        let mut reports = Vec::new();
        for request in requests {
            let spans: Vec<&Divided> = spans(request).collect();
            let (own, others) = rest.split_at(spans.len());
            rest = others;
            let (of_request, others) = qualities.split_at(if is_of_receipt(request) { spans.len() } else { 0 });
            qualities = others;
            let measured = spans.iter().zip(own.iter().map(Arc::as_ref)).enumerate();
            let measured: Vec<Measured<'_>> = measured
                .map(|(at, (divided, answer))| Measured { answer, divided, received: of_request.get(at) })
                .collect();
            reports.push(Report::of(request, &measured[0], measured.get(1)));
        }
        Ok(reports)
    }

    fn of(request: &ReportRequest, current: &Measured<'_>, compared: Option<&Measured<'_>>) -> Report {
        let (rows, rows_left_out) = rows::of(request, current, compared);
        let notes = notes::of(request, current, compared, &rows);
        Report {
            report: request.name,
            period: ReportPeriod {
                since: request.zone.write(request.span.since),
                until: request.zone.write(request.span.until),
                tz: request.zone.name().to_owned(),
                so_far: request.span.is_so_far(request.now),
            },
            compared: request.compared.as_ref().map(|compared| ComparedPeriod {
                with: request.compare.name().to_owned(),
                since: request.zone.write(compared.span.since),
                until: request.zone.write(compared.span.until),
                so_far: request.is_compared_cut,
            }),
            by: request.by.word().to_owned(),
            filter: request.written.clone(),
            metrics: totals(request, current, compared),
            series: series(request, current, compared),
            rows_by: rows::by(request.name).map(str::to_owned),
            rows_left_out: rows_left_out as u64,
            rows,
            notes,
            annotations: Vec::new(),
        }
    }
}

/// The span that is asked for, and the one it is compared with.
fn spans(request: &ReportRequest) -> impl Iterator<Item = &Divided> {
    std::iter::once(&request.current).chain(&request.compared)
}

/// Whether it tells of the time of receipt, which nothing but the time tells apart.
fn is_of_receipt(request: &ReportRequest) -> bool {
    request.name == ReportName::Quality && request.written.is_empty()
}

fn period(divided: &Divided) -> Result<Period, SummaryError> {
    Period::of_micros(divided.span.since, divided.span.until)
        .ok_or_else(|| SummaryError::Internal("the span isn't one of the calendar".to_owned()))
}

fn totals(request: &ReportRequest, current: &Measured<'_>, compared: Option<&Measured<'_>>) -> Named<MetricAnswer> {
    let earlier = compared.map(|compared| |metric: &Metric| compared.total(metric));
    let earlier = earlier.as_ref().map(|earlier| earlier as &dyn Fn(&Metric) -> Known);
    answers(request.contents.totals, &|metric| current.total(metric), earlier)
}

fn series(request: &ReportRequest, current: &Measured<'_>, compared: Option<&Measured<'_>>) -> Vec<ReportBucket> {
    let nothing = Numbers::default();
    let metrics = request.contents.series;
    let buckets = current.divided.buckets.iter().enumerate();
    let bucket = |(place, bucket): (usize, &super::buckets::Bucket)| {
        let numbers = current.answer.answer.series.get(place).unwrap_or(&nothing);
        // A part of a span that isn't over has nothing to be compared with yet, if the other is cut before it; and an hour
        // of the week nothing, if the other has none.
        let earlier = compared.and_then(|compared| {
            compared.divided.buckets.get(place)?.begin?;
            Some(compared.answer.answer.series.get(place).unwrap_or(&nothing))
        });
        let earlier = earlier.map(|earlier| |metric: &Metric| numbers::of(earlier, Scope::AllChannels, metric));
        let earlier = earlier.as_ref().map(|earlier| earlier as &dyn Fn(&Metric) -> Known);
        let mut metrics = parts(metrics, &|metric| numbers::of(numbers, Scope::AllChannels, metric), earlier);
        // Nothing is known of what hasn't begun, and that isn't 0; but events whose time is later than now count.
        if bucket.begin.is_none_or(|begin| begin > request.now) && is_nothing(&metrics) {
            for (_, part) in &mut metrics.0 {
                *part = PartAnswer { value: None, previous: part.previous, change: None, note: None };
            }
        }
        ReportBucket { at: bucket.at.clone(), metrics }
    };
    buckets.map(bucket).collect()
}

/// Whether nothing was counted.
fn is_nothing(metrics: &Named<PartAnswer>) -> bool {
    metrics.iter().all(|(_, part)| part.value.is_none_or(|value| value.size() == 0.0))
}

impl Measured<'_> {
    fn total(&self, metric: &Metric) -> Known {
        const FILTERED: &str = "it is counted by the time of receipt and of all events; leave the filter out";
        if !matches!(metric.relation, Relation::Events | Relation::Rejects) {
            return numbers::of(&self.answer.answer.totals, Scope::AllChannels, metric);
        }
        self.received.and_then(|quality| quality.of(metric)).map_or_else(|| Known::unknown(FILTERED), Known::count)
    }
}

/// The date of a day since 1970.
pub(super) fn date_of(day: i32) -> Option<NaiveDate> {
    DateTime::from_timestamp(i64::from(day) * 24 * 60 * 60, 0).map(|time| time.date_naive())
}

/// A row for each channel that counts.
pub(super) fn channel_rows(
    request: &ReportRequest,
    current: &Measured<'_>,
    compared: Option<&Measured<'_>>,
) -> Vec<ReportRow> {
    let metrics = request.contents.rows;
    let row = |channel: Channel| {
        let scope = Scope::Channel(channel);
        let earlier =
            compared.map(|compared| |metric: &Metric| numbers::of(&compared.answer.answer.totals, scope, metric));
        let earlier = earlier.as_ref().map(|earlier| earlier as &dyn Fn(&Metric) -> Known);
        let metrics = parts(metrics, &|metric| numbers::of(&current.answer.answer.totals, scope, metric), earlier);
        ReportRow { kind: RowKind::Value, value: Some(channel.name().to_owned()), metrics }
    };
    Channel::ALL.into_iter().filter(|channel| request.counts(*channel)).map(row).collect()
}
