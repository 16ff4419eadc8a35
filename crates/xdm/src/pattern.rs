//! `pattern`: ECMA-262 regular expressions, unanchored, as XDM uses them.
//!
//! A pattern that is one anchored class with a count (`^[0-9]{1,3}?$`, `^[A-Z]{2}$`)
//! becomes a bitmap and two lengths; a literal prefix class (`^xdm:`) becomes a prefix;
//! everything else goes to `regex`. Look-around and back-references, which `regex` has
//! not, are refused when the schema is compiled.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use crate::limits::PATTERNS_BYTES_MAX;

/// Sizes of a regular expression that are tried, in bytes: the library says only whether one is
/// within a limit.
const SIZES: [usize; 3] = [1 << 17, 1 << 20, 1 << 22];

/// The patterns of one schema, each compiled once: composing asks for the same few
/// hundreds of times, and a regular expression takes half a millisecond.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    known: RefCell<HashMap<String, Result<Pattern, String>>>,
    /// What they take in memory at most, in bytes.
    bytes: Cell<usize>,
}

impl Patterns {
    /// The compiled form of `source`, or why it has none.
    pub(crate) fn get(&self, source: &str) -> Result<Pattern, String> {
        if let Some(known) = self.known.borrow().get(source) {
            return known.clone();
        }
        let pattern = match self.bytes.get() > PATTERNS_BYTES_MAX {
            true => Err(format!("all patterns together take more than {PATTERNS_BYTES_MAX} bytes")),
            false => Pattern::measured(source).map(|(pattern, bytes)| {
                self.bytes.set(self.bytes.get() + bytes);
                pattern
            }),
        };
        self.known.borrow_mut().insert(source.to_owned(), pattern.clone());
        pattern
    }
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    /// `^[class]{min,max}$` over ASCII.
    Run { members: [bool; 128], min: usize, max: usize },
    /// `^literal`.
    Prefix(Box<[u8]>),
    /// Anything else.
    Regex(Box<regex::Regex>),
}

impl Pattern {
    #[cfg(test)]
    fn new(source: &str) -> Result<Self, String> {
        Pattern::measured(source).map(|(pattern, _)| pattern)
    }

    /// The pattern, and the least of [`SIZES`] that it fits.
    fn measured(source: &str) -> Result<(Self, usize), String> {
        // In ECMA-262 `\d` and `\w` are ASCII and `\s` has a list of its own; literal
        // characters stay Unicode.
        let source = translated(source);
        let hir = regex_syntax::Parser::new().parse(&source).map_err(|e| e.to_string())?;
        if let Some(simple) = simple(&hir) {
            return Ok((simple, 0));
        }
        let mut outcome = Err(String::new());
        for size in SIZES {
            match regex::RegexBuilder::new(&source).size_limit(size).build() {
                Ok(regex) => return Ok((Pattern::Regex(Box::new(regex)), size)),
                Err(error) => outcome = Err(error.to_string()),
            }
        }
        outcome
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        match self {
            Pattern::Run { members, min, max } => {
                let bytes = text.as_bytes();
                (*min..=*max).contains(&bytes.len())
                    && bytes.iter().all(|&b| members.get(b as usize).copied().unwrap_or(false))
            }
            Pattern::Prefix(prefix) => text.as_bytes().starts_with(prefix),
            Pattern::Regex(regex) => regex.is_match(text),
        }
    }
}

/// What ECMA-262 calls white space, as members of a class.
const WHITE_SPACE: &str = r"\t\n\x0B\f\r\x{feff}\x{2028}\x{2029}\p{Zs}";

/// The same expression for `regex`: classes and escapes that ECMA-262 has otherwise.
fn translated(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + 16);
    let mut in_class = false;
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => escape(chars.next(), &mut chars, in_class, &mut out),
            '[' if in_class => out.push_str("\\["),
            c => {
                in_class = (in_class || c == '[') && c != ']';
                out.push(c);
            }
        }
    }
    out
}

