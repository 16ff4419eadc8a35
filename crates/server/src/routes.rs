//! The table of routes: every path, its methods, and the handler behind each.
//!
//! The router, the OpenAPI document, the index page and the metrics' labels are made from
//! this table, so that none of them can know a route that the others don't.

use std::pin::{Pin, pin};
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodRouter, get, options, post};
use tower::Service;

use crate::access::Access;
use crate::edge::{Call, Edge, Outcome, allow_pages};
use crate::front::{Front, Held};
use crate::held::Refusable;
use crate::host::Via;
use crate::problem::{Code, Problem};
use crate::{collection, events, health, key, meters, network, pages, receipt, recorder, rejects, reports, sql, web};

/// A method that a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET, and HEAD with it.
    Get,
    /// POST.
    Post,
}

/// One path of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Route {
    /// Takes events.
    Events,
    /// The receipt of one event.
    Receipt,
    /// One message of the streaming-ingestion API.
    Collection,
    /// A batch of them.
    CollectionBatch,
    /// Runs a query.
    Sql,
    /// Counts of what was rejected.
    Rejects,
    /// The report of contact requests.
    ReportContacts,
    /// Whether the process lives.
    Health,
    /// Whether events can be taken in.
    Ready,
    /// Prometheus numbers.
    Metrics,
    /// This table as a document.
    OpenApi,
    /// What a problem's code means.
    ProblemPage,
    /// The index page.
    Index,
    /// The Web SDK's events.
    Interact,
    /// The Web SDK's events, also as a beacon.
    Collect,
    /// The visitor's id.
    Acquire,
    /// The visitor's choice.
    SetConsent,
    /// One event of a server.
    InteractV2,
    /// Events of a server.
    CollectV2,
    /// The events of a test run.
    TestRun,
    /// What arrives, live.
    Tail,
    /// What a key may do.
    Key,
    /// Our own tag.
    Tag,
    /// The demo shop.
    Demo,
    /// Everything else.
    Elsewhere,
}

/// All routes that are served, in the order in which they are documented.
pub const ROUTES: &[Route] = &[
    Route::Events,
    Route::Receipt,
    Route::Collection,
    Route::CollectionBatch,
    Route::Interact,
    Route::Collect,
    Route::Acquire,
    Route::SetConsent,
    Route::InteractV2,
    Route::CollectV2,
    Route::Sql,
    Route::Rejects,
    Route::ReportContacts,
    Route::TestRun,
    Route::Tail,
    Route::Key,
    Route::Tag,
    Route::Demo,
    Route::Health,
    Route::Ready,
    Route::Metrics,
    Route::OpenApi,
    Route::ProblemPage,
    Route::Index,
];

impl Route {
    /// How many there are, with [`Route::Elsewhere`].
    pub(crate) const COUNT: usize = ROUTES.len() + 1;

