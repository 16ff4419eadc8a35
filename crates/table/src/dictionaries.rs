//! Which columns of texts a file keeps as dictionaries.
//!
//! A column with few different texts has each of them once in a row group, and a number for each row. Whoever works
//! out something of each text does so once, if the texts aren't copied out row by row first.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::basic::Encoding;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

/// The file's schema, with a dictionary for each column of texts that is one in all of the file.
///
/// Where a page has texts themselves the reader would make a dictionary anew for each batch, which takes longer than
/// what it is good for.
pub(crate) fn kept(metadata: &ArrowReaderMetadata) -> SchemaRef {
    let schema = metadata.schema();
    let mut leaves = Leaves { metadata: metadata.metadata(), next: 0 };
    Arc::new(Schema::new_with_metadata(leaves.fields(schema.fields()), schema.metadata().clone()))
}

/// Counts the leaves of a schema in the order in which the file has them.
struct Leaves<'a> {
    metadata: &'a ParquetMetaData,
    next: usize,
}

impl Leaves<'_> {
    fn fields(&mut self, fields: &Fields) -> Fields {
        fields.iter().map(|field| self.field(field)).collect()
    }

    fn field(&mut self, field: &FieldRef) -> FieldRef {
        let data_type = match field.data_type() {
            DataType::Struct(fields) => DataType::Struct(self.fields(fields)),
            data_type => {
                let first = self.next;
                self.next += leaves_of(data_type);
                match data_type {
                    DataType::Utf8 if self.is_dictionary(first) => {
                        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
                    }
                    _ => return Arc::clone(field),
                }
            }
        };
        Arc::new(Field::clone(field).with_data_type(data_type))
    }

    fn is_dictionary(&self, leaf: usize) -> bool {
        self.metadata.row_groups().iter().all(|group| group.columns().get(leaf).is_some_and(is_dictionary))
    }
}

/// Whether all data pages have numbers of a dictionary's texts.
fn is_dictionary(chunk: &ColumnChunkMetaData) -> bool {
    let is_only = |encoding| chunk.page_encoding_stats_mask().is_some_and(|encodings| encodings.is_only(encoding));
    is_only(Encoding::RLE_DICTIONARY) || is_only(Encoding::PLAIN_DICTIONARY)
}

fn leaves_of(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| leaves_of(field.data_type())).sum(),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => leaves_of(item.data_type()),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        ArrayRef, AsArray, Int64Array, MapBuilder, RecordBatch, StringArray, StringBuilder, StructArray,
    };
    use arrow::datatypes::Int32Type;
    use bytes::Bytes;
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
    use parquet::file::properties::WriterProperties;

    use super::*;

    const ROWS: usize = 300;

    fn text(row: usize) -> Option<String> {
        (!row.is_multiple_of(3)).then(|| format!("subject {}", row % 7))
    }

    /// A map, texts that repeat beside a number in a struct, and texts that don't.
    fn batch() -> RecordBatch {
        let mut labels = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        for _ in 0..ROWS {
            labels.keys().append_value("key");
            labels.values().append_value("value");
            labels.append(true).unwrap();
        }
        let repeated: ArrayRef = Arc::new((0..ROWS).map(text).collect::<StringArray>());
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS as i64));
        let feedback = StructArray::try_from(vec![("number", numbers), ("subject", Arc::clone(&repeated))]).unwrap();
        let different: ArrayRef = Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("{row:0>64}"))));
        let columns: [(&str, ArrayRef); 4] = [
            ("labels", Arc::new(labels.finish())),
            ("feedback", Arc::new(feedback)),
            ("different", different),
            ("repeated", repeated),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    fn file(properties: WriterProperties) -> Bytes {
        let mut bytes = Vec::new();
        let batch = batch();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes.into()
    }

    #[test]
    fn columns_that_are_dictionaries_in_all_of_the_file_are_read_as_such() {
        let few_bytes = WriterProperties::builder().set_dictionary_page_size_limit(1_024);
        let bytes = file(few_bytes.set_max_row_group_row_count(Some(100)).set_write_batch_size(10).build());
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::load(&bytes, options.clone()).unwrap();
        let schema = kept(&metadata);
        let is_dictionary = |data_type: &DataType| matches!(data_type, DataType::Dictionary(..));
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names, ["labels", "feedback", "different", "repeated"]);
        let types: Vec<bool> = schema.fields().iter().map(|field| is_dictionary(field.data_type())).collect();
        assert_eq!(types, [false, false, false, true]);

        let typed = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options.with_schema(schema)).unwrap();
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, typed).with_batch_size(25).build().unwrap();
        let mut read = Vec::new();
        for batch in reader {
            let batch = batch.unwrap();
            let subjects = batch.column_by_name("feedback").unwrap().as_struct().column_by_name("subject").unwrap();
            for column in [subjects, batch.column_by_name("repeated").unwrap()] {
                let texts = column.as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
                read.push(texts.into_iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>());
            }
        }
        let column = |at: usize| read.iter().skip(at).step_by(2).flatten().cloned().collect::<Vec<_>>();
        let expected: Vec<Option<String>> = (0..ROWS).map(text).collect();
        assert_eq!((column(0), column(1)), (expected.clone(), expected));
    }

    #[test]
    fn without_dictionaries_nothing_changes() {
        let bytes = file(WriterProperties::builder().set_dictionary_enabled(false).build());
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::load(&bytes, options).unwrap();
        assert_eq!(&kept(&metadata), metadata.schema());
    }
}
