//! Property names of one object, found fast.
//!
//! In practice the keys of an object come in the order of the last event, so the
//! checker remembers "after this name came that one" and first compares the bytes with
//! that single guess; a miss falls back to a small hash. Both spellings of a name lead
//! to the same child; a namespace in platform spelling (`_schema`) leads to a table of
//! its own.

use crate::layout::StructSlot;

/// Longest name that the guess compares at once, in bytes with the closing quote.
const GUESS_BYTES_MAX: usize = 32;

/// Set when a name was read in the schema's spelling (`xdm:chatStart`).
pub(crate) const SPELLED_XDM: u8 = 1;
/// Set when a name was read in platform spelling (`chatStart`).
pub(crate) const SPELLED_PLATFORM: u8 = 2;

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A declared child, by index.
    Child(u16),
    /// A namespace in platform spelling, by index into [`NameTable::groups`].
    Group(u16),
}

#[derive(Debug)]
pub(crate) struct Name {
    text: Box<str>,
    /// The name and its closing quote, for the guess; zero mask when too long.
    guess: [u128; 2],
    mask: [u128; 2],
    pub(crate) target: Target,
    pub(crate) spelling: u8,
}

impl Name {
    fn new(text: &str, target: Target, spelling: u8) -> Self {
        let mut bytes = [0u8; GUESS_BYTES_MAX];
        let mut mask = [0u8; GUESS_BYTES_MAX];
        if text.len() < GUESS_BYTES_MAX {
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            bytes[text.len()] = b'"';
            mask[..=text.len()].fill(0xff);
        }
        Name { text: text.into(), guess: halves(&bytes), mask: halves(&mask), target, spelling }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Bytes from the name's start past its closing quote.
    #[inline]
    pub(crate) fn quoted_len(&self) -> usize {
        self.text.len() + 1
    }

    /// Do these bytes begin with the name and a closing quote?
    #[inline]
    pub(crate) fn begins(&self, bytes: &[u8]) -> bool {
        if self.mask[0] != 0
            && let Some(head) = bytes.first_chunk::<GUESS_BYTES_MAX>()
        {
            self.is_head_of(halves(head))
        } else {
            bytes.get(self.text.len()) == Some(&b'"') && bytes.starts_with(self.text.as_bytes())
        }
    }
}

impl Name {
    /// As [`begins`](Self::begins), for a name that isn't too long to be guessed.
    #[inline]
    fn is_head_of(&self, head: [u128; 2]) -> bool {
        ((head[0] ^ self.guess[0]) & self.mask[0]) | ((head[1] ^ self.guess[1]) & self.mask[1]) == 0
    }
}

#[inline]
fn halves(bytes: &[u8; GUESS_BYTES_MAX]) -> [u128; 2] {
    let half = |at: usize| {
        let mut part = [0u8; 16];
        part.copy_from_slice(&bytes[at..at + 16]);
        u128::from_le_bytes(part)
    };
    [half(0), half(16)]
}

/// A namespace in platform spelling.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) table: NameTable,
    pub(crate) slot: Option<StructSlot>,
}

/// The names of one object (or of one namespace inside it).
#[derive(Debug, Default)]
pub(crate) struct NameTable {
    names: Vec<Name>,
    /// Open addressing, power of two; 0 = empty, else index + 1.
    buckets: Box<[u16]>,
    pub(crate) groups: Vec<Group>,
    /// First prediction cell of this table; it has `names.len() + 1` cells.
    pub(crate) cells: usize,
}

impl NameTable {
    pub(crate) fn push(&mut self, text: &str, target: Target, spelling: u8) {
        if let Some(known) = self.names.iter_mut().find(|name| &*name.text == text) {
            known.spelling |= spelling;
        } else {
            self.names.push(Name::new(text, target, spelling));
        }
    }

    /// Is the name there already, before the table is sealed?
    pub(crate) fn find_unsealed(&self, text: &str) -> bool {
        self.names.iter().any(|name| &*name.text == text && name.spelling & SPELLED_PLATFORM != 0)
    }

