//! The body of a call: its events and what stands around them, as slices of the text.

use std::borrow::Cow;

use super::merge;
use super::raw::{items, member, members, property, text};

/// What a body holds. Absent parts are normal.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    /// `None` when there is no list of events.
    pub(crate) events: Option<Vec<Sent<'a>>>,
    /// Context of all events: the request's `xdm`, and its `identityMap` where that stands
    /// beside it, as in `set-consent`.
    pub(crate) context: Option<Cow<'a, str>>,
    /// The choices of `set-consent`.
    pub(crate) consent: Option<&'a str>,
    /// Cookies that the page's scripts read, since the browser won't send them here.
    pub(crate) entries: Vec<(String, String)>,
    /// The page's domain, for which cookies are to be set.
    pub(crate) domain: Option<String>,
    /// The sender keeps state and gives it back: an SDK of a page or of an app.
    pub(crate) has_state: bool,
    /// The page's SDK can keep cookies; only that of a page says so.
    pub(crate) has_cookies_enabled: bool,
    /// The sender asks for the visitor's ECID.
    pub(crate) wants_ecid: bool,
}

/// One event of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent<'a> {
    /// Its XDM, or whatever stands in its place.
    pub(crate) xdm: &'a str,
    /// The sender wrote no XDM at all.
    pub(crate) is_bare: bool,
    /// Free data beside it.
    pub(crate) data: Option<&'a str>,
}

/// An event without XDM is one without properties.
const NO_XDM: &str = "{}";
/// Cookies that are looked at.
const ENTRIES_MAX: usize = 64;

