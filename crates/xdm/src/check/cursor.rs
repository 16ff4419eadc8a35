//! Reads JSON tokens from a text, nothing more.
//!
//! The usual string has no escapes and is handed out as a slice. Its end is found 16
//! bytes at a time.

use crate::limits::DEPTH_MAX;
use crate::scan::{self, GAP_BYTES};

/// An event can't be read further. In a box, since it is rare: as a pointer, the result
/// of each of the many small steps of a walk stays in a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stop(Box<Cause>);

/// Why it can't.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Not JSON; `at` is a byte offset.
    Syntax { at: usize, what: &'static str },
    /// A limit was passed.
    Limit { what: &'static str, limit: usize, unit: &'static str },
}

impl Stop {
    #[cold]
    pub(super) fn syntax(at: usize, what: &'static str) -> Stop {
        Stop(Box::new(Cause::Syntax { at, what }))
    }

    #[cold]
    pub(super) fn limit(what: &'static str, limit: usize, unit: &'static str) -> Stop {
        Stop(Box::new(Cause::Limit { what, limit, unit }))
    }

    pub(super) fn cause(&self) -> &Cause {
        &self.0
    }
}

/// Gaps with white space of an event that counts as having none.
const GAPS_FEW: u32 = 4;

/// A position in a text.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    depth: usize,
    /// White space is to be expected.
    spaced: bool,
    /// Gaps with white space, as far as they were met.
    gaps: u32,
}

impl<'t> Cursor<'t> {
    /// `spaced` says whether white space is to be expected; it changes nothing but the speed.
    pub(super) fn new(text: &'t str, spaced: bool) -> Self {
        Cursor { text, bytes: text.as_bytes(), at: 0, depth: 0, spaced, gaps: 0 }
    }

    /// Whether white space is to be expected.
    #[inline]
    pub(super) fn is_spaced(&self) -> bool {
        self.spaced
    }

    /// Was there much white space so far?
    pub(super) fn had_gaps(&self) -> bool {
        self.gaps > GAPS_FEW
    }

    #[inline]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes to a place where a value begins or ends.
    pub(super) fn rewind(&mut self, at: usize) {
        self.at = at;
    }

    #[inline]
    pub(super) fn peek(&self) -> u8 {
        // NUL is no token, so it serves as "the end".
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    pub(super) fn rest(&self) -> &'t [u8] {
        &self.bytes[self.at..]
    }

