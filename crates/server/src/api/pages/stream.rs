//! Streams that tell pages that something has changed: one number, told at the beginning and when it is another one.
//!
//! A stream goes on only as long as its reader would be let in again, and ends when the server stops.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt;
use tokio::time::Instant;

use crate::api::tail::while_admitted;
use crate::app::access::principal::Principal;
use crate::app::backend::Backend;
use crate::app::state::AppState;
use crate::http::response;

/// A silent stream is written to as often: it shows that both ends are there, to whatever stands between them too.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How soon a browser whose stream has broken comes back.
const RETRY: &str = "retry: 5000\n\n";

/// What a stream looks at.
pub(super) trait Watched: Send + 'static {
    /// The number as it is now; `None` while it can't be told.
    fn look(&mut self) -> impl Future<Output = Option<u64>> + Send;
}

/// The answer that tells what is watched, looked at as often.
pub(super) fn told<B: Backend>(
    state: &Arc<AppState<B>>,
    principal: Principal,
    every: Duration,
    watched: impl Watched,
) -> Response {
    let told = Told { state: Arc::clone(state), every, watched, number: None, at: Instant::now() };
    let greeting = futures::stream::once(async { Ok::<_, Infallible>(Bytes::from_static(RETRY.as_bytes())) });
    let events = futures::stream::unfold(told, |mut told| async move { Some((Ok(told.next().await?), told)) });
    let mut response = response::content(StatusCode::OK, HeaderValue::from_static("text/event-stream"), Bytes::new());
    *response.body_mut() = while_admitted(state, principal, Body::from_stream(greeting.chain(events)));
    response
}

/// What a stream has told.
struct Told<B, W> {
    state: Arc<AppState<B>>,
    every: Duration,
    watched: W,
    number: Option<u64>,
    at: Instant,
}

impl<B: Backend, W: Watched> Told<B, W> {
    /// The next thing to say; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(number) = self.watched.look().await
                && self.number.replace(number) != Some(number)
            {
                self.at = Instant::now();
                return Some(format!("event: received\ndata: {number}\n\n").into());
            }
            if self.at.elapsed() >= HEARTBEAT {
                self.at = Instant::now();
                return Some(Bytes::from_static(b":\n\n"));
            }
            tokio::select! {
                () = tokio::time::sleep(self.every) => {}
                () = self.state.stopping.cancelled() => return None,
            }
        }
    }
}
