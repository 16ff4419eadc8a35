//! `GET`, `POST /v1/annotations` and `DELETE /v1/annotations/{id}`: notes on the time line.

use std::sync::Arc;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use state::notes::{self, Note};

use super::annotated::at;
use super::views::deletion;
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

const PATH: &str = "/v1/annotations";

pub(in crate::api) enum GetAnnotations {}

impl Endpoint for GetAnnotations {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Notes on the time line",
        content: Content::Rows,
        openapi: || Operation {
            id: "listAnnotations",
            success: parts::success_json(
                "All of them, the latest first.",
                parts::object(&["annotations"], json!({ "annotations": parts::list("Annotation") })),
            ),
            problems: vec![Code::Unavailable, Code::StateUnusable, Code::Overloaded],
            schemas: vec![("Annotation", schema())],
            ..Operation::default()
        },
        ..RouteSpec::get(PATH, Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, _call: Call) -> Outcome {
        let list = notes::list(keeping::store(&state)?).await.map_err(|error| keeping::failed(&error))?;
        let annotations: Vec<Written<'_>> = list.iter().map(Written::of).collect();
        response::as_json(StatusCode::OK, &json!({ "annotations": annotations }))
    }
}

pub(in crate::api) enum PostAnnotation {}

impl Endpoint for PostAnnotation {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Note on the time line what happened",
        openapi: || Operation {
            id: "addAnnotation",
            body: Some(json!({ "application/json": { "schema": parts::object(&["at", "text"], json!({
                "at": { "type": "string", "description": "A day such as 2026-11-29, which is that day in any time zone, or an instant such as 2026-11-29T09:30:00Z." },
                "text": { "type": "string", "minLength": 1, "maxLength": notes::TEXT_CHARS_MAX },
                "datastream": { "type": ["string", "null"], "maxLength": notes::DATASTREAM_CHARS_MAX, "description": "The only datastream that it is about; all of them when absent." },
            })) } })),
            success: Success {
                status: "201",
                response: parts::answer(
                    "Kept.",
                    json!({ "application/json": { "schema": parts::schema("Annotation") } }),
                ),
            },
            problems: [
                problems::RECEIVING,
                &[Code::KeptInvalid, Code::KeptFull, Code::Unavailable, Code::StateUnusable],
            ]
            .concat(),
            ..Operation::default()
        },
        ..RouteSpec::post(PATH, Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { body, principal, .. } = call;
        let new: New = body::read(&state, body, "the texts at and text, and datastream where it is about one").await?;
        let note = keeping::add_note(&state, &principal, &new.at, &new.text, new.datastream.as_deref()).await?;
        response::as_json(StatusCode::CREATED, &Written::of(&note))
    }
}

pub(in crate::api) enum DeleteAnnotation {}

impl Endpoint for DeleteAnnotation {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Delete a note on the time line",
        openapi: || deletion("deleteAnnotation", "The note's id."),
        ..RouteSpec::delete("/v1/annotations/{id}", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let id = body::number(&call).ok_or_else(|| Problem::of(Code::KeptUnknown))?;
        keeping::delete_note(&state, id).await?;
        Ok(response::empty(StatusCode::NO_CONTENT))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    at: String,
    text: String,
    #[serde(default)]
    datastream: Option<String>,
}

#[derive(Serialize)]
struct Written<'a> {
    id: i64,
    at: String,
    text: &'a str,
    datastream: Option<&'a str>,
    made_by: Option<&'a str>,
    made_at: String,
}

impl<'a> Written<'a> {
    fn of(note: &'a Note) -> Written<'a> {
        Written {
            id: note.id,
            at: at(note),
            text: &note.text,
            datastream: note.datastream.as_deref(),
            made_by: note.made_by.as_deref(),
            made_at: timestamp::micros(note.made_at),
        }
    }
}

fn schema() -> Value {
    parts::object(
        &["id", "at", "text", "datastream", "made_by", "made_at"],
        json!({
            "id": { "type": "integer" },
            "at": { "type": "string", "description": "A day such as 2026-11-29, or an instant." },
            "text": parts::string(),
            "datastream": { "type": ["string", "null"] },
            "made_by": { "type": ["string", "null"], "description": "The name of the key that it was made with." },
            "made_at": parts::date_time(),
        }),
    )
}
