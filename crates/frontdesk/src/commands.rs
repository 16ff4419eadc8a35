//! The commands, a file each: parse nothing, decide little, call a library, print.

pub(crate) mod alerts;
pub(crate) mod check;
pub(crate) mod convert;
pub(crate) mod event;
pub(crate) mod export;
pub(crate) mod generate;
pub(crate) mod key;
pub(crate) mod load;
pub(crate) mod mail;
pub(crate) mod mcp;
pub(crate) mod quarantine;
pub(crate) mod query_worker;
pub(crate) mod rejects;
pub(crate) mod report;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod settings;
pub(crate) mod sql;
pub(crate) mod tail;
pub(crate) mod version;
