//! A Parquet file from finished row groups: magic, chunks, footer.
//!
//! Column chunks arrive as finished bytes, so they go straight to the output, each in
//! one write; the footer is the `parquet` crate's. The output is neither buffered nor
//! synced here: durability is the table's.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{CompressionCodec, Encoding, PageType};
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, PageEncodingStats, ParquetMetaDataBuilder, ParquetMetaDataWriter,
    RowGroupMetaData,
};
use parquet::schema::types::{ColumnDescPtr, SchemaDescPtr};

use super::{EncodeError, FinishedChunk, RowGroup};
use crate::shape::Shape;

const MAGIC: &[u8; 4] = b"PAR1";
const CREATED_BY: &str = concat!("frontdesk version ", env!("CARGO_PKG_VERSION"));

/// What a finished file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileSummary {
    /// Events.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Row groups.
    pub row_groups: u32,
    /// Smallest and largest `timestamp`, microseconds since 1970-01-01T00:00:00Z;
    /// `None` if no row has one.
    pub timestamp_micros: Option<(i64, i64)>,
    /// Rows without a `timestamp`.
    pub timestamp_nulls: u64,
    /// Smallest and largest `received_at`, likewise; `None` if there are no rows.
    pub received_micros: Option<(i64, i64)>,
}

/// A Parquet file in the making.
#[derive(Debug)]
pub struct FileWriter<W> {
    out: W,
    schema: SchemaDescPtr,
    row_groups: Vec<RowGroupMetaData>,
    summary: FileSummary,
}

impl<W: Write> FileWriter<W> {
    /// Begins a file of events on `out`.
    ///
    /// # Errors
    /// If `out` can't be written to.
    pub fn new(shape: &Shape, mut out: W) -> Result<FileWriter<W>, EncodeError> {
        out.write_all(MAGIC).map_err(EncodeError::Write)?;
        let summary = FileSummary { bytes: MAGIC.len() as u64, ..FileSummary::default() };
        Ok(FileWriter { out, schema: shape.parquet_schema(), row_groups: Vec::new(), summary })
    }

    /// Appends a row group; one without rows is left out.
    ///
    /// # Errors
    /// If `out` can't be written to. The file is then unusable.
    pub fn append(&mut self, group: &RowGroup) -> Result<(), EncodeError> {
        if group.rows == 0 {
            return Ok(());
        }
        let start = self.summary.bytes as i64;
        let mut chunks = Vec::with_capacity(group.chunks.len());
        for (chunk, column) in group.chunks.iter().zip(self.schema.columns()) {
            chunks.push(chunk_metadata(chunk, Arc::clone(column), self.summary.bytes as i64)?);
            for part in [&chunk.dictionary, &chunk.data] {
                self.out.write_all(part).map_err(EncodeError::Write)?;
                self.summary.bytes += part.len() as u64;
            }
        }
        let uncompressed: usize = group.chunks.iter().map(|chunk| chunk.uncompressed).sum();
        let metadata = RowGroupMetaData::builder(Arc::clone(&self.schema))
            .set_num_rows(group.rows as i64)
            .set_total_byte_size(uncompressed as i64)
            .set_file_offset(start)
            .set_ordinal(i16::try_from(self.row_groups.len()).map_err(|_| EncodeError::RowGroups)?)
            .set_column_metadata(chunks)
            .build()?;
        self.row_groups.push(metadata);
        self.summary.rows += group.rows as u64;
        self.summary.row_groups += 1;
        self.summary.timestamp_micros = widen(self.summary.timestamp_micros, group.timestamp_micros);
        self.summary.timestamp_nulls += group.timestamp_nulls;
        self.summary.received_micros = widen(self.summary.received_micros, group.received_micros);
        Ok(())
    }

    /// Events written so far.
    pub fn rows(&self) -> u64 {
        self.summary.rows
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.summary.bytes
    }

    /// Writes the footer and gives the output back, flushed but not synced.
    ///
    /// # Errors
    /// If `out` can't be written to. The file is then unusable.
    pub fn finish(mut self) -> Result<(W, FileSummary), EncodeError> {
        let rows = self.summary.rows as i64;
        let file = FileMetaData::new(1, rows, Some(CREATED_BY.to_owned()), None, self.schema, None);
        let metadata = ParquetMetaDataBuilder::new(file).set_row_groups(self.row_groups).build();
        let mut footer = Vec::new();
        ParquetMetaDataWriter::new(&mut footer, &metadata).finish()?;
        self.out.write_all(&footer).and_then(|()| self.out.flush()).map_err(EncodeError::Write)?;
        self.summary.bytes += footer.len() as u64;
        Ok((self.out, self.summary))
    }
}

fn widen(range: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (range, other) {
        (Some(range), Some(other)) => Some((range.0.min(other.0), range.1.max(other.1))),
        (range, other) => range.or(other),
    }
}

fn chunk_metadata(
    chunk: &FinishedChunk,
    column: ColumnDescPtr,
    start: i64,
) -> Result<ColumnChunkMetaData, EncodeError> {
    let dictionary = !chunk.dictionary.is_empty();
    let mut encodings = vec![Encoding::RLE, Encoding::PLAIN];
    let mut pages = Vec::new();
    let mut count = |page_type, encoding, count| {
        if count > 0 {
            pages.push(PageEncodingStats { page_type, encoding, count });
        }
    };
    if dictionary {
        encodings.push(Encoding::RLE_DICTIONARY);
        count(PageType::DICTIONARY_PAGE, Encoding::PLAIN, 1);
    }
    count(PageType::DATA_PAGE, Encoding::RLE_DICTIONARY, chunk.dictionary_pages);
    count(PageType::DATA_PAGE, Encoding::PLAIN, chunk.plain_pages);
    count(PageType::DATA_PAGE, Encoding::DELTA_BINARY_PACKED, chunk.delta_pages);
    if chunk.delta_pages > 0 {
        encodings.push(Encoding::DELTA_BINARY_PACKED);
    }
    let mut metadata = ColumnChunkMetaData::builder(column)
        .set_compression_codec(CompressionCodec::ZSTD)
        .set_encodings(encodings)
        .set_num_values(chunk.levels as i64)
        .set_total_compressed_size((chunk.dictionary.len() + chunk.data.len()) as i64)
        .set_total_uncompressed_size(chunk.uncompressed as i64)
        .set_dictionary_page_offset(dictionary.then_some(start))
        .set_data_page_offset(start + chunk.dictionary.len() as i64)
        .set_page_encoding_stats(pages);
    if let Some(statistics) = &chunk.statistics {
        metadata = metadata.set_statistics(statistics.clone());
    }
    Ok(metadata.build()?)
}
