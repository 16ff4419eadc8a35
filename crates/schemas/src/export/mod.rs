//! Schemas for other tools: editors, generators of code, compilers of senders' code.

mod json_schema;
mod typescript;

pub use json_schema::json_schema_2020_12;
pub use typescript::{Names, typescript};
