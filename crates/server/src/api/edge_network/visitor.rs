//! Whose events a call brings: the visitor, by the best of what names one.
//!
//! In this order: the identity cookie; an ECID that the sender brings along, for the whole
//! request or in an event; an identity cookie that may be the page's, too; a first-party
//! device id (FPID), from which an ECID is made with the data directory's key, so that it
//! is always the same one and can't be made by others; a new ECID, where its receiver can
//! keep it. A call without any of these has no visitor: a server that sends for its site
//! would otherwise be another visitor each time.

use uuid::Uuid;

use super::cookies::{Purpose, RequestCookies};
use super::envelope::{Envelope, Sent};
use super::identity::Ecid;
use super::org::Orgs;
use super::raw::{items, members, property, text};
use super::target::{Action, Target, Version};
use crate::app::backend::Ingest;
use crate::app::datastream::Datastream;
use crate::app::state::AppState;

/// Longest device id, in bytes; real ones are UUIDs.
const FPID_BYTES_MAX: usize = 256;

/// The visitor of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visitor {
    pub(crate) ecid: Ecid,
    pub(crate) by: Means,
}

/// What names a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// The cookie of the page's organisation.
    Cookie,
    /// An ECID that isn't in that cookie.
    Ecid,
    /// A device id.
    Fpid,
    /// Nothing: it is a new one.
    New,
}

impl Visitor {
    /// Whether the visitor's browser doesn't have it in its cookie yet.
    pub(crate) fn is_news(&self) -> bool {
        self.by != Means::Cookie
    }
}

/// A call, as far as its visitor is concerned.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) datastream: &'a Datastream,
    pub(crate) target: &'a Target,
    pub(crate) version: Version,
    pub(crate) action: Action,
    /// It comes from a page.
    pub(crate) is_page: bool,
}

impl Caller<'_> {
    /// The visitor of the whole request.
    pub(crate) fn visitor<B: Ingest>(
        &self,
        state: &AppState<B>,
        envelope: &Envelope<'_>,
        cookies: &RequestCookies,
        orgs: &Orgs,
    ) -> Option<Visitor> {
        let in_cookie = |org: &str| cookies.values(Purpose::Identity, org).find_map(Ecid::from_cookie);
        let by = |by: Means| move |ecid| Visitor { ecid, by };
        let of_events = envelope.events.iter().flatten().filter(|_| !self.has_many_visitors());
        let maps = || envelope.identity_map().into_iter().chain(of_events.clone().filter_map(Sent::identity_map));
        let fpid = || {
            let cookie = || cookies.device_id(self.datastream.fpid_cookie.as_deref()?).and_then(fpid);
            maps().find_map(fpid_of).or_else(cookie)
        };
        in_cookie(&orgs.own)
            .map(by(Means::Cookie))
            .or_else(|| maps().find_map(ecid_of).map(by(Means::Ecid)))
            .or_else(|| orgs.others.iter().find_map(|org| in_cookie(org)).map(by(Means::Ecid)))
            .or_else(|| fpid().map(|fpid| self.seeded(state, &fpid)).map(by(Means::Fpid)))
            .or_else(|| self.may_be_new(envelope).then(|| self.fresh(state)).map(by(Means::New)))
    }

    /// The visitor of one event, unless it names one itself.
    pub(crate) fn visitor_of<B: Ingest>(
        &self,
        state: &AppState<B>,
        event: &Sent<'_>,
        visitor: Option<&Visitor>,
    ) -> Option<Ecid> {
        let may_differ = self.has_many_visitors() && visitor.is_none_or(|visitor| visitor.by == Means::Fpid);
        let own = may_differ.then(|| event.identity_map().and_then(fpid_of)).flatten();
        own.map(|fpid| self.seeded(state, &fpid)).or_else(|| visitor.map(|visitor| visitor.ecid.clone()))
    }

    /// Whether each event may be of another visitor: servers send so.
    fn has_many_visitors(&self) -> bool {
        (self.version, self.action) == (Version::V2, Action::Collect)
    }

    /// Whether a new visitor could be told to somebody who keeps it.
    fn may_be_new(&self, envelope: &Envelope<'_>) -> bool {
        match (self.version, self.action) {
            (_, Action::Acquire | Action::SetConsent) => true,
            (_, Action::Collect) => false,
            (Version::V1, Action::Interact) => self.is_page || envelope.has_state || envelope.wants_ecid,
            (Version::V2, Action::Interact) => envelope.wants_ecid,
        }
    }

    fn seeded<B: Ingest>(&self, state: &AppState<B>, fpid: &str) -> Ecid {
        Ecid::from_bits(state.backend.device_bits(self.datastream.org_id(), fpid))
    }

    fn fresh<B: Ingest>(&self, state: &AppState<B>) -> Ecid {
        Ecid::from_bits(match &self.target.request_id {
            Some(request_id) => state.backend.visitor_bits(&self.target.datastream, request_id),
            None => Uuid::new_v4().into_bytes(),
        })
    }
}

/// The first ECID of an identity map.
pub(crate) fn ecid_of(map: &str) -> Option<Ecid> {
    ids(map, "ECID").find_map(|id| Ecid::parse(id.trim()))
}

/// The first device id of an identity map.
fn fpid_of(map: &str) -> Option<String> {
    ids(map, "FPID").find_map(|id| fpid(&id))
}

/// A UUID is one however it is written.
fn fpid(text: &str) -> Option<String> {
    let text = text.trim();
    let is_usable = (1..=FPID_BYTES_MAX).contains(&text.len());
    is_usable.then(|| Uuid::parse_str(text).map_or_else(|_| text.to_owned(), |uuid| uuid.to_string()))
}

/// The ids of a namespace; its code is written in either case.
fn ids<'a>(map: &'a str, code: &'static str) -> impl Iterator<Item = String> + use<'a> {
    let lists = members(map).filter(move |(namespace, _)| namespace.eq_ignore_ascii_case(code));
    lists.flat_map(|(_, list)| items(list)).filter_map(|item| property(item, "id").and_then(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "71701954118554180760652852108756739244";

    #[test]
    fn ids_are_found_in_identity_maps() {
        let check = |map: &str, ecid: Option<&str>, device: Option<&str>| {
            assert_eq!(ecid_of(map).as_ref().map(Ecid::as_str), ecid, "{map}");
            assert_eq!(fpid_of(map).as_deref(), device, "{map}");
        };
        let uuid = "79bf8e83-f708-414b-b1ed-5789ff33bf0b";
        check(&format!(r#"{{"ECID":[{{"id":"{ID}"}}]}}"#), Some(ID), None);
        check(&format!(r#"{{"CRM":[{{"id":"{ID}"}}],"ecid":[7,{{"id":"x"}},{{"xdm:id":" {ID}"}}]}}"#), Some(ID), None);
        check(&format!(r#"{{"FPID":[{{"id":"{uuid}"}}]}}"#), None, Some(uuid));
        check(&format!(r#"{{"FPID":[{{"id":"{}"}}]}}"#, uuid.to_uppercase()), None, Some(uuid));
        check(r#"{"FPID":[{"id":""},{"id":"any"}]}"#, None, Some("any"));
        check(&format!(r#"{{"FPID":[{{"id":"{}"}}]}}"#, "x".repeat(257)), None, None);
        for odd in ["{}", "[]", r#"{"ECID":{}}"#, r#"{"ECID":[null,{"id":7},{}]}"#, r#"{"FPID":"x"}"#] {
            check(odd, None, None);
        }
    }
}
