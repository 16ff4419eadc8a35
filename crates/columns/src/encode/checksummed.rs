//! Puts a checksum into every page that the `parquet` crate writes, on the way to the file.
//!
//! The crate's writer verifies checksums when it reads and writes none. What it writes goes
//! through here: each page gets its checksum, everything moves by a few bytes a page, and the
//! footer, which is held back, is written with the new offsets. One page is held in memory.
//!
//! Refuses files with page indexes, since those hold offsets too; ours are written without.

use std::collections::BTreeMap;
use std::io::{self, Write};

use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataReader, ParquetMetaDataWriter};

use super::crc::crc32;
use super::header::BareHeader;

const MAGIC: &[u8; 4] = b"PAR1";
/// Behind the footer: its length and the magic.
const TAIL_BYTES: usize = 8;

/// A file in the making.
pub struct Checksummed<W> {
    out: W,
    /// Bytes of the page that is arriving, or of the footer.
    held: Vec<u8>,
    in_footer: bool,
    /// Bytes taken in and passed on so far.
    taken: u64,
    passed: u64,
    /// Where pages began, and where they begin now.
    moved: BTreeMap<u64, u64>,
    page: Vec<u8>,
}

impl<W: Write> Checksummed<W> {
    /// Pages are passed on to `out`.
    pub fn new(out: W) -> Checksummed<W> {
        let moved = BTreeMap::new();
        Checksummed { out, held: Vec::new(), in_footer: false, taken: 0, passed: 0, moved, page: Vec::new() }
    }

    /// What follows is the footer. The writer has handed all pages over.
    pub fn end_pages(&mut self) -> io::Result<()> {
        self.pass_pages()?;
        if !self.held.is_empty() {
            return Err(io::Error::other("a page was not written to its end"));
        }
        self.moved.insert(self.taken, self.passed);
        self.in_footer = true;
        Ok(())
    }

    /// Writes the footer and gives the output back.
    pub fn finish(mut self) -> Result<W, ParquetError> {
        let footer = self.held.len().checked_sub(TAIL_BYTES).ok_or_else(|| general("the footer is missing"))?;
        let metadata = ParquetMetaDataReader::decode_metadata(&self.held[..footer])?;
        let metadata = self.rebase(metadata)?;
        let mut bytes = Vec::new();
        ParquetMetaDataWriter::new(&mut bytes, &metadata).finish()?;
        self.out.write_all(&bytes)?;
        Ok(self.out)
    }

    fn rebase(&self, metadata: ParquetMetaData) -> Result<ParquetMetaData, ParquetError> {
        let place = |old: i64| -> Result<i64, ParquetError> {
            let new =
                self.moved.get(&old.cast_unsigned()).ok_or_else(|| general("a page is not where it should be"))?;
            Ok(new.cast_signed())
        };
        let mut groups = Vec::with_capacity(metadata.num_row_groups());
        for group in metadata.row_groups() {
            let mut columns = Vec::with_capacity(group.num_columns());
            let mut added = 0;
            for column in group.columns() {
                if column.offset_index_offset().is_some() || column.column_index_offset().is_some() {
                    return Err(general("page indexes can't be moved"));
                }
                let (start, bytes) = column.byte_range();
                let (start, end) = (start.cast_signed(), (start + bytes).cast_signed());
                let grown = place(end)? - place(start)?;
                added += grown - (end - start);
                let dictionary = column.dictionary_page_offset().map(place).transpose()?;
                let column = column.clone();
                let uncompressed = column.uncompressed_size() + grown - (end - start);
                let data = place(column.data_page_offset())?;
                let builder = column.into_builder().set_data_page_offset(data).set_dictionary_page_offset(dictionary);
                columns
                    .push(builder.set_total_compressed_size(grown).set_total_uncompressed_size(uncompressed).build()?);
            }
            let total = group.total_byte_size() + added;
            let offset = group.file_offset().map(place).transpose()?;
            let mut builder = group.clone().into_builder().set_column_metadata(columns).set_total_byte_size(total);
            if let Some(offset) = offset {
                builder = builder.set_file_offset(offset);
            }
            groups.push(builder.build()?);
        }
        Ok(ParquetMetaDataBuilder::new(metadata.file_metadata().clone()).set_row_groups(groups).build())
    }

    /// Passes on the whole pages that are held.
    fn pass_pages(&mut self) -> io::Result<()> {
        let mut at = 0;
        if self.taken == 0 && self.held.len() >= MAGIC.len() {
            self.out.write_all(&self.held[..MAGIC.len()])?;
            at = MAGIC.len();
            self.taken += at as u64;
            self.passed += at as u64;
        }
        if self.taken > 0 {
            while let Some(page) = BareHeader::read(&self.held[at..]) {
                let end = at + page.bytes + page.body_bytes;
                let Some(whole) = self.held.get(at..end) else { break };
                let (header, body) = whole.split_at(page.bytes);
                self.page.clear();
                page.with_crc(header, crc32(body), &mut self.page);
                self.page.extend_from_slice(body);
                self.out.write_all(&self.page)?;
                self.moved.insert(self.taken, self.passed);
                self.taken += whole.len() as u64;
                self.passed += self.page.len() as u64;
                at = end;
            }
        }
        self.held.drain(..at);
        Ok(())
    }
}

impl<W: Write> Write for Checksummed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if !self.in_footer {
            self.pass_pages()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn general(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}