impl<'a> Envelope<'a> {
    /// `body` is well-formed JSON. `None` when it is no object.
    pub(crate) fn of(body: &'a str) -> Option<Envelope<'a>> {
        if !body.starts_with('{') {
            return None;
        }
        let parts = Parts::of(body);
        let many = parts.events.filter(|events| events.starts_with('['));
        let one = parts.event.filter(|event| event.starts_with('{'));
        let events =
            many.map(|events| items(events).map(Sent::of).collect()).or(one.map(|event| vec![Sent::of(event)]));
        let state = parts.meta.and_then(|meta| member(meta, "state"));
        let entries = state.and_then(|state| member(state, "entries")).map(entries).unwrap_or_default();
        let fetched = parts.query.and_then(|query| member(member(query, "identity")?, "fetch"));
        Some(Envelope {
            events,
            context: context(parts.xdm, parts.identity_map),
            consent: parts.consent,
            entries,
            domain: state.and_then(|state| member(state, "domain")).and_then(text),
            has_state: state.is_some(),
            has_cookies_enabled: state.and_then(|state| member(state, "cookiesEnabled")) == Some("true"),
            wants_ecid: fetched.is_some_and(|list| items(list).any(|namespace| namespace == r#""ECID""#)),
        })
    }

    /// The visitor's identities that hold for all events.
    pub(crate) fn identity_map(&self) -> Option<&str> {
        property(self.context.as_deref()?, "identityMap")
    }
}

/// The members of a body that are looked at, the first of each name: found in one walk,
/// since the events can be long.
#[derive(Default)]
struct Parts<'a> {
    events: Option<&'a str>,
    event: Option<&'a str>,
    meta: Option<&'a str>,
    xdm: Option<&'a str>,
    query: Option<&'a str>,
    identity_map: Option<&'a str>,
    consent: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(body: &'a str) -> Parts<'a> {
        let mut parts = Parts::default();
        for (key, value) in members(body) {
            let part = match key {
                "events" => &mut parts.events,
                "event" => &mut parts.event,
                "meta" => &mut parts.meta,
                "xdm" => &mut parts.xdm,
                "query" => &mut parts.query,
                "identityMap" => &mut parts.identity_map,
                "consent" => &mut parts.consent,
                _ => continue,
            };
            part.get_or_insert(value);
        }
        parts
    }
}

fn context<'a>(xdm: Option<&'a str>, identity_map: Option<&str>) -> Option<Cow<'a, str>> {
    let xdm = xdm.filter(|xdm| xdm.starts_with('{'));
    let Some(map) = identity_map.filter(|map| map.starts_with('{')) else { return xdm.map(Cow::from) };
    let map = format!(r#"{{"identityMap":{map}}}"#);
    Some(Cow::from(xdm.map_or_else(|| map.clone(), |xdm| merge::over(xdm, &map))))
}

impl<'a> Sent<'a> {
    fn of(event: &'a str) -> Sent<'a> {
        if !event.starts_with('{') {
            return Sent { xdm: event, is_bare: false, data: None };
        }
        let xdm = member(event, "xdm");
        Sent { xdm: xdm.unwrap_or(NO_XDM), is_bare: xdm.is_none(), data: member(event, "data") }
    }

    /// The visitor's identities in the event itself.
    pub(crate) fn identity_map(&self) -> Option<&'a str> {
        property(self.xdm, "identityMap")
    }

    /// What the visitor agreed to, as it stands in the event itself.
    pub(crate) fn consent_strings(&self) -> Option<&'a str> {
        property(self.xdm, "consentStrings")
    }

    /// The name of the test run that the event belongs to: `data.frontdesk.testId`.
    pub(crate) fn test_id(&self) -> Option<String> {
        let ours = member(self.data?, "frontdesk")?;
        member(ours, "testId").and_then(text)
    }
}

/// The entries that can be read; one that can't costs only itself.
fn entries(list: &str) -> Vec<(String, String)> {
    let read = |entry: &str| Some((member(entry, "key").and_then(text)?, member(entry, "value").and_then(text)?));
    items(list).take(ENTRIES_MAX).filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_events_and_state_in_any_order() {
        let body = r#"{"meta":{"state":{"entries":[{"key":"k","value":"v"},{"key":"\ud800","value":"x"},7],"domain":"shop.test"}},
            "xdm":{"a":1},"events":[{"data":{"frontdesk":{"testId":"t1"}},"xdm":{"b":2}},{},7,{"xdm":[]}]}"#;
        let envelope = Envelope::of(body).expect("an object");
        let events = envelope.events.expect("events");
        let xdm: Vec<&str> = events.iter().map(|event| event.xdm).collect();
        assert_eq!(xdm, [r#"{"b":2}"#, "{}", "7", "[]"]);
        assert_eq!(events[0].test_id().as_deref(), Some("t1"));
        assert_eq!(events[1].test_id(), None);
        assert!(events[1].is_bare && !events[0].is_bare);
        assert_eq!(envelope.context.as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(envelope.entries, [("k".to_owned(), "v".to_owned())]);
        assert_eq!(envelope.domain.as_deref(), Some("shop.test"));
    }

    #[test]
    fn identities_beside_the_context_are_part_of_it() {
        let check = |body: &str, expect: Option<&str>| {
            assert_eq!(Envelope::of(body).expect("an object").context.as_deref(), expect, "{body}");
        };
        check(r#"{"identityMap":{"A":[1]}}"#, Some(r#"{"identityMap":{"A":[1]}}"#));
        check(
            r#"{"identityMap":{"A":[1],"B":[2]},"xdm":{"identityMap":{"A":[3]}}}"#,
            Some(r#"{"identityMap":{"A":[3],"B":[2]}}"#),
        );
        check(r#"{"identityMap":[],"xdm":7}"#, None);
        assert_eq!(Envelope::of(r#"{"xdm":{"xdm:identityMap":{}}}"#).expect("an object").identity_map(), Some("{}"));
    }

    #[test]
    fn what_an_sdk_says_of_itself_is_read() {
        let check = |body: &str, expect: [bool; 3]| {
            let envelope = Envelope::of(body).expect("an object");
            assert_eq!([envelope.has_state, envelope.has_cookies_enabled, envelope.wants_ecid], expect, "{body}");
        };
        check(
            r#"{"meta":{"state":{"cookiesEnabled":true}},"query":{"identity":{"fetch":["CORE","ECID"]}}}"#,
            [true, true, true],
        );
        check(r#"{"meta":{"state":{"entries":[]}},"query":{"identity":{"fetch":[]}}}"#, [true, false, false]);
        check(r#"{"meta":{},"query":{"personalization":{}}}"#, [false, false, false]);
        check(r#"{"meta":[],"query":7}"#, [false, false, false]);
    }

    #[test]
    fn one_event_is_enough_and_none_is_told_from_an_empty_list() {
        let events = |body: &'static str| Envelope::of(body).expect("an object").events.map(|events| events.len());
        assert_eq!(events(r#"{"event":{"xdm":{}}}"#), Some(1));
        assert_eq!(events(r#"{"events":[]}"#), Some(0));
        assert_eq!(events(r#"{"events":{}}"#), None);
        assert_eq!(events("{}"), None);
        assert!(Envelope::of("[]").is_none());
    }
}
