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
    /// What is odd about the schemas.
    pub warnings: Vec<Fault>,
}

impl Examples {
    /// Judges all examples of a directory by its schemas, which may refer to those that
    /// come with this crate.
    ///
    /// # Errors
    /// A file can't be read, or a schema can't be used: all of it, with file and pointer.
    pub fn of(dir: &Path) -> Result<Examples, SchemaError> {
        let mut registry = Registry::new();
        registry.read(&[dir.to_owned()])?;
        registry.complete();
        let validator = Validator::of(&registry)?;
        let mut examples = Examples { warnings: validator.warnings().to_vec(), ..Examples::default() };
        let by_file: BTreeMap<&str, &str> = registry.files().collect();
        let mut faults = Vec::new();
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
                    Err(error) => faults.push(unreadable(&file, &error)),
                },
            }
        }
        if faults.is_empty() { Ok(examples) } else { Err(SchemaError::Faults(Faults(faults))) }
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
    }
}
