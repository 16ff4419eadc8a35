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
        options.requests_in_flight_bytes_max = 110 * KIB;
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

#[tokio::test]
async fn a_head_alone_claims_nothing() {
    let rig = Rig::with(|options| {
        options.body_bytes_max = 100 * KIB;
        options.requests_in_flight_bytes_max = 100 * KIB;
    })
    .await;
    let mut senders = Vec::new();
    for _ in 0..8 {
        let mut sender = rig.connect().await;
        let head = b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 90000\r\n\r\n";
        sender.write_all(head).await.expect("the server reads");
        senders.push(sender);
    }
    until_open(&rig, 8).await;
    assert_eq!(held_bytes(&rig).await, "0");
    assert_eq!(json(rig.post("/v1/events", "{}")).await.0, 200);
}

async fn answers_held(rig: &Rig) -> u64 {
    gauge(rig, "frontdesk_http_answers_held_bytes").await.parse().expect("a count")
}

async fn until_no_answers_held(rig: &Rig) {
    for _ in 0..400 {
        if answers_held(rig).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{} bytes of answers are held", answers_held(rig).await);
}

const LARGE: &[u8] = b"POST /v1/sql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nlarge";

#[tokio::test]
async fn an_answer_that_nobody_takes_is_counted_and_given_up() {
    let rig = Rig::with(|options| options.header_read_timeout = Duration::from_millis(300)).await;
    let mut reader = rig.connect().await;
    reader.write_all(LARGE).await.expect("the server reads");
    let mut head = [0; 12];
    reader.read_exact(&mut head).await.expect("the head");
    assert_eq!(&head, b"HTTP/1.1 200");
    assert!(answers_held(&rig).await > 0, "it isn't counted");
    until_no_answers_held(&rig).await;
    until_open(&rig, 0).await;
    // One that reads gets it all, however slowly at first.
    let mut reader = rig.connect().await;
    reader.write_all(LARGE).await.expect("the server reads");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut whole = Vec::new();
    while whole.len() < crate::fake::LARGE_BYTES {
        assert!(reader.read_buf(&mut whole).await.expect("it goes on") > 0, "cut after {}", whole.len());
    }
    until_no_answers_held(&rig).await;
}

#[tokio::test]
async fn answers_that_wait_leave_room_for_events() {
    let rig = Rig::with(|options| options.requests_in_flight_bytes_max = 2 * crate::fake::LARGE_BYTES + 4096).await;
    let mut reader = rig.connect().await;
    reader.write_all(LARGE).await.expect("the server reads");
    let mut head = [0; 12];
    reader.read_exact(&mut head).await.expect("the head");
    refused(rig.post("/v1/sql", "large").header("host", "localhost"), 503, "overloaded").await;
    assert_eq!(json(rig.post("/v1/events", "{}")).await.0, 200);
    drop(reader);
    until_no_answers_held(&rig).await;
}

/// An HTTP/2 connection's begin, with the client's settings.
fn preface(settings: &[u8]) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, settings));
    bytes
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The head of a request: whole, and with or without a body behind it.
fn headers(stream: u32, method: u8, path: &str, flags: u8) -> Vec<u8> {
    // Static names: the method, `https`, then path and authority as they are.
    let mut block = vec![method, 0x86, 0x04, u8::try_from(path.len()).expect("short")];
    block.extend(path.bytes());
    block.extend([0x01, 9]);
    block.extend(b"localhost");
    frame(1, flags, stream, &block)
}

const GET: u8 = 0x82;
const POST: u8 = 0x83;
const WHOLE: u8 = 0x05;
const HEAD_ONLY: u8 = 0x04;

#[tokio::test]
async fn an_idle_http2_connection_is_closed_whatever_it_pings() {
    let rig = Rig::with(|options| options.header_read_timeout = Duration::from_millis(200)).await;
    for request in [&[][..], &headers(1, GET, "/healthz", WHOLE)] {
        let stream = rig.connect().await;
        let (mut reader, mut writer) = stream.into_split();
        writer.write_all(&[&preface(&[])[..], request].concat()).await.expect("the server reads");
        let pinging = tokio::spawn(async move {
            while writer.write_all(&frame(6, 0, 0, b"12345678")).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let mut all = Vec::new();
        let reading = tokio::time::timeout(Duration::from_secs(5), reader.read_to_end(&mut all)).await;
        assert!(reading.is_ok(), "pings keep it open");
        pinging.abort();
    }
    until_open(&rig, 0).await;
}

#[tokio::test]
async fn http2_readers_with_a_shut_window_are_cut_off() {
    let rig = Rig::with(|options| options.header_read_timeout = Duration::from_millis(300)).await;
    // SETTINGS_INITIAL_WINDOW_SIZE = 0.
    let shut = preface(&[0, 4, 0, 0, 0, 0]);
    for (path, body) in [("/openapi.json", &b""[..]), ("/healthz", b""), ("/v1/sql", b"large")] {
        let mut stream = rig.connect().await;
        let mut bytes = shut.clone();
        match body {
            b"" => bytes.extend(headers(1, GET, path, WHOLE)),
            body => {
                bytes.extend(headers(1, POST, path, HEAD_ONLY));
                bytes.extend(frame(0, 1, 1, body));
            }
        }
        stream.write_all(&bytes).await.expect("the server reads");
        let mut all = Vec::new();
        let reading = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut all)).await;
        assert!(reading.is_ok(), "{path} is held for ever");
        assert!(all.len() < 64 * KIB, "{path}");
    }
    until_no_answers_held(&rig).await;
    until_open(&rig, 0).await;
}

