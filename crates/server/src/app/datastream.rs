//! Which datastreams there are and what each one allows.

use std::collections::BTreeMap;

/// The organisation of datastreams that name none. Its cookies are the site's own, so
/// any value of this form works as long as the SDK's `orgId` is the same.
pub const ORG_ID: &str = "FRONTDESK@AdobeOrg";

/// One datastream of the Edge Network API; its id is the SDK's `datastreamId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datastream {
    /// The organisation, as the SDK's `orgId`. It names the cookies. `None`: the page's own
    /// where its cookies tell it, else [`ORG_ID`].
    pub org_id: Option<String>,
    /// The cookie of the site's own that holds a first-party device id, which a visitor's
    /// ECID is made from. `None`: no cookie is looked at.
    pub fpid_cookie: Option<String>,
    /// Origins of pages that may send, such as `https://www.shop.example`, or
    /// `https://*.shop.example` for all below a domain. Empty: any.
    pub origins: Vec<String>,
    /// Whether events are taken in.
    pub enabled: bool,
    /// Whether events are taken in with a key only.
    pub key_required: bool,
}

impl Default for Datastream {
    fn default() -> Datastream {
        Datastream { org_id: None, fpid_cookie: None, origins: Vec::new(), enabled: true, key_required: false }
    }
}

impl Datastream {
    /// The organisation that is set, or the one of datastreams that name none.
    pub(crate) fn org_id(&self) -> &str {
        self.org_id.as_deref().unwrap_or(ORG_ID)
    }

    /// Whether a page of this origin may send. A sender without an origin is no page.
    pub(crate) fn admits(&self, origin: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        self.origins.is_empty() || self.origins.iter().any(|known| matches(known, origin))
    }
}

/// The datastream of this id. Where none is configured every id is one; where any is,
/// others are unknown.
pub(crate) fn find(datastreams: &BTreeMap<String, Datastream>, id: &str) -> Option<Datastream> {
    if datastreams.is_empty() { Some(Datastream::default()) } else { datastreams.get(id).cloned() }
}

fn matches(known: &str, origin: &str) -> bool {
    match known.split_once("://*.") {
        None => known.trim_end_matches('/').eq_ignore_ascii_case(origin),
        Some((scheme, domain)) => {
            let Some((its_scheme, rest)) = origin.split_once("://") else { return false };
            let end = rest.len().checked_sub(domain.len()).filter(|cut| rest.is_char_boundary(*cut));
            let is_below = |cut: usize| {
                rest[cut..].eq_ignore_ascii_case(domain) && rest[..cut].strip_suffix('.').is_some_and(is_host)
            };
            its_scheme.eq_ignore_ascii_case(scheme) && end.is_some_and(is_below)
        }
    }
}

/// A name of a host: what browsers put into an origin, and nothing that could hold another
/// host's name before a path or a user.
fn is_host(text: &str) -> bool {
    text.split('.').all(|label| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_matched_exactly_or_below_a_domain() {
        let check = |known: &[&str], origin: Option<&str>, expect: bool| {
            let origins = known.iter().map(|known| (*known).to_owned()).collect();
            let datastream = Datastream { origins, ..Datastream::default() };
            assert_eq!(datastream.admits(origin), expect, "{origin:?} in {known:?}");
        };
        check(&[], Some("https://any.example"), true);
        check(&["https://www.shop.test"], None, true);
        check(&["https://www.shop.test"], Some("https://www.shop.test"), true);
        check(&["https://www.shop.test/"], Some("https://www.shop.test"), true);
        check(&["https://www.shop.test"], Some("http://www.shop.test"), false);
        check(&["https://www.shop.test"], Some("https://www.shop.test:8443"), false);
        check(&["https://www.shop.test"], Some("null"), false);
        check(&["https://*.shop.test"], Some("https://www.shop.test"), true);
        check(&["https://*.shop.test"], Some("https://shop.test"), false);
        check(&["https://*.shop.test"], Some("https://wwwshop.test"), false);
        check(&["https://*.shop.test"], Some("https://é.shop.tes"), false);
        for origin in [
            "https://evil.example/.shop.test",
            "https://evil.example?.shop.test",
            "https://evil.example#.shop.test",
            "https://evil.example:443/.shop.test",
            "https://a@.shop.test",
            "https://.shop.test",
            "https://a..shop.test",
            "https://www.shop.test.evil.example",
        ] {
            check(&["https://*.shop.test"], Some(origin), false);
        }
        check(&["https://*.shop.test:8443"], Some("https://a.b.shop.test:8443"), true);
    }

    #[test]
    fn none_configured_means_any() {
        let mut known = BTreeMap::new();
        assert!(find(&known, "any").is_some());
        known.insert("web".to_owned(), Datastream::default());
        assert!(find(&known, "web").is_some());
        assert!(find(&known, "any").is_none());
    }
}
