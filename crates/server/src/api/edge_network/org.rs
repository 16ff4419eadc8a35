//! Whose cookies a page has: the organisation of its SDK, as far as it can be told.
//!
//! The SDK finds only cookies that are named for its own `orgId`. Where the datastream has
//! another one, the SDK never sees what it is told to keep: each page load is a new visitor,
//! and after `setConsent` its events wait for ever, without an error. A request doesn't name
//! the organisation, but often shows it:
//!
//! * into a body the SDK copies cookies of its own organisation only;
//! * an ECID that it brings beside its events comes from the cookie `AMCV_<org>`, and says
//!   that it found no identity cookie under that name.
//!
//! A datastream without an organisation of its own takes the page's where that is clear. One
//! that has another keeps it, but the visitor and the choice in the page's own cookies hold:
//! they are the page's visitor's. The rest is a [`OrgMismatch`], told in the answer, in `tail`, and once for each datastream in the
//! log. Cookies are anybody's to send, so what is learnt holds for its request alone.

use super::cookies::{CookieSource, Purpose, RequestCookies, org_part};
use crate::app::datastream::Datastream;

/// Other organisations of one request that are looked at.
const OTHERS_MAX: usize = 3;

/// The organisations of a call, as they stand in names of cookies.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Orgs {
    /// Whose cookies are written.
    pub(crate) own: String,
    /// Those that may as well be the page's: their cookies are read where the first has
    /// none, and a choice is written under their names too.
    pub(crate) others: Vec<String>,
    pub(crate) mismatch: Option<OrgMismatch>,
}

/// Why the page's SDK may not find its cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OrgMismatch {
    /// It has another organisation: this one.
    Other(String),
    /// It brought an ECID and found no identity cookie, as on a visitor's first page after
    /// a migration and on pages that keep no cookies; or its organisation is another one.
    Lost,
}

/// What a call says beside its cookies.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Signs {
    /// The SDK of a page sent it, and can keep cookies.
    pub(crate) has_cookies_enabled: bool,
    /// It brought an ECID beside its events.
    pub(crate) has_ecid: bool,
}

impl Orgs {
    pub(crate) fn of(datastream: &Datastream, cookies: &RequestCookies, signs: Signs) -> Orgs {
        let own = org_part(datastream.org_id());
        let told = cookies.orgs(CookieSource::Body);
        let is_told = told.contains(&own.as_str());
        let is_lost = signs.has_cookies_enabled && signs.has_ecid && !is_told;
        if datastream.org_id.is_some() {
            return match told.first() {
                Some(other) if signs.has_cookies_enabled && !is_told => {
                    Orgs { own, others: owned(&told), mismatch: Some(OrgMismatch::Other((*other).to_owned())) }
                }
                _ => Orgs { own, others: Vec::new(), mismatch: is_lost.then_some(OrgMismatch::Lost) },
            };
        }
        match told.as_slice() {
            [] if is_lost => Orgs::of_lost(own, cookies),
            [] => {
                let others: Vec<&str> =
                    cookies.orgs(CookieSource::Header).into_iter().filter(|org| *org != own).collect();
                Orgs { others: owned(&others), own, mismatch: None }
            }
            [one] => Orgs { own: (*one).to_owned(), others: Vec::new(), mismatch: None },
            // An app keeps and sends whatever it was told; a page never sends two.
            _ if is_told => Orgs { own, others: Vec::new(), mismatch: None },
            [first, ..] => Orgs { own, others: owned(&told), mismatch: Some(OrgMismatch::Other((*first).to_owned())) },
        }
    }

    /// The SDK read an ECID from a cookie named for its organisation, and has no identity
    /// cookie of that name.
    fn of_lost(own: String, cookies: &RequestCookies) -> Orgs {
        let legacy = cookies.legacy_orgs();
        let mut candidates = legacy.iter().filter(|org| cookies.values(Purpose::Identity, org).next().is_none());
        match (candidates.next(), candidates.next()) {
            (Some(only), None) => {
                let others = if **only == own { Vec::new() } else { vec![own] };
                Orgs { own: only.to_string(), others, mismatch: None }
            }
            _ => Orgs { own, others: Vec::new(), mismatch: Some(OrgMismatch::Lost) },
        }
    }

    /// All of them, the written one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.own.as_str()).chain(self.others.iter().map(String::as_str))
    }
}

impl OrgMismatch {
    /// What is to be done, in words for the page's and the server's people.
    pub(crate) fn message(&self, datastream: &str, own: &str) -> String {
        let own = org_id(own);
        let harm = "each page load is a new visitor, and after setConsent the page's events wait for ever";
        match self {
            OrgMismatch::Other(other) => format!(
                "the page's SDK has the orgId {}, and the datastream has {own}: the SDK doesn't find its cookies, {harm}; set org_id of datastreams.{datastream} to the page's orgId",
                org_id(other)
            ),
            OrgMismatch::Lost => format!(
                "the page's SDK brought an ECID and no cookie of {own}: this is a visitor's first page after a migration, the page keeps no cookies, or its orgId is another one; then {harm}; set org_id of datastreams.{datastream} to the page's orgId"
            ),
        }
    }
}

fn owned(others: &[&str]) -> Vec<String> {
    others.iter().take(OTHERS_MAX).map(|org| (*org).to_owned()).collect()
}

