//! Corrects what can be corrected without changing what a schema means.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use crate::corpus::Corpus;
use crate::walk;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// This many places were corrected.
    Places(usize),
    /// It isn't formatted as these commands write JSON, so that every line would change.
    OtherFormat,
}

/// Corrects the files of a directory; gives what became of those that have something to correct.
///
/// Labels are added where `enum` has none, and a keyword in the wrong case (`Title`) gets the
/// right one.
///
/// # Errors
/// A file can't be read or written.
pub fn fix(corpus: &Corpus, dir: &Path) -> io::Result<Vec<(String, Fixed)>> {
    let mut outcomes = Vec::new();
    for schema in corpus.schemas() {
        let mut root = schema.root().clone();
        let places = correct(schema.root(), &mut root);
        if places == 0 {
            continue;
        }
        let path = dir.join(schema.path());
        let text = fs::read_to_string(&path)?;
        let line = if text.ends_with('\n') { "\n" } else { "" };
        let outcome = match pretty(schema.root()) + line == text {
            true => {
                // Beside its place and renamed: whoever reads meanwhile sees one of both.
                let beside = path.with_extension("json.new");
                fs::write(&beside, pretty(&root) + line)?;
                fs::rename(&beside, &path)?;
                Fixed::Places(places)
            }
            false => Fixed::OtherFormat,
        };
        outcomes.push((schema.path().to_owned(), outcome));
    }
    Ok(outcomes)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn correct(root: &Value, target: &mut Value) -> usize {
    let mut pointers = Vec::new();
    walk::schemas(root, &mut |pointer, _, _| pointers.push(pointer.to_owned()));
    let schemas = pointers.iter().rev();
    schemas.filter_map(|pointer| Some(correct_one(target.pointer_mut(pointer)?.as_object_mut()?))).sum()
}

fn correct_one(schema: &mut Map<String, Value>) -> usize {
    let mut places = 0;
    if let (Some(Value::Array(values)), None) = (schema.get("enum"), schema.get("meta:enum")) {
        let labels = values.iter().filter_map(Value::as_str).map(|value| (value.to_owned(), value.into()));
        let labels: Map<String, Value> = labels.collect();
        if labels.len() == values.len() {
            schema.insert("meta:enum".to_owned(), labels.into());
            places += 1;
        }
    }
    for right in ["title", "description"] {
        let wrong = schema.keys().find(|name| *name != right && name.eq_ignore_ascii_case(right)).cloned();
        if let Some(wrong) = wrong.filter(|_| !schema.contains_key(right)) {
            *schema = std::mem::take(schema)
                .into_iter()
                .map(|(name, value)| (if name == wrong { right.to_owned() } else { name }, value))
                .collect();
            places += 1;
        }
    }
    places
}
