//! One column of a row group in the making: values and levels until they fill a page.
//!
//! Pages don't follow blocks: a page collects values over as many blocks as it takes,
//! so that a column of booleans or a nearly empty one has one page, not one per block.
//!
//! A text column begins each row group with a dictionary and leaves it (the pages
//! written so far keep it) when its values turn out not to repeat enough, or the
//! dictionary grows too large for readers. What a block has interned needs one table
//! look-up per value; what it has given up interning is tried again here, because a
//! value that is rare in a block may be frequent in a row group of sixteen.

use ::arrow::datatypes::ToByteSlice;
use parquet::basic::Encoding;

use super::delta;
use super::levels;
use super::nested::{Nested, sized};
use super::page::PageEncoder;
use super::rle;
use super::stats::{self, Range};
use super::text::TextPage;
use super::{EncodeError, EncodeOptions, FinishedChunk};
use crate::block::Block;
use crate::block::bits::Bits;
use crate::block::column::Values;
use crate::shape::{Kind, Leaf, Step};

/// Bytes of an integer up to which packed differences are worth a reader's while.
const DELTA_BYTES_MAX: usize = 7;

/// The levels of the page in the making.
enum Levels {
    /// One bitmap for each thing above the leaf that can be absent, and the leaf's own.
    Flat { planes: Vec<Bits>, rows: usize },
    /// Of a leaf below lists.
    Nested(Nested),
}

/// One column of a row group in the making.
pub(crate) struct Chunk {
    leaf: Leaf,
    /// Index of the column in a block.
    column: usize,
    levels: Levels,
    text: TextPage,
    /// Values of the page as PLAIN stores them: doubles, and bytes without a dictionary.
    plain: Vec<u8>,
    longs: Vec<i64>,
    booleans: Vec<bool>,
    range: Range,
    done: FinishedChunk,
    value_count: usize,
}

impl Chunk {
    pub(crate) fn new(leaf: Leaf, column: usize) -> Chunk {
        let levels = if leaf.rep_max() > 0 {
            Levels::Nested(Nested::default())
        } else {
            Levels::Flat { planes: vec![Bits::default(); usize::from(leaf.def_max())], rows: 0 }
        };
        Chunk {
            leaf,
            column,
            levels,
            text: TextPage::default(),
            plain: Vec::new(),
            longs: Vec::new(),
            booleans: Vec::new(),
            range: Range::default(),
            done: FinishedChunk::default(),
            value_count: 0,
        }
    }

    /// Appends a block's column. `offsets` are the block's lists' item offsets.
    pub(crate) fn append(
        &mut self,
        block: &Block,
        offsets: &[Vec<u32>],
        options: &EncodeOptions,
        page_encoder: &mut PageEncoder,
    ) -> Result<(), EncodeError> {
        let column = &block.columns()[self.column];
        let count = column.values.len();
        if count > 0 {
            self.append_values(&column.values, options, page_encoder)?;
            self.value_count += count;
        }
        match &mut self.levels {
            Levels::Flat { planes, rows } => {
                let mut planes = planes.iter_mut();
                for (step, plane) in self.leaf.steps.iter().zip(&mut planes) {
                    if let Step::Struct(slot) = step {
                        plane.append(*rows, &block.structs()[slot.index()].valid);
                    }
                }
                if let Some(plane) = planes.next() {
                    plane.append(*rows, &column.valid);
                }
                *rows += block.rows();
            }
            Levels::Nested(nested) => {
                if nested.append(block, &self.leaf, &column.valid, offsets) != count {
                    return Err(EncodeError::Askew(block.shape().layout().columns[self.column].path.clone()));
                }
            }
        }
        if self.pending_bytes() >= options.page_bytes_max || self.pending_levels() >= options.page_rows_max {
            self.flush_page(page_encoder)?;
        }
        Ok(())
    }

    fn append_values(
        &mut self,
        values: &Values,
        options: &EncodeOptions,
        page_encoder: &mut PageEncoder,
    ) -> Result<(), EncodeError> {
        match values {
            Values::Long(longs) => {
                self.range.longs(longs);
                self.longs.extend_from_slice(longs);
            }
            Values::Double(doubles) => {
                self.range.doubles(doubles);
                self.plain.extend_from_slice(doubles.as_slice().to_byte_slice());
            }
            Values::Boolean(booleans) => {
                self.range.booleans(booleans);
                self.booleans.extend_from_slice(booleans);
            }
            Values::Binary(binary) => self.plain.extend_from_slice(binary.page()),
            Values::Text(text) => {
                if self.text.intern(text, options.row_group_rows_max) {
                    return Ok(());
                }
                if self.text.is_interning() {
                    if self.pending_levels() > 0 {
                        self.flush_page(page_encoder)?;
                    }
                    self.text.give_up(self.done.dictionary_pages > 0);
                }
                TextPage::append_plain(text, &mut self.plain);
            }
        }
        Ok(())
    }

