//! `items`: one schema for all items of a list, or one for each of the first ones.

use serde_json::Value;

use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::path::PathStep;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::types::Types;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) enum Items {
    All(SchemaId),
    Each(Box<[SchemaId]>),
}

impl Assertion for Items {
    const SUBSCHEMAS: Subschemas = Subschemas::OneOrList;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        Some(match value {
            Value::Array(list) => {
                let each = list.iter().enumerate().map(|(at, schema)| reader.subschema_at(&at.to_string(), schema));
                Items::Each(each.collect())
            }
            schema => Items::All(reader.subschema(schema)),
        })
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        match self {
            Items::All(schema) => merged.item(*schema),
            Items::Each(_) => merged.tree(Types::ARRAY, origin),
        }
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        let Json::List(items) = value else { return };
        for (index, item) in items.iter().enumerate() {
            let schema = match self {
                Items::All(schema) => Some(schema),
                Items::Each(schemas) => schemas.get(index),
            };
            if let Some(schema) = schema {
                rules.schema(*schema, item, &at.path.below(PathStep::Index(index)));
            }
        }
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        match self {
            Items::All(schema) => each(*schema, Applies::Below),
            Items::Each(schemas) => schemas.iter().for_each(|schema| each(*schema, Applies::Below)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, faults, malformed};

    #[test]
    fn items_are_checked_alike_or_by_their_place() {
        let all = r#"{"type":"array","items":{"type":"integer"}}"#;
        check(all, "[1,2]", &[]);
        check(all, r#"[1,"x",true]"#, &[("/1", "type"), ("/2", "type")]);
        check(r#"{"items":{"type":"integer"}}"#, r#"["x"]"#, &[("/0", "type")]);
        check(r#"{"items":{"type":"integer"}}"#, r#"{"0":"x"}"#, &[]);
        let each = r#"{"type":"array","items":[{"type":"integer"},{"type":"string"}]}"#;
        check(each, r#"[1,"x",true]"#, &[]);
        check(each, r#"["x",1]"#, &[("/0", "type"), ("/1", "type")]);
        check(r#"{"type":"array","items":false}"#, "[1]", &[("/0", "falseSchema")]);
        check(r#"{"type":"array","items":false}"#, "[]", &[]);
        malformed(r#"{"items":1}"#, "/items");
    }

    #[test]
    fn a_list_of_schemas_holds_for_the_first_items_alone() {
        check(r#"{"items":[]}"#, "[1]", &[]);
        let each = r#"{"type":"array","items":[{"type":"integer"},false,true]}"#;
        check(each, "[]", &[]);
        check(each, "[1]", &[]);
        check(each, r#"[1,2,"x","x"]"#, &[("/1", "falseSchema")]);
        check(each, r#"["x",null]"#, &[("/0", "type"), ("/1", "falseSchema")]);
        faults(r#"{"items":[1,{"type":"text"},{}]}"#, &["/items/0", "/items/1/type"]);
        malformed(r#"{"items":null}"#, "/items");
    }

    #[test]
    fn every_rule_of_every_item_is_told() {
        let schema = r#"{"type":"array","items":{"type":"object","properties":{"xdm:n":{"type":"integer","minimum":2,"multipleOf":2}},
            "required":["xdm:n"]},"minItems":4,"contains":{"const":"z"}}"#;
        check(
            schema,
            r#"[{"xdm:n":1},{},[]]"#,
            &[
                ("/0/xdm:n", "minimum"),
                ("/0/xdm:n", "multipleOf"),
                ("/1", "required"),
                ("/2", "type"),
                ("", "minItems"),
                ("", "contains"),
            ],
        );
        let deep = r#"{"type":"array","items":{"type":"array","items":{"type":"integer"}}}"#;
        check(deep, r#"[[1,"x"],[],["y"],1]"#, &[("/0/1", "type"), ("/2/0", "type"), ("/3", "type")]);
        let both = r#"{"type":"array","allOf":[{"items":{"minimum":3}},{"items":{"maximum":1}}]}"#;
        check(both, "[2]", &[("/0", "minimum"), ("/0", "maximum")]);
    }
}
