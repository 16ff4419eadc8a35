//! The settings and the schema files are read anew, at SIGHUP or when an administrator asks for it, and events are
//! judged by what they say from then on. Other settings than those that name schemas stay as they were at the start.
//!
//! What is wrong is logged or answered, all of it, and the schemas in force stay.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal};
use std::sync::Arc;

use intake::{Intake, Reloaded};
use serde_json::Value;
use server::{
    CollectedSchemas, ColumnsChanged, SchemaReader, SchemaWarning, SchemasChanged, SchemasRead, SchemasRefused,
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Mutex, Notify};
use xdm::{Fault, Plan};

use crate::failure::{Exit, Failure};
use crate::policies::{ValidationPolicies, collected};
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
pub(super) async fn run(mut hangups: Signal, reloader: Reloader, stop: Arc<Notify>) {
    let had_terminal = io::stdin().is_terminal();
    while hangups.recv().await.is_some() {
        if had_terminal && !io::stdin().is_terminal() {
            stop.notify_one();
            return;
        }
        match reloader.reload().await {
            Ok(read) if read.changed => tracing::info!("SIGHUP: the schemas were read anew and are in force"),
            Ok(_) => tracing::info!("SIGHUP: the schemas were read anew and have not changed"),
            Err(failure) => {
                for line in failure.to_string().lines() {
                    tracing::error!("SIGHUP: the schemas stay as they were: {}", report::visible(line));
                }
            }
        }
    }
}

/// Reads the schemas anew, one time after the other, whoever wants it.
#[derive(Clone)]
pub(super) struct Reloader(Arc<Inner>);

struct Inner {
    intake: Intake,
    read: ReadSettings,
    /// What the page of schemas shows.
    shown: CollectedSchemas,
    one: Mutex<()>,
}

impl Reloader {
    pub(super) fn new(intake: Intake, read: ReadSettings, shown: CollectedSchemas) -> Reloader {
        Reloader(Arc::new(Inner { intake, read, shown, one: Mutex::new(()) }))
    }

    /// The same for those who ask over HTTP.
    pub(super) fn for_requests(&self) -> SchemaReader {
        let reloader = self.clone();
        SchemaReader::new(move || {
            let reloader = reloader.clone();
            async move {
                let outcome = reloader.reload().await;
                match &outcome {
                    Ok(read) if read.changed => tracing::info!("the schemas were read anew and are in force"),
                    Ok(_) => tracing::info!("the schemas were read anew and have not changed"),
                    Err(failure) => {
                        for line in failure.to_string().lines() {
                            tracing::warn!("the schemas stay as they were: {}", report::visible(line));
                        }
                    }
                }
                outcome.map_err(|failure| match failure.exit() {
                    Exit::Unavailable => SchemasRefused::Unavailable(failure.to_string()),
                    Exit::No | Exit::Usage | Exit::Damaged => SchemasRefused::Invalid(failure.to_string()),
                })
            }
        })
    }

    /// What has begun is done or refused as a whole: its task goes on when nobody waits for it any more.
    async fn reload(&self) -> Result<SchemasRead, Failure> {
        let inner = Arc::clone(&self.0);
        let reloading = tokio::spawn(async move { reload(inner).await });
        reloading.await.map_err(|error| Failure::unavailable(error.to_string()))?
    }
}

async fn reload(inner: Arc<Inner>) -> Result<SchemasRead, Failure> {
    let _one = inner.one.lock().await;
    // Compiling blocks for some milliseconds, and many schemas for longer.
    let reading = Arc::clone(&inner);
    let read = tokio::task::spawn_blocking(move || {
        let settings = (reading.read)()?;
        let policies = ValidationPolicies::of(&settings)?.told();
        let shown = collected(&settings, &policies);
        Ok::<_, Failure>((policies, shown))
    });
    let (policies, shown) = read.await.map_err(|error| Failure::unavailable(error.to_string()))??;
    let warnings = policies.warnings.into_iter().map(|fault| {
        let Fault { file, pointer, message, .. } = fault;
        SchemaWarning { file, pointer, message }
    });
    let warnings = warnings.collect();
    let before = Judging::by(&inner.intake.plans());
    let outcome = inner.intake.reload(policies.default, policies.by_datastream).await?;
    inner.shown.set(shown);
    let read = match outcome {
        Reloaded::Unchanged => SchemasRead::default(),
        Reloaded::Changed => before.until(&Judging::by(&inner.intake.plans())),
    };
    Ok(SchemasRead { warnings, ..read })
}

/// By what events are judged.
struct Judging {
    documents: BTreeMap<String, Arc<Value>>,
    columns: BTreeSet<String>,
}

impl Judging {
    fn by(plans: &[Arc<Plan>]) -> Judging {
        let documents = plans.iter().flat_map(|plan| plan.source().documents.iter().cloned()).collect();
        let columns = plans.iter().flat_map(|plan| plan.layout().columns.iter().map(|column| column.path.clone()));
        Judging { documents, columns: columns.collect() }
    }

    /// What is otherwise later.
    fn until(&self, later: &Judging) -> SchemasRead {
        let not_in = |ids: &BTreeMap<String, Arc<Value>>, others: &BTreeMap<String, Arc<Value>>| {
            ids.keys().filter(|id| !others.contains_key(*id)).cloned().collect()
        };
        let is_changed =
            |(id, document): &(&String, &Arc<Value>)| later.documents.get(*id).is_some_and(|other| other != *document);
        SchemasRead {
            changed: true,
            warnings: Vec::new(),
            schemas: SchemasChanged {
                added: not_in(&later.documents, &self.documents),
                changed: self.documents.iter().filter(is_changed).map(|(id, _)| id.clone()).collect(),
                removed: not_in(&self.documents, &later.documents),
            },
            columns: ColumnsChanged {
                added: later.columns.difference(&self.columns).cloned().collect(),
                retired: self.columns.difference(&later.columns).cloned().collect(),
            },
        }
    }
}
