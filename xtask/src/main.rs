//! The project's own commands: `cargo xtask test`, `bench`, `fuzz` and `tidy`.
//!
//! Only the standard library, so that the first of them starts within seconds on a
//! fresh machine. It runs cargo and other tools and reads files; it ships nowhere.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "talking to the developer is its purpose")]

mod bench;
mod deny;
mod e2e;
mod features;
mod fuzz;
mod metrics;
mod postgres;
mod python;
mod readers;
mod steps;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask test [--only STEP]...   run every test, or only the named steps
       cargo xtask bench [--dev] [load|check|http|reports]
                                           measure beside the peers and write bench-runs/
       cargo xtask fuzz [[TARGET] SECONDS] feed parsers and server damaged input, each for so long
       cargo xtask tidy                    only the rules of the source tree
";

fn main() -> ExitCode {
    if let Err(message) = fuzz::wrap() {
        eprintln!("{message}");
        return ExitCode::FAILURE;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args.as_slice() {
        ["test", rest @ ..] => only(rest).and_then(|only| test::run(&only)),
        ["tidy"] => test::run(&["tidy".to_owned()]),
        ["bench", names @ ..] => bench::run(names),
        ["fuzz", rest @ ..] => fuzz::run(rest),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The names after each `--only`.
fn only(args: &[&str]) -> Result<Vec<String>, String> {
    let pairs = args.chunks(2);
    pairs
        .map(|pair| match pair {
            ["--only", name] => Ok((*name).to_owned()),
            _ => Err(USAGE.to_owned()),
        })
        .collect()
}
