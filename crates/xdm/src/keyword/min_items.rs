//! `minItems`: fewest items of a list.

use serde_json::Value;

use super::Assertion;
use super::count::too_few;
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Origin, Reader};

#[derive(Debug)]
pub(crate) struct MinItems(usize);

impl Assertion for MinItems {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.count(value).map(MinItems)
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.items_min.at_least(self.0, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if let Json::List(items) = value
            && items.len() < self.0
        {
            rules.violate(at, || too_few(items.len(), "items", self.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn items_are_counted() {
        let broken: &[(&str, &str)] = &[("", "minItems")];
        check(r#"{"type":"array","minItems":1}"#, "[1]", &[]);
        check(r#"{"type":"array","minItems":1}"#, "[]", broken);
        check(r#"{"type":"array","items":{"type":"string"},"minItems":2}"#, r#"["a"]"#, broken);
        check(r#"{"minItems":1}"#, "{}", &[]);
        malformed(r#"{"minItems":0.5}"#, "/minItems");
    }

    #[test]
    fn bounds_are_included_and_other_types_pass() {
        let broken: &[(&str, &str)] = &[("", "minItems")];
        check(r#"{"type":"array","minItems":0}"#, r#"[]"#, &[]);
        check(r#"{"type":"array","minItems":1}"#, r#"[]"#, broken);
        check(r#"{"type":"array","minItems":2.0}"#, r#"[null,null]"#, &[]);
        check(r#"{"type":"array","minItems":3}"#, r#"[null,null]"#, broken);
        // Only its own are counted, not those inside them.
        check(r#"{"minItems":2}"#, r#"[[1,2,3]]"#, broken);
        check(r#"{"minItems":2}"#, "{}", &[]);
        check(r#"{"minItems":2}"#, "1", &[]);
        check(r#"{"type":"array","minItems":9007199254740991}"#, r#"[null,null]"#, broken);
        check(r#"{"type":"array","allOf":[{"minItems":1},{"minItems":3}]}"#, r#"[null,null]"#, broken);
        assert_eq!(message(r#"{"minItems":3}"#, r#"[null,null]"#), "2 items are too few; send at least 3");
        for value in ["-1", "1.5", "\"1\"", "true", "[]", "null"] {
            malformed(&format!(r#"{{"minItems":{value}}}"#), "/minItems");
        }
    }
}
