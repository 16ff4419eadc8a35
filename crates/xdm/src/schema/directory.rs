//! A registry read from files and directories.
//!
//! Every `.json` file of a directory that is a schema is read, at any depth; other JSON
//! lies about in a directory too and is passed over: it has no `$id`, or its name says
//! that it is an example. A file that was named itself, or is called `….schema.json`, must be
//! a schema. All faults of all files are gathered.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::document::Document;
use super::fault::{Fault, FaultCode, Faults, SchemaError, Severity};
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
        let (superseded, errors) = self.read_usable(paths);
        if errors.is_empty() { Ok(superseded) } else { Err(SchemaError::Faults(Faults(errors))) }
    }

    /// The same, and what is wrong with a file costs none of the others: gives the files passed over
    /// and the errors.
    pub(crate) fn read_usable(&mut self, paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<Fault>) {
        let own: BTreeSet<String> = self.ids().map(str::to_owned).collect();
        let mut superseded = Vec::new();
        let mut found = Found::default();
        paths.iter().for_each(|path| found.add(path));
        let Found { files, mut faults } = found;
        for File { path, named } in files.into_iter().filter(|file| file.named || !is_example(&file.path)) {
            match self.read_file(&path, &own) {
                Ok(Read::Added) => {}
                Ok(Read::Superseded) => superseded.push(path),
                Err(Fault { code: FaultCode::NoId, .. }) if !named && !is_schema(&path) => {}
                Err(fault) => faults.push(fault),
            }
        }
        let (errors, warnings): (Vec<_>, Vec<_>) =
            faults.into_iter().partition(|fault| fault.severity() == Severity::Error);
        self.warn(warnings);
        (superseded, errors)
    }

    fn read_file(&mut self, path: &Path, own: &BTreeSet<String>) -> Result<Read, Fault> {
        let text = read_text(path)?;
        let mut warnings = Vec::new();
        let document = Document::read(&text, Some(&path.display().to_string()), None, &mut warnings)?;
        if own.contains(&document.id) {
            return Ok(Read::Superseded);
        }
        self.insert(document, warnings)?;
        Ok(Read::Added)
    }
}

