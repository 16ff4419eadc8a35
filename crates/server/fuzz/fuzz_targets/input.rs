//! What an input's bytes mean: one byte of route, one of flags, the rest of the path up to a
//! line feed, and the body.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Method and beginning of the path. What streams for ever is left out.
const ROUTES: &[(&str, &str)] = &[
    ("POST", "/v1/events?datastream=fuzz&request_id=a"),
    ("POST", "/v1/events"),
    ("POST", "/v1/events?dry_run=true"),
    ("POST", "/ee/v1/interact?configId=fuzz"),
    ("POST", "/ee/v1/collect?configId=fuzz"),
    ("POST", "/ee/v2/interact?dataStreamId=fuzz"),
    ("POST", "/ee/v2/collect?datastreamId=fuzz"),
    ("POST", "/ee/v1/privacy/set-consent?configId=fuzz"),
    ("POST", "/ee/v1/identity/acquire?configId=fuzz"),
    ("POST", "/collection/inlet"),
    ("POST", "/collection/batch/inlet"),
    ("POST", "/v1/sql"),
    ("GET", "/v1/events/"),
    ("GET", "/v1/rejects"),
    ("GET", "/"),
];

const MEDIA_TYPES: &[&str] = &["application/json", "application/x-ndjson", "text/plain;charset=UTF-8", "\u{80}"];

/// Longest rest of a path that is sent, in bytes.
const PATH_BYTES_MAX: usize = 512;

pub(crate) struct Input {
    /// The whole request.
    pub(crate) request: Vec<u8>,
    /// Whether its answer tells how many events it held.
    pub(crate) counts: bool,
}

impl Input {
    pub(crate) fn of(bytes: &[u8]) -> Option<Input> {
        let (&route, rest) = bytes.split_first()?;
        let (&flags, rest) = rest.split_first()?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (path, body) = (&rest[..end.min(PATH_BYTES_MAX)], &rest[end + 1..]);
        let (method, prefix) = ROUTES[usize::from(route) % ROUTES.len()];
        let media_type = MEDIA_TYPES[usize::from(flags & 3)];
        let (body, coding) = match flags >> 2 & 3 {
            0 | 1 => (body.to_vec(), ""),
            2 => (gzip(body), "content-encoding: gzip\r\n"),
            _ => (body.to_vec(), "content-encoding: gzip\r\n"),
        };
        let cookie = if flags & 16 == 0 {
            ""
        } else {
            "cookie: kndctr_x_identity=abc; kndctr_frontdesk_consent=general%3Din\r\n"
        };
        let origin = if flags & 32 == 0 { "" } else { "origin: https://www.shop.test\r\n" };
        let mut request = format!("{method} {prefix}{} HTTP/1.1\r\nhost: 127.0.0.1\r\n", escaped(path)).into_bytes();
        write!(request, "content-type: {media_type}\r\n{coding}{cookie}{origin}content-length: {}\r\n\r\n", body.len())
            .expect("a Vec takes all");
        request.extend_from_slice(&body);
        let counts =
            prefix.starts_with("/v1/events") && method == "POST" && !prefix.contains("dry_run") && path.is_empty();
        Some(Input { request, counts })
    }
}

/// A path is visible ASCII; the rest is sent as browsers send it.
fn escaped(path: &[u8]) -> String {
    path.iter().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_graphic() {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut coder = GzEncoder::new(Vec::new(), Compression::fast());
    coder.write_all(body).expect("a Vec takes all");
    coder.finish().expect("a Vec takes all")
}
