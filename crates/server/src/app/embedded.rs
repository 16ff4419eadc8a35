//! The real backend: the pipeline and the queries of one data directory.
//!
//! The only file that turns `intake`'s and `report`'s values into the server's shapes.

mod events;
mod exports;
pub(crate) mod metrics;
mod reports;

use std::sync::Arc;
use std::time::Duration;

use intake::{AnswerBudget, Answers, BodyError, Clock, Counters, Intake, LogHealth, Request, SubmitError};
use report::{Fault, QueryError, QueryLimits, QueryPool, Summaries};
use serde_json::value::RawValue;

use super::alerts::Alerts;
use super::backend::{
    BackendError, DescribedEvent, Health, HealthReport, Ingest, MemoryReservation, MetricSample, Queries, QueryFailure,
    Readiness, Receipts, SqlLimits, TableForm, TableQuery,
};
use super::receipt::{Receipt, RejectedEvent, StoredEvent};
use super::timestamp;
use super::unavailable::UnavailableReason;

/// A query first waits for what is acknowledged to become visible, so that a sender finds
/// its own event; when draining lags it reads what there is after this long.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

/// What `/v1/rejects` asks. There are as many rows as keywords.
const REJECT_COUNTS: &str = "\
select kind, keyword, count(*) as events, min(received_at) as first_received_at, max(received_at) as last_received_at
from rejects group by kind, keyword order by events desc, kind, keyword";

/// An open data directory, ready to be served.
pub struct EmbeddedBackend {
    intake: Intake,
    queries: QueryPool,
    summaries: Summaries,
    clock: Arc<dyn Clock>,
    others: Option<OtherSamples>,
    mails: Option<Mails>,
}

/// What is known of mails and alerts, asked when somebody looks.
struct Mails {
    remarks: Box<dyn Fn() -> Vec<String> + Send + Sync>,
    samples: Box<dyn Fn() -> Vec<MetricSample> + Send + Sync>,
    alerts: Box<dyn Fn() -> Alerts + Send + Sync>,
}

/// Numbers of another part of this process, asked at each scrape.
type OtherSamples = Arc<dyn Fn() -> Vec<MetricSample> + Send + Sync>;

impl EmbeddedBackend {
    /// `queries` and `summaries` read the tables that `intake` writes; `clock` is the one it was
    /// opened with.
    pub fn new(intake: Intake, queries: QueryPool, summaries: Summaries, clock: Arc<dyn Clock>) -> EmbeddedBackend {
        EmbeddedBackend { intake, queries, summaries, clock, others: None, mails: None }
    }

    /// Shows another part's numbers in `/metrics` too.
    #[must_use]
    pub fn with_samples(self, others: impl Fn() -> Vec<MetricSample> + Send + Sync + 'static) -> EmbeddedBackend {
        EmbeddedBackend { others: Some(Arc::new(others)), ..self }
    }

    /// Shows what doesn't work about mails, a sentence each, their numbers, and the alerts.
    #[must_use]
    pub fn with_mails(
        self,
        remarks: impl Fn() -> Vec<String> + Send + Sync + 'static,
        samples: impl Fn() -> Vec<MetricSample> + Send + Sync + 'static,
        alerts: impl Fn() -> Alerts + Send + Sync + 'static,
    ) -> EmbeddedBackend {
        let mails = Mails { remarks: Box::new(remarks), samples: Box::new(samples), alerts: Box::new(alerts) };
        EmbeddedBackend { mails: Some(mails), ..self }
    }
}

impl Ingest for EmbeddedBackend {
    fn check(&self, request: &Request, budget: AnswerBudget) -> Result<Answers, BodyError> {
        self.intake.check_within(request, budget)
    }

    async fn submit(&self, request: Request, budget: AnswerBudget) -> Result<Answers, SubmitError> {
        self.intake.submit_within(request, budget).await
    }

    fn describe(&self, request: &Request) -> Vec<DescribedEvent> {
        let described = self.intake.describe(request).into_iter();
        described
            .map(|event| DescribedEvent {
                event_type: event.event_type,
                time: event.time_micros.map(timestamp::micros),
                derived: event.derived,
                masked: event.masked.and_then(|text| RawValue::from_string(text).ok()),
            })
            .collect()
    }

    fn visitor_bits(&self, datastream: &str, request_id: &str) -> [u8; 16] {
        self.intake.visitor_bits(datastream, request_id)
    }

    fn device_bits(&self, org_id: &str, device_id: &str) -> [u8; 16] {
        self.intake.device_bits(org_id, device_id)
    }

    fn now_micros(&self) -> i64 {
        self.clock.now_micros()
    }
}

