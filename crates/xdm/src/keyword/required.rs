//! `required`: properties that an object has.

use std::collections::HashSet;

use serde_json::Value;

use super::{Assertion, Name};
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Origin, Reader};

#[derive(Debug)]
pub(crate) struct Required(Box<[Name]>);

impl Assertion for Required {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        let names = reader.names(value)?;
        let mut known = HashSet::new();
        // A name that comes twice is one property all the same.
        let names = names.iter().filter(|name| known.insert(&***name));
        Some(Required(names.map(|name| Name::new(name)).collect()))
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        self.0.iter().for_each(|name| merged.required(name, origin));
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        let Json::Object(members) = value else { return };
        let spelling = rules.spelling();
        for name in self.0.iter().filter(|name| !name.is_in(members, spelling)) {
            rules.violate(at, || message(&name.xdm));
        }
    }
}

impl Required {
    /// The properties that must be there, each once.
    pub(crate) fn names(&self) -> &[Name] {
        &self.0
    }
}

/// The sentence for a missing property.
pub(crate) fn message(name: &str) -> String {
    format!("the property {name:?} is missing; add it")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn each_missing_property_is_told() {
        let schema = r#"{"type":"object","properties":{"xdm:a":{},"xdm:b":{}},"required":["xdm:a","xdm:b"]}"#;
        check(schema, r#"{"xdm:a":1,"xdm:b":null}"#, &[]);
        check(schema, "{}", &[("", "required"), ("", "required")]);
        check(r#"{"required":["xdm:a"]}"#, "[]", &[]);
        check(r#"{"required":["xdm:a"]}"#, "{}", &[("", "required")]);
        malformed(r#"{"required":"a"}"#, "/required");
        malformed(r#"{"required":[1]}"#, "/required");
    }

    #[test]
    fn a_property_that_is_not_declared_may_be_required() {
        let schema = r#"{"type":"object","properties":{"xdm:a":{}},"required":["xdm:other"]}"#;
        check(schema, r#"{"xdm:other":[1]}"#, &[]);
        check(schema, r#"{"xdm:a":1}"#, &[("", "required")]);
        let map = r#"{"type":"object","additionalProperties":{"type":"integer"},"required":["xdm:a"]}"#;
        check(map, r#"{"xdm:a":1}"#, &[]);
        check(map, r#"{"xdm:b":1}"#, &[("", "required")]);
    }

    #[test]
    fn present_is_present_whatever_the_value() {
        let schema = r#"{"type":"object","required":["xdm:a","xdm:b/c","é"]}"#;
        for value in ["null", "false", "0", "\"\"", "[]", "{}"] {
            check(schema, &format!(r#"{{"xdm:\u0061":{value},"xdm:b\/c":{value},"\u00e9":{value}}}"#), &[]);
        }
        check(schema, r#"{"xdm:A":1,"b/c":1,"e\u0301":1}"#, &[("", "required"), ("", "required"), ("", "required")]);
        // Draft-04 wanted at least one; draft-06 doesn't.
        check(r#"{"required":[]}"#, "{}", &[]);
        check(r#"{"type":"object","required":[""]}"#, "{}", &[("", "required")]);
        check(r#"{"type":"object","required":[""]}"#, r#"{"":1}"#, &[]);
        assert_eq!(message(r#"{"required":["xdm:a\"b"]}"#, "{}"), "the property \"xdm:a\\\"b\" is missing; add it");
        // Draft-03 had true or false.
        malformed(r#"{"required":true}"#, "/required");
        malformed(r#"{"required":{"xdm:a":true}}"#, "/required");
        malformed(r#"{"required":["xdm:a",null]}"#, "/required");
    }

    #[test]
    fn required_in_each_part_of_a_composition_and_at_each_depth() {
        let schema = r#"{"type":"object","allOf":[{"required":["xdm:a"]},{"required":["xdm:b"]}],
            "properties":{"xdm:c":{"type":"object","required":["xdm:a"]},"xdm:d":{"type":"array","items":{"required":["xdm:a"]}}}}"#;
        check(
            schema,
            r#"{"xdm:c":{},"xdm:d":[{},{"xdm:a":1},{}]}"#,
            &[
                ("", "required"),
                ("", "required"),
                ("/xdm:c", "required"),
                ("/xdm:d/0", "required"),
                ("/xdm:d/2", "required"),
            ],
        );
        let never = r#"{"type":"object","properties":{"xdm:a":false},"required":["xdm:a"]}"#;
        check(never, "{}", &[("", "required")]);
        check(never, r#"{"xdm:a":1}"#, &[("/xdm:a", "falseSchema")]);
    }
}
