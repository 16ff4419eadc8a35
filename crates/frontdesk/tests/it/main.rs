//! Black-box tests: the real program, real directories, real sockets, nothing inside.
//!
//! Every wait is bounded and every test has a directory of its own. Nothing is timed.
#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

mod broken_schemas;
mod commands;
mod crash;
mod edge;
mod export;
mod grafana;
mod keys;
mod load;
mod mails;
mod mcp;
mod mistakes;
mod pages;
mod postgres;
mod quarantine;
mod queries;
mod reports;
mod schema_changes;
mod schemas;
mod serve;
mod server_process;
mod state;
mod summaries;
mod tls;
