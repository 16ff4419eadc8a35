//! What a handler is given, and what it gives back.

use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;

use super::access::principal::Principal;
use crate::http::body::{BodyLimits, UnreadBody};
use crate::http::problem::Problem;

/// A request whose body is still on its way.
pub(crate) struct Call {
    pub(crate) head: Parts,
    pub(crate) body: UnreadBody,
    /// Who sent it, once that was looked at.
    pub(crate) principal: Principal,
}

/// What a handler gives back.
pub(crate) type Outcome = Result<Response, Problem>;

impl Call {
    /// Splits a request so that a body nobody reads is thrown away in order.
    pub(crate) fn of(request: Request, limits: &BodyLimits) -> Call {
        let (head, body) = request.into_parts();
        let body = UnreadBody::new(body, &head.headers, limits);
        Call { head, body, principal: Principal::Nobody }
    }
}
