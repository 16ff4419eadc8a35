//! What people keep beside the events: saved views, notes on the time line, links for people without a key; and which mails were sent.
//!
//! It is one SQLite file, `state/frontdesk.sqlite` in the data directory, and this is the only crate that
//! knows so. What a call has returned is durable (WAL with `synchronous = FULL`), and a call either did all of it or
//! nothing. A file that is damaged, somebody else's or of a newer version is refused in words that say what to do; it is
//! never replaced by an empty one. A [copy](StateCopy) of it as it was last whole lies beside it.
//!
//! * [`State`] is the open file. One process has it: whoever opens it holds the data directory.
//! * [`views`], [`notes`], [`shares`] and [`mailings`] are its stores, a module and some tables each. A new one is a module, a
//!   numbered file of `migrations/` and a line in `migrations`' list.
//!
//! A connection is held for one call and never across anything else; each call ends after [`CALL_TIME_MAX`]. What is a
//! secret comes here as a hash. Texts are checked for length and control characters only: what they mean is the caller's.
#![forbid(unsafe_code)]

mod copy;
mod error;
mod migrations;
mod open;
mod state;
mod text;

pub mod mailings;
pub mod notes;
pub mod shares;
pub mod views;

pub use copy::StateCopy;
pub use error::{OpenError, StateError};
pub use open::STATE_FILE;
pub use state::{CALL_TIME_MAX, State};
pub use text::TextError;
