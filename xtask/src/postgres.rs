//! The step `postgres`: psql, psycopg, SQLAlchemy and asyncpg read over the PostgreSQL port, get what
//! `frontdesk sql` says, and are refused what would write.

use std::fs;
use std::process::Command;

use crate::python::environment;
use crate::steps::{answers, frontdesk, install, into_file, root, target_dir, tool};

/// Enough for every channel to be there.
const EVENTS: &str = "3000";

/// Fills a table with the program that `cargo build` has made, and has it read.
pub(crate) fn run() -> Result<(), String> {
    let suite = root().join("e2e/postgres");
    if !answers("psql", &["--version"]) {
        install(&["postgresql-client"])
            .map_err(|error| format!("{error}\nhelp: install psql with your package manager"))?;
    }
    let requirements = suite.join("requirements.txt");
    let requirements = fs::read_to_string(&requirements)
        .map_err(|error| format!("cannot read {}: {error}", requirements.display()))?;
    let scratch = root().join(target_dir()).join("postgres");
    let python = environment(&scratch.join("python"), &requirements)?;
    let (data, events) = (scratch.join("data"), scratch.join("events.ndjson"));
    if data.exists() {
        fs::remove_dir_all(&data).map_err(|error| format!("cannot clear {}: {error}", data.display()))?;
    }
    into_file(frontdesk().args(["generate", "--events", EVENTS, "--days", "3", "--seed", "7"]), &events)?;
    tool(frontdesk().arg("load").arg(&events).arg("--data").arg(&data))?;
    let program = frontdesk();
    tool(Command::new(python).arg(suite.join("postgres.py")).arg(program.get_program()).arg(&data))
}
