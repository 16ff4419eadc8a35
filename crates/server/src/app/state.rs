//! What all handlers share: one server's state.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use bytes::Bytes;
use intake::{AnswerBudget, Budget};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::access::control::AccessControl;
use super::backend::Ingest;
use super::call::Call;
use super::demo_data::DemoLoad;
use super::first_receipt::FirstReceipts;
use super::meters::Meters;
use super::options::ServerOptions;
use super::org_warnings::OrgWarnings;
use super::recorder::Recorder;
use super::route::{Route, RouteSpec};
use super::shared_streams::SharedStreams;
use crate::http::body::BodyLimits;
use crate::http::counters::ConnectionCounters;
use crate::http::problem::Problem;

/// Answers on their way may take half of the budget. Bodies may take all of it: whatever
/// readers do, there is room for events.
const ANSWERS_PART: usize = 2;
/// What is kept for those who watch may take an eighth of it.
const RECORDED_PART: usize = 8;

/// Reports that are made or wait for one another at once; the next one gets 429.
const REPORTS_AT_ONCE: usize = 32;
/// Streams for live pages at once, one a browser; the next one gets 503.
const LIVE_STREAMS_MAX: usize = 64;

/// One server's shared state.
pub(crate) struct AppState<B> {
    pub(crate) backend: B,
    pub(crate) options: ServerOptions,
    /// Who may do what.
    pub(crate) access: AccessControl,
    /// Bytes that are held now for senders and readers.
    pub(crate) budget: Budget,
    /// The part of them that are answers.
    pub(crate) answers: Budget,
    pub(crate) meters: Meters,
    /// Counts of the connections.
    pub(crate) connections: Arc<ConnectionCounters>,
    /// When requests were first received of which an event had no time.
    pub(crate) first_receipts: FirstReceipts,
    /// Datastreams whose pages' organisation the log was told of.
    pub(crate) org_warnings: OrgWarnings,
    /// For those who watch events arrive.
    pub(crate) recorder: Arc<Recorder>,
    /// Queries that may start.
    pub(crate) sql_slots: Semaphore,
    /// Reports that may start; most take milliseconds.
    pub(crate) report_slots: Semaphore,
    /// Streams that tell pages what arrives.
    pub(crate) live_places: Arc<Semaphore>,
    /// The same for pages that links show.
    pub(crate) shared_streams: SharedStreams,
    /// Made-up events that a button loads.
    pub(crate) demo_load: DemoLoad,
    /// Ends them when the server stops.
    pub(crate) stopping: CancellationToken,
    /// Held while the links are read anew, so that an older reading never comes last.
    pub(crate) mirroring: tokio::sync::Mutex<()>,
    /// The routes that are served, for pages about them.
    pub(crate) interface: Interface,
    /// What holds for each body.
    pub(crate) body_limits: BodyLimits,
    /// Tells this process's transaction ids from those of the one before.
    instance: u16,
    transactions: AtomicU64,
}

/// What a server answers to, as it says itself.
pub(crate) struct Interface {
    /// All routes, in the order in which they are documented.
    pub(crate) routes: &'static [&'static RouteSpec],
    /// The OpenAPI document, as it is sent.
    pub(crate) openapi: Bytes,
}

impl<B> AppState<B> {
    pub(crate) fn new(backend: B, access: AccessControl, options: ServerOptions, interface: Interface) -> AppState<B> {
        let bytes_max = options.requests_in_flight_bytes_max;
        let budget = Budget::new(bytes_max);
        AppState {
            backend,
            access,
            answers: budget.share(bytes_max / ANSWERS_PART),
            recorder: Arc::new(Recorder::new(budget.share(bytes_max / RECORDED_PART))),
            budget,
            meters: Meters::of(interface.routes),
            connections: Arc::default(),
            first_receipts: FirstReceipts::default(),
            org_warnings: OrgWarnings::default(),
            sql_slots: Semaphore::new(options.sql_queries_max),
            report_slots: Semaphore::new(REPORTS_AT_ONCE),
            live_places: Arc::new(Semaphore::new(LIVE_STREAMS_MAX)),
            shared_streams: SharedStreams::default(),
            demo_load: DemoLoad::default(),
            stopping: CancellationToken::new(),
            mirroring: tokio::sync::Mutex::default(),
            interface,
            body_limits: options.body_limits(),
            instance: uuid::Uuid::new_v4().as_fields().1,
            transactions: AtomicU64::new(0),
            options,
        }
    }

    /// A declared route with its place among this server's counts.
    pub(crate) fn route(&self, spec: &'static RouteSpec) -> Route {
        Route { spec, number: self.meters.number_of(spec) }
    }

    /// The room for the answer to one request's events.
    pub(crate) fn answer_budget(&self) -> AnswerBudget {
        AnswerBudget::new(self.budget.empty(), self.answers.empty())
    }

    /// A request whose body is still on its way.
    pub(crate) fn call(&self, request: Request) -> Call {
        Call::of(request, &self.body_limits)
    }

    /// A transaction id as the streaming-ingestion API writes them: milliseconds since
    /// 1970, the instance, a number.
    pub(crate) fn transaction(&self, received_ms: i64) -> String {
        let number = self.transactions.fetch_add(1, Ordering::Relaxed);
        format!("{received_ms}:{}:{number}", self.instance)
    }
}

impl<B: Ingest> AppState<B> {
    /// Finds out who sent a call, and whether they may.
    pub(crate) fn admit(&self, route: Route, call: &mut Call) -> Result<(), Problem> {
        call.principal = self.access.admit(route.spec, &call.head, || self.now_s())?;
        Ok(())
    }

    /// Seconds since 1970.
    pub(crate) fn now_s(&self) -> i64 {
        self.backend.now_micros() / 1_000_000
    }
}
