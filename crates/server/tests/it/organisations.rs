//! Pages whose SDK has another organisation than the datastream.

use serde_json::{Value, json};
use server::Datastream;

use crate::rig::{Rig, json as answered};

const PAGE_ORG: &str = "5BFE274A5F6980A50A495C08@AdobeOrg";
const PAGE_IDENTITY: &str = "kndctr_5BFE274A5F6980A50A495C08_AdobeOrg_identity";
const PAGE_CONSENT: &str = "kndctr_5BFE274A5F6980A50A495C08_AdobeOrg_consent";
const OUR_IDENTITY: &str = "kndctr_FRONTDESK_AdobeOrg_identity";
const OUR_CONSENT: &str = "kndctr_FRONTDESK_AdobeOrg_consent";
const COOKIE: &str = "CiY3MTcwMTk1NDExODU1NDE4MDc2MDY1Mjg1MjEwODc1NjczOTI0NFIQCIPW35ygNBgBKgNPUjIwAPABg9bfnKA0";
const ECID: &str = "71701954118554180760652852108756739244";
const INTERACT: &str = "/ee/v1/interact?configId=web";
const SET_CONSENT: &str = "/ee/v1/privacy/set-consent?configId=web";

/// A datastream of this organisation; `None`: of none.
async fn rig(org_id: Option<&str>) -> Rig {
    let org_id = org_id.map(str::to_owned);
    Rig::with(move |options| {
        options.datastreams.insert("web".to_owned(), Datastream { org_id, ..Datastream::default() });
    })
    .await
}

/// A request of a page's SDK.
fn page(entries: &[(&str, &str)], brings_ecid: bool) -> Value {
    let entries: Vec<Value> = entries.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    let mut request = json!({
        "events": [{ "xdm": { "timestamp": "2026-11-20T10:00:00Z" }, "data": { "frontdesk": { "testId": "run" } } }],
        "consent": [{ "standard": "Adobe", "version": "1.0", "value": { "general": "in" } }],
        "meta": { "state": { "domain": "shop.test", "cookiesEnabled": true, "entries": entries } },
    });
    if brings_ecid {
        request["xdm"] = json!({ "identityMap": { "ECID": [{ "id": ECID }] } });
    }
    request
}

