//! The answer to a connection over the limit: 503, in HTTP/1, written by hand.
//!
//! It is not worth a slot in the server, yet a page's script must be able to see it: the
//! Web SDK sends again after a 503 only if the browser lets it read the answer, and that
//! takes the page's own origin in the headers. So the head of one request is read, for a
//! short time, and nothing else of it is used. Over TLS only HTTP/1.1 is offered then.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::descriptors::{CONNECTIONS_PER_REFUSAL, REFUSALS_MIN};
use super::problem::Problem;
use super::tls::Tls;

/// Connections over the limit that are being told so, at most; more are closed without a
/// word. Where few connections are let in it is fewer, since each takes a descriptor, too.
const REFUSALS_MAX: usize = 64;
/// How long a refused connection may take in all, from its handshake to its end.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);
/// How much of that a client may take to send its request's head; past it, it is told
/// without.
const REFUSAL_HEAD_TIMEOUT: Duration = Duration::from_secs(1);
/// How far the origin is looked for.
const REFUSAL_HEAD_BYTES_MAX: usize = 16 << 10;
/// Longest origin that is repeated: a scheme, a name and a port.
const ORIGIN_BYTES_MAX: usize = 300;

/// The refusals that are under way.
#[derive(Debug)]
pub(crate) struct Refusals {
    under_way: Arc<AtomicUsize>,
    max: usize,
}

/// One of them; counted out when dropped.
struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Refusals {
    /// Beside so many connections.
    pub(crate) fn beside(connections_max: usize) -> Refusals {
        let max = (connections_max / CONNECTIONS_PER_REFUSAL as usize).clamp(REFUSALS_MIN as usize, REFUSALS_MAX);
        Refusals { under_way: Arc::default(), max }
    }

    fn slot(&self) -> Option<Slot> {
        let slot = Slot(Arc::clone(&self.under_way));
        (self.under_way.fetch_add(1, Ordering::Relaxed) < self.max).then_some(slot)
    }

    /// Tells a client that there is no room, if there is room for that.
    pub(crate) fn refuse(&self, stream: TcpStream, tls: Option<&Tls>) {
        let Some(slot) = self.slot() else { return };
        let tls = tls.cloned();
        tokio::spawn(async move {
            let telling = async {
                match tls {
                    None => tell(stream, REFUSAL_HEAD_TIMEOUT).await,
                    Some(tls) => tell(tls.accept_to_refuse(stream).await?, REFUSAL_HEAD_TIMEOUT).await,
                }
            };
            // Whether it could be told makes no difference: the connection closes.
            let _ = tokio::time::timeout(REFUSAL_TIMEOUT, telling).await;
            drop(slot);
        });
    }
}

async fn tell(mut stream: impl AsyncRead + AsyncWrite + Unpin, head_timeout: Duration) -> io::Result<()> {
    let mut head = Vec::new();
    // A client that sends nothing is told nevertheless.
    if let Ok(read) = tokio::time::timeout(head_timeout, read_head(&mut stream, &mut head)).await {
        read?;
    }
    stream.write_all(answer(origin(&head)).as_bytes()).await?;
    stream.shutdown().await?;
    // What the client has sent is read before closing; the kernel would answer unread
    // bytes with a reset, and the client would never see why.
    let mut thrown_away = [0; 4096];
    while stream.read(&mut thrown_away).await? > 0 {}
    Ok(())
}

/// Reads until the head's empty line, the end of what is sent, or the limit.
async fn read_head(stream: &mut (impl AsyncRead + Unpin), head: &mut Vec<u8>) -> io::Result<()> {
    let mut part = [0; 2048];
    while head.len() < REFUSAL_HEAD_BYTES_MAX && !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        match stream.read(&mut part).await? {
            0 => break,
            count => head.extend_from_slice(&part[..count]),
        }
    }
    Ok(())
}

