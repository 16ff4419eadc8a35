//! What a change of schemas does to those who write events and to those who read them.
//!
//! Schemas are matched by `$id`, so that a file that moved is no removal. A schema is compared
//! by itself: what it takes from another one is compared there, once. Findings carry a value
//! that one side accepts and the other rejects wherever one was found; each was judged by both
//! compiled schemas before.

mod compare;
mod keywords;
mod proof;
mod sample;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::corpus::{Corpus, Schema};
use crate::finding::{Finding, Level};
use compare::Comparison;

/// Compares two states of a directory's schemas.
pub fn diff(old: &Corpus, new: &Corpus) -> Vec<Finding> {
    let mut findings = Vec::new();
    for before in old.schemas() {
        match new.schema(before.id()) {
            Some(after) => {
                moved(before, after, &mut findings);
                if before.root() != after.root() {
                    Comparison::new(old, new, before, after, &mut findings).run();
                }
            }
            None => removed(new, before, &mut findings),
        }
    }
    for after in new.schemas().iter().filter(|after| old.schema(after.id()).is_none()) {
        let message = format!("the schema {} is new", after.id());
        findings.push(finding(Level::Note, "schema-added", after.path(), "", message));
    }
    faults(old, new, &mut findings);
    findings.sort_by(|a, b| (a.level, &a.file, &a.pointer, a.rule).cmp(&(b.level, &b.file, &b.pointer, b.rule)));
    findings
}

fn finding(level: Level, rule: &'static str, file: &str, pointer: &str, message: String) -> Finding {
    Finding { rule, level, file: file.to_owned(), pointer: pointer.to_owned(), message, proof: None }
}

fn moved(before: &Schema, after: &Schema, findings: &mut Vec<Finding>) {
    if before.path() != after.path() {
        let message =
            format!("moved here from {}; its $id is the same, so that references still find it", before.path());
        findings.push(finding(Level::Note, "file-moved", after.path(), "", message));
    }
}

fn removed(new: &Corpus, before: &Schema, findings: &mut Vec<Finding>) {
    let (id, path) = (before.id(), before.path());
    match new.schemas().iter().find(|schema| schema.path() == path) {
        Some(after) => {
            let message =
                format!("the $id was {id} and is {} now; what refers to the old one finds nothing", after.id());
            findings.push(finding(Level::Error, "id-changed", path, "/$id", message));
        }
        None => {
            let message = format!("the schema {id} is gone; what refers to it finds nothing");
            findings.push(finding(Level::Error, "schema-removed", path, "", message));
        }
    }
}

/// What keeps a new schema from being used and didn't before.
fn faults(old: &Corpus, new: &Corpus, findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for fault in old.errors() {
        *known.entry((old.below(&fault.file), &fault.pointer)).or_default() += 1;
    }
    for fault in new.errors() {
        let file = new.below(&fault.file);
        if !known.contains_key(&(file.clone(), &*fault.pointer)) {
            findings.push(finding(Level::Error, fault.code.name(), &file, &fault.pointer, fault.message.clone()));
        }
    }
}

/// Which side accepts what the other rejects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Events that passed may fail now: writers must change.
    Narrower,
    /// Events may pass that failed before: readers may meet what they don't expect.
    Wider,
    /// Either may happen.
    Both,
    /// Checks say the same; people and programs that read the schema may be told something else.
    Neither,
}

/// One difference between two schemas of one place.
#[derive(Debug)]
struct Change {
    rule: &'static str,
    effect: Effect,
    /// The keyword that it is about; empty for the schema.
    keyword: &'static str,
    message: String,
    /// Values of this place that may show it.
    candidates: Vec<Value>,
}

impl Change {
    fn new(rule: &'static str, effect: Effect, keyword: &'static str, message: String) -> Change {
        Change { rule, effect, keyword, message, candidates: Vec::new() }
    }

    fn with(mut self, candidates: Vec<Value>) -> Change {
        self.candidates = candidates;
        self
    }

    fn level(&self) -> Level {
        match self.effect {
            Effect::Narrower | Effect::Both => Level::Error,
            Effect::Wider => Level::Warning,
            Effect::Neither => Level::Note,
        }
    }
}
