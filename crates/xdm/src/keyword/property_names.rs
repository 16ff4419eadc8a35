//! `propertyNames`: a schema that the name of every property keeps.

use serde_json::Value;

use super::properties::in_schema_spelling;
use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::path::PathStep;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::types::Types;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) struct PropertyNames(SchemaId);

impl Assertion for PropertyNames {
    const SUBSCHEMAS: Subschemas = Subschemas::One;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        Some(PropertyNames(reader.subschema(value)))
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.tree(Types::OBJECT, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        let Json::Object(members) = value else { return };
        for (key, _) in members.iter() {
            let path = &at.path.below(PathStep::Key(key));
            let name = in_schema_spelling(key, rules.spelling());
            let mut permits = |name: &str| rules.holds_passing(self.0, &Json::Text(name.into()), path);
            if !permits(&name) && !permits(key) {
                rules.violate(At { path, ..at }, || "the schema permits no such name; rename the property".to_owned());
            }
        }
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        each(self.0, Applies::Below);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed};

    #[test]
    fn each_name_that_breaks_it_is_told() {
        let schema = r#"{"type":"object","properties":{"xdm:a":{}},"propertyNames":{"maxLength":6}}"#;
        check(schema, r#"{"xdm:a":1,"xdm:bc":1}"#, &[]);
        check(
            schema,
            r#"{"xdm:a":1,"xdm:long":1,"xdm:longer":1}"#,
            &[("/xdm:long", "propertyNames"), ("/xdm:longer", "propertyNames")],
        );
        check(r#"{"propertyNames":false}"#, "{}", &[]);
        check(r#"{"propertyNames":false}"#, r#"{"xdm:a":1}"#, &[("/xdm:a", "propertyNames")]);
        check(r#"{"propertyNames":false}"#, "[1]", &[]);
        malformed(r#"{"propertyNames":1}"#, "/propertyNames");
    }

    #[test]
    fn a_name_is_a_text_and_its_value_is_not_looked_at() {
        check(r#"{"propertyNames":{"type":"string"}}"#, r#"{"xdm:a":1}"#, &[]);
        check(r#"{"propertyNames":{"type":"integer"}}"#, r#"{"1":1}"#, &[("/1", "propertyNames")]);
        check(r#"{"propertyNames":true}"#, r#"{"xdm:a":null}"#, &[]);
        check(r#"{"propertyNames":{"maxLength":1}}"#, r#"{"é":"long","\ud83d\ude00":"long"}"#, &[]);
        check(r#"{"propertyNames":{"minLength":1}}"#, r#"{"":1}"#, &[("/", "propertyNames")]);
        check(
            r#"{"propertyNames":{"enum":["xdm:a"]}}"#,
            r#"{"xdm:\u0061":1,"xdm:b":1}"#,
            &[("/xdm:b", "propertyNames")],
        );
        check(r#"{"propertyNames":{"const":"xdm:a"}}"#, r#"{"xdm:a":{"xdm:b":1}}"#, &[]);
        check(
            r#"{"type":"object","properties":{"xdm:a":{"type":"integer"}},"propertyNames":{"not":{"pattern":"a$"}}}"#,
            r#"{"xdm:a":"x"}"#,
            &[("/xdm:a", "propertyNames"), ("/xdm:a", "type")],
        );
    }
}
