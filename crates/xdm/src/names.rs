//! Property names of one object, found fast.
//!
//! In practice the keys of an object come in the order of the last event, so the
//! checker remembers "after this name came that one" and first compares the bytes with
//! that single guess; a miss falls back to a small hash. Both spellings of a name lead
//! to the same child; a namespace in platform spelling (`_schema`) leads to a table of
//! its own.

use crate::layout::StructSlot;
use crate::plan::NodeId;
use crate::scan;

/// Longest name that the guess compares at once, in bytes with the closing quote.
const GUESS_BYTES_MAX: usize = 32;

/// Multipliers that are tried for one size of a table.
const SPREAD_ATTEMPTS: u64 = 64;
/// Largest table of names, as a power of two.
const SPREAD_BITS_MAX: u32 = 14;

/// Set when a name was read in the schema's spelling (`xdm:chatStart`).
pub(crate) const SPELLED_XDM: u8 = 1;
/// Set when a name was read in platform spelling (`chatStart`).
pub(crate) const SPELLED_PLATFORM: u8 = 2;

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A declared child, by index.
    Child(u16),
    /// The same, where nothing is to be done but to check the value: along [`Name::node`].
    Plain(u16),
    /// A namespace in platform spelling, by index into [`NameTable::groups`].
    Group(u16),
}

/// One cache line, since names are looked up in any order.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Name {
    /// The name and its closing quote, to be compared at once; nothing that is UTF-8 if the
    /// name is too long.
    guess: [u8; GUESS_BYTES_MAX],
    /// The bytes of `guess` that count, as bits.
    bits: u32,
    /// Of a plain child only.
    pub(crate) node: NodeId,
    pub(crate) target: Target,
    pub(crate) spelling: u8,
    text: Box<str>,
}

// What is behind one name fits the line.
const _: () = assert!(size_of::<Name>() == 64);

impl Name {
    fn new(text: &str, target: Target, spelling: u8) -> Self {
        let (mut guess, mut bits) = ([0xff; GUESS_BYTES_MAX], u32::MAX);
        if text.len() < GUESS_BYTES_MAX {
            guess[..text.len()].copy_from_slice(text.as_bytes());
            guess[text.len()] = b'"';
            bits >>= GUESS_BYTES_MAX - 1 - text.len();
        }
        Name { guess, bits, node: 0, target, spelling, text: text.into() }
    }

    fn is_short(&self) -> bool {
        self.text.len() < GUESS_BYTES_MAX
    }

    #[inline]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Its length in bytes.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Do these bytes begin with the name and a closing quote? A long name is never found
    /// this way.
    #[inline]
    pub(crate) fn begins(&self, bytes: &[u8]) -> bool {
        match bytes.first_chunk() {
            Some(head) => self.begins_head(head),
            None => self.begins_at_end(bytes),
        }
    }

    #[inline]
    fn begins_head(&self, head: &[u8; GUESS_BYTES_MAX]) -> bool {
        !scan::equal(head, &self.guess) & self.bits == 0
    }

    fn begins_at_end(&self, bytes: &[u8]) -> bool {
        bytes.get(self.text.len()) == Some(&b'"') && bytes.starts_with(self.text.as_bytes())
    }
}

/// A namespace in platform spelling.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) table: NameTable,
    pub(crate) slot: Option<StructSlot>,
}

/// A name that was looked up.
#[derive(Debug)]
pub(crate) struct Found<'t> {
    pub(crate) at: u16,
    pub(crate) name: &'t Name,
    /// Bytes of the name.
    pub(crate) len: usize,
}

/// The names of one object (or of one namespace inside it). What a look-up needs comes first, in a cache line.
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct NameTable {
    names: Vec<Name>,
    /// First prediction cell of this table; it has `names.len() + 1` cells.
    pub(crate) cells: usize,
    /// Names that can be guessed, each at a place of its own; `u16::MAX` is none.
    direct: Box<[u16]>,
    multiplier: u64,
    shift: u32,
    /// Each name that can be guessed has its place in `direct`.
    is_spread: bool,
    /// Open addressing, power of two; 0 = empty, else index + 1.
    buckets: Box<[u16]>,
    pub(crate) groups: Vec<Group>,
}

