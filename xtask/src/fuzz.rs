//! `cargo xtask fuzz`: the fuzz targets, one after the other, with the stable compiler.
//!
//! libFuzzer needs the compiler's coverage counters and no more. Sanitizers, for which
//! cargo-fuzz asks for a nightly compiler, would have little to look at: the only `unsafe`
//! behind these targets is loads from arrays. What was found interesting is kept beside
//! the build and begun with the next time.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{cargo, root, step, target_dir, tool};

/// A fuzz target: its crate, its name and how it is compiled.
struct Target {
    package: &'static str,
    name: &'static str,
    build: Build,
}

enum Build {
    /// A workspace of its own: everything behind it is compiled with counters.
    Alone,
    /// A member of the workspace: our crates are compiled with counters, and the engines
    /// behind them are those of every other build.
    Member,
}

const TARGETS: [Target; 3] = [
    Target { package: "xdm", name: "check", build: Build::Alone },
    Target { package: "journal", name: "segment", build: Build::Alone },
    Target { package: "server", name: "request", build: Build::Member },
];

/// Set for the compiler's calls that this program passes on with counters.
const WRAPS: &str = "FRONTDESK_FUZZ_WRAPS";

/// Seconds of each target unless others are named.
const SECONDS: u32 = 60;

/// Seconds after which one input counts as hanging.
const INPUT_SECONDS_MAX: u32 = 30;

/// Counters for each edge, and comparisons as hints.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1 -Cdebug-assertions";

/// Runs every target, or the one that is named, for so many seconds.
pub(crate) fn run(args: &[&str]) -> Result<(), String> {
    let (only, seconds) = match args {
        [] => (None, SECONDS),
        [seconds] => (None, number(seconds)?),
        [name, seconds] => (Some(*name), number(seconds)?),
        _ => return Err("usage: cargo xtask fuzz [[TARGET] SECONDS]".to_owned()),
    };
    let wanted: Vec<&Target> = TARGETS.iter().filter(|target| only.is_none_or(|name| name == target.name)).collect();
    if wanted.is_empty() {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        return Err(format!("there is no such fuzz target; the targets are {}", names.join(", ")));
    }
    wanted
        .into_iter()
        .try_for_each(|target| step(&format!("fuzz {} {}", target.package, target.name), || one(target, seconds)))
}

fn number(seconds: &str) -> Result<u32, String> {
    seconds.parse().map_err(|_| format!("`{seconds}` is no number of seconds"))
}

fn one(target: &Target, seconds: u32) -> Result<(), String> {
    let build = target_dir().join("fuzz");
    let corpus = build.join("corpus").join(target.name);
    fs::create_dir_all(&corpus).map_err(|error| format!("cannot make {}: {error}", corpus.display()))?;
    let program = match target.build {
        Build::Alone => alone(target, &build)?,
        Build::Member => member(target)?,
    };
    let mut fuzzer = Command::new(program);
    fuzzer.current_dir(&build).arg(&corpus);
    let source = root().join("crates").join(target.package).join("fuzz");
    fuzzer.args(Some(source.join("seeds")).filter(|seeds| seeds.is_dir()));
    // Files that are synced and thrown away belong in memory.
    if Path::new("/dev/shm").is_dir() {
        fuzzer.env("TMPDIR", "/dev/shm");
    }
    fuzzer.args([format!("-max_total_time={seconds}"), format!("-timeout={INPUT_SECONDS_MAX}")]);
    fuzzer.arg(format!("-artifact_prefix={}-", target.name));
    tool(fuzzer.args(["-print_final_stats=1", "-verbosity=0", "-rss_limit_mb=8192"]))
}

fn alone(target: &Target, build: &Path) -> Result<PathBuf, String> {
    let host = host()?;
    // Flags meant for a target don't reach build scripts, which could not be linked with them.
    let mut command = cargo(&["build", "--release", "--target", &host, "--bin", target.name]);
    command.current_dir(root().join("crates").join(target.package).join("fuzz"));
    tool(command.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", build))?;
    Ok(build.join(host).join("release").join(target.name))
}

fn member(target: &Target) -> Result<PathBuf, String> {
    let wrapper = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let package = format!("{}-fuzz", target.package);
    let mut command = cargo(&["build", "--package", &package, "--features", "fuzz", "--bin", target.name]);
    tool(command.env("RUSTC_WORKSPACE_WRAPPER", wrapper).env(WRAPS, "1"))?;
    Ok(root().join(target_dir()).join("debug").join(target.name))
}

/// Where cargo calls this program in the compiler's place for a crate of ours, becomes the
/// compiler with the flags for counters. Returns only if that is not so, or with an error.
pub(crate) fn wrap() -> Result<(), String> {
    if std::env::var_os(WRAPS).is_none() {
        return Ok(());
    }
    let mut args = std::env::args_os().skip(1);
    let compiler: OsString = args.next().ok_or("cargo named no compiler")?;
    let mut command = Command::new(&compiler);
    let args: Vec<OsString> = args.collect();
    command.args(&args);
    // Questions about the compiler are passed on as they are.
    if args.iter().any(|arg| arg == "--crate-name") {
        command.args(FLAGS.split_whitespace());
    }
    Err(format!("{} cannot be started: {}", compiler.display(), command.exec()))
}

/// The triple of this machine.
fn host() -> Result<String, String> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|error| format!("cannot run rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned);
    host.ok_or_else(|| "rustc doesn't tell its host".to_owned())
}
