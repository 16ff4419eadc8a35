//! `allOf`: all of these schemas hold.

use serde_json::Value;

use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) struct AllOf(Box<[SchemaId]>);

impl Assertion for AllOf {
    const SUBSCHEMAS: Subschemas = Subschemas::List;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.subschemas(value).map(AllOf)
    }

    fn compose<'m>(&'m self, _: Origin, merged: &mut Merged<'m>) {
        self.0.iter().for_each(|schema| merged.schema(*schema));
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        self.0.iter().for_each(|schema| rules.schema(*schema, value, at.path));
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        self.0.iter().for_each(|schema| each(*schema, Applies::InPlace));
    }
}

impl AllOf {
    /// The schemas that all hold.
    pub(crate) fn schemas(&self) -> &[SchemaId] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, faults, malformed};

    #[test]
    fn every_broken_part_is_told() {
        let schema = r#"{"allOf":[{"type":"integer","minimum":2},{"multipleOf":2},true]}"#;
        check(schema, "4", &[]);
        check(schema, "1", &[("", "minimum"), ("", "multipleOf")]);
        check(r#"{"allOf":[{"minLength":2},false]}"#, "1", &[("", "falseSchema")]);
        malformed(r#"{"allOf":[]}"#, "/allOf");
        malformed(r#"{"allOf":{}}"#, "/allOf");
    }

    #[test]
    fn parts_hold_together_at_every_depth() {
        let schema =
            r#"{"allOf":[{"allOf":[{"minimum":5},{"allOf":[{"multipleOf":5}]}]},{"type":"number"}],"maximum":2}"#;
        check(schema, "3", &[("", "minimum"), ("", "multipleOf"), ("", "maximum")]);
        check(schema, "\"x\"", &[("", "type")]);
        check(r#"{"allOf":[{}]}"#, "null", &[]);
        check(r#"{"allOf":[true,false,false]}"#, "1", &[("", "falseSchema"), ("", "falseSchema")]);
        let objects = r#"{"type":"object","allOf":[{"properties":{"xdm:a":{"minimum":5}}},{"properties":{"xdm:a":{"multipleOf":2}}}],
            "properties":{"xdm:a":{"type":"integer"}}}"#;
        check(objects, r#"{"xdm:a":3}"#, &[("/xdm:a", "minimum"), ("/xdm:a", "multipleOf")]);
        check(objects, r#"{"xdm:a":"x"}"#, &[("/xdm:a", "type")]);
        faults(r#"{"allOf":[{"type":"text"},1,{"allOf":[]}]}"#, &["/allOf/0/type", "/allOf/1", "/allOf/2/allOf"]);
    }
}
