//! What is legal in a schema and probably not meant, a finding each.
//!
//! What keeps a schema from being used is `xdm`'s to tell, and told here too.

mod conflicts;
mod fix;
mod property;

use std::collections::BTreeSet;

use serde_json::Value;
use xdm::Severity;

use crate::corpus::{Corpus, Schema};
use crate::finding::{Finding, Level};
use crate::reading;
use crate::walk::{self, Role};

pub use fix::{Fixed, fix};

/// Most edits between a name and the one that it may have been meant to be.
const TYPO_EDITS_MAX: usize = 2;

/// The findings of all schemas of a directory, by file.
pub fn lint(corpus: &Corpus) -> Vec<Finding> {
    let mut findings = faults(corpus);
    for schema in corpus.schemas() {
        document(corpus, schema, &mut findings);
    }
    findings.extend(conflicts::conflicts(corpus));
    findings.sort_by(|a, b| (&a.file, &a.pointer, a.rule).cmp(&(&b.file, &b.pointer, b.rule)));
    findings
}

/// What `xdm` tells of the schemas.
fn faults(corpus: &Corpus) -> Vec<Finding> {
    let finding = |fault: &xdm::Fault| Finding {
        rule: fault.code.name(),
        level: if fault.severity() == Severity::Error { Level::Error } else { Level::Warning },
        file: corpus.below(&fault.file),
        pointer: fault.pointer.clone(),
        message: fault.message.clone(),
        proof: None,
    };
    corpus.faults().iter().map(finding).collect()
}

/// Where findings of one document go.
struct Notes<'n> {
    file: &'n str,
    findings: &'n mut Vec<Finding>,
}

impl Notes<'_> {
    fn add(&mut self, level: Level, rule: &'static str, pointer: &str, message: impl Into<String>) {
        let (file, pointer, message) = (self.file.to_owned(), pointer.to_owned(), message.into());
        self.findings.push(Finding { rule, level, file, pointer, message, proof: None });
    }
}

fn document(corpus: &Corpus, schema: &Schema, findings: &mut Vec<Finding>) {
    let mut notes = Notes { file: schema.path(), findings };
    let root = schema.root();
    if schema.id().ends_with('/') {
        notes.add(Level::Warning, "id-slash", "/$id", "the $id ends with a slash; leave it out");
    }
    for name in ["title", "type"].iter().filter(|name| root.get(**name).is_none()) {
        notes.add(Level::Warning, "root-incomplete", "", format!("the schema has no \"{name}\""));
    }
    let statuses = ["stable", "experimental", "deprecated", "hidden"];
    walk::schemas(root, &mut |pointer, inner, role| {
        if let Some(status) = inner.get("meta:status").filter(|status| !statuses.iter().any(|known| *status == known)) {
            let message = format!("the status {status} is not one of {}", statuses.join(", "));
            notes.add(Level::Warning, "status-unknown", &format!("{pointer}/meta:status"), message);
        }
        property::check(pointer, inner, role, &mut notes);
        object(corpus, schema, pointer, inner, role, &mut notes);
    });
}

/// What holds for objects: that names are declared, and differ by more than their case.
fn object(corpus: &Corpus, document: &Schema, pointer: &str, schema: &Value, role: Role<'_>, notes: &mut Notes<'_>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    if properties.is_some() && role != Role::Root && schema.get("type").is_none() && !pointer.contains("/definitions/")
    {
        let message = "the schema has properties and no \"type\": \"object\", so that values of other types pass";
        notes.add(Level::Warning, "object-untyped", pointer, message);
    }
    let says = ["properties", "$ref", "additionalProperties", "patternProperties", "allOf", "anyOf", "oneOf"];
    if role != Role::Root
        && schema.get("type").is_some_and(|kind| kind == "object")
        && !says.iter().any(|name| schema.get(*name).is_some())
    {
        let message = "the object declares nothing, so that all of it is undeclared";
        notes.add(Level::Note, "object-empty", pointer, message);
    }
    let mut lower: BTreeSet<String> = BTreeSet::new();
    for name in properties.into_iter().flatten().map(|(name, _)| name) {
        if !lower.insert(name.to_lowercase()) {
            let pointer = format!("{pointer}/properties{}", walk::step(name));
            let message = format!("{name} differs from another name by its case only; columns would be confused");
            notes.add(Level::Error, "name-case", &pointer, message);
        }
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for (at, name) in required.enumerate().filter_map(|(at, name)| Some((at, name.as_str()?))) {
        let place = reading::Place { document: document.id(), schema };
        let found = reading::properties(corpus, place);
        if found.declared.iter().any(|declared| declared.name == name) || declared_around(corpus, document, name) {
            continue;
        }
        let names = found.declared.iter().map(|declared| declared.name);
        let hint = nearest(name, names).map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let message = format!("{name} is required and not declared{hint}");
        notes.add(Level::Warning, "required-undeclared", &format!("{pointer}/required/{at}"), message);
    }
}

/// Is the name declared by the document as a whole, or by one of its definitions? What stands in
/// an `allOf` beside them may require it.
fn declared_around(corpus: &Corpus, document: &Schema, name: &str) -> bool {
    let place = reading::Place { document: document.id(), schema: document.root() };
    let declares = |schema: &Value| schema.get("properties").and_then(|own| own.get(name)).is_some();
    let definitions = document.root().get("definitions").and_then(Value::as_object);
    reading::properties(corpus, place).declared.iter().any(|declared| declared.name == name)
        || definitions.is_some_and(|all| all.values().any(declares))
}

/// The name that is most like this one, if one is.
pub(crate) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let short = |name: &str| name.rsplit([':', '/']).next().unwrap_or(name).to_lowercase();
    let wanted = short(name);
    names
        .map(|known| (strsim::levenshtein(&wanted, &short(known)), known))
        .filter(|(edits, known)| *edits <= TYPO_EDITS_MAX && *edits * 2 < short(known).len())
        .min()
        .map(|(_, known)| known)
}
