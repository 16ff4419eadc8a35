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
                    Needed::Properties(reader.names(needed)?.iter().map(|name| Name::new(name)).collect())
                }
                schema => Needed::Schema(reader.subschema_at(name, schema)),
            };
            Some((Name::new(name), needed))
        });
        needed.collect::<Option<_>>().map(Dependencies)
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
    use super::super::testing::{check, malformed};

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
        malformed(r#"{"dependencies":{"a":[1]}}"#, "/dependencies");
        malformed(r#"{"dependencies":[]}"#, "/dependencies");
        malformed(r#"{"dependencies":{"a":1}}"#, "/dependencies/a");
    }
}
