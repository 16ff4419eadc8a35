//! The Edge Network API as the Web SDK uses it: bodies, cookies, consent, and the answers
//! that make it go on, try again or stop.

use intake::SubmitError;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use server::Datastream;

use crate::rig::{Rig, json as answered};

const ORG: &str = "5BFE274A5F6980A50A495C08@AdobeOrg";
const IDENTITY: &str = "kndctr_5BFE274A5F6980A50A495C08_AdobeOrg_identity";
const CONSENT: &str = "kndctr_5BFE274A5F6980A50A495C08_AdobeOrg_consent";
/// An identity cookie of another implementation, and the visitor in it.
const COOKIE: &str = "CiY3MTcwMTk1NDExODU1NDE4MDc2MDY1Mjg1MjEwODc1NjczOTI0NFIQCIPW35ygNBgBKgNPUjIwAPABg9bfnKA0";
const ECID: &str = "71701954118554180760652852108756739244";
const ORIGIN: &str = "https://www.shop.test";
const INTERACT: &str = "/ee/v1/interact?configId=web&requestId=r-1";
const TIME: &str = "2026-11-20T10:00:00Z";

async fn rig() -> Rig {
    Rig::with(|options| {
        let datastream =
            Datastream { org_id: Some(ORG.to_owned()), origins: vec![ORIGIN.to_owned()], ..Datastream::default() };
        options.datastreams.insert("off".to_owned(), Datastream { enabled: false, ..datastream.clone() });
        options.datastreams.insert("web".to_owned(), datastream);
    })
    .await
}

fn body(events: Value) -> String {
    json!({ "events": events, "meta": { "state": { "domain": "shop.test", "cookiesEnabled": true } } }).to_string()
}

fn with_entries(events: Value, entries: &[(&str, &str)]) -> String {
    let entries: Vec<Value> = entries.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    json!({ "events": events, "meta": { "state": { "domain": "shop.test", "entries": entries } } }).to_string()
}

fn kept(rig: &Rig) -> Vec<Value> {
    rig.fake.kept_bodies().iter().map(|body| serde_json::from_str(body).unwrap_or_else(|_| json!(body))).collect()
}

/// Every answer must let the page read it.
fn readable(response: &Response) {
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(header("access-control-allow-origin"), ORIGIN);
    assert_eq!(header("access-control-allow-credentials"), "true");
    assert!(header("access-control-expose-headers").contains("Retry-After"));
    assert_eq!(header("vary"), "Origin");
}

#[tokio::test]
async fn a_first_event_is_kept_and_its_visitor_named() {
    let rig = rig().await;
    let send = || {
        rig.post(INTERACT, body(json!([{ "xdm": { "timestamp": TIME }, "data": { "b": 2 } }]))).header("origin", ORIGIN)
    };
    let response = send().header("content-type", "text/plain; charset=UTF-8").send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    readable(&response);
    let answer: Value = response.json().await.expect("JSON");
    let ecid = answer["handle"][0]["payload"][0]["id"].as_str().expect("an ECID").to_owned();
    assert_eq!((ecid.len(), &answer["handle"][0]["type"]), (38, &json!("identity:result")));
    let stored = &answer["handle"][1];
    assert_eq!((&stored["type"], &stored["payload"][0]["key"]), (&json!("state:store"), &json!(IDENTITY)));
    assert_eq!(stored["payload"][0]["attrs"], json!({ "SameSite": "None" }));
    assert_eq!(answer.get("warnings"), None);
    assert!(answer["requestId"].as_str().is_some_and(|id| id.starts_with("r-1-") && id.len() == 4 + 16), "{answer}");
    let identity = json!({ "ECID": [{ "id": ecid, "authenticatedState": "ambiguous", "primary": true }] });
    assert_eq!(kept(&rig), [json!([{ "timestamp": TIME, "identityMap": identity }])]);
    let again = answered(send()).await.1;
    assert_eq!(again["handle"][0]["payload"][0]["id"], ecid, "the same request is the same visitor");
    assert_eq!(rig.fake.kept_bodies()[0], rig.fake.kept_bodies()[1]);
    let kept = rig.fake.kept.lock().expect("not poisoned");
    assert_eq!((kept[0].datastream.as_str(), kept[0].request_id.as_deref()), ("web", Some("r-1")));
}

