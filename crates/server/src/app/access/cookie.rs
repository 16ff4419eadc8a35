//! The cookie that holds a session's id.
//!
//! Over TLS its name begins with `__Host-`: such a cookie is the host's own, and no page of a sibling host can put one
//! there. Browsers take that name only from what they got over TLS, so in clear it has another one.

use axum::http::{HeaderMap, HeaderValue, header};

use super::session::SESSION_SECONDS_MAX;

/// Over TLS.
const SECURE_NAME: &str = "__Host-frontdesk";
/// In clear.
const PLAIN_NAME: &str = "frontdesk";
/// Longest value that is looked at, in bytes; an id is half of it.
const VALUE_BYTES_MAX: usize = 128;
/// Most values that are looked at: a page of a sibling host can add some of its own.
const VALUES_MAX: usize = 4;

/// How the browser reaches this server, as far as cookies are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Over TLS, be it to a proxy.
    Tls,
    /// In clear.
    Clear,
}

/// What could be ids of sessions: those that no sibling host can have put there first, then as they were sent.
pub(crate) fn ids(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    [SECURE_NAME, PLAIN_NAME].into_iter().flat_map(|name| named(headers, name)).take(VALUES_MAX)
}

fn named<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let values = pairs.filter(move |(found, _)| *found == name).map(|(_, value)| value);
    values.filter(|value| !value.is_empty() && value.len() <= VALUE_BYTES_MAX)
}

/// The header that gives a browser a session.
pub(crate) fn set(id: &str, transport: Transport) -> HeaderValue {
    written(id, SESSION_SECONDS_MAX, transport)
}

/// The header that takes it away.
pub(crate) fn clear(transport: Transport) -> HeaderValue {
    written("", 0, transport)
}

fn written(id: &str, seconds: i64, transport: Transport) -> HeaderValue {
    let (name, secure) = match transport {
        Transport::Tls => (SECURE_NAME, "; Secure"),
        Transport::Clear => (PLAIN_NAME, ""),
    };
    let text = format!("{name}={id}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::try_from(text).expect("ids are digits and letters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_among_other_cookies() {
        let check = |cookies: &[&str], expect: &[&str]| {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                headers.append(header::COOKIE, HeaderValue::from_str(cookie).expect("a value"));
            }
            assert_eq!(ids(&headers).collect::<Vec<_>>(), expect, "{cookies:?}");
        };
        check(&[], &[]);
        check(&["frontdesk=a"], &["a"]);
        check(&["x=1; frontdesk=a;y", "__Host-frontdesk=b"], &["b", "a"]);
        check(&["frontdesk=1; frontdesk=2; frontdesk=3; frontdesk=4; __Host-frontdesk=b"], &["b", "1", "2", "3"]);
        check(&["frontdesk=; frontdesk2=a; Frontdesk=b; frontdesk"], &[]);
        check(&["frontdesk=1; frontdesk=2; frontdesk=3; frontdesk=4; frontdesk=5"], &["1", "2", "3", "4"]);
        check(&[&format!("frontdesk={}", "x".repeat(VALUE_BYTES_MAX + 1))], &[]);
    }

    #[test]
    fn a_cookie_is_closed_to_scripts_and_to_other_sites() {
        let check = |value: HeaderValue, expect: &str| assert_eq!(value.to_str().expect("text"), expect);
        let plain = "frontdesk=a; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict";
        check(set("a", Transport::Clear), plain);
        check(set("a", Transport::Tls), &format!("__Host-{plain}; Secure"));
        check(clear(Transport::Clear), "frontdesk=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    }
}
