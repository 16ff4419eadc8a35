//! From a call to its answer: what the body holds is kept, and the visitor is told what the
//! SDK has to know.

use axum::http::request::Parts;
use bytes::Bytes;
use intake::{Claim, Framing};

use super::cookies::Way;
use super::edge_call::{EdgeCall, VisitorInAnswer, host_of, origin_of};
use super::raw::{self, Malformed};
use super::reply::Reply;
use super::target::{Action, Target, Version};
use crate::app::access;
use crate::app::backend::Ingest;
use crate::app::call::{Call, Outcome};
use crate::app::request_id;
use crate::app::state::AppState;
use crate::app::submit::submit;
use crate::http::body::{Received, UnreadBody};
use crate::http::coding::Coding;
use crate::http::problem::{Code, Problem};

/// Answers a call that was admitted.
pub(super) async fn answer<B: Ingest>(state: &AppState<B>, version: Version, action: Action, call: Call) -> Outcome {
    let Call { head, body, principal } = call;
    // An unusable header is passed over: the event is worth more.
    let header_id = request_id::of_header(&head.headers).ok().flatten();
    let target = Target::of(&head.uri, version, header_id.as_deref())?;
    let report = |problem: Problem| match &target.request_id {
        Some(request_id) => problem.member("report", serde_json::json!({ "requestId": request_id })),
        None => problem,
    };
    let known = &state.options.datastreams;
    let datastream = access::datastream::admit(known, &target.datastream, &head, &principal).map_err(&report)?;
    let datastream = datastream.cloned().unwrap_or_default();
    // The room stays claimed until the answer is written.
    let Received { bytes, mut claim } = receive(state, &head, body).await.map_err(&report)?;
    let edge_call = EdgeCall { datastream, target: &target, head: &head, version, action };
    edge_call.answer(state, &bytes, &mut claim).await.map_err(report)
}

async fn receive<B: Ingest>(state: &AppState<B>, head: &Parts, body: UnreadBody) -> Result<Received, Problem> {
    let bytes_max = state.options.network_body_bytes_max;
    let received = match Coding::of(&head.headers)? {
        Coding::Identity => body.read(bytes_max, &state.body_limits, &state.budget).await?,
        coding => body.read_plain(coding, &state.body_limits, &state.budget).await?,
    };
    if received.bytes.len() > bytes_max {
        return Err(Problem::new(Code::BodyTooLarge, format!("the body is over {bytes_max} bytes; split it")));
    }
    Ok(received)
}

impl EdgeCall<'_> {
    async fn answer<B: Ingest>(&self, state: &AppState<B>, bytes: &Bytes, claim: &mut Claim) -> Outcome {
        let body = match raw::well_formed(bytes) {
            Ok(body) => body,
            Err(malformed) => return Err(self.keep_unreadable(state, bytes, malformed).await?),
        };
        let Some(body) = self.read(state, body) else {
            return Err(Problem::new(Code::FieldInvalid, "the body is not a JSON object; send {\"events\":[…]}"));
        };
        let way = Way::of(host_of(self.head), origin_of(self.head), body.envelope.domain.as_deref());
        let mut reply = Reply::new(self.target.request_id.as_deref(), way);
        let mismatch = self.tell_doubt(state, &body, &mut reply);
        match self.action {
            Action::Acquire => self.introduce(state, &mut reply, &body, VisitorInAnswer::Always),
            Action::SetConsent => self.set_consent(state, &body, mismatch.as_deref(), &mut reply).await?,
            Action::Interact | Action::Collect => {
                let kept = self.complete(state, &body, claim, &mut reply)?;
                let said = kept.said;
                self.take_in(state, &body, kept, mismatch.as_deref(), &mut reply).await?;
                if self.action == Action::Interact {
                    self.introduce(state, &mut reply, &body, VisitorInAnswer::WhenNew);
                    self.keep_said(&body, said, &mut reply);
                }
            }
        }
        Ok(match (self.version, self.action) {
            (Version::V1, Action::Collect) => reply.into_empty(),
            (Version::V2, Action::Collect) if self.target.is_silent => reply.into_empty(),
            (Version::V2, Action::Collect) => reply.into_taken(),
            _ => reply.into_response(),
        })
    }

    /// Keeps a body that is no JSON, as one reject, and says what is wrong with it.
    async fn keep_unreadable<B: Ingest>(
        &self,
        state: &AppState<B>,
        bytes: &Bytes,
        malformed: Malformed,
    ) -> Result<Problem, Problem> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Problem::of(Code::BodyEmpty));
        }
        // One line is one event, however broken; a line's end means no more than a space.
        let line: Vec<u8> = bytes.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect();
        drop(submit(state, self.request(Framing::Lines, line)).await?);
        let detail = match malformed {
            Malformed::Encoding { at } => format!("the body is not UTF-8 at byte {at}; it is kept in rejects"),
            Malformed::Syntax { line, column } => {
                format!("the body is not JSON at line {line}, column {column}; it is kept in rejects")
            }
        };
        Ok(Problem::new(Code::JsonInvalid, detail))
    }
}
