//! Schema documents by URI.
//!
//! Nothing is fetched: a `$ref` resolves among the documents that were added, or it is
//! an error that names what is missing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::document::Document;
use super::fault::{Fault, FaultCode, SchemaError};
use super::{pointer, uri};

/// Schema documents by URI.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    documents: Vec<Document>,
    /// By URI without fragment: the document, and where in it the schema lies.
    resources: BTreeMap<String, (usize, String)>,
    /// By URI with fragment (`"$id": "#name"`).
    anchors: BTreeMap<String, (usize, String)>,
    /// Files of documents that were there already: file and `$id`.
    copies: Vec<(String, String)>,
    /// Documents that were refused, since another one has a URI of theirs: what faults call them, and
    /// the `$id` of the other.
    refused: BTreeMap<String, Vec<String>>,
    warnings: Vec<Fault>,
}

/// A schema in a document.
#[derive(Clone, Debug)]
pub(crate) struct Site<'r> {
    pub(crate) document: usize,
    pub(crate) pointer: String,
    pub(crate) value: &'r Value,
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

    /// Adds one schema document, which has an `$id`.
    ///
    /// # Errors
    /// The text is not JSON, has no `$id`, or another document has the same one.
    pub fn add(&mut self, text: &str) -> Result<(), SchemaError> {
        Ok(self.insert_text(text, None, None)?)
    }

    /// Adds a document that was retrieved from `uri`, which it may do without an `$id`.
    ///
    /// # Errors
    /// The text is not JSON, or another document has the same URI.
    pub fn add_retrieved(&mut self, uri: &str, text: &str) -> Result<(), SchemaError> {
        Ok(self.insert_text(text, None, Some(uri))?)
    }

    /// Adds a document from a file that somebody else has read; its faults name the file.
    ///
    /// # Errors
    /// The text is not JSON, has no `$id`, or another document has the same one.
    pub fn add_file(&mut self, file: &str, text: &str) -> Result<(), Fault> {
        self.insert_text(text, Some(file), None)
    }

    /// Adds a document from a file, whose name is in its faults, or from a URI.
    pub(crate) fn insert_text(&mut self, text: &str, file: Option<&str>, uri: Option<&str>) -> Result<(), Fault> {
        let mut warnings = Vec::new();
        let document = Document::read(text, file, uri, &mut warnings)?;
        self.insert(document, warnings)
    }

    pub(super) fn insert(&mut self, document: Document, mut warnings: Vec<Fault>) -> Result<(), Fault> {
        let duplicate = |uri: &str, pointer: &str, known: &Document| Fault {
            code: FaultCode::DuplicateId,
            file: document.label().to_owned(),
            pointer: pointer.to_owned(),
            message: format!("two different schemas have the $id {uri}; keep one (the other is {})", known.label()),
        };
        if let Some((known, _)) = self.resources.get(&document.id) {
            let known = &self.documents[*known];
            if known.root == document.root {
                self.copies.extend(document.file().map(|file| (file.to_owned(), document.id.clone())));
                return Ok(());
            }
            let fault = duplicate(&document.id, "", known);
            return Err(self.refuse(fault, &document.id));
        }
        let mut inside = BTreeSet::from([document.id.as_str()]);
        for (uri, at) in document.embedded() {
            if !inside.insert(uri) {
                return Err(duplicate(uri, at, &document));
            }
            if let Some((known, _)) = self.resources.get(uri) {
                let known = &self.documents[*known];
                let (fault, id) = (duplicate(uri, at, known), known.id.clone());
                return Err(self.refuse(fault, &id));
            }
        }
        for (uri, at) in &document.anchors {
            let known = self.anchors.get(uri).map(|(known, _)| &self.documents[*known]);
            if let Some(known) = known.or((!inside.insert(uri)).then_some(&document)) {
                let (fault, id) = (duplicate(uri, at, known), known.id.clone());
                return Err(self.refuse(fault, &id));
            }
        }
        let index = self.documents.len();
        let embedded = document.embedded().map(|(uri, pointer)| (uri.to_owned(), (index, pointer.to_owned())));
        self.resources.extend(embedded);
        self.resources.insert(document.id.clone(), (index, String::new()));
        self.anchors.extend(document.anchors.iter().map(|(uri, pointer)| (uri.clone(), (index, pointer.clone()))));
        self.documents.push(document);
        self.warnings.append(&mut warnings);
        Ok(())
    }

    /// Notes that a document was refused for one that is there.
    fn refuse(&mut self, fault: Fault, known: &str) -> Fault {
        self.refused.entry(fault.file.clone()).or_default().push(known.to_owned());
        fault
    }

    /// The documents that are there and for which this file was refused, by `$id`.
    pub(crate) fn rivals(&self, file: &str) -> impl Iterator<Item = &str> {
        self.refused.get(file).into_iter().flatten().map(String::as_str)
    }

    /// The `$id`s of all documents, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let roots = self.resources.iter().filter(|(_, (_, pointer))| pointer.is_empty());
        roots.map(|(uri, _)| uri.as_str())
    }

    /// A document by `$id`.
    pub fn get(&self, id: &str) -> Option<&Value> {
        let (document, pointer) = self.resources.get(id)?;
        pointer.is_empty().then(|| &*self.documents[*document].root)
    }

    /// Adds those of the schemas of this crate whose `$id` isn't there.
    pub fn complete(&mut self) {
        for text in super::bundled::TEXTS {
            // One that is there is kept; the others are well-formed.
            let _ = self.insert_text(text, None, None);
        }
    }

    /// The files that documents came from, each with their `$id`.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.documents.iter().filter_map(|document| Some((document.file()?, document.id.as_str())));
        own.chain(self.copies.iter().map(|(file, id)| (file.as_str(), id.as_str())))
    }

    /// What is odd about the documents and keeps none of them from being used.
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    pub(super) fn warn(&mut self, mut warnings: Vec<Fault>) {
        self.warnings.append(&mut warnings);
    }

    pub(crate) fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The schema that a document is as a whole.
    pub(crate) fn root(&self, document: usize) -> Site<'_> {
        Site { document, pointer: String::new(), value: &self.documents[document].root }
    }

    /// The schema that a reference leads to, from a schema at this place.
    pub(crate) fn resolve(&self, reference: &str, document: usize, at: &str) -> Option<Site<'_>> {
        self.find(&uri::resolve(self.documents[document].base(at), reference))
    }

    /// The schema with this URI, with or without a fragment.
    pub(crate) fn find(&self, uri: &str) -> Option<Site<'_>> {
        let (resource, fragment) = uri.split_once('#').unwrap_or((uri, ""));
        let (document, pointer) = match fragment.is_empty() || fragment.starts_with('/') {
            true => {
                let (document, at) = self.resources.get(resource)?;
                (*document, format!("{at}{}", pointer::of_fragment(fragment)?))
            }
            false => self.anchors.get(uri).cloned()?,
        };
        let value = self.documents[document].root.pointer(&pointer)?;
        Some(Site { document, pointer, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_lead_to_a_place_or_nowhere() {
        let mut registry = Registry::new();
        let root = r##"{"$id":"https://x.example/root#","definitions":{"a b":{"type":"string"},
            "inner":{"$id":"inner","definitions":{"c":{"$id":"#c","type":"null"}}}}}"##;
        registry.add(root).expect("a document");
        registry.add_retrieved("https://x.example/plain", r#"{"type":"integer"}"#).expect("a document");
        let check = |reference: &str, at: &str, expect: Option<&str>| {
            let found = registry.resolve(reference, 0, at).map(|site| site.pointer);
            assert_eq!(found.as_deref(), expect, "{reference} at {at:?}");
        };
        check("#", "", Some(""));
        check("#/definitions/a%20b", "", Some("/definitions/a b"));
        check("#/definitions/none", "", None);
        check("inner", "", Some("/definitions/inner"));
        check("#/definitions/c", "/definitions/inner", Some("/definitions/inner/definitions/c"));
        check("inner#c", "", Some("/definitions/inner/definitions/c"));
        check("#c", "", None);
        check("plain", "", Some(""));
        check("https://elsewhere.example/", "", None);
        assert_eq!(registry.ids().collect::<Vec<_>>(), ["https://x.example/plain", "https://x.example/root"]);
    }

    #[test]
    fn one_id_is_one_schema() {
        let mut registry = Registry::new();
        let text = r#"{"$id":"https://x.example/a","type":"object"}"#;
        registry.insert_text(text, Some("a.json"), None).expect("a document");
        registry.insert_text(text, Some("again.json"), None).expect("the same document");
        let other = text.replace("object", "string");
        let fault = registry.insert_text(&other, Some("b.json"), None).expect_err("another document");
        assert_eq!(fault.code, FaultCode::DuplicateId);
        assert!(fault.to_string().starts_with("b.json: two different schemas have the $id"), "{fault}");
        assert!(fault.message.contains("a.json"), "{fault}");
        let inside = r#"{"$id":"https://x.example/c","definitions":{"a":{"$id":"a"}}}"#;
        let fault = registry.insert_text(inside, Some("c.json"), None).expect_err("the same $id inside");
        assert_eq!((fault.code, fault.pointer.as_str()), (FaultCode::DuplicateId, "/definitions/a"));
        let twice = |inside: &str, pointer: &str| {
            let text = format!(r#"{{"$id":"https://x.example/d","definitions":{inside}}}"#);
            let fault = Registry::new().insert_text(&text, None, None).expect_err("twice");
            assert_eq!((fault.code, fault.pointer.as_str()), (FaultCode::DuplicateId, pointer), "{inside}");
        };
        twice(r#"{"a":{"$id":"d"}}"#, "/definitions/a");
        twice(r#"{"a":{"$id":"e"},"b":{"$id":"e"}}"#, "/definitions/b");
        twice(r##"{"a":{"$id":"#e"},"b":{"$id":"#e"}}"##, "/definitions/b");
    }
}