    /// The path as OpenAPI writes it; a label in logs and metrics.
    pub const fn path(self) -> &'static str {
        match self {
            Route::Events => "/v1/events",
            Route::Receipt => "/v1/events/{id}",
            Route::Collection => "/collection/{inletId}",
            Route::CollectionBatch => "/collection/batch/{inletId}",
            Route::Sql => "/v1/sql",
            Route::Rejects => "/v1/rejects",
            Route::ReportContacts => "/v1/reports/contacts",
            Route::Health => "/healthz",
            Route::Ready => "/readyz",
            Route::Metrics => "/metrics",
            Route::OpenApi => "/openapi.json",
            Route::ProblemPage => "/problems/{code}",
            Route::Index => "/",
            Route::Interact => "/{base}/v1/interact",
            Route::Collect => "/{base}/v1/collect",
            Route::Acquire => "/{base}/v1/identity/acquire",
            Route::SetConsent => "/{base}/v1/privacy/set-consent",
            Route::InteractV2 => "/{base}/v2/interact",
            Route::CollectV2 => "/{base}/v2/collect",
            Route::TestRun => "/v1/test/{testId}/events",
            Route::Tail => "/v1/tail",
            Route::Key => "/v1/key",
            Route::Tag => "/tag.js",
            Route::Demo => "/demo/{page}",
            Route::Elsewhere => "(elsewhere)",
        }
    }

    /// The path as the router matches it: an event's id may hold slashes.
    const fn pattern(self) -> &'static str {
        match self {
            Route::Receipt => "/v1/events/{*id}",
            Route::Demo => "/demo/{*page}",
            other => other.path(),
        }
    }

    /// The one method it takes, beside HEAD for GET and OPTIONS for pages.
    pub const fn method(self) -> Method {
        match self {
            Route::Events | Route::Collection | Route::CollectionBatch | Route::Sql => Method::Post,
            route if route.is_network() => Method::Post,
            _ => Method::Get,
        }
    }

    /// One line on what it does.
    pub const fn summary(self) -> &'static str {
        match self {
            Route::Events => "Take in events: one object, an array, or one event a line",
            Route::Receipt => "What became of an event: stored, rejected and why, or unknown",
            Route::Collection => "Take in one message of the streaming-ingestion API",
            Route::CollectionBatch => "Take in a batch of messages of the streaming-ingestion API",
            Route::Sql => "Run a read-only query over events, contacts and rejects",
            Route::Rejects => "Rejected events, counted by kind and keyword",
            Route::ReportContacts => "Contact requests by day and channel, totals, and what became of the events",
            Route::Health => "Whether the process lives",
            Route::Ready => "Whether events can be taken in now",
            Route::Metrics => "Numbers for Prometheus",
            Route::OpenApi => "This interface as an OpenAPI document",
            Route::ProblemPage => "What an error's code means and what to do",
            Route::Index => "A page that says what this is",
            Route::Interact => "Take in events of the Web SDK and answer with handles; any base path",
            Route::Collect => "Take in events of the Web SDK or of tag.js, also as a beacon",
            Route::Acquire => "Tell the visitor's id to the Web SDK",
            Route::SetConsent => "Keep the visitor's choice",
            Route::InteractV2 => "Take in one event of a server and answer with handles",
            Route::CollectV2 => "Take in events of a server",
            Route::TestRun => "The events of one test run with their verdicts",
            Route::Tail => "What arrives, live, one event a line",
            Route::Key => "What the key that is sent may do",
            Route::Tag => "Our own tag for sites without the Web SDK",
            Route::Demo => "A demo shop whose clicks arrive here",
            Route::Elsewhere => "",
        }
    }

    /// Whether nothing is done at this route but to tell what is there, so that its answer
    /// can be refused.
    pub(crate) fn only_reads(self) -> bool {
        // Whoever watches over the server must see it in trouble, too.
        matches!(self.access(), Access::Read | Access::Desk | Access::Admin) && self != Route::Metrics
    }

    /// What it takes to be answered. A route that isn't named here doesn't compile, and a
    /// path that no route has takes a key.
    pub const fn access(self) -> Access {
        match self {
            Route::Health | Route::Ready | Route::Tag => Access::Public,
            Route::Events | Route::Collection | Route::CollectionBatch => Access::Collect,
            Route::Interact | Route::Collect | Route::Acquire | Route::SetConsent => Access::Collect,
            Route::InteractV2 | Route::CollectV2 => Access::Collect,
            Route::Receipt | Route::Sql | Route::Rejects | Route::TestRun | Route::Tail => Access::Read,
            Route::ReportContacts | Route::Metrics => Access::Read,
            Route::Key | Route::OpenApi | Route::ProblemPage | Route::Index | Route::Demo => Access::Key,
            Route::Elsewhere => Access::Key,
        }
    }

    /// Whether its answers are the same on every server: nothing in them is worth stealing,
    /// so any page may lead there.
    pub(crate) const fn is_static(self) -> bool {
        matches!(self, Route::OpenApi | Route::ProblemPage | Route::Index | Route::Demo | Route::Elsewhere)
    }

    /// Answers made from the rows of the tables.
    pub(crate) const fn reads_tables(self) -> bool {
        matches!(self, Route::Sql | Route::Receipt | Route::Rejects | Route::ReportContacts)
    }

    /// Whether it belongs to the Edge Network API, whose base path a site chooses: told by
    /// how a path ends, not by the router.
    pub(crate) const fn is_network(self) -> bool {
        matches!(
            self,
            Route::Interact
                | Route::Collect
                | Route::Acquire
                | Route::SetConsent
                | Route::InteractV2
                | Route::CollectV2
        )
    }

    /// Whether pages of any origin may call it.
    pub(crate) const fn is_for_pages(self) -> bool {
        matches!(self, Route::Events)
    }
}

