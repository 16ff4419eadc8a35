//! `uri`, `uri-reference` and `url` after RFC 3986.
//!
//! Pages send a URL or two in every event, so each text is walked once from left to
//! right, with one look-up a byte; only an authority with a user, a port or an address in
//! brackets is taken apart.

use std::net::Ipv6Addr;

/// Unreserved characters and sub-delimiters: what may stand everywhere.
const PLAIN: u8 = 1;
const SLASH: u8 = 2;
/// A colon or an at sign.
const COLON_OR_AT: u8 = 4;
const QUESTION: u8 = 8;
/// What the name of a scheme is made of.
const SCHEME: u8 = 16;
/// A slash, question mark, hash sign or colon.
const ENDS_SEGMENT: u8 = 32;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let is_plain = (byte as u8).is_ascii_alphanumeric();
        classes[byte] = if is_plain { PLAIN | SCHEME } else { 0 };
        byte += 1;
    }
    let plain = b"-._~!$&'()*+,;=";
    let mut at = 0;
    while at < plain.len() {
        classes[plain[at] as usize] |= PLAIN;
        at += 1;
    }
    classes[b'+' as usize] |= SCHEME;
    classes[b'-' as usize] |= SCHEME;
    classes[b'.' as usize] |= SCHEME;
    classes[b'/' as usize] = SLASH | ENDS_SEGMENT;
    classes[b':' as usize] = COLON_OR_AT | ENDS_SEGMENT;
    classes[b'@' as usize] = COLON_OR_AT;
    classes[b'?' as usize] = QUESTION | ENDS_SEGMENT;
    classes[b'#' as usize] = ENDS_SEGMENT;
    classes
};

pub(super) fn is_uri(text: &str) -> bool {
    scheme_len(text.as_bytes()).is_some_and(|len| is_tail(text, len + 1))
}

pub(super) fn is_uri_reference(text: &str) -> bool {
    if let Some(len) = scheme_len(text.as_bytes()) {
        return is_tail(text, len + 1);
    }
    // Without a scheme, a colon may not stand in the first segment (path-noscheme).
    let ends_segment = |byte: &u8| CLASSES[usize::from(*byte)] & ENDS_SEGMENT != 0;
    text.bytes().find(ends_segment) != Some(b':') && is_tail(text, 0)
}

pub(super) fn is_url(text: &str) -> bool {
    scheme_len(text.as_bytes()).is_some_and(|len| {
        let (scheme, rest) = (&text[..len], &text[len + 1..]);
        ["http", "https", "ftp"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
            && rest.strip_prefix("//").is_some_and(has_host)
            && is_tail(text, len + 1)
    })
}

/// Does an authority at the start of a text name a host?
fn has_host(text: &str) -> bool {
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    !host.is_empty() && !host.starts_with(':')
}

/// Length of the scheme's name; a colon follows it.
fn scheme_len(text: &[u8]) -> Option<usize> {
    if !text.first()?.is_ascii_alphabetic() {
        return None;
    }
    let len = text.iter().position(|byte| CLASSES[usize::from(*byte)] & SCHEME == 0)?;
    (text[len] == b':').then_some(len)
}

/// Everything after the scheme, from `at` on: authority, path, query, fragment.
fn is_tail(text: &str, mut at: usize) -> bool {
    let bytes = text.as_bytes();
    if bytes[at..].starts_with(b"//") {
        let start = at + 2;
        at = run(bytes, start, PLAIN);
        if !matches!(bytes.get(at), None | Some(b'/' | b'?' | b'#')) {
            let length = bytes[start..].iter().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
            at = length.map_or(bytes.len(), |length| start + length);
            if !is_authority(&text[start..at]) {
                return false;
            }
        }
    }
    at = run(bytes, at, PLAIN | SLASH | COLON_OR_AT);
    for part in [b'?', b'#'] {
        if bytes.get(at) == Some(&part) {
            at = run(bytes, at + 1, PLAIN | SLASH | COLON_OR_AT | QUESTION);
        }
    }
    at == bytes.len()
}

/// Where the characters of these classes and percent-encoded bytes end.
#[inline]
fn run(bytes: &[u8], mut at: usize, classes: u8) -> usize {
    while let Some(&byte) = bytes.get(at) {
        if CLASSES[usize::from(byte)] & classes != 0 {
            at += 1;
        } else if byte == b'%' && bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
            at += 3;
        } else {
            break;
        }
    }
    at
}

