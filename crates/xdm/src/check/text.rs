//! Strings with escapes: the slow path.
//!
//! Decided: an unpaired surrogate (`\ud800`, which browsers do send) becomes U+FFFD in
//! the decoded text and is reported, so that one odd character never costs the event.

use super::cursor::{Cursor, Stop};

/// What a string's memory may grow to between strings, in bytes.
const KEPT_BYTES_MAX: usize = 4096;

/// What is known of a decoded string beside its text.
#[derive(Debug)]
pub(super) struct Decoded<'t> {
    /// As sent, with its quotes.
    pub(super) raw: &'t str,
    /// An unpaired surrogate was replaced.
    pub(super) replaced: bool,
}

/// The memory of one decoded string, lent and given back.
#[derive(Debug, Default)]
pub(super) struct Scratch(String);

impl Scratch {
    /// An empty string. While it is lent the next one is new.
    pub(super) fn lend(&mut self) -> String {
        std::mem::take(&mut self.0)
    }

    pub(super) fn give_back(&mut self, mut text: String) {
        text.clear();
        text.shrink_to(KEPT_BYTES_MAX);
        self.0 = text;
    }
}

impl<'t> Cursor<'t> {
    /// Reads a string with escapes and appends it to `text`; the cursor is at its opening
    /// quote.
    #[cold]
    pub(super) fn escaped_string(&mut self, text: &mut String) -> Result<Decoded<'t>, Stop> {
        let start = self.at();
        let mut replaced = false;
        self.advance(1);
        loop {
            let from = self.at();
            if self.seek_special()? == b'"' {
                text.push_str(self.since(from));
                self.advance(1);
                return Ok(Decoded { raw: self.since(start), replaced });
            }
            text.push_str(self.since(from));
            // Well-formed; a pair of surrogates is two escapes, of which the second may not be.
            self.escape_len()?;
            let (c, used) = unescape(self.rest());
            replaced |= c.is_none();
            text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
            self.advance(used);
        }
    }
}

/// The character of the escape at the start of `text` (`None` for an unpaired surrogate)
/// and the bytes that it takes. The escape is known to be well-formed.
fn unescape(text: &[u8]) -> (Option<char>, usize) {
    let simple = |c| (Some(c), 2);
    match text.get(1) {
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'n') => simple('\n'),
        Some(b'r') => simple('\r'),
        Some(b't') => simple('\t'),
        Some(b'u') => {
            let first = unit(text);
            let second = text.get(6..).filter(|rest| rest.starts_with(b"\\u")).map(unit);
            match (first, second) {
                (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
                    (char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00)), 12)
                }
                _ => (char::from_u32(first), 6),
            }
        }
        Some(&c) => simple(char::from(c)),
        None => (None, text.len()),
    }
}

/// Appends what the escape at the start of `text` stands for, a lone surrogate as the three
/// bytes that it would have, and gives the bytes that it takes. It is well-formed.
pub(crate) fn push_escape(text: &[u8], out: &mut Vec<u8>) -> usize {
    let (c, used) = unescape(text);
    match c {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => {
            let unit = unit(text);
            out.extend([0xe0 | (unit >> 12) as u8, 0x80 | (unit >> 6 & 0x3f) as u8, 0x80 | (unit & 0x3f) as u8]);
        }
    }
    used
}

/// The four hexadecimal digits of the escape here; a lone surrogate if they are none.
fn unit(text: &[u8]) -> u32 {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let digits = text.get(2..6).and_then(|hex| hex.iter().try_fold(0, |unit, byte| Some(unit << 4 | digit(byte)?)));
    digits.unwrap_or(0xd800)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_within_a_bound() {
        let mut scratch = Scratch::default();
        let mut text = scratch.lend();
        text.push_str("some text");
        assert_eq!(scratch.lend(), "", "lent twice");
        scratch.give_back(text);
        let mut text = scratch.lend();
        assert!(text.is_empty() && text.capacity() >= 9);
        text.push_str(&"x".repeat(KEPT_BYTES_MAX * 2));
        scratch.give_back(text);
        assert!(scratch.lend().capacity() <= KEPT_BYTES_MAX);
    }

    #[test]
    fn decodes_escapes() {
        let check = |raw: &str, expect: &str, replaced: bool| {
            let mut cursor = Cursor::new(raw, false);
            let mut text = String::new();
            let decoded = cursor.escaped_string(&mut text).expect("a string");
            assert_eq!((text.as_str(), decoded.replaced), (expect, replaced), "{raw}");
            assert_eq!(decoded.raw, raw);
        };
        check(r#""a\n\"\\\/\b\f\r\t""#, "a\n\"\\/\u{8}\u{c}\r\t", false);
        check(r#""\u0041\u00e9\ud83d\ude00""#, "Aé😀", false);
        check(r#""nul \u0000""#, "nul \0", false);
        check(r#""lone \ud800 here""#, "lone \u{fffd} here", true);
        check(r#""\udc00\ud800""#, "\u{fffd}\u{fffd}", true);
        check(r#""\ud800\u0041""#, "\u{fffd}A", true);
        check(r#""é\u002f""#, "é/", false);
    }
}
