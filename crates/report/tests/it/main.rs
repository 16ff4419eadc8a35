//! The crate from outside: SQL files with known answers, the report, limits, documents.

#![expect(clippy::unwrap_used, reason = "a test stops where its ground gives way")]

mod alerts;
mod docs;
mod fixture;
mod limits;
mod output;
mod postgres;
mod report;
mod reports;
mod slt;
mod store;
mod summaries;
