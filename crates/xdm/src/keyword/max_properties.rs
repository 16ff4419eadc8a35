//! `maxProperties`: most properties of an object.

use serde_json::Value;

use super::Assertion;
use super::count::too_many;
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Origin, Reader};

#[derive(Debug)]
pub(crate) struct MaxProperties(usize);

impl Assertion for MaxProperties {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.count(value).map(MaxProperties)
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.members_max.at_most(self.0, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if let Json::Object(members) = value
            && members.len() > self.0
        {
            rules.violate(at, || too_many(members.len(), "properties", self.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn members_are_counted() {
        let broken: &[(&str, &str)] = &[("", "maxProperties")];
        check(r#"{"type":"object","maxProperties":1}"#, r#"{"xdm:a":1}"#, &[]);
        check(r#"{"type":"object","maxProperties":1}"#, r#"{"xdm:a":1,"xdm:b":2}"#, broken);
        check(r#"{"maxProperties":0}"#, "{}", &[]);
        check(r#"{"allOf":[{"maxProperties":2},{"type":"object","maxProperties":0}]}"#, r#"{"xdm:a":1}"#, broken);
        malformed(r#"{"maxProperties":-1}"#, "/maxProperties");
    }

    #[test]
    fn bounds_are_included_and_other_types_pass() {
        let broken: &[(&str, &str)] = &[("", "maxProperties")];
        check(r#"{"type":"object","maxProperties":0}"#, r#"{}"#, &[]);
        check(r#"{"type":"object","maxProperties":0}"#, r#"{"a":null,"b":null}"#, broken);
        check(r#"{"type":"object","maxProperties":2.0}"#, r#"{"a":null,"b":null}"#, &[]);
        check(r#"{"type":"object","maxProperties":1}"#, r#"{"a":null,"b":null}"#, broken);
        // Only its own are counted, not those inside them.
        check(r#"{"maxProperties":1}"#, r#"{"a":{"b":1,"c":2,"d":3}}"#, &[]);
        check(r#"{"maxProperties":0}"#, "[]", &[]);
        check(r#"{"maxProperties":0}"#, "1", &[]);
        check(r#"{"type":"object","maxProperties":9223372036854775807}"#, r#"{"a":null,"b":null}"#, &[]);
        check(
            r#"{"type":"object","allOf":[{"maxProperties":1},{"maxProperties":3}]}"#,
            r#"{"a":null,"b":null}"#,
            broken,
        );
        assert_eq!(
            message(r#"{"maxProperties":1}"#, r#"{"a":null,"b":null}"#),
            "2 properties are too many; send at most 1"
        );
        for value in ["-1", "1.5", "\"1\"", "true", "[]", "null"] {
            malformed(&format!(r#"{{"maxProperties":{value}}}"#), "/maxProperties");
        }
    }
}
