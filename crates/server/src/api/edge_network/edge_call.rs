//! One call: what is known of it before its body is read, and what the body says around
//! the events.

use axum::http::header;
use axum::http::request::Parts;
use intake::{Framing, Request, Source};

use super::cookies::RequestCookies;
use super::envelope::Envelope;
use super::org::{Orgs, Signs};
use super::reply::Reply;
use super::target::{Action, Target, Version};
use super::visitor::{self, Caller, Visitor};
use crate::app::backend::Ingest;
use crate::app::datastream::Datastream;
use crate::app::state::AppState;
use crate::app::timestamp;

/// A call with all that is known before its body is read.
pub(super) struct EdgeCall<'a> {
    pub(super) datastream: Datastream,
    pub(super) target: &'a Target,
    pub(super) head: &'a Parts,
    pub(super) version: Version,
    pub(super) action: Action,
}

/// A call with what its body says around the events.
pub(super) struct EdgeBody<'a> {
    pub(super) envelope: Envelope<'a>,
    pub(super) cookies: RequestCookies,
    pub(super) orgs: Orgs,
    pub(super) visitor: Option<Visitor>,
}

/// When the answer names the visitor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum VisitorInAnswer {
    Always,
    WhenNew,
}

impl EdgeCall<'_> {
    /// `None` when the body is no object.
    pub(super) fn read<'b, B: Ingest>(&self, state: &AppState<B>, body: &'b str) -> Option<EdgeBody<'b>> {
        let mut envelope = Envelope::of(body)?;
        let entries = std::mem::take(&mut envelope.entries);
        let cookies = RequestCookies::of(&self.head.headers, entries, self.datastream.fpid_cookie.as_deref());
        let has_ecid = envelope.identity_map().and_then(visitor::ecid_of).is_some();
        let signs = Signs { has_cookies_enabled: envelope.has_cookies_enabled, has_ecid };
        let orgs = Orgs::of(&self.datastream, &cookies, signs);
        let visitor = self.caller().visitor(state, &envelope, &cookies, &orgs);
        Some(EdgeBody { envelope, cookies, orgs, visitor })
    }

    pub(super) fn caller(&self) -> Caller<'_> {
        let EdgeCall { datastream, target, version, action, .. } = self;
        let is_page = origin_of(self.head).is_some();
        Caller { datastream, target, version: *version, action: *action, is_page }
    }

    /// Says to the page and the log that the SDK may not find its cookies.
    pub(super) fn tell_doubt<B: Ingest>(
        &self,
        state: &AppState<B>,
        body: &EdgeBody<'_>,
        reply: &mut Reply,
    ) -> Option<String> {
        let mismatch = body.orgs.mismatch.as_ref()?;
        let message = mismatch.message(&self.target.datastream, &body.orgs.own);
        state.org_warnings.warn_once(&self.target.datastream, &message);
        reply.warn_of_doubt(message.clone());
        Some(message)
    }

    /// Tells the visitor's id, and has it kept where it isn't yet.
    pub(super) fn introduce<B: Ingest>(
        &self,
        state: &AppState<B>,
        reply: &mut Reply,
        body: &EdgeBody<'_>,
        naming: VisitorInAnswer,
    ) {
        let Some(visitor) = &body.visitor else { return };
        if visitor.is_news() || naming == VisitorInAnswer::Always {
            reply.tell(&visitor.ecid);
        }
        if visitor.is_news() {
            reply.keep_identity(&body.orgs.own, &visitor.ecid, state.backend.now_micros() / 1_000);
        }
    }

    /// The time of receipt, the same when a request is sent again.
    pub(super) fn received_at<B: Ingest>(&self, state: &AppState<B>) -> String {
        let now = state.backend.now_micros();
        let Target { datastream, request_id, .. } = self.target;
        timestamp::millis(
            request_id.as_deref().map_or(now, |request_id| state.first_receipts.first(datastream, request_id, now)),
        )
    }

    pub(super) fn request(&self, framing: Framing, body: Vec<u8>) -> Request {
        let Target { datastream, request_id, .. } = self.target;
        Request {
            datastream: datastream.clone(),
            request_id: request_id.clone(),
            source: Source::Sender,
            framing,
            body: body.into(),
        }
    }
}

pub(super) fn origin_of(head: &Parts) -> Option<&str> {
    // One that is no text admits nothing that is configured.
    head.headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("null"))
}

/// This server's name as the client used it, without port.
pub(super) fn host_of(head: &Parts) -> Option<&str> {
    match head.uri.host() {
        Some(host) => Some(host),
        None => head.headers.get(header::HOST)?.to_str().ok()?.split(':').next(),
    }
}
