//! The vault: what turns personal values into sealed bytes, and back.
//!
//! Today it owns three things. [`Key`] is the one secret of a data directory, kept in a
//! file that only its owner may read; every other key is derived from it for a
//! *purpose* (`journal`, `events`, `rejects`), so that bytes sealed for one purpose
//! don't open as another. [`Sealer`] seals and opens values under one purpose.
//! [`Pseudonyms`] makes what stands for a value where values are only compared.
//!
//! It refuses to know what is sealed: no tables, no events, no logging of values.

mod key;
mod pseudonym;
mod sealer;

pub use key::{Key, KeyError};
pub use pseudonym::Pseudonyms;
pub use sealer::{OpenError, SEALED_OVERHEAD_BYTES, Sealer};
