//! The way to the data: the directory itself, or the server that holds it.
//!
//! A command does not care which: both give the same answers in the same form, because
//! the direct way goes through the server's own backend. Opening the directory recovers
//! the journal first, so a command after a crash sees every acknowledged event.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dashboard::MailedView;
use futures::StreamExt;
use intake::{Clock, Intake, IntakeError, IntakeOptions, Opened, SystemClock};
use report::{
    ContactsReport, ExportRequest, Fault, Period, PoolOptions, QueryError, QueryPool, Report, ReportRequest, Summaries,
    SummariesOptions, Zone,
};
use server::{
    Alert, Alerts, Datastream, EmbeddedBackend, Exports, Queries, QueryFailure, Receipt, Receipts, Reports,
    ServerOptions, SqlLimits, TableForm, TableQuery,
};

use state::{OpenError, State};

use crate::args::RowFormat;
use crate::commands::query_worker;
use crate::data_dir::{self, Claim, DataDir};
use crate::failure::{Exit, Failure, warn};
use crate::mailing::{self, MailPlan};
use crate::policies::ValidationPolicies;
use crate::remote::Remote;
use crate::settings::Settings;
use crate::settings::datastreams::DatastreamSettings;

/// The directory of summaries in the data directory: a cache that may be deleted.
pub(crate) const SUMMARIES_DIR: &str = "summaries";

/// The data directory, opened by this process.
pub(crate) struct Opening {
    /// The pipeline.
    pub(crate) intake: Intake,
    /// What opening found and repaired.
    pub(crate) opened: Opened,
}

impl Opening {
    /// Opens the directory that `dir` holds.
    ///
    /// # Errors
    /// The key, the journal or the tables can't be used.
    pub(crate) async fn of(dir: &DataDir, settings: &Settings) -> Result<Opening, Failure> {
        let (intake, opened) = Intake::open(intake_options(dir, settings)?, Arc::new(SystemClock)).await?;
        Ok(Opening { intake, opened })
    }

    /// SQL over the tables, in processes of its own.
    ///
    /// # Errors
    /// The tables or this program's file can't be found.
    pub(crate) fn queries(&self, options: &ServerOptions) -> Result<QueryPool, Failure> {
        let options = PoolOptions { program: query_worker::program()?, queries_max: options.sql_queries_max };
        Ok(QueryPool::new(self.intake.store().clone(), options)?)
    }

    /// The summaries of days, kept in this data directory.
    pub(crate) fn summaries(&self, data: &Path) -> Summaries {
        let options = SummariesOptions::new(data.join(SUMMARIES_DIR), Arc::new(SystemClock));
        Summaries::new(self.intake.store().events.clone(), options)
    }

    /// What stands behind the HTTP server.
    pub(crate) fn backend(&self, queries: QueryPool, summaries: Summaries) -> EmbeddedBackend {
        EmbeddedBackend::new(self.intake.clone(), queries, summaries, Arc::new(SystemClock))
    }
}

/// The way to the data.
pub(crate) enum Access {
    /// This process holds the directory.
    Direct(Box<Direct>),
    /// A server does.
    Asking(Remote),
}

/// The directory in this process's hands.
pub(crate) struct Direct {
    opening: Opening,
    backend: EmbeddedBackend,
    queries: QueryPool,
    summaries: Summaries,
    limits: SqlLimits,
    export_time_max: Duration,
    data: PathBuf,
    dir: DataDir,
}

impl Direct {
    async fn query(&self, query: TableQuery<'_>, form: TableForm) -> Result<Bytes, Failure> {
        let rows = self.backend.query(query, form, self.limits, &mut ()).await.map_err(unanswered)?;
        Ok(Bytes::from(rows))
    }

    /// What people keep beside the events.
    async fn state(&self) -> Result<State, Failure> {
        State::open(&self.data, Arc::new(SystemClock)).await.map_err(Failure::from)
    }

    async fn alerts(&self, plan: &MailPlan) -> Result<Alerts, Failure> {
        let state = self.state().await?;
        let mut alerts = Alerts::default();
        for alert in &plan.alerts {
            let now = SystemClock.now_micros();
            let reading = alert.rule.read(now, &self.summaries).await;
            let raised = state::mailings::raised_at(&state, &alert.name).await;
            let raised = raised.map_err(|error| Failure::new(Exit::Damaged, error))?;
            alerts.alerts.push(Alert {
                name: alert.name.clone(),
                read_at: Zone::UTC.write(now),
                raised_since: raised.map(|at| Zone::UTC.write(at)),
                error: reading.as_ref().err().map(ToString::to_string),
                reading: reading.ok(),
            });
        }
        state.close().await;
        Ok(alerts)
    }
}

