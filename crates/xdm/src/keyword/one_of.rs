//! `oneOf`: exactly one of these schemas holds.

use serde_json::Value;

use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::types::Types;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) struct OneOf(Box<[SchemaId]>);

impl Assertion for OneOf {
    const SUBSCHEMAS: Subschemas = Subschemas::List;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.subschemas(value).map(OneOf)
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.tree(Types::ALL, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        let fitting = self.0.iter().filter(|schema| rules.holds(**schema, value, at.path)).count();
        match fitting {
            0 => rules.fits_none(&self.0, value, at),
            1 => {}
            more => rules.violate(at, || {
                format!(
                    "the value fits {more} of {} alternatives, which exclude each other; make it fit one",
                    self.0.len()
                )
            }),
        }
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        self.0.iter().for_each(|schema| each(*schema, Applies::InPlace));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed};

    #[test]
    fn exactly_one_alternative_fits() {
        let broken: &[(&str, &str)] = &[("", "oneOf")];
        let schema = r#"{"oneOf":[{"type":"integer"},{"minimum":2}]}"#;
        check(schema, "1", &[]);
        check(schema, "2.5", &[]);
        check(schema, "3", broken);
        check(schema, "1.5", broken);
        let beside = r#"{"type":"object","properties":{"xdm:a":{},"xdm:b":{}},"oneOf":[{"required":["xdm:a"]},{"required":["xdm:b"]}]}"#;
        check(beside, r#"{"xdm:a":1}"#, &[]);
        check(beside, "{}", broken);
        check(beside, r#"{"xdm:a":1,"xdm:b":1}"#, broken);
        check(r#"{"oneOf":[true,true]}"#, "1", broken);
        malformed(r#"{"oneOf":{}}"#, "/oneOf");
    }
}
