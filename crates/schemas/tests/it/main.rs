//! The whole crate from outside.

mod diff;
mod docs;
mod lint;
mod reference;
mod samples;
mod tools;
