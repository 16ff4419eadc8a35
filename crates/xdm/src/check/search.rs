//! Undeclared values, searched for what is personal in them.
//!
//! The values are checked JSON already. What is found is sealed at its own pointer and
//! leaves `null` in its place, so that the rest can be read and the whole be put together
//! again. An object with a personal property name (`{"jo@shop.example": 3}`) is sealed as
//! a whole, and so is a value with more findings, or deeper ones, than are reported one by one.

use std::borrow::Cow;

use super::cursor::{Cursor, Stop};
use super::path;
use crate::personal::{self, FOUND_MAX, POINTERS_BYTES_MAX};

/// What stands in place of a value that was taken out.
const HOLE: &str = "null";

/// A personal value in an undeclared one.
#[derive(Debug)]
pub(super) struct Found<'t> {
    pub(super) pointer: String,
    /// Part of the searched text.
    pub(super) raw: &'t str,
    /// Its place in it.
    at: usize,
}

/// What came of a search.
#[derive(Debug)]
#[must_use]
pub(super) enum Outcome<'t> {
    /// Nothing is personal, as far as can be known.
    Clear,
    /// The whole value is.
    Whole,
    /// These parts are, in their order.
    Parts(Vec<Found<'t>>),
}

/// Searches a value. `pointer` is its own; it is used on the way and left as it was.
/// `of_person` says that the value describes a person.
pub(super) fn search<'t>(raw: &'t str, pointer: &mut String, of_person: bool) -> Outcome<'t> {
    let base = pointer.len();
    let room = raw.len() + POINTERS_BYTES_MAX;
    let mut search = Search { cursor: Cursor::new(raw, false), pointer, room, found: Vec::new(), overflow: false };
    let whole = search.value(of_person);
    let Search { found, overflow, .. } = search;
    pointer.truncate(base);
    match whole {
        Ok(false) if !overflow && found.is_empty() => Outcome::Clear,
        Ok(false) if !overflow => Outcome::Parts(found),
        // What can't be read was checked before; to seal it is never wrong.
        _ => Outcome::Whole,
    }
}

/// The value without its personal parts.
pub(super) fn without(raw: &str, found: &[Found<'_>]) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut at = 0;
    for part in found {
        out.push_str(&raw[at..part.at]);
        out.push_str(HOLE);
        at = part.at + part.raw.len();
    }
    out.push_str(&raw[at..]);
    out
}

struct Search<'t, 'p> {
    cursor: Cursor<'t>,
    pointer: &'p mut String,
    /// Bytes that pointers may still take: each repeats the names around what it points to.
    room: usize,
    found: Vec<Found<'t>>,
    overflow: bool,
}

impl<'t> Search<'t, '_> {
    /// Reads a value; true if it is personal as a whole.
    fn value(&mut self, of_person: bool) -> Result<bool, Stop> {
        match self.cursor.peek() {
            b'"' => {
                let raw = self.cursor.skip_string()?;
                Ok(is_telling_text(raw))
            }
            b'{' => self.object(of_person),
            b'[' => self.list(of_person),
            _ => self.cursor.skip_value().map(|_| false),
        }
    }

    fn object(&mut self, of_person: bool) -> Result<bool, Stop> {
        let known = self.found.len();
        let mut whole = false;
        self.cursor.open()?;
        let mut more = self.cursor.peek() != b'}';
        while more {
            let key = content(self.cursor.skip_string()?);
            self.cursor.colon()?;
            whole |= personal::text::is_telling(&key);
            self.member(&key, of_person)?;
            more = self.cursor.more(b'}')?;
        }
        self.cursor.close();
        if whole {
            self.found.truncate(known);
        }
        Ok(whole)
    }

    fn member(&mut self, key: &str, of_person: bool) -> Result<(), Stop> {
        let length = self.pointer.len();
        path::push(self.pointer, key);
        let start = self.cursor.at();
        let by_name = is_telling_value(self.cursor.peek())
            && (personal::name::is_telling(key) || (of_person && personal::name::is_name_of_person(key)));
        let is_personal = match by_name {
            true => self.cursor.skip_value().map(|_| true)?,
            false => self.value(personal::name::is_of_person(key))?,
        };
        self.note(is_personal, start);
        self.pointer.truncate(length);
        Ok(())
    }

    fn list(&mut self, of_person: bool) -> Result<bool, Stop> {
        self.cursor.open()?;
        let mut more = self.cursor.peek() != b']';
        let mut index = 0usize;
        while more {
            let length = self.pointer.len();
            path::push(self.pointer, &index.to_string());
            let start = self.cursor.at();
            let is_personal = self.value(of_person)?;
            self.note(is_personal, start);
            self.pointer.truncate(length);
            index += 1;
            more = self.cursor.more(b']')?;
        }
        self.cursor.close();
        Ok(false)
    }

    fn note(&mut self, is_personal: bool, start: usize) {
        if !is_personal {
            return;
        }
        if self.found.len() >= FOUND_MAX || self.pointer.len() > self.room {
            self.overflow = true;
            return;
        }
        self.room -= self.pointer.len();
        self.found.push(Found { pointer: self.pointer.clone(), raw: self.cursor.since(start), at: start });
    }
}

