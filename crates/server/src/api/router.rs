//! The way from a path to its route.
//!
//! Posted events, which nearly every request is about, pass the router by: finding their
//! way, and the layers around a handler, would cost as much as checking an event.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, options, post};
use tower::Service;

use super::endpoint::Endpoint;
use super::events::PostEvents;
use super::routes::{Visitor, visit_all};
use super::run::{BoxedHandler, Mounted, run, run_without_cookies};
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::respond::respond;
use crate::app::route::{ELSEWHERE, FoundBy, Method, Pages, Route};
use crate::app::state::AppState;
use crate::http::application::Application;
use crate::http::cors;
use crate::http::host::Via;
use crate::http::problem::{Code, Problem};

type ResponseFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// All routes over one server's state.
pub(crate) struct Routes<B> {
    state: Arc<AppState<B>>,
    events: Route,
    router: Router,
}

impl<B: Backend> Routes<B> {
    pub(crate) fn new(state: &Arc<AppState<B>>) -> Routes<B> {
        let mut mounts =
            Mounts { state: Arc::clone(state), router: Router::new(), patterns: HashSet::new(), by_ending: Vec::new() };
        visit_all(&mut mounts);
        let Mounts { router, by_ending, .. } = mounts;
        let router = router.fallback(Fallback { state: Arc::clone(state), by_ending: by_ending.into() });
        Routes { state: Arc::clone(state), events: state.route(PostEvents::SPEC), router }
    }
}

impl<B> Clone for Routes<B> {
    fn clone(&self) -> Self {
        Routes { state: Arc::clone(&self.state), events: self.events, router: self.router.clone() }
    }
}

impl<B: Backend> Application for Routes<B> {
    /// Not tower's `Service`: that names its future's type, which would have to be a box,
    /// and the future of a posted event is some kilobytes.
    async fn answer(self, request: Request, via: Via) -> Response {
        if is_posted_event(&request) {
            return run_without_cookies(self.state, self.events, PostEvents::handle::<B>, request).await;
        }
        let Routes { mut router, .. } = self;
        let mut request = request;
        request.extensions_mut().insert(via);
        match router.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    fn is_brief<T>(request: &axum::http::Request<T>) -> bool {
        is_posted_event(request)
    }

    fn now_s(&self) -> i64 {
        self.state.now_s()
    }
}

/// The requests that nearly all are.
fn is_posted_event<T>(request: &axum::http::Request<T>) -> bool {
    request.method() == axum::http::Method::POST && request.uri().path() == PostEvents::SPEC.path
}

/// The router while routes are added to it.
struct Mounts<B> {
    state: Arc<AppState<B>>,
    router: Router,
    /// Those that are mounted.
    patterns: HashSet<&'static str>,
    by_ending: Vec<ByEnding<B>>,
}

/// A route that is told by how a path ends.
struct ByEnding<B> {
    route: Route,
    handler: BoxedHandler<B>,
}

impl<B: Backend> Visitor<B> for Mounts<B> {
    fn visit<E: Endpoint>(&mut self) {
        let route = self.state.route(E::SPEC);
        for pattern in E::SPEC.patterns() {
            let router = std::mem::take(&mut self.router);
            // The first route of a path answers other methods, too.
            let is_first = self.patterns.insert(pattern);
            self.router = router.route(pattern, methods::<B, E>(&self.state, route, is_first));
        }
        if matches!(E::SPEC.found_by, FoundBy::Ending(_) | FoundBy::PathOrEnding(_)) {
            self.by_ending.push(ByEnding { route, handler: boxed::<B, E> });
        }
    }
}

fn boxed<B: Backend, E: Endpoint>(
    state: Arc<AppState<B>>,
    call: Call,
) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
    Box::pin(E::handle(state, call))
}

