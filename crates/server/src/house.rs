//! The real house: [`Front`] over the pipeline and the query session.
//!
//! The only file that turns `intake`'s and `report`'s values into the edge's shapes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use futures::future::BoxFuture;
use intake::{Answers, BodyError, Clock, Counters, Intake, Request, Room, SubmitError};
use report::{Fault, QueryError, QueryLimits, QueryPool, WorkerCounts};
use serde_json::value::RawValue;

use crate::connection::serve;
use crate::front::{
    Described, Front, FrontError, Held, Hold, MetricKind, MetricSample, QueryFailure, Question, Readiness, Receipt,
    RejectedRow, SqlLimits, Stored, TableForm, Vitals,
};
use crate::listeners::Listeners;
use crate::options::ServerOptions;

/// A query first waits for what is acknowledged to become visible, so that a sender finds
/// its own event; when draining lags it reads what there is after this long.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

/// What `/v1/rejects` asks. There are as many rows as keywords.
const REJECT_COUNTS: &str = "\
select kind, keyword, count(*) as events, min(received_at) as first_received_at, max(received_at) as last_received_at
from rejects group by kind, keyword order by events desc, kind, keyword";

/// An open data directory, ready to be served.
pub struct House {
    intake: Intake,
    queries: QueryPool,
    clock: Arc<dyn Clock>,
}

impl House {
    /// `queries` reads the tables that `intake` writes; `clock` is the one it was opened
    /// with.
    pub fn new(intake: Intake, queries: QueryPool, clock: Arc<dyn Clock>) -> House {
        House { intake, queries, clock }
    }
}

/// [`serve`](crate::serve) for the real house. Without type parameters and boxed, so that
/// all of the server is compiled in this crate, which the dev profile optimises, and not in
/// the binary's, which it doesn't.
///
/// # Errors
/// As [`serve`](crate::serve).
pub fn serve_house(
    listeners: Listeners,
    house: House,
    options: ServerOptions,
    shutdown: BoxFuture<'static, ()>,
) -> BoxFuture<'static, io::Result<()>> {
    Box::pin(serve(listeners, house, options, shutdown))
}

impl Front for House {
    fn check(&self, request: &Request, room: Room) -> Result<Answers, BodyError> {
        self.intake.check_within(request, room)
    }

    async fn submit(&self, request: Request, room: Room) -> Result<Answers, SubmitError> {
        self.intake.submit_within(request, room).await
    }

