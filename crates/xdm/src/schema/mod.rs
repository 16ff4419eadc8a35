//! Schemas as documents: what is read, where a reference leads, and what is wrong with
//! them, each with file and pointer. What the keywords mean is `model`'s and `keyword`'s.

pub(crate) mod bundled;
pub(crate) mod directory;
pub(crate) mod document;
pub(crate) mod fault;
pub(crate) mod pointer;
pub(crate) mod registry;
pub(crate) mod spelling;
pub(crate) mod uri;