    /// The text behind the opening quote of a property's name, which must be here.
    #[inline(always)]
    pub(super) fn name_rest(&self) -> Result<&'t [u8], Stop> {
        match self.bytes.get(self.at..) {
            Some([b'"', rest @ ..]) => Ok(rest),
            _ => Err(self.syntax("a property name in quotes is missing")),
        }
    }

    #[inline]
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// The text from `start` to here.
    #[inline]
    pub(super) fn since(&self, start: usize) -> &'t str {
        &self.text[start..self.at]
    }

    #[cold]
    pub(super) fn syntax(&self, what: &'static str) -> Stop {
        let what = if self.at >= self.bytes.len() { "the event ends too early" } else { what };
        Stop::syntax(self.at, what)
    }

    /// Skips white space.
    #[inline(always)]
    pub(super) fn space(&mut self) {
        if self.peek() <= b' ' {
            self.white_space();
        }
    }

    #[inline(never)]
    fn white_space(&mut self) {
        self.gaps += 1;
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    #[inline]
    pub(super) fn expect(&mut self, token: u8, what: &'static str) -> Result<(), Stop> {
        if self.peek() != token {
            return Err(self.syntax(what));
        }
        self.at += 1;
        Ok(())
    }

    /// Opens an object or array: its bracket and the space after it.
    #[inline]
    pub(super) fn open(&mut self) -> Result<(), Stop> {
        self.at += 1;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Stop::limit("the event is nested deeper than", DEPTH_MAX, "levels; flatten it"));
        }
        self.space();
        Ok(())
    }

    /// Closes it.
    #[inline]
    pub(super) fn close(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    /// After a member or item: true if another follows.
    #[inline(always)]
    pub(super) fn more(&mut self, end: u8) -> Result<bool, Stop> {
        self.space();
        let next = self.peek();
        if next == b',' {
            self.at += 1;
            self.space();
            return Ok(true);
        }
        if next == end {
            return Ok(false);
        }
        Err(self.syntax("a comma or a closing bracket is missing"))
    }

    /// The colon after a key and the space around it.
    #[inline(always)]
    pub(super) fn colon(&mut self) -> Result<(), Stop> {
        if self.peek() == b':' {
            self.at += 1;
        } else {
            self.space();
            self.expect(b':', "a colon is missing after a property name")?;
        }
        self.space();
        Ok(())
    }

    /// As [`colon`](Self::colon), where white space is likely.
    #[inline(always)]
    pub(super) fn colon_spaced(&mut self) -> Result<(), Stop> {
        match self.gap(b':') {
            Some((len, true)) => {
                self.at += len;
                // Line ends are left.
                self.space();
                Ok(())
            }
            _ => self.colon_slowly(),
        }
    }

    #[inline(never)]
    fn colon_slowly(&mut self) -> Result<(), Stop> {
        self.colon()
    }

    /// As [`more`](Self::more), where white space is likely.
    #[inline(always)]
    pub(super) fn more_spaced(&mut self, end: u8) -> Result<bool, Stop> {
        let Some((len, comma)) = self.gap(b',') else { return self.more_slowly(end) };
        self.at += len;
        if comma {
            self.space();
            return Ok(true);
        }
        if self.peek() == end { Ok(false) } else { self.more_slowly(end) }
    }

    #[inline(never)]
    fn more_slowly(&mut self, end: u8) -> Result<bool, Stop> {
        self.more(end)
    }

    /// White space around a token, if it can be known at once; doesn't move.
    #[inline(always)]
    fn gap(&mut self, token: u8) -> Option<(usize, bool)> {
        let (len, found) = scan::gap(self.rest().first_chunk::<GAP_BYTES>()?, token)?;
        self.gaps += u32::from(len > usize::from(found));
        Some((len, found))
    }

    /// Reads a string that has no escapes; `None` (and no move) if it has some.
    #[inline(always)]
    pub(super) fn plain_string(&mut self) -> Result<Option<&'t str>, Stop> {
        let start = self.at + 1;
        let end = start + special(&self.bytes[start..]);
        if self.bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(Some(&self.text[start..end]));
        }
        self.no_plain_string(end)
    }

    #[cold]
    fn no_plain_string(&mut self, end: usize) -> Result<Option<&'t str>, Stop> {
        match self.bytes.get(end) {
            Some(b'\\') => Ok(None),
            Some(_) => {
                self.at = end;
                Err(self.syntax("a control character stands in a string; escape it"))
            }
            None => {
                self.at = end;
                Err(self.syntax("a string does not end"))
            }
        }
    }

    /// Goes to the quote or backslash that comes next in a string, and says which it is.
    #[inline]
    pub(super) fn seek_special(&mut self) -> Result<u8, Stop> {
        self.at += special(self.rest());
        match self.peek() {
            found @ (b'"' | b'\\') => Ok(found),
            _ => Err(self.syntax("a control character stands in a string; escape it")),
        }
    }

    /// Skips a string, checking its escapes.
    pub(super) fn skip_string(&mut self) -> Result<&'t str, Stop> {
        let start = self.at;
        self.at += 1;
        while self.seek_special()? != b'"' {
            self.at += self.escape_len()?;
        }
        self.at += 1;
        Ok(self.since(start))
    }

    /// Length of the escape here: 2, or 6 for `\uXXXX`.
    pub(super) fn escape_len(&self) -> Result<usize, Stop> {
        let rest = self.rest();
        match rest.get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
            Some(b'u') if rest.get(2..6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) => Ok(6),
            _ => Err(self.syntax("an escape in a string is not one of JSON's")),
        }
    }

    /// Skips any value, checking its syntax; gives its text.
    pub(super) fn skip_value(&mut self) -> Result<&'t str, Stop> {
        let start = self.at;
        match self.peek() {
            b'"' => {
                self.skip_string()?;
            }
            b'{' => {
                self.open()?;
                let mut more = self.peek() != b'}';
                while more {
                    if self.peek() != b'"' {
                        return Err(self.syntax("a property name in quotes is missing"));
                    }
                    self.skip_string()?;
                    self.colon()?;
                    self.skip_value()?;
                    more = self.more(b'}')?;
                }
                self.close();
            }
            b'[' => {
                self.open()?;
                let mut more = self.peek() != b']';
                while more {
                    self.skip_value()?;
                    more = self.more(b']')?;
                }
                self.close();
            }
            b'-' | b'0'..=b'9' => self.skip_number()?,
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            b'n' => self.word(b"null")?,
            _ => return Err(self.syntax("a value is missing")),
        }
        Ok(self.since(start))
    }

    /// `true`, `false` or `null`.
    #[inline]
    pub(super) fn word(&mut self, word: &'static [u8]) -> Result<(), Stop> {
        if !self.rest().starts_with(word) {
            return Err(self.syntax("a value is missing"));
        }
        self.at += word.len();
        Ok(())
    }
}

/// Bytes before the first quote, backslash or control byte, or all of them.
#[inline]
pub(super) fn special(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<32>()) {
        let found = scan::special(chunk);
        if found < 32 {
            return at + found;
        }
        at += 32;
    }
    let tail = bytes.get(at..).unwrap_or_default();
    at + tail.iter().position(|b| *b == b'"' || *b == b'\\' || *b < 0x20).unwrap_or(tail.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_special_bytes_everywhere() {
        for len in 0..70 {
            let plain = vec![b'a'; len];
            assert_eq!(special(&plain), len);
            for at in 0..len {
                for b in [b'"', b'\\', 0, 0x1f] {
                    let mut bytes = plain.clone();
                    bytes[at] = b;
                    assert_eq!(special(&bytes), at, "{b} at {at} of {len}");
                }
                let mut bytes = plain.clone();
                bytes[at] = if at % 2 == 0 { 0x20 } else { 0xff };
                assert_eq!(special(&bytes), len);
            }
        }
    }
}