    fn describe(&self, request: &Request) -> Vec<Described> {
        let described = self.intake.describe(request).into_iter();
        described
            .map(|event| Described {
                event_type: event.event_type,
                time: event.time_micros.map(rfc3339),
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

    async fn receipt(&self, id: &str) -> Result<Receipt, FrontError> {
        let receipt = self.intake.receipt(id).await.map_err(|error| FrontError(error.to_string()))?;
        Ok(match receipt {
            intake::Receipt::Unknown => Receipt::default(),
            intake::Receipt::Stored { time, received_at, duplicates, rejected, more, .. } => Receipt {
                stored: Some(Stored { time: rfc3339(time), received_at: rfc3339(received_at), duplicates }),
                rejects: rejected.into_iter().map(row).collect(),
                rejects_more: more,
            },
            intake::Receipt::Rejected { rows, more, .. } => {
                Receipt { stored: None, rejects: rows.into_iter().map(row).collect(), rejects_more: more }
            }
        })
    }

    async fn query(
        &self,
        question: Question<'_>,
        form: TableForm,
        limits: SqlLimits,
        hold: &mut dyn Hold,
    ) -> Result<Vec<u8>, QueryFailure> {
        // A pipeline that stopped still has tables to read.
        let _ = tokio::time::timeout(SETTLE_TIMEOUT, self.intake.settle()).await;
        let SqlLimits { rows_max, time_max, memory_bytes_max, process_memory_bytes_max, answer_bytes_max } = limits;
        let limits = QueryLimits {
            // The text's length was limited while it was read.
            sql_bytes_max: usize::MAX,
            rows_max,
            time_max,
            memory_bytes_max,
            process_memory_bytes_max,
            answer_bytes_max,
        };
        let answer = match question {
            Question::Sql(sql) => self.queries.sql(sql, form, limits, hold).await,
            Question::RejectCounts => self.queries.own_sql(REJECT_COUNTS, form, limits, hold).await,
            Question::Contacts(period) => self.queries.contacts(&period, form, limits, hold).await,
        };
        answer.map_err(failure)
    }

    fn vitals(&self) -> Vitals {
        let counters = self.intake.counters();
        let workers = self.queries.counts();
        let failing = workers.is_failing.then(|| "queries can't be run: no process for them can be started".to_owned());
        let samples = samples(&counters).into_iter().chain(worker_samples(&workers)).collect();
        let remarks = self.intake.degraded().into_iter().chain(failing).collect();
        let (readiness, trouble) = (readiness(&counters), counters.trouble);
        Vitals { readiness, trouble, remarks, samples }
    }

    fn damaged_files(&self) -> usize {
        self.intake.store().damaged_count()
    }

    fn now_micros(&self) -> i64 {
        self.clock.now_micros()
    }
}

fn row(row: intake::RejectedRow) -> RejectedRow {
    RejectedRow {
        reject_id: row.reject_id,
        kind: row.kind,
        received_at: rfc3339(row.received_at),
        violations: row.violations,
    }
}

pub(crate) fn rfc3339(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .map_or_else(|| micros.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// The message goes to the one who wrote the query, and never to the log, since it can
/// repeat a part of it; only a failure of the tables is the log's.
fn failure(error: QueryError) -> QueryFailure {
    match (error.fault(), &error) {
        (Fault::Query, _) => QueryFailure::Invalid(error.to_string()),
        (Fault::Limit, _) => QueryFailure::Limit(error.to_string()),
        (Fault::Moment, QueryError::Busy) => QueryFailure::Busy,
        (Fault::Moment, QueryError::NoRoom) => QueryFailure::NoRoom,
        (Fault::Moment, _) => QueryFailure::Unavailable(error.to_string()),
        (Fault::House, _) => QueryFailure::Internal(error.to_string()),
    }
}

fn readiness(counters: &Counters) -> Readiness {
    match counters {
        Counters { poisoned: true, .. } => Readiness::NotReady(Held::Poisoned),
        Counters { closed: true, .. } => Readiness::NotReady(Held::Closed),
        Counters { ready: false, journal, .. } if journal.health == intake::LogHealth::Full => {
            Readiness::NotReady(Held::DiskFull)
        }
        Counters { ready: false, .. } => Readiness::NotReady(Held::Overloaded),
        _ => Readiness::Ready,
    }
}

fn samples(counters: &Counters) -> Vec<MetricSample> {
    let counter = |name, help, value: u64| MetricSample {
        name,
        kind: MetricKind::Counter,
        help,
        values: vec![(None, value as f64)],
    };
    let gauge =
        |name, help, value: f64| MetricSample { name, kind: MetricKind::Gauge, help, values: vec![(None, value)] };
    let by_keyword =
        counters.rejected.iter().map(|(keyword, count)| (Some(("keyword", keyword.clone())), *count as f64));
    let journal = &counters.journal;
    let last_commit = counters.last_commit_micros.unwrap_or(0) as f64 / 1e6;
    vec![
        counter("frontdesk_events_accepted_total", "Events accepted and durable.", counters.accepted),
        MetricSample {
            name: "frontdesk_events_rejected_total",
            kind: MetricKind::Counter,
            help: "Events rejected and kept, by the keyword of their first violation.",
            values: by_keyword.collect(),
        },
        counter(
            "frontdesk_events_duplicate_total",
            "Events that were known with the same content.",
            counters.duplicates,
        ),
        counter("frontdesk_events_conflicting_total", "Events that were known with other content.", counters.conflicts),
        gauge(
            "frontdesk_drain_lag_records",
            "Requests that are durable and not yet drained; a query waits for them.",
            counters.lag_records as f64,
        ),
        gauge("frontdesk_drain_lag_bytes", "Bytes of those requests.", counters.lag_bytes as f64),
        gauge(
            "frontdesk_uncommitted_records",
            "Requests that are durable and not yet committed to the tables.",
            counters.uncommitted_records as f64,
        ),
        counter("frontdesk_commits_total", "Commits to the tables.", counters.commits),
        counter(
            "frontdesk_commit_failures_total",
            "Commits that failed and were tried again.",
            counters.commit_failures,
        ),
        gauge(
            "frontdesk_last_commit_timestamp_seconds",
            "When the last commit ended; 0 before the first.",
            last_commit,
        ),
        gauge(
            "frontdesk_last_commit_seconds",
            "How long the last commit took.",
            counters.last_commit_took_micros as f64 / 1e6,
        ),
        counter("frontdesk_journal_records_total", "Requests made durable.", journal.appended),
        counter("frontdesk_journal_fsyncs_total", "Times that the journal was synced to disk.", journal.syncs),
        gauge(
            "frontdesk_journal_last_fsync_seconds",
            "How long the last sync took.",
            journal.last_sync_us as f64 / 1e6,
        ),
        gauge("frontdesk_journal_queue_bytes", "Bytes that wait for their sync.", journal.queue_bytes as f64),
        gauge(
            "frontdesk_quarantined_records",
            "Acknowledged requests that can't be stored and are set aside in journal/quarantine.",
            counters.quarantined_records as f64,
        ),
        gauge("frontdesk_quarantined_bytes", "Bytes of those requests.", counters.quarantined_bytes as f64),
        gauge("frontdesk_journal_disk_bytes", "Size of the journal's segment files.", journal.stored_bytes as f64),
        gauge(
            "frontdesk_journal_lost_records",
            "Acknowledged requests that the journal was found to have lost when it was opened.",
            counters.journal_records_lost as f64,
        ),
        gauge(
            "frontdesk_damaged_files",
            "Data files that can't be read; their rows are missing from every answer.",
            counters.damaged_files as f64,
        ),
    ]
}

fn worker_samples(workers: &WorkerCounts) -> [MetricSample; 4] {
    let one = |name, kind, help, value: f64| MetricSample { name, kind, help, values: vec![(None, value)] };
    let by_cause = workers.ended.iter().map(|(cause, count)| (Some(("cause", (*cause).to_owned())), *count as f64));
    [
        one(
            "frontdesk_query_workers_started_total",
            MetricKind::Counter,
            "Processes started to run queries.",
            workers.started as f64,
        ),
        one(
            "frontdesk_query_worker_start_failures_total",
            MetricKind::Counter,
            "Processes for queries that could not be started.",
            workers.start_failures as f64,
        ),
        one(
            "frontdesk_query_workers_failing",
            MetricKind::Gauge,
            "1 when the last attempt to start a process for queries failed.",
            f64::from(u8::from(workers.is_failing)),
        ),
        MetricSample {
            name: "frontdesk_query_workers_ended_total",
            kind: MetricKind::Counter,
            help: "Processes for queries that ended, by cause.",
            values: by_cause.collect(),
        },
    ]
}
