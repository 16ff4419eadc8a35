//! `uri`, `uri-reference` and `url` after RFC 3986.

use std::net::Ipv6Addr;

pub(super) fn is_uri(text: &str) -> bool {
    split_scheme(text).is_some_and(|(_, rest)| is_tail(rest))
}

pub(super) fn is_uri_reference(text: &str) -> bool {
    if let Some((_, rest)) = split_scheme(text) {
        return is_tail(rest);
    }
    // Without a scheme, a colon may not stand in the first segment (path-noscheme).
    let first = text.split(['/', '?', '#']).next().unwrap_or_default();
    !first.contains(':') && is_tail(text)
}

pub(super) fn is_url(text: &str) -> bool {
    split_scheme(text).is_some_and(|(scheme, rest)| {
        ["http", "https", "ftp"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
            && rest.strip_prefix("//").is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
            && is_tail(rest)
    })
}

fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let mut bytes = scheme.bytes();
    let valid = bytes.next()?.is_ascii_alphabetic()
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    valid.then_some((scheme, rest))
}

/// Everything after the scheme: authority, path, query, fragment.
fn is_tail(text: &str) -> bool {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let path = match text.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if !is_authority(authority) {
                return false;
            }
            path
        }
        None => text,
    };
    is_chars(path, b"/:@") && is_chars(query, b"/:@?") && is_chars(fragment, b"/:@?")
}

fn is_authority(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    if !is_chars(user, b":") {
        return false;
    }
    if let Some(literal) = host.strip_prefix('[') {
        let Some((address, port)) = literal.split_once(']') else { return false };
        let future = address.starts_with(['v', 'V']) && is_chars(address, b":") && address.contains('.');
        return (future || address.parse::<Ipv6Addr>().is_ok()) && (port.is_empty() || is_port(port));
    }
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    is_chars(name, b"") && port.is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

/// Unreserved characters, sub-delimiters, percent-encoded bytes and `also`.
fn is_chars(text: &str, also: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'%' => {
                let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
                if !hex(at + 1) || !hex(at + 2) {
                    return false;
                }
                at += 3;
            }
            b if b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&b) || also.contains(&b) => at += 1,
            _ => return false,
        }
    }
    true
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
        assert!(is_url("https://x.example/a"));
        assert!(!is_url("mailto:a@x.example"));
        assert!(!is_url("https:///a"));
    }
}
