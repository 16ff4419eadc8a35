//! One event's XDM, completed with what the request says for all of its events.
//!
//! The request's `xdm` is context that holds for each event; where both say something,
//! the event is right. Objects are merged member by member, anything else is taken whole.
//! The visitor's ECID is added to `identityMap` unless the event has one, and the time of
//! receipt to an event without a time.

use std::collections::HashMap;

use super::identity::Ecid;
use super::raw::{items, members, plain, property};

/// Objects nested deeper than this are not merged but taken whole.
const DEPTH_MAX: usize = 16;

/// What is put into an event.
#[derive(Clone, Copy, Default)]
pub(crate) struct Added<'a> {
    /// The request's `xdm`, beneath the event's.
    pub(crate) context: Option<&'a str>,
    pub(crate) ecid: Option<&'a Ecid>,
    /// Gives the time for an event that has no `timestamp`; few need it.
    pub(crate) timestamp: Option<&'a dyn Fn() -> String>,
}

/// A completed event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Completed {
    pub(crate) text: String,
    /// It had no time and was given one.
    pub(crate) is_dated: bool,
}

/// The event's XDM with the request's beneath it, the visitor in it, and a time.
///
/// What is no object stays as it is, for the checker to reject.
pub(crate) fn complete(event: &str, added: Added<'_>) -> Completed {
    if !event.starts_with('{') {
        return Completed { text: event.to_owned(), is_dated: false };
    }
    match added.context {
        Some(context) if context.starts_with('{') => with_own(&merged(event, context, DEPTH_MAX), added),
        _ => with_own(event, added),
    }
}

fn with_own(event: &str, added: Added<'_>) -> Completed {
    let (mut map, mut is_timed) = (None, false);
    for (key, value) in members(event) {
        match plain(key) {
            "identityMap" if map.is_none() => map = Some(value),
            "timestamp" => is_timed = true,
            _ => {}
        }
    }
    let identity = added.ecid.and_then(|ecid| with_visitor(map, ecid));
    let timestamp = added.timestamp.filter(|_| !is_timed).map(|timestamp| timestamp());
    if identity.is_none() && timestamp.is_none() {
        return Completed { text: event.to_owned(), is_dated: false };
    }
    let mut object = Object::default();
    for (key, value) in members(event) {
        let identity = identity.as_deref().filter(|_| plain(key) == "identityMap");
        object.push(key, identity.unwrap_or(value));
    }
    if let (None, Some(identity)) = (map, &identity) {
        object.push("identityMap", identity);
    }
    if let Some(timestamp) = &timestamp {
        object.push("timestamp", &format!("\"{timestamp}\""));
    }
    Completed { text: object.close(), is_dated: timestamp.is_some() }
}

/// One object over another; what only the lower one has comes after, in its order.
pub(crate) fn over(upper: &str, lower: &str) -> String {
    merged(upper, lower, DEPTH_MAX)
}

fn merged(over: &str, under: &str, depth_left: usize) -> String {
    // Looked up and not searched: both can have a hundred thousand members.
    let mut beneath: HashMap<&str, &str> = HashMap::new();
    for (key, value) in members(under) {
        beneath.entry(plain(key)).or_insert(value);
    }
    let mut object = Object::default();
    for (key, value) in members(over) {
        match beneath.remove(plain(key)) {
            Some(beneath) if value.starts_with('{') && beneath.starts_with('{') && depth_left > 0 => {
                object.push(key, &merged(value, beneath, depth_left - 1));
            }
            _ => object.push(key, value),
        }
    }
    // What the event doesn't have, in the request's order.
    for (key, value) in members(under) {
        if beneath.remove(plain(key)).is_some() {
            object.push(key, value);
        }
    }
    object.close()
}

