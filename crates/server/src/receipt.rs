//! `GET /v1/events/{id}`: what became of one event.
//!
//! The id is the sender's own (`_id`) or the one in the answer to its `POST`. It may hold
//! slashes, percent-encoded or not. The answer waits until everything acknowledged so far
//! can be seen, so that a sender that has its 200 always finds its event.

use std::sync::Arc;

use axum::RequestPartsExt;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::Serialize;

use crate::edge::{Call, Edge, Outcome, json};
use crate::front::{Front, Receipt, RejectedRow, Stored};
use crate::problem::{Code, Problem};

#[derive(Serialize)]
struct Answer<'a> {
    /// `stored` or `rejected`. A stored event can have conflicts under `rejects`.
    status: &'static str,
    id: &'a str,
    #[serde(flatten)]
    stored: Option<&'a Stored>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    rejects: &'a [RejectedRow],
    /// How many more there are than are told.
    #[serde(skip_serializing_if = "is_none")]
    rejects_more: u64,
}

/// As serde asks for it.
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// `GET /v1/events/{id}`.
pub(crate) async fn get<F: Front>(edge: Arc<Edge<F>>, call: Call) -> Outcome {
    let mut head = call.head;
    let Ok(Path(id)) = head.extract::<Path<String>>().await else {
        return Err(Problem::new(Code::EventUnknown, "the id in the path is not percent-encoded UTF-8"));
    };
    let receipt = edge.front.receipt(&id).await.map_err(|error| Problem::internal(error.0))?;
    let status = match &receipt {
        Receipt { stored: Some(_), .. } => "stored",
        Receipt { rejects, .. } if !rejects.is_empty() => "rejected",
        _ => return Err(Problem::of(Code::EventUnknown)),
    };
    let answer = Answer {
        status,
        id: &id,
        stored: receipt.stored.as_ref(),
        rejects: &receipt.rejects,
        rejects_more: receipt.rejects_more,
    };
    let body = serde_json::to_vec(&answer).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(json(StatusCode::OK, body))
}
