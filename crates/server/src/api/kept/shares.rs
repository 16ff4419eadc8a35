//! `GET`, `POST /v1/shares` and `DELETE /v1/shares/{id}`: links that show one view to people without a key.

use std::sync::Arc;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use state::shares::{LABEL_CHARS_MAX, Share};
use state::views::QUERY_BYTES_MAX;

use super::keeping::{SHARE_DAYS, SHARE_DAYS_MAX};
use super::views::deletion;
use super::{body, keeping};
use crate::api::endpoint::Endpoint;
use crate::api::index;
use crate::api::openapi::{parts, problems};
use crate::app::access::links::LinkNow;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::{Operation, Success};
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::app::timestamp;
use crate::http::problem::Code;
use crate::http::response;

const PATH: &str = "/v1/shares";

pub(in crate::api) enum GetShares {}

impl Endpoint for GetShares {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Shared links, without what opens them",
        content: Content::Rows,
        openapi: || Operation {
            id: "listShares",
            success: parts::success_json(
                "All of them, the latest first.",
                parts::object(&["shares"], json!({ "shares": parts::list("Share") })),
            ),
            problems: vec![Code::Unavailable, Code::StateUnusable, Code::Overloaded],
            schemas: vec![("Share", schema())],
            ..Operation::default()
        },
        ..RouteSpec::get(PATH, Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, _call: Call) -> Outcome {
        keeping::store(&state)?;
        let links = state.access.links().all();
        let now = state.backend.now_micros();
        let shares: Vec<Written<'_>> =
            links.iter().map(|link| Written::of(&link.0, state.access.link_now(link, now), None)).collect();
        response::as_json(StatusCode::OK, &json!({ "shares": shares }))
    }
}

pub(in crate::api) enum PostShare {}

impl Endpoint for PostShare {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Make a link that shows one view to whoever has it",
        openapi: || Operation {
            id: "makeShare",
            body: Some(json!({ "application/json": { "schema": parts::object(&["label", "page"], json!({
                "label": { "type": "string", "minLength": 1, "maxLength": LABEL_CHARS_MAX, "description": "What the link is for." },
                "page": { "type": "string", "description": "The page's path, such as / or /chat; none with single events." },
                "query": { "type": "string", "maxLength": QUERY_BYTES_MAX, "description": "The page's query, such as since=30d&channel=chat." },
                "days": { "type": "integer", "minimum": 1, "maximum": SHARE_DAYS_MAX, "default": SHARE_DAYS },
            })) } })),
            success: Success {
                status: "201",
                response: parts::answer(
                    "Made. `url` is told this once: the secret in it is kept nowhere.",
                    json!({ "application/json": { "schema": parts::schema("Share") } }),
                ),
            },
            problems: [
                problems::RECEIVING,
                &[Code::KeptInvalid, Code::KeptFull, Code::Unavailable, Code::StateUnusable, Code::Internal],
            ]
            .concat(),
            ..Operation::default()
        },
        ..RouteSpec::post(PATH, Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { head, body, principal } = call;
        let new: New = body::read(&state, body, "the texts label, page and query, and the number days").await?;
        let place = (new.page.as_str(), new.query.as_str());
        let (share, path) = keeping::share(&state, &principal, &new.label, place, new.days).await?;
        let url = format!("{}{path}", index::origin(&head));
        response::as_json(StatusCode::CREATED, &Written::of(&share, LinkNow::Open, Some(url)))
    }
}

pub(in crate::api) enum DeleteShare {}

impl Endpoint for DeleteShare {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Revoke a shared link",
        openapi: || deletion("revokeShare", "The link's id."),
        ..RouteSpec::delete("/v1/shares/{id}", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let id = call.head.uri.path().rsplit('/').next().unwrap_or_default();
        keeping::revoke(&state, id).await?;
        Ok(response::empty(StatusCode::NO_CONTENT))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    label: String,
    page: String,
    #[serde(default)]
    query: String,
    #[serde(default = "days")]
    days: u32,
}

fn days() -> u32 {
    SHARE_DAYS
}

#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
    label: &'a str,
    page: &'a str,
    query: &'a str,
    made_by: Option<&'a str>,
    made_at: String,
    expires: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl<'a> Written<'a> {
    fn of(share: &'a Share, now: LinkNow, url: Option<String>) -> Written<'a> {
        Written {
            id: &share.id,
            label: &share.label,
            page: &share.page,
            query: &share.query,
            made_by: share.made_by.as_deref(),
            made_at: timestamp::micros(share.made_at),
            expires: timestamp::micros(share.expires_at),
            status: match now {
                LinkNow::Open => "open",
                LinkNow::Expired => "expired",
                LinkNow::Revoked => "revoked",
                LinkNow::KeyGone => "key_gone",
            },
            url,
        }
    }
}

fn schema() -> Value {
    parts::object(
        &["id", "label", "page", "query", "made_by", "made_at", "expires", "status"],
        json!({
            "id": parts::string(),
            "label": parts::string(),
            "page": { "type": "string", "description": "The page's path." },
            "query": { "type": "string", "description": "The page's query; empty for none." },
            "made_by": { "type": ["string", "null"], "description": "The name of the key that it was made with." },
            "made_at": parts::date_time(),
            "expires": parts::date_time(),
            "status": { "enum": ["open", "expired", "revoked", "key_gone"], "description": "key_gone: the key that it was made with was revoked or has expired." },
            "url": { "type": "string", "description": "The link, only in the answer to its making." },
        }),
    )
}
