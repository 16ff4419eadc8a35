//! `frontdesk check`: reading and checking alone, in three styles of the same events.
//!
//! The peer in Rust, the `jsonschema` crate, is measured where it can share a process
//! with ours: in the benches of `xdm`. Here the styles are compared with each other.

use std::process::Command;

use super::measure::measure;
use super::record::{Contender, Record};
use super::{ROUNDS, events, frontdesk};

/// Runs the benchmark.
pub(crate) fn run() -> Result<(), String> {
    let cases = [("platform", "0%"), ("platform", "1%"), ("xdm", "0%"), ("shuffled", "0%")];
    let mut contenders = Vec::new();
    let mut inputs = Vec::new();
    for (style, invalid) in cases {
        inputs.push(events(style, invalid)?);
        contenders.push(Contender { name: format!("frontdesk check, {style}, {invalid} invalid"), runs: Vec::new() });
    }
    for _ in 0..ROUNDS {
        for (input, contender) in inputs.iter().zip(&mut contenders) {
            // Exit code 1 says that there are invalid events.
            contender.runs.push(measure(Command::new(frontdesk()).arg("check").arg(input), &[0, 1])?);
        }
    }
    let work =
        "1,000,000 generated events read and checked, nothing stored; wall-clock of the whole process.".to_owned();
    Record { name: "check", work, contenders }.write()
}
