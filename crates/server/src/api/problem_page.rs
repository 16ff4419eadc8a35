//! `GET /problems/{code}`: where the `type` of a problem document leads.

use std::sync::Arc;

use super::endpoint::Endpoint;
use super::openapi::parts;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};
use crate::http::response;

pub(super) enum GetProblem {}

impl Endpoint for GetProblem {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "What an error's code means and what to do",
        content: Content::Fixed,
        openapi: || Operation {
            id: "explainProblem",
            parameters: vec![parts::in_path("code", "The code of a problem document.")],
            success: parts::success_text(),
            problems: vec![Code::NotFound],
            ..Operation::default()
        },
        ..RouteSpec::get("/problems/{code}", Access::Key)
    };

    async fn handle<B: Backend>(_state: Arc<AppState<B>>, call: Call) -> Outcome {
        let name = call.head.uri.path().strip_prefix("/problems/").unwrap_or_default();
        let code = Code::ALL.iter().find(|code| code.name() == name).ok_or_else(|| Problem::of(Code::NotFound))?;
        let (status, name) = (code.status().as_u16(), code.name());
        Ok(response::text(format!("{status} {name}: {}\n\n{}\n", code.title(), code.fix())))
    }
}
