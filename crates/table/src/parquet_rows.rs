//! Rows of a query as one Parquet file, written in order to whatever takes bytes.
//!
//! No more than a row group is held: a file of any length passes through a bounded memory.

use std::io::{self, Write};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::errors::ParquetError;

use crate::rewrite::properties;

/// Bytes of a row group in the making, by the encoder's own count; then it is written.
const ROW_GROUP_BYTES_MAX: usize = 16 << 20;

/// A Parquet file in the making.
pub struct ParquetRows<'a> {
    writer: ArrowWriter<Box<dyn Write + Send + 'a>>,
}

impl<'a> ParquetRows<'a> {
    /// Begins a file with these columns.
    ///
    /// # Errors
    /// Those of `out`; [`io::ErrorKind::InvalidData`] if Parquet has no such column.
    pub fn begin(out: Box<dyn Write + Send + 'a>, schema: SchemaRef) -> io::Result<ParquetRows<'a>> {
        let properties = properties(&schema).map_err(failed)?;
        // As in data files: readers build their own arrays, not those that this process had.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        Ok(ParquetRows { writer: ArrowWriter::try_new_with_options(out, schema, options).map_err(failed)? })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn write(&mut self, rows: &RecordBatch) -> io::Result<()> {
        self.writer.write(rows).map_err(failed)?;
        if self.writer.in_progress_size() > ROW_GROUP_BYTES_MAX {
            self.writer.flush().map_err(failed)?;
        }
        Ok(())
    }

    /// Ends the file; without this it can't be read.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.finish().map_err(failed)?;
        self.writer.sync()
    }
}

/// An error of the writer beneath is told as it was.
fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::new(io::ErrorKind::InvalidData, error),
        },
        error => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    fn rows(numbers: std::ops::Range<i64>) -> RecordBatch {
        let schema =
            Schema::new(vec![Field::new("n", DataType::Int64, true), Field::new("text", DataType::Utf8, true)]);
        // Nothing that compresses, and no text twice: the limit is one of bytes.
        let word = |number: i64, place: i64| (number * 31 + place).wrapping_mul(0x1E37_79B9_7F4A_7C15);
        let text = |number: i64| (0..25).map(|place| format!("{:016x}", word(number, place))).collect();
        let texts: Vec<String> = numbers.clone().map(text).collect();
        let columns = [Arc::new(Int64Array::from_iter_values(numbers)) as _, Arc::new(StringArray::from(texts)) as _];
        RecordBatch::try_new(Arc::new(schema), columns.to_vec()).unwrap()
    }

    #[test]
    fn a_file_is_read_back_and_no_row_group_is_large() {
        let mut file = Vec::new();
        let mut writer = ParquetRows::begin(Box::new(&mut file), rows(0..0).schema()).unwrap();
        for batch in 0..40 {
            writer.write(&rows(batch * 5_000..(batch + 1) * 5_000)).unwrap();
        }
        writer.finish().unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file)).unwrap();
        let groups = reader.metadata().row_groups();
        assert!(
            groups.len() > 1 && groups.iter().all(|group| group.total_byte_size() < 2 * ROW_GROUP_BYTES_MAX as i64)
        );
        let read: Vec<RecordBatch> = reader.build().unwrap().collect::<Result<_, _>>().unwrap();
        let read = arrow::compute::concat_batches(&read[0].schema(), &read).unwrap();
        assert_eq!((read.num_rows(), read.slice(123_456, 10)), (200_000, rows(123_456..123_466)));
    }

    #[test]
    fn a_writer_that_fails_is_told_as_it_is() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let begun = ParquetRows::begin(Box::new(Full), rows(0..0).schema());
        let ended = begun.and_then(|mut writer| {
            writer.write(&rows(0..10))?;
            writer.finish()
        });
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
