//! `oneOf`: exactly one of these schemas holds.

use serde_json::Value;

use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::types::Types;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) struct OneOf(Box<[SchemaId]>);

impl Assertion for OneOf {
    const SUBSCHEMAS: Subschemas = Subschemas::List;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.subschemas(value).map(OneOf)
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.tree(Types::ALL, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        let fitting = self.0.iter().filter(|schema| rules.holds(**schema, value, at.path)).count();
        match fitting {
            0 => rules.fits_none(&self.0, value, at),
            1 => {}
            more => rules.violate(at, || {
                format!(
                    "the value fits {more} of {} alternatives, which exclude each other; make it fit one",
                    self.0.len()
                )
            }),
        }
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        self.0.iter().for_each(|schema| each(*schema, Applies::InPlace));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn exactly_one_alternative_fits() {
        let broken: &[(&str, &str)] = &[("", "oneOf")];
        let schema = r#"{"oneOf":[{"type":"integer"},{"minimum":2}]}"#;
        check(schema, "1", &[]);
        check(schema, "2.5", &[]);
        check(schema, "3", broken);
        check(schema, "1.5", broken);
        let beside = r#"{"type":"object","properties":{"xdm:a":{},"xdm:b":{}},"oneOf":[{"required":["xdm:a"]},{"required":["xdm:b"]}]}"#;
        check(beside, r#"{"xdm:a":1}"#, &[]);
        check(beside, "{}", broken);
        check(beside, r#"{"xdm:a":1,"xdm:b":1}"#, broken);
        check(r#"{"oneOf":[true,true]}"#, "1", broken);
        malformed(r#"{"oneOf":{}}"#, "/oneOf");
    }

    #[test]
    fn exactly_one_among_any() {
        let broken: &[(&str, &str)] = &[("", "oneOf")];
        check(r#"{"oneOf":[false,true,false]}"#, "1", &[]);
        check(r#"{"oneOf":[false,false]}"#, "1", broken);
        check(r#"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#, "1.5", &[]);
        check(r#"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#, "1.0", broken);
        // The same schema twice is fitted twice, or not at all.
        check(
            r##"{"definitions":{"n":{"type":"integer"}},"oneOf":[{"$ref":"#/definitions/n"},{"$ref":"#/definitions/n"}]}"##,
            "1",
            broken,
        );
        let nots = r#"{"oneOf":[{"not":{"minimum":5}},{"not":{"maximum":7}}]}"#;
        check(nots, "1", &[]);
        check(nots, "6", broken);
        check(nots, "9", &[]);
        check(nots, "\"x\"", broken);
        let inner = r#"{"oneOf":[{"oneOf":[{"minimum":1},{"minimum":2}]},{"oneOf":[{"maximum":1},{"maximum":0}]}]}"#;
        check(inner, "1.5", &[]);
        check(inner, "1", broken);
        check(inner, "-1", broken);
        let beside = r#"{"type":"integer","minimum":5,"oneOf":[{"multipleOf":2},{"multipleOf":3}]}"#;
        check(beside, "1", &[("", "minimum"), ("", "oneOf")]);
        check(beside, "0", &[("", "minimum"), ("", "oneOf")]);
        check(beside, "9", &[]);
        let told = message(r#"{"oneOf":[{"multipleOf":2},{"multipleOf":3},false]}"#, "6");
        assert_eq!(told, "the value fits 2 of 3 alternatives, which exclude each other; make it fit one");
        malformed(r#"{"oneOf":[]}"#, "/oneOf");
    }
}
