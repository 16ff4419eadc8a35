//! `GET /v1/test/{testId}/events`: the events of one test run with their verdicts.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::json;

use super::endpoint::Endpoint;
use super::openapi::parts;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::name::is_name;
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};
use crate::http::response;

pub(super) enum GetTestRun {}

impl Endpoint for GetTestRun {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "The events of one test run with their verdicts",
        content: Content::Recorded,
        openapi,
        ..RouteSpec::get("/v1/test/{testId}/events", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let path = call.head.uri.path();
        let test_id = path.strip_prefix("/v1/test/").and_then(|rest| rest.strip_suffix("/events")).unwrap_or_default();
        if !is_name(test_id) {
            return Err(Problem::new(Code::NotFound, "a test id is 1 to 128 letters, digits, `-`, `_`, `.` or `:`"));
        }
        // Claimed before it is made; once it is made it is counted like any answer.
        let run = state.recorder.run(test_id, |bytes| state.answers.claim(bytes))?;
        Ok(response::json(StatusCode::OK, run))
    }
}

fn openapi() -> Operation {
    let event = parts::object(
        &["verdict", "datastream", "receivedAt", "derived", "violations", "notices"],
        json!({
            "verdict": { "enum": ["accepted", "rejected"] },
            "id": parts::string(),
            "datastream": parts::string(),
            "receivedAt": parts::date_time(),
            "time": parts::date_time(),
            "eventType": parts::string(),
            "testId": parts::string(),
            "derived": { "type": "array", "items": parts::string() },
            "violations": parts::list("Violation"),
            "notices": parts::list("Notice"),
            "event": { "type": "object", "description": "As it was taken in, personal values masked; absent when it is invalid." },
        }),
    );
    let run = parts::object(
        &["testId", "good", "bad", "events"],
        json!({
            "testId": parts::string(),
            "good": parts::count(),
            "bad": parts::count(),
            "events": { "type": "array", "items": event },
        }),
    );
    Operation {
        id: "getTestRun",
        parameters: vec![parts::in_path(
            "testId",
            "The run's name, as x-frontdesk-test or data.frontdesk.testId had it.",
        )],
        success: parts::success_json("The run; one that is not known has no events.", parts::schema("TestRun")),
        problems: vec![Code::NotFound],
        schemas: vec![("TestRun", run)],
        ..Operation::default()
    }
}
