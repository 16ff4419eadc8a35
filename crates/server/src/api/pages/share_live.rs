//! `GET /share/{token}/live`: tells a shared page when its own numbers have changed.
//!
//! It says nothing of what arrives: every so often the link's page is drawn, with its filter, and whoever listens gets a mark
//! of it, which is another one when the page is another one. So the stream knows no more than the page, and not even when
//! there were events that the filter keeps out: it looks by the clock, whether there were any or not. It ends with the link,
//! as it is answered only while that is.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use super::share::shown;
use super::stream::{Watched, told};
use crate::api::endpoint::Endpoint;
use crate::api::openapi::parts;
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
        let every = state.options.shared_look_every;
        let watched = SharedPage { state: Arc::clone(&state), link: Arc::clone(link), place, every };
        Ok(told(&state, call.principal, every, watched))
    }
}

/// A link's page, and the place that its stream takes.
struct SharedPage<B> {
    state: Arc<AppState<B>>,
    link: Arc<Link>,
    place: Place,
    /// A look that is as old at most serves all streams of the link.
    every: Duration,
}

impl<B: Backend> Watched for SharedPage<B> {
    /// A mark of the page as it is now; `None` while it can't be drawn.
    async fn look(&mut self) -> Option<u64> {
        if let Some(seen) = self.place.seen(self.every) {
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
