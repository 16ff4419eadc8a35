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
use crate::python::environment;
use crate::steps::{answers, root};

/// Style of the events, of which one in a hundred is invalid, and whether the same without
/// invalid ones is loaded beside them, to see what those cost.
const CASES: &[(&str, bool)] = &[("platform", true), ("shuffled", false)];

/// Runs the benchmark.
pub(crate) fn run() -> Result<(), String> {
    CASES.iter().try_for_each(|(style, beside_clean)| case(style, *beside_clean))
}

fn case(style: &str, beside_clean: bool) -> Result<(), String> {
    let python = python_with_duckdb()?;
    let version = duckdb_version(&python)?;
    let input = events(style, "1%")?;
    let clean = beside_clean.then(|| events(style, "0%")).transpose()?;
    let bytes = fs::metadata(&input).map_or(0, |about| about.len());
    let (mut ours, mut ours_clean, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        // In turns: the first meets what the peer's run before has left to the disk.
        if round % 2 == 0 {
            ours.push(load_ours(&input)?);
        }
        if let Some(clean) = &clean {
            ours_clean.push(load_ours(clean)?);
        }
        if round % 2 == 1 {
            ours.push(load_ours(&input)?);
        }
        theirs.push(load_duckdb(&python, &input)?);
        println!(
            "   round {round}: frontdesk {:.2} s, duckdb {:.2} s",
            ours[round - 1].seconds,
            theirs[round - 1].seconds
        );
    }
    let work = format!(
        "1,000,000 generated events ({style}, 1 % invalid), {:.2} GB of NDJSON, to nested Parquet with zstd; wall-clock of the whole process.",
        bytes as f64 / 1e9
    );
    let mut contenders = vec![Contender { name: "frontdesk load".to_owned(), runs: ours }];
    if clean.is_some() {
        contenders.push(Contender { name: "frontdesk load, none invalid".to_owned(), runs: ours_clean });
    }
    contenders.push(Contender { name: format!("DuckDB {version} COPY"), runs: theirs });
    Record { name: &format!("load-{style}"), work, contenders }.write()
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
    environment(&scratch()?.join("venv"), "duckdb")
}

fn duckdb_version(python: &Path) -> Result<String, String> {
    let output = Command::new(python).args(["-c", "import duckdb; print(duckdb.__version__)"]).output();
    let output = output.map_err(|error| format!("python cannot run: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
