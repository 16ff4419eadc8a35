//! The SDK's cookies: found in the request's header or in its body, and given back in
//! the way that works for the page.
//!
//! On a host of the page's own domain the browser sends and takes cookies itself. On
//! another host the SDK reads them, puts them into the body, and writes those that the
//! answer tells it to. Both places are read on every request. A domain from a body is
//! only used when this host and the page lie in it.
//!
//! Values are percent-decoded: scripts and proxies write `general%3Dout`, and a refusal
//! must not be lost for that. A header with odd bytes costs only the cookie that has them.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use percent_encoding::percent_decode;

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

    /// The cookie's name for an organisation such as `5BFE…@AdobeOrg`, or as it stands in
    /// names.
    pub(crate) fn name(self, org_id: &str) -> String {
        format!("{PREFIX}{}{}", org_part(org_id), self.suffix())
    }
}

/// Longest organisation that is read from a cookie's name, in bytes. Real ones have 33.
const ORG_BYTES_MAX: usize = 64;
/// The cookie of the SDK's predecessor, which the SDK writes and reads too.
const LEGACY_PREFIX: &str = "AMCV_";

/// Where a cookie was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieSource {
    /// In the request's header: whatever lies on this host's domain.
    Header,
    /// In the body: the SDK copies those of its own organisation and no others.
    Body,
}

#[derive(Debug)]
struct Cookie {
    source: CookieSource,
    name: String,
    value: String,
}

/// The cookies of a request, from both places.
#[derive(Debug, Default)]
pub(crate) struct RequestCookies(Vec<Cookie>);

impl RequestCookies {
    /// The header's cookies come first: a page's scripts can't forge those of its server.
    /// Of the site's own cookies only the one for device ids is kept.
    pub(crate) fn of(headers: &HeaderMap, entries: Vec<(String, String)>, fpid_cookie: Option<&str>) -> RequestCookies {
        let lines =
            headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
        let found = lines.filter_map(|pair| {
            let (name, value) = pair.split_at_checked(pair.iter().position(|byte| *byte == b'=')?)?;
            let name = std::str::from_utf8(name.trim_ascii()).ok()?;
            let is_wanted = name.starts_with(PREFIX) || name.starts_with(LEGACY_PREFIX) || Some(name) == fpid_cookie;
            let value = value.get(1..)?.trim_ascii();
            let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
            let name = percent_decode(name.as_bytes()).decode_utf8_lossy().into_owned();
            is_wanted.then(|| Cookie { source: CookieSource::Header, name, value: decoded(value) })
        });
        let entries = entries.into_iter().map(|(name, value)| {
            let value = decoded(value.as_bytes());
            Cookie { source: CookieSource::Body, name, value }
        });
        RequestCookies(found.chain(entries).collect())
    }

    /// All values of this organisation's cookie, the better ones first.
    pub(crate) fn values(&self, purpose: Purpose, org_id: &str) -> impl Iterator<Item = &str> {
        self.named(purpose.name(org_id))
    }

    /// The site's own device id.
    pub(crate) fn device_id(&self, name: &str) -> Option<&str> {
        self.named(name.to_owned()).next()
    }

    fn named(&self, name: String) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |cookie| cookie.name == name).map(|cookie| cookie.value.as_str())
    }

    /// The organisations, as they stand in names, that have a cookie there; each once.
    pub(crate) fn orgs(&self, source: CookieSource) -> Vec<&str> {
        distinct(self.0.iter().filter(|cookie| cookie.source == source).filter_map(|cookie| org_of(&cookie.name)))
    }

    /// The organisations of the predecessor's cookies, which the SDK writes as well.
    pub(crate) fn legacy_orgs(&self) -> Vec<Cow<'_, str>> {
        let names = self.0.iter().filter_map(|cookie| cookie.name.strip_prefix(LEGACY_PREFIX));
        let orgs = names.map(|name| Cow::from(org_part(name))).filter(|org| is_org(org));
        distinct(orgs)
    }
}

fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for one in all {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

fn decoded(value: &[u8]) -> String {
    percent_decode(value).decode_utf8_lossy().into_owned()
}

/// An organisation's id as it stands in the names of cookies.
pub(crate) fn org_part(org_id: &str) -> String {
    org_id.replacen('@', "_", 1)
}

fn org_of(name: &str) -> Option<&str> {
    let rest = name.strip_prefix(PREFIX)?;
    let org = ["_identity", "_consent", "_cluster"].iter().find_map(|suffix| rest.strip_suffix(suffix))?;
    is_org(org).then_some(org)
}

/// It goes into names of cookies, messages and the log.
fn is_org(org: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=ORG_BYTES_MAX).contains(&org.len()) && org.bytes().all(is_plain)
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

    fn cookies(lines: &[&[u8]], entries: &[(&str, &str)]) -> RequestCookies {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).expect("bytes are allowed"));
        }
        let entries = entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        RequestCookies::of(&headers, entries, Some("myFPID"))
    }

    #[test]
    fn both_places_are_read_the_header_first() {
        let line = b"a=b; kndctr_5BFE274A5F6980A50A495C08_AdobeOrg_identity=one; kndctr_X_AdobeOrg_consent=general=in";
        let entries = [(&*Purpose::Identity.name(ORG), "two"), ("other", "z")];
        let cookies = cookies(&[line, b"kndctr_\xff=x"], &entries);
        assert_eq!(cookies.values(Purpose::Identity, ORG).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(cookies.values(Purpose::Consent, ORG).next(), None);
        assert_eq!(cookies.values(Purpose::Consent, "X@AdobeOrg").collect::<Vec<_>>(), ["general=in"]);
        assert_eq!(cookies.device_id("myFPID"), None);
    }

    #[test]
    fn values_are_decoded_and_odd_ones_cost_only_themselves() {
        let check = |value: &[u8], expect: Option<&str>| {
            let line = [b"odd=\xff\xfe; kndctr_A_consent=", value, b" ;bare; =; ;\xe9=1; myFPID=f%20x"].concat();
            let cookies = cookies(&[&line], &[]);
            assert_eq!(cookies.values(Purpose::Consent, "A").next(), expect, "{line:?}");
            assert_eq!(cookies.device_id("myFPID"), Some("f x"));
        };
        check(b"general=out", Some("general=out"));
        check(b"general%3Dout", Some("general=out"));
        check(b"\"general%3dout\"", Some("general=out"));
        check(b"a+b%2B%3D%3D", Some("a+b+=="));
        check(b"50%", Some("50%"));
        check(b"%zz%4", Some("%zz%4"));
        check(b"%ff", Some("\u{fffd}"));
        check(b"\xff", Some("\u{fffd}"));
        check(b"\"", Some("\""));
        check(b"", Some(""));
        let cookies = cookies(&[], &[("kndctr_A_consent", "general%3Dout")]);
        assert_eq!(cookies.values(Purpose::Consent, "A").next(), Some("general=out"));
    }

    #[test]
    fn organisations_are_read_from_names() {
        let line = b"kndctr_A1_AdobeOrg_identity=x; kndctr_A1_AdobeOrg_consent=y; kndctr_B_AdobeOrg_cluster=or2; AMCV_C%40AdobeOrg=z; AMCV_D@AdobeOrg=z";
        let found = cookies(
            &[line],
            &[("kndctr_E_AdobeOrg_consent", "y"), ("kndctr_a b_identity", "y"), ("kndctr__identity", "y")],
        );
        assert_eq!(found.orgs(CookieSource::Header), ["A1_AdobeOrg", "B_AdobeOrg"]);
        assert_eq!(found.orgs(CookieSource::Body), ["E_AdobeOrg"]);
        assert_eq!(found.legacy_orgs(), ["C_AdobeOrg", "D_AdobeOrg"]);
        assert!(
            cookies(&[], &[(&format!("kndctr_{}_identity", "x".repeat(65)), "y")]).orgs(CookieSource::Body).is_empty()
        );
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
