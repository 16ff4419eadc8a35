//! `GET /v1/key`: what the key that was sent may do.

use std::sync::Arc;

use axum::http::StatusCode;
use serde::Serialize;

use crate::access::{Principal, Scope, time_text};
use crate::edge::{Call, Edge, Outcome, json};
use crate::front::Front;
use crate::problem::Problem;

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

/// `GET /v1/key`.
pub(crate) async fn get<F: Front>(edge: Arc<Edge<F>>, call: Call) -> Outcome {
    let principal = &call.principal;
    let may = principal.scopes().into_iter().map(Scope::name).collect();
    let demanded = edge.guard.demand().is_some();
    let nothing =
        Answer { demanded, id: None, name: None, scope: None, may, datastream: principal.datastream(), expires: None };
    let answer = match principal {
        Principal::Key(key) => Answer {
            id: Some(&key.id),
            name: Some(&key.name),
            scope: Some(key.scope.name()),
            expires: key.expires_s.map(time_text),
            ..nothing
        },
        Principal::Local => Answer { id: Some("local"), scope: Some(Scope::Admin.name()), ..nothing },
        Principal::Open | Principal::Nobody => nothing,
    };
    let body = serde_json::to_vec(&answer).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(json(StatusCode::OK, body))
}