/// All routes over one server's state. Posted events, which nearly every request is about,
/// pass the router by: finding their way, and the layers around a handler, would cost as
/// much as checking an event.
pub(crate) struct Routes<F> {
    edge: Arc<Edge<F>>,
    router: Router,
}

impl<F: Front> Routes<F> {
    pub(crate) fn new(edge: &Arc<Edge<F>>) -> Routes<F> {
        Routes { edge: Arc::clone(edge), router: router(edge) }
    }
}

impl<F> Clone for Routes<F> {
    fn clone(&self) -> Self {
        Routes { edge: Arc::clone(&self.edge), router: self.router.clone() }
    }
}

impl<F: Front> Routes<F> {
    /// Answers one request that came from so far. Not tower's `Service`: that names its
    /// future's type, which would have to be a box, and the future of a posted event is
    /// some kilobytes. Unnamed, it lies in the connection's memory.
    pub(crate) async fn answer(self, request: Request, via: Via) -> Response {
        if is_posted_event(&request) {
            return to(&self.edge, Route::Events, events::post).answer(request).await;
        }
        let Routes { mut router, .. } = self;
        let mut request = request;
        request.extensions_mut().insert(via);
        match router.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// The requests that nearly all are.
pub(crate) fn is_posted_event<B>(request: &axum::http::Request<B>) -> bool {
    request.method() == axum::http::Method::POST && request.uri().path() == Route::Events.path()
}

fn router<F: Front>(edge: &Arc<Edge<F>>) -> Router {
    let mut router = Router::new();
    for route in ROUTES.iter().filter(|route| !route.is_network()) {
        router = router.route(route.pattern(), handler(edge, *route));
    }
    // A wildcard doesn't match nothing.
    for path in ["/demo", "/demo/"] {
        router = router.route(path, handler(edge, Route::Demo));
    }
    router.fallback(Fallback { edge: Arc::clone(edge) }).method_not_allowed_fallback(to(
        edge,
        Route::Elsewhere,
        async |_, _| Err(Problem::of(Code::MethodNotAllowed)),
    ))
}

fn handler<F: Front>(edge: &Arc<Edge<F>>, route: Route) -> MethodRouter {
    match route {
        Route::Events => post(to(edge, route, events::post)).merge(options(to(edge, route, preflight))),
        Route::Receipt => get(to(edge, route, receipt::get)),
        Route::Collection => post(to(edge, route, collection::post_one)),
        Route::CollectionBatch => post(to(edge, route, collection::post_batch)),
        Route::Sql => post(to(edge, route, sql::post)),
        Route::Rejects => get(to(edge, route, rejects::get)),
        Route::ReportContacts => get(to(edge, route, reports::contacts)),
        Route::Health => get(to(edge, route, health::live)),
        Route::Ready => get(to(edge, route, health::ready)),
        Route::Metrics => get(to(edge, route, meters::get)),
        Route::OpenApi => get(to(edge, route, pages::openapi)),
        Route::ProblemPage => get(to(edge, route, pages::problem)),
        Route::Index => get(to(edge, route, pages::index)),
        Route::TestRun => get(to(edge, route, recorder::get_run)),
        Route::Tail => get(to(edge, route, recorder::get_tail)),
        Route::Key => get(to(edge, route, key::get)),
        Route::Tag => get(to(edge, route, web::tag)),
        Route::Demo => get(to(edge, route, web::demo)),
        // Network calls and what is elsewhere have no path of their own.
        _ => MethodRouter::new(),
    }
}

fn to<F, H>(edge: &Arc<Edge<F>>, route: Route, handler: H) -> Endpoint<F, H> {
    Endpoint { edge: Arc::clone(edge), route, handler }
}

/// A handler as axum takes it: the body stays unread, the outcome goes through
/// [`Edge::answer`]. A type rather than a closure, since axum would box a closure's
/// future a second time.
struct Endpoint<F, H> {
    edge: Arc<Edge<F>>,
    route: Route,
    handler: H,
}

impl<F, H: Clone> Clone for Endpoint<F, H> {
    fn clone(&self) -> Self {
        Endpoint { edge: Arc::clone(&self.edge), route: self.route, handler: self.handler.clone() }
    }
}

impl<F, H, W> Endpoint<F, H>
where
    F: Front,
    H: FnOnce(Arc<Edge<F>>, Call) -> W,
    W: Future<Output = Outcome>,
{
    async fn answer(self, request: Request) -> Response {
        let Endpoint { edge, route, handler } = self;
        // Servers, which name no origin, have no use for what is said to browsers.
        let is_page = route.is_for_pages() && request.headers().contains_key(header::ORIGIN);
        let mut call = edge.call(request);
        // Pinned here: as an argument it would be moved, and it is some kilobytes.
        let work = pin!(async {
            edge.admit(route, &mut call)?;
            // Before any work: answers that nobody takes must not keep growing.
            if route.only_reads() && edge.answers.is_full() {
                return Err(health::held(Held::Overloaded));
            }
            handler(Arc::clone(&edge), call).await
        });
        let mut response = edge.answer(route, work).await;
        if route.only_reads() {
            response.extensions_mut().insert(Refusable);
        }
        if is_page {
            allow_pages(&mut response);
        }
        response
    }
}

impl<F, H, W> Handler<fn() -> W, ()> for Endpoint<F, H>
where
    F: Front,
    H: FnOnce(Arc<Edge<F>>, Call) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Outcome> + Send + 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, (): ()) -> Self::Future {
        Box::pin(self.answer(request))
    }
}

