//! Whose events a call brings: cookies, ids that are brought along, device ids, and nobody.

use serde_json::{Value, json};
use server::Datastream;

use crate::rig::{Rig, json as answered};

const ORG: &str = "5BFE274A5F6980A50A495C08@AdobeOrg";
const IDENTITY: &str = "kndctr_5BFE274A5F6980A50A495C08_AdobeOrg_identity";
const COOKIE: &str = "CiY3MTcwMTk1NDExODU1NDE4MDc2MDY1Mjg1MjEwODc1NjczOTI0NFIQCIPW35ygNBgBKgNPUjIwAPABg9bfnKA0";
const ECID: &str = "71701954118554180760652852108756739244";
const OTHER_ECID: &str = "33333333333333333333333333333333333333";
const FPID: &str = "79bf8e83-f708-414b-b1ed-5789ff33bf0b";
const TIME: &str = "2026-11-20T10:00:00Z";
const V1: &str = "/ee/v1/interact?configId=web";
const V2: &str = "/ee/v2/interact?datastreamId=web";

async fn rig() -> Rig {
    Rig::with(|options| {
        let datastream = Datastream {
            org_id: Some(ORG.to_owned()),
            fpid_cookie: Some("myFPID".to_owned()),
            ..Datastream::default()
        };
        options.datastreams.insert("web".to_owned(), datastream);
    })
    .await
}

fn event(identity_map: Value) -> Value {
    json!({ "xdm": { "timestamp": TIME, "identityMap": identity_map } })
}

/// The ECID of each event of the last request.
fn ecids(rig: &Rig) -> Vec<Option<String>> {
    let last = rig.fake.kept_bodies().pop().expect("one was kept");
    let events: Vec<Value> = serde_json::from_str(&last).expect("an array");
    let ecid = |event: &Value| event["identityMap"]["ECID"][0]["id"].as_str().map(str::to_owned);
    events.iter().map(ecid).collect()
}

