//! `cargo xtask bench`: Frontdesk beside its peers, on this machine, in one run.
//!
//! Only ratios within a round count: the peers take turns, and the median of the rounds'
//! ratios is told. Results go to `bench-runs/` with the machine they were
//! measured on, and never with a path of it.

mod check;
mod http;
mod load;
mod measure;
mod record;
mod reports;
mod schemas;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::steps::{cargo, step, target_dir, tool};

/// Events of the load and check benchmarks: about 1.05 GB.
const EVENTS: u64 = 1_000_000;

/// Rounds of the benchmarks with files.
pub(crate) const ROUNDS: usize = 9;

/// Runs the named benchmarks, or all.
pub(crate) fn run(names: &[&str]) -> Result<(), String> {
    let all = ["load", "check", "http", "reports", "reports-100m", "schemas"];
    let names = match names {
        ["--dev", rest @ ..] => {
            IS_DEV.store(true, Ordering::Relaxed);
            rest
        }
        names => names,
    };
    let wanted = if names.is_empty() { &all[..4] } else { names };
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        return Err(format!("there is no benchmark `{unknown}`; the benchmarks are {}", all.join(", ")));
    }
    let profile = if is_dev() { "dev" } else { "release" };
    step(&format!("{profile} build"), || tool(&mut cargo(&["build", "--profile", profile, "--package", "frontdesk"])))?;
    for name in wanted {
        step(name, || match *name {
            "load" => load::run(),
            "check" => check::run(),
            "reports" => reports::run(&[1_000_000, 10_000_000]),
            "schemas" => schemas::run(),
            "reports-100m" => reports::run(&[1_000_000, 10_000_000, 100_000_000]),
            _ => http::run(),
        })?;
    }
    Ok(())
}

/// Whether the dev build is measured.
static IS_DEV: AtomicBool = AtomicBool::new(false);

pub(crate) fn is_dev() -> bool {
    IS_DEV.load(Ordering::Relaxed)
}

/// The program under test.
pub(crate) fn frontdesk() -> PathBuf {
    target_dir().join(if is_dev() { "debug/frontdesk" } else { "release/frontdesk" })
}

/// Scratch space that is kept between runs.
pub(crate) fn scratch() -> Result<PathBuf, String> {
    let directory = target_dir().join("bench");
    fs::create_dir_all(&directory).map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
    Ok(directory)
}

/// The benchmark's events in one of the generator's styles, made once.
pub(crate) fn events(style: &str, invalid: &str) -> Result<PathBuf, String> {
    let path = scratch()?.join(format!("events-{EVENTS}-{style}-{}.ndjson", invalid.replace('%', "pc")));
    if path.exists() {
        return Ok(path);
    }
    println!("   making {EVENTS} events ({style}, {invalid} invalid)");
    let part = path.with_extension("part");
    let file = fs::File::create(&part).map_err(|error| format!("cannot make {}: {error}", part.display()))?;
    let count = EVENTS.to_string();
    let args = ["generate", "--events", &count, "--seed", "1", "--days", "7", "--until", "2026-11-22"];
    let status = Command::new(frontdesk())
        .args(args)
        .args(["--style", style, "--invalid", invalid])
        .stdout(Stdio::from(file))
        .status();
    match status {
        Ok(status) if status.success() => {}
        other => return Err(format!("`frontdesk generate` failed: {other:?}")),
    }
    fs::rename(&part, &path).map_err(|error| format!("cannot rename {}: {error}", part.display()))?;
    Ok(path)
}
