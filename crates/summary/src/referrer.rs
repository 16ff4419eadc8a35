//! Where a visitor came from, as a host: what a referrer's address says besides is left out, since paths,
//! parameters and user names can tell who somebody is.

/// Stands for pages of the same host as the event's own page.
pub const INTERNAL_REFERRER: &str = "(internal)";

/// Characters of a host at most; the limit of the domain name system.
pub const HOST_CHARS_MAX: usize = 253;

/// The host of a referrer's address: of `https://user@WWW.Shop.Example:8443/path?query` it is
/// `shop.example`. [`INTERNAL_REFERRER`] if that is the host of the page, too; `None` without an address, or
/// if it has no host.
///
/// `buffer` is what the host is written to where it isn't in the address as it is.
pub fn referrer<'a>(url: Option<&'a [u8]>, page_url: Option<&[u8]>, buffer: &'a mut String) -> Option<&'a str> {
    let host = host(url?)?;
    if page_url.and_then(self::host).is_some_and(|own| own.eq_ignore_ascii_case(host)) {
        return Some(INTERNAL_REFERRER);
    }
    if !host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(host);
    }
    buffer.clear();
    buffer.push_str(host);
    buffer.make_ascii_lowercase();
    Some(buffer)
}

/// The host as people name it: without a scheme or `www.`, in lower case.
pub fn referrer_named(written: &str) -> String {
    let of_address = host(written.as_bytes()).map(str::to_owned);
    let mut host = of_address.unwrap_or_else(|| without_www(written.trim()).to_owned());
    host.make_ascii_lowercase();
    host
}

/// The part of an address between its scheme, user and port, without `www.` and a dot at the end.
pub(crate) fn host(url: &[u8]) -> Option<&str> {
    let colon = url.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"+-.".contains(byte)))?;
    let rest = url[colon..].strip_prefix(b"://").filter(|_| url[0].is_ascii_alphabetic())?;
    let end = rest.iter().position(|byte| b"/?#\\".contains(byte)).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = authority.iter().rposition(|byte| *byte == b'@').map_or(authority, |at| &authority[at + 1..]);
    let host = match host.first() {
        Some(b'[') => &host[..=host.iter().position(|byte| *byte == b']')?],
        _ => &host[..host.iter().position(|byte| *byte == b':').unwrap_or(host.len())],
    };
    let host = std::str::from_utf8(host).ok()?;
    let host = without_www(host.strip_suffix('.').unwrap_or(host));
    let is_host = |char: char| char.is_alphanumeric() || "-._[]:".contains(char);
    (!host.is_empty() && host.chars().count() <= HOST_CHARS_MAX && host.chars().all(is_host)).then_some(host)
}

fn without_www(host: &str) -> &str {
    let rest = host.get(..4).filter(|start| start.eq_ignore_ascii_case("www.")).map(|_| &host[4..]);
    rest.filter(|rest| !rest.is_empty()).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_referrer_is_a_host_and_no_more() {
        let check = |url: &str, expect: Option<&str>| {
            let mut buffer = String::new();
            assert_eq!(
                referrer(Some(url.as_bytes()), Some(b"https://www.shop.example/a"), &mut buffer),
                expect,
                "{url}"
            );
        };
        check("https://search.example/results?q=jane+doe", Some("search.example"));
        check("https://jane:secret@WWW.Search.Example:8443/x#y", Some("search.example"));
        check("http://a@b@search.example", Some("search.example"));
        check("https://search.example.?q", Some("search.example"));
        check("https://search.example\\@shop.example", Some("search.example"));
        check("android-app://com.example.mail/", Some("com.example.mail"));
        check("https://[2001:DB8::1]:80/", Some("[2001:db8::1]"));
        check("https://bücher.example/", Some("bücher.example"));
        check("https://www.example/", Some("example"));
        check("https://www./", Some("www"));
        for internal in ["https://shop.example/b?c", "http://WWW.SHOP.example", "https://www.shop.example:443/"] {
            check(internal, Some(INTERNAL_REFERRER));
        }
        check("https://account.shop.example/", Some("account.shop.example"));
        for none in
            ["", "about:blank", "search.example", "jane@mail.example", "https://", "https:///x", "://x", "1://x"]
        {
            check(none, None);
        }
        check("https://a b.example/", None);
        check("https://<b>/", None);
        check("https://[::1/", None);
        check(&format!("https://{}/", "a".repeat(HOST_CHARS_MAX)), Some(&"a".repeat(HOST_CHARS_MAX)));
        check(&format!("https://{}/", "a".repeat(HOST_CHARS_MAX + 1)), None);
    }

    #[test]
    fn without_a_page_nothing_is_internal() {
        let of = |url: Option<&[u8]>, page: Option<&[u8]>| referrer(url, page, &mut String::new()).map(str::to_owned);
        assert_eq!(of(Some(b"https://shop.example/"), None).as_deref(), Some("shop.example"));
        assert_eq!(of(Some(b"https://shop.example/"), Some(b"/a")).as_deref(), Some("shop.example"));
        assert_eq!(of(None, Some(b"https://shop.example/")), None);
        assert_eq!(of(Some(b"https://\xff/"), None), None);
    }

    #[test]
    fn people_may_name_a_host_as_they_know_it() {
        let check = |written: &str, expect: &str| assert_eq!(referrer_named(written), expect);
        check("www.Search.example", "search.example");
        check("https://search.example/?q=x", "search.example");
        check(" search.example ", "search.example");
        check("(internal)", INTERNAL_REFERRER);
        check("", "");
        check("www.", "www.");
    }
}
