//! The schemas of a directory, as documents, with the examples beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use xdm::{Fault, FaultCode, Faults, Registry, SchemaError, Severity, Validator, Violation};

/// One schema of a directory.
#[derive(Clone, Debug)]
pub struct Schema {
    path: String,
    id: String,
    root: Value,
}

impl Schema {
    /// Its path below the directory, with slashes.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its `$id`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The document.
    pub fn root(&self) -> &Value {
        &self.root
    }
}

/// The schemas of a directory.
#[derive(Debug)]
pub struct Corpus {
    dir: PathBuf,
    schemas: Vec<Schema>,
    by_id: BTreeMap<String, usize>,
    /// All files of examples, each after its name, sorted by path.
    examples: Vec<(String, PathBuf)>,
    /// Descriptions that lie beside schemas, by the schema's path.
    descriptions: BTreeMap<String, String>,
    registry: Registry,
    validator: Validator,
    faults: Vec<Fault>,
}

impl Corpus {
    /// Reads the schemas of a directory, at any depth. What is wrong with one of them is one
    /// of the [`faults`](Self::faults); the others are there all the same.
    ///
    /// # Errors
    /// The directory can't be read.
    pub fn read(dir: &Path) -> Result<Corpus, SchemaError> {
        let files = xdm::json_files(dir)?;
        let mut registry = Registry::new();
        let faults = match registry.read(&[dir.to_owned()]) {
            Ok(_) => Vec::new(),
            Err(SchemaError::Faults(Faults(faults))) => faults,
            Err(other) => return Err(other),
        };
        let mut corpus = Corpus::assembled(dir, registry, faults);
        let named = |path: PathBuf| Some((path.file_name()?.to_str()?.to_owned(), path));
        let examples = files.into_iter().filter_map(named).filter(|(name, _)| name.contains(".example."));
        corpus.examples = examples.collect();
        corpus.describe(dir);
        Ok(corpus)
    }