/// The ECID that an answer tells.
fn told(answer: &Value) -> Option<String> {
    let handles = answer["handle"].as_array()?;
    let result = handles.iter().find(|handle| handle["type"] == "identity:result")?;
    result["payload"][0]["id"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn an_ecid_in_the_event_counts() {
    let rig = rig().await;
    let known = json!({ "ECID": [{ "id": ECID }], "CRM": [{ "id": "7", "primary": true }] });
    for (path, request) in [
        (V1, json!({ "events": [event(known.clone())], "meta": { "state": {} } })),
        (V1, json!({ "events": [event(json!({ "CRM": [{ "id": "7" }] })), event(known.clone())] })),
        (V2, json!({ "event": event(known.clone()), "query": { "identity": { "fetch": ["ECID"] } } })),
        (V2, json!({ "event": event(known.clone()) })),
    ] {
        let (status, answer) = answered(rig.post(path, request.to_string())).await;
        assert_eq!((status, told(&answer).as_deref()), (200, Some(ECID)), "{path}: {answer}");
        assert!(answer.to_string().contains(IDENTITY), "it is kept: {answer}");
        assert!(ecids(&rig).iter().all(|ecid| ecid.as_deref() == Some(ECID)), "{path}: {:?}", ecids(&rig));
    }
    // A beacon's events are of one visitor, too.
    let beacon = json!({ "events": [event(known), event(json!({}))] }).to_string();
    assert_eq!(rig.post("/ee/v1/collect?configId=web", beacon).send().await.expect("an answer").status(), 204);
    assert_eq!(ecids(&rig), [Some(ECID.to_owned()), Some(ECID.to_owned())]);
}

#[tokio::test]
async fn a_device_id_gives_the_same_ecid_each_time() {
    let rig = rig().await;
    let map = |id: &str| json!({ "FPID": [{ "id": id, "primary": true }] });
    let v1 = |id: &str| json!({ "events": [event(map(id))] }).to_string();
    let first = told(&answered(rig.post(&format!("{V1}&requestId=a"), v1(FPID))).await.1).expect("an ECID");
    assert_eq!((first.len(), ecids(&rig)), (38, vec![Some(first.clone())]));
    let same = |answer: &Value| assert_eq!(told(answer).as_ref(), Some(&first), "{answer}");
    same(&answered(rig.post(&format!("{V1}&requestId=b"), v1(FPID))).await.1);
    same(&answered(rig.post(V1, v1(&FPID.to_uppercase()))).await.1);
    let request_level = json!({ "xdm": { "identityMap": map(FPID) }, "events": [{ "xdm": { "timestamp": TIME } }] });
    same(&answered(rig.post(V1, request_level.to_string())).await.1);
    same(&answered(rig.post(V2, json!({ "event": event(map(FPID)) }).to_string())).await.1);
    let acquire = json!({ "identityMap": map(FPID) }).to_string();
    same(&answered(rig.post("/ee/v1/identity/acquire?configId=web", acquire)).await.1);
    let bare = json!({ "events": [{ "xdm": { "timestamp": TIME } }] }).to_string();
    same(&answered(rig.post(V1, bare.clone()).header("cookie", format!("a=1; myFPID={FPID}"))).await.1);
    let other = told(&answered(rig.post(V1, v1("another-device"))).await.1).expect("an ECID");
    assert_ne!(other, first);

    // An ECID goes before it: the cookie's, and one that is brought along.
    let answer = answered(rig.post(V1, v1(FPID)).header("cookie", format!("{IDENTITY}={COOKIE}"))).await.1;
    assert_eq!((told(&answer), ecids(&rig)), (None, vec![Some(ECID.to_owned())]));
    let both = json!({ "FPID": [{ "id": FPID }], "ECID": [{ "id": OTHER_ECID }] });
    let answer = answered(rig.post(V1, json!({ "events": [event(both)] }).to_string())).await.1;
    assert_eq!(told(&answer).as_deref(), Some(OTHER_ECID));
    // A cookie of another name is the site's own affair.
    rig.post(V1, bare).header("cookie", format!("FPID={FPID}")).send().await.expect("an answer");
    assert_eq!(ecids(&rig), [None]);
}

#[tokio::test]
async fn events_of_a_batch_may_be_of_different_visitors() {
    let rig = rig().await;
    let device = |id: &str| json!({ "FPID": [{ "id": id }] });
    let ecid = json!({ "ECID": [{ "id": OTHER_ECID }] });
    let events = json!([event(ecid), event(device("a")), event(device("b")), event(json!({})), event(device("a"))]);
    let send = async |more: Value| {
        let mut request = json!({ "events": events });
        request.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let status = answered(rig.post("/ee/v2/collect?datastreamId=web", request.to_string())).await.0;
        assert_eq!(status, 202);
        ecids(&rig)
    };
    let found = send(json!({})).await;
    assert_eq!((found[0].as_deref(), &found[3]), (Some(OTHER_ECID), &None), "nobody is the one without a sign");
    assert!(found[1].is_some() && found[1] == found[4] && found[1] != found[2], "{found:?}");
    let found = send(json!({ "xdm": { "identityMap": { "ECID": [{ "id": ECID }] } } })).await;
    assert!(found[1..].iter().all(|ecid| ecid.as_deref() == Some(ECID)), "{found:?}");
}

#[tokio::test]
async fn a_server_call_without_an_identity_has_no_visitor() {
    let rig = rig().await;
    let check = async |path: &str, request: Value, origin: Option<&str>, expect: bool| {
        let mut call = rig.post(path, request.to_string());
        if let Some(origin) = origin {
            call = call.header("origin", origin);
        }
        let (status, answer) = answered(call).await;
        assert_eq!((status, answer["handle"].is_array()), (200, true), "{path}");
        assert_eq!((told(&answer).is_some(), ecids(&rig)[0].is_some()), (expect, expect), "{path} {request}: {answer}");
    };
    let one = event(json!({ "email": [{ "id": "pat@shop.example", "primary": true }] }));
    let asks = json!({ "identity": { "fetch": ["ECID"] } });
    check(V2, json!({ "event": one }), None, false).await;
    check(V2, json!({ "event": one, "meta": { "state": {} } }), None, false).await;
    check(V2, json!({ "event": one, "query": asks }), None, true).await;
    check(V1, json!({ "events": [one] }), None, false).await;
    // A page, or an SDK that keeps what it is told, is a new visitor.
    check(V1, json!({ "events": [one] }), Some("https://www.shop.test"), true).await;
    check(V1, json!({ "events": [one], "meta": { "state": { "cookiesEnabled": true } } }), None, true).await;
    check(V1, json!({ "events": [one], "query": asks }), None, true).await;
}
