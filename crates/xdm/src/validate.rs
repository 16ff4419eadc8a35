//! Checks JSON by any schema of a registry, without columns: examples by their schemas,
//! and what the official test suite asks.
//!
//! Events are checked along a [`Plan`](crate::Plan), which is faster and knows both
//! spellings; here names are those of the schema.

use std::collections::BTreeMap;

use crate::check::check_document;
use crate::limits::TellLimits;
use crate::model::{Extent, Model, SchemaId, build};
use crate::schema::fault::{Fault, Faults, SchemaError, Severity};
use crate::schema::registry::Registry;
use crate::violation::Violation;

/// All schemas of a registry, ready to check.
#[derive(Debug)]
pub struct Validator {
    model: Model,
    schemas: BTreeMap<String, SchemaId>,
    warnings: Vec<Fault>,
}

impl Validator {
    /// Reads all schemas of a registry, used or not.
    ///
    /// # Errors
    /// All that keeps one of them from being used.
    pub fn of(registry: &Registry) -> Result<Validator, SchemaError> {
        let roots: Vec<_> = (0..registry.documents().len()).map(|document| registry.root(document)).collect();
        let (model, ids, faults) = build(registry, &roots, Extent::Whole);
        let (errors, mut warnings): (Vec<_>, Vec<_>) =
            faults.into_iter().partition(|fault| fault.severity() == Severity::Error);
        if !errors.is_empty() {
            return Err(SchemaError::Faults(Faults(errors)));
        }
        warnings.splice(0..0, registry.warnings().iter().cloned());
        let schemas = registry.documents().iter().map(|document| document.id.clone()).zip(ids).collect();
        Ok(Validator { model, schemas, warnings })
    }

    /// What is odd about the schemas and keeps none of them from being used.
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    /// What a JSON text breaks of the schema with this `$id`; `None` if there is no such
    /// schema.
    pub fn check(&self, id: &str, text: &str) -> Option<Vec<Violation>> {
        let schema = self.schemas.get(id)?;
        Some(check_document(&self.model, *schema, text, TellLimits::FILE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_checked_by_the_schema_of_its_id() {
        let mut registry = Registry::new();
        registry.add(r##"{"$id":"https://x.example/a","type":"integer","oops":1}"##).expect("a schema");
        registry.add(r##"{"$id":"https://x.example/b","items":{"$ref":"a"}}"##).expect("a schema");
        let validator = Validator::of(&registry).expect("well-formed");
        let check = |id: &str, text: &str, expect: Option<&[&str]>| {
            let told = validator
                .check(id, text)
                .map(|told| told.iter().map(|told| format!("{} {}", told.pointer, told.keyword)).collect::<Vec<_>>());
            assert_eq!(
                told.as_deref(),
                expect.map(|expect| expect.iter().map(|told| (*told).to_owned()).collect::<Vec<_>>()).as_deref(),
                "{text}"
            );
        };
        check("https://x.example/a", " 1 ", Some(&[]));
        check("https://x.example/b", "[1,\"2\"]", Some(&["/1 type"]));
        check("https://x.example/b", "[1", Some(&[" syntax"]));
        check("https://x.example/b", "[] []", Some(&[" syntax"]));
        check("https://x.example/c", "1", None);
        assert_eq!(validator.warnings().len(), 1);
    }
}
