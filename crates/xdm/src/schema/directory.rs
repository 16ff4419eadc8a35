//! A registry read from files and directories.
//!
//! Every `.json` file of a directory that is a schema is read, at any depth; other JSON
//! lies about in a directory too and is passed over: it has no `$id`, or its name says
//! that it is an example. A file that was named itself must be a schema. All faults of all
//! files are gathered.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::fault::{Fault, FaultCode, Faults, SchemaError};
use super::registry::Registry;
use crate::limits::{DIRECTORY_DEPTH_MAX, SCHEMA_BYTES_MAX};

impl Registry {
    /// Adds the schemas of files and directories to those that are there. Where one has the
    /// `$id` of a schema that was there before, that one is kept: ours say what is personal,
    /// the published ones of the same `$id` don't. Gives the files passed over for that.
    ///
    /// # Errors
    /// All that is wrong with the files, each with its name.
    pub fn read(&mut self, paths: &[PathBuf]) -> Result<Vec<PathBuf>, SchemaError> {
        let own: BTreeSet<String> = self.ids().map(str::to_owned).collect();
        let (mut superseded, mut faults) = (Vec::new(), Vec::new());
        for path in paths {
            let mut files = Vec::new();
            faults.extend(collect(path, 0, &mut files).err());
            for File { path, named } in files.into_iter().filter(|file| file.named || !is_example(&file.path)) {
                match self.read_file(&path, &own) {
                    Ok(Read::Added) => {}
                    Ok(Read::Superseded) => superseded.push(path),
                    Err(Fault { code: FaultCode::NoId, .. }) if !named => {}
                    Err(fault) => faults.push(fault),
                }
            }
        }
        if faults.is_empty() { Ok(superseded) } else { Err(SchemaError::Faults(Faults(faults))) }
    }

    fn read_file(&mut self, path: &Path, own: &BTreeSet<String>) -> Result<Read, Fault> {
        let unreadable = |error: std::io::Error| fault(path, FaultCode::Unreadable, error.to_string());
        let bytes = fs::metadata(path).map_err(unreadable)?.len();
        if bytes > SCHEMA_BYTES_MAX as u64 {
            let message = format!("the file has {bytes} bytes, a schema at most {SCHEMA_BYTES_MAX}; split it");
            return Err(fault(path, FaultCode::Limit, message));
        }
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let mut warnings = Vec::new();
        let document = Document::read(&text, Some(&path.display().to_string()), None, &mut warnings)?;
        if own.contains(&document.id) {
            return Ok(Read::Superseded);
        }
        self.insert(document, warnings)?;
        Ok(Read::Added)
    }
}

/// The `.json` files of a directory at any depth, sorted.
pub(crate) fn json_files(dir: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut files = Vec::new();
    collect(dir, 0, &mut files)?;
    Ok(files.into_iter().map(|file| file.path).collect())
}

/// Is the file, by its name, an example of a schema?
fn is_example(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.contains(".example.") || name.contains(".invalid.")
}

/// What became of a file.
enum Read {
    Added,
    /// Another schema of its `$id` is kept.
    Superseded,
}

/// A file that may be a schema.
struct File {
    path: PathBuf,
    /// The caller named this very file.
    named: bool,
}

fn fault(path: &Path, code: FaultCode, message: String) -> Fault {
    Fault { code, file: path.display().to_string(), pointer: String::new(), message }
}

/// Adds the files that a path stands for, sorted by name.
fn collect(path: &Path, depth: usize, files: &mut Vec<File>) -> Result<(), Fault> {
    let unreadable = |error: std::io::Error| {
        fault(
            path,
            FaultCode::Unreadable,
            format!("cannot be read: {error}; name files and directories that this user may read"),
        )
    };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        files.push(File { path: path.to_owned(), named: depth == 0 });
        return Ok(());
    }
    if depth > DIRECTORY_DEPTH_MAX {
        let message =
            format!("nested deeper than {DIRECTORY_DEPTH_MAX} directories; name a directory nearer to the files");
        return Err(fault(path, FaultCode::Limit, message));
    }
    let mut entries = fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>())
        .map_err(unreadable)?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() || entry.extension().is_some_and(|extension| extension == "json") {
            collect(&entry, depth + 1, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files by name and text; what is read of the directory, or of the first file alone.
    fn check(files: &[(&str, &str)], alone: bool, expect: Result<&[&str], &[&str]>) {
        let dir = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        let path = if alone { dir.path().join(files[0].0) } else { dir.path().to_owned() };
        let mut registry = Registry::new();
        registry.add(r#"{"$id":"own","type":"object"}"#).expect("a schema");
        match (registry.read(&[path]), expect) {
            (Ok(_), Ok(ids)) => assert_eq!(registry.ids().collect::<Vec<_>>(), ids),
            (Err(SchemaError::Faults(Faults(faults))), Err(expect)) => {
                let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
                assert_eq!(told.len(), expect.len(), "{told:?}");
                for (told, expect) in told.iter().zip(expect) {
                    assert!(told.contains(expect), "{told} has no {expect}");
                }
            }
            (outcome, expect) => panic!("{outcome:?} instead of {expect:?}"),
        }
    }

    #[test]
    fn schemas_are_found_at_any_depth() {
        check(
            &[
                ("a.json", r#"{"$id":"a"}"#),
                ("b/c/d.json", r#"{"$id":"d"}"#),
                ("b/d.json", "[]"),
                ("b/d.example.1.json", "{"),
                ("notes.txt", "{"),
                ("theirs.json", r#"{"$id":"own","type":"string"}"#),
            ],
            false,
            Ok(&["a", "d", "own"]),
        );
        check(&[("a.txt", r#"{"$id":"a"}"#)], true, Ok(&["a", "own"]));
    }

    #[test]
    fn all_faults_of_all_files_are_told() {
        check(
            &[("a.json", "{"), ("b.json", r#"{"$id":"x"}"#), ("c.json", r#"{"$id":"x","type":"null"}"#)],
            false,
            Err(&["a.json: the schema is not JSON", "c.json: two different schemas have the $id x"]),
        );
        check(&[("a.json", "{}")], true, Err(&["a.json: the schema has no \"$id\""]));
        let mut registry = Registry::new();
        let error = registry.read(&[PathBuf::from("none/of/these")]).expect_err("no such file");
        assert!(error.to_string().starts_with("none/of/these: cannot be read"), "{error}");
    }
}
