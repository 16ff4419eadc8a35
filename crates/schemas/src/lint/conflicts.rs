//! Field groups of one class that declare the same property in different ways: no schema can
//! compose both of them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::corpus::{Corpus, Schema};
use crate::finding::{Finding, Level};
use crate::reading::{self, Place};

/// Deepest nesting that is compared.
const NESTING_MAX: usize = 8;
/// Most paths of one class that are compared.
const PATHS_MAX: usize = 50_000;
/// What is compared of a property's rules, beside its type.
const COMPARED: &[&str] =
    &["type", "format", "enum", "const", "pattern", "minimum", "maximum", "minLength", "maxLength"];

/// Where a path was declared first, and how.
struct First<'c> {
    file: &'c str,
    rules: Vec<(&'static str, Option<&'c Value>)>,
}

/// Two findings of one path are told as one, in the group that comes later.
pub(super) fn conflicts(corpus: &Corpus) -> Vec<Finding> {
    let mut classes: BTreeMap<&str, Vec<&Schema>> = BTreeMap::new();
    for schema in corpus.schemas() {
        let extended = schema.root().get("meta:intendedToExtend").and_then(Value::as_array);
        for class in extended.into_iter().flatten().filter_map(Value::as_str) {
            classes.entry(class).or_default().push(schema);
        }
    }
    let mut findings = Vec::new();
    for groups in classes.values() {
        let mut known: BTreeMap<String, First<'_>> = BTreeMap::new();
        for group in groups {
            let place = Place { document: group.id(), schema: group.root() };
            let left = PATHS_MAX.saturating_sub(known.len());
            Walk { corpus, group, known: &mut known, findings: &mut findings, left }.below(place, "", 0);
        }
    }
    findings.dedup_by(|a, b| a.file == b.file && a.pointer == b.pointer && a.message == b.message);
    findings
}

struct Walk<'w, 'c> {
    corpus: &'c Corpus,
    group: &'c Schema,
    known: &'w mut BTreeMap<String, First<'c>>,
    findings: &'w mut Vec<Finding>,
    /// Paths that may still be looked at.
    left: usize,
}

impl<'c> Walk<'_, 'c> {
    fn below(&mut self, place: Place<'c>, path: &str, depth: usize) {
        for declared in reading::properties(self.corpus, place).declared {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            let path = if path.is_empty() { declared.name.to_owned() } else { format!("{path}.{}", declared.name) };
            let target = reading::target(self.corpus, declared.place);
            let rules: Vec<_> = COMPARED.iter().map(|name| (*name, target.schema.get(name))).collect();
            match self.known.get(&path) {
                None => drop(self.known.insert(path.clone(), First { file: self.group.path(), rules })),
                Some(first) if first.file != self.group.path() => {
                    let differing = first.rules.iter().zip(&rules).find(|(a, b)| a.1 != b.1);
                    if let Some(((name, theirs), (_, ours))) = differing {
                        let shown = |value: &Option<&Value>| value.map_or_else(|| "none".to_owned(), Value::to_string);
                        let message = format!(
                            "{path} has {name} {} here and {} in {}; a schema can't compose both",
                            shown(ours),
                            shown(theirs),
                            first.file
                        );
                        let (file, pointer) = (self.group.path().to_owned(), String::new());
                        let (rule, level) = ("group-conflict", Level::Warning);
                        self.findings.push(Finding { rule, level, file, pointer, message, proof: None });
                    }
                }
                Some(_) => {}
            }
            if depth < NESTING_MAX {
                self.below(reading::innermost(self.corpus, target), &path, depth + 1);
            }
        }
    }
}
