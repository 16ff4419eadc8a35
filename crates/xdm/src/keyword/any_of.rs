//! `anyOf`: at least one of these schemas holds.

use serde_json::Value;

use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::types::Types;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) struct AnyOf(Box<[SchemaId]>);

impl Assertion for AnyOf {
    const SUBSCHEMAS: Subschemas = Subschemas::List;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.subschemas(value).map(AnyOf)
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.tree(Types::ALL, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if !self.0.iter().any(|schema| rules.holds(*schema, value, at.path)) {
            rules.fits_none(&self.0, value, at);
        }
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        self.0.iter().for_each(|schema| each(*schema, Applies::InPlace));
    }
}

impl AnyOf {
    /// The schemas of which one is enough.
    pub(crate) fn alternatives(&self) -> &[SchemaId] {
        &self.0
    }
}

/// The sentence for a value that fits none of so many alternatives, with the place of the nearest one and what is
/// wrong by it.
pub(crate) fn fits_none(alternatives: usize, nearest: Option<(usize, String)>) -> String {
    let nearest = nearest.map_or_else(String::new, |(at, why)| format!("; the nearest is number {}: {why}", at + 1));
    format!("the value fits none of {alternatives} alternatives{nearest}")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, faults, malformed, message};

    #[test]
    fn one_alternative_is_enough() {
        let schema = r#"{"anyOf":[{"type":"integer"},{"minimum":2}]}"#;
        check(schema, "1", &[]);
        check(schema, "2.5", &[]);
        check(schema, "1.5", &[("", "anyOf")]);
        check(schema, "\"x\"", &[]);
        let beside = r#"{"type":"string","anyOf":[{"maxLength":2},{"pattern":"^b"}]}"#;
        check(beside, r#""bbb""#, &[]);
        check(beside, r#""aaa""#, &[("", "anyOf")]);
        check(beside, "1", &[("", "type")]);
        let object = r#"{"type":"object","properties":{"xdm:a":{"type":"integer"}},"anyOf":[{"required":["xdm:a"]},{"required":["xdm:b"]}]}"#;
        check(object, r#"{"xdm:a":1}"#, &[]);
        check(object, r#"{"xdm:c":1}"#, &[("", "anyOf")]);
        check(object, r#"{"xdm:a":"x"}"#, &[("/xdm:a", "type")]);
        malformed(r#"{"anyOf":[]}"#, "/anyOf");
    }

    #[test]
    fn the_nearest_alternative_is_told() {
        let schema = r#"{"anyOf":[{"type":"object","required":["a","b","c"]},
            {"type":"object","required":["a"],"properties":{"d":{"type":"string","maxLength":1}}}]}"#;
        let told = message(schema, r#"{"a":1,"d":"xx"}"#);
        assert!(told.contains("/d: \"xx\" is too long"), "{told}");
        assert!(!told.contains("missing"), "{told}");
    }

    #[test]
    fn alternatives_may_be_anything_and_lie_in_one_another() {
        check(r#"{"anyOf":[false,true]}"#, "1", &[]);
        check(r#"{"anyOf":[false]}"#, "1", &[("", "anyOf")]);
        check(
            r#"{"anyOf":[{"anyOf":[{"type":"null"},{"const":1}]},{"not":{"type":"number"}}]}"#,
            "2",
            &[("", "anyOf")],
        );
        check(r#"{"anyOf":[{"anyOf":[{"type":"null"},{"const":1}]},{"not":{"type":"number"}}]}"#, "\"x\"", &[]);
        // Two lists of alternatives are two rules.
        let two = r#"{"allOf":[{"anyOf":[{"minimum":5}]},{"anyOf":[{"multipleOf":2}]}]}"#;
        check(two, "3", &[("", "anyOf"), ("", "anyOf")]);
        check(two, "6", &[]);
        let beside = r#"{"type":"object","required":["xdm:a"],"minProperties":2,"anyOf":[{"required":["xdm:b"]},{"required":["xdm:c"]}]}"#;
        check(beside, "{}", &[("", "required"), ("", "minProperties"), ("", "anyOf")]);
        faults(r#"{"anyOf":[1,{"type":"text"}]}"#, &["/anyOf/0", "/anyOf/1/type"]);
        malformed(r#"{"anyOf":true}"#, "/anyOf");
    }

    #[test]
    fn of_equally_near_alternatives_the_first_is_told() {
        let told = message(r#"{"anyOf":[{"minimum":5},{"maximum":-5}]}"#, "1");
        assert_eq!(
            told,
            "the value fits none of 2 alternatives; the nearest is number 1: the number is too small; send at least 5"
        );
    }
}
