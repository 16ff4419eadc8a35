//! `GET /openapi.json`: this interface as a document.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode};
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

pub(super) enum GetOpenApi {}

impl Endpoint for GetOpenApi {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "This interface as an OpenAPI document",
        content: Content::Fixed,
        openapi: || Operation {
            id: "getInterface",
            success: parts::success_json("This document.", json!({ "type": "object" })),
            ..Operation::default()
        },
        ..RouteSpec::get("/openapi.json", Access::Key)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, _call: Call) -> Outcome {
        let document = state.interface.openapi.clone();
        Ok(response::content(StatusCode::OK, HeaderValue::from_static("application/json"), document))
    }
}
