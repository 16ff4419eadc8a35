//! How a text holds events: one a line, in an array, or as whole values over any number of
//! lines. Bodies of requests and files are distinguished by the same rule, so that the same
//! bytes are the same events whichever way they come.

use memchr::memchr;

/// UTF-8's, which says nothing.
pub(crate) const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

/// How a text holds events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One a line. A line that can't be read is a rejected event, and the next one is read.
    Lines,
    /// An array of events.
    Array,
    /// Values in a row, with or without white space between them: a pretty-printed event, or
    /// several, or several on one line.
    Values,
}

impl Shape {
    /// The shape of a text, by its first value: `[` begins an array. A value that is alone on
    /// its line begins lines. One that is spread over lines, or has another one behind it on
    /// its line, begins values. If the first value doesn't end, an object at the start of the
    /// second line tells lines of which the first is cut from a value that is cut.
    pub(crate) fn of(text: &[u8]) -> Shape {
        let text = without_mark(text).trim_ascii();
        if text.first() == Some(&b'[') {
            return Shape::Array;
        }
        let line = memchr(b'\n', text);
        let Some(end) = value_end(text) else {
            return match line {
                Some(line) if text[line..].trim_ascii_start().first() != Some(&b'{') => Shape::Values,
                _ => Shape::Lines,
            };
        };
        let is_spread = line.is_some_and(|line| line < end);
        let gap = &text[end..];
        let next = gap.iter().position(|byte| !byte.is_ascii_whitespace());
        let shares_line = next.is_some_and(|next| gap[next] == b'{' && !gap[..next].contains(&b'\n'));
        if is_spread || shares_line { Shape::Values } else { Shape::Lines }
    }
}

/// The text behind a byte order mark.
pub(crate) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// Where the first value ends: after the bracket that closes its first one, or with its
/// line if it has none. `None` if it doesn't end, or a text in it runs over a line's end.
pub(crate) fn value_end(text: &[u8]) -> Option<usize> {
    let mut value = Brackets::default();
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'\n' if value.in_text => return None,
            b'\n' if value.depth == 0 => return Some(at),
            _ => {}
        }
        if value.ends_with(*byte) {
            return Some(at + 1);
        }
    }
    None
}

/// How deep in brackets, and whether in a text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Brackets {
    depth: i64,
    in_text: bool,
    escaped: bool,
}

impl Brackets {
    /// Takes one more byte; true when it closes the first bracket.
    #[inline]
    pub(crate) fn ends_with(&mut self, byte: u8) -> bool {
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth -= 1;
                return self.depth <= 0;
            }
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_recognised_by_the_first_value() {
        let check = |text: &str, expect| assert_eq!(Shape::of(text.as_bytes()), expect, "{text:?}");
        for lines in [
            "",
            "{}",
            " \n{\"a\":1}\n\n",
            "{}\n{}",
            "\u{FEFF}{}\n{}",
            "{\"a\":{}}\r\n\r\n{}\r\n",
            "{\"a\":\"}\\\"{\"}\nnonsense",
            "{\"cut\":\n{\"a\":1}\n",
            "{\"a\":\n{\"b\":1}\n",
            "null\n{}",
            "{\"cut\":\"x\n{}",
            "{} oops\n{}",
            "{}, {}\n",
            "oops",
        ] {
            check(lines, Shape::Lines);
        }
        for array in ["[]", "  [{}]", "[\n{}\n]", "\u{FEFF}[{}]", "[1]\n{}"] {
            check(array, Shape::Array);
        }
        for values in [
            "{\n  \"a\": 1\n}",
            "{\n}\n{\n}",
            "{\"a\": {\n\"b\": 1}}",
            "{}{}",
            "{} {}\n",
            "{}{}\n{}",
            "{\"a\": 1,\n\"b\":",
            "\u{FEFF}{\r\n\"a\":1}\r\n",
        ] {
            check(values, Shape::Values);
        }
    }
}
