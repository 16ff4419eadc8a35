//! `GET /`: a page that says what this is, with all routes.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::endpoint::Endpoint;
use super::openapi::parts;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::response;

const FRAME: &str = include_str!("index.html");
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(super) enum GetIndex {}

impl Endpoint for GetIndex {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "A page that says what this is",
        content: Content::Fixed,
        openapi: || Operation {
            id: "getIndex",
            success: parts::success("The page.", json!({ "text/html": {} })),
            ..Operation::default()
        },
        ..RouteSpec::get("/", Access::Key)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let host = call.head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let page = page(state.interface.routes, host);
        let mut response =
            response::content(StatusCode::OK, HeaderValue::from_static("text/html; charset=utf-8"), page);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
        Ok(response)
    }
}

fn page(routes: &[&RouteSpec], host: Option<&str>) -> String {
    // Only a plain name of host and port goes into the page; the rest of what can stand
    // in the header would be a way to write into it.
    let host = host.filter(|host| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b)));
    let row = |route: &&RouteSpec| {
        let RouteSpec { method, path, summary, .. } = route;
        format!("<tr><td>{}</td><td><code>{path}</code></td><td>{summary}</td></tr>\n", method.name())
    };
    let rows: String = routes.iter().map(row).collect();
    FRAME.replace("{{host}}", host.unwrap_or("127.0.0.1:8080")).replace("{{routes}}", &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_lists_routes_and_writes_nothing_odd_into_itself() {
        let check = |host: Option<&str>, expect: &str| {
            let page = page(&[GetIndex::SPEC], host);
            assert!(page.contains("<tr><td>GET</td><td><code>/</code></td>") && !page.contains("{{"), "{page}");
            assert!(page.contains(&format!("curl http://{expect}/v1/events")), "{page}");
        };
        check(None, "127.0.0.1:8080");
        check(Some("[::1]:81"), "[::1]:81");
        check(Some("<script>"), "127.0.0.1:8080");
    }
}
