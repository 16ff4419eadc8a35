//! Checks JSON by any schema of a registry, without columns: examples by their schemas,
//! and what the official test suite asks.
//!
//! Events are checked along a [`Plan`](crate::Plan), which is faster and knows both
//! spellings; here names are those of the schema.

use std::collections::HashMap;

use crate::check::check_document;
use crate::check::rules::ByPlace;
use crate::limits::ReportLimits;
use crate::model::{Extent, Model, SchemaId, build};
use crate::schema::fault::{Fault, Severity};
use crate::schema::registry::Registry;
use crate::violation::Violation;

/// All schemas of a registry, ready to check.
#[derive(Debug)]
pub struct Validator {
    model: Model,
    schemas: HashMap<String, SchemaId, ByPlace>,
    faults: Vec<Fault>,
}

impl Validator {
    /// Reads all schemas of a registry, used or not. Where one is at fault, the rule in
    /// question checks nothing: see [`faults`](Self::faults).
    pub fn of(registry: &Registry) -> Validator {
        let roots: Vec<_> = (0..registry.documents().len()).map(|document| registry.root(document)).collect();
        let (model, ids, mut faults) = build(registry, &roots, Extent::Whole);
        faults.splice(0..0, registry.warnings().iter().cloned());
        let schemas = registry.documents().iter().map(|document| document.id.clone()).zip(ids).collect();
        Validator { model, schemas, faults }
    }

    /// All that is wrong with the schemas, errors and warnings.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The errors among them.
    pub fn errors(&self) -> Vec<Fault> {
        self.faults.iter().filter(|fault| fault.severity() == Severity::Error).cloned().collect()
    }

    /// What a JSON text breaks of the schema with this `$id`; `None` if there is no such
    /// schema.
    pub fn check(&self, id: &str, text: &str) -> Option<Vec<Violation>> {
        let schema = self.schemas.get(id)?;
        Some(check_document(&self.model, *schema, text, ReportLimits::FILE))
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
        let validator = Validator::of(&registry);
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
        assert_eq!((validator.faults().len(), validator.errors().len()), (1, 0));
    }
}
