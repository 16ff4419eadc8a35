//! Where a JSON value ends, found without recursion.
//!
//! An event that passes a limit is left before its end, and its neighbours in an array
//! are still to be read. So the end is found by strings and brackets alone, in one pass,
//! however deep the nesting. Each bracket must close its own kind; what else is wrong
//! inside such a value doesn't matter, since it is rejected whole.

use super::cursor::special;

/// The end of the JSON value at the start of `text`, white space before it passed over:
/// the offset behind its last byte. `None` if it doesn't end, or can't be JSON.
pub fn value_end(text: &[u8]) -> Option<usize> {
    let start = text.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))?;
    match text[start] {
        b'"' => string_end(text, start),
        b'{' | b'[' => bracket_end(text, start),
        _ => Some(
            text[start..].iter().position(|byte| b",:]} \t\r\n".contains(byte)).map_or(text.len(), |at| start + at),
        ),
    }
}

/// Behind the string whose opening quote is at `from`.
fn string_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        at += special(text.get(at..)?);
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => return None,
        }
    }
}

/// Behind the bracket that closes the one at `from`.
fn bracket_end(text: &[u8], from: usize) -> Option<usize> {
    let mut open = Open::default();
    let mut at = from;
    loop {
        match text.get(at)? {
            b'"' => {
                at = string_end(text, at)?;
                continue;
            }
            b'{' => open.push(true),
            b'[' => open.push(false),
            close @ (b'}' | b']') => {
                if open.pop() != Some(*close == b'}') {
                    return None;
                }
                if open.depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// The brackets that are open, a bit each: set for an object.
#[derive(Default)]
struct Open {
    kinds: Vec<u64>,
    depth: usize,
}

impl Open {
    fn push(&mut self, is_object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.kinds.len() {
            self.kinds.push(0);
        }
        self.kinds[word] = self.kinds[word] & !(1 << bit) | u64::from(is_object) << bit;
        self.depth += 1;
    }

    fn pop(&mut self) -> Option<bool> {
        self.depth = self.depth.checked_sub(1)?;
        Some(self.kinds[self.depth / 64] >> (self.depth % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn finds_the_end_or_says_that_there_is_none() {
        let check = |text: &str, expect: Option<usize>| assert_eq!(value_end(text.as_bytes()), expect, "{text}");
        check("{}", Some(2));
        check(" {\"a\":\"}\\\"]\"} ,{}", Some(13));
        check("[1,[2,{\"x\":[]}]],7", Some(16));
        check("12 ", Some(2));
        check("true]", Some(4));
        check("\"a,\" ", Some(4));
        check("", None);
        check("  ", None);
        check("{", None);
        check("[}", None);
        check("{\"a\":[}]", None);
        check("\"a", None);
        check("\"a\\", None);
        check("[\"\u{1}\"]", None);
        let deep = 3_000_000;
        let nested = "[{\"a\":".repeat(deep) + &"}]".repeat(deep);
        assert_eq!(value_end(nested.as_bytes()), Some(nested.len()));
    }

    proptest! {
        #[test]
        fn agrees_with_a_parser(text in " {0,2}[\\[{][\\[\\]{}\",:\\\\a1 ]{0,24}") {
            let mut parser = serde_json::Deserializer::from_str(&text).into_iter::<Box<RawValue>>();
            if let Some(Ok(value)) = parser.next() {
                let lead = text.len() - text.trim_ascii_start().len();
                prop_assert_eq!(value_end(text.as_bytes()), Some(lead + value.get().len()));
            }
        }
    }
}
