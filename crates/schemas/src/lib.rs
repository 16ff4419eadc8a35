//! What people do with XDM schemas beside checking events by them.
//!
//! `xdm` reads schemas and checks; here a [`Corpus`] of them is documented and linted. This crate knows
//! no HTTP and no event store, and reads no files but schemas and their examples.
#![deny(unsafe_code)]

mod corpus;
pub mod docs;
mod finding;
pub mod lint;
mod reading;
mod walk;

pub use corpus::{Corpus, Schema};
pub use finding::{Finding, Level, Proof, sarif};
