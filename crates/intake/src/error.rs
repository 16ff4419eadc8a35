//! Why the pipeline of a data directory can't open or go on.

use std::io;
use std::path::PathBuf;

use table::{ShapeError, StoreError};
use thiserror::Error;

use crate::admit::error::SubmitError;
use crate::drain::quarantine::QuarantineError;
use crate::request::record::RecordError;
use crate::rows::links::LinkRuleError;

/// Why the pipeline can't open or go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// Another process works on the data directory.
    #[error("data directory {} is in use; stop the process that has it open", .0.display())]
    InUse(PathBuf),
    /// There are sealed values, and the key that opens them is gone.
    #[error("{} is missing, and the tables beside it hold values sealed with it; restore it from a backup", .0.display())]
    KeyMissing(PathBuf),
    /// The key is not the one that the data were sealed with.
    #[error("{} is not the key that this data directory was sealed with; put the right key back from a backup, nothing was changed", .0.display())]
    KeyOther(PathBuf),
    /// The key file can't be used.
    #[error(transparent)]
    Key(#[from] keys::KeyError),
    /// A datastream's plan has columns of its own.
    #[error("the schema of datastream {0} doesn't share its columns with the others; compile them together")]
    Layout(String),
    /// A rule for links can't be used.
    #[error(transparent)]
    LinkRule(#[from] LinkRuleError),
    /// The schema can't be a table.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The tables can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal can't be opened.
    #[error(transparent)]
    Journal(#[from] journal::OpenError),
    /// The journal can't be read.
    #[error(transparent)]
    Read(#[from] journal::ReadError),
    /// The journal holds what this version can't drain.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A record can't be put in quarantine or taken back.
    #[error(transparent)]
    Quarantine(#[from] QuarantineError),
    /// A sealed payload does not open.
    #[error("reject {reject_id}: {source}")]
    Payload {
        /// The reject row.
        reject_id: String,
        /// Why.
        source: keys::OpenError,
    },
    /// Sending a payload again was refused.
    #[error("the event could not be sent again: {0}")]
    Submit(#[from] SubmitError),
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The operating system gave no thread.
    #[error("no thread could be started: {0}; allow this user more processes")]
    Threads(#[source] io::Error),
    /// Draining stopped; the message says why.
    #[error("storing events has stopped: {0}; what was acknowledged is safe in the journal")]
    Stopped(String),
    /// Storing fails at the moment and is tried again.
    #[error("storing events fails at the moment and is tried again: {0}")]
    Failing(String),
    /// The pipeline was closed.
    #[error("the intake is closed")]
    Closed,
}