/// The parameters with the zone that was set here: a server has one of its own.
fn with_zone<'a>(parameters: &[(&'a str, &'a str)], zone: Zone) -> Vec<(&'a str, &'a str)> {
    let is_named = zone == Zone::UTC || parameters.iter().any(|(name, _)| *name == "tz");
    let named = (!is_named).then(|| ("tz", zone.name()));
    parameters.iter().copied().chain(named).collect()
}

fn unanswered(failure: QueryFailure) -> Failure {
    match failure {
        QueryFailure::Invalid(message) | QueryFailure::Limit(message) => Failure::usage(message),
        QueryFailure::Busy | QueryFailure::NoRoom => Failure::unavailable(failure),
        QueryFailure::NotYet(message) | QueryFailure::Unavailable(message) => Failure::unavailable(message),
        QueryFailure::Internal(message) => Failure::new(Exit::Damaged, message),
    }
}

impl Access {
    /// Runs `work` with the data at hand and leaves the directory in order behind it.
    ///
    /// # Errors
    /// Those of opening, then those of `work`.
    pub(crate) async fn with<T>(
        settings: &Settings,
        work: impl AsyncFnOnce(&Access) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let access = Access::open(settings).await?;
        let outcome = work(&access).await;
        if let Access::Direct(direct) = access {
            // After the work, which may have found more.
            direct.opening.intake.degraded().iter().for_each(warn);
            direct.queries.close();
            direct.summaries.close();
            direct.opening.intake.close().await;
            drop(direct.dir);
        }
        outcome
    }

    async fn open(settings: &Settings) -> Result<Access, Failure> {
        let dir = match data_dir::claim(&settings.data)? {
            Claim::Theirs(holder) => {
                let remote = Remote::of(&holder, &settings.data)?;
                return remote.map(Access::Asking).ok_or_else(|| holder.busy(&settings.data));
            }
            Claim::Ours(dir) => dir,
        };
        let opening = Opening::of(&dir, settings).await?;
        let options = server_options(settings)?;
        let queries = opening.queries(&options)?;
        let summaries = opening.summaries(&settings.data);
        let backend = opening.backend(queries.clone(), summaries.clone());
        let limits = sql_limits(&options);
        let export_time_max = options.export_time_max;
        let data = settings.data.clone();
        Ok(Access::Direct(Box::new(Direct {
            opening,
            backend,
            queries,
            summaries,
            limits,
            export_time_max,
            data,
            dir,
        })))
    }

    /// Runs a read-only query; the rows as bytes, ready to print.
    pub(crate) async fn sql(&self, sql: &str, format: RowFormat) -> Result<Bytes, Failure> {
        let direct = match self {
            Access::Asking(remote) => return remote.sql(sql, format).await,
            Access::Direct(direct) => direct,
        };
        let form = match format {
            RowFormat::Table => TableForm::Table,
            RowFormat::Csv => TableForm::Csv,
            RowFormat::Json => TableForm::Json,
            RowFormat::Ndjson => TableForm::NdJson,
        };
        direct.query(TableQuery::Sql(sql), form).await
    }

    /// The report of contact requests.
    pub(crate) async fn contacts(&self, period: &Period) -> Result<ContactsReport, Failure> {
        let direct = match self {
            Access::Asking(remote) => return remote.contacts(period).await,
            Access::Direct(direct) => direct,
        };
        let report = direct.query(TableQuery::Contacts(*period), TableForm::Json).await?;
        serde_json::from_slice(&report)
            .map_err(|error| Failure::new(Exit::Damaged, format_args!("the report can't be read: {error}")))
    }

    /// A report: as it was read, and as it was written, since a server has a time zone of its own for
    /// those that name none, unless `zone` was set here.
    pub(crate) async fn report(
        &self,
        request: &ReportRequest,
        parameters: &[(&str, &str)],
        zone: Zone,
    ) -> Result<Report, Failure> {
        match self {
            Access::Direct(direct) => direct.backend.report(request, direct.limits).await.map_err(unanswered),
            Access::Asking(remote) => remote.report(request.name(), &with_zone(parameters, zone)).await,
        }
    }