#[tokio::test]
async fn a_known_visitor_stays_the_same_by_every_way() {
    let rig = rig().await;
    let events = || json!([{ "xdm": {} }]);
    let check = async |cookie: Option<String>, body: String, expect: Option<&str>, news: bool| {
        let mut request = rig.post(INTERACT, body).header("origin", ORIGIN);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let answer = answered(request).await.1;
        assert_eq!(answer["handle"] != json!([]), news, "{answer}");
        let event = kept(&rig).pop().expect("one was kept");
        let id = event[0]["identityMap"]["ECID"][0]["id"].as_str().expect("an ECID").to_owned();
        match expect {
            Some(expect) => assert_eq!(id, expect),
            None => assert_ne!(id, ECID),
        }
    };
    check(Some(format!("a=b; {IDENTITY}={COOKIE}")), body(events()), Some(ECID), false).await;
    check(None, with_entries(events(), &[(IDENTITY, COOKIE)]), Some(ECID), false).await;
    // Another organisation's cookie, and bytes that are none, name nobody.
    check(Some(format!("kndctr_X_AdobeOrg_identity={COOKIE}")), body(events()), None, true).await;
    check(None, with_entries(events(), &[(IDENTITY, "%%%")]), None, true).await;
    check(None, with_entries(events(), &[(IDENTITY, "%%%"), (IDENTITY, COOKIE)]), Some(ECID), false).await;
    let supplied = json!({ "events": events(), "xdm": { "identityMap": { "ECID": [{ "id": ECID }] }, "c": 1 } });
    check(None, supplied.to_string(), Some(ECID), true).await;
    assert_eq!(kept(&rig).pop().expect("kept")[0]["c"], 1, "the request's context is in the event");
}

#[tokio::test]
async fn within_the_pages_domain_the_cookie_comes_by_header() {
    let rig = rig().await;
    let check = async |host: &str, origin: &str, expect: bool| {
        let response = rig.post(INTERACT, body(json!([{ "xdm": {} }]))).header("origin", origin).header("host", host);
        let response = response.send().await.expect("an answer");
        let cookie = response.headers().get("set-cookie").map(|value| value.to_str().expect("text").to_owned());
        let has_handle = response.text().await.expect("a body").contains("state:store");
        assert_eq!((cookie.is_some(), has_handle), (expect, !expect), "{host}: {cookie:?}");
        if let Some(cookie) = cookie {
            assert!(cookie.starts_with(&format!("{IDENTITY}=")), "{cookie}");
            for part in ["Domain=shop.test", "Path=/", "Max-Age=34128000", "SameSite=None; Secure"] {
                assert!(cookie.contains(part), "{part} in {cookie}");
            }
            assert!(!cookie.contains("HttpOnly"), "{cookie}");
        }
    };
    check("edge.shop.test", ORIGIN, true).await;
    check("collect.vendor.test", ORIGIN, false).await;
}

#[tokio::test]
async fn a_beacon_is_answered_with_nothing_after_it_is_kept() {
    let rig = rig().await;
    let beacon = rig.post(
        "/ee/or2/v1/collect?configId=web&requestId=b",
        body(json!([{ "xdm": { "_id": "e", "timestamp": TIME } }])),
    );
    let response = beacon.send().await.expect("an answer");
    assert_eq!(response.status(), 204);
    assert!(response.bytes().await.expect("a body").is_empty());
    // Nobody would learn of a new visitor, so there is none.
    assert_eq!(kept(&rig), [json!([{ "_id": "e", "timestamp": TIME }])]);
    let bad = rig.post("/ee/v1/collect?configId=web", body(json!([{ "xdm": { "bad": 1 } }])));
    assert_eq!(bad.send().await.expect("an answer").status(), 204);
}

