//! `GET /style/{name}`: the pages' style sheet, under a name that changes with it.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use dashboard::STYLE;
use serde_json::json;

use crate::api::endpoint::Endpoint;
use crate::api::openapi::parts;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};
use crate::http::response;

const CSS: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
/// A year: another sheet has another name.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

pub(in crate::api) enum GetStyle {}

impl Endpoint for GetStyle {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "The style sheet of the pages",
        content: Content::Fixed,
        openapi: || Operation {
            id: "getStyle",
            parameters: vec![parts::in_path("name", "The name that pages give it.")],
            success: parts::success("The style sheet.", json!({ "text/css": {} })),
            problems: vec![Code::NotFound],
            ..Operation::default()
        },
        ..RouteSpec::get("/style/{name}", Access::Public)
    };

    async fn handle<B: Backend>(_state: Arc<AppState<B>>, call: Call) -> Outcome {
        if call.head.uri.path() != STYLE.path() {
            return Err(Problem::of(Code::NotFound));
        }
        let mut response = response::content(StatusCode::OK, CSS, STYLE.text());
        response.headers_mut().insert(header::CACHE_CONTROL, KEPT);
        Ok(response)
    }
}
