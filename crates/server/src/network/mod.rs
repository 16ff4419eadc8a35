//! The Edge Network API, as Adobe's Web SDK speaks it: the SDK works against this
//! server unchanged.
//!
//! ```text
//! POST /{base}[/{hint}]/v1/interact             events in, handles out
//! POST /{base}[/{hint}]/v1/collect              events in, 204 (also for beacons)
//! POST /{base}[/{hint}]/v1/identity/acquire     the visitor's id
//! POST /{base}[/{hint}]/v1/privacy/set-consent  the visitor's choice
//! POST /{base}[/{hint}]/v2/{interact,collect}   the same for servers
//! ```
//!
//! What this owns is the conversation: cookies, identity, consent, the shapes of answers,
//! and which answer makes the SDK try again. Events are completed with the request's
//! context and the visitor, and handed to the pipeline; whether they are valid is its
//! word. Three rules keep a site's data safe:
//!
//! * A sender that does nothing wrong never gets a 4xx or a 500, which the SDK takes as
//!   final. An invalid event is answered with `handle` and a warning, and kept in
//!   `rejects`; a failure of ours is a 503 with `Retry-After`, which it repeats.
//! * The answer, even a beacon's 204 that nobody reads, comes after the event is durable.
//! * A request that is sent again gives the same events: their ids come from the
//!   request's id, and so does a new visitor's ECID.
//!
//! A body that is no JSON is kept too, as one reject; only its sender is told that
//! nothing could be made of it.

mod choice;
mod consent;
mod cookies;
mod cors;
mod datastream;
mod envelope;
mod identity;
mod kept;
mod merge;
mod notice;
mod org;
mod raw;
mod receipts;
mod reply;
mod target;
mod tcf;
mod visitor;

use std::sync::Arc;

use axum::extract::Request as HttpRequest;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use bytes::Bytes;
use intake::{Framing, Request};

use crate::access;
use crate::body::{Arrival, Received};
use crate::budget::Claim;
use crate::coding::Coding;
use crate::edge::{Call, Edge, Outcome};
use crate::events::{header_request_id, submit};
use crate::front::Front;
use crate::problem::{Code, Problem};
use crate::routes::Route;

use cookies::{Jar, Way};
use envelope::Envelope;
use org::{Orgs, Signs};
use raw::Malformed;
use reply::Reply;
use target::{Action, Target, Version};
use visitor::{Caller, Visitor};

pub(crate) use cors::allow;
pub(crate) use datastream::find as datastream_of;
pub use datastream::{Datastream, ORG_ID};
pub(crate) use org::Told;
pub(crate) use receipts::Receipts;
pub(crate) use target::call_of;

/// Answers one call; never without what a browser needs to hand the answer on.
pub(crate) async fn serve<F: Front>(
    edge: Arc<Edge<F>>,
    version: Version,
    action: Action,
    route: Route,
    request: HttpRequest,
) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let method = request.method().clone();
    let mut call = edge.call(request);
    let work =
        async {
            match method {
                Method::POST => {
                    edge.admit(route, &mut call)?;
                    answer(&edge, version, action, call).await
                }
                Method::OPTIONS => Ok(cors::preflight(&call.head.headers)),
                _ => Err(Problem::of(Code::MethodNotAllowed)
                    .header(header::ALLOW, HeaderValue::from_static("POST, OPTIONS"))),
            }
        };
    let mut response = edge.answer(route, work).await;
    allow(&mut response, origin);
    response
}

/// A call with all that is known before its body is read.
struct Visit<'a> {
    datastream: Datastream,
    target: &'a Target,
    head: &'a Parts,
    version: Version,
    action: Action,
}

/// A call with what its body says around the events.
struct Reading<'a> {
    envelope: Envelope<'a>,
    jar: Jar,
    orgs: Orgs,
    visitor: Option<Visitor>,
}

async fn answer<F: Front>(edge: &Edge<F>, version: Version, action: Action, call: Call) -> Outcome {
    let Call { head, body, principal } = call;
    // An unusable header is passed over: the event is worth more.
    let header_id = header_request_id(&head.headers).ok().flatten();
    let target = Target::of(&head.uri, version, header_id.as_deref())?;
    let report = |problem: Problem| match &target.request_id {
        Some(request_id) => problem.member("report", serde_json::json!({ "requestId": request_id })),
        None => problem,
    };
    let known = &edge.options.datastreams;
    let datastream = access::datastream::admit(known, &target.datastream, &head, &principal).map_err(&report)?;
    let datastream = datastream.cloned().unwrap_or_default();
    // The room stays claimed until the answer is written.
    let Received { bytes, claim: mut room } = receive(edge, &head, body).await.map_err(&report)?;
    let visit = Visit { datastream, target: &target, head: &head, version, action };
    visit.answer(edge, &bytes, &mut room).await.map_err(report)
}

async fn receive<F: Front>(edge: &Edge<F>, head: &Parts, body: Arrival) -> Result<Received, Problem> {
    let bytes_max = edge.options.network_body_bytes_max;
    let received = match Coding::of(&head.headers)? {
        Coding::Identity => body.read(bytes_max, &edge.budget, edge.options.body_read_timeout).await?,
        coding => body.read_plain(coding, &edge.options, &edge.budget).await?,
    };
    if received.bytes.len() > bytes_max {
        return Err(Problem::new(Code::BodyTooLarge, format!("the body is over {bytes_max} bytes; split it")));
    }
    Ok(received)
}

