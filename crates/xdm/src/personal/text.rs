//! Texts that look like an e-mail address or a telephone number, or hold one.
//!
//! An address is `local@domain` where the domain has a dot and ends in letters. A number
//! is a run of digits and the marks that people put between them: with a `+` from 7
//! digits, in groups from 7 and in one piece from 10 (from 9 with a leading zero), at
//! most 15 (E.164). Dates, times, decimals, IP addresses and years are no numbers.

use super::{Redaction, Span, plain};

/// Digits of a telephone number.
const DIGITS_MIN: usize = 7;
const DIGITS_MAX: usize = 15;
/// Digits in groups from which a number need not look like one of a country's own.
const GROUPED_DIGITS_MIN: usize = 9;
/// Digits in one piece.
const PIECE_DIGITS_MIN: usize = 10;
/// Groups of digits that are told apart.
const GROUPS_MAX: usize = 8;
/// Marks in a row between two groups.
const MARKS_MAX: usize = 3;

/// Shortest address (`a@b.cd`), and number, in bytes.
const TELLING_BYTES_MIN: usize = 6;

/// Lengths of hashes in hexadecimal digits: MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
const HASH_DIGITS: [usize; 6] = [32, 40, 56, 64, 96, 128];

/// How much a run of digits must look like a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Any of the forms above.
    Usual,
    /// Only with a `+`: where long numbers are common, as in addresses of pages.
    Strict,
}

/// An address has one, and escapes may hide anything.
static MARKS: Marks = Marks::of(b"@%");

/// Could there be anything in it?
#[inline]
pub(crate) fn may_hold(text: &str) -> bool {
    if text.len() < TELLING_BYTES_MIN {
        return false;
    }
    MARKS.digits(text).is_none_or(|digits| digits >= DIGITS_MIN)
}

/// What each byte counts for: a digit one, a mark more than all digits of a text.
pub(super) struct Marks([u64; 256]);

impl Marks {
    const MARK: u64 = 1 << 32;

    pub(super) const fn of(marks: &[u8]) -> Marks {
        let mut counts = [0; 256];
        let mut digit = b'0';
        while digit <= b'9' {
            counts[digit as usize] = 1;
            digit += 1;
        }
        let mut mark = 0;
        while mark < marks.len() {
            counts[marks[mark] as usize] = Marks::MARK;
            mark += 1;
        }
        Marks(counts)
    }

    /// Counts the digits; `None` if there is a mark. Every such text of every event passes
    /// here: a sum without branches is faster than comparing, on texts as short as these.
    #[inline]
    pub(super) fn digits(&self, text: &str) -> Option<usize> {
        let count = |sum: u64, byte: u8| sum.wrapping_add(self.0[usize::from(byte)]);
        let sum = text.bytes().fold(0, count);
        (sum < Marks::MARK).then_some(sum as usize)
    }
}

/// Does the text hold an address or a number, also behind percent escapes?
pub(crate) fn is_telling(text: &str) -> bool {
    may_hold(text) && holds(&plain(text), Strictness::Usual)
}

/// Does the text hold an address, or a number that is marked as one?
pub(crate) fn is_plainly_telling(text: &str) -> bool {
    may_hold_plainly(text) && holds(&plain(text), Strictness::Strict)
}

/// As [`may_hold`], for [`Strictness::Strict`]: a number needs its `+`, perhaps escaped.
#[inline]
pub(super) fn may_hold_plainly(text: &str) -> bool {
    text.len() >= TELLING_BYTES_MIN && text.bytes().any(|byte| matches!(byte, b'@' | b'%' | b'+')) && may_hold(text)
}

pub(crate) fn holds(text: &str, strictness: Strictness) -> bool {
    address(text, 0).is_some() || number(text, 0, strictness).is_some()
}

/// Is it digits and nothing else, and too many for a number? Most identities are.
#[inline]
pub(super) fn is_long_run(text: &str) -> bool {
    text.len() > DIGITS_MAX && text.bytes().fold(true, |all, byte| all & byte.is_ascii_digit())
}

