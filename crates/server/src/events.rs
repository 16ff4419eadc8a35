//! `POST /v1/events`: events in, one answer per event out, in order.
//!
//! 200 when at least one event was accepted (or the body held none, or it was a dry run);
//! 422 when every one was rejected, so that a sender that looks at nothing but the status
//! notices. Both carry the same members, and rejected events are kept either way.
//!
//! An unknown query parameter is an error here: `?dryrun=true` must not store what was
//! meant to be tried.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use intake::{Answers, BodyError, Framing, Request, SubmitError};
use serde::Deserialize;

use crate::access;
use crate::answer::{self, Listing, Tally};
use crate::body::Received;
use crate::coding::Coding;
use crate::edge::{Call, Edge, Outcome, json};
use crate::front::{Front, Held};
use crate::health;
use crate::options::is_name;
use crate::problem::{Code, Problem};
use crate::recorder::TestRun;

/// The datastream of events that name none.
const DATASTREAM: &str = "default";
/// The header with a request's id.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;
/// Bodies above this are checked on a blocking thread in a dry run: nothing of it waits
/// for a disk, so it would hold a worker all the while.
const DRY_RUN_INLINE_BYTES_MAX: usize = 64 << 10;

/// What may stand behind the question mark.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    dry_run: bool,
    datastream: Option<String>,
    request_id: Option<String>,
    answer: Listing,
}

impl Parameters {
    fn of(head: &Parts) -> Result<Parameters, Problem> {
        let invalid = |detail: &'static str| Problem::new(Code::QueryInvalid, detail);
        let mut parameters = match head.uri.query() {
            None => Parameters::default(),
            Some(_) => Query::try_from_uri(&head.uri).map(|Query(known)| known).map_err(|_| {
                invalid(
                    "/v1/events takes dry_run=true|false, datastream=NAME, request_id=ID and answer=full|summary, each once",
                )
            })?,
        };
        if parameters.datastream.as_deref().is_some_and(|name| !is_name(name)) {
            return Err(invalid("datastream is 1 to 128 letters, digits, `-`, `_`, `.` or `:`"));
        }
        if parameters.request_id.is_none() {
            parameters.request_id = header_request_id(&head.headers)?;
        }
        match parameters.request_id.as_deref().map(is_request_id) {
            Some(false) => Err(bad_request_id()),
            _ => Ok(parameters),
        }
    }
}

/// The header `x-request-id`, checked.
pub(crate) fn header_request_id(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(&REQUEST_ID) else { return Ok(None) };
    match value.to_str() {
        Ok(text) if is_request_id(text) => Ok(Some(text.to_owned())),
        _ => Err(bad_request_id()),
    }
}

pub(crate) fn is_request_id(text: &str) -> bool {
    (1..=REQUEST_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn bad_request_id() -> Problem {
    Problem::new(Code::QueryInvalid, "a request id (request_id or x-request-id) is 1 to 128 visible ASCII characters")
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

/// `POST /v1/events`.
pub(crate) async fn post<F: Front>(edge: Arc<Edge<F>>, call: Call) -> Outcome {
    let Call { head, body, principal } = call;
    let parameters = Parameters::of(&head)?;
    let datastream = parameters.datastream.as_deref().unwrap_or(DATASTREAM);
    access::datastream::admit(&edge.options.datastreams, datastream, &head, &principal)?;
    let coding = Coding::of(&head.headers)?;
    let framing = framing(&head.headers);
    // The room stays claimed until the answer is written.
    let Received { bytes, claim: _claim } = body.read_plain(coding, &edge.options, &edge.budget).await?;
    let request = Request {
        datastream: parameters.datastream.unwrap_or_else(|| DATASTREAM.to_owned()),
        request_id: parameters.request_id,
        framing,
        body: bytes,
    };
    let answers = if parameters.dry_run {
        check(&edge, request).await?
    } else {
        let run = TestRun::of_headers(&head.headers);
        edge.recorder.around(&edge.front, &run, request, |request| submit(&edge, request)).await?
    };
    let tally = Tally::of(&answers);
    if tally.accepted == 0 && tally.rejected > 0 && !parameters.dry_run {
        let members = answer::members(&answers, tally, parameters.answer);
        return Err(Problem::of(Code::AllRejected).written(members));
    }
    Ok(json(StatusCode::OK, answer::object(&answers, tally, parameters.answer)))
}

/// Checks, appends, waits until durable; counts how long that took.
pub(crate) async fn submit<F: Front>(edge: &Edge<F>, request: Request) -> Result<Answers, Problem> {
    let begun = Instant::now();
    let answers = edge.front.submit(request, edge.room()).await.map_err(refused)?;
    edge.meters.acked(begun.elapsed());
    Ok(answers)
}

async fn check<F: Front>(edge: &Arc<Edge<F>>, request: Request) -> Result<Answers, Problem> {
    if request.body.len() <= DRY_RUN_INLINE_BYTES_MAX {
        return edge.front.check(&request, edge.room()).map_err(unreadable);
    }
    let shared = Arc::clone(edge);
    tokio::task::spawn_blocking(move || shared.front.check(&request, shared.room()))
        .await
        .map_err(|error| Problem::internal(format!("the check stopped: {error}")))?
        .map_err(unreadable)
}

fn refused(error: SubmitError) -> Problem {
    match error {
        SubmitError::Body(error) => unreadable(error),
        SubmitError::Overloaded { retry_after } => health::held(Held::Overloaded).retry_after(retry_after),
        SubmitError::DiskFull { retry_after } => health::held(Held::DiskFull).retry_after(retry_after),
        SubmitError::Poisoned => health::held(Held::Poisoned),
        SubmitError::Closed => health::held(Held::Closed),
    }
}

/// A body that can't be read as events at all. The words are `intake`'s, which masks.
fn unreadable(error: BodyError) -> Problem {
    let code = match &error {
        BodyError::NoRoom => return health::held(Held::Overloaded),
        BodyError::Empty => Code::BodyEmpty,
        BodyError::TooManyEvents { .. } | BodyError::BodyTooLarge { .. } => Code::BodyTooLarge,
        _ => Code::BodyUnreadable,
    };
    match error {
        BodyError::Foreign(intake::Foreign { name, coding: Some(coding), .. }) => {
            Problem::new(code, format!("this is {name}; send Content-Encoding: {coding}"))
        }
        error => Problem::new(code, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_compressed_body_without_its_label_is_told_how_to_send_it() {
        let foreign = intake::foreign_format(b"\x1F\x8B\x08\x00").expect("gzip");
        let problem = unreadable(BodyError::Foreign(foreign));
        assert_eq!(problem.document()["detail"], "this is gzip; send Content-Encoding: gzip");
        let foreign = intake::foreign_format(b"PK\x03\x04").expect("zip");
        let detail = unreadable(BodyError::Foreign(foreign)).document()["detail"].to_string();
        assert!(detail.contains("a zip archive"), "{detail}");
    }

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
        check("?datastream=a%2Fb", false);
        check("?datastream=", false);
        check("?request_id=a%20b", false);
        check("?request_id=a&request_id=b", false);
    }
}
