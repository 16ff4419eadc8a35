//! `GET /v1/rejects`: rejected events, counted by kind and by the keyword of their first
//! violation. A fixed query; anything finer is asked through `/v1/sql`.

use std::sync::Arc;

use serde_json::json;

use super::endpoint::Endpoint;
use super::openapi::{parts, problems};
use super::rows;
use crate::app::access::scope::Access;
use crate::app::backend::{Backend, TableForm, TableQuery};
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::Code;

pub(super) enum GetRejects {}

impl Endpoint for GetRejects {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Rejected events, counted by kind and keyword",
        content: Content::Rows,
        openapi: || Operation {
            id: "countRejects",
            success: parts::success_json(
                "Counts, most first.",
                json!({ "type": "array", "items": { "type": "object" } }),
            ),
            problems: [problems::QUERYING, &[Code::Internal, Code::Overloaded]].concat(),
            ..Operation::default()
        },
        ..RouteSpec::get("/v1/rejects", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, _call: Call) -> Outcome {
        rows::answer(&state, TableQuery::RejectCounts, TableForm::Json).await
    }
}
