//! `minLength`: fewest characters (not bytes) of a text.

use serde_json::Value;

use super::TextAssertion;
use crate::model::Reader;
use crate::violation::mask;

#[derive(Clone, Debug)]
pub(crate) struct MinLength(usize);

impl TextAssertion for MinLength {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.count(value).map(MinLength)
    }

    #[inline]
    fn holds(&self, text: &str) -> bool {
        text.len() >= self.0 && text.chars().count() >= self.0
    }

    fn message(&self, text: &str, needed: bool) -> String {
        let otherwise = if needed { "" } else { " or leave the property out" };
        format!("\"{}\" is too short; send at least {} characters{otherwise}", mask(text), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{LENGTHS, check, malformed, message};

    #[test]
    fn characters_are_counted() {
        let schema = r#"{"type":"string","minLength":2}"#;
        check(schema, r#""ab""#, &[]);
        check(schema, r#""\ud83d\ude00é""#, &[]);
        check(schema, r#""é""#, &[("", "minLength")]);
        check(r#"{"minLength":2}"#, "1", &[]);
        check(r#"{"minLength":2.0}"#, r#""a""#, &[("", "minLength")]);
        malformed(r#"{"minLength":-1}"#, "/minLength");
        malformed(r#"{"minLength":"1"}"#, "/minLength");
    }

    #[test]
    fn lengths_are_in_characters_as_rfc_8259_has_them() {
        // Not in bytes, not in UTF-16 units, and not in what a reader sees as one.
        for (text, length) in LENGTHS {
            check(&format!(r#"{{"type":"string","minLength":{length}}}"#), text, &[]);
            check(&format!(r#"{{"minLength":{}}}"#, length + 1), text, &[("", "minLength")]);
        }
    }

    #[test]
    fn a_count_may_be_larger_than_any_text() {
        // Number.MAX_SAFE_INTEGER, Long.MAX_VALUE and more: what generators of schemas write.
        for count in ["9007199254740991", "9223372036854775807", "1e300"] {
            check(&format!(r#"{{"type":"string","minLength":{count}}}"#), r#""a""#, &[("", "minLength")]);
        }
        check(r#"{"type":"string","minLength":0}"#, r#""""#, &[]);
        check(r#"{"type":"string","minLength":2e0}"#, r#""a""#, &[("", "minLength")]);
        for value in ["null", "true", "[1]", "0.5", "-0.5", "1e-3"] {
            malformed(&format!(r#"{{"minLength":{value}}}"#), "/minLength");
        }
    }

    #[test]
    fn the_sentence_has_the_shape_and_the_bound() {
        let told = message(r#"{"minLength":9}"#, r#""Jo 1\u0001""#);
        assert_eq!(told, "\"xx 9?\" is too short; send at least 9 characters or leave the property out");
    }
}
