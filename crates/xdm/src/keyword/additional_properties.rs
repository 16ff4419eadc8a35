//! `additionalProperties`: the schema of properties that neither `properties` nor
//! `patternProperties` beside it name. It knows nothing of what is declared elsewhere.

use serde_json::{Map, Value};

use super::properties::{in_schema_spelling, matches};
use super::{Assertion, Name, Subschemas};
use crate::check::json::Json;
use crate::check::path::PathStep;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Applies, Origin, Reader, SchemaId};
use crate::pattern::Pattern;

#[derive(Debug)]
pub(crate) struct AdditionalProperties {
    pub(crate) names: Box<[Name]>,
    pub(crate) patterns: Box<[Pattern]>,
    pub(crate) others: Others,
}

/// What holds for properties that aren't named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    Permitted,
    Forbidden,
    Of(SchemaId),
}

impl AdditionalProperties {
    /// Is the property of this name, as the schema spells it, one that is named?
    pub(crate) fn names(&self, name: &str) -> bool {
        self.names.iter().any(|known| *known.xdm == *name) || self.patterns.iter().any(|pattern| pattern.is_match(name))
    }
}

impl Assertion for AdditionalProperties {
    const SUBSCHEMAS: Subschemas = Subschemas::One;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        let others = match value {
            Value::Bool(true) => Others::Permitted,
            Value::Bool(false) => Others::Forbidden,
            schema => Others::Of(reader.subschema(schema)),
        };
        let keys = |map: Option<&'r Value>| map.and_then(Value::as_object).into_iter().flat_map(Map::keys);
        let names = keys(reader.sibling("properties")).map(|name| Name::new(name)).collect();
        let sources = keys(reader.sibling("patternProperties"));
        // What is wrong with a pattern is reported where it stands; without it this is no rule.
        let mut patterns = sources.map(|source| reader.known_pattern(source)).collect::<Option<Box<[Pattern]>>>()?;
        // One that matches is enough: the quick ones first.
        patterns.sort_by_key(Pattern::is_slow);
        Some(AdditionalProperties { names, patterns, others })
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        if self.others != Others::Permitted {
            merged.additional(self, origin);
        }
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        let Json::Object(members) = value else { return };
        for (key, member) in members.iter() {
            let name = in_schema_spelling(key, rules.spelling());
            let is_named = self.names.iter().any(|known| known.claims(key, rules.spelling()))
                || self.patterns.iter().any(|pattern| matches(pattern, key, &name));
            if is_named {
                continue;
            }
            let path = &at.path.below(PathStep::Key(key));
            match self.others {
                Others::Permitted => {}
                Others::Forbidden => rules.violate(At { path, ..at }, || FORBIDDEN.to_owned()),
                Others::Of(schema) => rules.schema(schema, member, path),
            }
        }
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        if let Others::Of(schema) = self.others {
            each(schema, Applies::Below);
        }
    }
}