/// Names of the cookies that an answer tells the SDK to keep, sorted.
fn stored(answer: &Value) -> Vec<String> {
    let handles = answer["handle"].as_array().expect("handles");
    let items = handles.iter().filter(|handle| handle["type"] == "state:store").flat_map(|h| h["payload"].as_array());
    let mut names: Vec<String> =
        items.flatten().map(|item| item["key"].as_str().unwrap_or_default().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_mismatch_is_told_in_the_answer_and_to_those_who_watch() {
    for (org_id, request, part) in [
        (Some("OTHER@AdobeOrg"), page(&[(PAGE_IDENTITY, COOKIE)], false), PAGE_ORG),
        (Some("OTHER@AdobeOrg"), page(&[], true), "OTHER@AdobeOrg"),
        (None, page(&[], true), "FRONTDESK@AdobeOrg"),
    ] {
        let rig = rig(org_id).await;
        for path in [INTERACT, SET_CONSENT] {
            let (status, answer) = answered(rig.post(path, request.to_string())).await;
            assert_eq!((status, &answer["warnings"][0]["type"]), (200, &json!("/problems/org_mismatch")), "{answer}");
            let detail = answer["warnings"][0]["detail"].as_str().expect("a detail");
            for part in [part, "org_id", "datastreams.web", "setConsent"] {
                assert!(detail.contains(part), "{part}: {detail}");
            }
        }
        let run = answered(rig.get("/v1/test/run/events")).await.1;
        assert_eq!(run["events"][0]["notices"][0]["code"], "orgMismatch", "{run}");
    }
}

#[tokio::test]
async fn a_visitor_stays_one_under_the_pages_own_cookie() {
    let rig = rig(Some("OTHER@AdobeOrg")).await;
    let (_, answer) = answered(rig.post(INTERACT, page(&[(PAGE_IDENTITY, COOKIE)], false).to_string())).await;
    assert_eq!(stored(&answer), ["kndctr_OTHER_AdobeOrg_identity"]);
    assert!(rig.fake.kept_bodies()[0].contains(ECID), "not a new visitor with each event");
    let (_, answer) = answered(rig.post(SET_CONSENT, page(&[(PAGE_IDENTITY, COOKIE)], false).to_string())).await;
    assert!(stored(&answer).contains(&PAGE_CONSENT.to_owned()), "the page's events are let go: {answer}");
    let refused = page(&[(PAGE_CONSENT, "general=out")], false);
    assert_eq!(answered(rig.post(INTERACT, refused.to_string())).await.0, 200);
    assert_eq!(rig.fake.kept_bodies().len(), 2, "a refusal holds");
}

#[tokio::test]
async fn without_an_organisation_the_pages_own_is_answered() {
    let rig = rig(None).await;
    let (_, answer) = answered(rig.post(INTERACT, page(&[(PAGE_IDENTITY, COOKIE)], false).to_string())).await;
    assert_eq!((answer["handle"].clone(), answer.get("warnings")), (json!([]), None), "the SDK has all it needs");
    assert!(rig.fake.kept_bodies()[0].contains(ECID));
    let (_, answer) = answered(rig.post(INTERACT, page(&[(PAGE_IDENTITY, "odd")], false).to_string())).await;
    assert_eq!(stored(&answer), [PAGE_IDENTITY]);
    let (_, answer) = answered(rig.post(SET_CONSENT, page(&[(PAGE_IDENTITY, COOKIE)], false).to_string())).await;
    assert_eq!(stored(&answer), [PAGE_CONSENT]);
    let refused = page(&[(PAGE_IDENTITY, COOKIE), (PAGE_CONSENT, "general=out")], false);
    let (_, answer) = answered(rig.post(INTERACT, refused.to_string())).await;
    assert_eq!(answer["warnings"][0]["type"], "https://ns.adobe.com/aep/errors/EXEG-0301-200");
    assert_eq!(rig.fake.kept_bodies().len(), 3, "a refusal under the page's name holds");
    // A page that has nothing yet gets the name that the documents give.
    let (_, answer) = answered(rig.post(INTERACT, page(&[], false).to_string())).await;
    assert_eq!((stored(&answer), answer.get("warnings")), (vec![OUR_IDENTITY.to_owned()], None));
}

#[tokio::test]
async fn on_the_pages_own_domain_no_choice_is_lost() {
    let rig = rig(None).await;
    let send = async |path: &str, cookie: &str, brings_ecid: bool| {
        let request = page(&[], brings_ecid).to_string();
        answered(rig.post(path, request).header("cookie", cookie)).await.1
    };
    // The cookie of another organisation may be the page's own, or of before a change.
    let earlier = format!("{PAGE_IDENTITY}={COOKIE}");
    assert_eq!(stored(&send(INTERACT, &earlier, false).await), [OUR_IDENTITY]);
    assert!(rig.fake.kept_bodies()[0].contains(ECID), "the visitor stays the same");
    let both = format!("{earlier}; {OUR_IDENTITY}={COOKIE}");
    assert_eq!(send(INTERACT, &both, false).await["handle"], json!([]));
    assert_eq!(stored(&send(SET_CONSENT, &both, false).await), [PAGE_CONSENT, OUR_CONSENT]);
    // The SDK brings the ECID of AMCV_<org>, so it has no identity cookie of that name.
    let lost = format!("{OUR_IDENTITY}={COOKIE}; AMCV_{}=MCMID%7C{ECID}", PAGE_ORG.replace('@', "%40"));
    assert_eq!(stored(&send(INTERACT, &lost, true).await), [PAGE_IDENTITY]);
}

#[tokio::test]
async fn an_app_that_sends_back_whatever_it_was_told_is_not_a_mismatch() {
    for org_id in [None, Some("OTHER@AdobeOrg")] {
        let rig = rig(org_id).await;
        let mut request = page(&[("kndctr_0000000000000000000000AA_AdobeOrg_cluster", "va6")], true);
        request["meta"]["state"].as_object_mut().expect("an object").remove("cookiesEnabled");
        let (status, answer) = answered(rig.post(INTERACT, request.to_string())).await;
        assert_eq!((status, answer.get("warnings")), (200, None), "{answer}");
        assert!(rig.fake.kept_bodies()[0].contains(ECID));
    }
}
