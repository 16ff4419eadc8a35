//! `properties`: schemas of properties by name.
//!
//! Events spell names in two ways, so a name knows both.

use serde_json::Value;

use super::{Assertion, Subschemas};
use crate::check::json::{Json, Members};
use crate::check::path::PathStep;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Applies, Origin, Reader, SchemaId};
use crate::pattern::Pattern;
use crate::profile::Spelling;
use crate::schema::spelling::platform_steps;

#[derive(Debug)]
pub(crate) struct Properties {
    declared: Box<[(Name, SchemaId)]>,
}

/// The name of a property in both spellings.
#[derive(Debug)]
pub(crate) struct Name {
    /// As in the schema: `xdm:chatStart`.
    pub(crate) xdm: Box<str>,
    /// On the platform, outermost first: `_schema`, `latitude`.
    pub(crate) platform: Box<[Box<str>]>,
}

impl Assertion for Properties {
    const SUBSCHEMAS: Subschemas = Subschemas::ByName;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        let schemas = reader.subschemas_by_name(value)?;
        Some(Properties { declared: schemas.into_iter().map(|(name, schema)| (Name::new(name), schema)).collect() })
    }

    fn compose<'m>(&'m self, _: Origin, merged: &mut Merged<'m>) {
        self.declared.iter().for_each(|(name, schema)| merged.property(name, *schema));
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        let Json::Object(members) = value else { return };
        for (name, schema) in &self.declared {
            if let Some(member) = members.get(&name.xdm) {
                rules.schema(*schema, member, &at.path.below(PathStep::Key(&name.xdm)));
            }
            if let (Spelling::Either, Some((first, rest))) = (rules.spelling(), name.platform.split_first())
                && *first != name.xdm
                && let Some(member) = members.get(first)
            {
                below(*schema, member, rest, At { path: &at.path.below(PathStep::Key(first)), ..at }, rules);
            }
        }
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        self.declared.iter().for_each(|(_, schema)| each(*schema, Applies::Below));
    }
}

/// Checks what lies under these names, inside the namespaces of the platform.
fn below(schema: SchemaId, value: &Json<'_>, names: &[Box<str>], at: At<'_>, rules: &mut Rules<'_>) {
    match names.split_first() {
        None => rules.schema(schema, value, at.path),
        Some((first, rest)) => {
            if let Json::Object(members) = value
                && let Some(member) = members.get(first)
            {
                below(schema, member, rest, At { path: &at.path.below(PathStep::Key(first)), ..at }, rules);
            }
        }
    }
}

impl Properties {
    /// The properties that it declares.
    pub(crate) fn declared(&self) -> impl Iterator<Item = (&Name, SchemaId)> {
        self.declared.iter().map(|(name, schema)| (name, *schema))
    }

    /// The names that it declares.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        self.declared.iter().map(|(name, _)| name)
    }
}

impl Name {
    /// The keys that lead to it in either spelling.
    pub(crate) fn outermost(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.xdm).chain(self.platform.first().map(|first| &**first))
    }

    pub(crate) fn new(name: &str) -> Name {
        let platform = platform_steps(name).into_iter().map(String::into_boxed_str).collect();
        Name { xdm: name.into(), platform }
    }

    /// Is this the name of the member of this key, or of something inside it?
    pub(super) fn claims(&self, key: &str, spelling: Spelling) -> bool {
        *self.xdm == *key
            || (spelling == Spelling::Either && self.platform.first().is_some_and(|first| **first == *key))
    }

    /// Has the object a property of this name?
    pub(super) fn is_in(&self, members: &Members<'_>, spelling: Spelling) -> bool {
        members.get(&self.xdm).is_some() || (spelling == Spelling::Either && is_nested(members, &self.platform))
    }
}

fn is_nested(members: &Members<'_>, names: &[Box<str>]) -> bool {
    let Some((first, rest)) = names.split_first() else { return false };
    match members.get(first) {
        None => false,
        Some(_) if rest.is_empty() => true,
        Some(Json::Object(inner)) => is_nested(inner, rest),
        Some(_) => false,
    }
}

