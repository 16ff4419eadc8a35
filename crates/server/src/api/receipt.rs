//! `GET /v1/events/{id}`: what became of one event.
//!
//! The id is the sender's own (`_id`) or the one in the answer to its `POST`. It may hold
//! slashes, percent-encoded or not. The answer waits until everything acknowledged so far
//! can be seen, so that a sender that has its 200 always finds its event.

use std::sync::Arc;

use axum::RequestPartsExt;
use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::json;

use super::endpoint::Endpoint;
use super::openapi::parts;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, FoundBy, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};
use crate::http::response;

pub(super) enum GetReceipt {}

impl Endpoint for GetReceipt {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "What became of an event: stored, rejected and why, or unknown",
        found_by: FoundBy::Patterns(&["/v1/events/{*id}"]),
        content: Content::Rows,
        openapi,
        ..RouteSpec::get("/v1/events/{id}", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let mut head = call.head;
        let Ok(Path(id)) = head.extract::<Path<String>>().await else {
            return Err(Problem::new(Code::EventUnknown, "the id in the path is not percent-encoded UTF-8"));
        };
        let receipt = state.backend.receipt(&id).await.map_err(|error| Problem::internal(error.0))?;
        let receipt = receipt.ok_or_else(|| Problem::of(Code::EventUnknown))?;
        response::as_json(StatusCode::OK, &receipt)
    }
}

fn openapi() -> Operation {
    let receipt = parts::object(
        &["status", "id"],
        json!({
            "status": { "enum": ["stored", "rejected"] },
            "id": parts::string(),
            "time": parts::date_time(),
            "received_at": parts::date_time(),
            "duplicates": { "type": "integer", "minimum": 0, "description": "How often the same event came again." },
            "rejects": parts::list("Reject"),
            "rejects_more": { "type": "integer", "minimum": 1, "description": "How many more rejects this id has; the oldest hundred are told." },
        }),
    );
    let reject = parts::object(
        &["reject_id", "kind", "received_at", "violations"],
        json!({
            "reject_id": parts::string(),
            "kind": { "enum": ["invalid", "conflict", "duplicate"] },
            "received_at": parts::date_time(),
            "violations": parts::list("Violation"),
        }),
    );
    Operation {
        id: "getEvent",
        parameters: vec![parts::in_path(
            "id",
            "The event's _id, or the id in the answer to its POST. It may hold slashes.",
        )],
        success: parts::success_json("What is known of the event.", parts::schema("Receipt")),
        problems: vec![Code::EventUnknown, Code::Internal],
        schemas: vec![("Receipt", receipt), ("Reject", reject)],
        ..Operation::default()
    }
}
