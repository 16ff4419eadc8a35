//! The rules of the source tree that no compiler knows, each a function over a file.
//!
//! A rule says what is wrong, where, and nothing else; all findings of all rules are
//! printed before the step fails.

mod ambient;
mod crates;
mod modules;

use std::fs;
use std::path::{Path, PathBuf};

use crate::steps::root;

/// Longest source file, in lines.
const FILE_LINES_MAX: usize = 800;

/// Directories that hold nothing of ours.
const FOREIGN: &[&str] = &["target", ".git", "frontdesk-data", "node_modules"];

/// One broken rule.
pub(crate) struct Finding {
    file: PathBuf,
    line: usize,
    what: String,
}

impl Finding {
    fn new(file: &Path, line: usize, what: impl Into<String>) -> Finding {
        Finding { file: file.to_owned(), line, what: what.into() }
    }
}

/// Checks the whole tree.
pub(crate) fn run() -> Result<(), String> {
    let root = root();
    let mut findings = Vec::new();
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    for path in &files {
        let Ok(text) = fs::read_to_string(path) else { continue };
        let name = path.strip_prefix(&root).unwrap_or(path);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => {
                source(name, &text, &mut findings);
                ambient::check(name, &text, &mut findings);
            }
            Some("md") => links(&root, name, &text, &mut findings),
            _ => {}
        }
        machine_paths(name, &text, &mut findings);
    }
    crates::check(&root, &mut findings)?;
    modules::check(&root, &mut findings)?;
    for Finding { file, line, what } in &findings {
        println!("   {}:{line}: {what}", file.display());
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err("tidy found 1 thing to fix".to_owned()),
        count => Err(format!("tidy found {count} things to fix")),
    }
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let unreadable = |error: std::io::Error| format!("cannot read {}: {error}", directory.display());
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_symlink() || FOREIGN.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Every source file opens with `//!`, is not too long, and leaves nothing unfinished.
fn source(name: &Path, text: &str, findings: &mut Vec<Finding>) {
    if !text.starts_with("//!") {
        findings.push(Finding::new(name, 1, "does not open with //! (what it owns, why, what it refuses)"));
    }
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        findings.push(Finding::new(name, lines, format!("has {lines} lines, more than {FILE_LINES_MAX}")));
    }
    // Put together here so that this file does not find itself.
    let unfinished = [["todo", "!("], ["dbg", "!("], ["unimplemented", "!("], ["FIX", "ME"], ["HA", "CK"]]
        .map(|parts| parts.concat());
    for (index, line) in text.lines().enumerate() {
        for word in unfinished.iter().filter(|word| line.contains(word.as_str())) {
            findings.push(Finding::new(name, index + 1, format!("has `{word}`")));
        }
    }
}

/// Links of documents to files of ours lead somewhere.
fn links(root: &Path, name: &Path, text: &str, findings: &mut Vec<Finding>) {
    let directory = root.join(name).parent().map(PathBuf::from).unwrap_or_default();
    for (index, line) in text.lines().enumerate() {
        for link in line.split("](").skip(1) {
            let target = link.split([')', ' ', '#']).next().unwrap_or_default();
            let is_elsewhere = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            if !is_elsewhere && !directory.join(target).exists() {
                findings.push(Finding::new(name, index + 1, format!("links to `{target}`, which is not there")));
            }
        }
    }
}

/// No file names a directory of the machine that it was written on.
fn machine_paths(name: &Path, text: &str, findings: &mut Vec<Finding>) {
    let homes = [["/ro", "ot/"], ["/ho", "me/"], ["/wo", "rk/"], ["/Use", "rs/"]].map(|parts| parts.concat());
    for (index, line) in text.lines().enumerate() {
        for home in &homes {
            let starts = |at: usize| {
                at == 0
                    || !line.as_bytes()[at - 1].is_ascii_alphanumeric() && !b"._-}".contains(&line.as_bytes()[at - 1])
            };
            if line.match_indices(home.as_str()).any(|(at, _)| starts(at)) {
                findings.push(Finding::new(name, index + 1, format!("names the machine's directory {home}")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.what.as_str()).collect()
    }

    #[test]
    fn sources_open_with_their_purpose_and_are_finished() {
        let check = |text: &str, expect: usize| {
            let mut findings = Vec::new();
            source(Path::new("a.rs"), text, &mut findings);
            assert_eq!(findings.len(), expect, "{text}: {:?}", whats(&findings));
        };
        check("//! Owns a thing.\nfn a() {}\n", 0);
        check("fn a() {}\n", 1);
        check(&format!("//! A.\nfn a() {{ {}) }}\n", ["to", "do!("].concat()), 1);
        check(&format!("//! A.\n{}", "\n".repeat(800)), 1);
    }

    #[test]
    fn links_lead_somewhere() {
        let check = |text: &str, expect: usize| {
            let mut findings = Vec::new();
            links(&root(), Path::new("README.md"), text, &mut findings);
            assert_eq!(findings.len(), expect, "{text}: {:?}", whats(&findings));
        };
        check("[a](Cargo.toml) [b](https://example.org/x) [c](#part)", 0);
        check("[a](no/such/file.md)", 1);
    }

    #[test]
    fn machine_paths_are_found() {
        let check = |text: &str, expect: usize| {
            let mut findings = Vec::new();
            machine_paths(Path::new("a"), text, &mut findings);
            assert_eq!(findings.len(), expect, "{text}: {:?}", whats(&findings));
        };
        check(&format!("see {}", ["/ro", "ot/x"].concat()), 1);
        check(&format!("https://shop.example{}", ["/ho", "me/ten"].concat()), 0);
        check("./work-dir/root", 0);
    }
}
