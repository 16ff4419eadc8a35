//! `pattern`: ECMA-262 regular expressions, unanchored, as XDM uses them.
//!
//! The shapes that XDM's patterns mostly have need no engine ([`simple`]): a class with a count
//! (`^[0-9]{1,3}?$`), prefixes (`^xdm:`, `^(xdm|core):`, `^xdm:.*$`), a text somewhere (`@`,
//! `.+://.+`). Everything else goes to `regex`. Look-around and back-references, which `regex` has
//! not, are refused when the schema is compiled.

mod simple;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

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
    /// `^literal`, `^(literal|literal)`: the text begins with one of these. They are sorted, and none
    /// begins with another.
    Prefixes(Box<[Box<[u8]>]>),
    /// `^literal.*$`: and it is one line.
    PrefixOfLine(Box<[u8]>),
    /// `literal`: the text is somewhere.
    Contains(Box<str>),
    /// `.+literal.+`: with something of the same line on either side.
    Amid(Box<str>),
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
        if let Some(simple) = simple::of(&hir) {
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

    /// Does it take more than a look at the text's bytes?
    pub(crate) fn is_slow(&self) -> bool {
        matches!(self, Pattern::Regex(_))
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        match self {
            Pattern::Run { members, min, max } => {
                let bytes = text.as_bytes();
                (*min..=*max).contains(&bytes.len())
                    && bytes.iter().all(|&b| members.get(b as usize).copied().unwrap_or(false))
            }
            Pattern::Prefixes(prefixes) => simple::begins(prefixes, text.as_bytes()),
            Pattern::PrefixOfLine(prefix) => text.as_bytes().starts_with(prefix) && !text.contains(simple::ends_line),
            Pattern::Contains(literal) => text.contains(&**literal),
            Pattern::Amid(literal) => simple::is_amid(literal, text),
            Pattern::Regex(regex) => regex.is_match(text),
        }
    }
}

/// What ECMA-262 calls white space, as members of a class.
const WHITE_SPACE: &str = r"\t\n\x0B\f\r\x{feff}\x{2028}\x{2029}\p{Zs}";

/// What a dot stands for: anything but a line terminator, of which ECMA-262 has four.
const ANY: &str = r"[^\n\r\x{2028}\x{2029}]";

/// The same expression for `regex`: classes and escapes that ECMA-262 has otherwise.
fn translated(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + 16);
    let mut rest = source.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                // Words are of ASCII letters, as in `\w`.
                Some(edge @ ('b' | 'B')) => out.extend(["(?-u:\\", if edge == 'b' { "b" } else { "B" }, ")"]),
                escaped => escape(escaped, &mut rest, false, &mut out),
            },
            '[' => class(&mut rest, &mut out),
            '.' => out.push_str(ANY),
            // A brace that begins no count is a character like others.
            '{' if !is_count(rest.as_str()) => out.push_str("\\{"),
            c => out.push(c),
        }
    }
    out
}

