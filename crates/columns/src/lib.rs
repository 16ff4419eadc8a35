//! The columns of table `events`: filled while an event is checked, shown as Arrow, written as Parquet pages.
//!
//! A crate of its own, since every byte of an event passes through it: it is compiled for speed, and what
//! `table` does with Delta Lake and the query engine is not.

mod block;
mod encode;
mod shape;

pub use block::{Block, LeafValues, LeafView, ListView, PersonalValue, Row, RowSet, Seal, TextsView};
pub use encode::checksummed::Checksummed;
pub use encode::crc::crc32;
pub use encode::header::BareHeader;
pub use encode::{EncodeError, EncodeOptions, Encoder, FileEncoder, FileSummary, FileWriter, RowGroup};
pub use shape::{CONTENT_MAC, EVENT_DATE, LEGACY_HASH, MapOfLists, Shape, ShapeError};
