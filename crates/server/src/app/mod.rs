//! The middle layer: one server's state and rules, whatever its routes are.
//!
//! It knows who may do what ([`access`]), what stands behind the server ([`backend`]), what
//! a route declares ([`route`]), how an outcome becomes an answer ([`respond`]), and keeps
//! counts and the window for people who watch. It imports [`crate::http`] and never
//! [`crate::api`]: which routes there are is told to it when a server starts.

pub(crate) mod access;
pub(crate) mod alerts;
pub(crate) mod backend;
pub(crate) mod call;
pub(crate) mod datastream;
pub(crate) mod demo_data;
pub(crate) mod embedded;
pub(crate) mod exposition;
pub(crate) mod first_receipt;
pub(crate) mod meters;
pub(crate) mod name;
pub(crate) mod operation;
pub(crate) mod options;
pub(crate) mod org_warnings;
pub(crate) mod receipt;
pub(crate) mod recorder;
pub(crate) mod request_id;
pub(crate) mod respond;
pub(crate) mod route;
pub(crate) mod schemas;
pub(crate) mod shared_streams;
pub(crate) mod state;
pub(crate) mod submit;
pub(crate) mod timestamp;
pub(crate) mod unavailable;
