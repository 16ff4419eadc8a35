//! The texts that events are told apart by.

/// Characters of a subject or a page that count: two texts that differ behind these are one, so that
/// nobody's events make a summary as large as they like.
pub const TEXT_CHARS_MAX: usize = 1_024;

/// The page of an event: its address up to the query and the fragment, else its name.
pub fn page<'a>(url: Option<&'a str>, name: Option<&'a str>) -> Option<&'a str> {
    let path = |url: &'a str| {
        let end = url.bytes().position(|byte| byte == b'?' || byte == b'#');
        end.map_or(url, |end| &url[..end])
    };
    url.map(path).filter(|url| !url.is_empty()).or(name.filter(|name| !name.is_empty()))
}

/// The part of a text that counts.
pub fn cut(text: &str) -> &str {
    if text.len() <= TEXT_CHARS_MAX {
        return text;
    }
    text.char_indices().nth(TEXT_CHARS_MAX).map_or(text, |(end, _)| &text[..end])
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
