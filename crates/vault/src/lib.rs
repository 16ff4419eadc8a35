//! What stands for personal values where rows are compared and counted.
//!
//! Today that is a keyed pseudonym ([`Pseudonyms`]), which is computed and not stored. Values that
//! are kept are sealed in the row they came with; a vault that gives each a token and keeps it
//! apart takes that over.
//!
//! It refuses to log a value, and to be reachable from what reads the tables for people.

mod pseudonym;

pub use pseudonym::Pseudonyms;
