//! `dependencies`: what holds for an object that has a property: other properties, or a
//! schema.

use serde_json::Value;

use super::{Assertion, Name, Subschemas};
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::types::Types;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) struct Dependencies(Box<[(Name, Needed)]>);

/// What a property brings with it.
#[derive(Debug)]
enum Needed {
    Properties(Box<[Name]>),
    Schema(SchemaId),
}

impl Assertion for Dependencies {
    const SUBSCHEMAS: Subschemas = Subschemas::ByName;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        let Some(map) = value.as_object() else {
            return reader.malformed("\"dependencies\" is an object of lists of names and of schemas");
        };
        let needed = map.iter().map(|(name, needed)| {
            let needed = match needed {
                Value::Array(_) => {
                    let names = reader.names_at(name, needed)?;
                    Needed::Properties(names.iter().map(|name| Name::new(name)).collect())
                }
                schema => Needed::Schema(reader.subschema_at(name, schema)),
            };
            Some((Name::new(name), needed))
        });
        // All of them, so that what is wrong with each is reported.
        let needed: Vec<Option<_>> = needed.collect();
        needed.into_iter().collect::<Option<_>>().map(Dependencies)
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.tree(Types::OBJECT, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        let Json::Object(members) = value else { return };
        let spelling = rules.spelling();
        for (name, needed) in self.0.iter().filter(|(name, _)| name.is_in(members, spelling)) {
            match needed {
                Needed::Schema(schema) => rules.schema(*schema, value, at.path),
                Needed::Properties(others) => {
                    for other in others.iter().filter(|other| !other.is_in(members, spelling)) {
                        rules.violate(at, || {
                            format!("the property {:?} is missing, which {:?} needs; add it", other.xdm, name.xdm)
                        });
                    }
                }
            }
        }
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        for (_, needed) in &self.0 {
            if let Needed::Schema(schema) = needed {
                each(*schema, Applies::InPlace);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, faults, malformed, message};

    #[test]
    fn a_property_brings_others_or_a_schema() {
        let schema = r#"{"type":"object","properties":{"xdm:a":{}},
            "dependencies":{"xdm:a":["xdm:b","xdm:c"],"xdm:d":{"properties":{"xdm:e":{"type":"integer"}}},"xdm:f":false}}"#;
        check(schema, "{}", &[]);
        check(schema, r#"{"xdm:a":1,"xdm:b":1,"xdm:c":1}"#, &[]);
        check(schema, r#"{"xdm:a":1}"#, &[("", "dependencies"), ("", "dependencies")]);
        check(schema, r#"{"xdm:e":"x"}"#, &[]);
        check(schema, r#"{"xdm:d":1,"xdm:e":"x"}"#, &[("/xdm:e", "type")]);
        check(schema, r#"{"xdm:f":1}"#, &[("", "falseSchema")]);
        check(r#"{"dependencies":{"xdm:a":["xdm:b"]}}"#, r#"["xdm:a"]"#, &[]);
        malformed(r#"{"dependencies":{"a":[1]}}"#, "/dependencies/a");
        malformed(r#"{"dependencies":[]}"#, "/dependencies");
        malformed(r#"{"dependencies":{"a":1}}"#, "/dependencies/a");
    }

    #[test]
    fn what_a_property_needs_is_told_whatever_its_value() {
        let schema =
            r#"{"type":"object","dependencies":{"xdm:a":["xdm:b"],"xdm:b":["xdm:c","xdm:d"],"xdm:e":[],"xdm:f":true}}"#;
        for value in ["null", "false", "{}", "\"\""] {
            check(schema, &format!(r#"{{"xdm:\u0061":{value}}}"#), &[("", "dependencies")]);
        }
        // One leads to the next only where the next is there.
        check(schema, r#"{"xdm:a":1,"xdm:b":1}"#, &[("", "dependencies"), ("", "dependencies")]);
        check(schema, r#"{"xdm:e":1,"xdm:f":1}"#, &[]);
        check(r#"{"dependencies":{}}"#, r#"{"xdm:a":1}"#, &[]);
        let told = message(r#"{"dependencies":{"xdm:a":["xdm:b"]}}"#, r#"{"xdm:a":1}"#);
        assert_eq!(told, "the property \"xdm:b\" is missing, which \"xdm:a\" needs; add it");
    }

    #[test]
    fn a_schema_holds_for_the_object_around_the_property() {
        let schema = r#"{"type":"object","properties":{"xdm:a":{"type":"integer"}},
            "dependencies":{"xdm:a":{"required":["xdm:b"],"maxProperties":1,"properties":{"xdm:a":{"minimum":5}}}}}"#;
        check(schema, r#"{"xdm:a":1,"xdm:c":1}"#, &[("", "required"), ("", "maxProperties"), ("/xdm:a", "minimum")]);
        check(schema, r#"{"xdm:c":1,"xdm:d":1}"#, &[]);
        // Closed by what the dependency itself names, and by nothing else.
        let closed = r#"{"type":"object","properties":{"xdm:a":{}},
            "dependencies":{"xdm:a":{"properties":{"xdm:b":{}},"additionalProperties":false}}}"#;
        check(closed, r#"{"xdm:a":1,"xdm:b":1}"#, &[("/xdm:a", "additionalProperties")]);
        check(closed, r#"{"xdm:b":1,"xdm:c":1}"#, &[]);
    }

    #[test]
    fn every_entry_that_is_wrong_is_told_with_its_place() {
        faults(
            r#"{"dependencies":{"a":[1],"b":"x","c":{"type":"text"},"d/e":["f",null],"g":["h"]}}"#,
            &["/dependencies/a", "/dependencies/b", "/dependencies/c/type", "/dependencies/d~1e"],
        );
    }
}
