//! `GET /v1/alerts`: each alert of the settings, and the numbers behind it, as they were read last.

use std::sync::Arc;

use axum::http::StatusCode;
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

pub(super) enum GetAlerts {}

impl Endpoint for GetAlerts {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Alerts and the numbers behind them",
        content: Content::Rows,
        openapi: || {
            let text = json!({ "type": "string" });
            let week = json!({ "type": "object", "properties": { "since": text, "value": { "type": "integer" } } });
            let alert = json!({
                "type": "object",
                "required": ["name", "read_at", "raised_since"],
                "properties": {
                    "name": text,
                    "read_at": text,
                    "raised_since": { "type": ["string", "null"], "description": "Since when it is raised; null while it isn't" },
                    "error": { "type": "string", "description": "Why it couldn't be read; then the rest is missing" },
                    "metric": text,
                    "kind": { "enum": ["spike", "drop", "silence"] },
                    "since": { "type": "string", "description": "The first instant of what was looked at" },
                    "until": { "type": "string", "description": "The first instant after it" },
                    "tz": text,
                    "value": { "type": "integer" },
                    "weeks": { "type": "array", "items": week, "description": "The same hours of the weeks before that are known" },
                    "usual": { "type": ["number", "null"], "description": "Their mean" },
                    "standing": { "enum": ["quiet", "raised", "unknown"] },
                    "is_over": { "type": "boolean" },
                    "reason": text,
                },
            });
            Operation {
                id: "listAlerts",
                success: parts::success_json(
                    "The alerts, by name; read every few minutes.",
                    json!({ "type": "object", "properties": { "alerts": { "type": "array", "items": alert } } }),
                ),
                ..Operation::default()
            }
        },
        ..RouteSpec::get("/v1/alerts", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, _call: Call) -> Outcome {
        response::as_json(StatusCode::OK, &state.backend.alerts())
    }
}
