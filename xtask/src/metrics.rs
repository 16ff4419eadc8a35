//! The step `metrics`: a script that shares no code with ours computes the metrics from events as they
//! were sent, and compares them with what the SQL of `docs/metrics.md` finds in the loaded tables and with what
//! `frontdesk report` says.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use crate::steps::{answers, frontdesk, install, into_file, root, target_dir, tool};

/// Many times what a day of a small shop has; a second's work for either side.
const EVENTS: &str = "20000";

/// Loads demo events that the script has put mistakes into, with the program that `cargo build` has
/// made, and has both sides compared.
pub(crate) fn run() -> Result<(), String> {
    if !answers("python3", &["-c", "import json"]) {
        install(&["python3"]).map_err(|error| format!("{error}\nhelp: install Python 3 with your package manager"))?;
    }
    let scripts = root().join("e2e/metrics");
    let script = scripts.join("metrics.py");
    let scratch = root().join(target_dir()).join("metrics");
    if scratch.exists() {
        fs::remove_dir_all(&scratch).map_err(|error| format!("cannot clear {}: {error}", scratch.display()))?;
    }
    fs::create_dir_all(&scratch).map_err(|error| format!("cannot make {}: {error}", scratch.display()))?;
    let (demo, events, data) = (scratch.join("demo.ndjson"), scratch.join("events.ndjson"), scratch.join("data"));
    // Days that are over, so that all of their events are late; the clocks of Berlin change on one of them.
    let generate = ["generate", "--events", EVENTS, "--days", "10", "--until", "2024-04-03", "--invalid", "0"];
    into_file(frontdesk().args(generate), &demo)?;
    let demo = File::open(&demo).map_err(|error| format!("cannot read {}: {error}", demo.display()))?;
    into_file(Command::new("python3").arg(&script).arg("disturb").stdin(Stdio::from(demo)), &events)?;
    tool(frontdesk().arg("load").arg(&events).arg("--data").arg(&data))?;
    let page = root().join("docs/metrics.md");
    let program = frontdesk();
    tool(
        Command::new("python3")
            .arg(&script)
            .arg("compare")
            .arg(&events)
            .arg(page)
            .arg(program.get_program())
            .arg(&data),
    )?;
    tool(Command::new("python3").arg(scripts.join("reports.py")).arg(&events).arg(program.get_program()).arg(&data))
}
