//! One event's XDM, completed with what the request says for all of its events.
//!
//! The request's `xdm` is context that holds for each event; where both say something,
//! the event is right. Objects are merged member by member, anything else is taken whole.
//! The visitor's ECID is added to `identityMap` unless the event has one.

use std::collections::HashMap;

use super::identity::Ecid;
use super::raw::{member, members};

/// Objects nested deeper than this are not merged but taken whole.
const DEPTH_MAX: usize = 16;

/// The event's XDM with the request's beneath it and the visitor in it.
///
/// What is no object stays as it is, for the checker to reject.
pub(crate) fn complete(event: &str, request: Option<&str>, ecid: Option<&Ecid>) -> String {
    if !event.starts_with('{') {
        return event.to_owned();
    }
    let mut whole = match request {
        Some(request) if request.starts_with('{') => merged(event, request, DEPTH_MAX),
        _ => event.to_owned(),
    };
    if let Some(ecid) = ecid {
        add_visitor(&mut whole, ecid);
    }
    whole
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

/// The name without its prefix: both spellings mean the same.
fn plain(key: &str) -> &str {
    key.strip_prefix("xdm:").unwrap_or(key)
}

/// A member in either spelling of its name.
fn find<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    members(object).find(|(other, _)| plain(other) == plain(key)).map(|(_, value)| value)
}

fn add_visitor(event: &mut String, ecid: &Ecid) {
    let Some(map) = find(event, "identityMap") else {
        let map = format!(r#"{{"ECID":[{}]}}"#, item(ecid, true));
        *event = with_member(event, "identityMap", &map);
        return;
    };
    if !map.starts_with('{') || member(map, "ECID").is_some() {
        return;
    }
    let items = format!("[{}]", item(ecid, !has_primary(map)));
    let widened = with_member(map, "ECID", &items);
    let mut object = Object::default();
    for (key, value) in members(event) {
        let is_map = matches!(key, "identityMap" | "xdm:identityMap");
        object.push(key, if is_map { &widened } else { value });
    }
    *event = object.close();
}

fn item(ecid: &Ecid, is_primary: bool) -> String {
    format!(r#"{{"id":"{}","authenticatedState":"ambiguous","primary":{is_primary}}}"#, ecid.as_str())
}

/// Whether any identity of the map is marked primary.
fn has_primary(map: &str) -> bool {
    members(map).any(|(_, list)| super::raw::items(list).any(|item| find(item, "primary") == Some("true")))
}

/// The object with one more member at its end.
fn with_member(object: &str, key: &str, value: &str) -> String {
    let mut widened = Object::default();
    members(object).for_each(|(key, value)| widened.push(key, value));
    widened.push(key, value);
    widened.close()
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

    fn check(event: &str, request: Option<&str>, ecid: Option<&str>, expect: &str) {
        let ecid = ecid.map(|id| Ecid::parse(id).expect("an ECID"));
        assert_eq!(complete(event, request, ecid.as_ref()), expect, "{event} over {request:?}");
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
        let both = complete("{}", Some(r#"{"identityMap":{"ECID":[{"id":"9"}]}}"#), Ecid::parse(ID).as_ref());
        assert_eq!(both, r#"{"identityMap":{"ECID":[{"id":"9"}]}}"#);
    }

    #[test]
    fn many_members_are_merged_in_one_walk() {
        let object = |value: u8| {
            let members: Vec<String> = (0..40_000).map(|number| format!(r#""k{number}":{value}"#)).collect();
            format!("{{{}}}", members.join(","))
        };
        // Searching instead of looking up takes minutes here.
        assert_eq!(complete(&object(1), Some(&object(2)), None), object(1));
    }

    #[test]
    fn deep_nesting_is_survived() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        assert_eq!(complete(&deep, Some(&deep), None), deep);
    }
}
