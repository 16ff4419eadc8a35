//! The step `e2e`: the tests that drive a real browser against the built server.
//!
//! They are JavaScript, under `e2e/`, because the software they drive is. This step brings
//! what they need (a browser, Node.js, the packages of the lock file) and hands them the
//! program; it installs nothing that is there already and downloads no browser of its own.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::steps::{answers, install, root, target_dir, tool};

/// Where the test files are, below `e2e/`.
const SUITES: &[&str] = &["pages", "sdk", "tag"];

/// Runs every test file against the program that `cargo build` has made.
pub(crate) fn run() -> Result<(), String> {
    let directory = root().join("e2e");
    programs()?;
    packages(&directory)?;
    let files = test_files(&directory)?;
    let program = root().join(target_dir()).join("debug/frontdesk");
    let mut node = Command::new("node");
    node.current_dir(&directory).env("FRONTDESK_BIN", program).arg("--test").args(files);
    tool(&mut node)
}

/// The browser that the tests start.
fn browser() -> OsString {
    std::env::var_os("CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into())
}

/// Installs Debian's packages for the programs that are missing.
fn programs() -> Result<(), String> {
    let missing = |browser: &OsString| -> Vec<&str> {
        let needed = [
            ("chromium", answers(&browser.to_string_lossy(), &["--version"])),
            ("nodejs", answers("node", &["--version"])),
            ("npm", answers("npm", &["--version"])),
        ];
        needed.into_iter().filter(|(_, is_there)| !is_there).map(|(package, _)| package).collect()
    };
    let packages = missing(&browser());
    if packages.is_empty() {
        return Ok(());
    }
    let help = "help: install Chromium (or name it in CHROMIUM), Node.js 18 or later and npm with your package manager";
    install(&packages).map_err(|error| format!("{error}\n{help}"))?;
    match missing(&browser()).as_slice() {
        [] => Ok(()),
        still => Err(format!("still missing after the installation: {}\n{help}", still.join(", "))),
    }
}

/// Installs what the lock file says, unless that was done since it last changed.
fn packages(directory: &Path) -> Result<(), String> {
    let changed = modified(&directory.join("package-lock.json"));
    // npm writes this file when it has finished.
    let installed = modified(&directory.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= changed {
        return Ok(());
    }
    // Not `npm ci`: it refuses a lock file without the packages that other systems would
    // need, and a registry that doesn't carry them gives no other.
    tool(Command::new("npm").args(["install", "--no-save", "--no-progress"]).current_dir(directory))
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|about| about.modified()).ok()
}

/// The test files in the order of their names: Node.js 18 doesn't expand patterns.
fn test_files(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for suite in SUITES.iter().map(|suite| directory.join(suite)).filter(|suite| suite.is_dir()) {
        let unreadable = |error: std::io::Error| format!("cannot read {}: {error}", suite.display());
        for entry in fs::read_dir(&suite).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.to_string_lossy().ends_with(".test.mjs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let shown = |path: PathBuf| path.strip_prefix(directory).map(PathBuf::from).unwrap_or(path);
    match files.is_empty() {
        true => Err(format!("there are no tests in {}", directory.display())),
        false => Ok(files.into_iter().map(shown).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_test_files_and_nothing_else() {
        let files = test_files(&root().join("e2e")).expect("the checkout has them");
        assert!(files.contains(&PathBuf::from("sdk/repertoire.test.mjs")), "{files:?}");
        assert!(files.iter().all(|file| !file.starts_with("node_modules")), "{files:?}");
        assert!(test_files(&root().join("docs")).is_err());
    }
}
