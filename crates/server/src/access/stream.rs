//! An answer without end goes on only as long as its reader would be let in again.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures::StreamExt;

use super::Principal;
use crate::edge::Edge;
use crate::front::Front;

/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The body until its reader's key ends, is revoked, or is demanded where none was.
pub(crate) fn while_admitted<F: Front>(edge: &Arc<Edge<F>>, principal: Principal, body: Body) -> Body {
    let edge = Arc::clone(edge);
    let is_over = async move {
        while edge.guard.still_admits(&principal, edge.now_s()) {
            tokio::time::sleep(ASK_EVERY).await;
        }
    };
    Body::from_stream(body.into_data_stream().take_until(Box::pin(is_over)))
}
