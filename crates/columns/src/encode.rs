//! Blocks of events into Parquet, with our own pages.
//!
//! ```text
//! Block ─push─► Encoder ─finish─► RowGroup ─append─► FileWriter ─finish─► file, FileSummary
//!            (one per thread)   (finished bytes)   (one per file)
//! ```
//!
//! A general writer takes Arrow arrays and hashes every text again for its dictionary;
//! a [`Block`] already has what a page wants, so encoding is copying, packing and one
//! compression call. The `parquet` crate writes page headers and the footer. What it
//! would do and this doesn't: page indexes, bloom filters, statistics per page.
//!
//! [`Encoder`] and [`FileWriter`] are apart, so that threads can each encode row groups
//! for one file; [`FileEncoder`] is the two together for one thread. After an error
//! both are to be dropped, and the file with them.

pub(crate) mod checksummed;
mod chunk;
pub(crate) mod crc;
mod delta;
mod file;
pub(crate) mod header;
mod levels;
mod nested;
mod page;
mod rle;
mod stats;
mod text;

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use parquet::file::statistics::Statistics;

use self::chunk::Chunk;
pub use self::file::{FileSummary, FileWriter};
use self::page::PageEncoder;
use self::stats::Range;
use crate::block::Block;
use crate::shape::{Own, Shape};

/// A file that can't be made.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The compressor refused its level or failed.
    #[error("compressing a page failed; use a zstd level of 1 to 22: {0}")]
    Compress(#[source] io::Error),
    /// The output failed.
    #[error("the data file can't be written: {0}")]
    Write(#[source] io::Error),
    /// The `parquet` crate refused what it was given.
    #[error("the data file can't be composed: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A list's values don't match its items. A defect of the decoder, not of the event.
    #[error("column {0} has values outside its objects; the events of this block can't be stored")]
    Askew(String),
    /// Parquet numbers row groups with 15 bits.
    #[error("a data file has at most 32767 row groups; begin another file")]
    RowGroups,
    /// Parquet counts a page's bytes with 31 bits.
    #[error("a page has more than 2 GiB; store fewer events in a block")]
    PageTooLarge,
}

/// How pages and row groups are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeOptions {
    /// zstd's level: 1 (fast) to 22.
    pub zstd_level: i32,
    /// Events of a row group, unless a single block has more.
    pub row_group_rows_max: usize,
    /// Encoded bytes of a row group after which it ends.
    pub row_group_bytes_max: usize,
    /// Bytes of values after which a page ends.
    pub page_bytes_max: usize,
    /// Levels (rows, or items of a list) after which a page ends.
    pub page_rows_max: usize,
}

impl Default for EncodeOptions {
    fn default() -> EncodeOptions {
        EncodeOptions {
            zstd_level: 1,
            row_group_rows_max: 131_072,
            row_group_bytes_max: 64 * 1024 * 1024,
            page_bytes_max: 128 * 1024,
            page_rows_max: 131_072,
        }
    }
}

/// A row group's columns as bytes, ready to be written anywhere in a file.
#[derive(Debug, Default)]
pub struct RowGroup {
    rows: usize,
    chunks: Vec<FinishedChunk>,
    timestamp_micros: Option<(i64, i64)>,
    timestamp_nulls: u64,
    received_micros: Option<(i64, i64)>,
}

impl RowGroup {
    /// Events.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes that it adds to a file, without its part of the footer.
    pub fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.dictionary.len() + chunk.data.len()).sum()
    }
}

/// One column of a row group as bytes.
#[derive(Debug, Default)]
pub(crate) struct FinishedChunk {
    /// The dictionary page, if there is one.
    dictionary: Vec<u8>,
    /// The data pages.
    data: Vec<u8>,
    uncompressed: usize,
    levels: usize,
    dictionary_pages: i32,
    plain_pages: i32,
    delta_pages: i32,
    range: Range,
    nulls: u64,
    statistics: Option<Statistics>,
}

impl FinishedChunk {
    /// Empties it; keeps the memory.
    fn clear(&mut self) {
        let (mut dictionary, mut data) = (std::mem::take(&mut self.dictionary), std::mem::take(&mut self.data));
        dictionary.clear();
        data.clear();
        *self = FinishedChunk { dictionary, data, ..FinishedChunk::default() };
    }
}

/// One row group in the making.
pub struct Encoder {
    shape: Arc<Shape>,
    options: EncodeOptions,
    chunks: Vec<Chunk>,
    page_encoder: PageEncoder,
    /// Item offsets of the lists of the block being pushed.
    offsets: Vec<Vec<u32>>,
    rows: usize,
}

impl Encoder {
    /// An encoder for events of this shape.
    ///
    /// # Errors
    /// If the zstd level is refused.
    pub fn new(shape: Arc<Shape>, options: EncodeOptions) -> Result<Encoder, EncodeError> {
        let chunk = |&column: &u16| Chunk::new(shape.leaves()[usize::from(column)].clone(), usize::from(column));
        Ok(Encoder {
            chunks: shape.file_order().iter().map(chunk).collect(),
            page_encoder: PageEncoder::new(options.zstd_level)?,
            offsets: vec![Vec::new(); shape.layout().lists.len()],
            rows: 0,
            options,
            shape,
        })
    }