/// Translates the escape of a character.
fn escape(escaped: Option<char>, rest: &mut std::str::Chars<'_>, in_class: bool, out: &mut String) {
    let mut class = |members: &str, is_negated: bool| match (in_class, is_negated) {
        (true, false) => out.push_str(members),
        (_, is_negated) => out.extend(["[", if is_negated { "^" } else { "" }, members, "]"]),
    };
    match escaped {
        Some(c @ ('d' | 'D')) => class("0-9", c == 'D'),
        Some(c @ ('w' | 'W')) => class("0-9A-Za-z_", c == 'W'),
        Some(c @ ('s' | 'S')) => class(WHITE_SPACE, c == 'S'),
        // `\cJ` is the control character at the letter's place in the alphabet.
        Some('c') => match rest.next() {
            Some(letter) if letter.is_ascii_alphabetic() => {
                out.push_str(&format!("\\x{{{:02x}}}", letter.to_ascii_uppercase() as u32 - 64));
            }
            other => out.extend(['\\', 'c'].into_iter().chain(other)),
        },
        // ECMA lets any punctuation be escaped.
        Some('/') => out.push('/'),
        other => out.extend(std::iter::once('\\').chain(other)),
    }
}

fn simple(hir: &Hir) -> Option<Pattern> {
    let HirKind::Concat(parts) = hir.kind() else { return None };
    if !matches!(parts.first()?.kind(), HirKind::Look(Look::Start)) {
        return None;
    }
    match parts.as_slice() {
        [_, literal] => match literal.kind() {
            HirKind::Literal(literal) => Some(Pattern::Prefix(literal.0.clone())),
            _ => None,
        },
        [_, class, end] if matches!(end.kind(), HirKind::Look(Look::End)) => run(class),
        _ => None,
    }
}

fn run(hir: &Hir) -> Option<Pattern> {
    let (class, min, max) = match hir.kind() {
        HirKind::Class(class) => (class, 1, 1),
        HirKind::Repetition(times) => match times.sub.kind() {
            HirKind::Class(class) => (class, times.min as usize, times.max.map_or(usize::MAX, |m| m as usize)),
            // `^([0-9]{1,3})?$` and the lazy `{1,3}?` parse to other shapes; let `regex` have them.
            _ => return None,
        },
        _ => return None,
    };
    let Class::Unicode(class) = class else { return None };
    let mut members = [false; 128];
    for range in class.iter() {
        if range.end() as u32 >= 128 {
            return None;
        }
        members[range.start() as usize..=range.end() as usize].fill(true);
    }
    Some(Pattern::Run { members, min, max })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_patterns_need_no_engine() {
        for source in ["^[0-9]{1,3}?$", "^[A-Z]{2}$", "^[a-z]+$", "^\\d*$"] {
            assert!(matches!(Pattern::new(source), Ok(Pattern::Run { .. })), "{source}");
        }
        assert!(matches!(Pattern::new("^xdm:"), Ok(Pattern::Prefix(_))));
    }

    #[test]
    fn agrees_with_the_language() {
        let check = |source: &str, text: &str, expect: bool| {
            assert_eq!(Pattern::new(source).expect("compiles").is_match(text), expect, "{source} on {text:?}");
        };
        check("^[0-9]{1,3}?$", "1", true);
        check("^[0-9]{1,3}?$", "123", true);
        check("^[0-9]{1,3}?$", "1684", false);
        check("^[0-9]{1,3}?$", "+1", false);
        check("^[0-9]{1,3}?$", "", false);
        check("^\\d+$", "١", false);
        check("([A-Z]{2}-[A-Z0-9]{1,3}|)", "anything", true);
        check("^[A-Z]{2}$", "US", true);
        check("^[A-Z]{2}$", "us", false);
        check(".+://.+", "https://x", true);
        check(".+://.+", "://", false);
        check("a\\/b", "xa/by", true);
        check("^xdm:", "xdm:foo", true);
        check("^xdm:", "foo", false);
        check("^\\cC$", "\u{3}", true);
        check("^\\D$", "١", true);
        check("^\\D$", "1", false);
        check("^\\W$", "é", true);
        check("^[\\s\\d]+$", " \u{feff}1", true);
        check("^\\S$", "\u{feff}", false);
        check("^[^\\S]$", " ", true);
        check("[[]", "[", true);
    }

    #[test]
    fn a_pattern_is_compiled_once() {
        let patterns = Patterns::default();
        for _ in 0..2 {
            assert!(patterns.get("^[0-9]$").is_ok_and(|pattern| pattern.is_match("7") && !pattern.is_match("x")));
            assert!(patterns.get("^P(?!$)").is_err());
        }
        assert_eq!(patterns.known.borrow().len(), 2);
    }

    #[test]
    fn look_around_is_refused() {
        assert!(Pattern::new("^P(?!$)").is_err());
    }
}
