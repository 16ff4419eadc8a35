//! `$ref`: another schema holds here. Nothing beside it does, as draft-06 has it.

use serde_json::Value;

use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) struct Reference(SchemaId);

impl Reference {
    pub(crate) fn target(&self) -> SchemaId {
        self.0
    }
}

impl Assertion for Reference {
    const SUBSCHEMAS: Subschemas = Subschemas::None;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        match value.as_str() {
            Some(reference) => reader.reference(reference).map(Reference),
            None => reader.malformed("\"$ref\" is a text"),
        }
    }

    fn compose<'m>(&'m self, _: Origin, merged: &mut Merged<'m>) {
        merged.schema(self.0);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        rules.schema(self.0, value, at.path);
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        each(self.0, Applies::InPlace);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed};

    #[test]
    fn the_schema_referred_to_holds_and_nothing_beside_it() {
        let schema = r##"{"definitions":{"n":{"type":"integer"}},"properties":{"xdm:a":{"$ref":"#/definitions/n","minimum":5}}}"##;
        check(schema, r#"{"xdm:a":1}"#, &[]);
        check(schema, r#"{"xdm:a":"1"}"#, &[("/xdm:a", "type")]);
        malformed(r##"{"$ref":"#/definitions/none"}"##, "/$ref");
        malformed(r#"{"$ref":1}"#, "/$ref");
    }

    #[test]
    fn a_schema_may_refer_to_itself_below_a_property() {
        let tree = r##"{"type":"object","properties":{"xdm:value":{"type":"integer"},"xdm:nodes":{"type":"array","items":{"$ref":"#"}}}}"##;
        check(tree, r#"{"xdm:value":1,"xdm:nodes":[{"xdm:nodes":[{"xdm:value":2}]}]}"#, &[]);
        check(
            tree,
            r#"{"xdm:value":"1","xdm:nodes":[{"xdm:nodes":[{"xdm:value":true}]}]}"#,
            &[("/xdm:nodes/0/xdm:nodes/0/xdm:value", "type"), ("/xdm:value", "type")],
        );
    }
}
