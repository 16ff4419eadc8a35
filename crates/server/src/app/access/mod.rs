//! Who may do what: API keys, their scopes, and when they are demanded.
//!
//! Each route says what it takes (`Access`, in its declaration), and every request passes
//! `AccessControl::admit` before its handler sees it. What comes out is a `Principal`, which
//! travels with the call. Nothing is answered on the way past it: a path that no route has
//! is closed too.

pub(crate) mod control;
pub(crate) mod cookie;
pub(crate) mod credential;
pub(crate) mod datastream;
pub(crate) mod digest;
mod failures;
pub(crate) mod file;
pub(crate) mod key;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod page;
pub(crate) mod principal;
pub(crate) mod reading;
pub(crate) mod refusal;
pub(crate) mod scope;
pub(crate) mod session;
pub(crate) mod token;
pub(crate) mod verifier;
