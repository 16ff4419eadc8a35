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

mod consent;
mod cookies;
mod cors;
mod datastream;
mod envelope;
mod identity;
mod merge;
mod raw;
mod reply;
mod target;

use std::sync::Arc;

use axum::extract::Request as HttpRequest;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use bytes::Bytes;
use intake::{Framing, Request};

use crate::body::{Arrival, Received};
use crate::budget::Claim;
use crate::coding::Coding;
use crate::edge::{Call, Edge, Outcome};
use crate::events::{header_request_id, submit};
use crate::front::Front;
use crate::problem::{Code, Problem};
use crate::recorder::TestRun;
use crate::routes::Route;

use consent::Consent;
use cookies::{Jar, Purpose, Way};
use envelope::Envelope;
use identity::Ecid;
use raw::{Malformed, items, member, members};
use reply::Reply;
use target::{Action, Target, Version};

pub(crate) use cors::allow;
pub use datastream::{Datastream, ORG_ID};
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
    let call = edge.call(request);
    let work =
        async {
            match method {
                Method::POST => answer(&edge, version, action, call).await,
                Method::OPTIONS => Ok(cors::preflight(&call.head.headers)),
                _ => Err(Problem::of(Code::MethodNotAllowed)
                    .header(header::ALLOW, HeaderValue::from_static("POST, OPTIONS"))),
            }
        };
    let mut response = edge.answer(route, work).await;
    allow(&mut response, origin);
    response
}

/// Room in an event for the visitor.
const ADDED_BYTES: usize = 160;

/// A call with all that is known before its body is read.
struct Visit<'a> {
    datastream: Datastream,
    target: &'a Target,
    head: &'a Parts,
    version: Version,
    action: Action,
}

