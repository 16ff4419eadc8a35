//! `POST /v1/events`: every framing, coding, parameter and outcome.

use std::io::Write;
use std::time::Duration;

use intake::{Framing, SubmitError};
use reqwest::Method;
use serde_json::json;

use crate::rig::{Rig, json, refused};

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).expect("a Vec takes all");
    encoder.finish().expect("a Vec takes all")
}

#[tokio::test]
async fn every_outcome_is_answered_in_order() {
    let rig = Rig::new().await;
    let check = async |body: &'static str, expect_status: u16, expect: serde_json::Value| {
        let (status, answer) = json(rig.post("/v1/events", body)).await;
        assert_eq!((status, &answer), (expect_status, &expect), "{body}");
    };
    let accepted = |id: &str| json!({"status": "accepted", "id": id});
    let violation = |n: u32| {
        json!({"pointer": format!("/place{n}"), "schema": "https://ns.example/schema#/type", "keyword": "type",
               "message": "9 is a number; send a string"})
    };
    check(r#"{"_id":"a"}"#, 200, json!({"accepted": 1, "rejected": 0, "events": [accepted("a")]})).await;
    check(
        r#"[{},{"_id":"b"}]"#,
        200,
        json!({"accepted": 2, "rejected": 0, "events": [accepted("minted-0"), accepted("b")]}),
    )
    .await;
    check(
        "{\"_id\":\"a\"}\n{\"_id\":\"c\",\"bad\":2}\nnot json\n",
        200,
        json!({"accepted": 1, "rejected": 2, "events": [
            accepted("a"),
            {"status": "rejected", "id": "c", "violations": [violation(0), violation(1)]},
            {"status": "rejected", "violations": [violation(0)]},
        ]}),
    )
    .await;
    check(
        r#"{"_id":"d","odd":1}"#,
        200,
        json!({"accepted": 1, "rejected": 0, "events": [{"status": "accepted", "id": "d",
            "notices": [{"pointer": "/odd", "code": "undeclaredProperty", "message": "kept as it is"}]}]}),
    )
    .await;
}

