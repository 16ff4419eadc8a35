//! `pattern`: texts match a regular expression, somewhere.

use serde_json::Value;

use super::TextAssertion;
use crate::model::Reader;
use crate::violation::mask;

#[derive(Clone, Debug)]
pub(crate) struct Pattern(crate::pattern::Pattern);

impl TextAssertion for Pattern {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        match value.as_str() {
            Some(source) => reader.pattern(source).map(Pattern),
            None => reader.malformed("a pattern is a text"),
        }
    }

    #[inline]
    fn holds(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    fn message(&self, text: &str, _: bool) -> String {
        format!("\"{}\" does not match the pattern at the schema location; send a text that does", mask(text))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn patterns_match_anywhere() {
        check(r#"{"type":"string","pattern":"^[a-z]{2}$"}"#, r#""ab""#, &[]);
        check(r#"{"type":"string","pattern":"^[a-z]{2}$"}"#, r#""abc""#, &[("", "pattern")]);
        check(r#"{"type":"string","pattern":"b+"}"#, r#""abba""#, &[]);
        check(r#"{"pattern":"b+"}"#, "{}", &[]);
        malformed(r#"{"pattern":"("}"#, "/pattern");
        malformed(r#"{"pattern":1}"#, "/pattern");
    }

    #[test]
    fn the_text_is_matched_as_it_is_and_not_as_it_is_written() {
        check(r#"{"pattern":"^a$"}"#, r#""\u0061""#, &[]);
        check(r#"{"pattern":"^.$"}"#, r#""\ud83d\ude00""#, &[]);
        check(r#"{"pattern":"^\\n$"}"#, r#""\n""#, &[]);
        // An end is the end of the text, not of a line.
        check(r#"{"pattern":"^a$"}"#, r#""a\nb""#, &[("", "pattern")]);
        check(r#"{"pattern":"^a$"}"#, r#""a\n""#, &[("", "pattern")]);
        check(r#"{"pattern":""}"#, r#""""#, &[]);
        check(
            r#"{"type":"string","allOf":[{"pattern":"a"},{"pattern":"b"}]}"#,
            r#""c""#,
            &[("", "pattern"), ("", "pattern")],
        );
        let told = message(r#"{"pattern":"^[0-9]+$"}"#, r#""+1 (408) Jo""#);
        assert_eq!(told, "\"+9 (999) xx\" does not match the pattern at the schema location; send a text that does");
        for source in ["\"[\"", "\"(?=a)\"", "null", "[\"a\"]"] {
            malformed(&format!(r#"{{"pattern":{source}}}"#), "/pattern");
        }
    }
}