#[tokio::test]
async fn watchers_are_few_and_a_test_run_says_what_it_left_out() {
    let rig = Rig::new().await;
    let mut readers = Vec::new();
    for _ in 0..64 {
        let mut reader = rig.connect().await;
        reader.write_all(b"GET /v1/tail HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("the server reads");
        let mut head = [0; 12];
        reader.read_exact(&mut head).await.expect("the head");
        readers.push(reader);
    }
    refused(rig.get("/v1/tail"), 503, "overloaded").await;
    // More than a run keeps; what is too long to be shown is told by its length.
    let long = format!(r#"[{{"_id":"a","x":"{}"}}]"#, "y".repeat(100 * KIB));
    assert_eq!(json(rig.post("/v1/events", long).header("x-frontdesk-test", "t")).await.0, 200);
    let (_, run) = json(rig.get("/v1/test/t/events")).await;
    assert!(run["events"][0]["eventBytes"].as_u64() > Some(100 * 1024), "{run}");
    drop(readers);
    until_open(&rig, 0).await;
    assert_eq!(rig.get("/v1/tail").send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn what_an_answer_leaves_out_is_said_in_every_shape() {
    let rig = Rig::new().await;
    let told = crate::fake::TOLD_MAX as u64;
    let document = refused(rig.post("/v1/events", r#"{"bad":70}"#), 422, "all_rejected").await;
    assert_eq!(document["events"][0]["violationsOmitted"], 70 - told, "{document}");
    let message = r#"{"header":{},"body":{"xdmEntity":{"bad":70}}}"#;
    let report = refused(rig.post("/collection/i?syncValidation=true", message), 400, "invalid_xdm_message").await;
    assert_eq!(report["report"]["violationsOmitted"], 70 - told, "{report}");
    assert!(report["report"]["message"].as_str().is_some_and(|text| text.contains("70 rules")), "{report}");
    let batch = format!(r#"{{"messages":[{message}]}}"#);
    let (status, batch) = json(rig.post("/collection/batch/i", batch)).await;
    assert_eq!((status, &batch["responses"][0]["report"]["violationsOmitted"]), (207, &(70 - told).into()), "{batch}");
    let events = vec![r#"{"xdm":{"timestamp":"2026-11-22T14:07:15Z","bad":70}}"#; 150].join(",");
    let call = rig.post("/ee/v1/interact?configId=web", format!(r#"{{"events":[{events}]}}"#));
    let (status, edge) = json(call).await;
    let warnings = edge["warnings"].as_array().expect("warnings");
    assert_eq!((status, warnings.len()), (200, 101));
    assert_eq!(warnings[0]["report"]["violationsOmitted"], 20, "{}", warnings[0]);
    assert_eq!(warnings[100]["report"]["eventsOmitted"], 50, "{}", warnings[100]);
}

#[tokio::test]
async fn a_batch_has_only_so_many_messages() {
    let rig = Rig::new().await;
    let batch = |count: usize| format!(r#"{{"messages":[{}1]}}"#, "1,".repeat(count - 1));
    assert_eq!(json(rig.post("/collection/batch/i", batch(100_000))).await.0, 207);
    refused(rig.post("/collection/batch/i", batch(100_001)), 413, "body_too_large").await;
}

#[tokio::test]
async fn readiness_tells_the_cause() {
    let rig = Rig::new().await;
    *rig.fake.readiness.lock().expect("not poisoned") =
        server::Readiness::NotReady(server::UnavailableReason::Poisoned);
    *rig.fake.trouble.lock().expect("not poisoned") = Some("cannot sync 1.seg: Input/output error".to_owned());
    let document = refused(rig.get("/readyz"), 503, "poisoned").await;
    assert_eq!(document["trouble"], "cannot sync 1.seg: Input/output error");
}
