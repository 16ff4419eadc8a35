//! What a text may be that is kept.

use thiserror::Error;

/// Why a text isn't kept.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TextError {
    /// There is none.
    #[error("{field} is empty; write 1 to {max} characters")]
    Empty {
        /// Which text.
        field: &'static str,
        /// The most it may have.
        max: usize,
    },
    /// It is too long.
    #[error("{field} has {count} characters; at most {max} are kept")]
    TooLong {
        /// Which text.
        field: &'static str,
        /// How many it has.
        count: usize,
        /// The most it may have.
        max: usize,
    },
    /// It has line feeds or other characters that aren't shown.
    #[error("{field} has control characters, such as a line feed; leave them out")]
    Control {
        /// Which text.
        field: &'static str,
    },
}

/// A text of one line without space around it.
pub(crate) fn line<'a>(field: &'static str, text: &'a str, max: usize) -> Result<&'a str, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty { field, max });
    }
    let count = text.chars().count();
    if count > max {
        return Err(TextError::TooLong { field, count, max });
    }
    if text.chars().any(char::is_control) {
        return Err(TextError::Control { field });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_short_and_has_nothing_hidden() {
        let check = |text: &str, expect: Result<&str, &str>| match (line("the name", text, 5), expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found, expect),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, _) => panic!("{text:?}: {found:?}"),
        };
        check(" a b ", Ok("a b"));
        check("äöüßé", Ok("äöüßé"));
        check("", Err("is empty"));
        check(" \n ", Err("is empty"));
        check("abcdef", Err("has 6 characters; at most 5"));
        check("a\nb", Err("control characters"));
        check("a\u{1b}b", Err("control characters"));
    }
}