/// Does a count follow an opening brace: `2}`, `2,}` or `2,3}`?
fn is_count(rest: &str) -> bool {
    let Some((count, _)) = rest.split_once('}') else { return false };
    let (least, most) = count.split_once(',').unwrap_or((count, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && is_digits(least) && is_digits(most)
}

/// What a hyphen in a class would follow.
#[derive(PartialEq)]
enum Before {
    /// Nothing that can begin a range.
    None,
    /// A character.
    Character,
    /// A character and a hyphen.
    Range,
}

/// Translates a class whose bracket was read. In `regex` there are classes in classes, and two of
/// `&`, `-` or `~` are operators.
fn class(rest: &mut std::str::Chars<'_>, out: &mut String) {
    let is_negated = rest.as_str().starts_with('^');
    if is_negated {
        rest.next();
    }
    if rest.as_str().starts_with(']') {
        // Nothing is in it, or everything.
        rest.next();
        return out.push_str(if is_negated { r"[\x{0}-\x{10ffff}]" } else { r"[^\x{0}-\x{10ffff}]" });
    }
    out.push_str(if is_negated { "[^" } else { "[" });
    let mut before = Before::None;
    while let Some(c) = rest.next() {
        match c {
            ']' => return out.push(']'),
            '-' if before == Before::Character && !rest.as_str().starts_with(']') => {
                out.push('-');
                before = Before::Range;
                continue;
            }
            '-' | '[' | '&' | '~' => out.extend(['\\', c]),
            '\\' => {
                let escaped = rest.next();
                escape(escaped, rest, true, out);
                if matches!(escaped, Some('d' | 'D' | 'w' | 'W' | 's' | 'S' | 'p' | 'P')) {
                    before = Before::None;
                    continue;
                }
            }
            c => out.push(c),
        }
        before = if before == Before::Range { Before::None } else { Before::Character };
    }
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
        // A property of characters, or one of them by its number: the braces are part of it.
        Some(c @ ('p' | 'P' | 'u' | 'x')) => {
            out.extend(['\\', c]);
            if let Some((braced, _)) = rest.as_str().split_once('}').filter(|(braced, _)| braced.starts_with('{')) {
                out.extend(rest.take(braced.chars().count() + 1));
            }
        }
        Some('b') if in_class => out.push_str("\\x08"),
        Some('0') if !rest.as_str().starts_with(|next: char| next.is_ascii_digit()) => out.push_str("\\x00"),
        // ECMA lets any punctuation be escaped, and letters of other alphabets.
        Some(c @ ('/' | '<' | '>')) => out.push(c),
        Some(c) if !c.is_ascii() => out.push(c),
        other => out.extend(std::iter::once('\\').chain(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_patterns_need_no_engine() {
        for source in ["^[0-9]{1,3}?$", "^[A-Z]{2}$", "^[a-z]+$", "^\\d*$"] {
            assert!(matches!(Pattern::new(source), Ok(Pattern::Run { .. })), "{source}");
        }
        for source in ["^xdm:", "^(xdm|core):", "^(?:a|ab)c|", "^(é|xmp|xmpMM):"] {
            let is_simple = matches!(Pattern::new(source), Ok(Pattern::Prefixes(_)));
            assert_eq!(is_simple, !source.contains("c|"), "{source}");
        }
        assert!(matches!(Pattern::new("^xdm:.*$"), Ok(Pattern::PrefixOfLine(_))));
        assert!(matches!(Pattern::new("@type"), Ok(Pattern::Contains(_))));
        assert!(matches!(Pattern::new(".+://.+"), Ok(Pattern::Amid(_))));
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

    /// What `regex` has otherwise than ECMA-262 (2015, without the flag u), by its sections.
    #[test]
    fn agrees_with_the_language_where_the_engine_does_not() {
        let check = |source: &str, matching: &[&str], others: &[&str]| {
            let pattern = Pattern::new(source).unwrap_or_else(|error| panic!("{source}: {error}"));
            matching.iter().for_each(|text| assert!(pattern.is_match(text), "{source} on {text:?}"));
            others.iter().for_each(|text| assert!(!pattern.is_match(text), "{source} on {text:?}"));
        };
        // 21.2.2.8 Atom: a dot is anything but a line terminator, of which there are four.
        check("^a.b$", &["a b", "a\u{85}b", "aéb", "a😀b"], &["a\nb", "a\rb", "a\u{2028}b", "a\u{2029}b", "ab"]);
        // 21.2.2.6 Assertion: words are of ASCII letters, digits and the low line.
        check(r"\bjo\b", &["jo", "a jo!", "éjo", "joé"], &["ajo", "jo_", "jo1"]);
        check(r"a\Bb", &["ab"], &["a b"]);
        check(r"^é\Bé$", &["éé"], &[]);
        // 21.2.2.13 to 17 CharacterClass: no operators, and a class in a class is none.
        check("^[a&&b]+$", &["a", "b", "&", "a&b"], &["c", ""]);
        check("^[a~~b]+$", &["a", "b", "~"], &["c"]);
        check("^[+--]+$", &["+", ",", "-"], &[".", "*"]);
        check("^[--0]+$", &["-", ".", "/", "0"], &["1", ","]);
        check("^[a-c-e]+$", &["a", "b", "c", "-", "e"], &["d"]);
        check("^[-a]+$", &["-", "a"], &["b"]);
        check("^[a-]+$", &["-", "a"], &["b"]);
        check("^[[:alpha:]]+$", &["[]", "a]", "h]]"], &["a", "b]"]);
        check("^[^[]$", &["a", "]"], &["["]);
        check("[]", &[], &["", "a", "]"]);
        check("^[^]$", &["a", "\n", "]"], &["", "ab"]);
        check(r"^[\b]$", &["\u{8}"], &["b"]);
        // B.1.4: behind a class of its own a hyphen is a hyphen.
        check(r"^[\w-.]+$", &["a-b.c"], &["a/b", "a b"]);
        check(r"^[\w-|]+$", &["a|b-c"], &["`", "{"]);
        check(r"^[\d-a]+$", &["1-a"], &["b"]);
        check(r"^[.\-\s]+$", &[".- "], &["a"]);
        check(r"^[^\w.-]$", &["!", "é"], &["a", ".", "-"]);
        // B.1.4: a brace that begins no count is a brace.
        check("^{[a-z]+}$", &["{a}"], &["a", "{}"]);
        check("^a{,2}$", &["a{,2}"], &["", "a", "aa"]);
        check("^a{2}b{1,}c{0,1}$", &["aab", "aabbc"], &["ab", "aac"]);
        check(r"^a\{2}$", &["a{2}"], &["aa"]);
        // B.1.4: what needs no escape may have one.
        check(r"^\<\/\>\-\_\@\é\ $", &["</>-_@é "], &["a"]);
        check(r"^\0$", &["\0"], &["0"]);
        // Later editions: properties of characters, in a class and out of it.
        check(r"^\p{Lu}\P{Lu}$", &["Éé", "Ab"], &["ab", "AB"]);
        check(r"^[\p{L}-.]+$", &["é-.a"], &["1", "}"]);
        check(r"^[\u00e9\x41-\x43]+$", &["éABC"], &["D", "u"]);
        check(r"^\u{1F600}$", &["😀"], &["u"]);
        // A literal is one character, of whatever length.
        check("^[😀é]$", &["😀", "é"], &["", "a", "éé"]);
    }

    #[test]
    fn what_would_mean_something_else_is_refused() {
        for source in ["(", "a)", "[a", "[z-a]", "[a--z]", "a{2,1}", "*a", r"\1", r"(a)\1", "(?<=a)b", "(?!a)", r"a\"] {
            assert!(Pattern::new(source).is_err(), "{source}");
        }
    }

    #[test]
    fn runs_are_counted_as_the_engine_counts_them() {
        let texts = [
            "",
            "a",
            "aa",
            "aaa",
            "aaaa",
            "b",
            "ab",
            "ba",
            "é",
            "aé",
            "a\n",
            "\na",
            "a\nb",
            "abc",
            "bca",
            "ca",
            "aca",
            "a\u{2028}b",
            "\nab\n",
            "\nba",
            "éabé",
            "abab",
            "éab\r",
            "\u{2029}aba",
        ];
        for source in [
            "^[a]$",
            "^[ab]$",
            "^[ab]{2}$",
            "^[ab]{1,3}$",
            "^[ab]+$",
            "^[ab]*$",
            "^[ab]{2,}$",
            "^[ab]{0}$",
            "^a",
            "^$",
            "^",
            "$",
            "^ab$",
            "^a|b$",
            "^[ab]+?$",
            "^(?:[ab]){2}$",
            "^([ab]{1,2})?$",
            "^[^a]$",
            "^[aé]{2}$",
            "^(a|b)",
            "^(?:ab|a)",
            "^(a|ab)",
            "^(ab|ba|b)c",
            "^(a|é)b",
            "^(|a)b",
            "^a.*$",
            "^(ab).*$",
            "^a.+$",
            "^a.*",
            "a",
            "ab",
            "é",
            ".+ab.+",
            ".+a.+",
            ".*a.+",
            ".+a.*",
            ".+é.+",
        ] {
            let engine = regex::Regex::new(&translated(source)).expect("a regular expression");
            let pattern = Pattern::new(source).expect("compiles");
            for text in texts {
                assert_eq!(pattern.is_match(text), engine.is_match(text), "{source} on {text:?}");
            }
        }
    }

    #[test]
    fn memory_is_bounded() {
        assert!(Pattern::new("(?:a{1000}){1000}").is_err());
        let patterns = Patterns::default();
        patterns.bytes.set(PATTERNS_BYTES_MAX + 1);
        assert!(patterns.get("^a.b$").is_err_and(|error| error.contains("together")));
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
