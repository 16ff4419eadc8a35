//! The keys of a data directory, and sealing under them.
//!
//! [`MasterKey`] is the one secret of a data directory, kept in a file that only its owner may
//! read. Every other key is derived from it for a *purpose* (`journal`, `events`, `rejects`), so
//! that bytes sealed for one purpose don't open as another. [`Sealer`] seals and opens bytes
//! under one purpose.
//!
//! It refuses to know what is sealed: no tables, no events, no logging of values.

mod master;
mod sealer;

pub use master::{KeyError, MasterKey};
pub use sealer::{OpenError, SEALED_OVERHEAD_BYTES, Sealer};
