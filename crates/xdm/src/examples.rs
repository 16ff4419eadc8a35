//! The examples beside schemas, each judged by the schema that it is named after:
//! `contact.example.1.json` by `contact.schema.json` in the same directory. What is named
//! `contact.invalid.1.json` must break it, which guards against a schema that permits too
//! much.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::schema::directory::{is_schema, json_files, read_text};
use crate::schema::fault::{Fault, Faults, SchemaError};
use crate::schema::registry::Registry;
use crate::validate::Validator;
use crate::violation::Violation;

/// What the name of a file says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// `.example.`: it keeps its schema.
    Valid,
    /// `.invalid.`: it doesn't.
    Invalid,
}

/// One example.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its path below the directory, with slashes.
    pub path: String,
    /// `$id` of its schema.
    pub schema: String,
    /// What its name says.
    pub expectation: Expectation,
    /// What it breaks.
    pub violations: Vec<Violation>,
}

impl Example {
    /// Does it keep its schema?
    pub fn is_valid(&self) -> bool {
        self.violations.is_empty()
    }

    /// Is it as its name says?
    pub fn is_as_named(&self) -> bool {
        match self.expectation {
            Expectation::Valid => self.is_valid(),
            Expectation::Invalid => !self.is_valid() && self.is_readable(),
        }
    }

    /// Could it be checked? What is no JSON or passes a limit breaks no rule of its schema.
    pub fn is_readable(&self) -> bool {
        !self.violations.iter().any(|told| told.schema.is_empty())
    }
}

/// The examples of a directory.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    /// Those that have a schema, sorted by path.
    pub judged: Vec<Example>,
    /// Paths of those that have none.
    pub orphans: Vec<String>,
    /// Paths of those whose schema can't be used.
    pub unjudged: Vec<String>,
    /// What is wrong with the schemas. A rule that is at fault checked nothing.
    pub faults: Vec<Fault>,
}

impl Examples {
    /// Judges all examples of a directory by its schemas, which may refer to those that
    /// come with this crate.
    ///
    /// # Errors
    /// The directory can't be read. What is wrong with a file in it is one of its faults.
    pub fn of(dir: &Path) -> Result<Examples, SchemaError> {
        let files = json_files(dir)?;
        let mut examples = Examples::default();
        let mut registry = Registry::new();
        match registry.read(&[dir.to_owned()]) {
            Ok(_) => {}
            Err(SchemaError::Faults(Faults(faults))) => examples.faults = faults,
            Err(other) => return Err(other),
        }
        registry.complete();
        let validator = Validator::of(&registry);
        examples.faults.extend_from_slice(validator.faults());
        let by_file: BTreeMap<&str, &str> = registry.files().collect();
        let known: BTreeSet<&Path> = files.iter().map(PathBuf::as_path).collect();
        for file in &files {
            let Some((schema, expectation)) = named_schema(file) else { continue };
            let path = relative(file, dir);
            match by_file.get(&*schema.to_string_lossy()) {
                None if known.contains(&*schema) => examples.unjudged.push(path),
                None => examples.orphans.push(path),
                Some(schema) => match read_text(file) {
                    Ok(text) => {
                        let text = text.trim_start_matches('\u{feff}');
                        let violations = validator.check(schema, text).unwrap_or_default();
                        let schema = (*schema).to_owned();
                        examples.judged.push(Example { path, schema, expectation, violations });
                    }
                    Err(fault) => examples.faults.push(fault),
                },
            }
        }
        Ok(examples)
    }
}

/// The file of the schema that an example is named after, and what is expected of it. The
/// mark that stands last counts: names may have `example` in them.
fn named_schema(file: &Path) -> Option<(PathBuf, Expectation)> {
    if is_schema(file) {
        return None;
    }
    let name = file.file_name()?.to_str()?;
    let marks = [(".example.", Expectation::Valid), (".invalid.", Expectation::Invalid)];
    let found = marks.into_iter().filter_map(|(mark, expectation)| Some((name.rfind(mark)?, expectation)));
    let (at, expectation) = found.max_by_key(|(at, _)| *at)?;
    Some((file.with_file_name(format!("{}.schema.json", &name[..at])), expectation))
}

fn relative(file: &Path, dir: &Path) -> String {
    let below = file.strip_prefix(dir).unwrap_or(file);
    let steps: Vec<_> = below.components().map(|step| step.as_os_str().to_string_lossy()).collect();
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::schema::fault::FaultCode;

    #[test]
    fn examples_are_judged_by_the_schema_of_their_name() {
        let dir = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        };
        write("a/tier.schema.json", r#"{"$id":"https://x.example/tier","enum":["gold"]}"#);
        write("a/tier.example.1.json", "\"gold\"");
        write("a/tier.example.mine.json", "\"tin\"");
        write("a/tier.invalid.1.json", "\"tin\"");
        write("a/tier.invalid.2.json", "\"gold\"");
        write("a/tier.invalid.3.json", "\"gold");
        write("a/tier.invalid.4.json", &"[".repeat(100));
        write("a/tier.example.bom.json", "\u{feff}\"gold\"");
        write("copy/x.example.tier.schema.json", r#"{"$id":"https://x.example/tier","enum":["gold"]}"#);
        write("copy/x.example.tier.example.1.json", "\"gold\"");
        write("b/tier.example.1.json", "1");
        write(
            "b/phone.schema.json",
            r#"{"$id":"https://x.example/phone","$ref":"https://ns.adobe.com/xdm/context/phonenumber"}"#,
        );
        write("b/phone.example.1.json", r#"{"xdm:countryCode":"1684"}"#);
        let examples = Examples::of(dir.path()).expect("usable");
        let told: Vec<(&str, bool, bool)> = examples
            .judged
            .iter()
            .map(|example| (example.path.as_str(), example.is_valid(), example.is_as_named()))
            .collect();
        assert_eq!(
            told,
            [
                ("a/tier.example.1.json", true, true),
                ("a/tier.example.bom.json", true, true),
                ("a/tier.example.mine.json", false, false),
                ("a/tier.invalid.1.json", false, true),
                ("a/tier.invalid.2.json", true, false),
                ("a/tier.invalid.3.json", false, false),
                ("a/tier.invalid.4.json", false, false),
                ("b/phone.example.1.json", false, false),
                ("copy/x.example.tier.example.1.json", true, true),
            ]
        );
        assert_eq!(examples.orphans, ["b/tier.example.1.json"]);
        assert_eq!(examples.faults, []);
    }

    #[test]
    fn what_is_wrong_with_a_schema_costs_its_own_rules() {
        let dir = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("a file");
        write(
            "a.schema.json",
            r#"{"$id":"https://x.example/a","type":"integer","allOf":[{"$ref":"none"},{"$ref":"a"}]}"#,
        );
        write("a.example.1.json", "1");
        write("a.example.2.json", "\"1\"");
        write("b.schema.json", "{");
        write("b.example.1.json", "1");
        let examples = Examples::of(dir.path()).expect("a directory");
        let codes: Vec<FaultCode> = examples.faults.iter().map(|fault| fault.code).collect();
        assert_eq!(codes, [FaultCode::NotJson, FaultCode::Unresolved, FaultCode::Cycle]);
        assert_eq!(examples.judged.len(), 2);
        assert_eq!((examples.unjudged, examples.orphans), (vec!["b.example.1.json".to_owned()], Vec::new()));
        assert!(Examples::of(&dir.path().join("none")).is_err());
    }
}
