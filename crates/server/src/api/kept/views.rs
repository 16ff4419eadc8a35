//! `GET`, `POST /v1/views` and `DELETE /v1/views/{id}`: saved views.

use std::sync::Arc;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use state::views::{self, View};

use super::{body, keeping};
use crate::api::endpoint::Endpoint;
use crate::api::openapi::{parts, problems};
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::{Operation, Success};
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::app::timestamp;
use crate::http::problem::{Code, Problem};
use crate::http::response;

const PATH: &str = "/v1/views";

pub(in crate::api) enum GetViews {}

impl Endpoint for GetViews {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Saved views",
        content: Content::Rows,
        openapi: || Operation {
            id: "listViews",
            success: parts::success_json(
                "All of them, by name.",
                parts::object(&["views"], json!({ "views": parts::list("View") })),
            ),
            problems: vec![Code::Unavailable, Code::StateUnusable, Code::Overloaded],
            schemas: vec![("View", schema())],
            ..Operation::default()
        },
        ..RouteSpec::get(PATH, Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, _call: Call) -> Outcome {
        let list = views::list(keeping::store(&state)?).await.map_err(|error| keeping::failed(&error))?;
        let views: Vec<Written<'_>> = list.iter().map(Written::of).collect();
        response::as_json(StatusCode::OK, &json!({ "views": views }))
    }
}

pub(in crate::api) enum PostView {}

impl Endpoint for PostView {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Save a view under a name",
        openapi: || Operation {
            id: "saveView",
            body: Some(json!({ "application/json": { "schema": parts::object(&["name", "page"], json!({
                "name": { "type": "string", "minLength": 1, "maxLength": views::NAME_CHARS_MAX },
                "page": { "type": "string", "description": "The page's path, such as / or /chat." },
                "query": { "type": "string", "maxLength": views::QUERY_BYTES_MAX, "description": "The page's query, such as since=30d&channel=chat." },
            })) } })),
            success: Success {
                status: "201",
                response: parts::answer("Saved.", json!({ "application/json": { "schema": parts::schema("View") } })),
            },
            problems: [
                problems::RECEIVING,
                &[Code::KeptInvalid, Code::NameTaken, Code::KeptFull, Code::Unavailable, Code::StateUnusable],
            ]
            .concat(),
            ..Operation::default()
        },
        ..RouteSpec::post(PATH, Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { body, principal, .. } = call;
        let new: New = body::read(&state, body, "the texts name, page and query").await?;
        let (saved, _) = keeping::save_view(&state, &principal, &new.name, (&new.page, &new.query)).await?;
        response::as_json(StatusCode::CREATED, &Written::of(&saved))
    }
}

pub(in crate::api) enum DeleteView {}

impl Endpoint for DeleteView {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Delete a saved view",
        openapi: || deletion("deleteView", "The view's id."),
        ..RouteSpec::delete("/v1/views/{id}", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let id = body::number(&call).ok_or_else(|| Problem::of(Code::KeptUnknown))?;
        keeping::delete_view(&state, id).await?;
        Ok(response::empty(StatusCode::NO_CONTENT))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    page: String,
    #[serde(default)]
    query: String,
}

#[derive(Serialize)]
struct Written<'a> {
    id: i64,
    name: &'a str,
    page: &'a str,
    query: &'a str,
    made_by: Option<&'a str>,
    made_at: String,
}

impl<'a> Written<'a> {
    fn of(view: &'a View) -> Written<'a> {
        let View { id, name, page, query, made_by, made_at } = view;
        Written { id: *id, name, page, query, made_by: made_by.as_deref(), made_at: timestamp::micros(*made_at) }
    }
}

fn schema() -> Value {
    parts::object(
        &["id", "name", "page", "query", "made_by", "made_at"],
        json!({
            "id": { "type": "integer" },
            "name": parts::string(),
            "page": { "type": "string", "description": "The page's path." },
            "query": { "type": "string", "description": "The page's query; empty for none." },
            "made_by": { "type": ["string", "null"], "description": "The name of the key that it was made with." },
            "made_at": parts::date_time(),
        }),
    )
}

/// What deletions have in common.
pub(super) fn deletion(id: &'static str, about: &str) -> Operation {
    Operation {
        id,
        parameters: vec![parts::in_path("id", about)],
        success: Success { status: "204", response: json!({ "description": "Done; it stays so." }) },
        problems: vec![Code::KeptUnknown, Code::Unavailable, Code::StateUnusable],
        ..Operation::default()
    }
}
