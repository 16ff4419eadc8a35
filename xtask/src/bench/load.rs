//! `frontdesk load` beside DuckDB's `COPY (FROM read_json(…)) TO … (FORMAT parquet)`.
//!
//! DuckDB is given the columns' types and ignores bad lines; it checks nothing. Both
//! write zstd-compressed Parquet with nested columns from the same file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::measure::{Run, measure};
use super::record::{Contender, Record};
use super::{ROUNDS, events, frontdesk, scratch};
use crate::steps::{answers, root, tool};

/// Style of the events and how many of them are invalid.
const CASES: &[(&str, &str)] = &[("platform", "1%"), ("platform", "0%"), ("shuffled", "1%")];

/// Runs the benchmark.
pub(crate) fn run() -> Result<(), String> {
    CASES.iter().try_for_each(|(style, invalid)| case(style, invalid))
}

fn case(style: &str, invalid: &str) -> Result<(), String> {
    let python = python_with_duckdb()?;
    let version = duckdb_version(&python)?;
    let input = events(style, invalid)?;
    let bytes = fs::metadata(&input).map_or(0, |about| about.len());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        ours.push(load_ours(&input)?);
        theirs.push(load_duckdb(&python, &input)?);
        println!(
            "   round {round}: frontdesk {:.2} s, duckdb {:.2} s",
            ours[round - 1].seconds,
            theirs[round - 1].seconds
        );
    }
    let work = format!(
        "1,000,000 generated events ({style}, {invalid} invalid), {:.2} GB of NDJSON, to nested Parquet with zstd; wall-clock of the whole process.",
        bytes as f64 / 1e9
    );
    let contenders = vec![
        Contender { name: "frontdesk load".to_owned(), runs: ours },
        Contender { name: format!("DuckDB {version} COPY"), runs: theirs },
    ];
    let name = format!("load-{style}-{}", invalid.replace('%', "pc"));
    Record { name: &name, work, contenders }.write()
}

fn load_ours(input: &Path) -> Result<Run, String> {
    let data = scratch()?.join("load-data");
    clear(&data)?;
    let run = measure(Command::new(frontdesk()).arg("load").arg(input).arg("--data").arg(&data), &[0])?;
    clear(&data)?;
    Ok(run)
}

fn load_duckdb(python: &Path, input: &Path) -> Result<Run, String> {
    let output = scratch()?.join("duckdb.parquet");
    let script = root().join("xtask/bench/duckdb_load.py");
    let run = measure(Command::new(python).arg(script).arg(input).arg(&output), &[0])?;
    fs::remove_file(&output).map_err(|error| format!("DuckDB wrote no file: {error}"))?;
    Ok(run)
}

fn clear(directory: &Path) -> Result<(), String> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot clear {}: {error}", directory.display()))
        }
        _ => Ok(()),
    }
}

/// A Python that has DuckDB: the system's, or one of our own.
fn python_with_duckdb() -> Result<PathBuf, String> {
    if answers("python3", &["-c", "import duckdb"]) {
        return Ok(PathBuf::from("python3"));
    }
    let venv = scratch()?.join("venv");
    let python = venv.join("bin/python3");
    if !python.exists() {
        tool(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        tool(Command::new(&python).args(["-m", "pip", "install", "--quiet", "duckdb"]))?;
    }
    Ok(python)
}

fn duckdb_version(python: &Path) -> Result<String, String> {
    let output = Command::new(python).args(["-c", "import duckdb; print(duckdb.__version__)"]).output();
    let output = output.map_err(|error| format!("python cannot run: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
