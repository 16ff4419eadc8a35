//! `GET /events` and `GET /events/{id}`: single events, and what is known of one.

use std::sync::Arc;
use std::time::Duration;

use axum::RequestPartsExt;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use dashboard::{Context, Events, Page, Story, StoryReject, StoryTimes, View, Wrong};
use report::{EVENTS_PARAMETERS, EventsRequest};
use serde_json::json;
use tokio::sync::SemaphorePermit;

use super::drawn::{html, is_signed_in, operation};
use super::told::unreadable_query;
use crate::api::endpoint::Endpoint;
use crate::api::kept::listed::kept_views;
use crate::api::openapi::{parts, problems};
use crate::api::{index, rows};
use crate::app::access::scope::Access;
use crate::app::backend::{Backend, QueryFailure};
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::receipt::Receipt;
use crate::app::route::{Audience, Content, FoundBy, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};

/// How long a list waits for its turn among the queries.
const TURN_WAIT_MAX: Duration = Duration::from_secs(3);
/// Parameters that stand in a page's own links, besides those of reports; `before` is a place in the list only.
const KEPT: [&str; 4] = ["find", "show", "reason", "anomaly"];

pub(in crate::api) enum GetEventsPage {}

impl Endpoint for GetEventsPage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: single events, newest first; by id, session or visitor too",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || {
            let mut operation = operation("eventsPage");
            operation.parameters.retain(|parameter| !["by", "compare"].iter().any(|name| parameter["name"] == *name));
            operation
                .parameters
                .extend(EVENTS_PARAMETERS.iter().map(|(name, about)| parts::in_query(name, &format!("{about}."))));
            operation
        },
        ..RouteSpec::get("/events", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { head, principal, .. } = call;
        let Query(parameters): Query<Vec<(String, String)>> =
            Query::try_from_uri(&head.uri).map_err(|_| unreadable_query())?;
        let pairs = || parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let view = View::parse_with(&KEPT, pairs().filter(|(name, _)| *name != "before"));
        let (now, origin) = (state.backend.now_micros(), index::origin(&head));
        let kept = kept_views(&state).await;
        let is_signed_in = is_signed_in(&principal);
        let context = Context {
            page: Page::Events,
            view: &view,
            now,
            origin: &origin,
            is_signed_in,
            kept: kept.as_deref(),
            standing: None,
            demo: None,
            shared: None,
            is_file: false,
        };
        let request = match EventsRequest::parse(pairs(), state.options.time_zone, now) {
            Ok(request) => request,
            Err(error) => {
                return html(
                    &state,
                    StatusCode::BAD_REQUEST,
                    dashboard::wrong(&context, Wrong::Asked, &error.to_string()),
                );
            }
        };
        let is_event = match request.find() {
            Some(id) => find(&state, id).await?.is_some(),
            None => false,
        };
        let _turn = turn(&state).await?;
        match state.backend.events(&request, rows::limits(&state)).await {
            Ok(list) => html(
                &state,
                StatusCode::OK,
                dashboard::events(&context, &Events { request: &request, list: &list, is_event }),
            ),
            Err(QueryFailure::Limit(message)) => {
                html(&state, StatusCode::UNPROCESSABLE_ENTITY, dashboard::wrong(&context, Wrong::Asked, &message))
            }
            Err(failure) => Err(rows::problem(failure)),
        }
    }
}

pub(in crate::api) enum GetEventPage {}

impl Endpoint for GetEventPage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: what is known of one event",
        found_by: FoundBy::Patterns(&["/events/{*id}"]),
        content: Content::Rows,
        audience: Audience::People,
        openapi: || Operation {
            id: "eventPage",
            parameters: vec![parts::in_path(
                "id",
                "The event's _id, or the id in the answer to its POST. It may hold slashes.",
            )],
            success: parts::success("The page.", json!({ "text/html": {} })),
            problems: [problems::QUERYING, &[Code::EventUnknown, Code::Internal, Code::Overloaded]].concat(),
            ..Operation::default()
        },
        ..RouteSpec::get("/events/{id}", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { mut head, principal, .. } = call;
        let Ok(Path(id)) = head.extract::<Path<String>>().await else {
            return Err(Problem::new(Code::EventUnknown, "the id in the path is not percent-encoded UTF-8"));
        };
        let receipt = find(&state, &id).await?.ok_or_else(|| Problem::of(Code::EventUnknown))?;
        let details = match &receipt.stored {
            Some(stored) => {
                let _turn = turn(&state).await?;
                state.backend.event(&id, &stored.time, rows::limits(&state)).await.map_err(rows::problem)?
            }
            None => None,
        };
        let story = Story {
            id: &receipt.id,
            stored: receipt.stored.as_ref().map(|stored| StoryTimes {
                time: &stored.time,
                received_at: &stored.received_at,
                duplicates: stored.duplicates,
            }),
            details: details.as_ref(),
            rejects: rejects(&receipt),
            rejects_more: receipt.rejects_more,
            is_signed_in: is_signed_in(&principal),
        };
        html(&state, StatusCode::OK, dashboard::story(&story))
    }
}

fn rejects(receipt: &Receipt) -> Vec<StoryReject<'_>> {
    let rejects = receipt.rejects.iter().map(|reject| StoryReject {
        reject_id: &reject.reject_id,
        kind: &reject.kind,
        received_at: &reject.received_at,
        violations: reject
            .violations
            .iter()
            .map(|violation| [violation.pointer.as_str(), &violation.keyword, &violation.message])
            .collect(),
    });
    rejects.collect()
}

async fn find<B: Backend>(state: &AppState<B>, id: &str) -> Result<Option<Receipt>, Problem> {
    state.backend.receipt(id).await.map_err(|error| Problem::internal(error.0))
}

/// A place among the queries, soon.
async fn turn<B>(state: &AppState<B>) -> Result<SemaphorePermit<'_>, Problem> {
    match tokio::time::timeout(TURN_WAIT_MAX, state.sql_slots.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(_)) | Err(_) => Err(rows::busy()),
    }
}
