//! The whole crate from outside: verdicts, decoding, odd values, hostile bytes.

mod captures;
mod corpus;
mod decoding;
mod differences;
mod examples;
mod odd_values;
mod peer;
mod personal;
mod reference;
mod schemas;
mod suite;
mod tree;
mod verdicts;
