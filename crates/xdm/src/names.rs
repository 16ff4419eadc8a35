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
            let head = halves(head);
            ((head[0] ^ self.guess[0]) & self.mask[0]) | ((head[1] ^ self.guess[1]) & self.mask[1]) == 0
        } else {
            bytes.get(self.text.len()) == Some(&b'"') && bytes.starts_with(self.text.as_bytes())
        }
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
            let mut slot = hash(name.text.as_bytes()) & (size - 1);
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

    /// Finds a name by hash.
    pub(crate) fn find(&self, text: &[u8]) -> Option<u16> {
        let size = self.buckets.len();
        if size == 0 {
            return None;
        }
        let mut slot = hash(text) & (size - 1);
        loop {
            let at = self.buckets[slot].checked_sub(1)?;
            if self.names[at as usize].text.as_bytes() == text {
                return Some(at);
            }
            slot = (slot + 1) & (size - 1);
        }
    }
}

/// Length and both ends of the name: enough to tell the few dozen names of one object
/// apart; a collision costs one more comparison. Senders can't add names, so there is
/// nothing to attack.
#[inline]
fn hash(text: &[u8]) -> usize {
    let end = |bytes: &[u8]| {
        let mut word = [0u8; 8];
        let take = bytes.len().min(8);
        word[..take].copy_from_slice(&bytes[bytes.len() - take..]);
        u64::from_le_bytes(word)
    };
    let middle = text.get(text.len() / 2).copied().unwrap_or(0);
    let mixed = (end(text) ^ (text.len() as u64) << 56 ^ u64::from(middle) << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(table.find(b"chatStar"), None);
        assert_eq!(table.find(b""), None);
    }
}
