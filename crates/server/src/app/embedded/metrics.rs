//! The backend's numbers under their names in `/metrics`.

use intake::Counters;
use report::{SummaryStats, WorkerCounts};

use crate::app::backend::{MetricKind, MetricSample};

// Numbers that pages show, too.
pub(crate) const DISK_FREE: &str = "frontdesk_disk_free_bytes";
pub(crate) const JOURNAL_BYTES: &str = "frontdesk_journal_disk_bytes";
pub(crate) const LAG_RECORDS: &str = "frontdesk_drain_lag_records";
pub(crate) const UNCOMMITTED: &str = "frontdesk_uncommitted_records";
pub(crate) const LAST_COMMIT: &str = "frontdesk_last_commit_timestamp_seconds";
pub(crate) const SET_ASIDE: &str = "frontdesk_quarantined_records";

/// Numbers of the pipeline.
pub(super) fn of_pipeline(counters: &Counters) -> Vec<MetricSample> {
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
    let free = journal.free_bytes.map(|free| free as f64);
    let last_commit = counters.last_commit_micros.unwrap_or(0) as f64 / 1e6;
    let mut samples = vec![
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
            LAG_RECORDS,
            "Requests that are durable and not yet drained; a query waits for them.",
            counters.lag_records as f64,
        ),
        gauge("frontdesk_drain_lag_bytes", "Bytes of those requests.", counters.lag_bytes as f64),
        gauge(
            UNCOMMITTED,
            "Requests that are durable and not yet committed to the tables.",
            counters.uncommitted_records as f64,
        ),
        counter("frontdesk_commits_total", "Commits to the tables.", counters.commits),
        counter(
            "frontdesk_commit_failures_total",
            "Commits that failed and were tried again.",
            counters.commit_failures,
        ),
        gauge(LAST_COMMIT, "When the last commit ended; 0 before the first.", last_commit),
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
            SET_ASIDE,
            "Acknowledged requests that can't be stored and are set aside in journal/quarantine.",
            counters.quarantined_records as f64,
        ),
        gauge("frontdesk_quarantined_bytes", "Bytes of those requests.", counters.quarantined_bytes as f64),
        gauge(JOURNAL_BYTES, "Size of the journal's segment files.", journal.stored_bytes as f64),
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
    ];
    samples.extend(free.map(|free| gauge(DISK_FREE, "Bytes that are free where the data directory is.", free)));
    samples
}

/// Numbers of the processes that run queries.
pub(super) fn of_queries(workers: &WorkerCounts) -> [MetricSample; 4] {
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

/// Numbers of the summaries of days.
pub(super) fn of_summaries(stats: &SummaryStats) -> [MetricSample; 10] {
    let one = |name, kind, help, value: u64| MetricSample { name, kind, help, values: vec![(None, value as f64)] };
    let gauge = |name, help, value| one(name, MetricKind::Gauge, help, value);
    let counter = |name, help, value| one(name, MetricKind::Counter, help, value);
    [
        gauge("frontdesk_summaries", "Summaries of days in memory.", stats.summaries),
        gauge("frontdesk_summary_bytes", "Their bytes.", stats.summary_bytes),
        gauge(
            "frontdesk_summary_rows_bytes",
            "Bytes of events in memory that summaries are made of.",
            stats.rows_bytes,
        ),
        gauge(
            "frontdesk_summary_days_stale",
            "Days without a summary that holds, when they were last looked through; a report makes them first.",
            stats.days_stale,
        ),
        gauge(
            "frontdesk_summary_answer_bytes",
            "Bytes of answers that are kept for who asks again.",
            stats.answer_bytes,
        ),
        counter(
            "frontdesk_summary_answers_known_total",
            "Questions of reports that were answered by an answer that was kept.",
            stats.answers_known,
        ),
        counter("frontdesk_summary_folds_total", "Summaries made.", stats.folds),
        counter(
            "frontdesk_summary_special_folds_total",
            "Of these, those made for one question that the day's summary couldn't answer.",
            stats.special_folds,
        ),
        counter("frontdesk_summary_rows_read_total", "Events read from the table for summaries.", stats.rows_read),
        counter(
            "frontdesk_summary_write_failures_total",
            "Files of summaries that couldn't be written.",
            stats.write_failures,
        ),
    ]
}
