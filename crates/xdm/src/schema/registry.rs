//! Schema documents by `$id`.
//!
//! Nothing is fetched: a `$ref` resolves among the documents that were added, or it is
//! an error that names what is missing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::SchemaError;

/// Schema documents by `$id`.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    documents: BTreeMap<String, Value>,
}

/// A place in a document.
#[derive(Clone, Debug)]
pub(crate) struct Site<'r> {
    pub(crate) id: &'r str,
    pub(crate) pointer: String,
    pub(crate) value: &'r Value,
}

impl<'r> Site<'r> {
    pub(crate) fn location(&self) -> String {
        format!("{}#{}", self.id, self.pointer)
    }

    pub(crate) fn at(&self, steps: &[&str], value: &'r Value) -> Site<'r> {
        let mut pointer = self.pointer.clone();
        for step in steps {
            pointer.push('/');
            pointer.push_str(&escape_pointer(step));
        }
        Site { id: self.id, pointer, value }
    }
}

/// Escapes one step of a JSON pointer.
pub(crate) fn escape_pointer(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The schemas that come with this crate.
    pub fn bundled() -> Self {
        let mut registry = Self::new();
        for text in super::bundled::TEXTS {
            registry.add(text).expect("the bundled schemas are well-formed; a test loads them");
        }
        registry
    }

    /// Adds one schema document.
    pub fn add(&mut self, text: &str) -> Result<(), SchemaError> {
        let value: Value = serde_json::from_str(text).map_err(|e| SchemaError::NotJson(e.to_string()))?;
        let id = value.get("$id").and_then(Value::as_str).ok_or(SchemaError::NoId)?;
        let id = id.trim_end_matches('#').to_owned();
        match self.documents.get(&id) {
            Some(known) if *known != value => Err(SchemaError::DuplicateId { id }),
            _ => {
                self.documents.insert(id, value);
                Ok(())
            }
        }
    }

    /// The `$id`s of all documents, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.documents.keys().map(String::as_str)
    }

    /// A document by `$id`.
    pub fn get(&self, id: &str) -> Option<&Value> {
        self.documents.get(id)
    }

    pub(crate) fn site(&self, id: &str, referrer: &str) -> Result<Site<'_>, SchemaError> {
        match self.documents.get_key_value(id) {
            Some((id, value)) => Ok(Site { id, pointer: String::new(), value }),
            None => Err(SchemaError::Unresolved { location: referrer.to_owned(), reference: id.to_owned() }),
        }
    }

    /// Resolves `URL`, `URL#/pointer` or `#/pointer`.
    pub(crate) fn resolve(&self, reference: &str, from: &Site<'_>) -> Result<Site<'_>, SchemaError> {
        let (id, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let document = self.site(if id.is_empty() { from.id } else { id }, &from.location())?;
        match document.value.pointer(pointer) {
            Some(value) => Ok(Site { pointer: pointer.to_owned(), value, ..document }),
            None => Err(SchemaError::Unresolved { location: from.location(), reference: reference.to_owned() }),
        }
    }
}
