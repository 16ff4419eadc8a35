//! Compresses a page's body and appends the page, header and all, to a column chunk.
//!
//! Version 1 data pages: every reader knows them, and one compression call does levels
//! and values. The header is written by the `parquet` crate.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use zstd::bulk::Compressor;
use zstd::zstd_safe::compress_bound;

use super::EncodeError;

/// A compressor and the buffers around it, kept from page to page.
pub(crate) struct Press {
    compressor: Compressor<'static>,
    /// The body of the next page; filled by the caller.
    pub(crate) raw: Vec<u8>,
    packed: Vec<u8>,
}

impl Press {
    pub(crate) fn new(zstd_level: i32) -> Result<Press, EncodeError> {
        let compressor = Compressor::new(zstd_level).map_err(EncodeError::Compress)?;
        Ok(Press { compressor, raw: Vec::new(), packed: Vec::new() })
    }

    /// Appends `raw` as a data page of `levels` levels; returns its uncompressed size.
    pub(crate) fn data_page(
        &mut self,
        levels: usize,
        encoding: Encoding,
        chunk: &mut Vec<u8>,
    ) -> Result<usize, EncodeError> {
        self.write(chunk, |buf| Page::DataPage {
            buf,
            num_values: levels as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        })
    }

    /// Appends `raw` as the dictionary page of `entries` entries; returns its uncompressed size.
    pub(crate) fn dictionary_page(&mut self, entries: usize, chunk: &mut Vec<u8>) -> Result<usize, EncodeError> {
        self.write(chunk, |buf| Page::DictionaryPage {
            buf,
            num_values: entries as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        })
    }

    fn write(&mut self, chunk: &mut Vec<u8>, page: impl FnOnce(Bytes) -> Page) -> Result<usize, EncodeError> {
        self.packed.clear();
        self.packed.reserve(compress_bound(self.raw.len()));
        self.compressor.compress_to_buffer(&self.raw, &mut self.packed).map_err(EncodeError::Compress)?;
        let body = Bytes::from(std::mem::take(&mut self.packed));
        let page = CompressedPage::new(page(body.clone()), self.raw.len());
        let mut out = TrackedWrite::new(chunk);
        let mut writer = SerializedPageWriter::new(&mut out);
        let written = writer.write_page(page)?;
        writer.close()?;
        // The page is gone, so this takes the buffer back instead of copying it.
        self.packed = Vec::from(body);
        Ok(written.uncompressed_size)
    }

    /// Heap bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.raw.capacity() + self.packed.capacity()
    }
}
