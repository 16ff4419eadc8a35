//! `POST /v1/events`: events in, one answer per event out, in order.
//!
//! 200 when at least one event was accepted (or the body held none, or it was a dry run);
//! 422 when every one was rejected, so that a sender that looks at nothing but the status
//! notices. Both carry the same members, and rejected events are kept either way.
//!
//! `source=file` says that the events come from a file, as `frontdesk load` does beside a server: none of them is late
//! then. It takes the right to do everything, since whoever may say so may hide that events are late.
//!
//! An unknown query parameter is an error here: `?dryrun=true` must not store what was
//! meant to be tried.

mod answer;

use std::sync::Arc;

use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use intake::{Framing, Request, Source};
use serde::Deserialize;
use serde_json::json;

use super::endpoint::Endpoint;
use super::openapi::{parts, problems};
use crate::app::access;
use crate::app::access::principal::Principal;
use crate::app::access::refusal;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::name::is_name;
use crate::app::operation::Operation;
use crate::app::recorder::test_run::TestRun;
use crate::app::request_id;
use crate::app::route::{Pages, RouteSpec};
use crate::app::state::AppState;
use crate::app::submit::{check, submit};
use crate::http::body::Received;
use crate::http::coding::Coding;
use crate::http::problem::{Code, Problem};
use crate::http::response;

use answer::{Listing, Tally};

/// The datastream of events that name none.
const DATASTREAM: &str = "default";

pub(super) enum PostEvents {}

impl Endpoint for PostEvents {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Take in events: one object, an array, or one event a line",
        pages: Pages::Anonymous,
        openapi,
        ..RouteSpec::post("/v1/events", Access::Collect)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { head, body, principal } = call;
        let parameters = Parameters::of(&head)?;
        let datastream = parameters.datastream.as_deref().unwrap_or(DATASTREAM);
        access::datastream::admit(&state.options.datastreams, datastream, &head, &principal)?;
        parameters.source.admit(&principal)?;
        let coding = Coding::of(&head.headers)?;
        let framing = framing(&head.headers);
        // The room stays claimed until the answer is written.
        let Received { bytes, claim: _claim } = body.read_plain(coding, &state.body_limits, &state.budget).await?;
        let request = Request {
            datastream: parameters.datastream.unwrap_or_else(|| DATASTREAM.to_owned()),
            request_id: parameters.request_id,
            source: parameters.source.into(),
            framing,
            body: bytes,
        };
        let answers = if parameters.dry_run {
            check(&state, request).await?
        } else {
            let run = TestRun::of_headers(&head.headers);
            state.recorder.record(&state.backend, &run, request, |request| submit(&state, request)).await?
        };
        let tally = Tally::of(&answers);
        if tally.accepted == 0 && tally.rejected > 0 && !parameters.dry_run {
            let members = answer::members(&answers, tally, parameters.answer);
            return Err(Problem::of(Code::AllRejected).written(members));
        }
        Ok(response::json(StatusCode::OK, answer::object(&answers, tally, parameters.answer)))
    }
}

/// What may stand behind the question mark.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    dry_run: bool,
    datastream: Option<String>,
    request_id: Option<String>,
    answer: Listing,
    source: Told,
}

/// Where the sender says that the events come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    #[default]
    Sender,
    File,
}

impl Told {
    /// Refuses whoever may not say so.
    fn admit(self, principal: &Principal) -> Result<(), Problem> {
        match self {
            Told::File if !principal.permits(Access::Admin) => Err(refusal::missing_to_load(principal)),
            Told::Sender | Told::File => Ok(()),
        }
    }
}

impl From<Told> for Source {
    fn from(told: Told) -> Source {
        match told {
            Told::Sender => Source::Sender,
            Told::File => Source::File,
        }
    }
}

impl Parameters {
    fn of(head: &Parts) -> Result<Parameters, Problem> {
        let invalid = |detail: &'static str| Problem::new(Code::QueryInvalid, detail);
        let mut parameters = match head.uri.query() {
            None => Parameters::default(),
            Some(_) => Query::try_from_uri(&head.uri).map(|Query(known)| known).map_err(|_| {
                invalid(
                    "/v1/events takes dry_run=true|false, datastream=NAME, request_id=ID, answer=full|summary and source=sender|file, each once",
                )
            })?,
        };
        if parameters.datastream.as_deref().is_some_and(|name| !is_name(name)) {
            return Err(invalid("datastream is 1 to 128 letters, digits, `-`, `_`, `.` or `:`"));
        }
        if parameters.request_id.is_none() {
            parameters.request_id = request_id::of_header(&head.headers)?;
        }
        match parameters.request_id.as_deref().map(request_id::is_request_id) {
            Some(false) => Err(request_id::invalid()),
            _ => Ok(parameters),
        }
    }
}

