//! The one place where a handler's outcome becomes an answer.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use futures::FutureExt;

use super::access::scope::Access;
use super::backend::Backend;
use super::call::Outcome;
use super::route::{Content, Failure, Route, RouteSpec};
use super::state::AppState;
use crate::http::problem::{Code, Problem};

/// What a sender is asked to wait after a failure of the server.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// For every answer that is no page of its own: what is in it doesn't run or load.
const NOTHING_RUNS: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

/// What search engines are asked.
static ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// In every answer that reads the tables while some of their rows can't be read.
static INCOMPLETE: HeaderName = HeaderName::from_static("frontdesk-incomplete");

/// Waits for a handler and turns whatever comes of it into an answer: problems are
/// logged and written here and nowhere else, a panic becomes a 500, and the route's
/// count goes up. `write` gives a problem its form.
pub(crate) async fn respond<B: Backend>(
    state: &AppState<B>,
    route: Route,
    work: impl Future<Output = Outcome>,
    write: impl FnOnce(Problem) -> Response,
) -> Response {
    // A handler shares only atomics, semaphores and the backend with others; a backend
    // that panics half-way answers for its own state.
    let outcome =
        AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(Problem::internal("a handler panicked")));
    let mut response = outcome.unwrap_or_else(|problem| {
        problem.log(route.spec.path);
        let is_repeatable = route.spec.failure == Failure::Repeatable && problem.code() == Code::Internal;
        let problem = if is_repeatable { Problem::of(Code::Unavailable).retry_after(RETRY_AFTER) } else { problem };
        write(problem)
    });
    state.meters.count(route, response.status());
    protect(route.spec, response.headers_mut());
    if route.spec.content == Content::Rows && response.status().is_success() {
        tell_of_damage(state.backend.damaged_files(), &mut response);
    }
    response
}

/// A number that lacks rows must not look like one that doesn't.
fn tell_of_damage(files: usize, response: &mut Response) {
    if files > 0 {
        let text = format!("{files} data files can't be read and their rows are missing; /readyz names them");
        let text = HeaderValue::try_from(text).expect("plain text");
        response.headers_mut().insert(&INCOMPLETE, text);
    }
}

/// What keeps a browser from taking an answer for more than it is.
fn protect(route: &RouteSpec, headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Answers to events are for scripts and servers, and the most by far.
    if route.access == Access::Collect {
        return;
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NOTHING_RUNS);
    // The path is a secret: no other server is told of it, and no search engine or cache keeps what it shows.
    if route.access == Access::Link {
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        headers.insert(&ROBOTS, HeaderValue::from_static("noindex, nofollow"));
        return;
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if !route.content.is_fixed() && route.access != Access::Public {
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_keeps_what_is_the_servers_own() {
        let check = |spec: &RouteSpec, expect: [bool; 3]| {
            let mut headers = HeaderMap::new();
            protect(spec, &mut headers);
            assert_eq!(headers["x-content-type-options"], "nosniff");
            let names = ["content-security-policy", "cross-origin-resource-policy", "cache-control"];
            assert_eq!(names.map(|name| headers.contains_key(name)), expect, "{spec:?}");
        };
        check(&RouteSpec::post("/a", Access::Collect), [false; 3]);
        check(&RouteSpec::get("/a", Access::Public), [true, false, false]);
        check(&RouteSpec::get("/a", Access::Read), [true; 3]);
        check(&RouteSpec::get("/a", Access::Key), [true; 3]);
        check(&RouteSpec { content: Content::Fixed, ..RouteSpec::get("/a", Access::Key) }, [true, false, false]);
    }
}
