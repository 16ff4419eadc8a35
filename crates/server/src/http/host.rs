//! Who may read over loopback: only callers that name this machine.
//!
//! A server on 127.0.0.1 without keys asks for none, since only this machine reaches it.
//! But so does every page in this machine's browser: a site can point its own name at
//! 127.0.0.1 (DNS rebinding), and then its scripts read answers as if they were its own.
//! They can't forge the `Host` header, though, which still has the site's name. So on
//! loopback the routes that give data away answer only to loopback names, and to those
//! that the operator lists. Taking events in is open to pages on purpose.
//!
//! A name counts only as a whole: what isn't exactly a name and a port admits nobody, and
//! nor do two that differ.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::header;
use axum::http::request::Parts;

/// Names besides loopback ones that a caller may use over loopback.
#[derive(Clone, Debug)]
pub(crate) struct Hosts(pub(crate) Vec<String>);

/// Who can reach the listener that a request came through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It listens on the network: names say nothing about who asks.
    Network,
    /// It listens on loopback: names tell a page of another site.
    #[default]
    Loopback,
}

/// The way by which a request came; in the extensions of each that is routed. A request
/// that doesn't say is held to the stricter rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Via {
    pub(crate) reach: Reach,
    pub(crate) is_tls: bool,
}

/// A name and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    /// An address of version 6 without its brackets.
    pub(crate) name: &'a str,
    pub(crate) port: Option<u16>,
}

/// A request that names its server in no way that could be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unclear;

impl<'a> Authority<'a> {
    /// Reads a whole text; no user, no empty port, nothing behind it.
    pub(crate) fn parse(text: &'a str) -> Option<Authority<'a>> {
        let (name, rest) = match text.strip_prefix('[') {
            Some(rest) => {
                let (name, rest) = rest.split_once(']')?;
                name.parse::<Ipv6Addr>().ok()?;
                (name, rest)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                let (name, rest) = text.split_at(end);
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
                if name.is_empty() || !name.bytes().all(is_plain) {
                    return None;
                }
                (name, rest)
            }
        };
        let port = match rest.strip_prefix(':') {
            None if rest.is_empty() => None,
            None => return None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
            Some(_) => return None,
        };
        Some(Authority { name, port })
    }

    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The name by which this server was asked; `None` for a caller who used none, which no
/// browser does. HTTP/2 has it in the target, as a target in absolute form does; where
/// there is a `Host` as well, both must say the same.
///
/// # Errors
/// It can't be read, or there are several.
pub(crate) fn requested(head: &Parts) -> Result<Option<Authority<'_>>, Unclear> {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (None, _) => None,
        (Some(host), None) => Some(host.to_str().ok().and_then(Authority::parse).ok_or(Unclear)?),
        _ => return Err(Unclear),
    };
    let target = match head.uri.authority() {
        Some(authority) => Some(Authority::parse(authority.as_str()).ok_or(Unclear)?),
        None => None,
    };
    match (target, host) {
        (Some(target), Some(host)) if !target.is_called(host.name) || target.port != host.port => Err(Unclear),
        (target, host) => Ok(target.or(host)),
    }
}

impl Hosts {
    /// Whether a caller who used this request's name may read.
    pub(crate) fn admit(&self, head: &Parts) -> bool {
        let is_ours =
            |asked: Authority<'_>| is_loopback(asked.name) || self.0.iter().any(|other| asked.is_called(other));
        requested(head).is_ok_and(|asked| asked.is_none_or(is_ours))
    }
}

fn is_loopback(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(target: &str, hosts: &[&str]) -> Parts {
        let request =
            hosts.iter().fold(axum::http::Request::get(target), |request, host| request.header(header::HOST, *host));
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn loopback_answers_to_its_own_names() {
        let hosts = Hosts(vec!["desk.example".to_owned()]);
        let check = |host: &str, expect: bool| {
            assert_eq!(hosts.admit(&head("/v1/sql", &[host])), expect, "{host:?}");
            let target = format!("http://{host}/v1/sql");
            if target.parse::<axum::http::Uri>().is_ok_and(|uri| uri.authority().is_some()) {
                assert_eq!(hosts.admit(&head(&target, &[])), expect, "{target:?}");
            }
        };
        check("127.0.0.1:8080", true);
        check("127.0.0.1", true);
        check("127.9.9.9", true);
        check("[::1]:8080", true);
        check("LocalHost:80", true);
        check("shop.localhost", true);
        check("Desk.example:8080", true);
        check("evil.example:8080", false);
        check("127.0.0.1.evil.example", false);
        check("localhost.evil.example", false);
        check("192.0.2.1", false);
        check("0.0.0.0:8080", false);
        check("", false);
        check("\u{e9}", false);
    }

    #[test]
    fn a_name_counts_as_a_whole() {
        let hosts = Hosts(Vec::new());
        for host in [
            "127.0.0.1:80.evil",
            "127.0.0.1:",
            "127.0.0.1:80:80",
            "127.0.0.1:99999",
            "127.0.0.1:+80",
            "127.0.0.1 ",
            "127.0.0.1,evil.example",
            "127.0.0.1/",
            "user@127.0.0.1",
            "127.0.0.1@evil.example",
            "127.0.0.1#evil.example",
            "localhost.",
            "localhost.:80",
            ".localhost.",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "[::1",
            "[::1]evil",
            "[::1]:",
            "[127.0.0.1]",
            "[::ffff:127.0.0.1]",
            "[::1%25lo]",
            "::1",
        ] {
            assert!(!hosts.admit(&head("/v1/sql", &[host])), "{host:?}");
        }
    }

    #[test]
    fn several_names_must_be_one() {
        let hosts = Hosts(Vec::new());
        let check = |target: &str, names: &[&str], expect: bool| {
            assert_eq!(hosts.admit(&head(target, names)), expect, "{target} {names:?}");
        };
        check("/v1/sql", &[], true);
        check("/v1/sql", &["127.0.0.1", "evil.example"], false);
        check("/v1/sql", &["127.0.0.1", "127.0.0.1"], false);
        check("http://127.0.0.1/v1/sql", &["127.0.0.1"], true);
        check("http://127.0.0.1/v1/sql", &["evil.example"], false);
        check("http://evil.example/v1/sql", &["127.0.0.1"], false);
        check("http://127.0.0.1:80/v1/sql", &["127.0.0.1:81"], false);
        check("http://user@127.0.0.1/v1/sql", &[], false);
    }
}