fn origin_of(head: &Parts) -> Option<&str> {
    // One that is no text admits nothing that is configured.
    head.headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("null"))
}

/// This server's name as the client used it, without port.
fn host_of(head: &Parts) -> Option<&str> {
    match head.uri.host() {
        Some(host) => Some(host),
        None => head.headers.get(header::HOST)?.to_str().ok()?.split(':').next(),
    }
}

impl Visit<'_> {
    async fn answer<F: Front>(&self, edge: &Edge<F>, bytes: &Bytes, room: &mut Claim) -> Outcome {
        let body = match raw::well_formed(bytes) {
            Ok(body) => body,
            Err(malformed) => return Err(self.keep_unreadable(edge, bytes, malformed).await?),
        };
        let Some(reading) = self.read(edge, body) else {
            return Err(Problem::new(Code::FieldInvalid, "the body is not a JSON object; send {\"events\":[…]}"));
        };
        let way = Way::of(host_of(self.head), origin_of(self.head), reading.envelope.domain.as_deref());
        let mut reply = Reply::new(self.target.request_id.as_deref(), way);
        let doubt = self.tell_doubt(edge, &reading, &mut reply);
        match self.action {
            Action::Acquire => self.introduce(edge, &mut reply, &reading, Telling::Always),
            Action::SetConsent => self.set_consent(edge, &reading, doubt.as_deref(), &mut reply).await?,
            Action::Interact | Action::Collect => {
                let kept = self.complete(edge, &reading, room, &mut reply)?;
                let said = kept.said;
                self.take_in(edge, &reading, kept, doubt.as_deref(), &mut reply).await?;
                if self.action == Action::Interact {
                    self.introduce(edge, &mut reply, &reading, Telling::News);
                    self.keep_said(&reading, said, &mut reply);
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

    /// `None` when the body is no object.
    fn read<'b, F: Front>(&self, edge: &Edge<F>, body: &'b str) -> Option<Reading<'b>> {
        let mut envelope = Envelope::of(body)?;
        let entries = std::mem::take(&mut envelope.entries);
        let jar = Jar::of(&self.head.headers, entries, self.datastream.fpid_cookie.as_deref());
        let has_ecid = envelope.identity_map().and_then(visitor::ecid_of).is_some();
        let signs = Signs { has_cookies_enabled: envelope.has_cookies_enabled, has_ecid };
        let orgs = Orgs::of(&self.datastream, &jar, signs);
        let visitor = self.caller().visitor(edge, &envelope, &jar, &orgs);
        Some(Reading { envelope, jar, orgs, visitor })
    }

    fn caller(&self) -> Caller<'_> {
        let Visit { datastream, target, version, action, .. } = self;
        let is_page = origin_of(self.head).is_some();
        Caller { datastream, target, version: *version, action: *action, is_page }
    }

    /// Says to the page and the log that the SDK may not find its cookies.
    fn tell_doubt<F: Front>(&self, edge: &Edge<F>, reading: &Reading<'_>, reply: &mut Reply) -> Option<String> {
        let doubt = reading.orgs.doubt.as_ref()?;
        let message = doubt.message(&self.target.datastream, &reading.orgs.own);
        edge.orgs_told.tell(&self.target.datastream, &message);
        reply.warn_of_doubt(message.clone());
        Some(message)
    }

    /// Tells the visitor's id, and has it kept where it isn't yet.
    fn introduce<F: Front>(&self, edge: &Edge<F>, reply: &mut Reply, reading: &Reading<'_>, telling: Telling) {
        let Some(visitor) = &reading.visitor else { return };
        if visitor.is_news() || telling == Telling::Always {
            reply.tell(&visitor.ecid);
        }
        if visitor.is_news() {
            reply.keep_identity(&reading.orgs.own, &visitor.ecid, edge.front.now_micros() / 1_000);
        }
    }

    /// The time of receipt, the same when a request is sent again.
    fn received_at<F: Front>(&self, edge: &Edge<F>) -> String {
        let now = edge.front.now_micros();
        let Target { datastream, request_id, .. } = self.target;
        rfc3339(request_id.as_deref().map_or(now, |request_id| edge.receipts.first(datastream, request_id, now)))
    }

    /// Keeps a body that is no JSON, as one reject, and says what is wrong with it.
    async fn keep_unreadable<F: Front>(
        &self,
        edge: &Edge<F>,
        bytes: &Bytes,
        malformed: Malformed,
    ) -> Result<Problem, Problem> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Problem::of(Code::BodyEmpty));
        }
        // One line is one event, however broken; a line's end means no more than a space.
        let line: Vec<u8> = bytes.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect();
        drop(submit(edge, self.request(Framing::Lines, line)).await?);
        let detail = match malformed {
            Malformed::Encoding { at } => format!("the body is not UTF-8 at byte {at}; it is kept in rejects"),
            Malformed::Syntax { line, column } => {
                format!("the body is not JSON at line {line}, column {column}; it is kept in rejects")
            }
        };
        Ok(Problem::new(Code::JsonInvalid, detail))
    }

    fn request(&self, framing: Framing, body: Vec<u8>) -> Request {
        let Target { datastream, request_id, .. } = self.target;
        Request { datastream: datastream.clone(), request_id: request_id.clone(), framing, body: body.into() }
    }
}

/// When the answer names the visitor.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Telling {
    Always,
    News,
}

fn rfc3339(micros: i64) -> String {
    let time = chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default();
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
