//! Tests of mails: the way to a server, and the office over a clock that is moved by hand.
#![expect(clippy::unwrap_used, reason = "tests")]

mod office;
mod sending;
mod smtp_server;
