//! `POST /collection/batch/{inletId}`: many messages; always 207 once the batch can be read.

use std::sync::Arc;

use axum::http::StatusCode;
use intake::{Answers, EventAnswer, Framing};
use serde_json::json;

use super::envelope::Batch;
use super::inlet::{self, Inlet};
use super::reply::{self, BatchReply, Broken, MessageReply};
use crate::api::endpoint::Endpoint;
use crate::api::openapi::{parts, problems};
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::{Operation, Success};
use crate::app::recorder::test_run::TestRun;
use crate::app::request_id;
use crate::app::route::{FoundBy, RouteSpec};
use crate::app::state::AppState;
use crate::app::submit::submit;
use crate::http::body::Received;
use crate::http::coding::Coding;
use crate::http::problem::{Code, Problem};
use crate::http::response;

pub(crate) enum PostMessages {}

impl Endpoint for PostMessages {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Take in a batch of messages of the streaming-ingestion API",
        found_by: FoundBy::PathOrEnding(is_batch),
        openapi,
        ..RouteSpec::post("/collection/batch/{inletId}", Access::Collect)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { head, body, principal } = call;
        let inlet = Inlet::admit(&state.options, &head, &principal)?;
        // One that can't be kept is as good as none: a proxy may have added it.
        let request_id = request_id::of_header(&head.headers).ok().flatten();
        let coding = Coding::of(&head.headers)?;
        let Received { bytes, mut claim } = body.read_plain(coding, &state.body_limits, &state.budget).await?;
        let received_ms = state.backend.now_micros() / 1_000;
        let batch_id = state.transaction(received_ms);
        let batch = Batch::read(&bytes).map_err(|why| reply::unreadable(inlet.id, why))?;
        // The events are copied out of their envelopes once, into the array to be kept.
        if !claim.grow_to(bytes.len() * 2) {
            return Err(Problem::overloaded());
        }
        let answers = match batch.array() {
            Some(array) => {
                let run = TestRun::of_headers(&head.headers);
                let request = inlet.request(request_id, Framing::Array, array);
                state.recorder.record(&state.backend, &run, request, |request| submit(&state, request)).await?
            }
            None => Answers::default(),
        };
        let responses = responses(&batch, &answers, inlet.id, &batch_id)?;
        let reply = BatchReply { inlet: inlet.id, batch: &batch_id, received_ms, responses };
        response::as_json(StatusCode::MULTI_STATUS, &reply)
    }
}

/// One response per message; the answers are to those that had an event.
fn responses(batch: &Batch<'_>, answers: &Answers, inlet: &str, batch_id: &str) -> Result<Vec<MessageReply>, Problem> {
    let mut next = answers.iter().enumerate();
    let mut responses = Vec::with_capacity(batch.messages.len());
    for (index, message) in batch.messages.iter().enumerate() {
        let response = match message {
            Err(why) => MessageReply::refused(inlet, *why),
            Ok(_) => match next.next() {
                None => return Err(Problem::internal("the pipeline gave too few answers for a batch")),
                Some((_, EventAnswer::Accepted { .. })) => MessageReply::taken(format!("{batch_id}:{index}")),
                Some((place, EventAnswer::Rejected { violations, .. })) => {
                    let broken = Broken { violations, omitted: answers.omitted_of(place) };
                    MessageReply::invalid(inlet, format!("{batch_id}:{index}"), broken)
                }
            },
        };
        responses.push(response);
    }
    Ok(responses)
}

/// Whether a path means this call when it is none of this server's own paths.
fn is_batch(path: &str) -> bool {
    let mut segments = path.rsplit('/');
    segments.next().is_some_and(|inlet| !inlet.is_empty())
        && segments.next() == Some("batch")
        && segments.next() == Some("collection")
}

fn openapi() -> Operation {
    let taken = parts::object(
        &["inletId", "batchId", "receivedTimeMs", "responses"],
        json!({
            "inletId": parts::string(), "batchId": parts::string(), "receivedTimeMs": { "type": "integer" },
            "responses": { "type": "array", "items": parts::object(&[], json!({
                "xactionId": parts::string(),
                "statusCode": { "const": 400 },
                "message": parts::string(),
                "report": { "type": "object", "description": "cause._streamingValidation has every broken rule." },
            })) },
        }),
    );
    let success = parts::success_json(
        "One response per message, in order; all that have an xactionId are durable.",
        parts::schema("TakenBatch"),
    );
    Operation {
        id: "postMessages",
        parameters: vec![inlet::parameter(), parts::request_id(), parts::content_encoding()],
        body: Some(json!({ "application/json": { "schema": {
            "type": "object",
            "required": ["messages"],
            "properties": { "messages": parts::list("Message") },
        } } })),
        success: Success { status: "207", ..success },
        problems: [
            problems::RECEIVING,
            &[Code::Internal],
            problems::TAKING_IN,
            problems::DATASTREAM,
            &[Code::InvalidXdmMessage, Code::NotFound],
        ]
        .concat(),
        schemas: vec![("TakenBatch", taken)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_base_path_leads_to_the_call() {
        let check = |path: &str, expect: bool| assert_eq!(is_batch(path), expect, "{path}");
        check("/collection/batch/i", true);
        check("/data/foundation/import/collection/batch/i", true);
        check("/data/foundation/import/collection/i", false);
        check("/a/collection/batch", false);
        check("/a/collection/batch/", false);
        check("/a/batch/i", false);
        check("batch/i", false);
        check("", false);
    }

    #[test]
    fn responses_stand_in_the_order_of_their_messages() {
        let batch = Batch::read(br#"{"messages":[{"body":{"xdmEntity":{}}},{},{"body":{"xdmEntity":{}}}]}"#);
        let batch = batch.expect("a batch");
        let accepted = || EventAnswer::Accepted { id: "e".to_owned(), notices: Vec::new() };
        let rejected = EventAnswer::Rejected { id: None, violations: Vec::new() };
        let responses = responses(&batch, &Answers::of(vec![accepted(), rejected]), "i", "b").expect("enough");
        let text = serde_json::to_value(&responses).expect("JSON");
        let found = [0, 1, 2].map(|place| (text[place]["xactionId"].as_str(), text[place]["statusCode"].as_u64()));
        assert_eq!(found, [(Some("b:0"), None), (None, Some(400)), (Some("b:2"), Some(400))]);
        let short = super::responses(&batch, &Answers::of(vec![accepted()]), "i", "b");
        assert_eq!(short.err().map(|problem| problem.code()), Some(Code::Internal));
    }
}
