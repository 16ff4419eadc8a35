//! `GET /v1/tail`: what arrives, live, one event a line, until either side ends it.
//!
//! An answer without end goes on only as long as its reader would be let in again.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode};
use bytes::Bytes;
use futures::StreamExt;
use serde_json::json;

use super::endpoint::Endpoint;
use super::openapi::parts;
use crate::app::access::principal::Principal;
use crate::app::access::scope::Access;
use crate::app::backend::{Backend, Ingest};
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::Code;
use crate::http::response;

/// How often it is asked whether the reader would be let in.
const ADMISSION_CHECKED_EVERY: Duration = Duration::from_secs(1);

pub(super) enum GetTail {}

impl Endpoint for GetTail {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "What arrives, live, one event a line",
        content: Content::Recorded,
        openapi: || Operation {
            id: "tail",
            success: parts::success("One event a line, without end.", json!({ "application/x-ndjson": {} })),
            problems: vec![Code::Stopping],
            ..Operation::default()
        },
        ..RouteSpec::get("/v1/tail", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let reader = state.recorder.subscribe()?;
        // The head goes out at once, so that a reader knows that it is listening.
        let greeting = futures::stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"\n")) });
        let lines =
            futures::stream::unfold(reader, |mut reader| async move { Some((Ok(reader.next().await?), reader)) });
        let media_type = HeaderValue::from_static("application/x-ndjson");
        let mut response = response::content(StatusCode::OK, media_type, Bytes::new());
        *response.body_mut() = while_admitted(&state, call.principal, Body::from_stream(greeting.chain(lines)));
        Ok(response)
    }
}

/// The body until its reader's key ends, is revoked, or is demanded where none was.
pub(super) fn while_admitted<B: Ingest>(state: &Arc<AppState<B>>, principal: Principal, body: Body) -> Body {
    let state = Arc::clone(state);
    let is_over = async move {
        while state.access.still_admits(&principal, state.now_s()) {
            tokio::time::sleep(ADMISSION_CHECKED_EVERY).await;
        }
    };
    Body::from_stream(body.into_data_stream().take_until(Box::pin(is_over)))
}
