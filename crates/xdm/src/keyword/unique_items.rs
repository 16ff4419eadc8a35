//! `uniqueItems`: no two items of a list are equal, as JSON Schema has it: `1` and `1.0`
//! are, whatever order the properties of objects come in.

use std::collections::HashSet;

use serde_json::Value;

use super::Assertion;
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Origin, Reader};

#[derive(Debug)]
pub(crate) struct UniqueItems(bool);

impl Assertion for UniqueItems {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        match value.as_bool() {
            Some(unique) => Some(UniqueItems(unique)),
            None => reader.malformed("\"uniqueItems\" is true or false"),
        }
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        if self.0 {
            merged.unique.get_or_insert(origin);
        }
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if self.0 && repeats(value) {
            rules.violate(at, || REPEATED.to_owned());
        }
    }
}

/// The sentence for a list with equal items.
pub(crate) const REPEATED: &str = "two items of the list are equal; send each once";

/// Is this a list with two equal items?
pub(crate) fn repeats(value: &Json<'_>) -> bool {
    let Json::List(items) = value else { return false };
    let mut known = HashSet::with_capacity(items.len());
    !items.iter().all(|item| known.insert(item))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed};

    #[test]
    fn equal_items_are_told() {
        let broken: &[(&str, &str)] = &[("", "uniqueItems")];
        let schema = r#"{"type":"array","uniqueItems":true}"#;
        check(schema, r#"[1,2,"1",true,null,[1],{"a":1}]"#, &[]);
        check(schema, "[1,2,1]", broken);
        check(schema, "[1,1.0]", broken);
        check(schema, "[0,false]", &[]);
        check(schema, "[18446744073709551615,18446744073709551614]", &[]);
        check(schema, r#"[{"a":1,"b":[2]},{"b":[2.0],"a":1}]"#, broken);
        check(r#"{"type":"array","items":{"type":"string"},"uniqueItems":true}"#, r#"["a","\u0061"]"#, broken);
        check(r#"{"uniqueItems":true}"#, "[[1],[1]]", broken);
        check(r#"{"uniqueItems":false}"#, "[1,1]", &[]);
        malformed(r#"{"uniqueItems":1}"#, "/uniqueItems");
    }

    #[test]
    fn items_are_equal_by_value_at_every_depth() {
        let schema = r#"{"type":"array","uniqueItems":true}"#;
        for list in [
            "[]",
            "[1]",
            r#"["a","A"]"#,
            "[[1],[2]]",
            "[[],{}]",
            r#"[null,false,0,"",[],{}]"#,
            r#"["e\u0301","\u00e9"]"#,
            "[9007199254740993,9007199254740992]",
            "[[0],[false]]",
            r#"[{"a":1},{"a":1,"b":null}]"#,
            "[1,true]",
            "[[1,2],[2,1]]",
        ] {
            check(schema, list, &[]);
        }
        for list in [
            "[0,-0.0]",
            "[1,10e-1]",
            "[null,null]",
            "[{},{}]",
            "[[],[]]",
            r#"["\ud83d\ude00","😀"]"#,
            r#"[{"a":[1,{"b":2}]},{"a":[1.0,{"b":2}]}]"#,
            "[1e400,1e401]",
            "[1,2,3,2]",
        ] {
            check(schema, list, &[("", "uniqueItems")]);
        }
        check(r#"{"uniqueItems":true}"#, r#"{"a":1,"b":1}"#, &[]);
        check(r#"{"uniqueItems":true}"#, r#""aa""#, &[]);
        let each = r#"{"type":"array","uniqueItems":true,"items":{"type":"integer"},"maxItems":1}"#;
        check(each, r#"["x","x"]"#, &[("/0", "type"), ("/1", "type"), ("", "uniqueItems"), ("", "maxItems")]);
        malformed(r#"{"uniqueItems":null}"#, "/uniqueItems");
        malformed(r#"{"uniqueItems":"true"}"#, "/uniqueItems");
    }
}
