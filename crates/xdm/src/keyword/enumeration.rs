//! `enum`: values are one of a list. Its forms for texts and numbers are also those of
//! `const`, which is a list of one.

use serde_json::Value;

use super::Assertion;
use crate::check::json::Json;
use crate::check::number::Number;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Origin, Reader};
use crate::violation::mask;

/// Most values that a message lists.
const SHOWN_MAX: usize = 12;

#[derive(Debug)]
pub(crate) struct Enum(Values);

/// Permitted values.
#[derive(Debug)]
pub(crate) struct Values(Box<[Json<'static>]>);

/// The texts among them.
#[derive(Clone, Debug)]
pub(crate) struct Texts(Box<[Box<str>]>);

/// The numbers among them.
#[derive(Clone, Debug)]
pub(crate) struct Numbers(Box<[Number]>);

impl Assertion for Enum {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        match value.as_array() {
            Some(list) if !list.is_empty() => Some(Enum(Values(list.iter().map(Json::of).collect()))),
            _ => reader.malformed("\"enum\" is a list of at least one value"),
        }
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.values(&self.0, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        self.0.check(value, at, rules);
    }
}

impl Values {
    pub(super) fn one(value: &Value) -> Values {
        Values(Box::new([Json::of(value)]))
    }

    pub(super) fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if self.0.contains(value) {
            return;
        }
        rules.violate(at, || match value {
            Json::Text(text) => self.texts().message(text),
            Json::Number(_) => self.numbers().message(),
            other => format!("{} is not a permitted value; see the schema location", other.shape()),
        });
    }

    pub(crate) fn texts(&self) -> Texts {
        let text = |value: &Json<'_>| match value {
            Json::Text(text) => Some(Box::from(&**text)),
            _ => None,
        };
        Texts(self.0.iter().filter_map(text).collect())
    }

    pub(crate) fn numbers(&self) -> Numbers {
        let number = |value: &Json<'_>| match value {
            Json::Number(number) => Some(*number),
            _ => None,
        };
        Numbers(self.0.iter().filter_map(number).collect())
    }

    /// The one boolean that is permitted; `None` if both or none are.
    pub(crate) fn only_boolean(&self) -> Option<bool> {
        match (self.0.contains(&Json::Boolean(true)), self.0.contains(&Json::Boolean(false))) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }
}

impl Texts {
    #[inline]
    pub(super) fn holds(&self, text: &str) -> bool {
        self.0.iter().any(|value| **value == *text)
    }

    pub(super) fn message(&self, text: &str) -> String {
        let shown: Vec<&str> = self.0.iter().take(SHOWN_MAX).map(|value| &**value).collect();
        format!("\"{}\" is not a permitted value; {}", mask(text), permitted(&shown, self.0.len()))
    }
}

impl Numbers {
    pub(super) fn holds(&self, number: Number) -> bool {
        self.0.contains(&number)
    }

    pub(super) fn message(&self) -> String {
        let shown: Vec<String> = self.0.iter().take(SHOWN_MAX).map(|number| number.to_string()).collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        format!("the number is not a permitted value; {}", permitted(&shown, self.0.len()))
    }
}

