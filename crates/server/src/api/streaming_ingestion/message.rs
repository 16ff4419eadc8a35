//! `POST /collection/{inletId}`: one message, and whether it is valid if that was asked for.

use std::sync::Arc;

use axum::http::StatusCode;
use intake::{EventAnswer, Framing};
use serde_json::json;

use super::envelope::event_of;
use super::inlet::{self, Inlet};
use super::reply::{self, Broken, OneReply, Validation};
use crate::api::endpoint::Endpoint;
use crate::api::openapi::{parts, problems};
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::recorder::test_run::TestRun;
use crate::app::request_id;
use crate::app::route::{FoundBy, RouteSpec};
use crate::app::state::AppState;
use crate::app::submit::submit;
use crate::http::body::Received;
use crate::http::coding::Coding;
use crate::http::problem::{Code, Problem};
use crate::http::response;

pub(crate) enum PostMessage {}

impl Endpoint for PostMessage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Take in one message of the streaming-ingestion API",
        found_by: FoundBy::PathOrEnding(is_message),
        openapi,
        ..RouteSpec::post("/collection/{inletId}", Access::Collect)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { head, body, principal } = call;
        let inlet = Inlet::admit(&state.options, &head, &principal)?;
        let mode = Mode::of(head.uri.query());
        // One that can't be kept is as good as none: a proxy may have added it.
        let request_id = request_id::of_header(&head.headers).ok().flatten();
        let coding = Coding::of(&head.headers)?;
        let Received { bytes, claim: _claim } = body.read_plain(coding, &state.body_limits, &state.budget).await?;
        let received_ms = state.backend.now_micros() / 1_000;
        let transaction = state.transaction(received_ms);
        let event = bytes.slice_ref(event_of(&bytes).map_err(|why| reply::unreadable(inlet.id, why))?);
        let run = TestRun::of_headers(&head.headers);
        let request = inlet.request(request_id, Framing::Single, event);
        let answers = state.recorder.record(&state.backend, &run, request, |request| submit(&state, request)).await?;
        let validation = match (mode, answers.first()) {
            (_, None) => return Err(Problem::internal("the pipeline gave no answer for a message")),
            (Mode::Sync(_), Some(EventAnswer::Rejected { violations, .. })) => {
                let broken = Broken { violations, omitted: answers.omitted_of(0) };
                return Err(reply::invalid(inlet.id, &transaction, broken));
            }
            (Mode::Sync(name), Some(_)) => Validation::passed(name),
            (Mode::Async, Some(_)) => Validation::skipped(),
        };
        let reply = OneReply { inlet: inlet.id, transaction: &transaction, received_ms, validation };
        response::as_json(StatusCode::OK, &reply)
    }
}

/// Whether a path means this call when it is none of this server's own paths.
fn is_message(path: &str) -> bool {
    let mut segments = path.rsplit('/');
    let inlet = segments.next().unwrap_or_default();
    !inlet.is_empty() && inlet != "batch" && segments.next() == Some("collection")
}

/// When a message's validity decides its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Later: the answer says only that it was taken.
    Async,
    /// At once. The name is the parameter's, which has two spellings, and comes back in
    /// the answer.
    Sync(&'static str),
}

impl Mode {
    /// Unknown parameters are ignored, as the original does.
    fn of(query: Option<&str>) -> Mode {
        let mut pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let asked = pairs.find_map(|(name, value)| {
            let name = ["syncValidation", "synchronousValidation"].into_iter().find(|known| *known == name)?;
            value.eq_ignore_ascii_case("true").then_some(name)
        });
        asked.map_or(Mode::Async, Mode::Sync)
    }
}

fn openapi() -> Operation {
    let taken = parts::object(
        &["inletId", "xactionId", "receivedTimeMs"],
        json!({
            "inletId": parts::string(), "xactionId": parts::string(), "receivedTimeMs": { "type": "integer" },
            "syncValidation": { "type": "object", "description": "{\"skipped\":true}, or {\"status\":\"pass\"} when validation was asked for." },
            "synchronousValidation": { "type": "object", "description": "The same for the older spelling." },
        }),
    );
    Operation {
        id: "postMessage",
        parameters: vec![
            inlet::parameter(),
            parts::choice(
                "syncValidation",
                "Answer 400 when the message is invalid. It is kept in rejects either way.",
                parts::boolean(),
            ),
            parts::choice("synchronousValidation", "The older spelling.", parts::boolean()),
            parts::request_id(),
            parts::content_encoding(),
        ],
        body: Some(json!({ "application/json": { "schema": parts::schema("Message") } })),
        success: parts::success_json(
            "The message was taken and is durable. Without syncValidation this doesn't say that it is valid: an invalid one is in rejects.",
            parts::schema("Taken"),
        ),
        problems: [
            problems::RECEIVING,
            &[Code::Internal],
            problems::TAKING_IN,
            problems::DATASTREAM,
            &[Code::InvalidXdmMessage, Code::NotFound],
        ]
        .concat(),
        schemas: vec![("Message", inlet::message_schema()), ("Taken", taken)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_ask_for_validation() {
        let check = |query: Option<&str>, expect: Mode| assert_eq!(Mode::of(query), expect, "{query:?}");
        check(None, Mode::Async);
        check(Some(""), Mode::Async);
        check(Some("syncValidation=false"), Mode::Async);
        check(Some("syncValidation=true"), Mode::Sync("syncValidation"));
        check(Some("a=b&synchronousValidation=true"), Mode::Sync("synchronousValidation"));
        check(Some("syncValidation=True&x"), Mode::Sync("syncValidation"));
        check(Some("syncValidation=false&synchronousValidation=true"), Mode::Sync("synchronousValidation"));
        check(Some("syncValidation=true&synchronousValidation=true"), Mode::Sync("syncValidation"));
        check(Some("sync%56alidation=tru%65"), Mode::Sync("syncValidation"));
    }

    #[test]
    fn any_base_path_leads_to_the_call() {
        let check = |path: &str, expect: bool| assert_eq!(is_message(path), expect, "{path}");
        check("/collection/i", true);
        check("/data/foundation/import/collection/i", true);
        check("/data/foundation/import/collection/batch/i", false);
        check("/a/collection/batch", false);
        check("/a/collection/", false);
        check("/a/collection", false);
        check("/a/batch/i", false);
        check("/collectionx/i", false);
        check("/a/collection/i/j", false);
        check("collection", false);
        check("", false);
    }
}
