//! `definitions`: schemas that others refer to. They check nothing here.

use serde_json::Value;

use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) struct Definitions(Box<[SchemaId]>);

impl Assertion for Definitions {
    const SUBSCHEMAS: Subschemas = Subschemas::ByName;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        let schemas = reader.subschemas_by_name(value)?;
        Some(Definitions(schemas.into_iter().map(|(_, schema)| schema).collect()))
    }

    fn compose<'m>(&'m self, _: Origin, _: &mut Merged<'m>) {}

    fn check(&self, _: &Json<'_>, _: At<'_>, _: &mut Rules<'_>) {}

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        self.0.iter().for_each(|schema| each(*schema, Applies::Below));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, faults, malformed};

    #[test]
    fn definitions_check_nothing_and_are_read() {
        check(r#"{"definitions":{"a":{"type":"string"}}}"#, "1", &[]);
        malformed(r#"{"definitions":{"a":{"type":"text"}}}"#, "/definitions/a/type");
        malformed(r#"{"definitions":[]}"#, "/definitions");
    }

    #[test]
    fn faults_of_every_definition_are_told() {
        faults(
            r#"{"definitions":{"a":{"minimum":"1"},"b":1,"c":{"definitions":{"d":{"type":[]}}}}}"#,
            &["/definitions/a/minimum", "/definitions/b", "/definitions/c/definitions/d/type"],
        );
        check(r#"{"definitions":{"a":false,"b":true}}"#, "1", &[]);
    }
}
