//! Events on their way to being rows: which are known already, how one becomes a row, and
//! rows into files. The drain and the bulk load share this folder, and so make the same rows.

pub(crate) mod dates;
pub(crate) mod dedupe;
pub(crate) mod derive;
pub(crate) mod files;
pub(crate) mod known;
pub(crate) mod links;
pub(crate) mod rejects;
pub(crate) mod scheme;