    /// The schemas among files that somebody else has read: path and text.
    pub fn of_texts<'t>(files: impl Iterator<Item = (&'t str, &'t str)>) -> Corpus {
        let mut registry = Registry::new();
        let mut faults = Vec::new();
        let is_example =
            |path: &str| !path.ends_with(".schema.json") && (path.contains(".example.") || path.contains(".invalid."));
        for (path, text) in files.filter(|(path, _)| path.ends_with(".json") && !is_example(path)) {
            match registry.add_file(path, text) {
                Ok(()) => {}
                // Other JSON lies about in a directory too.
                Err(Fault { code: FaultCode::NoId, .. }) if !path.ends_with(".schema.json") => {}
                Err(fault) => faults.push(fault),
            }
        }
        Corpus::assembled(Path::new(""), registry, faults)
    }

    /// Schemas that were read from files, completed by those that come with `xdm`.
    fn assembled(dir: &Path, mut registry: Registry, mut faults: Vec<Fault>) -> Corpus {
        let mut schemas: Vec<Schema> = registry
            .files()
            .filter_map(|(file, id)| {
                let root = registry.get(id)?.clone();
                Some(Schema { path: below(Path::new(file), dir), id: id.to_owned(), root })
            })
            .collect();
        schemas.sort_by(|a, b| a.path.cmp(&b.path));
        let by_id = schemas.iter().enumerate().rev().map(|(at, schema)| (schema.id.clone(), at)).collect();
        registry.complete();
        let validator = Validator::of(&registry);
        faults.extend_from_slice(validator.faults());
        let (dir, examples, descriptions) = (dir.to_owned(), Vec::new(), BTreeMap::new());
        Corpus { dir, schemas, by_id, examples, descriptions, registry, validator, faults }
    }

    /// The schemas that come with `xdm`, each under a path made of its `$id`.
    pub fn bundled() -> Corpus {
        Corpus::of(Registry::bundled())
    }

    /// The schemas of a registry, each under a path made of its `$id`.
    pub fn of(registry: Registry) -> Corpus {
        let schema = |id: &str| {
            let path = id.split_once("://").map_or(id, |(_, path)| path);
            let path = path.split_once('/').map_or(path, |(_, path)| path).trim_start_matches("xdm/");
            Schema { path: format!("{path}.schema.json"), id: id.to_owned(), root: registry.get(id).cloned()? }.into()
        };
        let mut schemas: Vec<Schema> = registry.ids().filter_map(schema).collect();
        schemas.sort_by(|a, b| a.path.cmp(&b.path));
        let by_id = schemas.iter().enumerate().map(|(at, schema)| (schema.id.clone(), at)).collect();
        let validator = Validator::of(&registry);
        let faults = validator.faults().to_vec();
        let (dir, examples, descriptions) = (PathBuf::new(), Vec::new(), BTreeMap::new());
        Corpus { dir, schemas, by_id, examples, descriptions, registry, validator, faults }
    }

    /// Takes longer descriptions from files named after schemas, `contact.description.md` for
    /// `contact.schema.json`, at the same place below another directory.
    pub fn describe(&mut self, dir: &Path) {
        for schema in &self.schemas {
            let file = dir.join(&schema.path);
            let stem = file.file_name().and_then(|name| name.to_str()?.split('.').next());
            let Some(file) = stem.map(|stem| file.with_file_name(format!("{stem}.description.md"))) else { continue };
            match file.exists().then(|| xdm::read_text(&file)) {
                Some(Ok(text)) => drop(self.descriptions.insert(schema.path.clone(), text)),
                Some(Err(fault)) => self.faults.push(fault),
                None => {}
            }
        }
    }

    /// A file as it is told: below the directory.
    pub(crate) fn below(&self, file: &str) -> String {
        below(Path::new(file), &self.dir)
    }

    /// The longer description of the schema at this path.
    pub fn description(&self, path: &str) -> Option<&str> {
        self.descriptions.get(path).map(String::as_str)
    }

    /// The document with this `$id`, of these or of those that come with `xdm`.
    pub(crate) fn document(&self, id: &str) -> Option<(&str, &Value)> {
        if let Some(schema) = self.schema(id) {
            return Some((schema.id(), schema.root()));
        }
        let known = self.registry.ids().find(|known| *known == id)?;
        Some((known, self.registry.get(known)?))
    }

    /// The schemas, sorted by path.
    pub fn schemas(&self) -> &[Schema] {
        &self.schemas
    }

    /// The schema with this `$id`.
    pub fn schema(&self, id: &str) -> Option<&Schema> {
        self.by_id.get(id).map(|at| &self.schemas[*at])
    }

    /// These schemas and those that come with `xdm`.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Checks JSON by these schemas.
    pub fn validator(&self) -> &Validator {
        &self.validator
    }

    /// What is wrong with the schemas, errors and warnings.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The errors among them.
    pub fn errors(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.severity() == Severity::Error)
    }

    /// The examples of the schema at this path, which keep it: files named after it, beside it
    /// or below. `None` if there is no such file.
    pub fn examples_of(&self, path: &str) -> Option<Vec<Value>> {
        self.examples_that(path, |_, told| told.is_empty())
    }

    /// Likewise, as far as `is_kept` says so of an example and what it breaks.
    pub(crate) fn examples_that(
        &self,
        path: &str,
        is_kept: impl Fn(&Value, &[Violation]) -> bool,
    ) -> Option<Vec<Value>> {
        let file = self.dir.join(path);
        let dir = file.parent()?;
        let id = &self.schemas.iter().find(|schema| schema.path == path)?.id;
        let stem = file.file_name()?.to_str()?.split('.').next()?;
        let prefix = format!("{stem}.example.");
        let is_named = |(name, example): &&(String, PathBuf)| name.starts_with(&prefix) && example.starts_with(dir);
        let named: Vec<&PathBuf> = self.examples.iter().filter(is_named).map(|(_, example)| example).collect();
        let kept = named.iter().filter_map(|example| {
            let text = xdm::read_text(example).ok()?;
            let text = text.trim_start_matches('\u{feff}');
            let value = serde_json::from_str(text).ok()?;
            is_kept(&value, &self.validator.check(id, text)?).then_some(value)
        });
        (!named.is_empty()).then(|| kept.collect())
    }
}

fn below(file: &Path, dir: &Path) -> String {
    let below = file.strip_prefix(dir).unwrap_or(file);
    below.components().map(|step| step.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