/// The text of a file, which is a file (a pipe or a device may have no end) and within the
/// limit.
///
/// # Errors
/// It is no file, can't be read, is no UTF-8 or is too long.
pub fn read_text(path: &Path) -> Result<String, Fault> {
    let unreadable = |error: io::Error| unreadable(path, &error);
    // Opening a pipe waits for somebody to write into it, so that its kind is asked first.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(fault(path, FaultCode::Unreadable, NO_FILE.to_owned()));
    }
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(SCHEMA_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > SCHEMA_BYTES_MAX {
        let message = format!("the file has more than {SCHEMA_BYTES_MAX} bytes; split it");
        return Err(fault(path, FaultCode::Limit, message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        fault(path, FaultCode::NotJson, format!("the file is not UTF-8 from byte {at} on; save it as UTF-8"))
    })
}

const NO_FILE: &str = "is neither a file nor a directory; name one of these";

/// The `.json` files of a directory at any depth, sorted.
///
/// # Errors
/// The directory itself can't be read.
pub fn json_files(dir: &Path) -> Result<Vec<PathBuf>, Fault> {
    if !fs::metadata(dir).map_err(|error| unreadable(dir, &error))?.is_dir() {
        let message = "is no directory; name the directory that has it".to_owned();
        return Err(fault(dir, FaultCode::Unreadable, message));
    }
    fs::read_dir(dir).map_err(|error| unreadable(dir, &error))?;
    let mut found = Found::default();
    found.add(dir);
    Ok(found.files.into_iter().map(|file| file.path).collect())
}

/// Is the file, by its name, a schema?
pub(crate) fn is_schema(path: &Path) -> bool {
    path.file_name().unwrap_or_default().to_string_lossy().ends_with(".schema.json")
}

/// Is the file, by its name, an example of a schema?
fn is_example(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !is_schema(path) && (name.contains(".example.") || name.contains(".invalid."))
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

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    let message = format!("cannot be read: {error}; name files and directories that this user may read");
    fault(path, FaultCode::Unreadable, message)
}

/// Files that may be schemas, and what was wrong on the way to them. One entry that can't be
/// read costs none of the others.
#[derive(Default)]
struct Found {
    files: Vec<File>,
    faults: Vec<Fault>,
}

impl Found {
    /// Adds the files that a path stands for, sorted by name.
    fn add(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(kind) if kind.is_dir() => self.directory(path, 1),
            Ok(_) => self.files.push(File { path: path.to_owned(), named: true }),
            Err(error) => self.faults.push(unreadable(path, &error)),
        }
    }

    fn directory(&mut self, dir: &Path, depth: usize) {
        if depth > DIRECTORY_DEPTH_MAX + 1 {
            let message =
                format!("nested deeper than {DIRECTORY_DEPTH_MAX} directories; name a directory nearer to the files");
            return self.faults.push(fault(dir, FaultCode::Limit, message));
        }
        let mut entries = Vec::new();
        match fs::read_dir(dir) {
            Ok(all) => all.for_each(|entry| match entry {
                Ok(entry) => entries.push(entry),
                Err(error) => self.faults.push(unreadable(dir, &error)),
            }),
            Err(error) => self.faults.push(unreadable(dir, &error)),
        }
        entries.sort_by_key(fs::DirEntry::path);
        for entry in entries {
            self.entry(&entry, depth);
        }
    }

    /// Links are not followed: they may lead in a circle, or out of the directory.
    fn entry(&mut self, entry: &fs::DirEntry, depth: usize) {
        let path = entry.path();
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        let skipped = |what: &str| fault(&path, FaultCode::Skipped, format!("{what} and is not read"));
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => self.directory(&path, depth + 1),
            Ok(kind) if kind.is_symlink() && (is_json || path.is_dir()) => {
                self.faults.push(skipped("is a link, which may be named itself,"));
            }
            Ok(kind) if kind.is_file() && is_json => self.files.push(File { path, named: false }),
            Ok(kind) if !kind.is_file() && !kind.is_symlink() && is_json => {
                self.faults.push(skipped("is neither a file nor a directory"));
            }
            Ok(_) => {}
            Err(error) => self.faults.push(unreadable(&path, &error)),
        }
    }
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

    #[test]
    fn names_say_what_is_a_schema() {
        check(
            &[("com.example.tier.schema.json", r#"{"$id":"t"}"#), ("a.schema.json", "{}"), ("b.json", "{}")],
            false,
            Err(&["a.schema.json: the schema has no \"$id\""]),
        );
        check(&[("com.example.tier.schema.json", r#"{"$id":"t"}"#)], false, Ok(&["own", "t"]));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_and_what_is_no_file_is_not_read() {
        let dir = tempfile::tempdir().expect("a directory");
        let at = |name: &str| dir.path().join(name);
        fs::write(at("a.json"), r#"{"$id":"a"}"#).expect("a file");
        std::os::unix::fs::symlink("/", at("out")).expect("a link");
        std::os::unix::fs::symlink(dir.path(), at("loop")).expect("a link");
        std::os::unix::fs::symlink("/dev/zero", at("zero.json")).expect("a link");
        std::os::unix::fs::symlink("nowhere", at("broken.json")).expect("a link");
        std::os::unix::net::UnixListener::bind(at("socket.json")).expect("a socket");
        let mut registry = Registry::new();
        registry.read(&[dir.path().to_owned()]).expect("usable");
        assert_eq!(registry.ids().collect::<Vec<_>>(), ["a"]);
        let told: Vec<&str> =
            registry.warnings().iter().map(|fault| fault.file.rsplit('/').next().expect("a name")).collect();
        assert_eq!(told, ["broken.json", "loop", "out", "socket.json", "zero.json"]);
        let error = Registry::new().read(&[PathBuf::from("/dev/zero")]).expect_err("no file");
        assert!(error.to_string().contains("neither a file"), "{error}");
    }
}
