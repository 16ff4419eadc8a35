//! Rules that hold for a value as a tree: the interpreter behind `anyOf` and its kind, and
//! behind whole schemas that need no columns.

use super::findings::Findings;
use super::path::Path;
use crate::check::json::Json;
use crate::limits::MESSAGE_BYTES_MAX;
use crate::model::{Body, Model, Origin, SchemaId};
use crate::profile::Spelling;
use crate::violation::Violation;

/// What is reported of a value that a schema `false` stands for.
const NEVER_VALID: &str = "the schema permits no value here; leave it out";
/// Its keyword.
const FALSE_SCHEMA: &str = "falseSchema";

/// Where a rule is checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'p> {
    pub(crate) origin: Origin,
    pub(crate) path: &'p Path<'p>,
}

/// Rules of a model, and where their findings go.
pub(crate) struct Rules<'r> {
    model: &'r Model,
    spelling: Spelling,
    output: Output<'r>,
}

enum Output<'r> {
    Reported(&'r mut Findings<Violation>),
    /// Violations so far, where only their number matters.
    Counted(usize),
}

impl<'r> Rules<'r> {
    pub(super) fn reporting(model: &'r Model, spelling: Spelling, told: &'r mut Findings<Violation>) -> Rules<'r> {
        Rules { model, spelling, output: Output::Reported(told) }
    }

    /// Which spellings of property names are read.
    pub(crate) fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// Checks a value by a schema.
    pub(crate) fn schema(&mut self, id: SchemaId, value: &Json<'_>, path: &Path<'_>) {
        match &self.model.schema(id).body {
            Body::Nothing => {
                let origin = Origin { schema: id, rule: u32::MAX };
                self.violate(At { origin, path }, || NEVER_VALID.to_owned());
            }
            Body::Rules(rules) => {
                for (rule, keyword) in (0..).zip(rules) {
                    keyword.check(value, Origin { schema: id, rule }, path, self);
                }
            }
        }
    }

    /// Checks a value by one rule.
    pub(super) fn rule(&mut self, origin: Origin, value: &Json<'_>, path: &Path<'_>) {
        if let Some(keyword) = self.model.rule(origin) {
            keyword.check(value, origin, path, self);
        }
    }

    /// How many rules of a schema a value breaks; nothing is reported of them.
    pub(crate) fn failures(&self, id: SchemaId, value: &Json<'_>, path: &Path<'_>) -> usize {
        let mut counting = Rules { model: self.model, spelling: self.spelling, output: Output::Counted(0) };
        counting.schema(id, value, path);
        match counting.output {
            Output::Counted(count) => count,
            Output::Reported(_) => 0,
        }
    }

    /// Reports a value that fits none of these schemas: one sentence, about the schema that it
    /// is nearest to.
    pub(crate) fn alternatives(&mut self, schemas: &[SchemaId], value: &Json<'_>, at: At<'_>) {
        let mut nearest = None;
        for (index, schema) in schemas.iter().enumerate() {
            match self.failures(*schema, value, at.path) {
                0 => return,
                failures => nearest = nearest.into_iter().chain([(failures, index, *schema)]).min(),
            }
        }
        let (model, spelling) = (self.model, self.spelling);
        self.violate(at, || {
            let none = format!("the value fits none of {} alternatives", schemas.len());
            let Some((_, index, schema)) = nearest else { return none };
            let mut told = Findings::default();
            told.limit(1, MESSAGE_BYTES_MAX);
            Rules::reporting(model, spelling, &mut told).schema(schema, value, at.path);
            match told.all().first() {
                None => none,
                Some(first) => {
                    let place = if first.pointer.is_empty() { String::new() } else { format!("{}: ", first.pointer) };
                    format!("{none}; the nearest is number {}: {place}{}", index + 1, first.message)
                }
            }
        });
    }

    /// Reports that a rule is broken.
    pub(crate) fn violate(&mut self, at: At<'_>, message: impl FnOnce() -> String) {
        let model = self.model;
        match &mut self.output {
            Output::Counted(count) => *count += 1,
            Output::Reported(told) => told.push(|| Violation {
                pointer: at.path.sent(),
                schema: model.rule_location(at.origin),
                keyword: model.rule(at.origin).map_or(FALSE_SCHEMA, |rule| rule.name()).to_owned(),
                message: message(),
            }),
        }
    }
}
