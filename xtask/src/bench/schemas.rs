//! `frontdesk schema …` over XDM's schemas, beside the tools that are usual for them: ajv with all in one process, and
//! jsonschema2md. Both are npm packages, pinned beside this file; they are installed into the scratch directory.
//!
//! Adobe's own scripts are in no package; what they take is in the reference data and not measured here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::measure::{Run, measure};
use super::record::{Contender, Record};
use super::{ROUNDS, frontdesk, scratch};
use crate::steps::{root, tool};

/// The corpus: XDM's repository, of which these directories have schemas.
const DIRECTORIES: [&str; 2] = ["components", "schemas"];
const PACKAGE: &str = include_str!("schemas/package.json");
const LOCK: &str = include_str!("schemas/package-lock.json");
const AJV: &str = include_str!("schemas/ajv.js");

/// Runs the benchmark.
pub(crate) fn run() -> Result<(), String> {
    let scratch = scratch()?.join("schemas");
    let corpus = corpus(&scratch)?;
    let node = node(&scratch)?;
    let out = scratch.join("out");
    let ours = |arguments: &[&str]| {
        let mut command = Command::new(frontdesk());
        command.arg("schema").args(arguments).current_dir(&scratch);
        command
    };
    let ajv = || {
        let mut command = Command::new("node");
        command.arg(node.join("ajv.js")).arg(&corpus);
        command
    };
    let markdown = || {
        let mut command = Command::new("node");
        command.arg(node.join("node_modules/.bin/jsonschema2md")).args(["-e", "schema.json", "-v", "06"]);
        command.arg("-d").arg(&corpus).arg("-o").arg(out.join("node")).arg("-x").arg(out.join("node-schemas"));
        command.current_dir(&node).stderr(std::process::Stdio::null());
        command
    };
    let docs = ["docs", "corpus", "-o", "out/docs"];
    let adobe = ["docs", "corpus", "-o", "out/adobe", "--layout", "adobe"];
    let html = ["docs", "corpus", "-o", "out/html", "--html"];
    // One schema refers to what isn't there, which is an error.
    let pair = |name, work: &str, contenders: &[(&str, &dyn Fn() -> Command)]| compared(name, work, contenders);
    pair(
        "schemas-test",
        "Every example of XDM's schemas checked by its schema; wall clock of the whole process.",
        &[("frontdesk schema test", &|| ours(&["test", "corpus"])), ("ajv 5.5.0, all in one process", &ajv)],
    )?;
    pair(
        "schemas-docs",
        "A document for every schema; wall clock of the whole process.",
        &[
            ("frontdesk schema docs --layout adobe", &|| ours(&adobe)),
            ("frontdesk schema docs", &|| ours(&docs)),
            ("frontdesk schema docs --html", &|| ours(&html)),
            ("jsonschema2md 1.1.0", &markdown),
        ],
    )?;
    pair(
        "schemas-lint",
        "All schemas looked at, and all compared with themselves; wall clock of the whole process.",
        &[
            ("frontdesk schema lint", &|| ours(&["lint", "corpus"])),
            ("frontdesk schema diff", &|| ours(&["diff", "corpus", "corpus"])),
        ],
    )
}

fn compared(name: &str, work: &str, contenders: &[(&str, &dyn Fn() -> Command)]) -> Result<(), String> {
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for ((_, command), runs) in contenders.iter().zip(&mut runs) {
            runs.push(measure(&mut command(), &[0, 1, 2])?);
        }
    }
    let contenders =
        contenders.iter().zip(runs).map(|((name, _), runs)| Contender { name: (*name).to_owned(), runs }).collect();
    Record { name, work: work.to_owned(), contenders }.write()
}

/// A copy of the schemas alone: jsonschema2md ends at the first file that it can't use.
fn corpus(scratch: &Path) -> Result<PathBuf, String> {
    let source = root().join("../shared/xdm");
    if !source.is_dir() {
        return Err("there are no schemas at ../shared/xdm".to_owned());
    }
    let corpus = scratch.join("corpus");
    for directory in DIRECTORIES {
        copy(&source.join(directory), &corpus.join(directory))
            .map_err(|error| format!("cannot copy the schemas: {error}"))?;
    }
    Ok(corpus)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &to)?,
            false => drop(fs::copy(entry.path(), to)?),
        }
    }
    Ok(())
}

/// The packages, installed once.
fn node(scratch: &Path) -> Result<PathBuf, String> {
    let node = scratch.join("node");
    let write = |name: &str, text: &str| {
        fs::write(node.join(name), text).map_err(|error| format!("cannot write {name}: {error}"))
    };
    fs::create_dir_all(&node).map_err(|error| format!("cannot make {}: {error}", node.display()))?;
    write("package.json", PACKAGE)?;
    write("package-lock.json", LOCK)?;
    write("ajv.js", AJV)?;
    if !node.join("node_modules").is_dir() {
        tool(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&node))?;
    }
    Ok(node)
}
