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
    use super::super::testing::{check, faults, malformed};

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

    #[test]
    fn nothing_beside_it_is_read() {
        // Draft-06, 8: "All other properties in a "$ref" object MUST be ignored."
        let schema = r##"{"definitions":{"n":{"type":"integer"}},"properties":{"xdm:a":{"$ref":"#/definitions/n",
            "type":"string","enum":[],"minimum":"x","properties":1,"not":true,"allOf":[{"const":5}]}}}"##;
        check(schema, r#"{"xdm:a":1}"#, &[]);
        check(schema, r#"{"xdm:a":"5"}"#, &[("/xdm:a", "type")]);
        let closed = r##"{"definitions":{"o":{"type":"object","properties":{"xdm:a":{}}}},
            "$ref":"#/definitions/o","additionalProperties":false,"required":["xdm:z"]}"##;
        check(closed, r#"{"xdm:b":1}"#, &[]);
        check(closed, "1", &[("", "type")]);
    }

    #[test]
    fn a_reference_leads_to_any_schema_by_its_pointer() {
        let leads = |name: &str, pointer: &str| {
            let schema = format!(
                r##"{{"definitions":{{"{name}":{{"type":"integer"}}}},"properties":{{"xdm:a":{{"$ref":"#/definitions/{pointer}"}}}}}}"##
            );
            check(&schema, r#"{"xdm:a":1}"#, &[]);
            check(&schema, r#"{"xdm:a":"x"}"#, &[("/xdm:a", "type")]);
        };
        leads("a/b", "a~1b");
        leads("a~b", "a~0b");
        leads("a~1b", "a~01b");
        leads("a%b", "a%25b");
        leads("a b", "a%20b");
        leads("é", "%C3%A9");
        leads("", "");
        leads("0", "0");
        let chain = r##"{"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/properties/xdm:n/allOf/1"}},
            "properties":{"xdm:n":{"allOf":[true,{"type":"integer"}]},"xdm:m":{"$ref":"#/definitions/a"}}}"##;
        check(chain, r#"{"xdm:m":"x"}"#, &[("/xdm:m", "type")]);
        check(chain, r#"{"xdm:m":1,"xdm:n":1}"#, &[]);
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_told_where_it_stands() {
        for reference in
            ["#/definitions/missing", "#/definitions/a/~2", "other.json", "#nowhere", "https://x.example/none"]
        {
            malformed(
                &format!(r##"{{"definitions":{{"a":{{}}}},"properties":{{"xdm:a":{{"$ref":"{reference}"}}}}}}"##),
                "/properties/xdm:a/$ref",
            );
        }
        faults(
            r##"{"properties":{"xdm:a":{"$ref":"#/a"},"xdm:b":{"$ref":null},"xdm:c":{"$ref":["#"]}}}"##,
            &["/properties/xdm:a/$ref", "/properties/xdm:b/$ref", "/properties/xdm:c/$ref"],
        );
    }
}
