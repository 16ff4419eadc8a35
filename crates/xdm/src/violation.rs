//! What is wrong with an event, said so that its sender can fix it.
//!
//! A violation is data: where it is (JSON pointer), which rule it breaks (schema
//! location and keyword), and one sentence with the masked value and the fix. Values
//! are never shown: [`mask`] keeps a value's shape and hides its letters and digits,
//! because a message ends in logs, answers and the table of rejects.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::personal;

/// One broken rule of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Where: a JSON pointer into the event as it was sent; empty for the event itself.
    pub pointer: String,
    /// The rule: `$id` of the schema, `#`, and a JSON pointer to the keyword in it.
    pub schema: String,
    /// The rule's keyword, or one of ours: `syntax`, `encoding`, `duplicateKey`, `limit`.
    pub keyword: String,
    /// What is wrong and how to fix it, with the value masked.
    pub message: String,
}

impl Violation {
    /// What it takes in memory, in bytes.
    pub fn bytes(&self) -> usize {
        let Violation { pointer, schema, keyword, message } = self;
        size_of::<Self>() + pointer.len() + schema.len() + keyword.len() + message.len()
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "(event)" } else { &self.pointer };
        write!(f, "{pointer}: {} [{}]", self.message, self.keyword)
    }
}

/// Something worth knowing that does not make the event invalid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Where: a JSON pointer into the event as it was sent.
    pub pointer: String,
    /// A stable name: `undeclaredProperty`, `loneSurrogate`, `integerRange`, …
    pub code: String,
    /// What was noticed, and what was done.
    pub message: String,
}

impl Notice {
    /// What it takes in memory, in bytes.
    pub fn bytes(&self) -> usize {
        let Notice { pointer, code, message } = self;
        size_of::<Self>() + pointer.len() + code.len() + message.len()
    }
}

/// The outcome of checking one event.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The event keeps all rules.
    Valid,
    /// It breaks at least one; the checker's `violations()` reports which.
    Invalid,
}

/// Longest masked value in a message, in characters.
pub const MASKED_CHARS_MAX: usize = 32;
/// Longest key in a pointer, in characters; an address is sought in as many bytes as an
/// address can have before its `@`, and more.
const KEY_SHOWN_CHARS_MAX: usize = 4 * MASKED_CHARS_MAX;
const KEY_SHOWN_BYTES_MAX: usize = 512;
/// Stands where something was cut off.
const CUT: char = '…';

/// The shape of a text value: letters become `x`, digits `9`, the rest stays.
///
/// ```
/// assert_eq!(xdm::mask("jo.doe@shop.example"), "xx.xxx@xxxx.xxxxxxx");
/// ```
pub fn mask(text: &str) -> String {
    let mut shape: String = text
        .chars()
        .take(MASKED_CHARS_MAX)
        .map(|c| match c {
            c if c.is_alphabetic() => 'x',
            c if c.is_numeric() => '9',
            c if c.is_control() => '?',
            c => c,
        })
        .collect();
    if text.chars().nth(MASKED_CHARS_MAX).is_some() {
        shape.push('…');
    }
    shape
}

/// Masks a property name that could itself be personal: an address or a long number
/// used as a key. Other names are shown, since a sender must find them.
///
/// A key may be as long as its event: only its begin is looked at and shown.
pub fn mask_key(key: &str) -> String {
    let shown = &key[..key.floor_char_boundary(KEY_SHOWN_BYTES_MAX)];
    let digits = shown.bytes().filter(u8::is_ascii_digit).count();
    if (shown.contains('@') && !shown.starts_with('@')) || digits >= 6 || personal::text::is_telling(shown) {
        return mask(key);
    }
    let mut name: String = shown.chars().take(KEY_SHOWN_CHARS_MAX).collect();
    if name.len() < key.len() {
        name.push(CUT);
    }
    name
}

/// Cuts a text that is longer than so many bytes, between two characters and with a mark.
pub(crate) fn cut(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max - CUT.len_utf8()));
        text.push(CUT);
        text.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_values_and_telling_keys() {
        let check = |input: &str, expect: &str| assert_eq!(mask(input), expect, "{input}");
        check("", "");
        check("1-408-555-0100", "9-999-999-9999");
        check("a\u{0}b", "x?x");
        check(&"y".repeat(40), &format!("{}…", "x".repeat(32)));
        assert_eq!(mask_key("chatStart"), "chatStart");
        assert_eq!(mask_key("@id"), "@id");
        assert_eq!(mask_key("a.b@shop.example"), "x.x@xxxx.xxxxxxx");
        assert_eq!(mask_key("14085550100"), "99999999999");
        assert_eq!(mask_key(&"é".repeat(128)), "é".repeat(128));
        assert_eq!(mask_key(&"k".repeat(129)), format!("{}…", "k".repeat(128)));
        assert_eq!(mask_key(&"é".repeat(100_000)), format!("{}…", "é".repeat(128)));
        assert_eq!(mask_key("jo%40shop.example"), "xx%99xxxx.xxxxxxx");
    }
}
