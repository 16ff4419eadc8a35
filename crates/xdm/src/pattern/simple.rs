//! Patterns that need no engine: looked at once when a schema is read, and compared with the bytes of
//! a text from then on.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::{ANY, Pattern};

/// Most prefixes of one pattern.
const PREFIXES_MAX: usize = 256;

/// The pattern without an engine, if it has such a shape.
pub(super) fn of(hir: &Hir) -> Option<Pattern> {
    if let HirKind::Literal(literal) = hir.kind() {
        return Some(Pattern::Contains(str::from_utf8(&literal.0).ok()?.into()));
    }
    let HirKind::Concat(parts) = hir.kind() else { return None };
    match parts.as_slice() {
        [start, class, end] if is(start, Look::Start) && is(end, Look::End) => run(class),
        [start, literal, rest, end] if is(start, Look::Start) && is(end, Look::End) && is_any(rest, 0) => {
            match literals(literal)?.as_slice() {
                [prefix] => Some(Pattern::PrefixOfLine(prefix.as_slice().into())),
                _ => None,
            }
        }
        [before, literal, after] if is_any(before, 1) && is_any(after, 1) => match literal.kind() {
            HirKind::Literal(literal) => Some(Pattern::Amid(str::from_utf8(&literal.0).ok()?.into())),
            _ => None,
        },
        [start, rest @ ..] if is(start, Look::Start) => prefixes(rest),
        _ => None,
    }
}

/// Does the text begin with one of these, which are sorted and of which none begins with another?
///
/// Whatever lies in order between a prefix and the text begins with that prefix too; so the last one
/// that doesn't lie behind the text is the only one that it may begin with.
pub(super) fn begins(prefixes: &[Box<[u8]>], text: &[u8]) -> bool {
    let behind = prefixes.partition_point(|prefix| **prefix <= *text);
    behind.checked_sub(1).is_some_and(|last| text.starts_with(&prefixes[last]))
}

/// Is this text in the other one, with something of the same line on either side?
pub(super) fn is_amid(literal: &str, text: &str) -> bool {
    let is_of_line = |next: Option<char>| next.is_some_and(|next| !ends_line(next));
    let mut from = 0;
    while let Some(at) = text[from..].find(literal).map(|at| from + at) {
        if is_of_line(text[..at].chars().next_back()) && is_of_line(text[at + literal.len()..].chars().next()) {
            return true;
        }
        // Occurrences may overlap.
        from = at + text[at..].chars().next().map_or(1, char::len_utf8);
    }
    false
}

/// What ECMA-262 has for the end of a line.
pub(super) fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

fn is(hir: &Hir, look: Look) -> bool {
    matches!(hir.kind(), HirKind::Look(found) if *found == look)
}

/// Is it a dot, so many times or more?
fn is_any(hir: &Hir, min: u32) -> bool {
    let HirKind::Repetition(times) = hir.kind() else { return false };
    let any = || regex_syntax::Parser::new().parse(ANY).ok();
    times.min == min && times.max.is_none() && any().is_some_and(|any| any == *times.sub)
}

/// The texts that these parts stand for one after the other, as prefixes.
fn prefixes(parts: &[Hir]) -> Option<Pattern> {
    let mut all = vec![Vec::new()];
    for part in parts {
        let next = literals(part)?;
        if all.len() * next.len() > PREFIXES_MAX {
            return None;
        }
        all = all.iter().flat_map(|first| next.iter().map(move |second| [&first[..], second].concat())).collect();
    }
    all.sort();
    // What begins with another one says nothing more.
    let mut kept: Vec<Box<[u8]>> = Vec::new();
    for prefix in all {
        if !kept.last().is_some_and(|last| prefix.starts_with(last)) {
            kept.push(prefix.into());
        }
    }
    Some(Pattern::Prefixes(kept.into()))
}

/// The texts that an expression without repetition stands for.
fn literals(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(vec![literal.0.to_vec()]),
        HirKind::Capture(capture) => literals(&capture.sub),
        HirKind::Alternation(alternatives) => {
            let all: Option<Vec<_>> = alternatives.iter().map(literals).collect();
            all.map(|all| all.concat())
        }
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
