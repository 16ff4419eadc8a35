//! Whole requests: HTTP → admission → check → journal → drain → query.
//!
//! A server with all that is behind it answers on loopback. An input is a route, flags, the
//! rest of the path and a body; see [`input`]. What must hold: no thread panics (libFuzzer's
//! hook ends the process), nothing is answered as a failure of ours, every event that was
//! answered is a row, and it still is after a restart.
#![no_main]

mod input;
mod rig;

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;

use crate::input::Input;
use crate::rig::Server;

/// Requests between two looks at the tables.
const LOOK_EVERY: u64 = 32;
/// Requests between two restarts on the same data directory.
const RESTART_EVERY: u64 = 4_000;
/// Restarts before the data are thrown away.
const RESTARTS_MAX: u64 = 8;

struct Run {
    server: Server,
    requests: u64,
    restarts: u64,
}

thread_local! {
    static RUN: RefCell<Run> = RefCell::new(Run { server: Server::start(), requests: 0, restarts: 0 });
}

fuzz_target!(init: rig::serve_if_asked(), |bytes: &[u8]| {
    let Some(input) = Input::of(bytes) else { return };
    RUN.with_borrow_mut(|run| {
        run.server.send(&input);
        run.requests += 1;
        if run.requests % LOOK_EVERY == 0 {
            run.server.look();
        }
        if run.requests % RESTART_EVERY == 0 {
            run.restarts += 1;
            run.server.restart(run.restarts % RESTARTS_MAX == 0);
        }
    });
});
