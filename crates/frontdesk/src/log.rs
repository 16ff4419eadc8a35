//! Where log lines go: standard error, as text or JSON.
//!
//! Standard output belongs to what a command answers. Nothing personal is logged:
//! that is the business of whoever writes a line, and of the tests that look.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::settings::Settings;
use crate::settings::value::Word;
use crate::terminal;

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Word for LogFormat {
    const WORDS: &'static str = "text|json";
    const ALL: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

/// Starts logging. A plain level is about our own crates; the engines below speak only
/// when something is wrong, unless the filter names them.
///
/// # Errors
/// A filter that can't be read.
pub(crate) fn start(settings: &Settings) -> Result<(), Failure> {
    let is_level = ["off", "error", "warn", "info", "debug", "trace"].contains(&settings.log.as_str());
    if !is_level && !settings.log.contains('=') {
        return Err(unreadable(settings));
    }
    let directives = if is_level && settings.log != "off" && settings.log != "error" {
        let level = &settings.log;
        format!(
            "warn,frontdesk={level},intake={level},journal={level},mail={level},report={level},server={level},table={level},vault={level}"
        )
    } else {
        settings.log.clone()
    };
    let filter = EnvFilter::try_new(&directives).map_err(|_| unreadable(settings))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(terminal::log)
        .with_ansi(io::stderr().is_terminal());
    let outcome = match settings.log_format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    outcome.map_err(|error| Failure::unavailable(format_args!("cannot start logging: {error}")))
}

fn unreadable(settings: &Settings) -> Failure {
    Failure::usage(format_args!("log is `{}`", settings.log))
        .help("expected off, error, warn, info, debug, trace, or a filter such as info,intake=debug")
}
