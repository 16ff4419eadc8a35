//! The step `readers`: engines that share no code with ours read the tables and an exported file, and
//! every value of every row is compared.
//!
//! Pages are encoded by our own code, and `table`'s tests read them with the library that
//! the query engine uses too. What that takes for granted others may not.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::python::environment;
use crate::steps::{frontdesk, into_file, root, target_dir, tool};

/// Events of each file; a commit each.
const EVENTS: &str = "5000";
/// How each file's events are written, and the seed that makes them others.
const FILES: &[(&str, &str)] = &[("platform", "1"), ("shuffled", "2")];

/// Fills a table with the program that `cargo build` has made, and has it read.
pub(crate) fn run() -> Result<(), String> {
    let suite = root().join("e2e/readers");
    let requirements = suite.join("requirements.txt");
    let requirements = fs::read_to_string(&requirements)
        .map_err(|error| format!("cannot read {}: {error}", requirements.display()))?;
    let scratch = root().join(target_dir()).join("readers");
    let python = environment(&scratch.join("python"), &requirements)?;
    let (data, rows) = (scratch.join("data"), scratch.join("rows.ndjson"));
    fill(&scratch, &data)?;
    let query = ["sql", "select * from events", "--format", "ndjson", "--data"];
    into_file(frontdesk().args(query).arg(&data), &rows)?;
    let exported = scratch.join("exported.parquet");
    let export = ["export", "--table", "events", "--since", "30d", "--format", "parquet", "--data"];
    tool(frontdesk().args(export).arg(&data).arg("--output").arg(&exported))?;
    tool(Command::new(python).arg(suite.join("readers.py")).args([&data, &rows, &exported]))
}

fn fill(scratch: &Path, data: &Path) -> Result<(), String> {
    if data.exists() {
        fs::remove_dir_all(data).map_err(|error| format!("cannot clear {}: {error}", data.display()))?;
    }
    for (style, seed) in FILES {
        let events = scratch.join(format!("{style}.ndjson"));
        let generate = ["generate", "--events", EVENTS, "--days", "3", "--style", style, "--seed", seed];
        into_file(frontdesk().args(generate), &events)?;
        tool(frontdesk().arg("load").arg(&events).arg("--data").arg(data))?;
    }
    Ok(())
}
