//! An answer on its way from a worker: Arrow's stream format, with the types of parameters in
//! the schema's metadata.

use std::io::{self, Write};

use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::StreamDecoder;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::arrow::record_batch::RecordBatch;

use super::columns::{self, JSON};
use super::parameters::ParameterType;
use crate::{QueryError, QueryResult};

/// The key of the types of parameters.
pub(crate) const PARAMETERS: &str = "frontdesk.parameters";

/// What a statement gave.
#[derive(Clone, Debug)]
pub struct StatementAnswer {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    parameters: Vec<ParameterType>,
}

impl StatementAnswer {
    /// Names and types of the columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows: booleans, integers of 16 to 64 bits, floats, decimals, texts, bytes, dates, times
    /// and timestamps in microseconds, and lists of the simple ones.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The types of the parameters, as far as they were asked for and could be told.
    pub fn parameters(&self) -> &[ParameterType] {
        &self.parameters
    }

    /// True for a column whose texts are JSON.
    pub fn is_json(&self, column: usize) -> bool {
        let field = self.schema.fields().get(column);
        field.is_some_and(|field| {
            *field.data_type() == DataType::Utf8 && field.metadata().get(JSON.0).is_some_and(|form| form == JSON.1)
        })
    }

    /// Reads what [`write`] wrote.
    pub(crate) fn read(bytes: Vec<u8>) -> Result<StatementAnswer, QueryError> {
        let unreadable =
            |error: ArrowError| QueryError::Failed { message: format!("a worker's answer can't be read: {error}") };
        let mut decoder = StreamDecoder::new();
        let mut buffer = Buffer::from_vec(bytes);
        let mut batches = Vec::new();
        while let Some(batch) = decoder.decode(&mut buffer).map_err(unreadable)? {
            batches.push(batch);
        }
        let Some(schema) = decoder.schema() else {
            return Err(unreadable(ArrowError::IpcError("it has no columns".to_owned())));
        };
        let parameters = schema.metadata().get(PARAMETERS).map(|types| serde_json::from_str(types));
        let parameters = parameters.transpose().map_err(|error| unreadable(ArrowError::ExternalError(error.into())))?;
        Ok(StatementAnswer { schema, batches, parameters: parameters.unwrap_or_default() })
    }
}

/// Writes a result; the outer error is `out`'s.
pub(crate) fn write(result: &QueryResult, out: &mut impl Write) -> io::Result<Result<(), QueryError>> {
    let schema = columns::plain_schema(result.schema());
    let mut writer = match StreamWriter::try_new(&mut *out, &schema) {
        Ok(writer) => writer,
        Err(error) => return failed(error),
    };
    for batch in result.batches() {
        let plain = match columns::plain(batch, &schema) {
            Ok(plain) => plain,
            Err(error) => return Ok(Err(QueryError::Failed { message: error.to_string() })),
        };
        if let Err(error) = writer.write(&plain) {
            return failed(error);
        }
    }
    match writer.finish() {
        Ok(()) => Ok(Ok(())),
        Err(error) => failed(error),
    }
}

fn failed(error: ArrowError) -> io::Result<Result<(), QueryError>> {
    match error {
        ArrowError::IoError(_, error) => Err(error),
        other => Ok(Err(QueryError::Failed { message: other.to_string() })),
    }
}
