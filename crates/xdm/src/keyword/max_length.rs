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
    use super::super::testing::{check, malformed};

    #[test]
    fn characters_are_counted() {
        let schema = r#"{"type":"string","maxLength":2}"#;
        check(schema, r#""éé""#, &[]);
        check(schema, r#""abc""#, &[("", "maxLength")]);
        check(r#"{"maxLength":2}"#, "[1,2,3]", &[]);
        malformed(r#"{"maxLength":1.5}"#, "/maxLength");
    }
}
