//! The program `frontdesk`: raw arguments → typed settings → a library does the work.
//!
//! Nothing is decided about events here. A command is a file under `commands`, a
//! setting is a row of `settings/table.rs`, and whatever goes wrong is a [`Failure`],
//! printed once, at the end.
#![forbid(unsafe_code)]

mod access;
mod args;
mod commands;
mod data_dir;
mod docs;
mod failure;
mod input;
mod log;
mod mailing;
mod memory;
mod output;
mod policies;
mod progress;
mod receipt;
mod remote;
mod settings;
mod terminal;
mod upkeep;

use std::future::Future;
use std::process::ExitCode;

use args::{Command, Parsed};
use failure::Failure;
use settings::{Effective, Sources};

fn main() -> ExitCode {
    match run(args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(parsed: Parsed) -> Result<(), Failure> {
    // It has no settings of its own, and reads none.
    if matches!(parsed.command, Command::QueryWorker) {
        return commands::query_worker::run();
    }
    let working_directory = std::env::current_dir()
        .map_err(|error| Failure::unavailable(format_args!("the working directory can't be used: {error}")))?;
    let resolve = move || {
        Effective::resolve(&Sources {
            flags: parsed.flags.clone(),
            variable: &|name| std::env::var(name).ok(),
            config: parsed.config.clone(),
            working_directory: &working_directory,
        })
    };
    let effective = resolve()?;
    let settings = &effective.settings;
    log::start(settings)?;
    match &parsed.command {
        Command::Serve(args) => {
            let read = Box::new(move || resolve().map(|effective| effective.settings));
            block_on(commands::serve::run(args, settings, read))
        }
        Command::Load(args) => commands::load::run(args, settings),
        Command::Check(args) => commands::check::run(args, settings),
        Command::Sql(args) => block_on(commands::sql::run(args, settings)),
        Command::Export(args) => block_on(commands::export::run(args, settings)),
        Command::Mcp(args) => block_on(commands::mcp::run(args, settings)),
        Command::Mail { action } => block_on(commands::mail::run(action, settings)),
        Command::Alerts(args) => block_on(commands::alerts::run(args, settings)),
        Command::Report { report } => block_on(commands::report::run(report, settings)),
        Command::Quarantine { action } => block_on(commands::quarantine::run(action, settings)),
        Command::Rejects { action } => block_on(commands::rejects::run(action, settings)),
        Command::Key { action } => commands::key::run(action, settings),
        Command::Tail(args) => block_on(commands::tail::run(args, settings)),
        Command::Event(args) => block_on(commands::event::run(args, settings)),
        Command::Generate(args) => commands::generate::run(args),
        Command::Schema { action: None } => commands::schema::run(settings),
        Command::Schema { action: Some(action) } => commands::schema::run_action(action, settings),
        Command::Convert(args) => commands::convert::run(args),
        Command::Settings => commands::settings::run(&effective, variables()),
        Command::Version => commands::version::run(),
        Command::QueryWorker => commands::query_worker::run(),
    }
}

fn variables() -> impl Iterator<Item = String> {
    let mut names: Vec<String> = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    names.sort();
    names.into_iter()
}

fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::unavailable(format_args!("cannot start threads: {error}")))?;
    runtime.block_on(work)
}
