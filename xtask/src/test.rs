//! `cargo xtask test`: every test, and what they need on a fresh machine.
//!
//! The steps go from the quickest to the slowest, and all run in the dev profile that
//! `cargo run` uses, so that nothing is compiled twice. Clippy is the exception: it
//! checks dependencies once more as metadata, so the light crates come first and those
//! that stand on DataFusion and Delta last.

use crate::steps::{answers, cargo, step, tool};
use crate::{deny, e2e, features, metrics, postgres, readers, tidy};

/// Crates without heavy dependencies.
const LIGHT: &[&str] = &["xdm", "schemas", "journal", "keys", "vault", "summary", "generate", "xtask"];

/// A step's name and work.
struct Step {
    name: &'static str,
    work: fn() -> Result<(), String>,
}

const STEPS: &[Step] = &[
    Step { name: "tidy", work: tidy::run },
    Step { name: "setup", work: setup },
    Step { name: "fmt", work: fmt },
    Step { name: "deny", work: deny::run },
    Step { name: "features", work: features::run },
    Step { name: "clippy", work: clippy },
    Step { name: "build", work: build },
    Step { name: "tests", work: tests },
    Step { name: "metrics", work: other_numbers },
    Step { name: "readers", work: other_readers },
    Step { name: "postgres", work: postgres_tools },
    Step { name: "e2e", work: browser_tests },
    Step { name: "clippy-all", work: clippy_all },
];

/// Runs all steps, or those that are named, and stops at the first failure.
pub(crate) fn run(only: &[String]) -> Result<(), String> {
    if let Some(unknown) = only.iter().find(|name| !STEPS.iter().any(|step| step.name == name.as_str())) {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        return Err(format!("there is no step `{unknown}`; the steps are {}", names.join(", ")));
    }
    let is_wanted = |step: &&Step| only.is_empty() || only.iter().any(|name| name == step.name);
    STEPS.iter().filter(is_wanted).try_for_each(|wanted| step(wanted.name, wanted.work))
}

/// Debian's rustup installs the minimal profile; the checks need two more components.
fn setup() -> Result<(), String> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if answers("cargo", &[subcommand, "--version"]) {
            continue;
        }
        println!("   {component} is missing and will be installed");
        tool(std::process::Command::new("rustup").args(["component", "add", component]))
            .map_err(|error| format!("{error}\nhelp: install {component} with your package manager"))?;
    }
    Ok(())
}

fn fmt() -> Result<(), String> {
    tool(&mut cargo(&["fmt", "--all", "--check"])).map_err(|error| format!("{error}\nhelp: run `cargo fmt --all`"))
}

fn clippy() -> Result<(), String> {
    let packages = LIGHT.iter().flat_map(|name| ["--package", name]);
    let args: Vec<&str> =
        ["clippy", "--all-targets"].into_iter().chain(packages).chain(["--", "-D", "warnings"]).collect();
    tool(&mut cargo(&args))
}

fn clippy_all() -> Result<(), String> {
    tool(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn build() -> Result<(), String> {
    tool(&mut cargo(&["build", "--workspace"]))
}

fn tests() -> Result<(), String> {
    tool(&mut cargo(&["test", "--workspace", "--no-fail-fast"]))
}

fn other_numbers() -> Result<(), String> {
    build()?;
    metrics::run()
}

fn other_readers() -> Result<(), String> {
    build()?;
    readers::run()
}

fn postgres_tools() -> Result<(), String> {
    build()?;
    postgres::run()
}

/// The browser tests, against a program that is current even when the step is named alone.
fn browser_tests() -> Result<(), String> {
    build()?;
    e2e::run()
}