impl Receipts for EmbeddedBackend {
    async fn receipt(&self, id: &str) -> Result<Option<Receipt>, BackendError> {
        let found = self.intake.receipt(id).await.map_err(|error| BackendError(error.to_string()))?;
        let (stored, rejects, more) = match found {
            intake::Receipt::Unknown => return Ok(None),
            intake::Receipt::Stored { time, received_at, duplicates, rejected, more, .. } => {
                let (time, received_at) = (timestamp::micros(time), timestamp::micros(received_at));
                (Some(StoredEvent { time, received_at, duplicates }), rejected, more)
            }
            intake::Receipt::Rejected { rows, more, .. } => (None, rows, more),
        };
        Ok(Receipt::of(id, stored, rejects.into_iter().map(row).collect(), more))
    }
}

impl Queries for EmbeddedBackend {
    async fn query(
        &self,
        query: TableQuery<'_>,
        form: TableForm,
        limits: SqlLimits,
        reservation: &mut dyn MemoryReservation,
    ) -> Result<Vec<u8>, QueryFailure> {
        // A pipeline that stopped still has tables to read.
        let _ = tokio::time::timeout(SETTLE_TIMEOUT, self.intake.settle()).await;
        let limits = query_limits(limits);
        let answer = match query {
            TableQuery::Sql(sql) => self.queries.sql(sql, form, limits, reservation).await,
            TableQuery::RejectCounts => self.queries.own_sql(REJECT_COUNTS, form, limits, reservation).await,
            TableQuery::Contacts(period) => self.queries.contacts(&period, form, limits, reservation).await,
        };
        answer.map_err(failure)
    }

    fn damaged_files(&self) -> usize {
        self.intake.store().damaged_count()
    }
}

impl Health for EmbeddedBackend {
    fn events_received(&self) -> u64 {
        let counters = self.intake.counters();
        counters.accepted + counters.rejected.values().sum::<u64>()
    }

    fn has_events(&self) -> bool {
        let events = &self.intake.store().events;
        self.intake.counters().accepted > 0 || !events.days().is_empty() || !events.moment().fresh.is_empty()
    }

    fn health(&self) -> HealthReport {
        let counters = self.intake.counters();
        let workers = self.queries.counts();
        let failing = workers.is_failing.then(|| "queries can't be run: no process for them can be started".to_owned());
        let samples = metrics::of_pipeline(&counters).into_iter().chain(metrics::of_queries(&workers));
        let samples = samples.chain(metrics::of_summaries(&self.summaries.stats()));
        let samples = samples.chain(self.others.iter().flat_map(|others| others()));
        let samples = samples.chain(self.mails.iter().flat_map(|mails| (mails.samples)())).collect();
        let remarks = self.intake.degraded().into_iter().chain(failing).collect();
        let (readiness, trouble) = (readiness(&counters), counters.trouble);
        HealthReport { readiness, trouble, remarks, samples }
    }

    fn mail_trouble(&self) -> Vec<String> {
        self.mails.as_ref().map(|mails| (mails.remarks)()).unwrap_or_default()
    }

    fn alerts(&self) -> Alerts {
        self.mails.as_ref().map(|mails| (mails.alerts)()).unwrap_or_default()
    }
}

fn query_limits(limits: SqlLimits) -> QueryLimits {
    let SqlLimits { rows_max, time_max, memory_bytes_max, process_memory_bytes_max, answer_bytes_max } = limits;
    QueryLimits {
        // The text's length was limited while it was read.
        sql_bytes_max: usize::MAX,
        rows_max,
        time_max,
        memory_bytes_max,
        process_memory_bytes_max,
        answer_bytes_max,
    }
}

fn row(row: intake::RejectedRow) -> RejectedEvent {
    RejectedEvent {
        reject_id: row.reject_id,
        kind: row.kind,
        received_at: timestamp::micros(row.received_at),
        violations: row.violations,
    }
}

/// The message goes to the one who wrote the query, and never to the log, since it can
/// repeat a part of it; only a failure of the tables is the log's.
fn failure(error: QueryError) -> QueryFailure {
    failure_of(&error)
}

fn failure_of(error: &QueryError) -> QueryFailure {
    match (error.fault(), error) {
        (Fault::Query, _) => QueryFailure::Invalid(error.to_string()),
        (Fault::Limit, _) => QueryFailure::Limit(error.to_string()),
        (Fault::Transient, QueryError::Busy) => QueryFailure::Busy,
        (Fault::Transient, QueryError::NoRoom) => QueryFailure::NoRoom,
        (Fault::Transient, _) => QueryFailure::Unavailable(error.to_string()),
        (Fault::Server, _) => QueryFailure::Internal(error.to_string()),
    }
}

fn readiness(counters: &Counters) -> Readiness {
    match counters {
        Counters { poisoned: true, .. } => Readiness::NotReady(UnavailableReason::Poisoned),
        Counters { closed: true, .. } => Readiness::NotReady(UnavailableReason::Closed),
        Counters { ready: false, journal, .. } if journal.health == LogHealth::Full => {
            Readiness::NotReady(UnavailableReason::DiskFull)
        }
        Counters { ready: false, .. } => Readiness::NotReady(UnavailableReason::Overloaded),
        _ => Readiness::Ready,
    }
}
