//! What visitors agree to: every way to say it, and that a refusal is not stored.

use serde_json::{Value, json};
use server::Datastream;

use crate::rig::{Rig, json as answered};

const ORG: &str = "5BFE274A5F6980A50A495C08@AdobeOrg";
const IDENTITY: &str = "kndctr_5BFE274A5F6980A50A495C08_AdobeOrg_identity";
const CONSENT: &str = "kndctr_5BFE274A5F6980A50A495C08_AdobeOrg_consent";
const COOKIE: &str = "CiY3MTcwMTk1NDExODU1NDE4MDc2MDY1Mjg1MjEwODc1NjczOTI0NFIQCIPW35ygNBgBKgNPUjIwAPABg9bfnKA0";
const ORIGIN: &str = "https://www.shop.test";
const TIME: &str = "2026-11-20T10:00:00Z";
const INTERACT: &str = "/ee/v1/interact?configId=web";
const SET_CONSENT: &str = "/ee/v1/privacy/set-consent?configId=web";
/// Public strings of the SDK's own tests: all purposes, and all but the first.
const TCF_ALL: &str = "CO052l-O052l-DGAMBFRACBgAIBAAAAAAIYgEawAQEagAAAA";
const TCF_NO_PURPOSE_1: &str = "CO052oTO052oTDGAMBFRACBgAABAAAAAAIYgEawAQEagAAAA";
const REFUSED: &str = "https://ns.adobe.com/aep/errors/EXEG-0301-200";

async fn rig() -> Rig {
    Rig::with(|options| {
        let datastream = Datastream { org_id: Some(ORG.to_owned()), ..Datastream::default() };
        options.datastreams.insert("web".to_owned(), datastream);
    })
    .await
}

/// The value of a cookie that an answer tells the SDK to keep.
fn stored<'a>(answer: &'a Value, name: &str) -> Option<&'a str> {
    let handles = answer["handle"].as_array()?;
    let items = handles.iter().filter(|handle| handle["type"] == "state:store").flat_map(|h| h["payload"].as_array());
    items.flatten().find(|item| item["key"] == name)?["value"].as_str()
}

fn kept(rig: &Rig) -> Vec<Value> {
    rig.fake.kept_bodies().iter().map(|body| serde_json::from_str(body).expect("JSON")).collect()
}

#[tokio::test]
async fn every_documented_value_is_answered_with_the_identity() {
    let rig = rig().await;
    let adobe_2 = |val: &str| json!({ "standard": "Adobe", "version": "2.0", "value": { "collect": { "val": val } } });
    let adobe_1 = |val: &str| json!({ "standard": "Adobe", "version": "1.0", "value": { "general": val } });
    let tcf = |value: &str, gdpr: bool| json!({ "standard": "IAB TCF", "version": "2.0", "value": value, "gdprApplies": gdpr });
    let marketing =
        json!({ "standard": "Adobe", "version": "2.0", "value": { "marketing": { "email": { "val": "n" } } } });
    let check = async |choice: Value, expect: Option<&str>| {
        let (status, answer) = answered(rig.post(SET_CONSENT, json!({ "consent": [choice] }).to_string())).await;
        assert_eq!(status, 200, "{choice}: {answer}");
        assert_eq!(answer["handle"][0]["type"], "identity:result", "{choice}: {answer}");
        assert!(stored(&answer, IDENTITY).is_some(), "{choice}: {answer}");
        assert_eq!(stored(&answer, CONSENT), expect, "{choice}: {answer}");
        let kind = expect.map_or("unchanged", |value| &value["general=".len()..]);
        assert_eq!(kept(&rig).pop().expect("kept")["eventType"], format!("privacy.consent.{kind}"));
    };
    let (agreed, refused) = (Some("general=in"), Some("general=out"));
    for val in ["y", "li", "ct", "cp", "vi", "pi"] {
        check(adobe_2(val), agreed).await;
    }
    check(adobe_2("n"), refused).await;
    for val in ["p", "u"] {
        check(adobe_2(val), None).await;
    }
    check(marketing, None).await;
    check(adobe_1("in"), agreed).await;
    check(adobe_1("out"), refused).await;
    check(adobe_1("pending"), None).await;
    check(tcf(TCF_ALL, true), agreed).await;
    check(tcf(TCF_NO_PURPOSE_1, true), refused).await;
    check(tcf(TCF_NO_PURPOSE_1, false), agreed).await;
}

