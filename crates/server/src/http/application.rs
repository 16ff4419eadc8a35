//! What answers the requests that come in, as the connections see it.

use axum::extract::Request;
use axum::response::Response;

use super::host::Via;

/// Everything above this layer. A clone is made for each request.
pub(crate) trait Application: Clone + Send + Sync + 'static {
    /// Answers one request that came this way. The future isn't boxed, so that a small one
    /// lies in the connection's memory.
    fn answer(self, request: Request, via: Via) -> impl Future<Output = Response> + Send;

    /// Whether this request is answered before it would pay to ask whether its sender is
    /// still there.
    fn is_brief<B>(request: &axum::http::Request<B>) -> bool;

    /// Seconds since 1970.
    fn now_s(&self) -> i64;
}
