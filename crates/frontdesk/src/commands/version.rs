//! `frontdesk version`.

use std::io::{self, Write};

use crate::failure::Failure;

/// Runs the command.
///
/// # Errors
/// Standard output can't be written.
pub(crate) fn run() -> Result<(), Failure> {
    Ok(writeln!(io::stdout().lock(), "frontdesk {}", env!("CARGO_PKG_VERSION"))?)
}
