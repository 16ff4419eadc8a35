//! The SDK's cookies: found in the request's header or in its body, and given back in
//! the way that works for the page.
//!
//! On a host of the page's own domain the browser sends and takes cookies itself. On
//! another host the SDK reads them, puts them into the body, and writes those that the
//! answer tells it to. Both places are read on every request. A domain from a body is
//! only used when this host and the page lie in it.

use axum::http::{HeaderMap, header};

/// Time that an identity lasts: 395 days.
const IDENTITY_SECONDS: u32 = 34_128_000;
/// Time that a choice lasts: 180 days.
const CONSENT_SECONDS: u32 = 15_552_000;

const PREFIX: &str = "kndctr_";

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Identity,
    Consent,
}

impl Purpose {
    const fn suffix(self) -> &'static str {
        match self {
            Purpose::Identity => "_identity",
            Purpose::Consent => "_consent",
        }
    }

    pub(crate) const fn seconds(self) -> u32 {
        match self {
            Purpose::Identity => IDENTITY_SECONDS,
            Purpose::Consent => CONSENT_SECONDS,
        }
    }

    /// The cookie's name for an organisation such as `5BFE…@AdobeOrg`.
    pub(crate) fn name(self, org_id: &str) -> String {
        format!("{PREFIX}{}{}", org_id.replacen('@', "_", 1), self.suffix())
    }
}

/// The cookies of a request, from both places.
#[derive(Debug, Default)]
pub(crate) struct Jar(Vec<(String, String)>);

impl Jar {
    /// The header's cookies come first: a page's scripts can't forge those of its server.
    pub(crate) fn of(headers: &HeaderMap, entries: Vec<(String, String)>) -> Jar {
        let header = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = header.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let ours = pairs.filter(|(name, _)| name.starts_with(PREFIX));
        let mut all: Vec<_> = ours.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect();
        all.extend(entries);
        Jar(all)
    }

    /// All values of this organisation's cookie, the better ones first. Without an
    /// organisation any one's will do.
    pub(crate) fn values(&self, purpose: Purpose, org_id: Option<&str>) -> impl Iterator<Item = &str> {
        let wanted = org_id.map(|org_id| purpose.name(org_id));
        self.0.iter().filter_map(move |(name, value)| {
            let is_it = match &wanted {
                Some(wanted) => name == wanted,
                None => name.starts_with(PREFIX) && name.ends_with(purpose.suffix()),
            };
            is_it.then_some(value.as_str())
        })
    }
}

/// How a cookie reaches the page's browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By `Set-Cookie`: this host lies in the page's domain.
    Header { domain: String, is_secure: bool },
    /// By the SDK: a handle tells it what to write.
    Handle { is_secure: bool },
}

impl Way {
    /// `host` is this server's name, without port, as the client used it; `origin` the
    /// page's; `domain` what the page's SDK says.
    pub(crate) fn of(host: Option<&str>, origin: Option<&str>, domain: Option<&str>) -> Way {
        // A page on https reaches only servers on https, so its scheme is ours.
        let is_secure = origin.is_none_or(|origin| !origin.starts_with("http:"));
        let page_host = origin.and_then(host_of);
        match (host, page_host, domain.map(|domain| domain.trim_start_matches('.').to_ascii_lowercase())) {
            (Some(host), Some(page), Some(domain)) if lies_in(host, &domain) && lies_in(page, &domain) => {
                Way::Header { domain, is_secure }
            }
            _ => Way::Handle { is_secure },
        }
    }

    /// The value of a `Set-Cookie` header. Scripts must be able to read it: the SDK does.
    pub(crate) fn header(domain: &str, is_secure: bool, name: &str, value: &str, seconds: u32) -> String {
        let attributes = if is_secure { "SameSite=None; Secure" } else { "SameSite=Lax" };
        format!("{name}={value}; Domain={domain}; Path=/; Max-Age={seconds}; {attributes}")
    }
}

/// The host of an origin such as `https://www.shop.example:8443`.
pub(crate) fn host_of(origin: &str) -> Option<&str> {
    let (_, rest) = origin.split_once("://")?;
    let host = match rest.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => rest.split([':', '/']).next(),
    };
    host.filter(|host| !host.is_empty())
}

/// A browser takes a cookie only for a domain with a dot in it, and so do we.
fn lies_in(host: &str, domain: &str) -> bool {
    let is_plain = domain.contains('.') && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    let is_address = domain.parse::<std::net::IpAddr>().is_ok();
    let host = host.to_ascii_lowercase();
    let rest = host.strip_suffix(domain);
    is_plain && !is_address && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const ORG: &str = "5BFE274A5F6980A50A495C08@AdobeOrg";

    #[test]
    fn both_places_are_read_the_header_first() {
        let mut headers = HeaderMap::new();
        let line = "a=b; kndctr_5BFE274A5F6980A50A495C08_AdobeOrg_identity=one; kndctr_X_AdobeOrg_consent=general=in";
        headers.append(header::COOKIE, HeaderValue::from_static(line));
        headers.append(header::COOKIE, HeaderValue::from_bytes(b"kndctr_\xff=x").expect("bytes are allowed"));
        let entries = vec![(Purpose::Identity.name(ORG), "two".to_owned()), ("other".to_owned(), "z".to_owned())];
        let jar = Jar::of(&headers, entries);
        assert_eq!(jar.values(Purpose::Identity, Some(ORG)).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(jar.values(Purpose::Consent, Some(ORG)).next(), None);
        assert_eq!(jar.values(Purpose::Consent, None).collect::<Vec<_>>(), ["general=in"]);
    }

    #[test]
    fn a_cookie_is_set_by_header_only_within_the_pages_domain() {
        let check = |host: Option<&str>, origin: Option<&str>, domain: Option<&str>, expect: Option<&str>| {
            let way = Way::of(host, origin, domain);
            let found = match &way {
                Way::Header { domain, is_secure: true } => Some(domain.as_str()),
                _ => None,
            };
            assert_eq!(found, expect, "{host:?} {origin:?} {domain:?}: {way:?}");
        };
        let page = Some("https://www.shop.test");
        check(Some("edge.shop.test"), page, Some("shop.test"), Some("shop.test"));
        check(Some("EDGE.shop.test"), page, Some(".Shop.test"), Some("shop.test"));
        check(Some("shop.test"), Some("https://shop.test:8443"), Some("shop.test"), Some("shop.test"));
        check(Some("collect.vendor.test"), page, Some("shop.test"), None);
        check(Some("edge.shop.test"), Some("https://evil.test"), Some("shop.test"), None);
        check(Some("notshop.test"), Some("https://www.notshop.test"), Some("shop.test"), None);
        check(Some("edge.shop.test"), page, Some("test"), None);
        check(Some("edge.shop.test"), page, Some("shop.test; HttpOnly"), None);
        check(Some("127.0.0.1"), Some("http://127.0.0.1"), Some("127.0.0.1"), None);
        check(Some("edge.shop.test"), None, Some("shop.test"), None);
        check(Some("edge.shop.test"), page, None, None);
        assert_eq!(Way::of(None, Some("http://localhost:3000"), None), Way::Handle { is_secure: false });
        assert_eq!(Way::of(None, None, None), Way::Handle { is_secure: true });
    }

    #[test]
    fn hosts_are_found_in_origins() {
        let check = |origin: &str, expect: Option<&str>| assert_eq!(host_of(origin), expect, "{origin}");
        check("https://www.shop.test:8443", Some("www.shop.test"));
        check("http://[::1]:80", Some("::1"));
        check("null", None);
        check("https://", None);
    }
}