/// What may be sent: some of the values, and how many more there are.
fn permitted(shown: &[&str], values: usize) -> String {
    let more = match values - shown.len() {
        0 => String::new(),
        more => format!(" or one of {more} more"),
    };
    match shown {
        [] => "no value of this type is; see the schema location".to_owned(),
        _ => format!("send one of {}{more}", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn values_are_on_the_list() {
        let broken: &[(&str, &str)] = &[("", "enum")];
        check(r#"{"type":"string","enum":["a","b",1]}"#, r#""b""#, &[]);
        check(r#"{"type":"string","enum":["a","b",1]}"#, r#""c""#, broken);
        check(r#"{"type":"integer","enum":[1,2.0]}"#, "2", &[]);
        check(r#"{"type":"integer","enum":[1,2.0]}"#, "3", broken);
        check(r#"{"type":"boolean","enum":[true]}"#, "true", &[]);
        check(r#"{"type":"boolean","enum":[true]}"#, "false", broken);
        check(r#"{"type":"boolean","enum":["true"]}"#, "false", broken);
        check(r#"{"type":"object","enum":[{"xdm:a":[1,null]}]}"#, r#"{"xdm:a":[1.0,null]}"#, &[]);
        check(r#"{"type":"object","enum":[{"xdm:a":[1,null]}]}"#, r#"{"xdm:a":[]}"#, broken);
        check(r#"{"enum":[null,{"a":1,"b":2},"x"]}"#, r#"{"b":2,"a":1}"#, &[]);
        check(r#"{"enum":[null,0]}"#, "false", broken);
        check(r#"{"type":["string","null"],"enum":["a",null]}"#, "null", &[]);
        check(r#"{"type":["string","null"],"enum":["a"]}"#, "null", broken);
        malformed(r#"{"enum":[]}"#, "/enum");
        malformed(r#"{"enum":"a"}"#, "/enum");
    }

    #[test]
    fn equal_is_as_draft_06_has_it() {
        let broken: &[(&str, &str)] = &[("", "enum")];
        for number in ["1", "1.0", "1e0", "10e-1", "0.1E+1"] {
            check(r#"{"type":"number","enum":[1]}"#, number, &[]);
            check(r#"{"enum":[[1.0]]}"#, &format!("[{number}]"), &[]);
        }
        for number in ["0", "-0", "-0.0", "0e9"] {
            check(r#"{"enum":[0]}"#, number, &[]);
        }
        check(r#"{"type":"integer","enum":[9007199254740993]}"#, "9007199254740993", &[]);
        check(r#"{"type":"integer","enum":[9007199254740993]}"#, "9007199254740992", broken);
        check(r#"{"enum":["1"]}"#, "1", broken);
        check(r#"{"enum":[[1]]}"#, "[true]", broken);
        check(r#"{"enum":[{"a":0}]}"#, r#"{"a":false}"#, broken);
        check(r#"{"enum":[[]]}"#, "{}", broken);
        check(r#"{"enum":[{}]}"#, "{}", &[]);
        check(r#"{"enum":[""]}"#, r#""""#, &[]);
        check(r#"{"enum":[""]}"#, "null", broken);
        check(r#"{"enum":["a"]}"#, r#""\u0061""#, &[]);
        check(r#"{"enum":["a"]}"#, r#""A""#, broken);
        check(r#"{"type":"string","enum":["a"]}"#, r#""A""#, broken);
        check(r#"{"enum":["a"]}"#, r#""a ""#, broken);
        // Canonically equivalent texts are other texts: nothing is normalised.
        check(r#"{"enum":["\u00e9"]}"#, r#""e\u0301""#, broken);
        check(r#"{"enum":["\ud83d\ude00"]}"#, "\"😀\"", &[]);
    }

    #[test]
    fn other_rules_beside_it_are_told_too() {
        let schema = r#"{"type":"string","enum":["a","bb"],"maxLength":1,"pattern":"^a"}"#;
        check(schema, r#""a""#, &[]);
        check(schema, r#""bb""#, &[("", "maxLength"), ("", "pattern")]);
        check(schema, r#""cc""#, &[("", "enum"), ("", "maxLength"), ("", "pattern")]);
        let twice = r#"{"type":"integer","allOf":[{"enum":[1,2]},{"enum":[2,3]}]}"#;
        check(twice, "2", &[]);
        check(twice, "1", &[("", "enum")]);
        check(twice, "4", &[("", "enum"), ("", "enum")]);
        check(r#"{"type":"boolean","allOf":[{"enum":[true,"x"]},{"enum":[false]}]}"#, "true", &[("", "enum")]);
    }

    #[test]
    fn what_may_be_sent_is_said_exactly() {
        let told = |schema: &str, value: &str, expect: &str| assert_eq!(message(schema, value), expect);
        told(r#"{"enum":["web","app",3]}"#, r#""jo""#, "\"xx\" is not a permitted value; send one of web, app");
        told(
            r#"{"enum":[9007199254740993,18446744073709551615,-1.5]}"#,
            "1",
            "the number is not a permitted value; send one of 9007199254740993, 18446744073709551615, -1.5",
        );
        told(
            r#"{"enum":[1]}"#,
            r#""1""#,
            "\"9\" is not a permitted value; no value of this type is; see the schema location",
        );
        told(r#"{"enum":[1]}"#, "[]", "a list is not a permitted value; see the schema location");
        let many: Vec<String> = (10..30).map(|number| number.to_string()).collect();
        let said = message(&format!(r#"{{"enum":[{}]}}"#, many.join(",")), "1");
        assert!(
            said.ends_with("send one of 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21 or one of 8 more"),
            "{said}"
        );
    }
}
