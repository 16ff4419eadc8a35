//! `GET /healthz`: answered by a living process, whatever its state.

use std::sync::Arc;

use super::endpoint::Endpoint;
use super::openapi::parts;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::RouteSpec;
use crate::app::state::AppState;
use crate::http::response;

pub(super) enum GetLive {}

impl Endpoint for GetLive {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Whether the process lives",
        openapi: || Operation { id: "isAlive", success: parts::success_text(), ..Operation::default() },
        ..RouteSpec::get("/healthz", Access::Public)
    };

    async fn handle<B: Backend>(_state: Arc<AppState<B>>, _call: Call) -> Outcome {
        Ok(response::text("alive\n"))
    }
}
