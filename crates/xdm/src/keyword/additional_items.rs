//! `additionalItems`: the schema of the items behind those that `items` has a schema for
//! each of. Without such a list it says nothing.

use serde_json::Value;

use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::path::PathStep;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::types::Types;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) struct AdditionalItems {
    /// Items before them; `None` if `items` is one schema for all.
    from: Option<usize>,
    /// `None` is `false`.
    schema: Option<SchemaId>,
}

impl Assertion for AdditionalItems {
    const SUBSCHEMAS: Subschemas = Subschemas::One;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        let from = reader.sibling("items").and_then(Value::as_array).map(Vec::len);
        let schema = match value {
            Value::Bool(false) => None,
            schema => Some(reader.subschema(schema)),
        };
        Some(AdditionalItems { from, schema })
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        if self.from.is_some() {
            merged.tree(Types::ARRAY, origin);
        }
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        let (Json::List(items), Some(from)) = (value, self.from) else { return };
        for (index, item) in items.iter().enumerate().skip(from) {
            let path = &at.path.below(PathStep::Index(index));
            match self.schema {
                Some(schema) => rules.schema(schema, item, path),
                None => rules.violate(At { path, ..at }, || format!("the list has at most {from} items; leave it out")),
            }
        }
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        self.schema.into_iter().for_each(|schema| each(schema, Applies::Below));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn items_behind_the_list_are_additional() {
        let closed = r#"{"type":"array","items":[{},{}],"additionalItems":false}"#;
        check(closed, "[1,2]", &[]);
        check(closed, "[1,2,3,4]", &[("/2", "additionalItems"), ("/3", "additionalItems")]);
        let typed = r#"{"items":[{}],"additionalItems":{"type":"integer"}}"#;
        check(typed, r#"["x",1]"#, &[]);
        check(typed, r#"["x","x"]"#, &[("/1", "type")]);
        check(r#"{"items":{},"additionalItems":false}"#, "[1,2]", &[]);
        check(r#"{"additionalItems":false}"#, "[1,2]", &[]);
        malformed(r#"{"items":[{}],"additionalItems":1}"#, "/additionalItems");
    }

    #[test]
    fn it_says_nothing_without_a_list_beside_it() {
        // In another part of a composition, in a reference, or a schema instead of a list.
        check(r#"{"allOf":[{"items":[{}]},{"additionalItems":false}]}"#, "[1,2]", &[]);
        check(r#"{"items":true,"additionalItems":false}"#, "[1,2]", &[]);
        check(r#"{"items":[],"additionalItems":false}"#, "[1]", &[("/0", "additionalItems")]);
        check(r#"{"items":[],"additionalItems":false}"#, "[]", &[]);
        check(r#"{"items":[{}],"additionalItems":true}"#, "[1,2]", &[]);
        check(r#"{"items":[{}],"additionalItems":false}"#, r#"{"0":1,"1":2}"#, &[]);
        check(r#"{"items":[{}],"additionalItems":{"not":{}}}"#, "[1,2]", &[("/1", "not")]);
        // Read, though nothing comes of it.
        malformed(r#"{"additionalItems":{"type":"text"}}"#, "/additionalItems/type");
        let told = message(r#"{"items":[{}],"additionalItems":false}"#, "[1,2]");
        assert_eq!(told, "the list has at most 1 items; leave it out");
    }
}
