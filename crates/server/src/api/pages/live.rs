//! `GET /live`: tells pages when something was received, so that they show it.
//!
//! It says how many events there were, and nothing of them: a page asks for itself what that changes. Nothing is done
//! when an event comes; each stream looks at a count once a second. It goes on only as long as its reader would be let
//! in again, and ends when the server stops.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode};
use bytes::Bytes;
use futures::StreamExt;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::api::endpoint::Endpoint;
use crate::api::openapi::parts;
use crate::api::tail::while_admitted;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};
use crate::http::response;

/// How often the count is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A silent stream is written to as often: it shows that both ends are there, to whatever stands between them too.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(10);
/// How soon a browser whose stream has broken comes back.
pub(super) const RETRY: &str = "retry: 5000\n\n";

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
        let told = Told { state: Arc::clone(&state), count: None, at: Instant::now(), _place: place };
        let greeting = futures::stream::once(async { Ok::<_, Infallible>(Bytes::from_static(RETRY.as_bytes())) });
        let events = futures::stream::unfold(told, |mut told| async move { Some((Ok(told.next().await?), told)) });
        let mut response =
            response::content(StatusCode::OK, HeaderValue::from_static("text/event-stream"), Bytes::new());
        *response.body_mut() = while_admitted(&state, call.principal, Body::from_stream(greeting.chain(events)));
        Ok(response)
    }
}

/// What a stream has told.
struct Told<B> {
    state: Arc<AppState<B>>,
    count: Option<u64>,
    at: Instant,
    _place: OwnedSemaphorePermit,
}

impl<B: Backend> Told<B> {
    /// The next thing to say; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let count = self.state.backend.events_received();
            if self.count.replace(count) != Some(count) {
                self.at = Instant::now();
                return Some(format!("event: received\ndata: {count}\n\n").into());
            }
            if self.at.elapsed() >= HEARTBEAT {
                self.at = Instant::now();
                return Some(Bytes::from_static(b":\n\n"));
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.state.stopping.cancelled() => return None,
            }
        }
    }
}
