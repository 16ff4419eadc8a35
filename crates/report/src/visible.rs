//! Characters that steer a terminal, made visible.
//!
//! What a visitor typed, a file's name, a setting: any of it may hold an escape sequence
//! that moves the cursor, sets a title or answers in somebody's name, a mark that turns the
//! reading direction around, or a line feed that forges a line. They are shown as JSON
//! would write them, `\u001b`, so that nothing is lost and nothing happens.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character does something to a terminal, or to the order of what is read, other
/// than being shown.
pub fn is_steering(letter: char) -> bool {
    // C0, DEL and C1 are what Unicode calls control characters.
    letter.is_control()
        || matches!(
            letter,
            // Direction marks, embeddings, overrides, isolates.
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Line and paragraph separators.
            | '\u{2028}' | '\u{2029}'
            // Interlinear annotations, and a byte order mark inside a text.
            | '\u{fff9}'..='\u{fffb}' | '\u{feff}'
        )
}

/// The text with every steering character written as an escape, line feeds and tabs too.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_steering) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_steering(letter) { push_escape(letter, &mut out) } else { out.push(letter) }
    }
    Cow::Owned(out)
}

/// `\u001b`. All steering characters are in the basic plane, as JSON's escapes want it.
pub(crate) fn push_escape(letter: char, out: &mut String) {
    let _ = write!(out, "\\u{:04x}", u32::from(letter));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_steers_and_leaves_the_rest() {
        let check = |text: &str, expect: &str| assert_eq!(visible(text), expect);
        check("plain, é, 日本, 👩‍👩‍👧", "plain, é, 日本, 👩‍👩‍👧");
        check("\u{1b}[31mred", "\\u001b[31mred");
        check("a\nb\tc\rd\u{7f}\u{9b}2J\0", "a\\u000ab\\u0009c\\u000dd\\u007f\\u009b2J\\u0000");
        check("\u{202e}evil\u{2066}\u{200f}\u{061c}\u{2028}", "\\u202eevil\\u2066\\u200f\\u061c\\u2028");
    }

    #[test]
    fn escapes_are_json() {
        for letter in (0..=0x10_ffff).filter_map(char::from_u32).filter(|letter| is_steering(*letter)) {
            let shown = visible(&letter.to_string()).into_owned();
            assert_eq!(serde_json::from_str::<String>(&format!("\"{shown}\"")).unwrap(), letter.to_string());
        }
    }
}
