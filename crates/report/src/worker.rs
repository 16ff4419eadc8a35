//! Queries in a process of their own: this program once more, as `frontdesk query-worker`.
//!
//! Which function of the engine recurses without end, or asks for a terabyte, is a list that
//! is never complete, and neither a refused allocation nor an overflowed stack can be
//! survived inside a process. So a person's query runs where it can end nothing but itself:
//!
//! * a worker runs one query at a time, under a limit of memory that the kernel keeps
//!   ([`memory`]); at the end of its time, or when nobody waits for its answer any more, it
//!   is killed and another one started ([`pool`]);
//! * it is given the tables' directory, the version to read and the rows that are not
//!   committed yet, each once ([`rows`]); no key, no environment, no open file of ours. It
//!   reads and writes one socket, and ends when that closes, so with its parent;
//! * what it says is taken in pieces of bounded length and believed no further than that
//!   ([`frame`]).

pub(crate) mod export;
pub(crate) mod frame;
mod hangup;
mod memory;
pub(crate) mod pool;
pub(crate) mod process;
mod rows;
mod serve;
pub(crate) mod stats;

pub use serve::serve;
