//! Every limit by name: what passes, what the sender hears past it, and that the
//! connection and the budget are whole afterwards.

use std::time::Duration;

use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fake::eventually;
use crate::rig::{Rig, exchange, json, read_all, read_one, refused};

const KIB: usize = 1 << 10;

/// A gauge of `/metrics`, as it is written there.
async fn gauge(rig: &Rig, name: &str) -> String {
    let metrics = rig.get("/metrics").send().await.expect("an answer").text().await.expect("text");
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.expect("the gauge is there").to_owned()
}

async fn held_bytes(rig: &Rig) -> String {
    gauge(rig, "frontdesk_http_bodies_held_bytes").await
}

/// A body of `bytes` bytes, sent in chunks without a declared length.
fn chunked(bytes: usize) -> reqwest::Body {
    let parts = futures::stream::iter(0..bytes / KIB).map(|_| Ok::<_, std::io::Error>(vec![b' '; KIB]));
    reqwest::Body::wrap_stream(parts)
}

#[tokio::test]
async fn body_bytes_max_holds_with_and_without_a_declared_length() {
    let rig = Rig::with(|options| options.body_bytes_max = 64 * KIB).await;
    let fits = format!("{{}}{}", " ".repeat(64 * KIB - 2));
    assert_eq!(json(rig.post("/v1/events", fits)).await.0, 200);
    let document = refused(rig.post("/v1/events", " ".repeat(64 * KIB + 1)), 413, "body_too_large").await;
    assert!(document["detail"].as_str().is_some_and(|detail| detail.contains("65536 bytes")), "{document}");
    refused(rig.post("/v1/events", chunked(65 * KIB)), 413, "body_too_large").await;
    refused(rig.post("/collection/i", chunked(256 * KIB)), 413, "body_too_large").await;
    assert_eq!(held_bytes(&rig).await, "0");
}

