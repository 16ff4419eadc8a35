//! Whatever bytes come, the sender gets an answer that it can read, and the server lives.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use tokio::io::AsyncWriteExt;

use crate::rig::{Rig, exchange, read_all};

fn runner() -> TestRunner {
    // Each case is a round trip over a socket.
    TestRunner::new(Config { cases: 128, failure_persistence: None, ..Config::default() })
}

#[test]
fn any_body_gets_an_answer_in_json() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let rig = runtime.block_on(Rig::new());
    let path =
        prop::sample::select(vec!["/v1/events", "/collection/i?syncValidation=true", "/collection/batch/i", "/v1/sql"]);
    let coding = prop::sample::select(vec!["identity", "gzip", "zstd"]);
    // The first bytes of both codings and of JSON, so that more than the first check is met.
    let magic = prop::sample::select(vec![
        &b""[..],
        b"\x1f\x8b\x08\x00",
        b"\x28\xb5\x2f\xfd",
        b"{\"body\":{\"xdmEntity\":{",
        b"{\"messages\":[",
        b"{\"sql\":\"",
    ]);
    let body = (magic, prop::collection::vec(any::<u8>(), 0..300)).prop_map(|(magic, rest)| [magic, &rest].concat());
    let outcome = runner().run(&(path, coding, body), |(path, coding, body)| {
        runtime.block_on(async {
            let response = rig.post(path, body).header("content-encoding", coding).send().await.expect("an answer");
            let status = response.status().as_u16();
            prop_assert!(matches!(status, 200 | 207 | 400 | 413 | 422), "{status}");
            let answer = response.bytes().await.expect("a body");
            let is_json = serde_json::from_slice::<serde_json::Value>(&answer).is_ok();
            // The fake's rows are not JSON.
            prop_assert!(is_json || path == "/v1/sql" && status == 200, "{answer:?}");
            Ok(())
        })
    });
    outcome.expect("every body is answered");
}

/// JSON in the shapes of the Edge Network API, and near them.
fn edge_body() -> impl Strategy<Value = serde_json::Value> {
    let text = prop::sample::select(vec![
        "in",
        "y",
        "n",
        "Adobe",
        "IAB TCF",
        "2.0",
        "ECID",
        "FPID",
        "general=out",
        "kndctr_A_AdobeOrg_identity",
        "kndctr_A_AdobeOrg_consent",
        "CO052oTO052oTDGAMBFRACBgAABAAAAAAIYgEawAQEagAAAA",
        "\u{0}\n",
        "",
        "71701954118554180760652852108756739244",
        "CiY3MTcwMTk1NDExODU1NDE4MDc2MDY1Mjg1MjEwODc1NjczOTI0NA",
    ]);
    let key = prop::sample::select(vec![
        "events",
        "event",
        "xdm",
        "identityMap",
        "xdm:identityMap",
        "consentStrings",
        "consentStandard",
        "consentStringValue",
        "gdprApplies",
        "meta",
        "state",
        "entries",
        "key",
        "value",
        "cookiesEnabled",
        "query",
        "identity",
        "fetch",
        "consent",
        "standard",
        "version",
        "general",
        "collect",
        "val",
        "ECID",
        "FPID",
        "id",
        "timestamp",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i8>().prop_map(serde_json::Value::from),
        text.prop_map(serde_json::Value::from),
    ];
    let value = leaf.prop_recursive(7, 60, 5, move |inner| {
        let members = prop::collection::vec((key.clone(), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(serde_json::Value::from),
            members.prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    });
    // Most of what is made by chance is no object, or has no events.
    let object = |value: serde_json::Value| if value.is_object() { value } else { serde_json::json!({ "xdm": value }) };
    (value.clone(), value.clone(), value.clone(), value).prop_map(move |(events, consent, meta, more)| {
        let mut body = object(more);
        let events = if events.is_array() { events } else { serde_json::json!([{ "xdm": events }]) };
        body["events"] = events;
        body["consent"] = serde_json::json!([consent]);
        body["meta"] = serde_json::json!({ "state": meta });
        body
    })
}

#[test]
fn any_call_of_the_edge_network_api_gets_an_answer_that_the_sdk_understands() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let rig = runtime.block_on(Rig::new());
    let path = prop::sample::select(vec![
        "/ee/v1/interact?configId=a",
        "/ee/v1/collect?configId=a",
        "/ee/v1/identity/acquire?configId=a",
        "/ee/v1/privacy/set-consent?configId=a",
        "/ee/v2/interact?dataStreamId=a",
        "/ee/v2/collect?datastreamId=a",
    ]);
    let outcome = runner().run(&(path, edge_body(), "[ -~é]{0,60}"), |(path, body, cookie)| {
        runtime.block_on(async {
            let cookie = reqwest::header::HeaderValue::from_bytes(cookie.as_bytes()).expect("no control characters");
            let request = rig.post(path, body.to_string()).header("cookie", cookie).header("origin", "null");
            let response = request.send().await.expect("an answer");
            let status = response.status().as_u16();
            let text = response.text().await.expect("a body");
            let is_consent = path.contains("set-consent");
            // What has no meaning may be refused where it is a choice, and nowhere else.
            prop_assert!(
                matches!(status, 200 | 202 | 204) || is_consent && matches!(status, 400 | 422),
                "{status} {text}"
            );
            if status == 200 {
                let answer: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                let handles = answer["handle"].as_array().expect("handles");
                prop_assert!(handles.iter().all(|handle| handle["payload"].is_array()), "{text}");
            }
            Ok(())
        })
    });
    outcome.expect("every call is answered");
}

#[test]
fn any_bytes_leave_the_server_alive() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let rig = runtime.block_on(Rig::new());
    let start = prop::sample::select(vec![
        "",
        "GET / HTTP/1.1\r\n",
        "POST /v1/events HTTP/1.1\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]);
    let outcome = runner().run(&(start, prop::collection::vec(any::<u8>(), 0..200)), |(start, rest)| {
        runtime.block_on(async {
            let mut stream = rig.connect().await;
            // A server that has seen enough may have closed by now. Nothing more comes, so
            // one that hasn't has no reason to wait.
            let _ = stream.write_all(&[start.as_bytes(), &rest].concat()).await;
            let _ = stream.shutdown().await;
            read_all(&mut stream).await;
            let mut stream = rig.connect().await;
            let answer = exchange(&mut stream, b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
            let alive = answer.ends_with("alive\n");
            prop_assert!(alive);
            Ok(())
        })
    });
    outcome.expect("the server lives");
}
