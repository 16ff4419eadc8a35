//! The whole crate from outside: verdicts, decoding, odd values, hostile bytes.

mod captures;
mod decoding;
mod odd_values;
mod personal;
mod reference;
mod schemas;
mod tree;
mod verdicts;
