//! `cargo xtask fuzz`: the fuzz targets, one after the other, with the stable compiler.
//!
//! libFuzzer needs the compiler's coverage counters and no more. Sanitizers, for which
//! cargo-fuzz asks for a nightly compiler, would have little to look at: the only `unsafe`
//! behind these targets is loads from arrays. What was found interesting is kept beside
//! the build and begun with the next time.

use std::fs;
use std::process::Command;

use crate::steps::{cargo, root, step, target_dir, tool};

/// Crate and name of each target.
const TARGETS: [(&str, &str); 2] = [("xdm", "check"), ("journal", "segment")];

/// Seconds of each target unless others are named.
const SECONDS: u32 = 60;

/// Seconds after which one input counts as hanging.
const INPUT_SECONDS_MAX: u32 = 10;

/// Counters for each edge, and comparisons as hints.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1 -Cdebug-assertions";

/// Runs every target for so many seconds.
pub(crate) fn run(args: &[&str]) -> Result<(), String> {
    let seconds = match args {
        [] => SECONDS,
        [seconds] => seconds.parse().map_err(|_| format!("`{seconds}` is no number of seconds"))?,
        _ => return Err("usage: cargo xtask fuzz [SECONDS]".to_owned()),
    };
    let host = host()?;
    for (package, name) in TARGETS {
        step(&format!("fuzz {package} {name}"), || one(package, name, seconds, &host))?;
    }
    Ok(())
}

fn one(package: &str, name: &str, seconds: u32, host: &str) -> Result<(), String> {
    let target = target_dir().join("fuzz");
    let corpus = target.join("corpus").join(name);
    fs::create_dir_all(&corpus).map_err(|error| format!("cannot make {}: {error}", corpus.display()))?;
    // Flags meant for a target don't reach build scripts, which could not be linked with them.
    let mut build = cargo(&["build", "--release", "--target", host, "--bin", name]);
    build.current_dir(root().join("crates").join(package).join("fuzz"));
    tool(build.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", &target))?;
    let mut fuzzer = Command::new(target.join(host).join("release").join(name));
    fuzzer.current_dir(&target).arg(&corpus);
    fuzzer.args([format!("-max_total_time={seconds}"), format!("-timeout={INPUT_SECONDS_MAX}")]);
    tool(fuzzer.args(["-print_final_stats=1", "-verbosity=0"]))
}

/// The triple of this machine.
fn host() -> Result<String, String> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|error| format!("cannot run rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned);
    host.ok_or_else(|| "rustc doesn't tell its host".to_owned())
}