/// Is the whole text the hexadecimal form of a hash?
pub(crate) fn is_hash(text: &str) -> bool {
    HASH_DIGITS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Is the whole text a telephone number?
pub(super) fn is_number(text: &str) -> bool {
    number(text, 0, Strictness::Usual).is_some_and(|found| found == (0, text.len()))
}

/// Adds the addresses and numbers in the text.
pub(crate) fn spans(text: &str, spans: &mut Vec<Span>) {
    let mut at = 0;
    while let Some((start, end)) = first(text, at) {
        spans.push(Span { start, end, redaction: Redaction::Mask });
        at = end;
    }
}

/// What comes first from `at` on.
fn first(text: &str, at: usize) -> Option<(usize, usize)> {
    match (address(text, at), number(text, at, Strictness::Usual)) {
        (Some(address), Some(number)) if number.0 < address.0 && number.1 <= address.0 => Some(number),
        (Some(address), _) => Some(address),
        (None, number) => number,
    }
}

/// The first address from `from` on.
fn address(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_local = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$&'*+^_`{|}~-".contains(&byte) || byte >= 0x80;
    let is_domain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.') || byte >= 0x80;
    let mut at = from;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'@') {
        let sign = at + found;
        let local = bytes[from..sign].iter().rev().take_while(|byte| is_local(**byte)).count();
        let domain = bytes[sign + 1..].iter().take_while(|byte| is_domain(**byte)).count();
        let end = sign + 1 + text[sign + 1..sign + 1 + domain].trim_end_matches(['.', '-']).len();
        if local > 0 && is_mail_domain(&text[sign + 1..end]) {
            return Some((sign - local, end));
        }
        at = sign + 1;
    }
    None
}

fn is_mail_domain(domain: &str) -> bool {
    let Some((labels, last)) = domain.rsplit_once('.') else { return false };
    let first = labels.split('.').next().unwrap_or_default();
    // `logo@2x.png` is a picture for fine screens.
    let is_scale = first.len() == 2 && first.as_bytes()[0].is_ascii_digit() && first.ends_with('x');
    !labels.is_empty() && !is_scale && last.len() >= 2 && last.starts_with(|c: char| c.is_alphabetic())
}

/// A run of digits and marks.
#[derive(Default)]
struct Run {
    plus: bool,
    digits: usize,
    groups: usize,
    lens: [usize; GROUPS_MAX],
    /// Values of the groups as far as four digits.
    values: [u32; GROUPS_MAX],
    /// All marks between groups are this one.
    mark: Option<char>,
    mixed: bool,
    zero: bool,
    start: usize,
    end: usize,
}

fn is_mark(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\t' | '\u{a0}' | '\u{2010}'..='\u{2013}' | '\u{202f}')
}

impl Run {
    /// The run that begins at `start`, which is a digit, a plus or a bracket.
    fn at(text: &str, start: usize) -> Run {
        let mut run = Run { start, end: start, ..Run::default() };
        let (mut marks, mut open) = (0, false);
        for (at, c) in text[start..].char_indices() {
            if c.is_ascii_digit() {
                run.digit(c, &mut open);
                marks = 0;
                run.end = start + at + 1;
            } else if c == '+' && run.digits == 0 && !run.plus {
                run.plus = true;
            } else if is_mark(c) && marks < MARKS_MAX {
                marks += 1;
                open = false;
                if run.digits > 0 {
                    run.mixed |= run.mark.is_some_and(|known| known != c);
                    run.mark = Some(c);
                }
            } else {
                break;
            }
        }
        run
    }

    fn digit(&mut self, c: char, open: &mut bool) {
        if !*open {
            *open = true;
            self.groups += 1;
        }
        self.zero |= self.digits == 0 && c == '0';
        self.digits += 1;
        if let Some(at) = self.groups.checked_sub(1).filter(|at| *at < GROUPS_MAX) {
            self.lens[at] += 1;
            self.values[at] = (self.values[at] * 10 + u32::from(c as u8 - b'0')) % 10_000;
        }
    }

    fn lens(&self) -> &[usize] {
        &self.lens[..self.groups.min(GROUPS_MAX)]
    }

    fn is_year(&self, group: usize) -> bool {
        self.lens()[group] == 4 && (1900..2100).contains(&self.values[group])
    }

    /// A date, two years, an IP address, a version or a decimal.
    fn is_other_thing(&self) -> bool {
        let is_dotted = self.mark == Some('.') && !self.mixed;
        match self.lens() {
            [4, 4] => self.is_year(0) && self.is_year(1),
            [_, _] => is_dotted,
            [4, 1..=2, 1..=2, ..] => self.is_year(0),
            [1..=2, 1..=2, 4, ..] => self.is_year(2),
            [1..=3, 1..=3, 1..=3, 1..=3] => is_dotted,
            // A version: `10.0.19045.3`.
            [_, rest @ ..] => is_dotted && rest.contains(&1),
            [] => false,
        }
    }

    fn is_number(&self, strictness: Strictness) -> bool {
        if self.digits < DIGITS_MIN || self.digits > DIGITS_MAX || self.groups > GROUPS_MAX {
            return false;
        }
        if self.plus {
            return true;
        }
        if strictness == Strictness::Strict || self.is_other_thing() || self.digits < self.groups * 2 {
            return false;
        }
        match self.lens() {
            [digits] => *digits >= PIECE_DIGITS_MIN || (self.zero && *digits + 1 >= PIECE_DIGITS_MIN),
            [3, 4] | [4, 4] | [2, 2, 2, 2] | [3, 2, 2] | [2, 3, 3] => true,
            _ => self.digits >= GROUPED_DIGITS_MIN,
        }
    }
}

