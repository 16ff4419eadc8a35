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
        let shown: Vec<String> = self.0.iter().take(SHOWN_MAX).map(|number| number.as_f64().to_string()).collect();
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
    use super::super::testing::{check, malformed};

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
}
