//! Running tools, saying what runs and how long it took.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The checkout.
pub(crate) fn root() -> PathBuf {
    // Asked when it runs: a build directory that outlives the checkout can hold this
    // program as another checkout has built it.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let manifest = PathBuf::from(manifest);
    manifest.parent().map_or(manifest.clone(), PathBuf::from)
}

/// Where cargo builds.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// What `cargo run` tells the program that it starts. Build scripts that look at these
/// (ring's does) would see `xtask` as the package, run again, and everything that stands
/// on them would be compiled a second time.
const OF_THIS_PACKAGE: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_"];

/// A cargo command in the checkout, as if it were typed.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(args).current_dir(root()).env_remove("CARGO");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if OF_THIS_PACKAGE.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command to its end, its output passed through.
pub(crate) fn tool(command: &mut Command) -> Result<(), String> {
    let shown = shown(command);
    println!("   $ {shown}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` ended with {status}")),
        Err(error) => Err(format!("`{shown}` cannot be started: {error}")),
    }
}

/// The program that `cargo build` has made.
pub(crate) fn frontdesk() -> Command {
    Command::new(root().join(target_dir()).join("debug/frontdesk"))
}

/// Runs a command whose output is kept.
pub(crate) fn into_file(command: &mut Command, file: &Path) -> Result<(), String> {
    let output = File::create(file).map_err(|error| format!("cannot make {}: {error}", file.display()))?;
    tool(command.stdout(output))
}

/// True if the program is there and answers.
pub(crate) fn answers(program: &str, args: &[&str]) -> bool {
    let quiet =
        Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// Installs Debian's packages of these names.
pub(crate) fn install(packages: &[&str]) -> Result<(), String> {
    println!("   missing and to be installed: {}", packages.join(", "));
    tool(&mut apt_get(&["update", "-q"]))?;
    tool(&mut apt_get(&[&["install", "-y", "-q", "--no-install-recommends"], packages].concat()))
}

/// `apt-get`, with `sudo` where that needs no password.
fn apt_get(args: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    if answers("sudo", &["-n", "true"]) {
        command = Command::new("sudo");
        command.args(["-n", "apt-get"]);
    }
    command.args(args);
    command
}

/// Announces a step, runs it and tells how long it took.
pub(crate) fn step(name: &str, work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    println!("== {name}");
    let begin = Instant::now();
    let outcome = work();
    let seconds = begin.elapsed().as_secs_f64();
    match &outcome {
        Ok(()) => println!("== {name}: ok ({seconds:.1} s)"),
        Err(_) => println!("== {name}: FAILED ({seconds:.1} s)"),
    }
    outcome
}

fn shown(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    let args = command.get_args().map(|arg| arg.to_string_lossy().into_owned());
    std::iter::once(name).chain(args).collect::<Vec<_>>().join(" ")
}
