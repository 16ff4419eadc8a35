//! `GET /assets/{name}`: the pages' style sheet and script, under names that change with them.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use dashboard::{Asset, QUERIES_SCRIPT, SCRIPT, STYLE};
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
const JAVASCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
/// A year: another file has another name.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

pub(in crate::api) enum GetAsset {}

impl Endpoint for GetAsset {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "The style sheet and the scripts of the pages",
        content: Content::Fixed,
        openapi: || Operation {
            id: "getAsset",
            parameters: vec![parts::in_path("name", "The name that pages give it.")],
            success: parts::success("The file.", json!({ "text/css": {}, "text/javascript": {} })),
            problems: vec![Code::NotFound],
            ..Operation::default()
        },
        ..RouteSpec::get("/assets/{name}", Access::Public)
    };

    async fn handle<B: Backend>(_state: Arc<AppState<B>>, call: Call) -> Outcome {
        let path = call.head.uri.path();
        let files: [(&Asset, HeaderValue); 3] = [(&STYLE, CSS), (&SCRIPT, JAVASCRIPT), (&QUERIES_SCRIPT, JAVASCRIPT)];
        let found = files.into_iter().find(|(asset, _)| asset.path() == path);
        let (asset, media_type) = found.ok_or_else(|| Problem::of(Code::NotFound))?;
        let mut response = response::content(StatusCode::OK, media_type, asset.text());
        response.headers_mut().insert(header::CACHE_CONTROL, KEPT);
        Ok(response)
    }
}