/// The identity map with the visitor in it; `None` when it has an ECID, or is no map.
fn with_visitor(map: Option<&str>, ecid: &Ecid) -> Option<String> {
    let Some(map) = map else { return Some(format!(r#"{{"ECID":[{}]}}"#, item(ecid, true))) };
    if !map.starts_with('{') {
        return None;
    }
    let has_ecid = |list: &str| !list.starts_with('[') || items(list).next().is_some();
    if members(map).any(|(namespace, list)| namespace == "ECID" && has_ecid(list)) {
        return None;
    }
    let list = format!("[{}]", item(ecid, !has_primary(map)));
    let mut widened = Object::default();
    members(map).filter(|(namespace, _)| *namespace != "ECID").for_each(|(key, value)| widened.push(key, value));
    widened.push("ECID", &list);
    Some(widened.close())
}

fn item(ecid: &Ecid, is_primary: bool) -> String {
    format!(r#"{{"id":"{}","authenticatedState":"ambiguous","primary":{is_primary}}}"#, ecid.as_str())
}

/// Whether any identity of the map is marked primary.
fn has_primary(map: &str) -> bool {
    members(map).any(|(_, list)| items(list).any(|item| property(item, "primary") == Some("true")))
}

/// An object that is being written; keys are as they stand between quotes.
#[derive(Default)]
struct Object(String);

impl Object {
    fn push(&mut self, key: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
        self.0.push_str(value);
    }

    fn close(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(event: &str, context: Option<&str>, ecid: Option<&str>, expect: &str) {
        let ecid = ecid.map(|id| Ecid::parse(id).expect("an ECID"));
        let found = complete(event, Added { context, ecid: ecid.as_ref(), timestamp: None });
        assert_eq!(found, Completed { text: expect.to_owned(), is_dated: false }, "{event} over {context:?}");
    }

    const ID: &str = "71701954118554180760652852108756739244";

    #[test]
    fn the_event_is_right_where_both_speak() {
        check(r#"{"a":1}"#, None, None, r#"{"a":1}"#);
        check(r#"{ "a" : 1 }"#, Some(r#"{"a":2,"b":3}"#), None, r#"{"a":1,"b":3}"#);
        check(r#"{"o":{"x":1}}"#, Some(r#"{"o":{"x":2,"y":3}}"#), None, r#"{"o":{"x":1,"y":3}}"#);
        check(r#"{"o":[1]}"#, Some(r#"{"o":{"y":3}}"#), None, r#"{"o":[1]}"#);
        check(r#"{"xdm:a":1}"#, Some(r#"{"a":2}"#), None, r#"{"xdm:a":1}"#);
        check(r#"{"s":"\ud800","n":1e+21}"#, Some(r#"{"b":1}"#), None, r#"{"s":"\ud800","n":1e+21,"b":1}"#);
        check("{}", Some(r#"{"a":1}"#), None, r#"{"a":1}"#);
        check("{}", Some("[1]"), None, "{}");
        check("7", Some(r#"{"a":1}"#), Some(ID), "7");
    }

    #[test]
    fn the_visitor_is_added_once() {
        let alone = format!(r#"{{"id":"{ID}","authenticatedState":"ambiguous","primary":true}}"#);
        let beside = alone.replace("true", "false");
        check(r#"{"a":1}"#, None, Some(ID), &format!(r#"{{"a":1,"identityMap":{{"ECID":[{alone}]}}}}"#));
        check(
            r#"{"identityMap":{"CRM":[{"id":"7","primary":true}]},"a":1}"#,
            None,
            Some(ID),
            &format!(r#"{{"identityMap":{{"CRM":[{{"id":"7","primary":true}}],"ECID":[{beside}]}},"a":1}}"#),
        );
        check(
            r#"{"xdm:identityMap":{"CRM":[{"id":"7"}]}}"#,
            None,
            Some(ID),
            &format!(r#"{{"xdm:identityMap":{{"CRM":[{{"id":"7"}}],"ECID":[{alone}]}}}}"#),
        );
        check(r#"{"identityMap":{"ECID":[{"id":"9"}]}}"#, None, Some(ID), r#"{"identityMap":{"ECID":[{"id":"9"}]}}"#);
        check(r#"{"identityMap":[]}"#, None, Some(ID), r#"{"identityMap":[]}"#);
        let empty = r#"{"identityMap":{"ECID":[],"CRM":[{"id":"7"}]}}"#;
        check(empty, None, Some(ID), &format!(r#"{{"identityMap":{{"CRM":[{{"id":"7"}}],"ECID":[{alone}]}}}}"#));
        let known = r#"{"identityMap":{"ECID":[{"id":"9"}]}}"#;
        check("{}", Some(known), Some(ID), known);
    }

    #[test]
    fn an_event_without_a_time_is_given_one() {
        let check = |event: &str, context: Option<&str>, expect: &str, is_dated: bool| {
            let added = Added { context, ecid: None, timestamp: Some(&|| "T".to_owned()) };
            assert_eq!(complete(event, added), Completed { text: expect.to_owned(), is_dated }, "{event}");
        };
        check(r#"{"a":1}"#, None, r#"{"a":1,"timestamp":"T"}"#, true);
        check("{}", None, r#"{"timestamp":"T"}"#, true);
        check(r#"{ "timestamp" : null }"#, None, r#"{ "timestamp" : null }"#, false);
        check(r#"{"xdm:timestamp":"x"}"#, None, r#"{"xdm:timestamp":"x"}"#, false);
        check(r#"{"a":1}"#, Some(r#"{"timestamp":"C"}"#), r#"{"a":1,"timestamp":"C"}"#, false);
        check("7", None, "7", false);
    }

    #[test]
    fn many_members_are_merged_in_one_walk() {
        let object = |value: u8| {
            let members: Vec<String> = (0..40_000).map(|number| format!(r#""k{number}":{value}"#)).collect();
            format!("{{{}}}", members.join(","))
        };
        // Searching instead of looking up takes minutes here.
        check(&object(1), Some(&object(2)), None, &object(1));
    }

    #[test]
    fn deep_nesting_is_survived() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        check(&deep, Some(&deep), None, &deep);
    }
}
