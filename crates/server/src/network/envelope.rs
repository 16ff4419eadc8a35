//! The body of a call: its events and what stands around them, as slices of the text.

use super::raw::{items, member, text};

/// What a body holds. Absent parts are normal.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    /// `None` when there is no list of events.
    pub(crate) events: Option<Vec<Sent<'a>>>,
    /// Context of all events.
    pub(crate) xdm: Option<&'a str>,
    /// The visitor's identities, as `set-consent` has them.
    pub(crate) identity_map: Option<&'a str>,
    /// The choices of `set-consent`.
    pub(crate) consent: Option<&'a str>,
    /// Cookies that the page's scripts read, since the browser won't send them here.
    pub(crate) entries: Vec<(String, String)>,
    /// The page's domain, for which cookies are to be set.
    pub(crate) domain: Option<String>,
}

/// One event of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent<'a> {
    /// Its XDM, or whatever stands in its place.
    pub(crate) xdm: &'a str,
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
        let many = member(body, "events").filter(|events| events.starts_with('['));
        let one = member(body, "event").filter(|event| event.starts_with('{'));
        let events =
            many.map(|events| items(events).map(Sent::of).collect()).or(one.map(|event| vec![Sent::of(event)]));
        let state = member(body, "meta").and_then(|meta| member(meta, "state"));
        let entries = state.and_then(|state| member(state, "entries")).map(entries).unwrap_or_default();
        let domain = state.and_then(|state| member(state, "domain")).and_then(text);
        let xdm = member(body, "xdm").filter(|xdm| xdm.starts_with('{'));
        let (identity_map, consent) = (member(body, "identityMap"), member(body, "consent"));
        Some(Envelope { events, xdm, identity_map, consent, entries, domain })
    }
}

impl<'a> Sent<'a> {
    fn of(event: &'a str) -> Sent<'a> {
        if !event.starts_with('{') {
            return Sent { xdm: event, data: None };
        }
        Sent { xdm: member(event, "xdm").unwrap_or(NO_XDM), data: member(event, "data") }
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
        assert_eq!(envelope.xdm, Some(r#"{"a":1}"#));
        assert_eq!(envelope.entries, [("k".to_owned(), "v".to_owned())]);
        assert_eq!(envelope.domain.as_deref(), Some("shop.test"));
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
