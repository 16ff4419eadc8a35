//! Builds the model: schemas are parsed as they are reached, each once.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::annotations::{self, Annotations};
use super::{Body, Model, Named, Reader, Schema, SchemaId, cycles};
use crate::edits::distance;
use crate::keyword::{self, Keyword};
use crate::limits::{FAULTS_MAX, SCHEMA_POINTERS_BYTES_MAX, UNKNOWN_NAME_EDITS_MAX};
use crate::pattern::Patterns;
use crate::schema::fault::{Fault, FaultCode, Severity};
use crate::schema::pointer;
use crate::schema::registry::{Registry, Site};

/// How much of the documents is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What the roots lead to.
    Reachable,
    /// That, and every definition that nothing leads to.
    Whole,
}

/// Builds the model of these schemas; gives the index of each of them, and all faults. What
/// is at fault has no rules in the model, so that the rest can be used all the same.
pub(crate) fn build(registry: &Registry, roots: &[Site<'_>], extent: Extent) -> (Model, Vec<SchemaId>, Vec<Fault>) {
    let mut builder = Builder {
        registry,
        extent,
        patterns: Patterns::default(),
        known: HashMap::new(),
        queue: Vec::new(),
        schemas: Vec::new(),
        faults: Vec::new(),
        reported: [0; 2],
        pointers_bytes: 0,
    };
    let ids: Vec<SchemaId> =
        roots.iter().map(|site| builder.schema_of(site.document, site.pointer.clone(), site.value)).collect();
    builder.parse_all();
    let Builder { schemas, mut faults, reported, .. } = builder;
    let omitted: usize = reported.iter().map(|count| count.saturating_sub(FAULTS_MAX)).sum();
    if let Some(Fault { file, .. }) = faults.last().filter(|_| omitted > 0) {
        let message = format!("{omitted} more faults of the schemas are not reported; fix these first");
        faults.push(Fault { code: FaultCode::Omitted, file: file.clone(), pointer: String::new(), message });
    }
    let named = |document: &crate::schema::document::Document| Named {
        id: document.id.as_str().into(),
        label: document.label().into(),
    };
    let documents = registry.documents().iter().map(named).collect();
    let mut model = Model::new(documents, schemas.into_iter().flatten().collect());
    faults.extend(cycles::break_up(&mut model));
    (model, ids, faults)
}

/// A model that is being built.
pub(super) struct Builder<'r> {
    pub(super) registry: &'r Registry,
    extent: Extent,
    pub(super) patterns: Patterns,
    /// By document and pointer.
    known: HashMap<(usize, String), SchemaId>,
    /// Schemas that have an index and are still to be parsed.
    queue: Vec<(SchemaId, usize, String, &'r Value)>,
    schemas: Vec<Option<Schema>>,
    faults: Vec<Fault>,
    /// Errors and warnings so far, those past the limit included.
    reported: [usize; 2],
    /// Of the pointers to all schemas.
    pointers_bytes: usize,
}

impl<'r> Builder<'r> {
    /// The index of a schema; it is parsed later, if it is new.
    pub(super) fn schema(&mut self, document: usize, pointer: String, value: &'r Value) -> SchemaId {
        self.schema_of(document, pointer, value)
    }

    fn schema_of(&mut self, document: usize, pointer: String, value: &'r Value) -> SchemaId {
        let key = (document, pointer);
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = SchemaId::try_from(self.schemas.len()).unwrap_or(SchemaId::MAX);
        self.schemas.push(None);
        let known = self.pointers_bytes;
        self.pointers_bytes += key.1.len();
        if self.pointers_bytes > SCHEMA_POINTERS_BYTES_MAX {
            return self.too_long(known, id, document);
        }
        self.queue.push((id, document, key.1.clone(), value));
        self.known.insert(key, id);
        id
    }

    /// A schema whose pointer has no room: it has no rules, as whatever is at fault.
    fn too_long(&mut self, bytes_before: usize, id: SchemaId, document: usize) -> SchemaId {
        if bytes_before <= SCHEMA_POINTERS_BYTES_MAX {
            let message = format!(
                "the names above all schemas take more than {SCHEMA_POINTERS_BYTES_MAX} bytes; shorten them or nest less"
            );
            self.fault(FaultCode::Limit, document, String::new(), message);
        }
        self.queue.push((id, document, String::new(), &Value::Bool(true)));
        id
    }

    pub(super) fn fault(&mut self, code: FaultCode, document: usize, pointer: String, message: String) {
        let count = &mut self.reported[usize::from(code.severity() == Severity::Warning)];
        *count += 1;
        if *count > FAULTS_MAX {
            return;
        }
        let file = self.registry.documents()[document].label().to_owned();
        self.faults.push(Fault { code, file, pointer, message });
    }

    fn parse_all(&mut self) {
        while let Some((id, document, pointer, value)) = self.queue.pop() {
            let (body, annotations) = match value {
                Value::Bool(true) => (Body::Rules(Box::default()), Annotations::default()),
                Value::Bool(false) => (Body::Nothing, Annotations::default()),
                Value::Object(map) => (Body::Rules(self.rules(document, &pointer, map)), Annotations::of(map)),
                other => {
                    let message = format!("a schema is an object, true or false, not {}", shown(other));
                    self.fault(FaultCode::Malformed, document, pointer.clone(), message);
                    // A fault is no rule.
                    (Body::Rules(Box::default()), Annotations::default())
                }
            };
            let document = u32::try_from(document).unwrap_or(u32::MAX);
            self.schemas[id as usize] = Some(Schema { document, pointer: pointer.into(), body, annotations });
        }
    }

    fn rules(&mut self, document: usize, at: &str, schema: &'r Map<String, Value>) -> Box<[Keyword]> {
        let mut rules = Vec::new();
        let reference = schema.contains_key("$ref");
        for (name, value) in schema {
            // Draft-06: what stands beside a `$ref` is no rule.
            if reference && name != "$ref" {
                self.beside_reference(document, at, name);
                if self.extent == Extent::Reachable || name != "definitions" {
                    continue;
                }
            }
            if name == "definitions" && self.extent == Extent::Reachable {
                continue;
            }
            let mut reader = Reader { builder: self, document, pointer: at, schema, keyword: name };
            match keyword::parse(name, value, &mut reader) {
                Some(parsed) => rules.extend(parsed),
                None => self.unknown(document, at, name),
            }
        }
        rules.into()
    }

    fn beside_reference(&mut self, document: usize, at: &str, name: &str) {
        if name != "definitions" && keyword::is_known(name) {
            let message = "draft-06 ignores what stands beside a \"$ref\"; put both into an \"allOf\"";
            self.fault(FaultCode::IgnoredKeyword, document, below(at, name), message.to_owned());
        }
    }

    /// A name that is no keyword of draft-06.
    fn unknown(&mut self, document: usize, at: &str, name: &str) {
        if annotations::is_known(name) {
            return;
        }
        if let Some(instead) = keyword::of_later_draft(name) {
            let message = format!("the keyword {name} is not supported, since XDM is draft-06; {instead}");
            return self.fault(FaultCode::Unsupported, document, below(at, name), message);
        }
        let names = keyword::names().chain(annotations::known());
        let near = names
            .map(|known| (distance(&known.to_lowercase(), &name.to_lowercase()), known))
            .filter(|(edits, known)| *edits <= UNKNOWN_NAME_EDITS_MAX && *edits * 2 < known.len())
            .min();
        let hint = near.map_or_else(String::new, |(_, known)| format!("; did you mean {known}?"));
        let message = format!("nobody knows the keyword {name}, so it checks nothing{hint}");
        self.fault(FaultCode::UnknownKeyword, document, below(at, name), message);
    }
}

fn below(at: &str, name: &str) -> String {
    format!("{at}/{}", pointer::escape(name))
}

/// A value in a sentence.
fn shown(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The faults of one document, each as `pointer code`.
    fn check(schema: &str, expect: &[&str]) {
        let mut registry = Registry::new();
        registry.insert_text(schema, Some("a.json"), Some("https://x.example/a")).expect("a document");
        let (_, _, faults) = build(&registry, &[registry.root(0)], Extent::Whole);
        let mut told: Vec<String> =
            faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code.name())).collect();
        told.sort();
        assert_eq!(told, expect, "{schema}: {faults:?}");
        assert!(faults.iter().all(|fault| fault.file == "a.json"));
    }

    #[test]
    fn every_fault_is_told_with_its_pointer() {
        check(
            r#"{"type":"object","properties":{"a":{"minLength":-1},"b":5},"required":"a"}"#,
            &["/properties/a/minLength malformed", "/properties/b malformed", "/required malformed"],
        );
        check(
            r##"{"allOf":[{"$ref":"#/definitions/none"},{"$ref":"https://elsewhere.example/x"}]}"##,
            &["/allOf/0/$ref unresolved", "/allOf/1/$ref unresolved"],
        );
        check(r#"{"definitions":{"a":{"pattern":"("}}}"#, &["/definitions/a/pattern malformed"]);
        check(
            r##"{"properties":{"a":{"$ref":"#","type":"string","title":"A","description":""}}}"##,
            &["/properties/a/type ignoredKeyword"],
        );
        check(r#"{"if":{}}"#, &["/if unsupported"]);
    }

    #[test]
    fn names_that_nobody_knows_are_told() {
        check(
            r#"{"Title":"","properties":{"a":{"isRequired":true,"meta:personel":"phone"}}}"#,
            &[
                "/Title unknownKeyword",
                "/properties/a/isRequired unknownKeyword",
                "/properties/a/meta:personel unknownKeyword",
            ],
        );
        let mut registry = Registry::new();
        registry.add(r#"{"$id":"a","minLenght":1}"#).expect("a document");
        let (_, _, faults) = build(&registry, &[registry.root(0)], Extent::Whole);
        assert!(faults[0].message.ends_with("did you mean minLength?"), "{faults:?}");
        assert_eq!(faults[0].severity(), Severity::Warning);
    }

    #[test]
    fn what_is_reported_and_kept_of_a_document_is_bounded() {
        let many: Vec<String> = (0..FAULTS_MAX + 7).map(|at| format!(r#""n{at}":{{"type":1}}"#)).collect();
        let long: Vec<String> = (0..1000).map(|at| format!(r#""n{at}":{{}}"#)).collect();
        let long = format!(r#""{}":{{"properties":{{{}}}}}"#, "k".repeat(100_000), long.join(","));
        let told = |properties: &str| {
            let mut registry = Registry::new();
            registry.add(&format!(r#"{{"$id":"a","properties":{{{properties}}}}}"#)).expect("a document");
            let (_, _, faults) = build(&registry, &[registry.root(0)], Extent::Whole);
            faults
        };
        let faults = told(&many.join(","));
        assert_eq!((faults.len(), faults[FAULTS_MAX].code), (FAULTS_MAX + 1, FaultCode::Omitted));
        assert!(faults[FAULTS_MAX].message.starts_with("7 more"), "{:?}", faults[FAULTS_MAX]);
        let codes: Vec<FaultCode> = told(&long).iter().map(|fault| fault.code).collect();
        assert_eq!(codes, [FaultCode::Limit]);
    }

    #[test]
    fn of_unreachable_definitions_nothing_is_told() {
        let mut registry = Registry::new();
        registry
            .add(r##"{"$id":"a","definitions":{"b":{"type":1},"c":{"type":2}},"allOf":[{"$ref":"#/definitions/c"}]}"##)
            .expect("a document");
        let (_, _, faults) = build(&registry, &[registry.root(0)], Extent::Reachable);
        let told: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(told, ["/definitions/c/type"]);
    }
}
