//! A small JSON body with known members.

use serde::de::DeserializeOwned;

use crate::app::call::Call;
use crate::app::state::AppState;
use crate::http::body::{Received, UnreadBody};
use crate::http::problem::{Code, Problem};

/// Largest body, in bytes: a view with the longest query, written in escapes.
const BODY_BYTES_MAX: usize = 16 << 10;

/// The body of a call, read. `members` says what there must be, for who got it wrong.
pub(super) async fn read<B, T: DeserializeOwned>(
    state: &AppState<B>,
    body: UnreadBody,
    members: &'static str,
) -> Result<T, Problem> {
    let Received { bytes, claim: _claim } = body.read(BODY_BYTES_MAX, &state.body_limits, &state.budget).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::new(Code::KeptInvalid, format!("the body isn't a JSON object with {members}; see {place}"))
    })
}

/// The number that ends a path.
pub(super) fn number(call: &Call) -> Option<i64> {
    call.head.uri.path().rsplit('/').next()?.parse().ok()
}
