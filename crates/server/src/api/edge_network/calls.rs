//! The calls of the Edge Network API as routes.
//!
//! They have one way in common ([`super::answer`]) and differ in what is documented of them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::answer;
use super::target::{Action, Version, is_call};
use crate::api::endpoint::Endpoint;
use crate::api::openapi::{parts, problems};
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::{Operation, Success};
use crate::app::route::{Failure, FoundBy, Pages, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::Code;

/// What the declarations have in common.
const fn spec(path: &'static str) -> RouteSpec {
    RouteSpec { pages: Pages::WithCookies, failure: Failure::Repeatable, ..RouteSpec::post(path, Access::Collect) }
}

/// `/{base}/v1/interact`
pub(crate) enum Interact {}

impl Endpoint for Interact {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Take in events of the Web SDK and answer with handles; any base path",
        found_by: FoundBy::Ending(|path| is_call(path, "/v1/interact")),
        openapi: || Operation {
            id: "interact",
            parameters: parameters(),
            body: Some(events_body()),
            success: handles(),
            problems: with(&[problems::TAKING_IN, problems::EDGE_NETWORK, &[Code::JsonInvalid, Code::ValueMissing]]),
            schemas: vec![("Handles", handles_schema())],
        },
        ..spec("/{base}/v1/interact")
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        answer(&state, Version::V1, Action::Interact, call).await
    }
}

/// `/{base}/v1/collect`
pub(crate) enum Collect {}

impl Endpoint for Collect {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Take in events of the Web SDK or of tag.js, also as a beacon",
        found_by: FoundBy::Ending(|path| is_call(path, "/v1/collect")),
        openapi: || Operation {
            id: "collect",
            parameters: parameters(),
            body: Some(events_body()),
            success: Success {
                status: "204",
                response: json!({ "description": "The events are durable; those that break the schema in rejects." }),
            },
            problems: with(&[problems::TAKING_IN, problems::EDGE_NETWORK, &[Code::JsonInvalid, Code::ValueMissing]]),
            ..Operation::default()
        },
        ..spec("/{base}/v1/collect")
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        answer(&state, Version::V1, Action::Collect, call).await
    }
}

/// `/{base}/v1/identity/acquire`
pub(crate) enum Acquire {}

impl Endpoint for Acquire {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Tell the visitor's id to the Web SDK",
        found_by: FoundBy::Ending(|path| is_call(path, "/v1/identity/acquire")),
        openapi: || Operation {
            id: "acquireIdentity",
            parameters: parameters(),
            body: Some(json!({ "text/plain": { "schema": { "type": "object" } } })),
            success: handles(),
            problems: with(&[problems::EDGE_NETWORK, &[Code::JsonInvalid]]),
            ..Operation::default()
        },
        ..spec("/{base}/v1/identity/acquire")
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        answer(&state, Version::V1, Action::Acquire, call).await
    }
}

/// `/{base}/v1/privacy/set-consent`
pub(crate) enum SetConsent {}

impl Endpoint for SetConsent {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Keep the visitor's choice",
        found_by: FoundBy::Ending(|path| is_call(path, "/v1/privacy/set-consent")),
        openapi: || Operation {
            id: "setConsent",
            parameters: parameters(),
            body: Some(json!({ "text/plain": { "schema": {
                "type": "object",
                "required": ["consent"],
                "properties": { "consent": { "type": "array", "items": { "type": "object" } } },
            } } })),
            success: handles(),
            problems: with(&[
                problems::TAKING_IN,
                problems::EDGE_NETWORK,
                &[Code::JsonInvalid, Code::ValueMissing, Code::FieldInvalid, Code::ConsentInvalid],
            ]),
            ..Operation::default()
        },
        ..spec("/{base}/v1/privacy/set-consent")
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        answer(&state, Version::V1, Action::SetConsent, call).await
    }
}

/// `/{base}/v2/interact`
pub(crate) enum InteractV2 {}

impl Endpoint for InteractV2 {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Take in one event of a server and answer with handles",
        found_by: FoundBy::Ending(|path| is_call(path, "/v2/interact")),
        openapi: || Operation {
            id: "interactV2",
            parameters: parameters_of_servers(),
            body: Some(json!({ "application/json": { "schema": {
                "type": "object",
                "required": ["event"],
                "properties": { "event": { "type": "object", "properties": { "xdm": parts::event() } } },
            } } })),
            success: handles(),
            problems: with(&[problems::TAKING_IN, problems::EDGE_NETWORK, &[Code::JsonInvalid, Code::ValueMissing]]),
            ..Operation::default()
        },
        ..spec("/{base}/v2/interact")
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        answer(&state, Version::V2, Action::Interact, call).await
    }
}

/// `/{base}/v2/collect`
pub(crate) enum CollectV2 {}

impl Endpoint for CollectV2 {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Take in events of a server",
        found_by: FoundBy::Ending(|path| is_call(path, "/v2/collect")),
        openapi: || {
            let silent = parts::choice("silent", "Answer 204 without a body.", parts::boolean());
            let success = parts::success_json(
                "The events are durable; those that break the schema are in rejects and named in warnings.",
                parts::object(
                    &["requestId"],
                    json!({ "requestId": parts::string(), "warnings": { "type": "array", "items": { "type": "object" } } }),
                ),
            );
            Operation {
                id: "collectV2",
                parameters: parameters_of_servers().into_iter().chain([silent]).collect(),
                body: Some(events_body()),
                success: Success { status: "202", ..success },
                problems: with(&[
                    problems::TAKING_IN,
                    problems::EDGE_NETWORK,
                    &[Code::JsonInvalid, Code::ValueMissing],
                ]),
                ..Operation::default()
            }
        },
        ..spec("/{base}/v2/collect")
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        answer(&state, Version::V2, Action::Collect, call).await
    }
}

fn base() -> Value {
    parts::in_path("base", "Any path of one or more segments, such as ee or ee/or2.")
}

fn request_id() -> Value {
    parts::in_query("requestId", "The same id again gives the same events.")
}

fn parameters() -> Vec<Value> {
    let datastream = parts::required_query("configId", "The datastream's id; datastreamId is read too.");
    vec![base(), datastream, request_id()]
}

fn parameters_of_servers() -> Vec<Value> {
    let datastream =
        parts::required_query("datastreamId", "The datastream's id; dataStreamId and configId are read too.");
    vec![base(), datastream, request_id(), parts::request_id()]
}

fn events_body() -> Value {
    json!({ "text/plain": { "schema": {
        "type": "object",
        "required": ["events"],
        "properties": {
            "events": { "type": "array", "items": { "type": "object", "properties": { "xdm": parts::event(), "data": { "type": "object" } } } },
            "xdm": { "type": "object", "description": "Context of all events." },
            "meta": { "type": "object" },
        },
    } } })
}

fn handles() -> Success {
    parts::success_json(
        "Handles. Events that break the schema are kept in rejects and named in warnings.",
        parts::schema("Handles"),
    )
}

fn handles_schema() -> Value {
    parts::object(
        &["requestId", "handle"],
        json!({
            "requestId": parts::string(),
            "handle": { "type": "array", "items": parts::object(&["type", "payload"], json!({ "type": parts::string(), "payload": { "type": "array" } })) },
            "warnings": { "type": "array", "items": { "type": "object", "description": "Shaped as a problem; report.errors has the broken rules of an event." } },
        }),
    )
}

/// The problems of receiving a body, and these.
fn with(more: &[&[Code]]) -> Vec<Code> {
    problems::RECEIVING.iter().chain(more.iter().copied().flatten()).copied().collect()
}