/// The `Origin` of a request's head, if it is one that can be repeated.
fn origin(head: &[u8]) -> Option<&str> {
    let lines = head.split_inclusive(|byte| *byte == b'\n').skip(1);
    // A line without its end may be cut short.
    let lines = lines.map_while(|line| line.strip_suffix(b"\n"));
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).take_while(|line| !line.is_empty());
    let value = lines.filter_map(|line| std::str::from_utf8(line).ok()?.split_once(':'));
    let (_, value) = value.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("origin"))?;
    let value = value.trim_matches([' ', '\t']);
    let is_plain = (1..=ORIGIN_BYTES_MAX).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then_some(value)
}

fn answer(origin: Option<&str>) -> String {
    let body = serde_json::Value::Object(Problem::overloaded().document()).to_string();
    let for_pages = origin.map_or_else(String::new, |origin| {
        format!(
            "access-control-allow-origin: {origin}\r\naccess-control-allow-credentials: true\r\n\
             access-control-expose-headers: Retry-After, X-Adobe-Edge\r\n"
        )
    });
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n\
         {for_pages}vary: Origin\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_an_origin_that_can_be_repeated() {
        let check = |head: &str, expect: Option<&str>| assert_eq!(origin(head.as_bytes()), expect, "{head:?}");
        check("POST / HTTP/1.1\r\nHost: x\r\nOrigin: https://shop.test\r\n\r\n", Some("https://shop.test"));
        check("POST / HTTP/1.1\r\norigin:\thttp://shop.test:8080 \r\n\r\n", Some("http://shop.test:8080"));
        check("POST / HTTP/1.1\r\nOrigin: null\r\n\r\n", Some("null"));
        check("POST / HTTP/1.1\r\nX: \u{e9}\r\nOrigin: https://a.test\r\n", Some("https://a.test"));
        check("POST / HTTP/1.1\r\nOrigin: https://shop.te", None);
        check("POST / HTTP/1.1\r\nX-Origin: https://shop.test\r\n\r\n", None);
        check("POST / HTTP/1.1\r\n\r\nOrigin: https://body.test\r\n", None);
        check("Origin: https://first.test\r\n\r\n", None);
        check("POST / HTTP/1.1\r\nOrigin: a b\r\n\r\n", None);
        check("POST / HTTP/1.1\r\nOrigin: a\rset-cookie:x\r\n\r\n", None);
        check("POST / HTTP/1.1\r\nOrigin: \u{e9}\r\n\r\n", None);
        check("POST / HTTP/1.1\r\nOrigin:\r\n\r\n", None);
        check(&format!("POST / HTTP/1.1\r\nOrigin: {}\r\n\r\n", "a".repeat(ORIGIN_BYTES_MAX + 1)), None);
        check("", None);
    }

    #[test]
    fn slots_are_few_and_given_back() {
        let refusals = Refusals::beside(4_096);
        let slots: Vec<_> = (0..REFUSALS_MAX).map(|_| refusals.slot().expect("room")).collect();
        assert!(refusals.slot().is_none());
        drop(slots);
        assert!(refusals.slot().is_some());
        assert_eq!(refusals.under_way.load(Ordering::Relaxed), 0);
        assert_eq!([1, 16, 800, 10_000].map(|connections| Refusals::beside(connections).max), [4, 4, 50, 64]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_told_too() {
        let begun = tokio::time::Instant::now();
        let (mut client, server) = tokio::io::duplex(64 << 10);
        let telling = tokio::spawn(tell(server, Duration::from_secs(5)));
        let mut told = String::new();
        client.read_to_string(&mut told).await.expect("text");
        assert!(begun.elapsed() >= Duration::from_secs(5), "it may still send its head");
        assert!(told.starts_with("HTTP/1.1 503 ") && !told.contains("allow-origin"), "{told}");
        drop(client);
        telling.await.expect("no panic").expect("told");
    }

    proptest! {
        #[test]
        fn no_head_makes_a_header_of_its_own(head in prop::collection::vec(any::<u8>(), 0..300), value in ".*") {
            let named = format!("GET / HTTP/1.1\r\nOrigin: {value}\r\n\r\n");
            for head in [&head, named.as_bytes()] {
                let answer = answer(origin(head));
                let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
                prop_assert!(matches!(head.split("\r\n").count(), 6 | 9), "{}", head);
                prop_assert!(!head.replace("\r\n", "").contains(['\r', '\n']), "{}", head);
            }
        }
    }
}
