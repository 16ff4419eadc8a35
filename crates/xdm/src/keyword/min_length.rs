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
    use super::super::testing::{check, malformed};

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
}