    /// Heap bytes that what is not yet a page takes, roughly.
    fn pending_bytes(&self) -> usize {
        self.plain.len() + self.longs.len() * 8 + self.text.pending_bytes() + self.booleans.len() / 8
    }

    fn pending_levels(&self) -> usize {
        match &self.levels {
            Levels::Flat { rows, .. } => *rows,
            Levels::Nested(nested) => nested.len(),
        }
    }

    /// Bytes that the chunk would add to the file if it ended now, roughly.
    pub(crate) fn buffered_bytes(&self) -> usize {
        self.done.data.len() + self.pending_bytes() + self.text.dictionary_bytes()
    }

    /// Heap bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        let levels = match &self.levels {
            Levels::Flat { planes, .. } => planes.iter().map(Bits::heap_bytes).sum(),
            Levels::Nested(nested) => nested.heap_bytes(),
        };
        let values = self.plain.capacity() + self.longs.capacity() * 8 + self.booleans.capacity();
        levels + self.text.heap_bytes() + values + self.done.data.capacity() + self.done.dictionary.capacity()
    }

    /// Ends the page in the making.
    fn flush_page(&mut self, page_encoder: &mut PageEncoder) -> Result<(), EncodeError> {
        let count = self.pending_levels();
        page_encoder.raw.clear();
        match &mut self.levels {
            Levels::Flat { planes, rows } => {
                if !planes.is_empty() {
                    sized(&mut page_encoder.raw, |out| levels::encode(planes, *rows, out));
                }
                planes.iter_mut().for_each(Bits::clear);
                *rows = 0;
            }
            Levels::Nested(nested) => {
                nested.encode(&self.leaf, &mut page_encoder.raw);
                nested.clear();
            }
        }
        let encoding = self.encode_values(&mut page_encoder.raw);
        match encoding {
            Encoding::RLE_DICTIONARY => self.done.dictionary_pages += 1,
            Encoding::DELTA_BINARY_PACKED => self.done.delta_pages += 1,
            _ => self.done.plain_pages += 1,
        }
        self.done.levels += count;
        self.done.uncompressed += page_encoder.data_page(count, encoding, &mut self.done.data)?;
        Ok(())
    }

    /// Appends the page's values to its body, in the encoding that suits them.
    fn encode_values(&mut self, body: &mut Vec<u8>) -> Encoding {
        if self.text.encode(body) {
            return Encoding::RLE_DICTIONARY;
        }
        let mut encoding = Encoding::PLAIN;
        if !self.longs.is_empty() {
            let start = body.len();
            delta::encode(&self.longs, body);
            if body.len() - start < self.longs.len() * DELTA_BYTES_MAX {
                encoding = Encoding::DELTA_BINARY_PACKED;
            } else {
                // Hashes and the like: differences of noise are noise.
                body.truncate(start);
                body.extend_from_slice(self.longs.as_slice().to_byte_slice());
            }
        }
        body.extend_from_slice(&self.plain);
        rle::booleans(&self.booleans, body);
        self.longs.clear();
        self.plain.clear();
        self.booleans.clear();
        encoding
    }

    /// Ends the chunk: swaps it with `into`, whose memory the next chunk gets.
    pub(crate) fn finish(
        &mut self,
        page_encoder: &mut PageEncoder,
        into: &mut FinishedChunk,
    ) -> Result<(), EncodeError> {
        if self.done.dictionary_pages == 0 {
            self.text.expand_if_distinct(&mut self.plain);
        }
        if self.pending_levels() > 0 {
            self.flush_page(page_encoder)?;
        }
        if self.done.dictionary_pages > 0 {
            let entries = self.text.dictionary();
            page_encoder.raw.clear();
            page_encoder.raw.extend_from_slice(entries.page());
            self.done.uncompressed += page_encoder.dictionary_page(entries.len(), &mut self.done.dictionary)?;
        }
        let nulls = (self.done.levels - self.value_count) as u64;
        self.done.range = self.range;
        self.done.nulls = nulls;
        self.done.statistics = match self.leaf.kind {
            Kind::Text => Some(stats::text(self.text.complete_dictionary(), nulls)),
            Kind::Binary => Some(stats::text(None, nulls)),
            _ => self.range.statistics(nulls),
        };
        self.text.clear();
        self.range = Range::default();
        self.value_count = 0;
        into.clear();
        std::mem::swap(into, &mut self.done);
        Ok(())
    }
}
