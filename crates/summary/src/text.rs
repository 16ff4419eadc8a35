//! The texts that events are told apart by.

/// Characters of a subject or a page that count: two texts that differ behind these are one, so that
/// nobody's events make a summary as large as they like.
pub const TEXT_CHARS_MAX: usize = 1_024;

/// The page of an event: its address up to the query and the fragment, else its name.
pub fn page<'a>(url: Option<&'a str>, name: Option<&'a str>) -> Option<&'a str> {
    let path = |url: &'a str| &url[..path_end(url.as_bytes())];
    url.map(path).filter(|url| !url.is_empty()).or(name.filter(|name| !name.is_empty()))
}

/// As [`page`], of texts as bytes.
pub(crate) fn page_bytes<'a>(url: Option<&'a [u8]>, name: Option<&'a [u8]>) -> Option<&'a [u8]> {
    let path = |url: &'a [u8]| &url[..path_end(url)];
    url.map(path).filter(|url| !url.is_empty()).or(name.filter(|name| !name.is_empty()))
}

fn path_end(url: &[u8]) -> usize {
    url.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(url.len())
}

/// The part of a text that counts.
pub fn cut(text: &str) -> &str {
    if text.len() <= TEXT_CHARS_MAX {
        return text;
    }
    text.char_indices().nth(TEXT_CHARS_MAX).map_or(text, |(end, _)| &text[..end])
}

/// As [`cut`], of a text as bytes.
pub(crate) fn cut_bytes(text: &[u8]) -> &[u8] {
    if text.len() <= TEXT_CHARS_MAX {
        return text;
    }
    // What is no text has none that counts.
    std::str::from_utf8(text).map_or(&[], |text| cut(text).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_its_address_without_what_was_asked_of_it() {
        let check = |url: Option<&str>, name: Option<&str>, expect: Option<&str>| assert_eq!(page(url, name), expect);
        check(Some("https://shop.example/a?b#c"), Some("n"), Some("https://shop.example/a"));
        check(Some("https://shop.example/#c?d"), None, Some("https://shop.example/"));
        check(None, Some("home"), Some("home"));
        check(Some(""), Some("home"), Some("home"));
        check(Some("?a"), Some(""), None);
        check(None, None, None);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let check = |text: &str, characters: usize| assert_eq!(cut(text).chars().count(), characters);
        check("short", 5);
        check(&"é".repeat(TEXT_CHARS_MAX), TEXT_CHARS_MAX);
        check(&"é".repeat(TEXT_CHARS_MAX + 1), TEXT_CHARS_MAX);
        check(&"x".repeat(5 * TEXT_CHARS_MAX), TEXT_CHARS_MAX);
    }
}
