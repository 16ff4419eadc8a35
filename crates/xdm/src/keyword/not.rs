//! `not`: this schema doesn't hold.

use serde_json::Value;

use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::types::Types;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) struct Not(SchemaId);

impl Assertion for Not {
    const SUBSCHEMAS: Subschemas = Subschemas::One;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        Some(Not(reader.subschema(value)))
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.tree(Types::ALL, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if rules.holds(self.0, value, at.path) {
            rules.violate(at, || "the value is what the schema location excludes; send another".to_owned());
        }
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        each(self.0, Applies::InPlace);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed};

    #[test]
    fn what_it_says_is_excluded() {
        let broken: &[(&str, &str)] = &[("", "not")];
        check(r#"{"not":{"type":"integer"}}"#, "\"x\"", &[]);
        check(r#"{"not":{"type":"integer"}}"#, "1", broken);
        check(r#"{"type":"string","not":{"enum":["a"]}}"#, r#""b""#, &[]);
        check(r#"{"type":"string","not":{"enum":["a"]}}"#, r#""a""#, broken);
        check(r#"{"not":{"not":{"type":"integer"}}}"#, "1", &[]);
        check(r#"{"not":true}"#, "1", broken);
        let object = r#"{"type":"object","properties":{"xdm:a":{}},"not":{"required":["xdm:a"]}}"#;
        check(object, r#"{"xdm:b":1}"#, &[]);
        check(object, r#"{"xdm:a":1}"#, broken);
        malformed(r#"{"not":1}"#, "/not");
    }

    #[test]
    fn what_is_excluded_is_told_once_and_nothing_of_its_inside() {
        let broken: &[(&str, &str)] = &[("", "not")];
        check(r#"{"not":{}}"#, "null", broken);
        check(r#"{"not":false}"#, "null", &[]);
        check(r#"{"not":{"not":{}}}"#, "1", &[]);
        check(r#"{"not":{"not":{"not":{"type":"integer"}}}}"#, "1", broken);
        check(r#"{"not":{"anyOf":[{"type":"null"},{"minimum":5}]}}"#, "1", &[]);
        check(r#"{"not":{"anyOf":[{"type":"null"},{"minimum":5}]}}"#, "7", broken);
        // A rule about other types holds for a value, so its negation doesn't.
        check(r#"{"not":{"minimum":5}}"#, "\"x\"", broken);
        check(r#"{"not":{"required":["xdm:a"]}}"#, "[]", broken);
        check(
            r#"{"allOf":[{"not":{"minimum":5}},{"not":{"multipleOf":2}}],"type":"integer"}"#,
            "6",
            &[("", "not"), ("", "not")],
        );
        let list = r#"{"type":"array","items":{"type":"integer","not":{"const":0}}}"#;
        check(list, r#"[0,1,-0.0,"x"]"#, &[("/0", "not"), ("/2", "not"), ("/3", "type")]);
        malformed(r#"{"not":[]}"#, "/not");
        malformed(r#"{"not":{"type":"text"}}"#, "/not/type");
    }
}
