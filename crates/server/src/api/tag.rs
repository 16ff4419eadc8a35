//! `GET /tag.js`: our own tag, for sites without the Web SDK. Any site may run it.

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

const TAG: &str = include_str!("../../web/tag.min.js");
/// Pages keep the tag for an hour, so that a new version reaches them the same day.
const TAG_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

pub(super) enum GetTag {}

impl Endpoint for GetTag {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Our own tag for sites without the Web SDK",
        content: Content::Fixed,
        openapi: || Operation {
            id: "getTag",
            success: parts::success("The script.", json!({ "text/javascript": {} })),
            ..Operation::default()
        },
        ..RouteSpec::get("/tag.js", Access::Public)
    };

    async fn handle<B: Backend>(_state: Arc<AppState<B>>, _call: Call) -> Outcome {
        let media_type = HeaderValue::from_static("text/javascript; charset=utf-8");
        let mut response = response::content(StatusCode::OK, media_type, TAG);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, TAG_CACHE);
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
        Ok(response)
    }
}