    /// How the alerts stand: as a server has read them, or now.
    pub(crate) async fn alerts(&self, plan: &MailPlan) -> Result<Alerts, Failure> {
        match self {
            Access::Asking(remote) => remote.alerts().await,
            Access::Direct(direct) => direct.alerts(plan).await,
        }
    }

    /// A saved view that can be sent by mail.
    pub(crate) async fn saved_view(&self, name: &str) -> Result<MailedView, Failure> {
        match self {
            Access::Asking(remote) => {
                let found = remote.saved_view(name).await?;
                let (page, query) = found.ok_or_else(|| mailing::no_saved_view(name)).map_err(Failure::usage)?;
                mailing::view_of(name, page, &query).map_err(Failure::usage)
            }
            Access::Direct(direct) => {
                let state = direct.state().await?;
                let found = mailing::saved_view(&state, name).await;
                state.close().await;
                found.map_err(Failure::usage)
            }
        }
    }

    /// All rows of an export, a piece at a time; as it was read, and as it was written.
    pub(crate) async fn export(
        &self,
        request: &ExportRequest,
        parameters: &[(&str, &str)],
        zone: Zone,
        put: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match self {
            Access::Direct(direct) => {
                let limits = SqlLimits { time_max: direct.export_time_max, ..direct.limits };
                let mut rows = direct.backend.export(request, limits).await.map_err(unanswered)?;
                while let Some(part) = rows.next().await {
                    put(&part.map_err(unanswered)?)?;
                }
                Ok(())
            }
            Access::Asking(remote) => {
                let mut rows = remote.export(&with_zone(parameters, zone)).await?;
                while let Some(part) = rows.next_of_export().await? {
                    put(&part)?;
                }
                Ok(())
            }
        }
    }

    /// What became of an event; `None` for an unknown id.
    pub(crate) async fn receipt(&self, id: &str) -> Result<Option<Receipt>, Failure> {
        let direct = match self {
            Access::Asking(remote) => return remote.receipt(id).await,
            Access::Direct(direct) => direct,
        };
        direct.backend.receipt(id).await.map_err(|error| Failure::new(Exit::Damaged, error))
    }

    /// The pipeline, for what only the holder of the directory may do.
    ///
    /// # Errors
    /// A server holds the directory.
    pub(crate) fn opened(&self) -> Result<&Intake, Failure> {
        match self {
            Access::Direct(direct) => Ok(&direct.opening.intake),
            Access::Asking(_) => Err(Failure::unavailable(
                "a server is running on this data directory, and sealed events are opened only when none is",
            )
            .help("stop the server, run the command, start the server again")),
        }
    }
}

/// The pipeline's options as the settings have them.
///
/// # Errors
/// A schema that can't be used, or a number that this machine can't count to.
pub(crate) fn intake_options(dir: &DataDir, settings: &Settings) -> Result<IntakeOptions, Failure> {
    let mut options = IntakeOptions::new(&settings.data);
    if let Some(key_file) = &settings.key_file {
        options.key_file.clone_from(key_file);
    }
    let policies = ValidationPolicies::of(settings)?.told();
    options.lock = Some(dir.lock());
    options.policy = policies.default;
    options.policies = policies.by_datastream;
    options.link_rules.clone_from(&settings.link_rules);
    options.body_bytes_max = count("body_bytes_decompressed_max", settings.body_bytes_decompressed_max.0)?;
    options.event_bytes_max = count("event_bytes_max", settings.event_bytes_max.0)?;
    options.events_per_request_max = count("events_per_request_max", settings.events_per_request_max)?;
    options.segment_bytes = settings.segment_bytes.0;
    options.queue_bytes_max = count("queue_bytes_max", settings.queue_bytes_max.0)?;
    options.disk_free_bytes_min = settings.disk_free_bytes_min.0;
    options.quarantine_bytes_max = settings.quarantine_bytes_max.0;
    options.backlog_bytes_max = settings.backlog_bytes_max.0;
    options.retry_after = settings.retry_after;
    options.commit_after = settings.commit_after;
    options.commit_bytes = settings.commit_bytes.0;
    options.drain_every = settings.drain_every;
    options.dedupe_days = count("dedupe_days", settings.dedupe_days)?;
    options.event_ahead_max = settings.event_ahead_max;
    options.event_behind_max = settings.event_behind_max;
    Ok(options)
}

/// The limits of one query.
pub(crate) fn sql_limits(options: &ServerOptions) -> SqlLimits {
    SqlLimits {
        rows_max: options.sql_rows_max,
        time_max: options.sql_time_max,
        memory_bytes_max: options.sql_memory_bytes_max,
        process_memory_bytes_max: options.sql_process_memory_bytes_max,
        answer_bytes_max: options.sql_answer_bytes_max,
    }
}

