//! `GET /share/{token}/live`: tells a shared page when its own numbers have changed.
//!
//! It says nothing of what arrives: every so often the link's page is drawn, with its filter, and whoever listens gets a mark
//! of it, which is another one when the page is another one. So the stream knows no more than the page, and not even when
//! there were events that the filter keeps out: it looks by the clock, whether there were any or not. It ends with the link,
//! as it is answered only while that is.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode};
use bytes::Bytes;
use futures::StreamExt;
use serde_json::json;
use tokio::time::Instant;

use super::live::{HEARTBEAT, RETRY};
use super::share::shown;
use crate::api::endpoint::Endpoint;
use crate::api::openapi::parts;
use crate::api::tail::while_admitted;
use crate::app::access::links::Link;
use crate::app::access::principal::Principal;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::shared_streams::Place;
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};
use crate::http::response;

/// Largest page that is compared, in bytes: far more than any weighs.
const PAGE_BYTES_MAX: usize = 4 << 20;

pub(in crate::api) enum GetShareLive {}

impl Endpoint for GetShareLive {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Whether the page of a shared link has changed, live",
        content: Content::Recorded,
        openapi: || Operation {
            id: "sharedLive",
            parameters: vec![parts::in_path("token", "What the link holds.")],
            success: parts::success(
                "Server-sent events until the link is over: `received` with a number that is another one when the page shows something else.",
                json!({ "text/event-stream": {} }),
            ),
            problems: vec![Code::LinkUnknown, Code::LinkOver, Code::LinkLimited, Code::Overloaded],
            ..Operation::default()
        },
        ..RouteSpec::get("/share/{token}/live", Access::Link)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Principal::Link(link) = &call.principal else {
            return Err(Problem::internal("a shared page's stream without its link"));
        };
        let place = state.shared_streams.place(&link.0.id).ok_or_else(Problem::overloaded)?;
        let told = Told { state: Arc::clone(&state), link: Arc::clone(link), place, mark: None, at: Instant::now() };
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
    link: Arc<Link>,
    place: Place,
    mark: Option<u64>,
    at: Instant,
}

impl<B: Backend> Told<B> {
    /// The next thing to say; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let every = self.state.options.shared_look_every;
            if let Some(mark) = self.look(every).await
                && self.mark.replace(mark) != Some(mark)
            {
                self.at = Instant::now();
                return Some(format!("event: received\ndata: {mark}\n\n").into());
            }
            if self.at.elapsed() >= HEARTBEAT {
                self.at = Instant::now();
                return Some(Bytes::from_static(b":\n\n"));
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = self.state.stopping.cancelled() => return None,
            }
        }
    }

    /// A mark of the page as it is now; `None` while it can't be drawn.
    async fn look(&self, every: Duration) -> Option<u64> {
        if let Some(seen) = self.place.seen(every) {
            return Some(seen);
        }
        let page = shown(&self.state, &self.link).await.ok().filter(|page| page.status() == StatusCode::OK)?;
        let page = axum::body::to_bytes(page.into_body(), PAGE_BYTES_MAX).await.ok()?;
        let mark = mark(&page);
        self.place.keep(mark);
        Some(mark)
    }
}

/// FNV-1a, as many bits as a script's numbers hold. It tells pages apart that the reader may see anyway, and guards nothing.
fn mark(page: &[u8]) -> u64 {
    let hash = page
        .iter()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    hash >> 12
}