/// The sentence for a property that may not be there.
pub(crate) const FORBIDDEN: &str = "the schema permits no property of this name here; leave it out";

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed};

    #[test]
    fn others_are_those_not_named_beside_it() {
        let closed = r#"{"type":"object","properties":{"xdm:a":{}},"patternProperties":{"^xdm:b":{}},"additionalProperties":false}"#;
        check(closed, r#"{"xdm:a":1,"xdm:bc":1}"#, &[]);
        check(closed, r#"{"xdm:a":1,"xdm:c":1}"#, &[("/xdm:c", "additionalProperties")]);
        let typed = r#"{"properties":{"xdm:a":{}},"additionalProperties":{"type":"boolean"}}"#;
        check(typed, r#"{"xdm:a":1,"xdm:b":true}"#, &[]);
        check(typed, r#"{"xdm:a":1,"xdm:b":1}"#, &[("/xdm:b", "type")]);
        let map = r#"{"type":"object","additionalProperties":{"type":"string","maxLength":1}}"#;
        check(map, r#"{"xdm:a":"x","xdm:b":"xx"}"#, &[("/xdm:b", "maxLength")]);
        check(r#"{"additionalProperties":false}"#, "[1]", &[]);
        check(r#"{"additionalProperties":true}"#, r#"{"xdm:a":1}"#, &[]);
        malformed(r#"{"additionalProperties":1}"#, "/additionalProperties");
    }

    #[test]
    fn it_does_not_see_into_other_parts_of_a_composition() {
        let schema =
            r#"{"allOf":[{"properties":{"xdm:a":{}},"additionalProperties":false},{"properties":{"xdm:b":{}}}]}"#;
        check(schema, r#"{"xdm:a":1}"#, &[]);
        check(schema, r#"{"xdm:b":1}"#, &[("/xdm:b", "additionalProperties")]);
        let map =
            r#"{"type":"object","allOf":[{"additionalProperties":{"type":"integer"}},{"additionalProperties":false}]}"#;
        check(map, "{}", &[]);
        check(map, r#"{"xdm:b":1}"#, &[("/xdm:b", "additionalProperties")]);
    }

    #[test]
    fn every_property_that_is_not_named_is_told() {
        let closed = r#"{"type":"object","properties":{"xdm:a":true},"additionalProperties":false}"#;
        check(
            closed,
            r#"{"xdm:b":1,"xdm:a":1,"xdm:c/d":{},"c":null}"#,
            &[
                ("/xdm:b", "additionalProperties"),
                ("/xdm:c~1d", "additionalProperties"),
                ("/c", "additionalProperties"),
            ],
        );
        check(closed, r#"{"xdm:\u0061":1}"#, &[]);
        check(closed, r#"{"xdm:A":1}"#, &[("/xdm:A", "additionalProperties")]);
        check(closed, "{}", &[]);
        let longer = r#"{"properties":{"xdm:ab":{}},"additionalProperties":false}"#;
        check(
            longer,
            r#"{"xdm:a":1,"xdm:abc":1}"#,
            &[("/xdm:a", "additionalProperties"), ("/xdm:abc", "additionalProperties")],
        );
        check(r#"{"type":"object","additionalProperties":false}"#, r#"{"":1}"#, &[("/", "additionalProperties")]);
        check(
            r#"{"type":"object","additionalProperties":{"type":"object","additionalProperties":false}}"#,
            r#"{"a":{"b":1},"c":2}"#,
            &[("/a/b", "additionalProperties"), ("/c", "type")],
        );
    }

    #[test]
    fn a_name_that_is_declared_without_a_rule_or_as_never_is_named_all_the_same() {
        let schema = r#"{"type":"object","properties":{"xdm:a":false},"patternProperties":{"^xdm:b":false},
            "additionalProperties":{"type":"integer"}}"#;
        check(schema, r#"{"xdm:a":"x"}"#, &[("/xdm:a", "falseSchema")]);
        check(schema, r#"{"xdm:b1":"x"}"#, &[("/xdm:b1", "falseSchema")]);
        check(schema, r#"{"xdm:c":"x"}"#, &[("/xdm:c", "type")]);
        check(schema, r#"{"xdm:c":1}"#, &[]);
    }

    #[test]
    fn what_is_named_in_required_or_dependencies_is_not_named() {
        let schema =
            r#"{"type":"object","required":["xdm:a"],"dependencies":{"xdm:b":["xdm:a"]},"additionalProperties":false}"#;
        check(schema, "{}", &[("", "required")]);
        check(schema, r#"{"xdm:a":1}"#, &[("/xdm:a", "additionalProperties")]);
    }

    #[test]
    fn two_closed_parts_of_a_composition_each_tell() {
        let schema = r#"{"type":"object","allOf":[
            {"properties":{"xdm:a":{}},"additionalProperties":false},{"properties":{"xdm:b":{}},"additionalProperties":false}]}"#;
        check(
            schema,
            r#"{"xdm:a":1,"xdm:b":1}"#,
            &[("/xdm:a", "additionalProperties"), ("/xdm:b", "additionalProperties")],
        );
        check(schema, r#"{"xdm:c":1}"#, &[("/xdm:c", "additionalProperties"), ("/xdm:c", "additionalProperties")]);
    }
}
