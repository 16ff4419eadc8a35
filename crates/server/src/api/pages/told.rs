//! What a person is told in place of the page that was asked for: the login, what went wrong, and where a link from
//! another site leads.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use dashboard::{Failed, LoginForm};

use crate::app::access::scope::Access;
use crate::app::access::{cookie, page};
use crate::app::route::{Audience, Method as Sent, RouteSpec};
use crate::http::host::{Reach, Via};
use crate::http::problem::{Code, Problem};
use crate::http::response;

/// The media type of pages.
pub(super) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// What a page may load and run.
pub(super) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// The same of a page that keeps itself up to date by our own script.
pub(super) const LIVE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types frontdesk",
);

/// Longest path with its query that is led back to, in bytes.
const TARGET_BYTES_MAX: usize = 4_000;
/// Paths that take a form and show nothing.
const NOT_LOOKED_AT: [&str; 2] = ["/login", "/logout"];
/// Seconds after which a page tries again by itself, at least.
const AGAIN_SECONDS_MIN: u64 = 2;

/// A person who looks at a page, as far as must be known to tell of a problem.
pub(in crate::api) struct Reader {
    /// Path and query, to lead back to.
    target: String,
    is_followed_link: bool,
    is_signed_in: bool,
    is_in_clear: bool,
    /// Whether it is somebody who has a link and no key: nothing is said that leads further.
    has_link: bool,
}

impl Reader {
    /// The person behind a request; `None` for programs, and for what a page does by itself.
    pub(in crate::api) fn of(route: &RouteSpec, request: &Request) -> Option<Box<Reader>> {
        if route.audience != Audience::People {
            return None;
        }
        let (method, headers) = (request.method(), request.headers());
        let is_looked_at = matches!(*method, Method::GET | Method::HEAD);
        if !(is_looked_at || route.method == Sent::Post) || !takes_pages(headers) {
            return None;
        }
        let via = request.extensions().get::<Via>().copied().unwrap_or_default();
        let target = request.uri().path_and_query().map(|target| target.as_str()).filter(|_| is_looked_at);
        let target = target.and_then(local).filter(|target| !NOT_LOOKED_AT.contains(target));
        Some(Box::new(Reader {
            target: target.unwrap_or("/").to_owned(),
            is_followed_link: page::is_followed_link(method, headers),
            is_signed_in: cookie::ids(headers).next().is_some(),
            is_in_clear: is_in_clear(via),
            has_link: route.access == Access::Link,
        }))
    }

    /// The page that says what is wrong.
    pub(in crate::api) fn tell(&self, problem: Problem) -> Response {
        let page = match problem.code() {
            code if self.has_link => dashboard::link_failed(code.title(), problem.detail()),
            Code::OriginForeign if self.is_followed_link => dashboard::followed_link(&self.target),
            Code::KeyMissing => self.login(None),
            Code::KeyInvalid | Code::ScopeMissing | Code::KeyRestricted => self.login(Some(problem.detail())),
            code => self.failed(code, &problem),
        };
        let mut response = problem.into_page(HTML, page);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
        response
    }

    fn login(&self, refused: Option<&str>) -> String {
        dashboard::login(&LoginForm { to: &self.target, refused, is_in_clear: self.is_in_clear })
    }

    fn failed(&self, code: Code, problem: &Problem) -> String {
        let wait_s = problem.wait().map(|wait| wait.as_secs().max(AGAIN_SECONDS_MIN));
        let can_pass = wait_s.is_some() || code == Code::Internal;
        // What needs a person isn't asked for again and again.
        let again_s = wait_s
            .filter(|_| matches!(code, Code::Unavailable | Code::SqlBusy | Code::Overloaded | Code::SummariesPending));
        dashboard::failed(&Failed {
            status: code.status().as_u16(),
            title: code.title(),
            detail: problem.detail(),
            again: can_pass.then_some(&self.target),
            again_s,
            is_signed_in: self.is_signed_in,
        })
    }
}

/// The problem of a query that can't be read.
pub(super) fn unreadable_query() -> Problem {
    Problem::new(Code::QueryInvalid, "the query can't be read; write name=value pairs, percent-encoded")
}

/// Leads to a page of this server.
pub(super) fn led(to: &str) -> Response {
    let mut response = response::empty(StatusCode::SEE_OTHER);
    let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

/// Whether what is typed in may cross the network in clear: a proxy in front can't be told.
pub(super) fn is_in_clear(via: Via) -> bool {
    !via.is_tls && via.reach == Reach::Network
}

fn takes_pages(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(header::ACCEPT).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let mut essences = ranges.filter_map(|range| range.split(|byte| *byte == b';').next());
    essences.any(|essence| essence.trim_ascii().eq_ignore_ascii_case(b"text/html"))
}

/// A path of this server, with its query: nothing that a browser could take for another server's address.
pub(super) fn local(target: &str) -> Option<&str> {
    let is_plain = target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_path = target.starts_with('/') && !target.starts_with("//");
    (is_plain && is_path && target.len() <= TARGET_BYTES_MAX).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_led_back_to() {
        let check = |target: &str, expect: bool| assert_eq!(local(target).is_some(), expect, "{target:?}");
        for target in ["/", "/chat?since=7d&subject=a%20b", "/events/%2F%2Fx", "/a//b", "/?to=https://evil.example"] {
            check(target, true);
        }
        for target in [
            "",
            "chat",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/chat\\..",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n",
            "/a b",
            "/\u{202e}",
            " /",
        ] {
            check(target, false);
        }
        check(&format!("/{}", "a".repeat(TARGET_BYTES_MAX)), false);
    }

    #[test]
    fn a_page_is_for_whoever_asks_for_one() {
        let check = |accept: &'static str, expect: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(takes_pages(&headers), expect, "{accept}");
        };
        check("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true);
        check("application/json, Text/HTML;q=0.1", true);
        check("*/*", false);
        check("application/json", false);
        check("text/html-odd", false);
        assert!(!takes_pages(&HeaderMap::new()));
    }
}
