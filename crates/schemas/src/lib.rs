//! What people do with XDM schemas beside checking events by them.
//!
//! `xdm` reads schemas and checks; here a [`Corpus`] of them is documented, linted, compared,
//! composed, exported, inferred, and followed when events are spelled anew. This crate knows
//! no HTTP and no event store, and reads no files but schemas and their examples.
#![deny(unsafe_code)]

pub mod compose;
pub mod convert;
mod corpus;
mod diff;
pub mod docs;
pub mod export;
mod finding;
pub mod infer;
pub mod lint;
mod outline;
mod reading;
mod walk;

pub use corpus::{Corpus, Schema};
pub use diff::diff;
pub use finding::{Finding, Level, Proof, sarif};
pub use outline::{Outline, OutlineProperty, outline};
pub use xdm::Scalar;
