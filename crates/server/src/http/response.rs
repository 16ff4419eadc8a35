//! Answers by what is in them.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;

use super::problem::Problem;

/// A JSON answer that is written already.
pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    content(status, HeaderValue::from_static("application/json"), body)
}

/// A value as a JSON answer.
///
/// # Errors
/// It can't be written as JSON.
pub(crate) fn as_json(status: StatusCode, value: &impl Serialize) -> Result<Response, Problem> {
    match serde_json::to_vec(value) {
        Ok(body) => Ok(json(status, body)),
        Err(error) => Err(Problem::internal(error.to_string())),
    }
}

/// An answer with a body of some media type.
pub(crate) fn content(status: StatusCode, media_type: HeaderValue, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::from(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}

/// An answer in plain text.
pub(crate) fn text(body: impl Into<Bytes>) -> Response {
    content(StatusCode::OK, HeaderValue::from_static("text/plain; charset=utf-8"), body)
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
