//! Whether a request is a foreign page's.
//!
//! A browser sends a page's request to any address, with whatever it remembers for it, and
//! only afterwards keeps the page from reading the answer. By then a query has run. So the
//! two headers that a page can't forge are asked first: `Origin`, and `Sec-Fetch-Site`,
//! which comes with requests that have no `Origin` too (images, scripts, links). Browsers
//! without the latter, and all of them over plain HTTP to another machine, at least name
//! the page in `Referer`. Programs send none of the three.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::cookie::Transport;
use crate::http::host::{Authority, Via, requested};

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Whether another site's page sent this, or may have.
pub(crate) fn is_foreign(head: &Parts, via: Via) -> bool {
    let mut is_told = false;
    for site in head.headers.get_all(&SEC_FETCH_SITE) {
        // `none` is a person's own doing: an address that was typed, a bookmark.
        if site != "same-origin" && site != "none" {
            return true;
        }
        is_told = true;
    }
    if head.headers.get_all(header::ORIGIN).iter().any(|origin| !is_own(origin, head, via)) {
        return true;
    }
    !is_told && head.headers.get_all(header::REFERER).iter().any(|page| !is_own(page, head, via))
}

/// Whether the browser says that a page of this server sent this: silence, which programs and old browsers keep, isn't
/// enough where a cookie is all that speaks for a request that changes something. Only after [`is_foreign`] has said no.
pub(crate) fn is_told_own(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.get(&SEC_FETCH_SITE).is_some_and(|site| site == "same-origin")
}

/// Whether a person has followed a link from another site's page, a mail for example, to look at the answer. The
/// browser says so; a page can make it do the same, and no page sees what comes of it.
pub(crate) fn is_followed_link(method: &Method, headers: &HeaderMap) -> bool {
    let is = |name: &HeaderName, values: &[&str]| {
        let mut found = headers.get_all(name).iter();
        matches!((found.next(), found.next()), (Some(value), None) if values.iter().any(|known| value == known))
    };
    *method == Method::GET
        && is(&SEC_FETCH_SITE, &["cross-site", "same-site"])
        && is(&SEC_FETCH_MODE, &["navigate"])
        && is(&SEC_FETCH_DEST, &["document"])
        && !headers.contains_key(header::ORIGIN)
}

/// How the browser reached this server to send a form: a proxy may have ended TLS, which the form's origin tells.
pub(crate) fn transport(head: &Parts, via: Via) -> Transport {
    let origin = head.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    match via.is_tls || origin.is_some_and(|origin| origin.starts_with("https://")) {
        true => Transport::Tls,
        false => Transport::Clear,
    }
}

/// Whether an origin, or a page's address, is this server's under the name it was asked by.
fn is_own(address: &HeaderValue, head: &Parts, via: Via) -> bool {
    let own = || {
        let (scheme, rest) = address.to_str().ok()?.split_once("://")?;
        let default_port = match scheme {
            "https" => 443,
            // A page that came in clear could be anybody's.
            "http" if !via.is_tls => 80,
            _ => return None,
        };
        let named = Authority::parse(rest.split(['/', '?', '#']).next()?)?;
        let asked = requested(head).ok()??;
        let port = |authority: &Authority<'_>| authority.port.unwrap_or(default_port);
        Some(named.is_called(asked.name) && port(&named) == port(&asked))
    };
    own().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::host::Reach;

    fn check(headers: &[(&str, &str)], is_tls: bool, expect: bool) {
        let request = headers
            .iter()
            .fold(axum::http::Request::post("/v1/sql"), |request, (name, value)| request.header(*name, *value));
        let head = request.body(()).expect("a request").into_parts().0;
        assert_eq!(is_foreign(&head, Via { reach: Reach::Network, is_tls }), expect, "{headers:?} {is_tls}");
    }

    #[test]
    fn programs_and_the_servers_own_pages_are_not_foreign() {
        check(&[], false, false);
        check(&[("host", "desk.example")], false, false);
        check(&[("host", "desk.example"), ("sec-fetch-site", "none")], false, false);
        check(&[("host", "desk.example"), ("sec-fetch-site", "same-origin")], false, false);
        check(&[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")], false, false);
        check(&[("host", "[::1]:8080"), ("origin", "http://[::1]:8080")], false, false);
        check(&[("host", "Desk.example"), ("origin", "https://desk.example")], true, false);
        check(&[("host", "desk.example:443"), ("origin", "https://desk.example")], true, false);
        // A proxy that ends TLS.
        check(&[("host", "desk.example"), ("origin", "https://desk.example")], false, false);
        check(&[("host", "desk.example"), ("referer", "http://desk.example/demo/?a=b")], false, false);
    }

    #[test]
    fn everything_else_is() {
        let own = ("host", "desk.example");
        for site in ["cross-site", "same-site", "", "Same-Origin", "same-origin, none"] {
            check(&[own, ("sec-fetch-site", site)], false, true);
        }
        check(&[own, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false, true);
        check(&[own, ("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], false, true);
        for origin in [
            "null",
            "",
            "desk.example",
            "https://evil.example",
            "http://desk.example.evil.example",
            "http://desk.example:8080",
            "http://desk.example@evil.example",
            "http://evil.example/desk.example",
            "http://user@desk.example",
            "ftp://desk.example",
            "HTTP://desk.example",
            "http://desk.example:80.evil",
        ] {
            check(&[own, ("origin", origin)], false, true);
        }
        check(&[own, ("origin", "http://desk.example"), ("origin", "http://evil.example")], false, true);
        check(&[own, ("origin", "http://desk.example")], true, true);
        check(&[("origin", "http://desk.example")], false, true);
        check(&[own, own, ("origin", "http://desk.example")], false, true);
        check(&[own, ("referer", "https://evil.example/desk.example")], false, true);
        // Told by the better header, the address counts for nothing.
        check(&[own, ("referer", "https://evil.example/"), ("sec-fetch-site", "none")], false, false);
    }

    #[test]
    fn silence_is_not_said_to_be_own() {
        let check = |headers: &[(&str, &str)], expect: bool| {
            let request = axum::http::Request::post("/views/save");
            let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            let head = request.body(()).expect("a request").into_parts().0;
            assert_eq!(is_told_own(&head.headers), expect, "{headers:?}");
        };
        check(&[("origin", "http://desk.example")], true);
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "none")], false);
        check(&[("referer", "http://desk.example/")], false);
        check(&[], false);
    }

    #[test]
    fn a_followed_link_is_told_by_all_that_the_browser_says() {
        let check = |headers: &[(&str, &str)], expect: bool| {
            let request = headers
                .iter()
                .fold(axum::http::Request::get("/chat"), |request, (name, value)| request.header(*name, *value));
            let head = request.body(()).expect("a request").into_parts().0;
            assert_eq!(is_followed_link(&head.method, &head.headers), expect, "{headers:?}");
        };
        let (site, mode, dest) =
            (("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"));
        check(&[site, mode, dest], true);
        check(&[("sec-fetch-site", "same-site"), mode, dest], true);
        check(&[("sec-fetch-site", "same-origin"), mode, dest], false);
        check(&[site, ("sec-fetch-mode", "no-cors"), dest], false);
        check(&[site, mode, ("sec-fetch-dest", "iframe")], false);
        check(&[site, site, mode, dest], false);
        check(&[site, mode], false);
        check(&[site, mode, dest, ("origin", "null")], false);
        check(&[], false);
    }
}
