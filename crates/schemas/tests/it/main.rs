//! The whole crate from outside.

mod diff;
mod docs;
mod hostile;
mod infer;
mod lint;
mod reference;
mod samples;
mod tools;