/// Paths that the router doesn't know: calls of the Edge Network API and of the
/// streaming-ingestion API below any base path, and nothing.
struct Fallback<F> {
    edge: Arc<Edge<F>>,
}

impl<F> Clone for Fallback<F> {
    fn clone(&self) -> Self {
        Fallback { edge: Arc::clone(&self.edge) }
    }
}

impl<F: Front> Handler<fn() -> F, ()> for Fallback<F> {
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, (): ()) -> Self::Future {
        let Fallback { edge } = self;
        Box::pin(async move {
            let path = request.uri().path();
            match (network::call_of(path), collection::call_of(path)) {
                (Some((version, action, route)), _) => network::serve(edge, version, action, route, request).await,
                (None, Some(route)) => message(&edge, route, request).await,
                (None, None) => {
                    // A page that mistook the path is told so, too.
                    let origin = request.headers().get(header::ORIGIN).cloned();
                    let mut unread = edge.call(request);
                    let nothing = async {
                        edge.admit(Route::Elsewhere, &mut unread)?;
                        Err(Problem::of(Code::NotFound))
                    };
                    let mut response = edge.answer(Route::Elsewhere, nothing).await;
                    network::allow(&mut response, origin);
                    response
                }
            }
        })
    }
}

/// Answers a call of the streaming-ingestion API below another base path.
async fn message<F: Front>(edge: &Arc<Edge<F>>, route: Route, request: Request) -> Response {
    if request.method() != axum::http::Method::POST {
        let refused = async |_, _| {
            Err(Problem::of(Code::MethodNotAllowed).header(header::ALLOW, HeaderValue::from_static("POST")))
        };
        return to(edge, route, refused).answer(request).await;
    }
    match route {
        Route::CollectionBatch => to(edge, route, collection::post_batch).answer(request).await,
        _ => to(edge, route, collection::post_one).answer(request).await,
    }
}

/// What a browser asks before it posts with a media type or a request id of its own.
async fn preflight<F: Front>(_edge: Arc<Edge<F>>, _call: Call) -> Outcome {
    let mut response = Response::new(axum::body::Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, OPTIONS"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("content-type, content-encoding, x-request-id, x-frontdesk-test"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    Ok(response)
}
