//! Bytes on the socket: broken HTTP, pipelining, both protocol versions, clients that
//! hang up.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncWriteExt;

use crate::fake::eventually;
use crate::rig::{Rig, exchange, json, read_one};

#[tokio::test]
async fn broken_http_closes_its_connection_and_nothing_else() {
    let rig = Rig::new().await;
    for sent in [
        "nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /v1/events HTTP/1.1\r\ncontent-length: many\r\n\r\n",
        "POST /v1/events HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        "POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nzz\r\n{}",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
    ] {
        let mut stream = rig.connect().await;
        let answer = exchange(&mut stream, sent.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{sent:?}: {answer}");
    }
    assert_eq!(rig.fake.kept_bodies(), [""; 0]);
    assert_eq!(json(rig.post("/v1/events", "{}")).await.0, 200);
}

#[tokio::test]
async fn a_head_without_end_is_431() {
    let rig = Rig::with(|options| options.connection_buffer_bytes_max = 16 << 10).await;
    let mut stream = rig.connect().await;
    let head = format!("GET / HTTP/1.1\r\nhost: x\r\nlong: {}", "a".repeat(20 << 10));
    let answer = exchange(&mut stream, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let rig = Rig::new().await;
    let mut stream = rig.connect().await;
    let one = |id: &str| {
        let body = format!("{{\"_id\":\"{id}\"}}");
        format!("POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let last = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answer = exchange(&mut stream, format!("{}{}{last}", one("first"), one("second")).as_bytes()).await;
    let places: Vec<_> = ["first", "second", "alive"].iter().map(|part| answer.find(part)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{answer}");
}

#[tokio::test]
async fn a_404_with_a_body_leaves_the_connection_whole() {
    let rig = Rig::new().await;
    let mut stream = rig.connect().await;
    for _ in 0..3 {
        let body = " ".repeat(100_000);
        let head = format!("POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.expect("the server reads");
        stream.write_all(body.as_bytes()).await.expect("the server reads");
        assert!(read_one(&mut stream).await.starts_with("HTTP/1.1 404 "));
    }
}

#[tokio::test]
async fn http2_is_spoken_on_the_same_port() {
    let rig = Rig::new().await;
    let stream = TokioIo::new(rig.connect().await);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.expect("a handshake");
    let connection = tokio::spawn(connection);
    for (path, body, status) in
        [("/v1/events", "{}", 200), ("/v1/events?x=1", "{}", 400), ("/nowhere", "{}", 404), ("/v1/events", "", 400)]
    {
        let request =
            hyper::Request::post(format!("http://x{path}")).body(Full::new(Bytes::from(body))).expect("a request");
        let response = sender.send_request(request).await.expect("an answer");
        assert_eq!(response.status(), status, "{path}");
        let bytes = response.into_body().collect().await.expect("a body").to_bytes();
        assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(), "{path}");
    }
    drop(sender);
    connection.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn a_body_cut_short_is_not_kept() {
    let rig = Rig::new().await;
    let mut stream = rig.connect().await;
    stream
        .write_all(b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{}")
        .await
        .expect("the server reads");
    drop(stream);
    assert_eq!(json(rig.post("/v1/events", "{}")).await.0, 200);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(rig.fake.kept_bodies(), ["{}"]);
}

#[tokio::test]
async fn a_client_that_hangs_up_frees_what_it_held() {
    // An event's answer takes a moment; that nobody waits for it any more shows at the timeout.
    let rig = Rig::with(|options| options.header_read_timeout = Duration::from_millis(100)).await;
    let closed = rig.fake.gate.acquire_many(1_000).await.expect("open");
    let mut stream = rig.connect().await;
    stream
        .write_all(b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
        .await
        .expect("the server reads");
    eventually("it has begun", || rig.fake.arrived.load(std::sync::atomic::Ordering::SeqCst) == 1).await;
    drop(stream);
    for _ in 0..500 {
        let metrics = rig.get("/metrics").send().await.expect("an answer").text().await.expect("text");
        if metrics.contains("\nfrontdesk_http_bodies_held_bytes 0\n") {
            drop(closed);
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the body of a client that left is still held");
}
