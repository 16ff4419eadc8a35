//! `GET /api`: a page that says what this answers to, with all routes.

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use super::endpoint::Endpoint;
use super::openapi::parts;
use crate::app::access::cookie::Transport;
use crate::app::access::page;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::host::Via;
use crate::http::response;

const FRAME: &str = include_str!("index.html");
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(super) enum GetIndex {}

impl Endpoint for GetIndex {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "A page that lists every endpoint",
        content: Content::Fixed,
        openapi: || Operation {
            id: "getIndex",
            success: parts::success("The page.", json!({ "text/html": {} })),
            ..Operation::default()
        },
        ..RouteSpec::get("/api", Access::Key)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let page = page(state.interface.routes, host(&call.head.headers));
        let mut response =
            response::content(StatusCode::OK, HeaderValue::from_static("text/html; charset=utf-8"), page);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
        Ok(response)
    }
}

/// The name by which this server was asked, for lines to copy. Only a plain name of host and port goes into a
/// page; the rest of what can stand in the header would be a way to write into it.
pub(super) fn host(headers: &HeaderMap) -> &str {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.filter(|host| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b)));
    host.unwrap_or("127.0.0.1:8080")
}

/// Where this server was asked, for links and lines to copy.
pub(super) fn origin(head: &Parts) -> String {
    let via = head.extensions.get::<Via>().copied().unwrap_or_default();
    let scheme = match page::transport(head, via) {
        Transport::Tls => "https",
        Transport::Clear => "http",
    };
    format!("{scheme}://{}", host(&head.headers))
}

fn page(routes: &[&RouteSpec], host: &str) -> String {
    let row = |route: &&RouteSpec| {
        let RouteSpec { method, path, summary, .. } = route;
        format!("<tr><td>{}</td><td><code>{path}</code></td><td>{summary}</td></tr>\n", method.name())
    };
    let rows: String = routes.iter().map(row).collect();
    FRAME.replace("{{host}}", host).replace("{{routes}}", &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_lists_routes_and_writes_nothing_odd_into_itself() {
        let check = |host: Option<&str>, expect: &str| {
            let host = host.map(|host| (header::HOST, HeaderValue::try_from(host).expect("a value")));
            let page = page(&[GetIndex::SPEC], super::host(&host.into_iter().collect()));
            assert!(page.contains("<tr><td>GET</td><td><code>/api</code></td>") && !page.contains("{{"), "{page}");
            assert!(page.contains(&format!("curl http://{expect}/v1/events")), "{page}");
        };
        check(None, "127.0.0.1:8080");
        check(Some("[::1]:81"), "[::1]:81");
        check(Some("<script>"), "127.0.0.1:8080");
    }
}
