//! `maxItems`: most items of a list.

use serde_json::Value;

use super::Assertion;
use super::count::too_many;
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Origin, Reader};

#[derive(Debug)]
pub(crate) struct MaxItems(usize);

impl Assertion for MaxItems {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.count(value).map(MaxItems)
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.items_max.at_most(self.0, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if let Json::List(items) = value
            && items.len() > self.0
        {
            rules.violate(at, || too_many(items.len(), "items", self.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn items_are_counted() {
        let broken: &[(&str, &str)] = &[("", "maxItems")];
        check(r#"{"type":"array","maxItems":2}"#, "[1,2]", &[]);
        check(r#"{"type":"array","maxItems":2}"#, "[1,2,3]", broken);
        check(r#"{"maxItems":0}"#, "[1]", broken);
        check(r#"{"maxItems":0}"#, r#""long""#, &[]);
        malformed(r#"{"maxItems":null}"#, "/maxItems");
    }

    #[test]
    fn bounds_are_included_and_other_types_pass() {
        let broken: &[(&str, &str)] = &[("", "maxItems")];
        check(r#"{"type":"array","maxItems":0}"#, r#"[]"#, &[]);
        check(r#"{"type":"array","maxItems":0}"#, r#"[null,null]"#, broken);
        check(r#"{"type":"array","maxItems":2.0}"#, r#"[null,null]"#, &[]);
        check(r#"{"type":"array","maxItems":1}"#, r#"[null,null]"#, broken);
        // Only its own are counted, not those inside them.
        check(r#"{"maxItems":1}"#, r#"[[1,2,3]]"#, &[]);
        check(r#"{"maxItems":0}"#, "{}", &[]);
        check(r#"{"maxItems":0}"#, "1", &[]);
        check(r#"{"type":"array","maxItems":9223372036854775807}"#, r#"[null,null]"#, &[]);
        check(r#"{"type":"array","allOf":[{"maxItems":1},{"maxItems":3}]}"#, r#"[null,null]"#, broken);
        assert_eq!(message(r#"{"maxItems":1}"#, r#"[null,null]"#), "2 items are too many; send at most 1");
        for value in ["-1", "1.5", "\"1\"", "true", "[]", "null"] {
            malformed(&format!(r#"{{"maxItems":{value}}}"#), "/maxItems");
        }
    }
}
