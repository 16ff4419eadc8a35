//! `format`: texts are of a known form. A format that nobody defines checks nothing.

use serde_json::Value;

use super::TextAssertion;
use crate::format;
use crate::model::Reader;
use crate::violation::mask;

#[derive(Clone, Debug)]
pub(crate) struct Format(Option<format::Format>);

impl Format {
    /// An instant that is read as one, besides being checked.
    pub(crate) fn date_time() -> Format {
        Format(Some(format::Format::DateTime))
    }

    pub(crate) fn known(&self) -> Option<format::Format> {
        self.0
    }
}

impl TextAssertion for Format {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        match value.as_str() {
            Some(name) => Some(Format(format::Format::named(name))),
            None => reader.malformed("a format is a text"),
        }
    }

    #[inline]
    fn holds(&self, text: &str) -> bool {
        self.0.is_none_or(|format| format.is_match(text))
    }

    fn message(&self, text: &str, _: bool) -> String {
        let Some(format) = self.0 else { return String::new() };
        let fault = format.fault(text).map_or_else(String::new, |fault| format!(": {fault}"));
        format!("\"{}\" is not {}{fault}", mask(text), format.example())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed};

    #[test]
    fn texts_have_their_form() {
        let form = |format: &str, good: &str, bad: &str| {
            let schema = format!(r#"{{"type":"string","format":"{format}"}}"#);
            check(&schema, &format!("{good:?}"), &[]);
            check(&schema, &format!("{bad:?}"), &[("", "format")]);
            check(&format!(r#"{{"format":"{format}"}}"#), "12", &[]);
        };
        form("date-time", "2026-11-22T14:07:15Z", "2026-11-22");
        form("date", "2026-11-22", "2026-11-31");
        form("time", "14:07:15Z", "25:00:00Z");
        form("email", "jo@shop.example", "jo");
        form("uri", "https://shop.example/", "/contact");
        form("uri-reference", "/contact", "a b");
        form("uri-template", "/contact/{id}", "/contact/{id");
        form("url", "https://shop.example/", "mailto:jo@shop.example");
        form("ipv4", "192.0.2.1", "192.0.2.256");
        form("ipv6", "2001:db8::1", "2001::db8::1");
        form("hostname", "shop.example", "-shop.example");
        form("json-pointer", "/a~1b", "a");
        check(r#"{"type":"string","format":"shoe-size"}"#, r#""x""#, &[]);
        malformed(r#"{"format":1}"#, "/format");
    }

    #[test]
    fn other_rules_beside_a_format_are_told_too() {
        let schema = r#"{"type":"string","format":"ipv4","maxLength":3,"pattern":"^x"}"#;
        check(schema, r#""a.b.c""#, &[("", "format"), ("", "maxLength"), ("", "pattern")]);
        let instant = r#"{"type":"string","format":"date-time","maxLength":3,"enum":["2026-11-22T14:07:15Z"]}"#;
        check(instant, r#""2026-11-22T14:07:15Z""#, &[("", "maxLength")]);
        check(instant, r#""2026-11-22""#, &[("", "format"), ("", "maxLength"), ("", "enum")]);
        check(r#"{"allOf":[{"format":"ipv4"},{"format":"ipv6"}]}"#, r#""x""#, &[("", "format"), ("", "format")]);
        for value in ["1", "null", "true", "[]", "{}"] {
            check(r#"{"format":"date-time"}"#, value, &[]);
        }
        // Names are as they stand in the list, and others say nothing.
        for name in ["Date-Time", "DATE", "ip-address", "", "regex"] {
            check(&format!(r#"{{"type":"string","format":"{name}"}}"#), r#""(""#, &[]);
        }
        malformed(r#"{"format":["date"]}"#, "/format");
    }
}