    /// Appends a block's events. See [`has_room_for`](Self::has_room_for).
    ///
    /// # Errors
    /// See [`EncodeError`]; the row group is then unusable.
    ///
    /// # Panics
    /// If the block has personal values that are not protected.
    pub fn push(&mut self, block: &Block) -> Result<(), EncodeError> {
        assert!(block.is_protected(), "personal values are protected before rows are written");
        debug_assert!(Arc::ptr_eq(&self.shape, block.shape()), "a block of another shape");
        if block.rows() == 0 {
            return Ok(());
        }
        for (list, offsets) in block.lists().iter().zip(&mut self.offsets) {
            if !list.ends.is_empty() {
                list.offsets(block.space_rows(usize::from(list.space)), offsets);
            }
        }
        for chunk in &mut self.chunks {
            chunk.append(block, &self.offsets, &self.options, &mut self.page_encoder)?;
        }
        self.rows += block.rows();
        Ok(())
    }

    /// Whether the row group should take this block, or end first.
    pub fn has_room_for(&self, block: &Block) -> bool {
        self.rows == 0
            || (self.rows + block.rows() <= self.options.row_group_rows_max
                && self.buffered_bytes() < self.options.row_group_bytes_max)
    }

    /// Events of the row group so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes that the row group would add to a file, roughly.
    pub fn buffered_bytes(&self) -> usize {
        self.chunks.iter().map(Chunk::buffered_bytes).sum()
    }

    /// Heap bytes held, whether in use or not.
    pub fn heap_bytes(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(Chunk::heap_bytes).sum();
        chunks
            + self.page_encoder.heap_bytes()
            + self.offsets.iter().map(|offsets| offsets.capacity() * 4).sum::<usize>()
    }

    /// Ends the row group; the next one begins. `into`'s memory is recycled.
    ///
    /// # Errors
    /// If compressing fails.
    pub fn finish(&mut self, into: &mut RowGroup) -> Result<(), EncodeError> {
        into.chunks.resize_with(self.chunks.len(), FinishedChunk::default);
        for (chunk, done) in self.chunks.iter_mut().zip(&mut into.chunks) {
            chunk.finish(&mut self.page_encoder, done)?;
        }
        let leaf_of = |column: usize| self.shape.file_order().iter().position(|&leaf| usize::from(leaf) == column);
        let timestamp = leaf_of(self.shape.timestamp_slot().index()).map(|at| &into.chunks[at]);
        let received = leaf_of(self.shape.own(Own::ReceivedAt)).map(|at| &into.chunks[at]);
        into.timestamp_micros = timestamp.and_then(|chunk| chunk.range.as_longs());
        into.timestamp_nulls = timestamp.map_or(0, |chunk| chunk.nulls);
        into.received_micros = received.and_then(|chunk| chunk.range.as_longs());
        into.rows = std::mem::take(&mut self.rows);
        Ok(())
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("rows", &self.rows).field("options", &self.options).finish_non_exhaustive()
    }
}

/// An encoder and the file it writes to: row groups go out as they fill.
pub struct FileEncoder<W> {
    encoder: Encoder,
    group: RowGroup,
    file: FileWriter<W>,
}

impl<W: Write> FileEncoder<W> {
    /// Begins a file on `out` with an encoder that has no rows.
    ///
    /// # Errors
    /// If `out` can't be written to.
    pub fn new(encoder: Encoder, out: W) -> Result<FileEncoder<W>, EncodeError> {
        debug_assert_eq!(encoder.rows, 0, "an encoder begins a file at a row group's boundary");
        let file = FileWriter::new(&encoder.shape, out)?;
        Ok(FileEncoder { encoder, group: RowGroup::default(), file })
    }

    /// Appends a block's events.
    ///
    /// # Errors
    /// See [`EncodeError`]; the file is then unusable.
    pub fn push(&mut self, block: &Block) -> Result<(), EncodeError> {
        if !self.encoder.has_room_for(block) {
            self.flush()?;
        }
        self.encoder.push(block)
    }

    /// Bytes that the file would have if it ended now, roughly and without its footer.
    pub fn bytes(&self) -> u64 {
        self.file.bytes() + self.encoder.buffered_bytes() as u64
    }

    /// Events so far.
    pub fn rows(&self) -> u64 {
        self.file.rows() + self.encoder.rows() as u64
    }

    /// Ends the file; gives back the encoder for the next one, and the output, flushed
    /// but not synced.
    ///
    /// # Errors
    /// See [`EncodeError`]; the file is then unusable.
    pub fn finish(mut self) -> Result<(Encoder, W, FileSummary), EncodeError> {
        self.flush()?;
        let (out, summary) = self.file.finish()?;
        Ok((self.encoder, out, summary))
    }

    fn flush(&mut self) -> Result<(), EncodeError> {
        if self.encoder.rows() > 0 {
            self.encoder.finish(&mut self.group)?;
            self.file.append(&self.group)?;
        }
        Ok(())
    }
}

impl<W> fmt::Debug for FileEncoder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileEncoder").field("encoder", &self.encoder).finish_non_exhaustive()
    }
}
