//! Texts that visitors or their pages have sent. Markup escapes them; here is what else they may not do.

use std::borrow::Cow;

/// Most letters of a value that are shown.
const LETTERS_MAX: usize = 100;
/// Longest value that a link is made for, in bytes: longer URLs are refused on their way.
const LINKED_BYTES_MAX: usize = 1_500;

/// A value, short enough, with control characters and marks of direction made visible.
pub(crate) fn shown(value: &str) -> String {
    let visible = report::visible(value);
    match visible.char_indices().nth(LETTERS_MAX) {
        None => visible.into_owned(),
        Some((end, _)) => format!("{}…", &visible[..end]),
    }
}

/// A page, without what nearly all begin with.
pub(crate) fn page(value: &str) -> String {
    shown(value.strip_prefix("https://").or_else(|| value.strip_prefix("http://")).unwrap_or(value))
}

/// The host of a page's address, with its port.
pub(crate) fn host(value: &str) -> Option<&str> {
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next()?;
    (!host.is_empty()).then_some(host)
}

/// The host that all of several pages are of.
pub(crate) fn common_host<'a>(pages: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut hosts = pages.map(host);
    let first = hosts.next()??;
    let mut others = hosts.peekable();
    (others.peek().is_some() && others.all(|host| host == Some(first))).then_some(first)
}

/// A page without its host: what stands behind it.
pub(crate) fn path(value: &str, host: &str) -> String {
    let path = value.split_once(host).map_or(value, |(_, path)| path);
    if path.is_empty() { "/".to_owned() } else { shown(path) }
}

/// Whether a value can be asked for by a link.
pub(crate) fn is_linked(value: &str) -> bool {
    value.len() <= LINKED_BYTES_MAX
}

/// A value for a field of a form.
pub(crate) fn field(value: &str) -> Cow<'_, str> {
    report::visible(value)
}

/// Several lines, each with what steers a reader made visible.
pub(crate) fn lines(text: &str) -> String {
    text.lines().map(report::visible).collect::<Vec<_>>().join("\n")
}

/// A message as a sentence: with a capital and an end.
pub(crate) fn sentence(message: &str) -> String {
    let message = report::visible(message);
    let mut letters = message.chars();
    let sentence: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let end = if sentence.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{sentence}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_and_do_nothing() {
        assert_eq!(shown("a\u{202e}b\u{1b}[2J"), "a\\u202eb\\u001b[2J");
        assert_eq!(shown(&"é".repeat(101)), format!("{}…", "é".repeat(100)));
        assert_eq!(shown(&"é".repeat(100)), "é".repeat(100));
        assert_eq!(page("https://shop.example/a"), "shop.example/a");
        assert_eq!(page("javascript:alert(1)"), "javascript:alert(1)");
        for (value, expect) in [
            ("https://a.example:8/b?c", Some("a.example:8")),
            ("http://a.example", Some("a.example")),
            ("https:///b", None),
            ("Start", None),
        ] {
            assert_eq!(host(value), expect, "{value}");
        }
        let common = |pages: &[&str]| common_host(pages.iter().copied()).map(str::to_owned);
        assert_eq!(common(&["https://a.example/b", "http://a.example?c"]).as_deref(), Some("a.example"));
        for pages in [
            &["https://a.example/"][..],
            &["https://a.example/", "b"],
            &["https://a.example", "https://b.example"],
            &[],
        ] {
            assert_eq!(common(pages), None, "{pages:?}");
        }
        assert_eq!(path("https://a.example/b/a.example", "a.example"), "/b/a.example");
        assert_eq!(path("https://a.example", "a.example"), "/");
        assert!(is_linked("a") && !is_linked(&"a".repeat(1_501)));
    }
}
