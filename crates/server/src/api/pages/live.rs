//! `GET /live`: tells pages when something was received, so that they show it.
//!
//! It says how many events there were, and nothing of them: a page asks for itself what that changes. Nothing is done
//! when an event comes; each stream looks at a count once a second.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::stream::{Watched, told};
use crate::api::endpoint::Endpoint;
use crate::api::openapi::parts;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};

/// How often the count is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(in crate::api) enum GetLiveStream {}

impl Endpoint for GetLiveStream {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "How many events were received, live, for pages that show what arrives",
        content: Content::Recorded,
        openapi: || Operation {
            id: "live",
            success: parts::success(
                "Server-sent events without end: `received` with the number of events since the start of the server, at the beginning and when it has changed.",
                json!({ "text/event-stream": {} }),
            ),
            problems: vec![Code::Overloaded],
            ..Operation::default()
        },
        ..RouteSpec::get("/live", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let place = Arc::clone(&state.live_places).try_acquire_owned().map_err(|_| Problem::overloaded())?;
        Ok(told(&state, call.principal, LOOK_EVERY, Received { state: Arc::clone(&state), _place: place }))
    }
}

/// The events that were received, and the place that their stream takes.
struct Received<B> {
    state: Arc<AppState<B>>,
    _place: OwnedSemaphorePermit,
}

impl<B: Backend> Watched for Received<B> {
    async fn look(&mut self) -> Option<u64> {
        Some(self.state.backend.events_received())
    }
}
