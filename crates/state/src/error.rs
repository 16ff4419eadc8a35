//! Why the file can't be opened, or a call can't be done, with what to do about it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::state::CALL_TIME_MAX;

/// SQLite's primary result codes that mean something to whoever asks.
const CODE_BUSY: u32 = 5;
const CODE_READ_ONLY: u32 = 8;
const CODE_IO: u32 = 10;
const CODE_CORRUPT: u32 = 11;
const CODE_FULL: u32 = 13;
const CODE_NOT_A_DATABASE: u32 = 26;
/// The bits of an extended code that are the primary one.
const PRIMARY_CODE: u32 = 0xff;

/// Why there is no state to work with. Nothing was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file isn't whole.
    #[error(
        "the file {} is damaged ({detail}); stop the server and put a copy of the file in its place (docs/storage.md), or move it away to begin without saved views, links and notes: events aren't in it",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// It was made by something else.
    #[error("the file {} isn't one of Frontdesk's; move it away, or name another data directory", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version of the program has worked in it.
    #[error(
        "the file {} was written by a newer version of Frontdesk (its step {step} isn't known here); use that version, or put a copy from before in its place",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The first step that isn't known.
        step: i64,
    },
    /// A step was done that had this number, and was another one.
    #[error(
        "the file {} was written by another version of Frontdesk (its step {step} differs); use that version, or put a copy of the file in its place",
        path.display()
    )]
    Differs {
        /// The file.
        path: PathBuf,
        /// The step.
        step: i64,
    },
    /// A log of changes is there, and not what was changed.
    #[error(
        "{} is there without the file it belongs to; put that file back, or move this one away to begin without saved views, links and notes",
        path.display()
    )]
    LogAlone {
        /// The log.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("cannot open {}: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StateError,
    },
}

/// Why a call wasn't done. Where nothing else is said, nothing was changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateError {
    /// It took too long. If something was to be changed, it may have been.
    #[error("the state file didn't answer within {} s; look whether it was done, and try again", CALL_TIME_MAX.as_secs())]
    Timeout,
    /// The disk is full.
    #[error("the disk is full; make room and try again")]
    Full,
    /// It may not be written.
    #[error("the state file may not be written; give this user the right to write it")]
    ReadOnly,
    /// The file isn't whole.
    #[error("the state file is damaged; restart the server to be told how to mend it")]
    Damaged,
    /// The disk failed.
    #[error("the disk failed while the state file was read or written")]
    Disk,
    /// Anything else; the text is SQLite's.
    #[error("the state file can't be used: {0}")]
    Other(String),
}

impl From<sqlx::Error> for StateError {
    fn from(error: sqlx::Error) -> StateError {
        let database = match &error {
            sqlx::Error::PoolTimedOut => return StateError::Timeout,
            sqlx::Error::Database(database) => database,
            _ => return StateError::Other(error.to_string()),
        };
        let code = database.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & PRIMARY_CODE);
        match code {
            Some(CODE_BUSY) => StateError::Timeout,
            Some(CODE_READ_ONLY) => StateError::ReadOnly,
            Some(CODE_IO) => StateError::Disk,
            Some(CODE_CORRUPT | CODE_NOT_A_DATABASE) => StateError::Damaged,
            Some(CODE_FULL) => StateError::Full,
            _ => StateError::Other(database.message().to_owned()),
        }
    }
}
