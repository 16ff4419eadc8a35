//! Which names an object had so far, so that one that comes twice is reported.
//!
//! Declared names have a bit each; this is about the others. Most objects have none or a
//! few, which are compared one by one; an object with many gets a set, so that the time
//! for an event grows with its length and not with its square.

use std::collections::HashSet;

use crate::limits::MEMBERS_MAX;

/// Names of an object that are compared one by one.
const COMPARED_MAX: usize = 32;
/// A set that one event blew up is given back above this.
const SET_NAMES_KEPT: usize = 4096;

/// What is known of a name.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noted {
    New,
    Again,
    /// The object has as many as it may have.
    TooMany,
}

/// A name, as far as it is distinguished from others: 64 bits of hash, and its length.
type Print = (u64, usize);

/// Undeclared names of the objects that are open, innermost last.
#[derive(Debug, Default)]
pub(super) struct SeenNames {
    names: Vec<Print>,
    /// Names of objects with many: which object, and the name.
    many: HashSet<(usize, Print)>,
    /// Objects with many names that are open: where their names begin, and their number.
    large: Vec<(usize, usize)>,
    /// Objects with many names so far.
    numbered: usize,
}

impl SeenNames {
    /// Where the names of an object begin that is opened now.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Forgets the names of an object that is closed.
    pub(super) fn truncate(&mut self, start: usize) {
        self.names.truncate(start);
        while self.large.last().is_some_and(|(from, _)| *from >= start) {
            self.large.pop();
        }
    }

    /// Begins another event.
    pub(super) fn clear(&mut self) {
        self.names.clear();
        self.large.clear();
        if self.numbered > 0 {
            self.numbered = 0;
            if self.many.capacity() > SET_NAMES_KEPT { self.many = HashSet::new() } else { self.many.clear() }
        }
    }

    /// Notes a name of the innermost object, whose names begin at `start`.
    pub(super) fn note(&mut self, start: usize, name: &str) -> Noted {
        let count = self.names.len() - start;
        if count >= MEMBERS_MAX {
            return Noted::TooMany;
        }
        let print = (fingerprint(name), name.len());
        let is_known = if count < COMPARED_MAX {
            self.names[start..].contains(&print)
        } else {
            let object = self.number_of(start);
            !self.many.insert((object, print))
        };
        if is_known {
            return Noted::Again;
        }
        self.names.push(print);
        Noted::New
    }

    /// The number of an object with many names, which are put into the set the first time.
    fn number_of(&mut self, start: usize) -> usize {
        if let Some((from, object)) = self.large.last()
            && *from == start
        {
            return *object;
        }
        let object = self.numbered;
        self.numbered += 1;
        self.large.push((start, object));
        self.many.extend(self.names[start..].iter().map(|print| (object, *print)));
        object
    }
}

/// As FNV-1a, eight bytes at a time and with the high bits brought down, where a multiplication leaves them. Two names
/// that look alike would be reported as one that comes twice; among a thousand that has a chance of one in 10^13.
fn fingerprint(name: &str) -> u64 {
    let mix = |hash: u64, word: [u8; 8]| {
        let mixed = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ mixed >> 32
    };
    let (words, rest) = name.as_bytes().as_chunks();
    let hash = words.iter().fold(0xcbf2_9ce4_8422_2325, |hash, word| mix(hash, *word));
    // Zeros at the end tell nothing; the length, which is compared too, does.
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(hash, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_new_once_in_its_object_however_many_there_are() {
        let mut seen = SeenNames::default();
        for _event in 0..2 {
            let outer = seen.len();
            for n in 0..COMPARED_MAX * 3 {
                assert_eq!(seen.note(outer, &format!("n{n}")), Noted::New);
                let inner = seen.len();
                for m in 0..COMPARED_MAX * 2 {
                    assert_eq!(seen.note(inner, &format!("n{m}")), Noted::New, "{m} in {n}");
                    assert_eq!(seen.note(inner, &format!("n{m}")), Noted::Again);
                }
                seen.truncate(inner);
                assert_eq!(seen.note(outer, &format!("n{n}")), Noted::Again);
                assert_eq!(seen.note(outer, "n0"), Noted::Again);
            }
            assert!(seen.many.len() <= COMPARED_MAX * 3 * (COMPARED_MAX * 2 + 1));
            seen.clear();
            assert!(seen.many.is_empty() && seen.large.is_empty());
        }
    }

    #[test]
    fn an_object_has_so_many_and_no_more() {
        let mut seen = SeenNames::default();
        for n in 0..MEMBERS_MAX {
            assert_eq!(seen.note(0, &n.to_string()), Noted::New);
        }
        assert_eq!(seen.note(0, "one more"), Noted::TooMany);
        assert_eq!(seen.note(MEMBERS_MAX, "of another object"), Noted::New);
    }
}
