//! Why a file was not loaded.

use table::StoreError;
use thiserror::Error;

use crate::error::IntakeError;
use crate::input::error::InputError;

/// Why a file was not loaded, or not to its end. Loading it again goes on where the
/// last commit stands.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The data directory can't be used.
    #[error(transparent)]
    Open(#[from] IntakeError),
    /// The tables refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A data file can't be written.
    #[error(transparent)]
    Encode(#[from] table::EncodeError),
    /// The input can't be read.
    #[error("cannot read {name}: {source}")]
    Input {
        /// Its path, or `standard input`.
        name: String,
        /// Why.
        source: InputError,
    },
    /// The caller, or a test, asked to stop.
    #[error("loading was stopped; load the same file again to go on")]
    Stopped,
}
