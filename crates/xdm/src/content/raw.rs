//! The value of a JSON text without a plan: members in any order, escapes undone.

use xxhash_rust::xxh3::xxh3_64_with_secret;

use super::number::{Decimal, read};
use super::{CONTENT_SECRET_BYTES, mix};
use crate::check::push_escape;
use crate::limits::DEPTH_MAX;

/// Separates kinds of values.
const TEXT: u64 = 0x1656_67b1_9e37_79f9;
const INTEGER: u64 = 0x27d4_eb2f_1656_67c5;
const DECIMAL: u64 = 0x85eb_ca77_c2b2_ae63;
const WORD: u64 = 0xc2b2_ae3d_27d4_eb4f;
const OBJECT: u64 = 0x165e_67b1_9e37_79f9;
const LIST: u64 = 0xd6e8_feb8_6659_fd93;

/// The value of a text that is one JSON value; `None` if it is not.
pub(super) fn whole(secret: &[u8; CONTENT_SECRET_BYTES], text: &[u8]) -> Option<u64> {
    let mut reader = Reader { secret, text: std::str::from_utf8(text).ok()?, at: 0, depth: 0 };
    reader.space();
    let value = reader.value()?;
    reader.space();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'a> {
    secret: &'a [u8; CONTENT_SECRET_BYTES],
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    fn hash(&self, bytes: &[u8]) -> u64 {
        xxh3_64_with_secret(bytes, self.secret)
    }

    fn value(&mut self) -> Option<u64> {
        match self.peek() {
            b'"' => Some(mix(self.string()?, TEXT)),
            b'{' => self.object(),
            b'[' => self.list(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true", 1),
            b'f' => self.word("false", 2),
            b'n' => self.word("null", 3),
            _ => None,
        }
    }

    fn word(&mut self, word: &str, number: u64) -> Option<u64> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            mix(number, WORD)
        })
    }

    fn number(&mut self) -> Option<u64> {
        let rest = &self.text[self.at..];
        let belongs = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        let len = rest.bytes().position(|byte| !belongs(byte)).unwrap_or(rest.len());
        self.at += len;
        Some(match read(&rest[..len])? {
            Decimal::Integer(value) => mix(value.cast_unsigned(), INTEGER),
            Decimal::Other { negative, digits, scale } => {
                let number = self.hash(digits.as_bytes()) ^ u64::from(negative);
                mix(mix(number, scale.cast_unsigned()), DECIMAL)
            }
        })
    }

    /// The hash of a string's characters.
    fn string(&mut self) -> Option<u64> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.text.as_bytes().get(self.at)? {
                b'"' => break,
                b'\\' => return self.escaped(start),
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(self.hash(&self.text.as_bytes()[start..self.at - 1]))
    }

    #[cold]
    fn escaped(&mut self, start: usize) -> Option<u64> {
        let bytes = self.text.as_bytes();
        let mut plain = bytes[start..self.at].to_vec();
        loop {
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => {
                    let rest = &bytes[self.at..];
                    let well_formed = match rest.get(1)? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => true,
                        b'u' => rest.get(2..6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
                        _ => false,
                    };
                    if !well_formed {
                        return None;
                    }
                    self.at += push_escape(rest, &mut plain);
                }
                0..0x20 => return None,
                byte => {
                    plain.push(*byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Some(self.hash(&plain))
    }

    fn open(&mut self) -> Option<()> {
        self.depth += 1;
        self.at += 1;
        self.space();
        (self.depth <= DEPTH_MAX * 2).then_some(())
    }

    /// After a member or item: whether another follows.
    fn more(&mut self, end: u8) -> Option<bool> {
        self.space();
        let next = self.peek();
        self.at += 1;
        if next == b',' {
            self.space();
            return Some(true);
        }
        self.depth -= 1;
        (next == end).then_some(false)
    }

    fn object(&mut self) -> Option<u64> {
        self.open()?;
        let (mut sum, mut count) = (0u64, 0u64);
        let mut more = self.peek() != b'}';
        if !more {
            self.at += 1;
            self.depth -= 1;
        }
        while more {
            if self.peek() != b'"' {
                return None;
            }
            let name = self.string()?;
            self.space();
            if self.peek() != b':' {
                return None;
            }
            self.at += 1;
            self.space();
            let value = self.value()?;
            // Added up, so that the order doesn't count.
            sum = sum.wrapping_add(mix(name, value));
            count += 1;
            more = self.more(b'}')?;
        }
        Some(mix(sum ^ count, OBJECT))
    }

    fn list(&mut self) -> Option<u64> {
        self.open()?;
        let mut sum = LIST;
        let mut more = self.peek() != b']';
        if !more {
            self.at += 1;
            self.depth -= 1;
        }
        while more {
            let value = self.value()?;
            sum = mix(sum, value).wrapping_add(LIST);
            more = self.more(b']')?;
        }
        Some(mix(sum, LIST))
    }
}