/// Content decides how a body is read; only a media type of lines is taken at its word.
fn framing(headers: &HeaderMap) -> Framing {
    let media_type = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let essence = media_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let lines = ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"];
    if lines.iter().any(|name| essence.eq_ignore_ascii_case(name.as_bytes())) {
        Framing::Lines
    } else {
        Framing::Detect
    }
}

fn openapi() -> Operation {
    let accepted = parts::object(
        &["status", "id"],
        json!({ "status": { "const": "accepted" }, "id": parts::string(), "notices": parts::list("Notice") }),
    );
    let rejected = parts::object(
        &["status", "violations"],
        json!({ "status": { "const": "rejected" }, "id": parts::string(), "violations": parts::list("Violation") }),
    );
    let answer = parts::object(
        &["accepted", "rejected"],
        json!({ "accepted": parts::count(), "rejected": parts::count(), "events": parts::list("Event") }),
    );
    Operation {
        id: "postEvents",
        parameters: vec![
            parts::choice("dry_run", "Check only; nothing is kept.", parts::boolean()),
            parts::choice(
                "datastream",
                "The datastream of all events of the body.",
                json!({ "type": "string", "default": "default" }),
            ),
            parts::choice("request_id", "As x-request-id, and before it.", parts::string()),
            parts::choice(
                "answer",
                "summary leaves out the list of events when all were accepted without a notice.",
                json!({ "enum": ["full", "summary"], "default": "full" }),
            ),
            parts::choice(
                "source",
                "file: the events come from a file, so none of them is late or too old. Only with a key of scope admin.",
                json!({ "enum": ["sender", "file"], "default": "sender" }),
            ),
            parts::request_id(),
            parts::content_encoding(),
        ],
        body: Some(json!({
            "application/json": { "schema": { "oneOf": [parts::event(), { "type": "array", "items": { "type": "object" } }] } },
            "application/x-ndjson": { "schema": { "type": "string", "description": "One event a line." } },
        })),
        success: parts::success_json(
            "At least one event was accepted and is durable, or it was a dry run. The events stand in the order of the body.",
            parts::schema("Answer"),
        ),
        problems: [
            problems::RECEIVING,
            &[Code::Internal],
            problems::TAKING_IN,
            problems::DATASTREAM,
            &[Code::QueryInvalid, Code::BodyUnreadable, Code::AllRejected],
        ]
        .concat(),
        schemas: vec![("Event", json!({ "oneOf": [accepted, rejected] })), ("Answer", answer)],
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_media_type_of_lines_decides() {
        let check = |media_type: &'static str, expect: Framing| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
            assert_eq!(framing(&headers), expect, "{media_type}");
        };
        check("application/json", Framing::Detect);
        check("text/plain; charset=UTF-8", Framing::Detect);
        check("", Framing::Detect);
        check("Application/X-NDJSON; charset=utf-8", Framing::Lines);
        check("application/jsonl", Framing::Lines);
        assert_eq!(framing(&HeaderMap::new()), Framing::Detect);
    }

    #[test]
    fn parameters_are_known_ones_or_refused() {
        let check = |query: &str, expect: bool| {
            let request = axum::http::Request::get(format!("/v1/events{query}")).body(()).expect("a request");
            let parameters = Parameters::of(&request.into_parts().0);
            assert_eq!(parameters.is_ok(), expect, "{query}: {parameters:?}");
        };
        check("", true);
        check("?", true);
        check("?dry_run=true&answer=summary&datastream=web&request_id=r-1", true);
        check("?dry_run=yes", false);
        check("?dryrun=true", false);
        check("?answer=short", false);
        check("?source=file", true);
        check("?source=sender", true);
        check("?source=files", false);
        check("?datastream=a%2Fb", false);
        check("?datastream=", false);
        check("?request_id=a%20b", false);
        check("?request_id=a&request_id=b", false);
    }
}
