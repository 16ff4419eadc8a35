//! `frontdesk query-worker`: the process that runs the queries of another one.
//!
//! Nobody types it. `serve` starts it with a socket as its standard input and with nothing
//! else: no settings, no environment, no key.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process;

use report::WorkerProgram;

use crate::failure::Failure;

/// The command's name.
const NAME: &str = "query-worker";

/// The way to start this program once more. The running file itself, where the system can
/// name it: an upgrade may have put another one in its place.
///
/// # Errors
/// The system doesn't tell which file runs.
pub(crate) fn program() -> Result<WorkerProgram, Failure> {
    const SELF: &str = "/proc/self/exe";
    let path = match std::fs::symlink_metadata(SELF) {
        Ok(_) => PathBuf::from(SELF),
        Err(_) => std::env::current_exe()
            .map_err(|error| Failure::unavailable(format_args!("this program's own file can't be found: {error}")))?,
    };
    Ok(WorkerProgram { path, args: vec![NAME.to_owned()] })
}

/// Runs the command until the other process closes the socket.
///
/// # Errors
/// Standard input is no socket, or fails.
pub(crate) fn run() -> Result<(), Failure> {
    let socket = io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from);
    let socket = socket.map_err(|error| Failure::unavailable(format_args!("cannot read standard input: {error}")))?;
    if socket.peer_addr().is_err() {
        return Err(Failure::usage("`query-worker` is started by `frontdesk serve` itself")
            .help("run a query with `frontdesk sql`"));
    }
    report::serve_queries(socket, orphaned).map_err(|error| Failure::unavailable(format_args!("cannot go on: {error}")))
}

/// The other process has ended or has no use for this one. A query that computes is left
/// where it is.
fn orphaned() {
    process::exit(0);
}