async fn answer<F: Front>(edge: &Edge<F>, version: Version, action: Action, call: Call) -> Outcome {
    let Call { head, body } = call;
    // An unusable header is passed over: the event is worth more.
    let header_id = header_request_id(&head.headers).ok().flatten();
    let target = Target::of(&head.uri, version, header_id.as_deref())?;
    let report = |problem: Problem| match &target.request_id {
        Some(request_id) => problem.member("report", serde_json::json!({ "requestId": request_id })),
        None => problem,
    };
    let datastream = datastream::find(&edge.options.datastreams, &target.datastream);
    let datastream = datastream.ok_or_else(|| report(Problem::of(Code::DatastreamUnknown)))?;
    if !datastream.enabled {
        return Err(report(Problem::of(Code::DatastreamDisabled)));
    }
    if !datastream.admits(origin_of(&head)) {
        return Err(report(Problem::of(Code::OriginRefused)));
    }
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
        let Some(envelope) = Envelope::of(body) else {
            return Err(Problem::new(Code::FieldInvalid, "the body is not a JSON object; send {\"events\":[…]}"));
        };
        let jar = Jar::of(&self.head.headers, envelope.entries.clone());
        let way = Way::of(host_of(self.head), origin_of(self.head), envelope.domain.as_deref());
        let mut reply = Reply::new(self.target.request_id.as_deref(), way);
        let visitor = self.visitor(edge, &envelope, &jar);
        match self.action {
            Action::Acquire => self.introduce(edge, &mut reply, visitor.as_ref(), Telling::Always),
            Action::SetConsent => self.set_consent(edge, &envelope, visitor.as_ref(), &mut reply).await?,
            Action::Interact | Action::Collect => {
                let events = self.complete(edge, &envelope, &jar, visitor.as_ref(), room, &mut reply)?;
                self.take_in(edge, &envelope, events, &mut reply).await?;
                if self.action == Action::Interact {
                    self.introduce(edge, &mut reply, visitor.as_ref(), Telling::News);
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

    /// Who it is: by cookie, else by an ECID that the site brings along, else a new one
    /// where the answer can tell it. `collect` can't, so there it would be another visitor
    /// with each event.
    fn visitor<F: Front>(&self, edge: &Edge<F>, envelope: &Envelope<'_>, jar: &Jar) -> Option<Visitor> {
        let org_id = Some(self.datastream.org_id.as_str());
        if let Some(ecid) = jar.values(Purpose::Identity, org_id).find_map(Ecid::from_cookie) {
            return Some(Visitor { ecid, is_news: false });
        }
        let maps = envelope.xdm.and_then(|xdm| member(xdm, "identityMap")).into_iter().chain(envelope.identity_map);
        let supplied = maps.filter_map(ecid_of).next();
        match supplied {
            Some(ecid) => Some(Visitor { ecid, is_news: true }),
            None if self.action == Action::Collect => None,
            None => {
                let bits = match &self.target.request_id {
                    Some(request_id) => edge.front.visitor_bits(&self.target.datastream, request_id),
                    None => uuid::Uuid::new_v4().into_bytes(),
                };
                Some(Visitor { ecid: Ecid::from_bits(bits), is_news: true })
            }
        }
    }

    /// Tells the visitor's id, and has it kept where it isn't yet.
    fn introduce<F: Front>(&self, edge: &Edge<F>, reply: &mut Reply, visitor: Option<&Visitor>, telling: Telling) {
        let Some(visitor) = visitor else { return };
        if visitor.is_news || telling == Telling::Always {
            reply.tell(&visitor.ecid);
        }
        if visitor.is_news {
            reply.keep_identity(&self.datastream.org_id, &visitor.ecid, edge.front.now_micros() / 1_000);
        }
    }

    async fn set_consent<F: Front>(
        &self,
        edge: &Edge<F>,
        envelope: &Envelope<'_>,
        visitor: Option<&Visitor>,
        reply: &mut Reply,
    ) -> Result<(), Problem> {
        let choices = envelope.consent.ok_or_else(|| Problem::new(Code::ValueMissing, "the body has no `consent`"))?;
        let consent = Consent::of(choices).ok_or_else(|| {
            let detail = "no part of `consent` is understood; send standard Adobe 1.0 or 2.0, or IAB TCF 2";
            Problem::new(Code::FieldInvalid, detail)
        })?;
        // The choice itself is an event, so that it can be shown later who chose what when.
        let time = rfc3339(edge.front.now_micros());
        let record = format!(r#"{{"timestamp":"{time}","eventType":"{}"}}"#, consent.event_type());
        let event = merge::complete(&record, None, visitor.map(|visitor| &visitor.ecid));
        // Without the request's id: its time differs when it is sent again, which would
        // make it a conflict.
        let request = Request { request_id: None, ..self.request(Framing::Single, event.into_bytes()) };
        drop(submit(edge, request).await?);
        self.introduce(edge, reply, visitor, Telling::Always);
        reply.keep_consent(&self.datastream.org_id, consent);
        Ok(())
    }

    /// The events as one array, each with the request's context and the visitor; `None`
    /// when there is nothing to be kept.
    fn complete<F: Front>(
        &self,
        edge: &Edge<F>,
        envelope: &Envelope<'_>,
        jar: &Jar,
        visitor: Option<&Visitor>,
        room: &mut Claim,
        reply: &mut Reply,
    ) -> Result<Option<String>, Problem> {
        let events = envelope.events.as_ref().ok_or_else(|| {
            Problem::new(Code::ValueMissing, "the body has no `events`; send {\"events\":[{\"xdm\":{…}}]}")
        })?;
        let org_id = Some(self.datastream.org_id.as_str());
        if jar.values(Purpose::Consent, org_id).find_map(Consent::from_cookie) == Some(Consent::Out) {
            reply.warn_of_refusal();
            return Ok(None);
        }
        if events.is_empty() {
            return Ok(None);
        }
        // The context is in each event: few bytes can become many.
        let added_bytes = envelope.xdm.map_or(0, str::len) + ADDED_BYTES;
        let bytes = events.iter().fold(2usize, |sum, event| sum.saturating_add(event.xdm.len() + added_bytes));
        if bytes > edge.options.body_bytes_decompressed_max {
            let detail =
                "the request's xdm in each of its events is over the limit; send fewer events, or a shorter xdm";
            return Err(Problem::new(Code::BodyTooLarge, detail));
        }
        if !room.grow_to(bytes.saturating_mul(2)) {
            return Err(crate::health::held(crate::front::Held::Overloaded));
        }
        let ecid = visitor.map(|visitor| &visitor.ecid);
        let mut array = String::with_capacity(bytes);
        for event in events {
            array.push(if array.is_empty() { '[' } else { ',' });
            array.push_str(&merge::complete(event.xdm, envelope.xdm, ecid));
        }
        array.push(']');
        Ok(Some(array))
    }

    async fn take_in<F: Front>(
        &self,
        edge: &Edge<F>,
        envelope: &Envelope<'_>,
        events: Option<String>,
        reply: &mut Reply,
    ) -> Result<(), Problem> {
        let Some(array) = events else { return Ok(()) };
        let request = self.request(Framing::Array, array.into_bytes());
        let sent = envelope.events.iter().flatten();
        let runs = TestRun::of(&self.head.headers, sent.map(envelope::Sent::test_id));
        let answers = edge.recorder.around(&edge.front, &runs, request, |request| submit(edge, request)).await?;
        reply.warn_of(&answers);
        Ok(())
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

/// The visitor of a call.
struct Visitor {
    ecid: Ecid,
    /// The visitor's browser doesn't have it in its cookie yet.
    is_news: bool,
}

/// When the answer names the visitor.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Telling {
    Always,
    News,
}

/// The first ECID of an identity map.
fn ecid_of(map: &str) -> Option<Ecid> {
    let (_, list) = members(map).find(|(namespace, _)| *namespace == "ECID")?;
    items(list).find_map(|item| Ecid::parse(&raw::text(member(item, "id")?)?))
}

fn rfc3339(micros: i64) -> String {
    let time = chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default();
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
