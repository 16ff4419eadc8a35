//! The whole crate from outside.

mod docs;
mod lint;
mod reference;
mod samples;