/// The server's options as the settings have them.
///
/// # Errors
/// Limits that contradict each other.
pub(crate) fn server_options(settings: &Settings) -> Result<ServerOptions, Failure> {
    let options = ServerOptions {
        body_bytes_max: count("body_bytes_max", settings.body_bytes_max.0)?,
        body_bytes_decompressed_max: count("body_bytes_decompressed_max", settings.body_bytes_decompressed_max.0)?,
        requests_in_flight_bytes_max: count("requests_in_flight_bytes_max", settings.requests_in_flight_bytes_max.0)?,
        connections_max: count("connections_max", settings.connections_max)?,
        header_read_timeout: settings.header_read_timeout,
        tls_handshake_timeout: settings.tls_handshake_timeout,
        body_read_timeout: settings.body_read_timeout,
        shutdown_timeout: settings.shutdown_timeout,
        time_zone: settings.time_zone.0,
        sql_rows_max: count("sql_rows_max", settings.sql_rows_max)?,
        sql_time_max: settings.sql_time_max,
        export_time_max: settings.export_time_max,
        sql_memory_bytes_max: count("sql_memory_bytes_max", settings.sql_memory_bytes_max.0)?,
        sql_process_memory_bytes_max: count("sql_process_memory_bytes_max", settings.sql_process_memory_bytes_max.0)?,
        sql_answer_bytes_max: count("sql_answer_bytes_max", settings.sql_answer_bytes_max.0)?,
        sql_queries_max: count("sql_queries_max", settings.sql_queries_max)?,
        // The operator has chosen both, so neither can be a stranger's name.
        hosts_allowed: settings.hosts_allowed.0.clone(),
        tls_names: settings.tls_names.0.clone(),
        embed_hosts: settings.embed_hosts.0.clone(),
        inlets: settings.inlets.clone(),
        datastreams: settings.datastreams.0.iter().map(|(id, set)| (id.clone(), datastream(set))).collect(),
        network_body_bytes_max: count("network_body_bytes_max", settings.network_body_bytes_max.0)?,
        demo_alloy: settings.demo_alloy_file.as_deref().map(read_alloy).transpose()?,
        ..ServerOptions::default()
    };
    options
        .check()
        .map_err(|error| Failure::usage(error).help("`frontdesk settings` shows where each value comes from"))
}

fn datastream(set: &DatastreamSettings) -> Datastream {
    Datastream {
        org_id: set.org_id.clone(),
        fpid_cookie: set.fpid_cookie.clone(),
        origins: set.origins.clone(),
        enabled: !set.disabled,
        key_required: set.key_required,
    }
}

fn read_alloy(path: &Path) -> Result<Bytes, Failure> {
    std::fs::read(path).map(Bytes::from).map_err(|error| {
        Failure::usage(format_args!("demo_alloy_file: cannot read {}: {error}", path.display()))
            .help("name the file alloy.min.js of the package @adobe/alloy, or leave the setting out")
    })
}

fn count<N: TryFrom<u64>>(name: &str, value: u64) -> Result<N, Failure> {
    N::try_from(value).map_err(|_| {
        Failure::usage(format_args!("{name} is {value}, more than can be counted")).help("set a smaller number")
    })
}

impl From<IntakeError> for Failure {
    fn from(error: IntakeError) -> Failure {
        let exit = match &error {
            IntakeError::InUse(_) | IntakeError::Io { .. } | IntakeError::Failing(_) | IntakeError::Closed => {
                Exit::Unavailable
            }
            IntakeError::Submit(_) => Exit::Unavailable,
            IntakeError::LinkRule(_) => Exit::Usage,
            _ => Exit::Damaged,
        };
        Failure::new(exit, error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Failure {
        let exit = match &error {
            OpenError::Io { .. } | OpenError::State { .. } => Exit::Unavailable,
            _ => Exit::Damaged,
        };
        Failure::new(exit, error)
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Failure {
        let exit = match error.fault() {
            Fault::Query | Fault::Limit => Exit::Usage,
            Fault::Transient => Exit::Unavailable,
            Fault::Server => Exit::Damaged,
        };
        Failure::new(exit, error)
    }
}

/// True if the path is the default data directory, which commands need not name.
pub(crate) fn is_default(data: &Path) -> bool {
    data == Settings::default().data
}