#[tokio::test]
async fn what_has_no_meaning_is_refused_with_its_place() {
    let rig = rig().await;
    let check = async |choice: Value, status: u16, code: &str, kind: &str| {
        let (found, problem) = answered(rig.post(SET_CONSENT, json!({ "consent": [choice] }).to_string())).await;
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{choice}: {problem}");
        assert!(problem["type"].as_str().is_some_and(|name| name.ends_with(kind)), "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.starts_with("consent[0]")), "{problem}");
        assert!(kept(&rig).is_empty());
    };
    let tcf = |version: &str, value: Value| json!({ "standard": "IAB TCF", "version": version, "value": value });
    check(tcf("6.9", json!(TCF_ALL)), 400, "field_invalid", "EXEG-0102-400").await;
    check(json!({ "standard": "IAB TCF", "version": "2.0" }), 400, "value_missing", "EXEG-0103-400").await;
    check(tcf("2.0", json!("")), 422, "consent_invalid", "EXEG-0104-422").await;
    let adobe = |value: Value| json!({ "standard": "Adobe", "version": "2.0", "value": value });
    check(adobe(json!({ "collect": { "val": "perhaps" } })), 400, "field_invalid", "EXEG-0102-400").await;
    let analytics = json!({ "standard": "Adobe", "version": "1.0", "value": { "analytics": "in" } });
    check(analytics, 400, "field_invalid", "EXEG-0102-400").await;
}

fn event(id: &str, strings: Option<Value>) -> Value {
    let mut xdm = json!({ "_id": id, "timestamp": TIME });
    if let Some(strings) = strings {
        xdm["consentStrings"] = strings;
    }
    json!({ "xdm": xdm })
}

fn string(value: &str, gdpr: bool) -> Value {
    json!([{
        "consentStandard": "IAB TCF",
        "consentStandardVersion": "2.0",
        "consentStringValue": value,
        "gdprApplies": gdpr,
        "containsPersonalData": false,
    }])
}

#[tokio::test]
async fn a_refusal_inside_an_event_holds_for_that_event() {
    let rig = rig().await;
    let refusal = || Some(string(TCF_NO_PURPOSE_1, true));
    let send =
        async |path: &str, request: Value| answered(rig.post(path, request.to_string()).header("origin", ORIGIN)).await;

    let (status, answer) = send(INTERACT, json!({ "events": [event("a", refusal())] })).await;
    assert_eq!((status, &answer["warnings"][0]["type"]), (200, &json!(REFUSED)));
    assert_eq!(answer["warnings"][0]["report"]["eventIndexes"], json!([0]));
    // As the original answers: the choice is kept, and for its sake the identity.
    assert_eq!(stored(&answer, CONSENT), Some("general=out"));
    assert!(stored(&answer, IDENTITY).is_some());
    assert!(kept(&rig).is_empty());

    let others = [event("b", None), event("c", refusal()), event("d", Some(string(TCF_NO_PURPOSE_1, false)))];
    let bad = json!({ "xdm": { "_id": "e", "timestamp": TIME, "bad": 1 } });
    let events: Vec<Value> = others.into_iter().chain([bad]).collect();
    let (_, answer) = send(INTERACT, json!({ "events": events })).await;
    let ids: Vec<Value> = kept(&rig)[0].as_array().expect("events").iter().map(|event| event["_id"].clone()).collect();
    assert_eq!(ids, ["b", "d", "e"]);
    let places: Vec<&Value> = answer["warnings"].as_array().expect("warnings").iter().map(|w| &w["report"]).collect();
    assert_eq!(
        (&places[0]["eventIndexes"], &places[1]["eventIndex"]),
        (&json!([1]), &json!(3)),
        "places as they were sent"
    );

    // In the request's context it holds for all; an event's own goes before it.
    let context = json!({ "consentStrings": refusal() });
    let both = [event("f", None), event("g", Some(string(TCF_ALL, true)))];
    let (_, answer) = send(INTERACT, json!({ "xdm": context, "events": both })).await;
    assert_eq!((answer["warnings"][0]["report"]["eventIndexes"].clone(), kept(&rig).len()), (json!([0]), 2));

    let (status, answer) = send("/ee/v2/collect?datastreamId=web", json!({ "events": [event("h", refusal())] })).await;
    assert_eq!((status, &answer["warnings"][0]["type"]), (202, &json!(REFUSED)));
    let beacon = rig.post("/ee/v1/collect?configId=web", json!({ "events": [event("i", refusal())] }).to_string());
    assert_eq!(beacon.send().await.expect("an answer").status(), 204);
    assert_eq!(kept(&rig).len(), 2, "nothing of it was kept");
}

#[tokio::test]
async fn an_agreement_inside_an_event_is_kept_where_it_is_news() {
    let rig = rig().await;
    let request = |strings: Option<Value>, entries: Value| {
        json!({ "events": [event("a", strings)], "meta": { "state": { "entries": entries } } }).to_string()
    };
    let agreed = json!([{ "key": CONSENT, "value": "general=in" }, { "key": IDENTITY, "value": COOKIE }]);
    let check = async |body: String, expect: Option<&str>| {
        let (status, answer) = answered(rig.post(INTERACT, body)).await;
        assert_eq!((status, stored(&answer, CONSENT), answer.get("warnings")), (200, expect, None), "{answer}");
    };
    check(request(Some(string(TCF_ALL, true)), json!([])), Some("general=in")).await;
    check(request(Some(string(TCF_ALL, true)), agreed), None).await;
    check(request(Some(json!([{ "consentStandard": "IAB TCF", "consentStringValue": "odd" }])), json!([])), None).await;
    check(request(Some(json!({})), json!([])), None).await;
    check(request(None, json!([])), None).await;
    assert_eq!(kept(&rig).len(), 5);
}

#[tokio::test]
async fn a_refusal_in_a_cookie_is_read_however_it_is_written() {
    let rig = rig().await;
    let send = async |cookie: &[u8], expect: usize| {
        let before = kept(&rig).len();
        let value = reqwest::header::HeaderValue::from_bytes(cookie).expect("bytes are allowed");
        let body = json!({ "events": [event("a", None)] }).to_string();
        let (status, answer) = answered(rig.post(INTERACT, body).header("cookie", value)).await;
        assert_eq!((status, kept(&rig).len() - before), (200, expect), "{cookie:?}: {answer}");
    };
    for value in ["general=out", "general%3Dout", "\"general=out\"", "general%3dOUT", "a=b&general=out"] {
        send(format!("x=1; {CONSENT}={value}").as_bytes(), 0).await;
    }
    send(&[b"name=\xe9\xff; ", CONSENT.as_bytes(), b"=general=out"].concat(), 0).await;
    for value in ["general=in", "general=pending", "general", "%", "%3D%3D", ""] {
        send(format!("{CONSENT}={value}").as_bytes(), 1).await;
    }
    send(format!("{IDENTITY}=%zz{COOKIE}%; {CONSENT}").as_bytes(), 1).await;
    let encoded = COOKIE.replace('C', "%43");
    send(format!("{IDENTITY}={encoded}").as_bytes(), 1).await;
    assert!(kept(&rig).pop().expect("kept").to_string().contains("71701954118554180760652852108756739244"));
}
