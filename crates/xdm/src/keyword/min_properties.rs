//! `minProperties`: fewest properties of an object.

use serde_json::Value;

use super::Assertion;
use super::count::too_few;
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Origin, Reader};

#[derive(Debug)]
pub(crate) struct MinProperties(usize);

impl Assertion for MinProperties {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.count(value).map(MinProperties)
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.members_min.at_least(self.0, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if let Json::Object(members) = value
            && members.len() < self.0
        {
            rules.violate(at, || too_few(members.len(), "properties", self.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn members_are_counted() {
        let broken: &[(&str, &str)] = &[("", "minProperties")];
        check(r#"{"type":"object","minProperties":2}"#, r#"{"xdm:a":1,"xdm:b":2}"#, &[]);
        check(r#"{"type":"object","minProperties":2}"#, r#"{"xdm:a":1}"#, broken);
        let map = r#"{"type":"object","additionalProperties":{"type":"integer"},"minProperties":1}"#;
        check(map, "{}", broken);
        check(r#"{"minProperties":1}"#, "[]", &[]);
        check(r#"{"minProperties":1}"#, "{}", broken);
        malformed(r#"{"minProperties":"1"}"#, "/minProperties");
    }

    #[test]
    fn bounds_are_included_and_other_types_pass() {
        let broken: &[(&str, &str)] = &[("", "minProperties")];
        check(r#"{"type":"object","minProperties":0}"#, r#"{}"#, &[]);
        check(r#"{"type":"object","minProperties":1}"#, r#"{}"#, broken);
        check(r#"{"type":"object","minProperties":2.0}"#, r#"{"a":null,"b":null}"#, &[]);
        check(r#"{"type":"object","minProperties":3}"#, r#"{"a":null,"b":null}"#, broken);
        // Only its own are counted, not those inside them.
        check(r#"{"minProperties":2}"#, r#"{"a":{"b":1,"c":2,"d":3}}"#, broken);
        check(r#"{"minProperties":2}"#, "[]", &[]);
        check(r#"{"minProperties":2}"#, "1", &[]);
        check(r#"{"type":"object","minProperties":9007199254740991}"#, r#"{"a":null,"b":null}"#, broken);
        check(
            r#"{"type":"object","allOf":[{"minProperties":1},{"minProperties":3}]}"#,
            r#"{"a":null,"b":null}"#,
            broken,
        );
        assert_eq!(
            message(r#"{"minProperties":3}"#, r#"{"a":null,"b":null}"#),
            "2 properties are too few; send at least 3"
        );
        for value in ["-1", "1.5", "\"1\"", "true", "[]", "null"] {
            malformed(&format!(r#"{{"minProperties":{value}}}"#), "/minProperties");
        }
    }
}
