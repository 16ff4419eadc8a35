//! The HTTP edge: the only crate that knows HTTP and wire JSON.
//!
//! It admits a request (limits, codings, query), hands the bytes to the pipeline
//! behind [`Front`], and turns the outcome into an answer. It decides nothing about
//! events: what is valid, stored or a duplicate is `intake`'s word, what a query may do
//! is `report`'s.
//!
//! Three habits hold everywhere here:
//! * **Refuse before memory grows.** Every body is counted against one budget of bytes
//!   while it arrives; past it the sender gets 503 with `Retry-After`, never an ack and
//!   a drop. See [`ServerOptions`] for every limit.
//! * **Every error is a problem document** (RFC 9457) with a stable `code` and the fix.
//!   What the log says is a second message. Neither holds a value that was sent.
//! * **A client that hangs up undoes nothing.** Its handler is dropped with the
//!   connection, which is safe because [`Front::submit`] promises that an append that
//!   has begun is finished; so handlers need no task of their own.
//!
//! Errors that the HTTP parser itself finds (a broken request line, headers over the
//! limit) are answered by hyper with 400 or 431 and no body, and the connection closes.

mod access;
mod answer;
mod body;
mod budget;
mod coding;
mod collection;
mod connection;
mod descriptors;
mod edge;
mod events;
mod front;
mod health;
mod held;
mod host;
mod house;
mod key;
mod listeners;
mod meters;
mod network;
mod openapi;
mod options;
mod pace;
mod pages;
mod problem;
mod receipt;
mod recorder;
mod refusal;
mod rejects;
mod reports;
mod routes;
mod sql;
mod tls;
mod web;

pub use access::{
    Access, Demand, KEY_FILE, KeyFile, KeyFileError, Keys, Listed, LocalKey, Made, NewKey, Scope, Standing,
};
pub use connection::serve;
pub use descriptors::{DESCRIPTORS_RESERVED, connections_that_fit, raise_descriptor_limit};
pub use front::{
    Described, Front, FrontError, Held, Hold, MetricKind, MetricSample, QueryFailure, Question, Readiness, Receipt,
    RejectedRow, SqlLimits, Stored, TableForm, Vitals,
};
pub use house::{House, serve_house};
pub use listeners::Listeners;
pub use network::{Datastream, ORG_ID};
pub use openapi::document as openapi_document;
pub use options::{OptionsError, ServerOptions};
pub use routes::{Method, ROUTES, Route};
pub use tls::{Tls, TlsError, TlsFiles, Validity};
