//! `patternProperties`: schemas of the properties whose names match a pattern.

use serde_json::Value;

use super::properties::{in_schema_spelling, matches};
use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::path::PathStep;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Applies, Origin, Reader, SchemaId};
use crate::pattern::Pattern;

#[derive(Debug)]
pub(crate) struct PatternProperties(Box<[(Pattern, SchemaId)]>);

impl Assertion for PatternProperties {
    const SUBSCHEMAS: Subschemas = Subschemas::ByName;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        let schemas = reader.subschemas_by_name(value)?;
        let compiled = schemas.into_iter().filter_map(|(source, schema)| Some((reader.pattern_at(source)?, schema)));
        Some(PatternProperties(compiled.collect()))
    }

    fn compose<'m>(&'m self, _: Origin, merged: &mut Merged<'m>) {
        self.0.iter().for_each(|(pattern, schema)| merged.pattern(pattern, *schema));
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        let Json::Object(members) = value else { return };
        // Mostly they only name what `additionalProperties` is not about.
        if !self.0.iter().any(|(_, schema)| rules.says_something(*schema)) {
            return;
        }
        for (key, member) in members.iter() {
            let name = in_schema_spelling(key, rules.spelling());
            for (pattern, schema) in &self.0 {
                if rules.says_something(*schema) && matches(pattern, key, &name) {
                    rules.schema(*schema, member, &at.path.below(PathStep::Key(key)));
                }
            }
        }
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        self.0.iter().for_each(|(_, schema)| each(*schema, Applies::Below));
    }
}

impl PatternProperties {
    /// The schema of each pattern.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = SchemaId> {
        self.0.iter().map(|(_, schema)| *schema)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_noticed, faults, malformed};

    #[test]
    fn names_choose_their_schemas() {
        let schema = r#"{"type":"object","properties":{"xdm:ab":{"type":"integer"}},
            "patternProperties":{"a":{"minimum":2,"type":"number"},"^xdm:z":false,"b":true}}"#;
        check(schema, r#"{"xdm:ab":2,"xdm:a":2.5,"xdm:c":"x"}"#, &[]);
        check(schema, r#"{"xdm:ab":1}"#, &[("/xdm:ab", "minimum")]);
        check(schema, r#"{"xdm:a":"x"}"#, &[("/xdm:a", "type")]);
        check(schema, r#"{"xdm:z":1}"#, &[("/xdm:z", "falseSchema")]);
        check(r#"{"patternProperties":{"a":{"type":"string"}}}"#, r#"{"xdm:a":1}"#, &[("/xdm:a", "type")]);
        check(r#"{"patternProperties":{"a":{"type":"string"}}}"#, "5", &[]);
        malformed(r#"{"patternProperties":{"(":{}}}"#, "/patternProperties/(");
        malformed(r#"{"patternProperties":{"(":{}},"additionalProperties":false}"#, "/patternProperties/(");
    }

    #[test]
    fn each_pattern_that_matches_holds() {
        let schema =
            r#"{"type":"object","patternProperties":{"a":{"type":"integer"},"b$":{"minimum":5},"":{"maximum":9}}}"#;
        check(schema, r#"{"xdm:ab":7}"#, &[]);
        check(schema, r#"{"xdm:ab":1.5}"#, &[("/xdm:ab", "type"), ("/xdm:ab", "minimum")]);
        check(schema, r#"{"xdm:x":10,"xdm:b":1}"#, &[("/xdm:x", "maximum"), ("/xdm:b", "minimum")]);
        // A pattern is about the name as it is, not as it is written.
        check(schema, r#"{"xdm:\u0061":"x"}"#, &[("/xdm:a", "type")]);
        let shared = r##"{"type":"object","definitions":{"n":{"type":"integer"}},
            "patternProperties":{"^xdm:a":{"$ref":"#/definitions/n"},"^xdm:b":{"$ref":"#/definitions/n"}}}"##;
        check(shared, r#"{"xdm:a":"x","xdm:b":"x","xdm:c":"x"}"#, &[("/xdm:a", "type"), ("/xdm:b", "type")]);
        let spread = r#"{"type":"object","allOf":[{"patternProperties":{"a":{"minimum":3}}},{"patternProperties":{"a":{"maximum":1}}}]}"#;
        check(spread, r#"{"xdm:a":2}"#, &[("/xdm:a", "minimum"), ("/xdm:a", "maximum")]);
    }

    #[test]
    fn names_that_match_a_pattern_with_rules_are_not_noticed_as_undeclared() {
        let schema = r#"{"type":"object","properties":{"xdm:a":{}},"patternProperties":{"^xdm:z":{"type":"integer"}}}"#;
        check_noticed(schema, r#"{"xdm:a":1,"xdm:z":2,"xdm:zz":"x"}"#, &[]);
        check_noticed(schema, r#"{"xdm:b":1,"xdm:z":2,"z":3}"#, &["/xdm:b", "/z"]);
        // So it is with those that `additionalProperties` has a schema for, and that alternatives declare.
        let typed = r#"{"type":"object","properties":{"xdm:a":{}},"additionalProperties":{"type":"integer"}}"#;
        check_noticed(typed, r#"{"xdm:a":1,"xdm:b":2}"#, &[]);
        let alternatives = r#"{"type":"object","properties":{"xdm:a":{}},"anyOf":[{"properties":{"xdm:b":{}}}]}"#;
        check_noticed(alternatives, r#"{"xdm:a":1,"xdm:b":2,"xdm:c":3}"#, &["/xdm:c"]);
    }

    #[test]
    fn declared_properties_keep_their_patterns_too() {
        let schema = r#"{"type":"object","properties":{"xdm:a":{"minimum":3}},"patternProperties":{"^xdm:":{"multipleOf":2}},
            "additionalProperties":{"type":"string"}}"#;
        check(schema, r#"{"xdm:a":1}"#, &[("/xdm:a", "minimum"), ("/xdm:a", "multipleOf")]);
        check(schema, r#"{"xdm:b":1}"#, &[("/xdm:b", "multipleOf")]);
        check(schema, r#"{"c":1}"#, &[("/c", "type")]);
    }

    #[test]
    fn faults_of_every_pattern_and_schema_are_told() {
        faults(
            r#"{"patternProperties":{"(":{},"[a":{"type":"text"},"ok":1}}"#,
            &["/patternProperties/(", "/patternProperties/[a", "/patternProperties/[a/type", "/patternProperties/ok"],
        );
        malformed(r#"{"patternProperties":[]}"#, "/patternProperties");
        malformed(r#"{"patternProperties":{"^a/b~(":{}}}"#, "/patternProperties/^a~1b~0(");
    }
}