#[tokio::test]
async fn a_413_comes_before_the_body_and_the_connection_stays_usable() {
    let rig = Rig::with(|options| options.body_bytes_max = KIB).await;
    let mut stream = rig.connect().await;
    let head = "POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 500000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("the server reads");
    let answer = read_one(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    stream.write_all(&vec![b' '; 500_000]).await.expect("the rest is read and thrown away");
    let answer = exchange(
        &mut stream,
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(rig.fake.kept_bodies(), ["{}"]);
}

#[tokio::test]
async fn a_refused_body_is_thrown_away_only_so_far() {
    let rig = Rig::with(|options| {
        options.body_bytes_max = KIB;
        options.drain_timeout = Duration::from_millis(100);
    })
    .await;
    let mut stream = rig.connect().await;
    let head = b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 500000\r\n\r\nabc";
    let answer = exchange(&mut stream, head).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // `exchange` read to the end, so the server has closed: the sender fell silent.
    assert!(read_all(&mut stream).await.is_empty());
}

#[tokio::test]
async fn a_sender_that_asks_first_is_told_without_sending() {
    let rig = Rig::with(|options| {
        options.body_bytes_max = KIB;
        options.drain_timeout = Duration::from_secs(60);
    })
    .await;
    let head = |bytes: usize| {
        format!("POST /v1/events HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: {bytes}\r\n\r\n")
    };
    let mut stream = rig.connect().await;
    let answer = exchange(&mut stream, head(5_000).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && !answer.contains("100 Continue"), "{answer}");

    let mut stream = rig.connect().await;
    stream.write_all(head(2).as_bytes()).await.expect("the server reads");
    assert!(read_one(&mut stream).await.starts_with("HTTP/1.1 100 Continue"));
    stream.write_all(b"{}").await.expect("the server reads");
    assert!(read_one(&mut stream).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn bombs_meet_the_limit_of_decompressed_bytes() {
    let rig = Rig::with(|options| {
        options.body_bytes_max = 64 * KIB;
        options.body_bytes_decompressed_max = 256 * KIB;
    })
    .await;
    let bomb = zstd::stream::encode_all(&vec![b' '; 64 << 20][..], 1).expect("a Vec takes all");
    assert!(bomb.len() < 64 * KIB, "{}", bomb.len());
    for path in ["/v1/events", "/collection/i", "/collection/batch/i"] {
        let document =
            refused(rig.post(path, bomb.clone()).header("content-encoding", "zstd"), 413, "body_too_large").await;
        assert!(document["detail"].as_str().is_some_and(|detail| detail.contains("decompressed")), "{document}");
    }
    assert_eq!(held_bytes(&rig).await, "0");
}

#[tokio::test]
async fn requests_in_flight_bytes_max_refuses_before_memory_grows() {
    let rig = Rig::with(|options| {
        options.body_bytes_max = 100 * KIB;
        options.body_bytes_decompressed_max = 1024 * KIB;
        options.requests_in_flight_bytes_max = 128 * KIB;
    })
    .await;
    let closed = rig.fake.gate.acquire_many(1_000).await.expect("open");
    let body = format!("{{}}{}", " ".repeat(100 * KIB - 2));
    let held = tokio::spawn(rig.post("/v1/events", body.clone()).send());
    eventually("the first body is held", || rig.fake.arrived.load(std::sync::atomic::Ordering::SeqCst) == 1).await;
    assert_ne!(held_bytes(&rig).await, "0");
    refused(rig.post("/v1/events", body.clone()), 503, "overloaded").await;
    refused(rig.post("/v1/events", chunked(100 * KIB)), 503, "overloaded").await;
    refused(rig.get("/readyz"), 503, "overloaded").await;
    assert_eq!(rig.get("/healthz").send().await.expect("an answer").status(), 200);
    drop(closed);
    assert_eq!(held.await.expect("no panic").expect("an answer").status(), 200);
    assert_eq!(json(rig.post("/v1/events", body)).await.0, 200);
    assert_eq!(held_bytes(&rig).await, "0");

    let inflated = zstd::stream::encode_all(&vec![b' '; 512 * KIB][..], 1).expect("a Vec takes all");
    refused(rig.post("/v1/events", inflated).header("content-encoding", "zstd"), 503, "overloaded").await;
    assert_eq!(held_bytes(&rig).await, "0");
}

#[tokio::test]
async fn a_body_that_stalls_is_408() {
    let rig = Rig::with(|options| {
        options.body_read_timeout = Duration::from_millis(100);
        options.drain_timeout = Duration::from_millis(100);
    })
    .await;
    let mut stream = rig.connect().await;
    let answer =
        exchange(&mut stream, b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{\"a\"").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"code\":\"body_timeout\""), "{answer}");
    assert_eq!(held_bytes(&rig).await, "0");
}

#[tokio::test]
async fn a_head_that_stalls_closes_the_connection() {
    let rig = Rig::with(|options| options.header_read_timeout = Duration::from_millis(100)).await;
    for sent in ["", "P", "PRI * HTTP/2.0\r\n", "POST /v1/events HTTP/1.1\r\nhost: x\r\n"] {
        let mut stream = rig.connect().await;
        let begun = tokio::time::Instant::now();
        let answer = exchange(&mut stream, sent.as_bytes()).await;
        assert!(answer.is_empty(), "{sent:?}: {answer}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{sent:?} held the connection open");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let rig = Rig::with(|options| options.header_read_timeout = Duration::from_millis(100)).await;
    let mut stream = rig.connect().await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("the server reads");
    assert!(read_one(&mut stream).await.ends_with("alive\n"));
    let begun = tokio::time::Instant::now();
    assert!(read_all(&mut stream).await.is_empty());
    assert!(begun.elapsed() < Duration::from_secs(5), "it was never closed");
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let rig = Rig::with(|options| options.connections_max = 1).await;
    let mut first = rig.connect().await;
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("the server reads");
    assert!(read_one(&mut first).await.ends_with("alive\n"));

    let mut second = rig.connect().await;
    let answer = exchange(&mut second, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1\r\n"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
    let document: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(document["code"], "overloaded");

    drop(first);
    for _ in 0..500 {
        let mut third = rig.connect().await;
        let answer = exchange(&mut third, b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        if answer.ends_with("alive\n") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the place of the first connection was never given back");
}

/// Connections that are open, without the one that asks.
async fn open_connections(rig: &Rig) -> u64 {
    gauge(rig, "frontdesk_http_connections").await.parse::<u64>().expect("a count") - 1
}

async fn until_open(rig: &Rig, wanted: u64) {
    for _ in 0..200 {
        if open_connections(rig).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{} connections are open and not {wanted}", open_connections(rig).await);
}

#[tokio::test]
async fn work_is_dropped_when_its_sender_is_gone() {
    let check = async |request: &str| {
        let rig = Rig::new().await;
        let fake = rig.fake.clone();
        let _closed = fake.gate.acquire_many(1_000).await.expect("open");
        let mut sender = rig.connect().await;
        sender.write_all(request.as_bytes()).await.expect("the server reads");
        until_open(&rig, 1).await;
        // Long enough for the handler to begin.
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(open_connections(&rig).await, 1, "{request}");
        drop(sender);
        until_open(&rig, 0).await;
    };
    check("POST /v1/sql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 8\r\n\r\nselect 1").await;
    check("GET /v1/tail HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
}

#[tokio::test]
async fn a_sender_that_only_closes_its_sending_side_is_answered() {
    let rig = Rig::new().await;
    let fake = rig.fake.clone();
    let closed = fake.gate.acquire_many(1_000).await.expect("open");
    let mut sender = rig.connect().await;
    let request = b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";
    sender.write_all(request).await.expect("the server reads");
    sender.shutdown().await.expect("the sending side closes");
    eventually("it has begun", || rig.fake.arrived.load(std::sync::atomic::Ordering::SeqCst) == 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(closed);
    assert!(read_all(&mut sender).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn what_is_sent_ahead_is_no_reason_to_stop() {
    let rig = Rig::new().await;
    let fake = rig.fake.clone();
    let closed = fake.gate.acquire_many(1_000).await.expect("open");
    let mut sender = rig.connect().await;
    let query = "POST /v1/sql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 8\r\n\r\nselect 1";
    sender.write_all(query.as_bytes()).await.expect("the server reads");
    eventually("it has begun", || !rig.fake.queries.lock().expect("not poisoned").is_empty()).await;
    sender.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("room");
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(closed);
    let answers = read_all(&mut sender).await;
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 2, "{answers}");
}

#[tokio::test]
async fn a_silent_stream_is_no_idle_connection() {
    let rig = Rig::with(|options| options.header_read_timeout = Duration::from_millis(100)).await;
    let mut reader = rig.connect().await;
    reader.write_all(b"GET /v1/tail HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("the server reads");
    let mut head = [0; 16];
    reader.read_exact(&mut head).await.expect("the head");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(open_connections(&rig).await, 1, "it was cut");
}
