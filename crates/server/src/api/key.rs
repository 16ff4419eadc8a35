//! `GET /v1/key`: what the key that was sent may do.

use std::sync::Arc;

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::json;

use super::endpoint::Endpoint;
use super::openapi::parts;
use crate::app::access::principal::Principal;
use crate::app::access::scope::{Access, Scope};
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::RouteSpec;
use crate::app::state::AppState;
use crate::app::timestamp;
use crate::http::response;

pub(super) enum GetKey {}

impl Endpoint for GetKey {
    const SPEC: &'static RouteSpec =
        &RouteSpec { summary: "What the key that is sent may do", openapi, ..RouteSpec::get("/v1/key", Access::Key) };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let answer = Answer::of(&call.principal, state.access.demand().is_some());
        response::as_json(StatusCode::OK, &answer)
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    /// Whether this server demands keys.
    demanded: bool,
    /// `None` without a key, where none is demanded.
    id: Option<&'a str>,
    name: Option<&'a str>,
    scope: Option<&'static str>,
    /// The scopes whose routes are answered.
    may: Vec<&'static str>,
    /// The only datastream that it is for.
    datastream: Option<&'a str>,
    expires: Option<String>,
}

impl<'a> Answer<'a> {
    fn of(principal: &'a Principal, demanded: bool) -> Answer<'a> {
        let may = principal.scopes().into_iter().map(Scope::name).collect();
        let datastream = principal.datastream();
        let nothing = Answer { demanded, id: None, name: None, scope: None, may, datastream, expires: None };
        match (principal.key(), principal) {
            (Some(key), _) => Answer {
                id: Some(&key.id),
                name: Some(&key.name),
                scope: Some(key.scope.name()),
                expires: key.expires_s.map(timestamp::seconds),
                ..nothing
            },
            (None, Principal::Local) => Answer { id: Some("local"), scope: Some(Scope::Admin.name()), ..nothing },
            (None, _) => nothing,
        }
    }
}

fn openapi() -> Operation {
    let key = parts::object(
        &["demanded", "id", "name", "scope", "may", "datastream", "expires"],
        json!({
            "demanded": { "type": "boolean", "description": "Whether this server demands keys." },
            "id": { "type": ["string", "null"], "description": "null without a key, where none is demanded." },
            "name": { "type": ["string", "null"] },
            "scope": { "enum": ["collect", "read", "desk", "admin", null] },
            "may": { "type": "array", "items": { "enum": ["collect", "read", "desk", "admin"] }, "description": "The scopes whose routes are answered." },
            "datastream": { "type": ["string", "null"], "description": "The only datastream that the key is for." },
            "expires": { "type": ["string", "null"], "format": "date-time" },
        }),
    );
    Operation {
        id: "getKey",
        success: parts::success_json("What the key may do.", parts::schema("Key")),
        schemas: vec![("Key", key)],
        ..Operation::default()
    }
}
