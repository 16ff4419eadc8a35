//! JSON pointers (RFC 6901), as text and as the fragment of a URI.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Escapes one step.
pub(crate) fn escape(step: &str) -> Cow<'_, str> {
    match step.contains(['~', '/']) {
        true => Cow::Owned(step.replace('~', "~0").replace('/', "~1")),
        false => Cow::Borrowed(step),
    }
}

/// The pointer that a URI's fragment spells; `None` if it makes no text.
pub(crate) fn of_fragment(fragment: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(fragment).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_escaped_and_fragments_decoded() {
        assert_eq!(escape("a~/b"), "a~0~1b");
        assert_eq!(escape("xdm:a"), "xdm:a");
        assert_eq!(of_fragment("/definitions/a%25b").as_deref(), Some("/definitions/a%b"));
        assert_eq!(of_fragment("%ff"), None);
    }
}
