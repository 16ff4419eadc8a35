//! Texts of events: files, standard input and the bodies of requests, read by one set of
//! rules. What something is, is recognised by its first bytes and not by its name; how it holds
//! events, by its first value. Reading is streaming and its memory bounded.

pub(crate) mod chunks;
pub(crate) mod error;
pub(crate) mod format;
pub(crate) mod gzip;
mod reader;
pub(crate) mod shape;
pub(crate) mod source;
pub(crate) mod split;

pub use self::error::{InputError, unreadable};
pub use self::format::{Foreign, foreign_format};
pub use self::gzip::Gzip;
pub use self::reader::{Batch, EventPosition, EventReader};
pub use self::shape::Shape;
pub use self::source::LoadInput;
