//! `cargo deny`: licences, sources and bans of what comes in from outside, and whether an
//! advisory of RustSec is about any of it. Installs the tool where it is missing.
//!
//! Advisories are a git repository of their own. Where it can't be reached and no copy of it
//! is there, the step says so loudly and the rest is checked all the same: a machine without
//! a way out must be able to run the tests, and nobody may take that for a clean bill.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::steps::{answers, root, target_dir, tool};

/// The version whose rules `deny.toml` is written for.
const VERSION: &str = "0.20.2";
/// How long the database of advisories may take to come.
const FETCH_TIME_MAX: Duration = Duration::from_secs(120);
const FETCH_LOOK_EVERY: Duration = Duration::from_millis(200);

/// Checks everything that can be checked here.
pub(crate) fn run() -> Result<(), String> {
    let program = program()?;
    let deny = |args: &[&str]| {
        let mut command = Command::new(&program);
        command.args(args).current_dir(root());
        command
    };
    tool(&mut deny(&["check", "bans", "licenses", "sources"]))?;
    let is_current = within(&mut deny(&["fetch", "db"]), FETCH_TIME_MAX);
    if is_current {
        return tool(&mut deny(&["check", "--disable-fetch", "advisories"]));
    }
    if has_database() {
        println!("   !! the database of RustSec can't be reached; the copy that is here may be old");
        return tool(&mut deny(&["check", "--disable-fetch", "advisories"]));
    }
    println!("   !! ADVISORIES WERE NOT CHECKED: the database of RustSec can't be reached from this machine.");
    println!("   !! Run `cargo xtask test --only deny` where github.com/rustsec/advisory-db can be fetched.");
    Ok(())
}

/// The tool, installed beside the build if it isn't there yet.
fn program() -> Result<PathBuf, String> {
    if answers("cargo-deny", &["--version"]) {
        return Ok("cargo-deny".into());
    }
    let tools = target_dir().join("tools");
    let program = tools.join("bin/cargo-deny");
    if !answers(&program.to_string_lossy(), &["--version"]) {
        println!("   cargo-deny is missing and will be installed; that takes some minutes, once");
        let mut install = Command::new("cargo");
        install.args(["install", "--locked", "--version", VERSION, "cargo-deny", "--root"]).arg(&tools);
        // Its build is its own: in ours it would change what cargo takes for current.
        install.env_remove("CARGO_TARGET_DIR").current_dir(std::env::temp_dir());
        tool(&mut install).map_err(|error| format!("{error}\nhelp: install cargo-deny {VERSION} by hand"))?;
    }
    Ok(program)
}

/// Whether an earlier fetch has left a database.
fn has_database() -> bool {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let Some(entries) = home.and_then(|home| std::fs::read_dir(home.join("advisory-dbs")).ok()) else { return false };
    entries.filter_map(Result::ok).any(|entry| entry.path().join("crates").is_dir())
}

/// Runs a command quietly; false if it fails or takes too long.
fn within(command: &mut Command, time_max: Duration) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    let begin = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if begin.elapsed() < time_max => sleep(FETCH_LOOK_EVERY),
            _ => {
                // It may have ended meanwhile, which is as well.
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}
