//! From a request to its handler, and from what comes of it to the answer.

use std::pin::{Pin, pin};
use std::sync::Arc;

use axum::extract::Request;
use axum::handler::Handler;
use axum::http::header;
use axum::response::Response;

use super::pages::told::Reader;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::respond::respond;
use crate::app::route::{Pages, Route};
use crate::app::state::AppState;
use crate::http::cors;
use crate::http::counted_answer::Refusable;
use crate::http::problem::Problem;

/// Admits a request, has it handled, and answers it.
pub(super) async fn run<B, H, W>(state: Arc<AppState<B>>, route: Route, handler: H, request: Request) -> Response
where
    B: Backend,
    H: FnOnce(Arc<AppState<B>>, Call) -> W,
    W: Future<Output = Outcome>,
{
    // Most routes keep no origin: what is kept makes the future of a posted event larger.
    if route.spec.pages != Pages::WithCookies {
        return run_without_cookies(state, route, handler, request).await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = run_without_cookies(state, route, handler, request).await;
    cors::allow_with_cookies(&mut response, origin);
    response
}

/// The same for a route that pages don't call with cookies.
pub(super) async fn run_without_cookies<B, H, W>(
    state: Arc<AppState<B>>,
    route: Route,
    handler: H,
    request: Request,
) -> Response
where
    B: Backend,
    H: FnOnce(Arc<AppState<B>>, Call) -> W,
    W: Future<Output = Outcome>,
{
    // Servers, which name no origin, have no use for what is said to browsers.
    let is_page = route.spec.pages == Pages::Anonymous && request.headers().contains_key(header::ORIGIN);
    let is_refusable = route.spec.content.is_refusable();
    let reader = Reader::of(route.spec, &request);
    let mut call = state.call(request);
    // Pinned here: as an argument it would be moved, and it is some kilobytes.
    let work = pin!(async {
        state.admit(route, &mut call)?;
        // Before any work: answers that nobody takes must not keep growing.
        if is_refusable && state.answers.is_full() {
            return Err(Problem::overloaded());
        }
        handler(Arc::clone(&state), call).await
    });
    let write = |problem: Problem| match &reader {
        Some(reader) => reader.tell(problem),
        None => problem.into_response(),
    };
    let mut response = respond(&state, route, work, write).await;
    if is_refusable {
        response.extensions_mut().insert(Refusable);
    }
    if is_page {
        cors::allow_any(&mut response);
    }
    response
}

/// A route's handler without its type, so that all that lies around a handler is compiled once for all routes.
pub(super) type BoxedHandler<B> = fn(Arc<AppState<B>>, Call) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A handler as axum takes it: the body stays unread. A type rather than a closure, since
/// axum would box a closure's future a second time.
pub(super) struct Mounted<B> {
    pub(super) state: Arc<AppState<B>>,
    pub(super) route: Route,
    pub(super) handler: BoxedHandler<B>,
}

impl<B> Clone for Mounted<B> {
    fn clone(&self) -> Self {
        Mounted { state: Arc::clone(&self.state), route: self.route, handler: self.handler }
    }
}

impl<B: Backend> Handler<fn() -> B, ()> for Mounted<B> {
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, (): ()) -> Self::Future {
        Box::pin(run(self.state, self.route, self.handler, request))
    }
}