/// The name that a key of an event in either spelling has in a schema, as far as that can
/// be known without the schema: a name without a prefix stands for one of `xdm`.
pub(super) fn in_schema_spelling(key: &str, spelling: Spelling) -> std::borrow::Cow<'_, str> {
    match (spelling, key) {
        (Spelling::XdmOnly, _) => key.into(),
        (Spelling::Either, "_id") => "@id".into(),
        (Spelling::Either, "_type") => "@type".into(),
        (Spelling::Either, key) if key.contains(':') || key.starts_with('@') => key.into(),
        (Spelling::Either, key) => format!("xdm:{key}").into(),
    }
}

/// Does a pattern match a key, as it is or as [`in_schema_spelling`] has it?
pub(super) fn matches(pattern: &Pattern, key: &str, name: &str) -> bool {
    let is_same = std::ptr::eq(name.as_ptr(), key.as_ptr());
    pattern.is_match(name) || (!is_same && pattern.is_match(key))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_event, check_platform, faults, malformed};

    #[test]
    fn properties_are_checked_by_their_schemas() {
        let schema = r#"{"type":"object","properties":{"xdm:a":{"type":"integer"},"xdm:b":false,"xdm:c":true}}"#;
        check(schema, r#"{"xdm:a":1,"xdm:c":[]}"#, &[]);
        check(schema, r#"{"xdm:a":"1"}"#, &[("/xdm:a", "type")]);
        check(schema, r#"{"xdm:b":1}"#, &[("/xdm:b", "falseSchema")]);
        check(schema, "[]", &[("", "type")]);
        let untyped = r#"{"properties":{"xdm:a":{"type":"integer"}}}"#;
        check(untyped, r#"{"xdm:a":"1"}"#, &[("/xdm:a", "type")]);
        check(untyped, "[]", &[]);
        check(untyped, "12", &[]);
        malformed(r#"{"properties":[]}"#, "/properties");
        malformed(r#"{"properties":{"a":1}}"#, "/properties/a");
    }

    #[test]
    fn rules_beyond_a_plan_know_both_spellings() {
        let schema = r#"{"anyOf":[{"required":["xdm:a"],"properties":{"xdm:a":{"type":"integer"}}},
            {"required":["schema:b"],"properties":{"schema:b":{"type":"string"}},"additionalProperties":false}]}"#;
        check_platform(schema, r#"{"a":1}"#, &[]);
        check_platform(schema, r#"{"xdm:a":1}"#, &[]);
        check_platform(schema, r#"{"_schema":{"b":"x"}}"#, &[]);
        check_platform(schema, r#"{"_schema":{"b":1}}"#, &[("", "anyOf")]);
        check_platform(schema, r#"{"_schema":{"b":"x"},"c":1}"#, &[("", "anyOf")]);
    }

    #[test]
    fn a_name_is_a_name_however_it_is_spelled() {
        let schema = r#"{"type":"object","properties":{"xdm:a":{"type":"integer"},"xdm:a/b~c":{"type":"integer"},
            "xdm:é\u0001\"":{"type":"integer"},"xdm:A":{"type":"string"}}}"#;
        check(schema, r#"{"xdm:\u0061":"x"}"#, &[("/xdm:a", "type")]);
        check(schema, r#"{"\u0078\u0064\u006d:a":"x"}"#, &[("/xdm:a", "type")]);
        check(schema, r#"{"xdm:A":"x","xdm:a":1}"#, &[]);
        check(schema, r#"{"xdm:A":1,"xdm:a":"x"}"#, &[("/xdm:A", "type"), ("/xdm:a", "type")]);
        check(schema, r#"{"xdm:a\/b~c":"x"}"#, &[("/xdm:a~1b~0c", "type")]);
        check(schema, r#"{"xdm:\u00e9\u0001\u0022":"x"}"#, &[("/xdm:é\u{1}\"", "type")]);
        // Neither a prefix of a declared name nor a longer one is that name.
        check(schema, r#"{"xdm:aa":"x","xdm:a/b":"x","xdm":"x","a":"x"}"#, &[]);
    }

    #[test]
    fn names_that_mean_something_elsewhere_are_names_here() {
        let schema = r#"{"type":"object","properties":{"$ref":{"type":"integer"},"type":{"type":"integer"},
            "properties":{"type":"integer"},"__proto__":{"type":"integer"},"enum":{"type":"integer"}}}"#;
        check(schema, r#"{"$ref":1,"type":1,"properties":1,"__proto__":1,"enum":1}"#, &[]);
        let expect: Vec<(&str, &str)> =
            ["/$ref", "/type", "/properties", "/__proto__", "/enum"].iter().map(|pointer| (*pointer, "type")).collect();
        check(schema, r##"{"$ref":"#","type":"x","properties":{},"__proto__":{},"enum":[]}"##, &expect);
    }

    #[test]
    fn a_property_that_comes_twice_is_told_and_checked_once() {
        let schema = r#"{"type":"object","properties":{"xdm:a":{"type":"integer"}}}"#;
        let twice: &[(&str, &str)] = &[("/xdm:a", "duplicateKey")];
        check_event(schema, r#"{"xdm:a":1,"xdm:a":2}"#, twice);
        check_event(schema, r#"{"xdm:a":1,"xdm:\u0061":2}"#, twice);
        check_event(schema, r#"{"xdm:a":1,"xdm:a":"x"}"#, twice);
        check_event(schema, r#"{"xdm:a":"x","xdm:a":1}"#, &[("/xdm:a", "duplicateKey"), ("/xdm:a", "type")]);
        check_event(schema, r#"{"xdm:b":1,"xdm:b":2}"#, &[("/xdm:b", "duplicateKey")]);
        check_event(schema, r#"{"xdm:b":1,"xdm:\u0062":2}"#, &[("/xdm:b", "duplicateKey")]);
        check_event(schema, r#"{"xdm:b":{"c":1},"xdm:d":{"c":1}}"#, &[]);
        let map = r#"{"type":"object","additionalProperties":{"type":"integer"}}"#;
        check_event(map, r#"{"k":1,"k":2,"\u006b":3}"#, &[("/k", "duplicateKey"), ("/k", "duplicateKey")]);
    }

    #[test]
    fn a_name_in_a_namespace_is_another_than_that_beside_it() {
        let schema = r#"{"type":"object","properties":{"schema:n":{"type":"integer"},"xdm:a":{"type":"integer"}}}"#;
        check_platform(schema, r#"{"_schema":{"n":1,"b":1},"b":2,"a":1}"#, &[]);
        check_platform(schema, r#"{"b":2,"_schema":{"b":1}}"#, &[]);
        check_platform(schema, r#"{"_schema":{"b":1,"b":2}}"#, &[("/_schema/b", "duplicateKey")]);
        check_platform(schema, r#"{"b":2,"_schema":{"b":1},"b":3}"#, &[("/b", "duplicateKey")]);
        check_platform(schema, r#"{"_schema":{"n":1},"_schema":{"c":1}}"#, &[("/_schema", "duplicateKey")]);
        check_platform(schema, r#"{"_schema":{},"a":1,"_schema":{"n":2}}"#, &[("/_schema", "duplicateKey")]);
    }

    #[test]
    fn faults_of_every_property_are_told() {
        faults(
            r#"{"properties":{"xdm:a":1,"xdm:b":{"type":"text"},"xdm:c":{"properties":{"xdm:d/e":{"minimum":"1"}}}}}"#,
            &["/properties/xdm:a", "/properties/xdm:b/type", "/properties/xdm:c/properties/xdm:d~1e/minimum"],
        );
    }
}