/// The id again from what stands in names.
fn org_id(part: &str) -> String {
    match part.rsplit_once('_') {
        Some((id, org)) => format!("{id}@{org}"),
        None => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::*;

    const OURS: &str = "FRONTDESK_AdobeOrg";

    fn request_cookies(cookies: &str, entries: &[&str]) -> RequestCookies {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_str(cookies).expect("text"));
        RequestCookies::of(&headers, entries.iter().map(|name| ((*name).to_owned(), "v".to_owned())).collect(), None)
    }

    fn check(
        org_id: Option<&str>,
        cookies: &str,
        entries: &[&str],
        signs: Signs,
        expect: (&str, &[&str], Option<OrgMismatch>),
    ) {
        let datastream = Datastream { org_id: org_id.map(str::to_owned), ..Datastream::default() };
        let found = Orgs::of(&datastream, &request_cookies(cookies, entries), signs);
        let others: Vec<&str> = found.others.iter().map(String::as_str).collect();
        assert_eq!(
            (found.own.as_str(), &others[..], found.mismatch.clone()),
            expect,
            "{org_id:?} {cookies} {entries:?}"
        );
    }

    const PAGE: Signs = Signs { has_cookies_enabled: true, has_ecid: false };
    const LOST: Signs = Signs { has_cookies_enabled: true, has_ecid: true };
    const APP: Signs = Signs { has_cookies_enabled: false, has_ecid: true };

    fn other(org: &str) -> Option<OrgMismatch> {
        Some(OrgMismatch::Other(org.to_owned()))
    }

    #[test]
    fn a_configured_organisation_stays_and_a_mismatch_is_seen() {
        let set = Some("A@AdobeOrg");
        let own = "A_AdobeOrg";
        check(set, "", &[], PAGE, (own, &[], None));
        check(set, "", &["kndctr_A_AdobeOrg_identity"], PAGE, (own, &[], None));
        check(set, "", &["kndctr_A_AdobeOrg_consent", "kndctr_B_AdobeOrg_identity"], LOST, (own, &[], None));
        check(set, "", &["kndctr_B_AdobeOrg_identity"], PAGE, (own, &["B_AdobeOrg"], other("B_AdobeOrg")));
        check(set, "", &["kndctr_B_AdobeOrg_cluster"], APP, (own, &[], None));
        check(set, "", &[], LOST, (own, &[], Some(OrgMismatch::Lost)));
        // On the page's own domain the browser sends ours, and the SDK doesn't see it.
        check(set, "kndctr_A_AdobeOrg_identity=x", &[], LOST, (own, &[], Some(OrgMismatch::Lost)));
        check(set, "kndctr_B_AdobeOrg_identity=x", &[], PAGE, (own, &[], None));
        check(set, "", &[], APP, (own, &[], None));
    }

    #[test]
    fn without_one_the_pages_own_is_taken_where_it_is_clear() {
        check(None, "", &[], PAGE, (OURS, &[], None));
        check(None, "", &["kndctr_B_AdobeOrg_identity"], PAGE, ("B_AdobeOrg", &[], None));
        check(None, "", &["kndctr_B_AdobeOrg_cluster"], APP, ("B_AdobeOrg", &[], None));
        let both = ["kndctr_B_AdobeOrg_cluster", "kndctr_FRONTDESK_AdobeOrg_identity"];
        check(None, "", &both, APP, (OURS, &[], None));
        let two = ["kndctr_B_AdobeOrg_identity", "kndctr_C_AdobeOrg_identity"];
        check(None, "", &two, PAGE, (OURS, &["B_AdobeOrg", "C_AdobeOrg"], other("B_AdobeOrg")));
        check(None, "", &[], LOST, (OURS, &[], Some(OrgMismatch::Lost)));
        check(None, "", &["kndctr_B_AdobeOrg_consent"], LOST, ("B_AdobeOrg", &[], None));
    }

    #[test]
    fn on_the_pages_own_domain_the_header_tells_less() {
        let ours = "kndctr_FRONTDESK_AdobeOrg_identity=x";
        check(None, ours, &[], PAGE, (OURS, &[], None));
        check(None, &format!("{ours}; kndctr_B_AdobeOrg_identity=y"), &[], PAGE, (OURS, &["B_AdobeOrg"], None));
        check(None, "kndctr_B_AdobeOrg_identity=y", &[], PAGE, (OURS, &["B_AdobeOrg"], None));
        let kept = format!("{ours}; AMCV_B%40AdobeOrg=MCMID|1");
        check(None, &kept, &[], LOST, ("B_AdobeOrg", &[OURS], None));
        check(None, &kept, &[], PAGE, (OURS, &[], None));
        let both = format!("{kept}; AMCV_C%40AdobeOrg=MCMID|2");
        check(None, &both, &[], LOST, (OURS, &[], Some(OrgMismatch::Lost)));
        // An organisation whose identity cookie is there is not the one that was lost.
        check(None, &format!("{both}; kndctr_C_AdobeOrg_identity=z"), &[], LOST, ("B_AdobeOrg", &[OURS], None));
        check(None, "AMCV_FRONTDESK%40AdobeOrg=MCMID|1", &[], LOST, (OURS, &[], None));
        let many: Vec<String> = (0..9).map(|number| format!("kndctr_O{number}_AdobeOrg_identity=x")).collect();
        let first = ["O0_AdobeOrg", "O1_AdobeOrg", "O2_AdobeOrg"];
        check(None, &many.join("; "), &[], PAGE, (OURS, &first, None));
    }

    #[test]
    fn it_is_said_with_the_fix() {
        let message = OrgMismatch::Other("5BFE_AdobeOrg".to_owned()).message("web", OURS);
        for part in ["5BFE@AdobeOrg", "FRONTDESK@AdobeOrg", "org_id of datastreams.web"] {
            assert!(message.contains(part), "{part}: {message}");
        }
        assert!(OrgMismatch::Lost.message("web", OURS).contains("first page after a migration"));
    }
}