const _: () = assert!(std::mem::offset_of!(NameTable, buckets) <= 64);

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

    /// Marks the names of children whose value needs nothing but being checked.
    pub(crate) fn note_plain(&mut self, plain: &impl Fn(u16) -> Option<NodeId>) {
        for name in &mut self.names {
            if let Target::Child(child) = name.target
                && let Some(node) = plain(child)
            {
                (name.target, name.node) = (Target::Plain(child), node);
            }
        }
        for group in &mut self.groups {
            group.table.note_plain(plain);
        }
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
        self.spread();
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
    /// where it can't be known at once: the name is long, or the text is near its end.
    #[inline]
    pub(crate) fn find_quoted(&self, bytes: &[u8]) -> Option<Found<'_>> {
        let head = bytes.first_chunk::<GUESS_BYTES_MAX>()?;
        let len = scan::quote(head);
        if len >= GUESS_BYTES_MAX {
            return None;
        }
        let at = *self.direct.get(self.place(head, len))?;
        let name = self.names.get(usize::from(at))?;
        name.begins_head(head).then_some(Found { at, name, len })
    }

    /// Is a name without escapes, at the start of these bytes and of this length, none of the table's if
    /// [`find_quoted`](Self::find_quoted) hasn't found it?
    #[inline]
    pub(crate) fn finds_at_once(&self, bytes: &[u8], len: usize) -> bool {
        self.is_spread && len < GUESS_BYTES_MAX && bytes.len() >= GUESS_BYTES_MAX
    }

    /// As [`find_quoted`](Self::find_quoted) for a decoded name, behind which it writes.
    pub(crate) fn find_closed(&self, name: &mut String) -> Option<u16> {
        const BEHIND: &str = "\"                               ";
        const { assert!(BEHIND.len() == GUESS_BYTES_MAX) };
        let len = name.len();
        name.push_str(BEHIND);
        // A quote in the name itself would end it too early.
        self.find_quoted(name.as_bytes()).filter(|found| found.len == len).map(|found| found.at)
    }

    /// Place in `direct` of the name of this length at the start of `head`.
    #[inline]
    fn place(&self, head: &[u8; GUESS_BYTES_MAX], len: usize) -> usize {
        // What follows a short name is not part of it. An empty name is found in the slower way.
        let behind = (8 - len.min(8) as u32) * 8;
        let word = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&head[at..at + 8]);
            u64::from_le_bytes(bytes).wrapping_shl(behind)
        };
        let (first, last) = (word(0), word(len.max(8) - 8));
        let mixed = (first ^ last.rotate_left(23) ^ (len as u64) << 56).wrapping_mul(self.multiplier);
        (mixed >> self.shift) as usize
    }

    /// Finds a multiplier under which no two names that can be guessed share a place.
    /// Senders can't add names, so there is nothing to attack.
    fn spread(&mut self) {
        let short: Vec<(u16, [u8; GUESS_BYTES_MAX], usize)> = (0u16..)
            .zip(&self.names)
            .filter(|(_, name)| name.is_short())
            .map(|(at, name)| {
                let mut head = [0; GUESS_BYTES_MAX];
                head[..name.text.len()].copy_from_slice(name.text.as_bytes());
                (at, head, name.text.len())
            })
            .collect();
        let bits = (short.len() * 2).next_power_of_two().trailing_zeros().max(1);
        for attempt in 0u64.. {
            // A larger table now and then, until it has room for them.
            let bits = (bits + (attempt / SPREAD_ATTEMPTS) as u32).min(SPREAD_BITS_MAX);
            self.shift = 64 - bits;
            self.multiplier = (attempt + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
            let mut direct = vec![u16::MAX; 1 << bits].into_boxed_slice();
            let fits = short.iter().all(|(at, head, len)| {
                let place = self.place(head, *len);
                std::mem::replace(&mut direct[place], *at) == u16::MAX
            });
            // Beyond the largest table some names are found in the slower way.
            if fits || bits == SPREAD_BITS_MAX {
                self.is_spread = fits;
                self.direct = direct;
                return;
            }
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

/// Length and the first 16 bytes of the name, zeros behind a shorter one; a collision costs
/// one more comparison.
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
            let is_short = name.is_short();
            let check = |tail: &str, expect: bool| {
                let text = format!("{}{tail}", name.text());
                assert_eq!(name.begins(text.as_bytes()), expect && (is_short || text.len() < 32), "{text}");
                let longer = format!("{text}{}", " ".repeat(40));
                assert_eq!(name.begins(longer.as_bytes()), expect && is_short, "{text} and more");
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
            assert_eq!(table.find_quoted(text.as_bytes()).map(|found| found.name.text()), expect, "{text}");
        }
        assert_eq!(table.find(b"chatStar"), None);
        assert_eq!(table.find(b""), None);
    }

    #[test]
    fn a_table_finds_its_names_and_no_others() {
        // Of each length around the word, the guess and the hash's head; many that share begin or end.
        let mut names: Vec<String> = (1..40).map(|len| "n".repeat(len)).collect();
        names.extend((0..300).map(|at| format!("property{at}")));
        names.extend((0..300).map(|at| format!("{at}Property")));
        names.extend(["é", "日本", "a b", "a\"b", "xdm:é", "@id", "_id"].map(str::to_owned));
        let mut table = NameTable::default();
        for (at, name) in names.iter().enumerate() {
            table.push(name, Target::Child(at as u16), SPELLED_XDM);
        }
        table.seal(&mut 0);
        for (at, name) in names.iter().enumerate() {
            assert_eq!(table.find(name.as_bytes()), Some(at as u16), "{name}");
            let text = format!("{name}\":1,{}", "\"x\":2,".repeat(10));
            let quoted = table.find_quoted(text.as_bytes()).map(|found| (usize::from(found.at), found.len));
            let is_sure = table.finds_at_once(text.as_bytes(), name.len());
            assert!(quoted.is_some() || !is_sure || name.contains('"'), "{name}");
            // Long names, those with a quote and some of very many are found in the slower way.
            assert!(quoted.is_none_or(|found| found == (at, name.len())), "{name}: {quoted:?}");
            for other in [format!("{name}n\u{301}"), format!("x{name}"), name.to_uppercase() + "X", format!("{name}\0")]
            {
                assert_eq!(table.find(other.as_bytes()), None, "{other}");
            }
        }
    }

    #[test]
    fn an_empty_table_finds_nothing() {
        let mut table = NameTable::default();
        table.seal(&mut 0);
        for text in ["", "a", "a\":1", "\":1"] {
            assert_eq!(table.find(text.as_bytes()), None, "{text}");
            let long = format!("{text}{}", " ".repeat(64));
            assert!(table.find_quoted(long.as_bytes()).is_none(), "{text}");
        }
    }
}
