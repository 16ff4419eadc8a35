//! Compresses a page's body and appends the page, header and all, to a column chunk.
//!
//! Version 1 data pages: every reader knows them, and one compression call does levels
//! and values. The header carries the body's checksum, see [`super::header`].

use parquet::basic::Encoding;
use zstd::bulk::Compressor;
use zstd::zstd_safe::compress_bound;

use super::EncodeError;
use super::crc::crc32;
use super::header::{PageHeader, PageKind};

/// A compressor and the buffers around it, kept from page to page.
pub(crate) struct PageEncoder {
    compressor: Compressor<'static>,
    /// The body of the next page; filled by the caller.
    pub(crate) raw: Vec<u8>,
    packed: Vec<u8>,
}

impl PageEncoder {
    pub(crate) fn new(zstd_level: i32) -> Result<PageEncoder, EncodeError> {
        let compressor = Compressor::new(zstd_level).map_err(EncodeError::Compress)?;
        Ok(PageEncoder { compressor, raw: Vec::new(), packed: Vec::new() })
    }

    /// Appends `raw` as a data page of `levels` levels; returns its uncompressed size.
    pub(crate) fn data_page(
        &mut self,
        levels: usize,
        encoding: Encoding,
        chunk: &mut Vec<u8>,
    ) -> Result<usize, EncodeError> {
        self.write(chunk, PageKind::Data(encoding), levels)
    }

    /// Appends `raw` as the dictionary page of `entries` entries; returns its uncompressed size.
    pub(crate) fn dictionary_page(&mut self, entries: usize, chunk: &mut Vec<u8>) -> Result<usize, EncodeError> {
        self.write(chunk, PageKind::Dictionary, entries)
    }

    fn write(&mut self, chunk: &mut Vec<u8>, kind: PageKind, values: usize) -> Result<usize, EncodeError> {
        self.packed.clear();
        self.packed.reserve(compress_bound(self.raw.len()));
        self.compressor.compress_to_buffer(&self.raw, &mut self.packed).map_err(EncodeError::Compress)?;
        let count = |count: usize| i32::try_from(count).map_err(|_| EncodeError::PageTooLarge);
        let header = PageHeader {
            kind,
            values: count(values)?,
            uncompressed: count(self.raw.len())?,
            compressed: count(self.packed.len())?,
            crc: crc32(&self.packed),
        };
        let header_bytes = header.write(chunk);
        chunk.extend_from_slice(&self.packed);
        Ok(header_bytes + self.raw.len())
    }

    /// Heap bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.raw.capacity() + self.packed.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::BareHeader;
    use super::*;

    #[test]
    fn every_page_carries_the_checksum_of_its_body() {
        let mut page_encoder = PageEncoder::new(1).expect("a level");
        let mut chunk = Vec::new();
        page_encoder.raw.extend_from_slice(&b"made up ".repeat(1000));
        let uncompressed = page_encoder.dictionary_page(7, &mut chunk).expect("a page");
        let first = BareHeader::read(&chunk).expect("a header");
        assert_eq!(uncompressed, first.bytes + 8000);
        page_encoder.data_page(4711, Encoding::RLE_DICTIONARY, &mut chunk).expect("a page");
        let mut pages = &chunk[..];
        while !pages.is_empty() {
            let header = BareHeader::read(pages).expect("a header");
            let (page, rest) = pages.split_at(header.bytes + header.body_bytes);
            assert_eq!(header.crc, Some(crc32(&page[header.bytes..])));
            pages = rest;
        }
    }
}
