//! `contains`: at least one item of a list keeps a schema.

use serde_json::Value;

use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::path::PathStep;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::types::Types;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) struct Contains(SchemaId);

impl Assertion for Contains {
    const SUBSCHEMAS: Subschemas = Subschemas::One;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        Some(Contains(reader.subschema(value)))
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.tree(Types::ARRAY, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        let Json::List(items) = value else { return };
        let mut keeps = |(index, item)| rules.holds(self.0, item, &at.path.below(PathStep::Index(index)));
        if !items.iter().enumerate().any(&mut keeps) {
            rules.violate(at, || "no item of the list is as the schema location has it; add one".to_owned());
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
    fn one_item_is_enough() {
        let schema = r#"{"type":"array","items":{"type":"integer"},"contains":{"minimum":5}}"#;
        check(schema, "[1,5]", &[]);
        check(schema, "[1,4]", &[("", "contains")]);
        check(schema, "[]", &[("", "contains")]);
        check(schema, r#"[1,"x"]"#, &[("/1", "type")]);
        check(r#"{"contains":false}"#, "[1]", &[("", "contains")]);
        check(r#"{"contains":false}"#, "{}", &[]);
        malformed(r#"{"contains":[]}"#, "/contains");
    }

    #[test]
    fn any_item_will_do_and_what_is_wrong_with_the_others_is_not_told() {
        let schema = r#"{"type":"array","contains":{"type":"object","required":["xdm:a"]}}"#;
        check(schema, r#"[1,{},{"xdm:a":null}]"#, &[]);
        check(schema, r#"[1,{},[{"xdm:a":null}]]"#, &[("", "contains")]);
        check(r#"{"contains":true}"#, "[null]", &[]);
        check(r#"{"contains":true}"#, "[]", &[("", "contains")]);
        check(r#"{"contains":{"const":0}}"#, "[false,-0.0]", &[]);
        check(r#"{"contains":{"const":0}}"#, r#"[false,"0"]"#, &[("", "contains")]);
        check(r#"{"contains":{"const":0}}"#, r#"{"a":1}"#, &[]);
        let beside = r#"{"type":"array","items":{"multipleOf":2},"contains":{"multipleOf":3},"maxItems":1}"#;
        check(beside, "[6]", &[]);
        check(beside, "[3,3]", &[("/0", "multipleOf"), ("/1", "multipleOf"), ("", "maxItems")]);
        check(
            r#"{"allOf":[{"contains":{"const":1}},{"contains":{"const":2}}]}"#,
            "[3]",
            &[("", "contains"), ("", "contains")],
        );
        malformed(r#"{"contains":{"type":"text"}}"#, "/contains/type");
    }
}
