//! Exports: all rows of a span of time, to take along.
//!
//! An [`ExportRequest`] is read from the same words as a report. Its rows are those of a view, so they hold what
//! SQL shows and no personal value; they are read over one moment of the table, written as they come
//! ([`write`]) and never held whole, however many there are.

pub(crate) mod request;
mod statement;
pub(crate) mod write;

pub use request::{EXPORT_PARAMETERS, ExportError, ExportForm, ExportRequest, ExportTable};
