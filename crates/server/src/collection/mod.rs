//! Adobe's streaming-ingestion API, so that a sender of it only changes its address.
//!
//! `POST /collection/{inletId}` takes one message, `POST /collection/batch/{inletId}`
//! many; below any base path, since one host of the original has one. A message is an envelope around one event; the event goes to the same pipeline
//! as any other, into the datastream that the inlet feeds. Shapes, names and statuses are
//! those of the original (Adobe's documentation of streaming validation and of multiple
//! messages). Where it differs:
//!
//! * Every broken rule is reported, not the first five, and in batches too.
//! * An invalid message is kept in `rejects` in every mode. The original drops it when
//!   asked to validate at once; here the sender still gets its 400.
//! * Without `syncValidation` a readable message gets its 200 whether or not it is valid,
//!   as in the original; what was invalid is in `rejects`.
//! * `imsOrgId`, `datasetId` and `schemaRef` are not compared with anything: there is one
//!   schema, and the inlet says where events go.

mod envelope;
mod reply;

use std::sync::Arc;

use axum::http::StatusCode;
use bytes::Bytes;
use intake::{Answers, EventAnswer, Framing, Request};

use crate::access;
use crate::body::Received;
use crate::coding::Coding;
use crate::edge::{Call, Edge, Outcome, json};
use crate::events::{header_request_id, submit};
use crate::front::Front;
use crate::options::is_name;
use crate::problem::{Code, Problem};
use crate::recorder::TestRun;
use crate::routes::Route;

use envelope::{Batch, event_of};
use reply::{BatchReply, Broken, OneReply, Response, Validation};

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

/// The call that a path means when it is not one of this server's own paths: told by how it
/// ends.
pub(crate) fn call_of(path: &str) -> Option<Route> {
    let mut segments = path.rsplit('/');
    let inlet = segments.next().filter(|inlet| !inlet.is_empty())?;
    match segments.next()? {
        "collection" if inlet != "batch" => Some(Route::Collection),
        "batch" if segments.next() == Some("collection") => Some(Route::CollectionBatch),
        _ => None,
    }
}

/// Where a call's events go, and how it is named in answers.
struct Inlet<'a> {
    id: &'a str,
    datastream: &'a str,
}

impl<'a> Inlet<'a> {
    fn of<F: Front>(edge: &'a Edge<F>, path: &'a str) -> Result<Inlet<'a>, Problem> {
        let id = path.rsplit('/').next().unwrap_or_default();
        if !is_name(id) {
            let detail = "an inlet id is 1 to 128 letters, digits, `-`, `_`, `.` or `:`";
            return Err(Problem::new(Code::NotFound, detail));
        }
        let datastream = edge.options.inlets.get(id).map_or(id, String::as_str);
        Ok(Inlet { id, datastream })
    }

    fn request(&self, request_id: Option<String>, framing: Framing, body: Bytes) -> Request {
        Request { datastream: self.datastream.to_owned(), request_id, framing, body }
    }
}

/// `POST /collection/{inletId}`.
pub(crate) async fn post_one<F: Front>(edge: Arc<Edge<F>>, call: Call) -> Outcome {
    let Call { head, body, principal } = call;
    let inlet = Inlet::of(&edge, head.uri.path())?;
    access::datastream::admit(&edge.options.datastreams, inlet.datastream, &head, &principal)?;
    let mode = Mode::of(head.uri.query());
    // One that can't be kept is as good as none: a proxy may have added it.
    let request_id = header_request_id(&head.headers).ok().flatten();
    let coding = Coding::of(&head.headers)?;
    let Received { bytes, claim: _claim } = body.read_plain(coding, &edge.options, &edge.budget).await?;
    let received_ms = edge.front.now_micros() / 1_000;
    let transaction = edge.transaction(received_ms);
    let event = bytes.slice_ref(event_of(&bytes).map_err(|why| reply::unreadable(inlet.id, why))?);
    let run = TestRun::of_headers(&head.headers);
    let request = inlet.request(request_id, Framing::Single, event);
    let answers = edge.recorder.around(&edge.front, &run, request, |request| submit(&edge, request)).await?;
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
    written(StatusCode::OK, &reply)
}

/// `POST /collection/batch/{inletId}`: always 207 once the batch can be read.
pub(crate) async fn post_batch<F: Front>(edge: Arc<Edge<F>>, call: Call) -> Outcome {
    let Call { head, body, principal } = call;
    let inlet = Inlet::of(&edge, head.uri.path())?;
    access::datastream::admit(&edge.options.datastreams, inlet.datastream, &head, &principal)?;
    // One that can't be kept is as good as none: a proxy may have added it.
    let request_id = header_request_id(&head.headers).ok().flatten();
    let coding = Coding::of(&head.headers)?;
    let Received { bytes, mut claim } = body.read_plain(coding, &edge.options, &edge.budget).await?;
    let received_ms = edge.front.now_micros() / 1_000;
    let batch_id = edge.transaction(received_ms);
    let batch = Batch::read(&bytes).map_err(|why| reply::unreadable(inlet.id, why))?;
    // The events are copied out of their envelopes once, into the array to be kept.
    if !claim.grow_to(bytes.len() * 2) {
        return Err(crate::health::held(crate::front::Held::Overloaded));
    }
    let answers = match batch.array() {
        Some(array) => {
            let run = TestRun::of_headers(&head.headers);
            let request = inlet.request(request_id, Framing::Array, array);
            edge.recorder.around(&edge.front, &run, request, |request| submit(&edge, request)).await?
        }
        None => Answers::default(),
    };
    let mut next = answers.iter().enumerate();
    let mut responses = Vec::with_capacity(batch.messages.len());
    for (index, message) in batch.messages.iter().enumerate() {
        let response = match message {
            Err(why) => Response::refused(inlet.id, *why),
            Ok(_) => match next.next() {
                None => return Err(Problem::internal("the pipeline gave too few answers for a batch")),
                Some((_, EventAnswer::Accepted { .. })) => Response::taken(format!("{batch_id}:{index}")),
                Some((place, EventAnswer::Rejected { violations, .. })) => {
                    let broken = Broken { violations, omitted: answers.omitted_of(place) };
                    Response::invalid(inlet.id, format!("{batch_id}:{index}"), broken)
                }
            },
        };
        responses.push(response);
    }
    let reply = BatchReply { inlet: inlet.id, batch: &batch_id, received_ms, responses };
    written(StatusCode::MULTI_STATUS, &reply)
}

fn written(status: StatusCode, reply: &impl serde::Serialize) -> Outcome {
    match serde_json::to_vec(reply) {
        Ok(body) => Ok(json(status, body)),
        Err(error) => Err(Problem::internal(error.to_string())),
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
        let check = |path: &str, expect: Option<Route>| assert_eq!(call_of(path), expect, "{path}");
        check("/collection/i", Some(Route::Collection));
        check("/collection/batch/i", Some(Route::CollectionBatch));
        check("/data/foundation/import/collection/i", Some(Route::Collection));
        check("/data/foundation/import/collection/batch/i", Some(Route::CollectionBatch));
        check("/a/collection/batch", None);
        check("/a/collection/", None);
        check("/a/collection", None);
        check("/a/batch/i", None);
        check("/collectionx/i", None);
        check("/a/collection/i/j", None);
        check("collection", None);
        check("", None);
    }
}