/// The first number from `from` on.
fn number(text: &str, from: usize, strictness: Strictness) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(found) = bytes[at..].iter().position(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'(')) {
        let run = Run::at(text, at + found);
        if run.is_number(strictness) && stands_alone(text, &run) {
            return Some((run.start, run.end));
        }
        at = run.end.max(at + found + 1);
    }
    None
}

/// Is the run a word of its own, and no part of an identifier or a time?
fn stands_alone(text: &str, run: &Run) -> bool {
    let mut before = text[..run.start].chars().rev();
    let is_free = match before.next() {
        Some(c) if run.plus => !c.is_ascii_digit(),
        Some(c) if c.is_alphanumeric() || c == '_' => false,
        // `e29b-4144…` is part of an identifier, `at 12:4085…` of a time.
        Some('-' | '.') => !before.next().is_some_and(char::is_alphanumeric),
        Some(':' | ',') => !before.next().is_some_and(|c| c.is_ascii_digit()),
        _ => true,
    };
    let mut after = text[run.end..].chars();
    is_free
        && match after.next() {
            // An extension may follow: `p123`, `x12`, `ext. 7`.
            Some('x' | 'X' | 'p' | 'P' | 'e' | 'w') => true,
            Some(c) if c.is_alphanumeric() || c == '_' => false,
            Some(':') => !after.next().is_some_and(|c| c.is_ascii_digit()),
            _ => true,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_numbers_are_found() {
        for text in [
            "jo@shop.example",
            "Jo.Doe+tag@mail.shop.example",
            "<jo@shop.example>",
            "write to jo@shop.example, please",
            "jo%40shop.example",
            "j\u{f6}@b\u{fc}cher.example",
            "+14085550100",
            "+1 (408) 555-0100",
            "1-408-555-0100",
            "(408) 555-0100",
            "408.555.0100",
            "4085550100",
            "14085550100",
            "030 498 75401",
            "+49 30 498 75401",
            "0612345678",
            "06 12 34 56 78",
            "555-0100",
            "12 34 56 78",
            "call 4085550100 now",
            "tel:+14085550100",
            "123-456-7890p123",
            "+18885550100;ext=777",
            "%2B14085550100",
            "408\u{2011}555\u{2011}0100",
            "0049 30 49875401",
            "0301234567",
            "mobile:4085550100",
            "a 4085550100.",
            "003049875",
        ] {
            assert!(is_telling(text), "{text}");
        }
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in [
            "",
            "gold",
            "jo@localhost",
            "@jo",
            "react@18.2.0",
            "logo@2x.png",
            "a @ b.c",
            "2026-11-28",
            "2026-11-28T10:00:00Z",
            "2026-11-28 10:00:00.123",
            "28.11.2026 10:00",
            "11/28/2026",
            "10:00:00",
            "2024-2026",
            "192.168.100.200",
            "10.0.19045.3",
            "-33.8688, 151.2093",
            "52.5200066",
            "1280x800",
            "3.14159265",
            "C0192910",
            "SKU-12345",
            "41168792859169372178427045252058240216",
            "550e8400-e29b-41d4-a716-446655440000",
            "1.5",
            "100%",
            "12345678",
            "GA1.2.123456789.1764000000",
            "1 2 3 4 5 6 7 8 9",
            "a1b2c3d4e5f60718",
            "no. 123456",
        ] {
            assert!(!is_telling(text), "{text}");
        }
    }

    #[test]
    fn strict_wants_a_plus() {
        let check = |text: &str, expect: bool| assert_eq!(is_plainly_telling(text), expect, "{text}");
        check("4085550100", false);
        check("+14085550100", true);
        check("%2B14085550100", true);
        check("jo@shop.example", true);
    }

    #[test]
    fn each_is_told_with_its_place() {
        let check = |text: &str, expect: &[&str]| {
            let mut found = Vec::new();
            spans(text, &mut found);
            let found: Vec<&str> = found.iter().map(|span| &text[span.start..span.end]).collect();
            assert_eq!(found, expect, "{text}");
        };
        check("call 408-555-0100 or jo@shop.example!", &["408-555-0100", "jo@shop.example"]);
        check("jo@shop.example (408) 555-0100", &["jo@shop.example", "(408) 555-0100"]);
        check("4085550100@shop.example", &["4085550100@shop.example"]);
        check("nothing", &[]);
        check("a@b.cd,c@d.ef", &["a@b.cd", "c@d.ef"]);
    }

    #[test]
    fn hashes() {
        assert!(is_hash(&"0aF9".repeat(16)) && is_hash(&"ab".repeat(16)) && !is_hash(&"ab".repeat(17)));
        assert!(!is_hash(&"0aG9".repeat(16)));
    }
}
