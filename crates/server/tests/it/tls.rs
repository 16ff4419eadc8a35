//! TLS against real clients: protocols, renewal, the time limit, and saying no.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{StatusCode, Version};
use rustls::version::{TLS12, TLS13};
use rustls::{ALL_VERSIONS, ProtocolVersion};
use serde_json::Value;
use server::{Listeners, ServerOptions};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::certificates::{Certificates, NAME, shown};
use crate::fake::Fake;

/// A server with both listeners.
struct Both {
    certificates: Certificates,
    plain: SocketAddr,
    secure: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Both {
    async fn with(change: impl FnOnce(&mut ServerOptions)) -> Both {
        let certificates = Certificates::new();
        let mut options = ServerOptions { tls_reload_every: Duration::from_millis(10), ..ServerOptions::default() };
        change(&mut options);
        let plain = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let secure = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = |listener: &TcpListener| listener.local_addr().expect("it is bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move { drop(stopped.await) };
        let (plain_address, secure_address) = (address(&plain), address(&secure));
        let listeners =
            Listeners { plain: Some(plain), tls: Some((secure, certificates.tls())), ..Listeners::default() };
        let serving = tokio::spawn(server::serve(listeners, Fake::new(), options, shutdown));
        Both { certificates, plain: plain_address, secure: secure_address, stop: Some(stop), serving }
    }

    /// A number of `/metrics`, asked in clear.
    async fn metric(&self, name: &str) -> f64 {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let page = client.get(format!("http://{}/metrics", self.plain)).send().await.expect("an answer");
        let page = page.text().await.expect("text");
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{name} is missing")).parse().expect("a number")
    }

    /// Waits until new connections are shown a certificate that `expect` likes.
    async fn until_shown(&self, expect: impl Fn(&[u8]) -> bool) {
        for _ in 0..500 {
            let stream = self.certificates.connect(self.secure, &[], ALL_VERSIONS).await.expect("a handshake");
            if expect(&shown(&stream)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the new certificate was never shown");
    }
}

/// Writes a request and reads until the server closes.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    reading.expect("it closes").expect("it closes in order");
    String::from_utf8(answer).expect("text")
}

#[tokio::test]
async fn both_versions_and_both_protocols_are_spoken() {
    let both = Both::with(|_| ()).await;
    let check = async |versions: &[_], offered: &[&str], version, chosen: Option<&str>| {
        let stream = both.certificates.connect(both.secure, offered, versions).await.expect("a handshake");
        let session = stream.get_ref().1;
        assert_eq!(session.protocol_version(), Some(version));
        assert_eq!(session.alpn_protocol(), chosen.map(str::as_bytes), "{offered:?}");
    };
    check(&[&TLS13], &["h2", "http/1.1"], ProtocolVersion::TLSv1_3, Some("h2")).await;
    check(&[&TLS13], &["http/1.1", "h2"], ProtocolVersion::TLSv1_3, Some("h2")).await;
    check(&[&TLS12], &["http/1.1"], ProtocolVersion::TLSv1_2, Some("http/1.1")).await;
    check(&[&TLS12], &[], ProtocolVersion::TLSv1_2, None).await;
}

#[tokio::test]
async fn events_come_in_over_tls() {
    let both = Both::with(|_| ()).await;
    let client = both.certificates.client(both.secure);
    let url = |path: &str| format!("https://{NAME}:{}{path}", both.secure.port());
    let answer = client.post(url("/v1/events")).body("{}").send().await.expect("an answer");
    assert_eq!((answer.status(), answer.version()), (StatusCode::OK, Version::HTTP_2));

    let stream = both.certificates.connect(both.secure, &["http/1.1"], ALL_VERSIONS).await.expect("a handshake");
    let request =
        format!("POST /v1/events HTTP/1.1\r\nhost: {NAME}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
    let answer = exchange(stream, &request).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    // On loopback, reading needs a loopback name over TLS as well.
    let answer = client.post(url("/v1/sql")).body("select 1").send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_a_restart_and_a_broken_one_is_not() {
    let both = Both::with(|_| ()).await;
    let begun = both.certificates.connect(both.secure, &["http/1.1"], ALL_VERSIONS).await.expect("a handshake");
    let first = shown(&begun);
    let second = both.certificates.renew();
    assert_ne!(first, second);
    both.until_shown(|certificate| certificate == second.as_ref()).await;

    // Cut in the middle, as a copy that was interrupted would be. The next good pair shows
    // that it was looked at.
    both.certificates.write("cert.pem", "-----BEGIN CERTIFICATE-----\nMIIB");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let stream = both.certificates.connect(both.secure, &[], ALL_VERSIONS).await.expect("a handshake");
    assert_eq!(shown(&stream), second);
    let third = both.certificates.renew();
    both.until_shown(|certificate| certificate == third.as_ref()).await;

    // Who was there before any of it is still served.
    let answer = exchange(begun, "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.ends_with("alive\n"), "{answer}");
    assert!(both.metric("frontdesk_tls_certificate_ends_timestamp_seconds").await > 0.0);
}

#[tokio::test]
async fn a_handshake_that_stalls_or_is_none_is_counted() {
    let both = Both::with(|options| options.tls_handshake_timeout = Duration::from_millis(50)).await;
    assert_eq!(both.metric("frontdesk_tls_handshake_failures_total").await, 0.0);
    let mut silent = TcpStream::connect(both.secure).await.expect("it accepts");
    let mut nothing = Vec::new();
    let closing = tokio::time::timeout(Duration::from_secs(10), silent.read_to_end(&mut nothing)).await;
    closing.expect("it closes").expect("in order");
    assert!(nothing.is_empty());
    assert_eq!(both.metric("frontdesk_tls_handshake_failures_total").await, 1.0);

    let stream = TcpStream::connect(both.secure).await.expect("it accepts");
    // rustls answers with an alert, which is not text; only the end matters.
    let mut stream = stream;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it reads");
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut nothing)).await.expect("it closes");
    assert!(!nothing.starts_with(b"HTTP/"));
    assert_eq!(both.metric("frontdesk_tls_handshake_failures_total").await, 2.0);
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_that_a_page_can_read_it() {
    let both = Both::with(|options| options.connections_max = 1).await;
    // Nobody else gets in while this one is there, and both listeners share the places.
    let mut first = TcpStream::connect(both.plain).await.expect("it accepts");
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it reads");
    first.read_u8().await.expect("an answer");

    let request = "POST /ee/v1/interact HTTP/1.1\r\nHost: x\r\nOrigin: https://shop.test\r\n\
        Content-Length: 2\r\n\r\n{}";
    let plain = TcpStream::connect(both.plain).await.expect("it accepts");
    let secure = both.certificates.connect(both.secure, &["h2", "http/1.1"], ALL_VERSIONS).await.expect("a handshake");
    assert_eq!(secure.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    for answer in [exchange(plain, request).await, exchange(secure, request).await] {
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 503 "), "{answer}");
        for line in [
            "access-control-allow-origin: https://shop.test",
            "access-control-allow-credentials: true",
            "access-control-expose-headers: Retry-After, X-Adobe-Edge",
            "vary: Origin",
            "retry-after: 1",
            "connection: close",
            &format!("content-length: {}", body.len()),
        ] {
            assert!(head.lines().any(|found| found == line), "{line} is missing in {answer}");
        }
        let document: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(document["code"], "overloaded");
    }

    // What a browser makes of it.
    let client = both.certificates.client(both.secure);
    let url = format!("https://{NAME}:{}/ee/v1/interact", both.secure.port());
    let answer = client.post(url).header("origin", "https://shop.test").body("{}").send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://shop.test");
    drop(first);
}

#[tokio::test]
async fn a_handshake_under_way_does_not_hold_up_stopping() {
    let mut both = Both::with(|_| ()).await;
    let mut silent = TcpStream::connect(both.secure).await.expect("it accepts");
    while both.metric("frontdesk_http_connections").await < 2.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(both.stop.take());
    let serving = tokio::time::timeout(Duration::from_secs(5), &mut both.serving).await;
    serving.expect("at once").expect("no panic").expect("no error");
    let mut nothing = Vec::new();
    silent.read_to_end(&mut nothing).await.expect("closed in order");
    assert!(nothing.is_empty());
    assert!(TcpStream::connect(both.secure).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_server_without_listeners_is_refused() {
    let nowhere = Listeners::default();
    let options = ServerOptions::default();
    let error = server::serve(nowhere, Fake::new(), options, std::future::pending()).await.expect_err("refused");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
