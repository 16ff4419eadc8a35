//! What a browser asks for before a page may call a route of another origin and read the
//! answer.
//!
//! Where cookies come along, the page's origin has to be named exactly, on errors too: an
//! answer without it looks to the page like a network failure, although the event was
//! stored. `Retry-After` is only seen when it is exposed.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::response;

const METHODS: HeaderValue = HeaderValue::from_static("POST, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static("content-type, content-encoding, x-request-id, x-frontdesk-test");
/// A browser may remember this long what it was told, in seconds: a day.
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("86400");
const PRIVATE_ASKED: &str = "access-control-request-private-network";
const PRIVATE_ALLOWED: &str = "access-control-allow-private-network";

/// Lets any page read the answer; cookies are never asked for.
pub(crate) fn allow_any(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
}

/// Lets the page of this origin, which sends cookies, read the answer.
pub(crate) fn allow_with_cookies(response: &mut Response, origin: Option<HeaderValue>) {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = origin else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After, X-Adobe-Edge"));
}

/// The answer to a browser that asks before it posts with a media type or a request id of
/// its own.
pub(crate) fn preflight() -> Response {
    let mut response = response::empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
    response
}

/// The same for a page that sends cookies, and may be one of the public internet that calls
/// a server of a private network.
pub(crate) fn preflight_with_cookies(asked: &HeaderMap) -> Response {
    let mut response = preflight();
    if asked.contains_key(PRIVATE_ASKED) {
        response.headers_mut().insert(PRIVATE_ALLOWED, HeaderValue::from_static("true"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_come_along_only_for_a_named_origin() {
        let check = |origin: Option<&'static str>, expect: Option<&str>| {
            let mut response = preflight();
            allow_with_cookies(&mut response, origin.map(HeaderValue::from_static));
            let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
            assert_eq!(header("vary"), Some("Origin"), "caches keep the answers apart");
            assert_eq!(header("access-control-allow-origin"), expect);
            assert_eq!(header("access-control-allow-credentials"), expect.map(|_| "true"));
        };
        check(None, None);
        check(Some("https://shop.test"), Some("https://shop.test"));
        let mut response = preflight();
        allow_any(&mut response);
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert!(!response.headers().contains_key("access-control-allow-credentials"));
    }

    #[test]
    fn a_private_network_is_opened_when_it_is_asked_for() {
        let mut asked = HeaderMap::new();
        assert!(!preflight_with_cookies(&asked).headers().contains_key(PRIVATE_ALLOWED));
        asked.insert(PRIVATE_ASKED, HeaderValue::from_static("true"));
        assert_eq!(preflight_with_cookies(&asked).headers()[PRIVATE_ALLOWED], "true");
        assert!(!preflight().headers().contains_key(PRIVATE_ALLOWED));
    }
}
