//! The streaming-ingestion API, as its own clients speak it.

use serde_json::{Value, json};

use crate::fake::NOW_MICROS;
use crate::rig::{Rig, json, refused};

fn message(event: &Value) -> Value {
    json!({
        "header": {"schemaRef": {"id": "https://ns.adobe.com/x/schemas/y", "contentType": "application/vnd.adobe.xed-full+json;version=1"},
                   "imsOrgId": "ORG@AdobeOrg", "datasetId": "d", "source": {"name": "test"}},
        "body": {"xdmMeta": {"schemaRef": {"id": "https://ns.adobe.com/x/schemas/y"}}, "xdmEntity": event},
    })
}

#[tokio::test]
async fn one_message_without_validation_is_taken_either_way() {
    let rig = Rig::with(|options| drop(options.inlets.insert("inlet1".into(), "web".into()))).await;
    for event in [json!({"_id": "a"}), json!({"_id": "a", "bad": 2})] {
        let (status, answer) = json(rig.post("/collection/inlet1", message(&event).to_string())).await;
        assert_eq!(status, 200);
        assert_eq!(answer["inletId"], "inlet1");
        assert_eq!(answer["receivedTimeMs"], NOW_MICROS / 1_000);
        assert_eq!(answer["syncValidation"], json!({"skipped": true}));
        let id = answer["xactionId"].as_str().expect("an id");
        assert_eq!(id.split(':').map(str::parse::<u64>).filter(Result::is_ok).count(), 3, "{id}");
    }
    assert_eq!(rig.fake.kept_bodies(), [r#"{"_id":"a"}"#, r#"{"_id":"a","bad":2}"#]);
    assert_eq!(rig.fake.kept.lock().expect("not poisoned")[0].datastream, "web");
}

#[tokio::test]
async fn any_base_path_leads_to_the_inlet() {
    let rig = Rig::new().await;
    let base = "/data/foundation/import";
    let path = format!("{base}/collection/inlet1?syncValidation=true&synchronousValidation=true");
    let odd_id = "x".repeat(200);
    let send = || rig.post(&path, message(&json!({"_id": "a"})).to_string()).header("x-request-id", &odd_id);
    let (status, answer) = json(send()).await;
    assert_eq!((status, &answer["inletId"]), (200, &json!("inlet1")), "{answer}");
    let batch = json!({ "messages": [message(&json!({"_id": "b"}))] });
    let (status, answer) = json(rig.post(&format!("{base}/collection/batch/inlet2"), batch.to_string())).await;
    assert_eq!((status, &answer["inletId"]), (207, &json!("inlet2")), "{answer}");
    assert_eq!(rig.fake.kept_bodies(), [r#"{"_id":"a"}"#, r#"[{"_id":"b"}]"#]);
    refused(rig.get(&format!("{base}/collection/inlet1")), 405, "method_not_allowed").await;
    refused(rig.post(&format!("{base}/collection/a%20b"), "{}"), 404, "not_found").await;
    refused(rig.post(&format!("{base}/collection/"), "{}"), 404, "not_found").await;
    refused(rig.post(&format!("{base}/collection/batch"), "{}"), 404, "not_found").await;
}

#[tokio::test]
async fn validation_is_asked_for_in_two_spellings() {
    let rig = Rig::new().await;
    for key in ["syncValidation", "synchronousValidation"] {
        let path = format!("/collection/inlet1?{key}=true&other=1");
        let (status, answer) = json(rig.post(&path, message(&json!({})).to_string())).await;
        assert_eq!((status, &answer[key]), (200, &json!({"status": "pass"})));

        let invalid = rig.post(&path, message(&json!({"bad": 7})).to_string());
        let document = refused(invalid, 400, "invalid_xdm_message").await;
        assert_eq!(document["type"], "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet");
        assert_eq!(document["title"], "Invalid XDM Message Format");
        let whole = &document["report"]["cause"]["_streamingValidation"][0];
        let causes = whole["causingExceptions"].as_array().expect("a list");
        assert_eq!(causes.len(), 7, "all of them, not five");
        assert_eq!(causes[6]["pointerToViolation"], "#/place6");
        assert_eq!(causes[6]["keyword"], "type");
    }
    assert_eq!(rig.fake.kept_bodies().len(), 4, "invalid ones were given to the backend too");
    assert_eq!(rig.fake.kept.lock().expect("not poisoned")[0].datastream, "inlet1");
}

#[tokio::test]
async fn a_message_without_an_event_is_400_in_both_modes() {
    let rig = Rig::new().await;
    for path in ["/collection/i", "/collection/i?syncValidation=true"] {
        for body in ["", "{", "{}", r#"{"body":{"xdmEntity":"jo@shop.example"}}"#, r#"{"_id":"bare"}"#] {
            let document = refused(rig.post(path, body), 400, "invalid_xdm_message").await;
            assert!(
                document["report"]["message"].as_str().is_some_and(|m| m.starts_with("inletId: [i] ")),
                "{document}"
            );
            assert!(!document.to_string().contains("shop.example"), "{document}");
        }
    }
    assert_eq!(rig.fake.kept_bodies(), [""; 0]);
}

#[tokio::test]
async fn a_batch_is_207_with_one_response_a_message() {
    let rig = Rig::new().await;
    let batch = json!({"messages": [
        message(&json!({"_id": "a"})),
        {"header": {}, "body": {}},
        message(&json!({"_id": "b", "bad": 6})),
        7,
        message(&json!({"_id": "c"})),
    ]});
    let (status, answer) = json(rig.post("/collection/batch/inlet1", batch.to_string())).await;
    assert_eq!(status, 207);
    let batch_id = answer["batchId"].as_str().expect("an id");
    let responses = answer["responses"].as_array().expect("a list");
    let statuses: Vec<_> = responses.iter().map(|response| response["statusCode"].as_u64()).collect();
    assert_eq!(statuses, [None, Some(400), Some(400), Some(400), None]);
    let ids: Vec<_> = responses.iter().map(|response| response["xactionId"].as_str().map(str::to_owned)).collect();
    let id = |index: usize| Some(format!("{batch_id}:{index}"));
    assert_eq!(ids, [id(0), None, id(2), None, id(4)]);
    let causes = &responses[2]["report"]["cause"]["_streamingValidation"][0]["causingExceptions"];
    assert_eq!(causes.as_array().map(Vec::len), Some(6));
    assert_eq!(rig.fake.kept_bodies(), [r#"[{"_id":"a"},{"_id":"b","bad":6},{"_id":"c"}]"#]);
}

#[tokio::test]
async fn a_batch_of_nothing_keeps_nothing() {
    let rig = Rig::new().await;
    for (body, count) in [(r#"{"messages":[]}"#, 0), (r#"{"messages":[{},1]}"#, 2)] {
        let (status, answer) = json(rig.post("/collection/batch/i", body)).await;
        assert_eq!((status, answer["responses"].as_array().map(Vec::len)), (207, Some(count)));
    }
    for body in ["", "[]", "{}", r#"{"messages":1}"#] {
        refused(rig.post("/collection/batch/i", body), 400, "invalid_xdm_message").await;
    }
    assert_eq!(rig.fake.kept_bodies(), [""; 0]);
}

#[tokio::test]
async fn inlets_have_plain_names() {
    let rig = Rig::new().await;
    refused(rig.post("/collection/a%20b", "{}"), 404, "not_found").await;
    refused(rig.post("/collection/batch/a%2Fb", "{}"), 404, "not_found").await;
    refused(rig.post("/collection/a/b/c", "{}"), 404, "not_found").await;
}