#[tokio::test]
async fn all_rejected_is_422_with_the_same_members() {
    let rig = Rig::new().await;
    let document = refused(rig.post("/v1/events", r#"[{"bad":1},{"bad":3}]"#), 422, "all_rejected").await;
    assert_eq!((&document["accepted"], &document["rejected"]), (&json!(0), &json!(2)));
    assert_eq!(document["events"][1]["violations"].as_array().map(Vec::len), Some(3));
    assert_eq!(rig.fake.kept_bodies().len(), 1, "they were given to the backend all the same");
}

#[tokio::test]
async fn a_dry_run_checks_and_keeps_nothing() {
    let rig = Rig::new().await;
    let (status, answer) = json(rig.post("/v1/events?dry_run=true", r#"{"bad":1}"#)).await;
    assert_eq!((status, &answer["rejected"]), (200, &json!(1)));
    let many = format!("[{}]", vec![r#"{"a":1}"#; 20_000].join(","));
    let (status, answer) = json(rig.post("/v1/events?dry_run=true&answer=summary", many)).await;
    assert_eq!((status, answer), (200, json!({"accepted": 20_000, "rejected": 0})));
    refused(rig.post("/v1/events?dry_run=true", ""), 400, "body_empty").await;
    assert_eq!(rig.fake.kept_bodies(), [""; 0]);
}

#[tokio::test]
async fn parameters_and_headers_reach_the_backend() {
    let rig = Rig::new().await;
    let path = "/v1/events?datastream=web.shop&request_id=first";
    let answered = rig.post(path, "{}").header("x-request-id", "second").header("content-type", "application/x-ndjson");
    assert_eq!(answered.send().await.expect("an answer").status(), 200);
    let answered = rig.post("/v1/events", "{}").header("x-request-id", "second").header("content-type", "text/plain");
    assert_eq!(answered.send().await.expect("an answer").status(), 200);
    let kept = rig.fake.kept.lock().expect("not poisoned").clone();
    let seen: Vec<_> = kept.iter().map(|r| (r.datastream.as_str(), r.request_id.as_deref(), r.framing)).collect();
    assert_eq!(seen, [("web.shop", Some("first"), Framing::Lines), ("default", Some("second"), Framing::Detect)]);
}

#[tokio::test]
async fn wrong_parameters_are_refused_without_an_echo() {
    let rig = Rig::new().await;
    for query in ["dryrun=true", "dry_run=marker", "datastream=mar/ker", "request_id=mar%20ker", "answer=marker"] {
        let document = refused(rig.post(&format!("/v1/events?{query}"), "{}"), 400, "query_invalid").await;
        assert!(!document.to_string().contains("marker"), "{document}");
    }
    refused(rig.post("/v1/events", "{}").header("x-request-id", "a b"), 400, "query_invalid").await;
    assert_eq!(rig.fake.kept_bodies(), [""; 0]);
}

#[tokio::test]
async fn bodies_come_plain_gzip_or_zstd() {
    let rig = Rig::new().await;
    let plain = "{\"_id\":\"a\"}\n".repeat(2_000);
    for (coding, body) in [
        ("identity", plain.clone().into_bytes()),
        ("gzip", gzip(plain.as_bytes())),
        ("zstd", zstd::stream::encode_all(plain.as_bytes(), 1).expect("a Vec takes all")),
        ("GZIP", gzip(b"{\"_id\":\"a\"}\n{}")),
    ] {
        let (status, answer) =
            json(rig.post("/v1/events?answer=summary", body).header("content-encoding", coding)).await;
        assert_eq!(status, 200, "{coding}: {answer}");
    }
    let kept = rig.fake.kept_bodies();
    assert_eq!(kept[..3], [plain.clone(), plain.clone(), plain]);
    assert_eq!(kept[3], "{\"_id\":\"a\"}\n{}");

    let broken = rig.post("/v1/events", "plain text").header("content-encoding", "gzip");
    refused(broken, 400, "coding_broken").await;
    let response = rig.post("/v1/events", "x").header("content-encoding", "br").send().await.expect("an answer");
    assert_eq!(response.headers()["accept-encoding"], "gzip, zstd");
    crate::rig::problem(response, 415, "coding_unsupported").await;
}

#[tokio::test]
async fn what_the_backend_refuses_becomes_a_problem() {
    let rig = Rig::new().await;
    let wait = Duration::from_millis(2_500);
    for (error, code, retry_after) in [
        (SubmitError::Overloaded { retry_after: wait }, "overloaded", "3"),
        (SubmitError::Overloaded { retry_after: Duration::ZERO }, "overloaded", "1"),
        (SubmitError::DiskFull { retry_after: wait }, "disk_full", "3"),
        (SubmitError::Poisoned, "poisoned", "60"),
        (SubmitError::Closed, "stopping", "5"),
    ] {
        rig.fake.refuse(error);
        let page = rig.post("/v1/events", "{}").header("origin", "https://shop.test");
        let response = page.send().await.expect("an answer");
        assert_eq!(response.headers()["retry-after"], retry_after, "{code}");
        assert_eq!(response.headers()["access-control-allow-origin"], "*", "pages see errors too");
        crate::rig::problem(response, 503, code).await;
    }
}

#[tokio::test]
async fn unreadable_bodies_are_400_and_not_echoed() {
    let rig = Rig::new().await;
    refused(rig.post("/v1/events", ""), 400, "body_empty").await;
    refused(rig.post("/v1/events", &b"\xff"[..]), 400, "body_unreadable").await;
    let document = refused(rig.post("/v1/events", "{\"n\": jo@shop.example"), 400, "body_unreadable").await;
    assert!(!document.to_string().contains("shop.example"), "{document}");
}

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing() {
    let rig = Rig::new().await;
    let document = refused(rig.post("/v1/events", r#"{"_id":"explode"}"#), 500, "internal").await;
    assert!(!document.to_string().contains("shop.example"), "{document}");
    let (status, _) = json(rig.post("/v1/events", "{}")).await;
    assert_eq!(status, 200, "and the server lives on");
}

#[tokio::test]
async fn pages_may_post_without_credentials() {
    let rig = Rig::new().await;
    let response = rig.request(Method::OPTIONS, "/v1/events").header("origin", "https://shop.example").send().await;
    let response = response.expect("an answer");
    assert_eq!(response.status(), 204);
    let headers = response.headers();
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert_eq!(headers["access-control-allow-methods"], "POST, OPTIONS");
    assert!(headers["access-control-allow-headers"].to_str().is_ok_and(|names| names.contains("content-type")));
    assert!(!headers.contains_key("access-control-allow-credentials"));
    let other = rig.request(Method::OPTIONS, "/v1/sql").send().await.expect("an answer");
    assert!(!other.headers().contains_key("access-control-allow-origin"));
}
