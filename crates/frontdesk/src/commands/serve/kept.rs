//! What people keep beside the events, opened for the server. Where its file can't be used, the server goes on without it: no
//! saved view is worth an event that isn't taken in.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use intake::SystemClock;
use server::ServerOptions;
use state::{OpenError, State, StateCopy};

/// Between two copies of the file.
const COPY_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Opens the file, or says in the log and to whoever reads what is wrong and how to mend it. Nothing of it is changed then.
pub(super) async fn open(data: &Path, options: &mut ServerOptions) -> Option<State> {
    match State::open(data, Arc::new(SystemClock)).await {
        Ok(state) => {
            options.state = Some(state.clone());
            Some(state)
        }
        Err(error) => {
            let told = told(&error, StateCopy::of(data));
            tracing::error!("saved views, notes, shared links and mails can't be used: {told}");
            options.state_trouble = Some(told);
            None
        }
    }
}

/// Copies the file once a day, until it is dropped.
pub(super) async fn copy(state: State) {
    loop {
        tokio::time::sleep(COPY_EVERY).await;
        if let Err(error) = state.copy().await {
            tracing::warn!(%error, "the state file could not be copied; it is tried again tomorrow");
        }
    }
}

/// What is wrong and what to do, for the operator.
fn told(error: &OpenError, copy: Option<StateCopy>) -> String {
    let Some(StateCopy { path, made_at }) = copy else { return format!("{error}; then start it again") };
    let made_at = DateTime::<Utc>::from(made_at).to_rfc3339_opts(SecondsFormat::Secs, true);
    format!(
        "{error}; {} is a copy of {made_at}: what was kept, deleted or revoked since isn't in it; then start it again",
        path.display()
    )
}
