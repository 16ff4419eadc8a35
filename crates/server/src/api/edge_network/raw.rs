//! Reading JSON text in place: members of objects and items of arrays as slices.
//!
//! An event goes to the pipeline as the sender wrote it, with at most something added
//! around it. So nothing is parsed into values and written again: odd numbers, lone
//! surrogates and duplicate keys stay what they were, for the checker to judge.
//!
//! Everything here takes text that [`well_formed`] has accepted; of other text it makes
//! something or nothing, and never panics.

use serde_json::value::RawValue;

/// Why a body can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// It is not UTF-8 from this byte on.
    Encoding {
        /// Offset.
        at: usize,
    },
    /// It is not JSON at this place.
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, in bytes from 1.
        column: usize,
    },
}

/// The text of one JSON value without white space around it.
pub(crate) fn well_formed(body: &[u8]) -> Result<&str, Malformed> {
    let text = std::str::from_utf8(body).map_err(|error| Malformed::Encoding { at: error.valid_up_to() })?;
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) => Ok(raw.get()),
        Err(error) => Err(Malformed::Syntax { line: error.line(), column: error.column() }),
    }
}

/// The members of an object: each key as it is written between its quotes, and its
/// value's text. Nothing for a value that is no object.
pub(crate) fn members(object: &str) -> Members<'_> {
    let inside = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    Members { rest: inside.unwrap_or_default() }
}

/// The first member of this name.
pub(crate) fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    members(object).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The name of a property without its prefix: both spellings mean the same.
pub(crate) fn plain(key: &str) -> &str {
    key.strip_prefix("xdm:").unwrap_or(key)
}

/// The first member of this name, with the prefix `xdm:` or without.
pub(crate) fn property<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    members(object).find(|(key, _)| plain(key) == name).map(|(_, value)| value)
}

/// The items of an array. Nothing for a value that is no array.
pub(crate) fn items(array: &str) -> Items<'_> {
    let inside = array.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    Items { rest: inside.unwrap_or_default() }
}

/// The text of a string value, unescaped. `None` for other values, and for a string that
/// can't be text (a lone surrogate).
pub(crate) fn text(value: &str) -> Option<String> {
    serde_json::from_str(value).ok()
}

/// See [`members`].
pub(crate) struct Members<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, rest) = take_value(self.rest)?;
        let rest = rest.trim_ascii_start().strip_prefix(':')?;
        let (value, rest) = take_value(rest)?;
        self.rest = after_comma(rest);
        Some((key.strip_prefix('"')?.strip_suffix('"')?, value))
    }
}

/// See [`items`].
pub(crate) struct Items<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        let (value, rest) = take_value(self.rest)?;
        self.rest = after_comma(rest);
        Some(value)
    }
}

fn after_comma(rest: &str) -> &str {
    let rest = rest.trim_ascii_start();
    rest.strip_prefix(',').unwrap_or(rest)
}

/// Splits the first value off. All the bytes looked at are ASCII, so every cut is at a
/// character's edge.
fn take_value(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_ascii_start();
    let bytes = text.as_bytes();
    let end = match bytes.first()? {
        b'"' => string_end(bytes, 0)?,
        b'{' | b'[' => bracket_end(bytes)?,
        _ => bytes.iter().position(|byte| b",:]} \t\r\n".contains(byte)).unwrap_or(bytes.len()),
    };
    (end > 0).then(|| text.split_at(end))
}

/// The end of the string whose opening quote is at `from`.
fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

fn bracket_end(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0usize);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn splits_objects_and_arrays_in_place() {
        let object = r#"{"a" : 1 ,"b":{"c":"}\""},"d":[1,[2,"]"]], "e\u0061":null,"":"\ud800"}"#;
        let found: Vec<_> = members(object).collect();
        let expect =
            [("a", "1"), ("b", r#"{"c":"}\""}"#), ("d", r#"[1,[2,"]"]]"#), (r"e\u0061", "null"), ("", r#""\ud800""#)];
        assert_eq!(found, expect);
        assert_eq!(items(r#"[ 1 , "a,b" ,{"x":[]} ]"#).collect::<Vec<_>>(), ["1", r#""a,b""#, r#"{"x":[]}"#]);
        assert_eq!(members("{}").next(), None);
        assert_eq!(items("[]").next(), None);
        assert_eq!(members("7").next(), None);
        assert_eq!(items(r#"{"a":1}"#).next(), None);
        assert_eq!(member(object, "d"), Some(r#"[1,[2,"]"]]"#));
        assert_eq!(property(r#"{"a":1,"xdm:b":2}"#, "b"), Some("2"));
        assert_eq!(property(r#"{"a":1,"xdm:b":2}"#, "a"), Some("1"));
        assert_eq!(text(r#""a\nb""#).as_deref(), Some("a\nb"));
        assert_eq!(text(r#""\ud800""#), None);
    }

    #[test]
    fn says_where_a_body_is_broken() {
        let check = |body: &[u8], expect| assert_eq!(well_formed(body).err(), Some(expect));
        check(b"{\"a\":\xff}", Malformed::Encoding { at: 5 });
        check(b"{\"a\":}", Malformed::Syntax { line: 1, column: 6 });
        check(b"", Malformed::Syntax { line: 1, column: 0 });
        check(b"{} {}", Malformed::Syntax { line: 1, column: 4 });
        assert_eq!(well_formed(br#" {"s":"\ud800"} "#), Ok(r#"{"s":"\ud800"}"#));
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "\\PC{0,8}|[\"\\\\{}\\[\\],:]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec(("\\PC{0,6}", inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn agrees_with_a_parser(value in json(), pretty in any::<bool>()) {
            let written = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let written = written.expect("a value");
            let whole = well_formed(written.as_bytes()).expect("it was just written");
            match &value {
                Value::Object(expect) => {
                    let found: Vec<_> = members(whole).collect();
                    prop_assert_eq!(found.len(), expect.len());
                    for ((key, raw), (name, value)) in found.iter().zip(expect) {
                        let unescaped = text(&format!("\"{key}\""));
                        prop_assert_eq!(unescaped.as_ref(), Some(name));
                        prop_assert_eq!(&serde_json::from_str::<Value>(raw).expect("a value"), value);
                    }
                }
                Value::Array(expect) => {
                    let found: Vec<Value> = items(whole).map(|raw| serde_json::from_str(raw).expect("a value")).collect();
                    prop_assert_eq!(&found, expect);
                }
                _ => prop_assert!(members(whole).next().is_none() && items(whole).next().is_none()),
            }
        }

        #[test]
        fn any_text_is_survived(text in "[\\[\\]{}\",:\\\\a1 é]{0,40}") {
            members(&text).for_each(drop);
            items(&text).for_each(drop);
        }
    }
}
