//! What every handler shares, and the one place where an outcome becomes an answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures::FutureExt;
use intake::Room;
use tokio::sync::Semaphore;

use crate::access::{Access, Guard, Principal};
use crate::body::Arrival;
use crate::budget::{ANSWERS_PART, Budget, RECORDED_PART};
use crate::front::Front;
use crate::meters::Meters;
use crate::network;
use crate::openapi;
use crate::options::ServerOptions;
use crate::pace::Streams;
use crate::problem::{Code, Problem};
use crate::recorder::Recorder;
use crate::routes::Route;

/// What a sender is asked to wait after a failure of ours.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// For every answer that is no page of its own: what is in it doesn't run or load.
const NOTHING_RUNS: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

/// One server's shared state.
pub(crate) struct Edge<F> {
    pub(crate) front: F,
    pub(crate) options: ServerOptions,
    /// Who may do what.
    pub(crate) guard: Guard,
    /// Bytes that are held now for senders and readers.
    pub(crate) budget: Budget,
    /// The part of them that are answers.
    pub(crate) answers: Budget,
    /// HTTP/2 streams that are open now.
    pub(crate) streams: Arc<Streams>,
    pub(crate) meters: Meters,
    /// When requests were first received of which an event had no time.
    pub(crate) receipts: network::Receipts,
    /// Datastreams whose pages' organisation the log was told of.
    pub(crate) orgs_told: network::Told,
    /// For those who watch events arrive.
    pub(crate) recorder: Recorder,
    /// Queries that may start.
    pub(crate) sql_slots: Semaphore,
    /// The OpenAPI document, as it is sent.
    pub(crate) openapi: Bytes,
    /// Tells this process's transaction ids from those of the one before.
    instance: u16,
    transactions: AtomicU64,
}

/// A request whose body is still on its way.
pub(crate) struct Call {
    pub(crate) head: Parts,
    pub(crate) body: Arrival,
    /// Who sent it, once that was looked at.
    pub(crate) principal: Principal,
}

/// What a handler gives back.
pub(crate) type Outcome = Result<Response, Problem>;

impl<F: Front> Edge<F> {
    pub(crate) fn new(front: F, guard: Guard, options: ServerOptions) -> Edge<F> {
        let bytes_max = options.requests_in_flight_bytes_max;
        let budget = Budget::new(bytes_max);
        Edge {
            front,
            guard,
            answers: budget.share(bytes_max / ANSWERS_PART),
            streams: Arc::default(),
            recorder: Recorder::new(budget.share(bytes_max / RECORDED_PART)),
            budget,
            meters: Meters::default(),
            receipts: network::Receipts::default(),
            orgs_told: network::Told::default(),
            sql_slots: Semaphore::new(options.sql_queries_max),
            openapi: openapi::document().into(),
            instance: uuid::Uuid::new_v4().as_fields().1,
            transactions: AtomicU64::new(0),
            options,
        }
    }

    /// The room for the answer to one request's events.
    pub(crate) fn room(&self) -> Room {
        Room::new(self.budget.empty(), self.answers.empty())
    }

    /// Splits a request so that a body nobody reads is thrown away in order.
    pub(crate) fn call(&self, request: Request) -> Call {
        let (head, body) = request.into_parts();
        let body = Arrival::new(body, &head.headers, &self.options);
        Call { head, body, principal: Principal::Nobody }
    }

    /// A transaction id as the streaming-ingestion API writes them: milliseconds since
    /// 1970, the instance, a number.
    pub(crate) fn transaction(&self, received_ms: i64) -> String {
        let number = self.transactions.fetch_add(1, Ordering::Relaxed);
        format!("{received_ms}:{}:{number}", self.instance)
    }

    /// Looks at who sent a call, and whether they may.
    pub(crate) fn admit(&self, route: Route, call: &mut Call) -> Result<(), Problem> {
        call.principal = self.guard.admit(route, &call.head, || self.now_s())?;
        Ok(())
    }

    /// Seconds since 1970.
    pub(crate) fn now_s(&self) -> i64 {
        self.front.now_micros() / 1_000_000
    }

    /// Waits for a handler and turns whatever comes of it into an answer: problems are
    /// logged and written here and nowhere else, a panic becomes a 500, and the route's
    /// count goes up.
    pub(crate) async fn answer(&self, route: Route, work: impl Future<Output = Outcome>) -> Response {
        // A handler shares only atomics, semaphores and the front with others; a front
        // that panics half-way answers for its own state.
        let outcome = AssertUnwindSafe(work)
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(Problem::internal("a handler panicked")));
        let mut response = outcome.unwrap_or_else(|problem| {
            problem.log(route.path());
            // The Web SDK takes a 500 as final and repeats a 503.
            let is_final = route.is_network() && problem.code() == Code::Internal;
            let problem = if is_final { Problem::of(Code::Unavailable).retry_after(RETRY_AFTER) } else { problem };
            problem.into_response()
        });
        self.meters.count(route, response.status());
        protect(route, response.headers_mut());
        if route.reads_tables() && response.status().is_success() {
            self.tell_of_damage(&mut response);
        }
        response
    }

    /// A number that lacks rows must not look like one that doesn't.
    fn tell_of_damage(&self, response: &mut Response) {
        let files = self.front.damaged_files();
        if files > 0 {
            let text = format!("{files} data files can't be read and their rows are missing; /readyz names them");
            let text = HeaderValue::try_from(text).expect("plain text");
            response.headers_mut().insert(&INCOMPLETE, text);
        }
    }
}

/// What keeps a browser from taking an answer for more than it is.
fn protect(route: Route, headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let access = route.access();
    // Answers to events are for scripts and servers, and the most by far.
    if access == Access::Collect {
        return;
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NOTHING_RUNS);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if !route.is_static() && access != Access::Public {
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}

/// In every answer that reads the tables while some of their rows can't be read.
static INCOMPLETE: HeaderName = HeaderName::from_static("frontdesk-incomplete");

/// Any page may post events and read the answer; cookies are never asked for.
pub(crate) fn allow_pages(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    content(status, HeaderValue::from_static("application/json"), body)
}

/// An answer with a body of some media type.
pub(crate) fn content(status: StatusCode, media_type: HeaderValue, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(axum::body::Body::from(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}
