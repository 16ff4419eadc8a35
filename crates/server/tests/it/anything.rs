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
