//! `maxLength`: most characters (not bytes) of a text.

use serde_json::Value;

use super::TextAssertion;
use crate::model::Reader;
use crate::violation::mask;

#[derive(Clone, Debug)]
pub(crate) struct MaxLength(usize);

impl TextAssertion for MaxLength {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.count(value).map(MaxLength)
    }

    #[inline]
    fn holds(&self, text: &str) -> bool {
        text.len() <= self.0 || text.chars().count() <= self.0
    }

    fn message(&self, text: &str, _: bool) -> String {
        format!("\"{}\" is too long; send at most {} characters", mask(text), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{LENGTHS, check, malformed, message};

    #[test]
    fn characters_are_counted() {
        let schema = r#"{"type":"string","maxLength":2}"#;
        check(schema, r#""éé""#, &[]);
        check(schema, r#""abc""#, &[("", "maxLength")]);
        check(r#"{"maxLength":2}"#, "[1,2,3]", &[]);
        malformed(r#"{"maxLength":1.5}"#, "/maxLength");
    }

    #[test]
    fn lengths_are_in_characters_as_rfc_8259_has_them() {
        for (text, length) in LENGTHS {
            check(&format!(r#"{{"type":"string","maxLength":{length}}}"#), text, &[]);
            if let Some(less) = length.checked_sub(1) {
                check(&format!(r#"{{"maxLength":{less}}}"#), text, &[("", "maxLength")]);
            }
        }
    }

    #[test]
    fn a_count_may_be_larger_than_any_text() {
        for count in ["9007199254740991", "9223372036854775807", "18446744073709551616", "1e300"] {
            check(&format!(r#"{{"type":"string","maxLength":{count}}}"#), r#""a""#, &[]);
        }
        check(r#"{"type":"string","maxLength":0}"#, r#""""#, &[]);
        check(r#"{"type":"string","maxLength":-0.0}"#, r#""a""#, &[("", "maxLength")]);
        malformed(r#"{"maxLength":-1}"#, "/maxLength");
        assert_eq!(message(r#"{"maxLength":2}"#, r#""abc""#), "\"xxx\" is too long; send at most 2 characters");
    }

    #[test]
    fn both_bounds_and_the_pattern_are_told() {
        let schema = r#"{"type":"string","minLength":3,"maxLength":1,"pattern":"^b"}"#;
        check(schema, r#""aa""#, &[("", "minLength"), ("", "maxLength"), ("", "pattern")]);
    }
}