#[tokio::test]
async fn invalid_events_are_named_in_warnings_and_cost_the_others_nothing() {
    let rig = rig().await;
    let events = json!([
        { "xdm": { "_id": "a", "timestamp": TIME } },
        { "xdm": { "_id": "b", "timestamp": TIME, "bad": 2 } },
    ]);
    let (status, answer) = answered(rig.post(INTERACT, body(events)).header("origin", ORIGIN)).await;
    assert_eq!(status, 200);
    assert!(answer["handle"].is_array());
    let warnings = answer["warnings"].as_array().expect("warnings");
    assert_eq!(warnings.len(), 1);
    assert_eq!((&warnings[0]["report"]["eventIndex"], &warnings[0]["status"]), (&json!(1), &json!(422)));
    assert_eq!(warnings[0]["report"]["errors"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn odd_text_goes_through_as_it_came() {
    let rig = rig().await;
    let odd = r#"{"events":[{"xdm":{"s":"nul \u0000","n":1e+21,"z":9007199254740993,"xdm:timestamp":"x"}}]}"#;
    let response = rig.post("/ee/v2/collect?datastreamId=web", odd).send().await.expect("an answer");
    assert_eq!(response.status(), 202);
    assert_eq!(rig.fake.kept_bodies(), [r#"[{"s":"nul \u0000","n":1e+21,"z":9007199254740993,"xdm:timestamp":"x"}]"#]);
}

#[tokio::test]
async fn consent_is_kept_and_asked() {
    let rig = rig().await;
    let path = "/ee/v1/privacy/set-consent?configId=web&requestId=c";
    let choice = |general: &str| json!({ "consent": [{ "standard": "Adobe", "version": "1.0", "value": { "general": general } }], "meta": {} });
    let (status, answer) = answered(rig.post(path, choice("out").to_string()).header("origin", ORIGIN)).await;
    assert_eq!(status, 200);
    let kinds: Vec<&Value> = answer["handle"].as_array().expect("handles").iter().map(|h| &h["type"]).collect();
    assert_eq!(kinds, ["identity:result", "state:store"]);
    let stored = answer["handle"][1]["payload"].as_array().expect("cookies");
    assert_eq!(stored[1]["key"], CONSENT);
    assert_eq!(stored[1]["value"], "general=out");
    assert_eq!(kept(&rig)[0]["eventType"], "privacy.consent.out");
    assert_eq!(kept(&rig)[0]["timestamp"], "2026-11-22T14:07:16.000Z");

    let refused = with_entries(json!([{ "xdm": {} }]), &[(IDENTITY, COOKIE), (CONSENT, "general=out")]);
    let (status, answer) = answered(rig.post(INTERACT, refused.clone()).header("origin", ORIGIN)).await;
    assert_eq!((status, &answer["handle"]), (200, &json!([])));
    assert_eq!(answer["warnings"][0]["type"], "https://ns.adobe.com/aep/errors/EXEG-0301-200");
    let beacon = rig.post("/ee/v1/collect?configId=web", refused).send().await.expect("an answer");
    assert_eq!(beacon.status(), 204);
    assert_eq!(kept(&rig).len(), 1, "only the choice itself is kept");

    let agreed = with_entries(json!([{ "xdm": {} }]), &[(IDENTITY, COOKIE), (CONSENT, "general=in")]);
    assert_eq!(answered(rig.post(INTERACT, agreed)).await.0, 200);
    assert_eq!(kept(&rig).len(), 2);
    // In the page's domain the cookies go by header, and the SDK still needs the handle.
    let first_party =
        rig.post(path, with_state(choice("in"))).header("origin", ORIGIN).header("host", "edge.shop.test");
    let response = first_party.send().await.expect("an answer");
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    assert!(response.text().await.expect("a body").contains("general=in"));
}

fn with_state(mut body: Value) -> String {
    body["meta"] = json!({ "state": { "domain": "shop.test" } });
    body.to_string()
}

#[tokio::test]
async fn the_visitors_id_is_told_when_asked_for() {
    let rig = rig().await;
    let path = "/ee/v1/identity/acquire?configId=web&requestId=i";
    let (_, answer) = answered(rig.post(path, with_entries(json!([]), &[(IDENTITY, COOKIE)]))).await;
    assert_eq!(
        answer["handle"],
        json!([{ "type": "identity:result", "payload": [{ "id": ECID, "namespace": { "code": "ECID" } }] }])
    );
    let (_, answer) = answered(rig.post(path, r#"{"query":{"identity":{"fetch":["ECID"]}}}"#)).await;
    assert_eq!(answer["handle"].as_array().map(Vec::len), Some(2));
    assert!(kept(&rig).is_empty());
}

#[tokio::test]
async fn the_second_version_is_for_servers() {
    let rig = rig().await;
    let one = json!({ "event": { "xdm": { "_id": "s" } } }).to_string();
    let (status, answer) = answered(rig.post("/ee/v2/interact?datastreamId=web", one)).await;
    assert_eq!((status, answer["handle"].is_array()), (200, true));
    let many = json!({ "events": [{ "xdm": {} }, { "xdm": {} }] }).to_string();
    let (status, answer) = answered(rig.post("/ee/v2/collect?datastreamId=web&requestId=x", many.clone())).await;
    assert_eq!((status, answer["requestId"].is_string()), (202, true));
    let silent = rig.post("/ee/v2/collect?datastreamId=web&silent=true", many).send().await.expect("an answer");
    assert_eq!(silent.status(), 204);
    let bad = json!({ "events": [{ "xdm": { "timestamp": TIME } }, { "xdm": { "bad": 2, "timestamp": TIME } }] });
    let (status, answer) = answered(rig.post("/ee/v2/collect?datastreamId=web", bad.to_string())).await;
    assert_eq!((status, answer["warnings"].as_array().map(Vec::len)), (202, Some(1)));
    assert_eq!(answer["warnings"][0]["report"]["eventIndex"], 1);
}

#[tokio::test]
async fn every_spelling_names_the_datastream_and_a_contradiction_is_told() {
    let rig = rig().await;
    let check = async |path: &str, expect: u16| {
        let before = kept(&rig).len();
        let (status, answer) = answered(rig.post(path, body(json!([{ "xdm": { "timestamp": TIME } }])))).await;
        assert_eq!(status, expect, "{path}: {answer}");
        assert_eq!(kept(&rig).len() - before, usize::from(expect == 200), "{path}");
        if expect == 400 {
            assert_eq!(answer["code"], "query_invalid");
        }
    };
    for version in ["v1", "v2"] {
        for name in ["configId", "datastreamId", "dataStreamId"] {
            check(&format!("/ee/{version}/interact?{name}=web"), 200).await;
        }
        check(&format!("/ee/{version}/interact?configId=web&datastreamId=off"), 400).await;
        check(&format!("/ee/{version}/interact?configId=web&configId=off"), 200).await;
    }
}

#[tokio::test]
async fn an_event_without_a_time_is_dated_by_its_receipt_with_a_notice() {
    let rig = rig().await;
    let events = json!([
        { "xdm": { "_id": "a" }, "data": { "frontdesk": { "testId": "dated" } } },
        { "xdm": { "_id": "b", "timestamp": TIME } },
        { "data": {} },
    ]);
    let (status, answer) = answered(rig.post(INTERACT, body(events))).await;
    assert_eq!(status, 200);
    let warnings = answer["warnings"].as_array().expect("a warning");
    assert_eq!((warnings.len(), &warnings[0]["type"]), (1, &json!("/problems/event_undated")));
    assert_eq!(warnings[0]["report"], json!({ "eventIndexes": [0], "events": 1 }));
    let kept = kept(&rig).pop().expect("kept");
    let times: Vec<&Value> = kept.as_array().expect("events").iter().map(|event| &event["timestamp"]).collect();
    assert_eq!(times, [&json!("2026-11-22T14:07:16.000Z"), &json!(TIME), &Value::Null]);
    let run = answered(rig.get("/v1/test/dated/events")).await.1;
    assert_eq!(run["events"][0]["notices"][0]["code"], "timestampOfReceipt");
    let (status, answer) = answered(rig.post("/ee/v2/collect?datastreamId=web", body(json!([{ "xdm": {} }])))).await;
    assert_eq!((status, &answer["warnings"][0]["report"]["eventIndexes"]), (202, &json!([0])));
    // Elsewhere the sender dates its events.
    assert_eq!(answered(rig.post("/v1/events?datastream=web", r#"[{"_id":"c"}]"#)).await.0, 200);
    let message = r#"{"body":{"xdmEntity":{"_id":"d"}}}"#;
    assert_eq!(answered(rig.post("/collection/web", message)).await.0, 200);
    let kept = rig.fake.kept_bodies();
    assert_eq!(kept[kept.len() - 2..], [r#"[{"_id":"c"}]"#, r#"{"_id":"d"}"#]);
}

#[tokio::test]
async fn context_and_identities_beside_the_events_are_in_each_of_them() {
    let rig = rig().await;
    let request = json!({
        "xdm": { "device": { "type": "mobile" }, "identityMap": { "email": [{ "id": "pat@shop.example" }] } },
        "identityMap": { "CRM": [{ "id": "7" }] },
        "events": [{ "xdm": { "device": { "model": "m" }, "timestamp": TIME } }, { "xdm": { "timestamp": TIME } }],
    });
    let (status, answer) = answered(rig.post(INTERACT, request.to_string()).header("origin", ORIGIN)).await;
    assert_eq!((status, answer.get("warnings")), (200, None));
    let kept = kept(&rig).pop().expect("kept");
    assert_eq!(kept[0]["device"], json!({ "model": "m", "type": "mobile" }));
    for event in kept.as_array().expect("events") {
        let names: Vec<&String> = event["identityMap"].as_object().expect("a map").keys().collect();
        assert_eq!(names, ["email", "CRM", "ECID"], "{event}");
    }
}

#[tokio::test]
async fn an_answer_is_one_line() {
    let rig = rig().await;
    let events = json!([{ "xdm": { "_id": "a\n\u{0}", "bad": 1 } }]);
    let state = json!({ "entries": [{ "key": "kndctr_A_AdobeOrg_cluster", "value": "va6", "maxAge": 1800 }] });
    let streaming = json!({ "enabled": true, "recordSeparator": "\u{0}", "lineFeed": "\n" });
    let request =
        json!({ "events": events, "meta": { "state": state, "konductorConfig": { "streaming": streaming } } });
    let answer = rig.post("/ee/va6/v1/interact?configId=web", request.to_string()).send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    // The SDK for iOS splits at line feeds and trims U+0000.
    assert!(text.starts_with('{') && text.ends_with('}') && !text.contains(['\n', '\0']), "{text}");
}

#[tokio::test]
async fn what_is_refused_says_why_and_lets_the_page_read_it() {
    let rig = rig().await;
    let check = async |path: &str, body: &str, status: u16, code: &str, kept_bodies: usize| {
        let before = kept(&rig).len();
        let request = rig.post(path, body.to_owned()).header("origin", ORIGIN);
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), status, "{path}");
        readable(&response);
        let problem: Value = response.json().await.expect("JSON");
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(kept(&rig).len() - before, kept_bodies, "{path}");
    };
    let good = body(json!([{ "xdm": {} }]));
    check("/ee/v1/interact", &good, 400, "datastream_missing", 0).await;
    check("/ee/v1/interact?configId=none", &good, 400, "datastream_unknown", 0).await;
    check("/ee/v1/interact?configId=off", &good, 422, "datastream_disabled", 0).await;
    check(INTERACT, "", 400, "body_empty", 0).await;
    check(INTERACT, "{\"events\":\n[{", 400, "json_invalid", 1).await;
    check(INTERACT, "[]", 400, "field_invalid", 0).await;
    check(INTERACT, "{}", 400, "value_missing", 0).await;
    check("/ee/v1/privacy/set-consent?configId=web", "{}", 400, "value_missing", 0).await;
    check("/ee/v1/privacy/set-consent?configId=web", r#"{"consent":[]}"#, 400, "field_invalid", 0).await;
    let large = format!(r#"{{"events":[{{"xdm":{{"s":"{}"}}}}]}}"#, "x".repeat(1 << 20));
    check(INTERACT, &large, 413, "body_too_large", 0).await;
    let context = "x".repeat(500 << 10);
    let events = "{},".repeat(100_000);
    let bomb = format!(r#"{{"xdm":{{"s":"{context}"}},"events":[{events}{{}}]}}"#);
    check(INTERACT, &bomb, 413, "body_too_large", 0).await;
    check("/ee/v9/interact", &good, 404, "not_found", 0).await;
    let kept_line = rig.fake.kept_bodies();
    assert_eq!(kept_line, ["{\"events\": [{"], "a body that is no JSON is one line in rejects");

    let stranger =
        rig.post(INTERACT, good.clone()).header("origin", "https://evil.test").send().await.expect("an answer");
    assert_eq!(stranger.status(), 403);
    assert_eq!(stranger.headers()["access-control-allow-origin"], "https://evil.test");
    let got = rig.get(INTERACT).header("origin", ORIGIN).send().await.expect("an answer");
    assert_eq!((got.status().as_u16(), got.headers()["allow"].to_str().ok()), (405, Some("POST, OPTIONS")));
    readable(&got);
}

#[tokio::test]
async fn bodies_above_the_beacons_limit_are_taken() {
    let rig = rig().await;
    let large = body(json!([{ "xdm": { "s": "x".repeat(70 << 10) } }]));
    assert_eq!(rig.post(INTERACT, large).send().await.expect("an answer").status(), 200);
    assert_eq!(kept(&rig).len(), 1);
}

#[tokio::test]
async fn a_browser_may_ask_first() {
    let rig = rig().await;
    let response = rig.request(Method::OPTIONS, INTERACT).header("origin", ORIGIN).send().await.expect("an answer");
    assert_eq!(response.status(), 204);
    readable(&response);
    let allowed = response.headers()["access-control-allow-headers"].to_str().expect("text");
    assert!(allowed.contains("content-type") && allowed.contains("x-frontdesk-test"), "{allowed}");
}

#[tokio::test]
async fn our_failures_are_to_be_sent_again() {
    let rig = rig().await;
    let send = || rig.post(INTERACT, body(json!([{ "xdm": {} }]))).header("origin", ORIGIN);
    for error in [
        SubmitError::Overloaded { retry_after: std::time::Duration::from_secs(2) },
        SubmitError::DiskFull { retry_after: std::time::Duration::from_secs(2) },
        SubmitError::Closed,
    ] {
        rig.fake.refuse(error.clone());
        let response = send().send().await.expect("an answer");
        assert_eq!(response.status(), 503, "{error:?}");
        assert!(response.headers().contains_key("retry-after"), "{error:?}");
        readable(&response);
    }
    *rig.fake.refusal.lock().expect("not poisoned") = None;
    let exploding = rig.post(INTERACT, body(json!([{ "xdm": { "explode": 1 } }]))).header("origin", ORIGIN);
    let response = exploding.send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().ok()), (503, Some("1")));
    readable(&response);
}

#[tokio::test]
async fn a_test_run_is_told_by_header_or_by_event() {
    let rig = rig().await;
    let events = json!([
        { "xdm": { "_id": "a", "eventType": "t" }, "data": { "frontdesk": { "testId": "run-1" } } },
        { "xdm": { "_id": "b", "bad": 1 }, "data": { "frontdesk": { "testId": "run-1" } } },
        { "xdm": { "_id": "c" } },
    ]);
    assert_eq!(answered(rig.post(INTERACT, body(events))).await.0, 200);
    let run = answered(rig.get("/v1/test/run-1/events")).await.1;
    assert_eq!((&run["good"], &run["bad"]), (&json!(1), &json!(1)));
    assert_eq!(run["events"][0]["verdict"], "accepted");
    assert_eq!(run["events"][0]["eventType"], "t");
    assert_eq!(run["events"][1]["violations"].as_array().map(Vec::len), Some(1));
    let by_header = rig.post("/v1/events?datastream=web", r#"[{"_id":"d"}]"#).header("x-frontdesk-test", "run-2");
    assert_eq!(answered(by_header).await.0, 200);
    assert_eq!(answered(rig.get("/v1/test/run-2/events")).await.1["good"], 1);
    assert_eq!(answered(rig.get("/v1/test/run-3/events")).await.1["good"], 0);
    assert_eq!(answered(rig.get("/v1/test/a%20b/events")).await.0, 404);
}

#[tokio::test]
async fn a_tail_tells_what_arrives_and_ends_with_the_server() {
    let mut rig = rig().await;
    let mut tail = rig.get("/v1/tail").send().await.expect("an answer");
    assert_eq!(tail.chunk().await.expect("the greeting").as_deref(), Some(&b"\n"[..]));
    assert_eq!(answered(rig.post("/v1/events?datastream=web", r#"[{"_id":"d","bad":1}]"#)).await.0, 422);
    let line = tail.chunk().await.expect("a line").expect("not the end");
    let told: Value = serde_json::from_slice(&line).expect("JSON");
    assert_eq!((&told["verdict"], &told["id"]), (&json!("rejected"), &json!("d")));
    rig.stop();
    let end = tokio::time::timeout(std::time::Duration::from_secs(5), tail.chunk()).await;
    assert_eq!(end.expect("it ends").expect("in order"), None);
    rig.stopped().await;
}

#[tokio::test]
async fn tag_and_shop_are_served() {
    let rig = Rig::new().await;
    let check = async |path: &str, media_type: &str, part: &str| {
        let response = rig.get(path).send().await.expect("an answer");
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-type"].to_str().ok()),
            (200, Some(media_type))
        );
        let text = response.text().await.expect("text");
        assert!(text.contains(part), "{part} in {path}");
    };
    check("/tag.js", "text/javascript; charset=utf-8", "sendBeacon").await;
    for page in ["/demo", "/demo/", "/demo/index.html"] {
        check(page, "text/html; charset=utf-8", "tag.js").await;
    }
    check("/demo/sdk.html", "text/html; charset=utf-8", "alloy").await;
    let missing = rig.get("/demo/alloy.min.js").send().await.expect("an answer");
    assert_eq!(missing.status(), 404);
}