fn methods<B: Backend, E: Endpoint>(state: &Arc<AppState<B>>, route: Route, is_first: bool) -> MethodRouter {
    let mounted = Mounted { state: Arc::clone(state), route, handler: boxed::<B, E> };
    // The router adds the methods that are allowed.
    let refusal = Mounted {
        state: Arc::clone(state),
        route: held_to(state, route),
        handler: |_, _| Box::pin(async { Err(Problem::of(Code::MethodNotAllowed)) }),
    };
    let methods = match E::SPEC.method {
        Method::Get => get(mounted),
        Method::Post => post(mounted),
        Method::Delete => delete(mounted),
    };
    let methods = if is_first { methods.fallback(refusal) } else { methods };
    match E::SPEC.pages {
        Pages::Anonymous => {
            let handler: BoxedHandler<B> = |_, _| Box::pin(async { Ok(cors::preflight()) });
            methods.merge(options(Mounted { state: Arc::clone(state), route, handler }))
        }
        Pages::Closed | Pages::WithCookies => methods,
    }
}

/// Whose access a request with another method must have: that of the path's route, so that the same is said
/// about a key whatever the method, here and where paths are told by their ending. Forms take no key: who
/// looks for a page there is told what is told elsewhere.
fn held_to<B: Backend>(state: &AppState<B>, route: Route) -> Route {
    match (route.spec.access, route.spec.method) {
        (Access::Public, Method::Post) => state.route(&ELSEWHERE),
        _ => route,
    }
}

fn answer_by_ending<B: Backend>(
    state: Arc<AppState<B>>,
    &ByEnding { route, handler }: &ByEnding<B>,
    request: Request,
) -> ResponseFuture {
    let is_preflight = route.spec.pages == Pages::WithCookies && request.method() == axum::http::Method::OPTIONS;
    let is_post = request.method() == axum::http::Method::POST;
    Box::pin(async move {
        match (is_post, is_preflight) {
            (true, _) => run(state, route, handler, request).await,
            (false, true) => {
                // As a call, so that a body on its way is read off before the connection closes.
                let call = state.call(request);
                preflight_with_cookies(&state, route, &call.head.headers).await
            }
            (false, false) => run(state, route, async move |_, _| refuse_method(route), request).await,
        }
    })
}

/// A browser asks before anything is known of who asks.
async fn preflight_with_cookies<B: Backend>(state: &AppState<B>, route: Route, asked: &HeaderMap) -> Response {
    let preflight = async { Ok(cors::preflight_with_cookies(asked)) };
    let mut response = respond(state, route, preflight, Problem::into_response).await;
    cors::allow_with_cookies(&mut response, asked.get(header::ORIGIN).cloned());
    response
}

fn refuse_method(route: Route) -> Outcome {
    let allowed = match route.spec.pages {
        Pages::WithCookies => "POST, OPTIONS",
        Pages::Closed | Pages::Anonymous => "POST",
    };
    Err(Problem::of(Code::MethodNotAllowed).header(header::ALLOW, HeaderValue::from_static(allowed)))
}

/// Paths that the router doesn't know: routes below any base path, and nothing.
struct Fallback<B> {
    state: Arc<AppState<B>>,
    by_ending: Arc<[ByEnding<B>]>,
}

impl<B> Clone for Fallback<B> {
    fn clone(&self) -> Self {
        Fallback { state: Arc::clone(&self.state), by_ending: Arc::clone(&self.by_ending) }
    }
}

impl<B: Backend> Handler<fn() -> B, ()> for Fallback<B> {
    type Future = ResponseFuture;

    fn call(self, request: Request, (): ()) -> Self::Future {
        let Fallback { state, by_ending } = self;
        let path = request.uri().path();
        match by_ending.iter().find(|known| known.route.spec.is_ending_of(path)) {
            Some(known) => answer_by_ending(state, known, request),
            None => Box::pin(elsewhere(state, request)),
        }
    }
}

async fn elsewhere<B: Backend>(state: Arc<AppState<B>>, request: Request) -> Response {
    // A page that mistook the path is told so, too.
    let origin = request.headers().get(header::ORIGIN).cloned();
    let route = state.route(&ELSEWHERE);
    let mut response = run(state, route, async |_, _| Err(Problem::of(Code::NotFound)), request).await;
    cors::allow_with_cookies(&mut response, origin);
    response
}
