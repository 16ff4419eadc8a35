//! `GET /share/{token}`: one page, locked to one query, for whoever has the link. No key, no session, and nothing else
//! of this server: what the URL says beside the token isn't looked at, and nothing on the page leads anywhere.

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use dashboard::{Context, Shared};
use serde_json::json;

use super::all::drawn_of;
use super::drawn::draw;
use crate::api::endpoint::Endpoint;
use crate::api::kept::listed::{page_of, view_of};
use crate::api::openapi::{parts, problems};
use crate::app::access::links::Link;
use crate::app::access::principal::Principal;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Audience, Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};

/// What the page may load: its style, its script, and itself anew.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types frontdesk; frame-ancestors";

pub(in crate::api) enum GetShare {}

impl Endpoint for GetShare {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: one view, by a shared link",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || Operation {
            id: "sharedPage",
            parameters: vec![parts::in_path("token", "What the link holds.")],
            success: parts::success(
                "The page with the view's filter. Parameters in the URL change nothing.",
                json!({ "text/html": {} }),
            ),
            problems: [
                problems::QUERYING,
                &[
                    Code::LinkUnknown,
                    Code::LinkOver,
                    Code::LinkLimited,
                    Code::StateUnusable,
                    Code::SummariesPending,
                    Code::Internal,
                    Code::Overloaded,
                ],
            ]
            .concat(),
            ..Operation::default()
        },
        ..RouteSpec::get("/share/{token}", Access::Link)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Principal::Link(link) = &call.principal else {
            return Err(Problem::internal("a shared page without its link"));
        };
        let mut response = shown(&state, link).await?;
        let policy = match state.options.embed_hosts.as_slice() {
            [] => format!("{POLICY} 'none'"),
            hosts => format!("{POLICY} {}", hosts.join(" ")),
        };
        let policy = HeaderValue::try_from(policy).map_err(|error| Problem::internal(error.to_string()))?;
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        Ok(response)
    }
}

/// The page of a link, as whoever has it sees it.
pub(super) async fn shown<B: Backend>(state: &AppState<B>, link: &Link) -> Outcome {
    let share = &link.0;
    // A page of a version that had others.
    let gone = || Problem::new(Code::LinkOver, "the page that this link shows isn't there any more");
    let page = page_of(&share.page).filter(|page| page.is_shareable()).ok_or_else(gone)?;
    let drawn = drawn_of(page).ok_or_else(gone)?;
    let view = view_of(page, &share.query);
    let context = Context {
        page,
        view: &view,
        now: state.backend.now_micros(),
        origin: "",
        is_signed_in: false,
        kept: None,
        standing: None,
        demo: None,
        shared: Some(Shared { label: &share.label, until: share.expires_at }),
        is_file: false,
    };
    draw(state, &context, drawn).await
}
