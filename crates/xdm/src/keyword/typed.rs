//! `type`: a type by its name, or several.

use serde_json::Value;

use super::Assertion;
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::types::Types;
use crate::model::{Origin, Reader};

#[derive(Debug)]
pub(crate) struct Type(Types);

impl Assertion for Type {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        let named = |value: &Value| value.as_str().and_then(Types::named);
        let types = match value {
            Value::Array(list) if !list.is_empty() => {
                list.iter().try_fold(Types::NONE, |types, name| Some(types.or(named(name)?)))
            }
            name => named(name),
        };
        match types {
            Some(types) => Some(Type(types)),
            None => reader
                .malformed("a type is string, integer, number, boolean, object, array or null, or a list of these"),
        }
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.types(self.0, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if !self.0.contains(value.types()) {
            rules.violate(at, || format!("{} is not {}; send a value of that type", value.shape(), self.0));
        }
    }
}

impl Type {
    /// The types that values may be of.
    pub(crate) fn permitted(&self) -> Types {
        self.0
    }

    /// May values be of this type?
    pub(crate) fn permits(&self, types: Types) -> bool {
        self.0.contains(types)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn values_have_their_type() {
        let values = ["\"x\"", "1", "1.5", "true", "null", "{}", "[]"];
        let types = [
            ("string", &["\"x\""][..]),
            ("integer", &["1"]),
            ("number", &["1", "1.5"]),
            ("boolean", &["true"]),
            ("null", &["null"]),
            ("object", &["{}"]),
            ("array", &["[]"]),
        ];
        for (name, valid) in types {
            for value in values {
                let expect: &[(&str, &str)] = if valid.contains(&value) { &[] } else { &[("", "type")] };
                check(&format!(r#"{{"type":"{name}"}}"#), value, expect);
                let nullable: &[(&str, &str)] = if value == "null" { &[] } else { expect };
                check(&format!(r#"{{"type":["{name}","null"]}}"#), value, nullable);
            }
        }
        check(r#"{"type":"integer"}"#, "1.0", &[]);
        check(r#"{"type":["string","integer"]}"#, "1", &[]);
        check(r#"{"type":["string","integer"]}"#, "1.5", &[("", "type")]);
        malformed(r#"{"type":"text"}"#, "/type");
        malformed(r#"{"type":[]}"#, "/type");
    }

    #[test]
    fn a_number_without_a_fraction_is_an_integer() {
        for number in ["1.0", "-0.0", "1e3", "10e-1", "1.5e1", "9007199254740993", "18446744073709551616", "1e400"] {
            check(r#"{"type":"integer"}"#, number, &[]);
            check(r#"{"type":["integer","string"]}"#, number, &[]);
        }
        for number in ["0.5", "1e-1", "-1.5", "15e-1", "1e-400", "9007199254740993.5"] {
            check(r#"{"type":"integer"}"#, number, &[("", "type")]);
            check(r#"{"type":"number"}"#, number, &[]);
            check(r#"{"type":["integer","string"]}"#, number, &[("", "type")]);
        }
        // The narrower of two that hold together.
        check(r#"{"allOf":[{"type":"number"},{"type":["integer","null"]}]}"#, "1.5", &[("", "type")]);
        check(r#"{"type":["number","integer"]}"#, "1.5", &[]);
    }

    #[test]
    fn types_that_are_none_are_refused() {
        for value in
            ["null", "1", "{}", "[\"string\",1]", "\"String\"", "\"any\"", "[\"string\",\"text\"]", "[[\"string\"]]"]
        {
            malformed(&format!(r#"{{"type":{value}}}"#), "/type");
        }
    }

    #[test]
    fn rules_about_numbers_say_nothing_of_other_types() {
        let schema = r#"{"type":"integer","minimum":5,"multipleOf":5}"#;
        for value in ["\"x\"", "{}", "[]", "true", "null"] {
            check(schema, value, &[("", "type")]);
        }
        check(schema, "1", &[("", "minimum"), ("", "multipleOf")]);
        check(schema, "1.5", &[("", "minimum"), ("", "multipleOf"), ("", "type")]);
        assert_eq!(
            message(r#"{"type":["string","null"]}"#, "5"),
            "a number is not a text or null; send a value of that type"
        );
        assert_eq!(
            message(r#"{"type":"integer"}"#, r#""5 x""#),
            "the text \"9 x\" is not an integer; send a value of that type"
        );
    }
}
