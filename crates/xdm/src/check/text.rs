//! Strings with escapes: the slow path.
//!
//! Decided: an unpaired surrogate (`\ud800`, which browsers do send) becomes U+FFFD in
//! the decoded text and is reported, so that one odd character never costs the event.

use super::cursor::{Cursor, Stop};

/// Room for a decoded string at first, in bytes; most are names and short texts.
const DECODED_BYTES_USUAL: usize = 64;

/// A decoded string.
#[derive(Debug)]
pub(super) struct Decoded<'t> {
    pub(super) text: String,
    /// As sent, with its quotes.
    pub(super) raw: &'t str,
    /// An unpaired surrogate was replaced.
    pub(super) replaced: bool,
}

impl<'t> Cursor<'t> {
    /// Reads a string with escapes; the cursor is at its opening quote.
    #[cold]
    pub(super) fn escaped_string(&mut self) -> Result<Decoded<'t>, Stop> {
        let start = self.at();
        let mut text = String::with_capacity(DECODED_BYTES_USUAL);
        let mut replaced = false;
        self.advance(1);
        loop {
            let from = self.at();
            if self.seek_special()? == b'"' {
                text.push_str(self.since(from));
                self.advance(1);
                return Ok(Decoded { text, raw: self.since(start), replaced });
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
    fn decodes_escapes() {
        let check = |raw: &str, expect: &str, replaced: bool| {
            let mut cursor = Cursor::new(raw, false);
            let decoded = cursor.escaped_string().expect("a string");
            assert_eq!((decoded.text.as_str(), decoded.replaced), (expect, replaced), "{raw}");
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