/// User, host and port.
fn is_authority(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    if !is_chars(user, true) {
        return false;
    }
    if let Some(literal) = host.strip_prefix('[') {
        let Some((address, port)) = literal.split_once(']') else { return false };
        let is_address = is_future(address) || address.parse::<Ipv6Addr>().is_ok();
        return is_address && (port.is_empty() || is_port(port));
    }
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    is_chars(name, false) && port.is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

/// An address of a version to come: `v`, its hexadecimal number, a point, and what it likes.
fn is_future(text: &str) -> bool {
    let Some((version, address)) = text.strip_prefix(['v', 'V']).and_then(|rest| rest.split_once('.')) else {
        return false;
    };
    let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number && !address.is_empty() && !address.contains('%') && is_chars(address, true)
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

/// Unreserved characters, sub-delimiters, percent-encoded bytes, and colons if they may be.
fn is_chars(text: &str, colons: bool) -> bool {
    let mut parts = text.split(':');
    let is_run = |part: &str| run(part.as_bytes(), 0, PLAIN) == part.len();
    if colons { parts.all(is_run) } else { is_run(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_uris() {
        let check = |text: &str, uri: bool, reference: bool| {
            assert_eq!(is_uri(text), uri, "uri {text}");
            assert_eq!(is_uri_reference(text), reference, "uri-reference {text}");
        };
        check("https://ns.adobe.com/experience/alloy", true, true);
        check("https://data.adobe.io/experienceid-123456", true, true);
        check("mailto:jo@shop.example", true, true);
        check("urn:uuid:0", true, true);
        check("https://[2001:db8::1]:8080/x?y#z", true, true);
        check("https://u:p@h:80/", true, true);
        check("http://a/%41", true, true);
        check("", false, true);
        check("/contact", false, true);
        check("contact", false, true);
        check("1", false, true);
        check("#f", false, true);
        check("a b", false, false);
        check("https://x/a b", false, false);
        check("http://a/%4", false, false);
        check("http://a/#b#c", false, false);
        check("1a:b", false, false);
        check("https://[::x]/", false, false);
        check("http://h:8a/", false, false);
        check("http://é/", false, false);
        check("a\\b", false, false);
        check("http://a?b/c?d#e?f/g", true, true);
        check("http://a#b@c:d", true, true);
        check("http://u@v@h/", false, false);
        check("http://h]/", false, false);
        check("http://h%2", false, false);
        check("http://a/?b?c#", true, true);
        check("a/b:c", false, true);
        check("?a:b", false, true);
        check(":a", false, false);
        check("//h:80/x", false, true);
        check("a:", true, true);
        check("+a:b", false, false);
        // RFC 3986, 1.1.2: its own examples.
        for example in [
            "ftp://ftp.is.co.za/rfc/rfc1808.txt",
            "http://www.ietf.org/rfc/rfc2396.txt",
            "ldap://[2001:db8::7]/c=GB?objectClass?one",
            "mailto:John.Doe@example.com",
            "news:comp.infosystems.www.servers.unix",
            "tel:+1-816-555-1212",
            "telnet://192.0.2.16:80/",
            "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
        ] {
            check(example, true, true);
        }
        // 5.4: references.
        for reference in [
            "g:h",
            "g",
            "./g",
            "g/",
            "/g",
            "//g",
            "?y",
            "g?y",
            "#s",
            "g#s",
            "g?y#s",
            ";x",
            "g;x=1/../y",
            "",
            ".",
            "../..",
            "g.",
            "..g",
        ] {
            check(reference, reference == "g:h", true);
        }
        // 3.2.2: addresses in brackets, of version 6 or of one to come.
        for host in ["[::]", "[::1]", "[1:2:3:4:5:6:7:8]", "[::ffff:192.0.2.1]", "[v1.a:b]", "[vF.!$]", "[V1f.~]"] {
            check(&format!("http://{host}/"), true, true);
            check(&format!("http://u@{host}:1/"), true, true);
        }
        for host in [
            "[]",
            "[1]",
            "[::1",
            "::1]",
            "[::1]x",
            "[::g]",
            "[fe80::1%25en0]",
            "[v.a]",
            "[vg.a]",
            "[v1.]",
            "[v1a]",
            "[v1.a%41]",
            "[v1.[]",
            "[192.0.2.1]",
            "[1:2:3:4:5:6:7:8:9]",
        ] {
            check(&format!("http://{host}/"), false, false);
        }
        // 3.2: an authority may be empty, and so may the port.
        check("file:///etc/hosts", true, true);
        check("http://", true, true);
        check("http://h:/", true, true);
        check("http://h:80:80/", false, false);
        check("http://:80/", true, true);
        // 2.1, 2.2: octets are escaped with two digits, and these characters always.
        for character in ['"', '<', '>', '\\', '^', '`', '{', '|', '}', ' ', '\u{7f}', '\n', 'é'] {
            check(&format!("http://h/a{character}"), false, false);
            check(&format!("http://h/?a{character}"), false, false);
            check(&format!("http://h/#a{character}"), false, false);
        }
        for escape in ["%", "%1", "%g1", "%1g", "%%41"] {
            check(&format!("http://h/{escape}"), false, false);
            check(&format!("http://{escape}/"), false, false);
            check(&format!("{escape}x"), false, false);
        }
        check("http://h/[a]", false, false);
        check("http://h/?[a]", false, false);
        check("HTTP://H%2e/%c3%a9", true, true);
        // 3.1: a scheme begins with a letter.
        check("a1+-.:x", true, true);
        for scheme in ["1a:x", "-a:x", ".a:x", "a_b:x", ":x", "é:x"] {
            check(scheme, false, false);
        }
        for url in ["http://h", "HTTPS://u:p@h:1/?q#f", "ftp://[::1]/"] {
            assert!(is_url(url), "{url}");
        }
        for text in [
            "http:/h",
            "http:h",
            "//h/",
            "http://",
            "http://?q",
            "http://#f",
            "http://:80/",
            "http://u@/",
            "ws://h/",
            "httpss://h/",
            "",
        ] {
            assert!(!is_url(text), "{text}");
        }
        assert!(is_url("https://x.example/a"));
        assert!(!is_url("mailto:a@x.example"));
        assert!(!is_url("https:///a"));
    }
}
