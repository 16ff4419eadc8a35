//! SIGHUP: the settings and the schema files are read anew, and events are judged by what they say
//! from then on. Other settings than those that name schemas stay as they were at the start.
//!
//! What is wrong is logged, all of it, and the schemas in force stay.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use intake::{Intake, Reloaded};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::failure::Failure;
use crate::policies::ValidationPolicies;
use crate::settings::Settings;

/// Reads the settings as they were read at the start.
pub(crate) type ReadSettings = Box<dyn Fn() -> Result<Settings, Failure> + Send + Sync>;

/// Listens for the signal, so that it doesn't end the process.
///
/// # Errors
/// The system gives no signals.
pub(super) fn listen() -> Result<Signal, Failure> {
    signal(SignalKind::hangup())
        .map_err(|error| Failure::unavailable(format_args!("cannot listen for signals: {error}")))
}

/// Reloads at each signal until it is dropped. One that comes because the terminal has gone, from
/// which the server was started, means what it ever meant: `stop` is told.
pub(super) async fn run(mut hangups: Signal, intake: Intake, read: ReadSettings, stop: Arc<Notify>) {
    let had_terminal = io::stdin().is_terminal();
    while hangups.recv().await.is_some() {
        if had_terminal && !io::stdin().is_terminal() {
            stop.notify_one();
            return;
        }
        match reload(&intake, &read).await {
            Ok(Reloaded::Changed) => tracing::info!("SIGHUP: the schemas were read anew and are in force"),
            Ok(Reloaded::Unchanged) => tracing::info!("SIGHUP: the schemas were read anew and have not changed"),
            Err(failure) => {
                let failure = failure.to_string();
                tracing::error!("SIGHUP: the schemas stay as they were: {}", report::visible(&failure));
            }
        }
    }
}

async fn reload(intake: &Intake, read: &ReadSettings) -> Result<Reloaded, Failure> {
    let settings = read()?;
    // Compiling blocks for some milliseconds, and many schemas for longer.
    let policies = tokio::task::spawn_blocking(move || ValidationPolicies::of(&settings));
    let policies = policies.await.map_err(|error| Failure::unavailable(error.to_string()))??;
    Ok(intake.reload(policies.default, policies.by_datastream).await?)
}