    /// Builds the hash and gives this table and those inside it their prediction cells.
    pub(crate) fn seal(&mut self, cells: &mut usize) {
        for name in &mut self.names {
            // A name that is spelled alike in both says nothing about the event's spelling.
            if name.spelling == SPELLED_XDM | SPELLED_PLATFORM {
                name.spelling = 0;
            }
        }
        let size = (self.names.len() * 2 + 1).next_power_of_two();
        let mut buckets = vec![0u16; size].into_boxed_slice();
        for (at, name) in self.names.iter().enumerate() {
            let mut slot = hash_of(name.text.as_bytes()) & (size - 1);
            while buckets[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            buckets[slot] = u16::try_from(at + 1).unwrap_or(u16::MAX);
        }
        self.buckets = buckets;
        self.cells = *cells;
        *cells += self.names.len() + 1;
        for group in &mut self.groups {
            group.table.seal(cells);
        }
    }

    #[inline]
    pub(crate) fn name(&self, at: u16) -> Option<&Name> {
        self.names.get(at as usize)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Name> {
        self.names.iter()
    }

    /// Finds the name that these bytes begin with, up to its closing quote. `None` also
    /// where it can't be told at once: the name is long, or the text is near its end.
    #[inline]
    pub(crate) fn find_quoted(&self, bytes: &[u8]) -> Option<(u16, &Name)> {
        let head = halves(bytes.first_chunk::<GUESS_BYTES_MAX>()?);
        let len = match quote_in(head[0]) {
            at @ 0..16 => at,
            _ => 16 + quote_in(head[1]),
        };
        if len >= GUESS_BYTES_MAX || self.buckets.is_empty() {
            return None;
        }
        let size = self.buckets.len();
        let first = if len < 16 { head[0] & !(u128::MAX << (8 * len)) } else { head[0] };
        let mut slot = hash(first, len) & (size - 1);
        loop {
            let at = self.buckets[slot].checked_sub(1)?;
            let name = &self.names[usize::from(at)];
            // A long one has no mask and would match anything.
            if name.mask[0] != 0 && name.is_head_of(head) {
                return Some((at, name));
            }
            slot = (slot + 1) & (size - 1);
        }
    }

    /// Finds a name by hash.
    pub(crate) fn find(&self, text: &[u8]) -> Option<u16> {
        let size = self.buckets.len();
        if size == 0 {
            return None;
        }
        let mut slot = hash_of(text) & (size - 1);
        loop {
            let at = self.buckets[slot].checked_sub(1)?;
            if self.names[at as usize].text.as_bytes() == text {
                return Some(at);
            }
            slot = (slot + 1) & (size - 1);
        }
    }
}

/// Length and the first 16 bytes of the name, zeros behind a shorter one: enough to tell
/// the few dozen names of one object apart; a collision costs one more comparison. Senders
/// can't add names, so there is nothing to attack.
#[inline]
fn hash(first: u128, len: usize) -> usize {
    let (low, high) = (first as u64, (first >> 64) as u64);
    let mixed = (low ^ high.rotate_left(23) ^ (len as u64) << 56).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize
}

fn hash_of(text: &[u8]) -> usize {
    let mut first = [0u8; 16];
    let take = text.len().min(16);
    first[..take].copy_from_slice(&text[..take]);
    hash(u128::from_le_bytes(first), text.len())
}

/// Place of the first quote in 16 bytes; 16 when there is none.
#[inline]
fn quote_in(bytes: u128) -> usize {
    const ONES: u128 = u128::MAX / 0xff;
    let zero_where_quote = bytes ^ (ONES * b'"' as u128);
    // The lowest set bit is exact; those above it may not be.
    let found = zero_where_quote.wrapping_sub(ONES) & !zero_where_quote & (ONES << 7);
    found.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_found_at_each_place() {
        for place in 0..16 {
            // Neighbours of the quote's value, and a second one, must not mislead.
            for others in [0x21, 0x23, 0x00, 0xff, 0xa2] {
                let mut bytes = [others; 16];
                assert_eq!(quote_in(u128::from_le_bytes(bytes)), 16);
                bytes[place] = b'"';
                bytes[15] = b'"';
                assert_eq!(quote_in(u128::from_le_bytes(bytes)), place);
            }
        }
    }

    #[test]
    fn finds_names_in_both_ways() {
        let mut table = NameTable::default();
        let long = "aNameThatIsLongerThanTheGuessCanCompare";
        for (at, name) in ["xdm:chatStart", "chatStart", long, "a"].iter().enumerate() {
            table.push(name, Target::Child(at as u16), SPELLED_XDM);
        }
        let mut cells = 3;
        table.seal(&mut cells);
        assert_eq!((table.cells, cells), (3, 8));
        for name in ["xdm:chatStart", "chatStart", long, "a"] {
            let at = table.find(name.as_bytes()).expect("known");
            let name = table.name(at).expect("in range");
            let check = |tail: &str, expect: bool| {
                let text = format!("{}{tail}", name.text());
                assert_eq!(name.begins(text.as_bytes()), expect, "{text}");
                assert_eq!(name.begins(format!("{text}{}", " ".repeat(40)).as_bytes()), expect, "{text} and more");
            };
            check("\":1", true);
            check("\"", true);
            check("s\":1", false);
            check("", false);
        }
        for (text, expect) in [
            ("xdm:chatStart\": 1, and so on until it is long enough", Some("xdm:chatStart")),
            ("a\":\"b\",\"c\":1, and so on until it is long enough", Some("a")),
            ("chatStart", None),
            ("chatStar\": 1, and so on until it is long enough", None),
            ("\": 1, and so on until it is really long enough", None),
            ("aNameThatIsLongerThanTheGuessCanCompare\": 1, and so on", None),
            ("no quote in all of these many and more bytes", None),
        ] {
            assert_eq!(table.find_quoted(text.as_bytes()).map(|(_, name)| name.text()), expect, "{text}");
        }
        assert_eq!(table.find(b"chatStar"), None);
        assert_eq!(table.find(b""), None);
    }
}
