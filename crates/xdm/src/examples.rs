//! The examples beside schemas, each judged by the schema that it is named after:
//! `contact.example.1.json` by `contact.schema.json` in the same directory. What is named
//! `contact.invalid.1.json` must break it, which guards against a schema that permits too
//! much.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::schema::directory::json_files;
use crate::schema::fault::{Fault, FaultCode, Faults, SchemaError};
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
        self.is_valid() == (self.expectation == Expectation::Valid)
    }
}

/// The examples of a directory.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    /// Those that have a schema, sorted by path.
    pub judged: Vec<Example>,
    /// Paths of those that have none.
    pub orphans: Vec<String>,
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
        for file in json_files(dir)? {
            let Some((schema, expectation)) = named_schema(&file) else { continue };
            let path = relative(&file, dir);
            match by_file.get(&*schema.to_string_lossy()) {
                None => examples.orphans.push(path),
                Some(schema) => match fs::read_to_string(&file) {
                    Ok(text) => {
                        let violations = validator.check(schema, &text).unwrap_or_default();
                        let schema = (*schema).to_owned();
                        examples.judged.push(Example { path, schema, expectation, violations });
                    }
                    Err(error) => examples.faults.push(unreadable(&file, &error)),
                },
            }
        }
        Ok(examples)
    }
}

/// The file of the schema that an example is named after, and what is expected of it.
fn named_schema(file: &Path) -> Option<(PathBuf, Expectation)> {
    let name = file.file_name()?.to_str()?;
    let split = |mark: &str| name.split_once(mark).map(|(stem, _)| stem);
    let (stem, expectation) = match (split(".example."), split(".invalid.")) {
        (Some(stem), _) => (stem, Expectation::Valid),
        (None, Some(stem)) => (stem, Expectation::Invalid),
        (None, None) => return None,
    };
    Some((file.with_file_name(format!("{stem}.schema.json")), expectation))
}

fn relative(file: &Path, dir: &Path) -> String {
    let below = file.strip_prefix(dir).unwrap_or(file);
    let steps: Vec<_> = below.components().map(|step| step.as_os_str().to_string_lossy()).collect();
    steps.join("/")
}

fn unreadable(file: &Path, error: &std::io::Error) -> Fault {
    let file = file.display().to_string();
    Fault { code: FaultCode::Unreadable, file, pointer: String::new(), message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                ("a/tier.example.mine.json", false, false),
                ("a/tier.invalid.1.json", false, true),
                ("a/tier.invalid.2.json", true, false),
                ("a/tier.invalid.3.json", false, true),
                ("b/phone.example.1.json", false, false),
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
        assert_eq!(examples.orphans, ["b.example.1.json"]);
        assert!(Examples::of(&dir.path().join("none")).is_err());
    }
}
