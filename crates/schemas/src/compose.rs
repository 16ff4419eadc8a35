//! A schema for events, composed of a class and field groups.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::corpus::Corpus;
use crate::lint::nearest;

/// Most names that an error lists.
const LISTED_MAX: usize = 8;

/// Why a schema can't be composed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ComposeError {
    /// No schema has this name.
    #[error("no schema is called {name}{}", hint.as_ref().map_or_else(|| "; name its $id, or the directory that has it with --schemas".to_owned(), |near| format!("; did you mean {near}?")))]
    Unknown {
        /// The name.
        name: String,
        /// The one that is most like it.
        hint: Option<String>,
    },
    /// Several schemas have this name.
    #[error("several schemas are called {name}: {}; name one by its $id", ids.join(", "))]
    Ambiguous {
        /// The name.
        name: String,
        /// Their `$id`s.
        ids: Vec<String>,
    },
}

/// What is composed.
#[derive(Clone, Debug)]
pub struct Parts<'p> {
    /// `$id` of the new schema.
    pub id: &'p str,
    /// Its title.
    pub title: &'p str,
    /// The class, by `$id` or by the last part of it.
    pub class: &'p str,
    /// The field groups, likewise.
    pub groups: &'p [String],
}

/// How a composition holds its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bundling {
    /// It refers to them.
    References,
    /// It has those inside that don't come with `xdm`, so that it can be used alone.
    Whole,
}

/// Composes a schema of parts that are known to a corpus.
///
/// # Errors
/// A part isn't known, or several have its name.
pub fn compose(corpus: &Corpus, parts: &Parts<'_>, bundling: Bundling) -> Result<Value, ComposeError> {
    let class = named(corpus, parts.class)?;
    let mut ids = vec![class];
    for group in parts.groups {
        let id = named(corpus, group)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-06/schema#",
        "$id": parts.id,
        "title": parts.title,
        "type": "object",
        "meta:abstract": false,
        "meta:extensible": false,
        "meta:class": class,
        "meta:extends": ids,
        "allOf": ids.iter().map(|id| json!({ "$ref": id })).collect::<Vec<_>>(),
    });
    if bundling == Bundling::Whole {
        let own = Corpus::bundled();
        let mut inside = Map::new();
        for (id, root) in closure(corpus, &ids) {
            if own.schema(id).is_none() {
                inside.insert(id.to_owned(), root.clone());
            }
        }
        if !inside.is_empty() {
            schema["definitions"] = inside.into();
        }
    }
    Ok(schema)
}

/// The documents that these lead to, themselves included, by `$id`.
pub(crate) fn closure<'c>(corpus: &'c Corpus, ids: &[&str]) -> BTreeMap<&'c str, &'c Value> {
    let mut found = BTreeMap::new();
    let mut open: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    while let Some(id) = open.pop() {
        let Some((id, root)) = corpus.document(&id) else { continue };
        if found.insert(id, root).is_some() {
            continue;
        }
        crate::walk::schemas(root, &mut |_, schema, _| {
            let reference = schema.get("$ref").and_then(Value::as_str).filter(|to| !to.starts_with('#'));
            open.extend(reference.map(|to| to.split('#').next().unwrap_or(to).to_owned()));
        });
    }
    found
}

/// The `$id` of what somebody calls by its name: the `$id`, or what it ends with, with or without
/// `experienceevent-` before it.
fn named<'c>(corpus: &'c Corpus, name: &str) -> Result<&'c str, ComposeError> {
    if let Some((id, _)) = corpus.document(name) {
        return Ok(id);
    }
    let ids: Vec<&str> = corpus.registry().ids().collect();
    let is_called = |id: &&&str| {
        let last = id.rsplit('/').next().unwrap_or(id);
        last.eq_ignore_ascii_case(name)
            || last.strip_prefix("experienceevent-").is_some_and(|rest| rest.eq_ignore_ascii_case(name))
    };
    let found: Vec<&str> = ids.iter().filter(is_called).copied().collect();
    match found[..] {
        [id] => Ok(id),
        [] => {
            let hint = nearest(name, ids.iter().copied()).map(str::to_owned);
            Err(ComposeError::Unknown { name: name.to_owned(), hint })
        }
        _ => {
            let ids = found.iter().take(LISTED_MAX).map(|id| (*id).to_owned()).collect();
            Err(ComposeError::Ambiguous { name: name.to_owned(), ids })
        }
    }
}