/// Can a value that begins so be personal? `true`, `false` and `null` are answers, no values.
pub(super) fn is_telling_value(first: u8) -> bool {
    !matches!(first, b't' | b'f' | b'n')
}

/// Is this JSON string personal by what it looks like?
pub(super) fn is_telling_text(raw: &str) -> bool {
    // An escape may be an `@`, so the filter looks behind backslashes too.
    (raw.contains('\\') || personal::text::may_hold(raw)) && personal::text::is_telling(&content(raw))
}

/// The text of a checked JSON string.
fn content(raw: &str) -> Cow<'_, str> {
    let inner = raw.get(1..raw.len() - 1).unwrap_or_default();
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(raw.len());
    match Cursor::new(raw, false).escaped_string(&mut text) {
        Ok(_) => Cow::Owned(text),
        Err(_) => Cow::Borrowed(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expect: Option<(&str, &[(&str, &str)])>) {
        let mut pointer = "/x".to_owned();
        match (search(raw, &mut pointer, false), expect) {
            (Outcome::Whole, None) => {}
            (Outcome::Clear, Some((clear, []))) => assert_eq!(clear, raw),
            (Outcome::Parts(found), Some((clear, parts))) => {
                assert_eq!(without(raw, &found), clear);
                let found: Vec<_> = found.iter().map(|part| (part.pointer.as_str(), part.raw)).collect();
                assert_eq!(found, parts, "{raw}");
            }
            (outcome, expect) => panic!("{raw}: {outcome:?} instead of {expect:?}"),
        }
        assert_eq!(pointer, "/x");
    }

    #[test]
    fn what_is_personal_leaves_a_hole() {
        check(
            r#"{ "tier" : "gold", "points": 12345678901 }"#,
            Some((r#"{ "tier" : "gold", "points": 12345678901 }"#, &[])),
        );
        check(
            r#"{"person":{"firstName":"Pat","age":36,"name":"Poe"}, "a":[1,"jo@shop.example",{"tel":4085550100}]}"#,
            Some((
                r#"{"person":{"firstName":null,"age":36,"name":null}, "a":[1,null,{"tel":null}]}"#,
                &[
                    ("/x/person/firstName", "\"Pat\""),
                    ("/x/person/name", "\"Poe\""),
                    ("/x/a/1", "\"jo@shop.example\""),
                    ("/x/a/2/tel", "4085550100"),
                ],
            )),
        );
        check(
            r#"{"email":{"a":1},"phone":null,"mobile":true,"n/~":{"mail":""}}"#,
            Some((
                r#"{"email":null,"phone":null,"mobile":true,"n/~":{"mail":null}}"#,
                &[("/x/email", r#"{"a":1}"#), ("/x/n~1~0/mail", "\"\"")],
            )),
        );
        check(
            r#"{"m":{"jo@shop.example":{"email":"x"},"b":2}}"#,
            Some((r#"{"m":null}"#, &[("/x/m", r#"{"jo@shop.example":{"email":"x"},"b":2}"#)])),
        );
    }

    #[test]
    fn texts_are_read_behind_their_escapes() {
        check(r#""jo\u0040shop.example""#, None);
        check(r#""jo@shop.example""#, None);
        check(r#""say \"hello\"""#, Some((r#""say \"hello\"""#, &[])));
        check(r#"{"e\u006dail":"x"}"#, Some((r#"{"e\u006dail":null}"#, &[("/x/email", "\"x\"")])));
    }

    #[test]
    fn many_or_deep_findings_seal_the_whole() {
        let many = format!("[{}]", vec!["\"jo@shop.example\""; FOUND_MAX + 1].join(","));
        check(&many, None);
        let members = "\"email\":1,\"phone\":2,\"tel\":3";
        check(&format!(r#"{{"{}":{{{members}}}}}"#, "k".repeat(POINTERS_BYTES_MAX)), None);
        check(r#"{"jo@shop.example":1}"#, None);
    }
}
