//! Who may read over loopback: only callers that name this machine.
//!
//! A server on 127.0.0.1 has no password, since only this machine reaches it. But so does
//! every page in this machine's browser: a site can point its own name at 127.0.0.1 (DNS
//! rebinding), and then its scripts read answers as if they were its own. They can't
//! forge the `Host` header, though, which still has the site's name. So on loopback the
//! routes that give data away answer only to loopback names, and to those that the
//! operator lists because a proxy on this machine passes them on. Taking events in is
//! open to pages on purpose.

use std::net::IpAddr;

use axum::http::header;
use axum::http::request::Parts;

/// Names besides loopback ones that a caller may use over loopback.
#[derive(Clone, Debug)]
pub(crate) struct Hosts(pub(crate) Vec<String>);

/// Who can reach the listener that a request came through; in the extensions of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It listens on the network: names say nothing about who asks.
    Network,
    /// It listens on loopback: names tell a page of another site.
    Loopback,
}

impl Hosts {
    /// Whether a caller who used this request's name may read.
    pub(crate) fn admit(&self, head: &Parts) -> bool {
        // A request that doesn't say how it came is held to the stricter rule.
        if head.extensions.get::<Reach>() == Some(&Reach::Network) {
            return true;
        }
        // HTTP/2 has the name in its authority. A caller without any is no browser.
        let named = match head.uri.host() {
            Some(host) => Some(host),
            None => match head.headers.get(header::HOST).map(|value| value.to_str()) {
                None => None,
                Some(Ok(host)) => Some(host),
                Some(Err(_)) => return false,
            },
        };
        named.is_none_or(|named| {
            let name = without_port(named);
            is_loopback(name) || self.0.iter().any(|other| other.eq_ignore_ascii_case(name))
        })
    }
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    }
}

fn is_loopback(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_answers_to_its_own_names() {
        let hosts = Hosts(vec!["desk.example".to_owned()]);
        let check = |host: Option<&str>, expect: bool| {
            let mut request = axum::http::Request::get("/v1/sql");
            if let Some(host) = host {
                request = request.header(header::HOST, host);
            }
            let mut head = request.body(()).expect("a request").into_parts().0;
            assert_eq!(hosts.admit(&head), expect, "{host:?}");
            head.extensions.insert(Reach::Loopback);
            assert_eq!(hosts.admit(&head), expect, "{host:?}");
            head.extensions.insert(Reach::Network);
            assert!(hosts.admit(&head), "{host:?}");
        };
        check(None, true);
        check(Some("127.0.0.1:8080"), true);
        check(Some("127.9.9.9"), true);
        check(Some("[::1]:8080"), true);
        check(Some("LocalHost:80"), true);
        check(Some("shop.localhost"), true);
        check(Some("Desk.example:8080"), true);
        check(Some("evil.example:8080"), false);
        check(Some("127.0.0.1.evil.example"), false);
        check(Some("localhost.evil.example"), false);
        check(Some("192.0.2.1"), false);
        check(Some(""), false);
        check(Some("\u{e9}"), false);
    }
}
