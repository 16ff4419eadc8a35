//! Runs an export's statement and writes its rows as they come: what is held is a batch, or of Parquet a row group.

use std::io::{self, Write};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use futures::FutureExt;
use table::ParquetRows;

use super::request::ExportForm;
use crate::lines::{self, ObjectKeys, Texts};
use crate::{QueryError, QueryLimits, Session};

/// Why an export ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The query failed; what was written is a part.
    Query(QueryError),
    /// Nobody takes what is written.
    Output(io::Error),
}

/// Writes all rows of a statement. The result has no limit of rows: it is never held.
pub(crate) async fn rows(
    session: &Session,
    sql: &str,
    limits: &QueryLimits,
    form: ExportForm,
    texts: Texts,
    out: Box<dyn Write + Send + '_>,
) -> Result<(), Failure> {
    let reading_failed = AtomicBool::new(false);
    let work = async {
        let snapshot = session.snapshot().await.map_err(Failure::Query)?;
        let mut rows = snapshot.start(sql, limits, &reading_failed).await.map_err(Failure::Query)?;
        let mut writer = RowWriter::begin(out, &rows.schema, form, texts).map_err(unwritten)?;
        while let Some(batch) = rows.next().await {
            writer.write(&batch.map_err(Failure::Query)?).map_err(unwritten)?;
        }
        writer.finish().map_err(unwritten)
    };
    // A panic in the engine ends this query and nothing else.
    let stopped =
        |_| Err(Failure::Query(QueryError::Failed { message: "the engine stopped on this export".to_owned() }));
    match AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(stopped) {
        Err(Failure::Query(error)) if reading_failed.load(Ordering::Relaxed) => {
            Err(Failure::Query(QueryError::Unreadable { message: error.to_string() }))
        }
        outcome => outcome,
    }
}

/// Data that a form has no place for are the query's failure, all else the reader's.
fn unwritten(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::InvalidData => Failure::Query(QueryError::Failed { message: error.to_string() }),
        _ => Failure::Output(error),
    }
}

/// Rows in one of the forms.
enum RowWriter<'a> {
    Csv { out: Box<dyn Write + Send + 'a>, texts: Texts },
    NdJson { out: Box<dyn Write + Send + 'a>, keys: ObjectKeys },
    // In a box: it is large beside the others.
    Parquet(Box<ParquetRows<'a>>),
}

impl<'a> RowWriter<'a> {
    fn begin(
        mut out: Box<dyn Write + Send + 'a>,
        schema: &SchemaRef,
        form: ExportForm,
        texts: Texts,
    ) -> io::Result<RowWriter<'a>> {
        match form {
            ExportForm::Csv => {
                let mut heading = String::new();
                lines::csv_heading(schema, &mut heading);
                out.write_all(heading.as_bytes())?;
                Ok(RowWriter::Csv { out, texts })
            }
            ExportForm::NdJson => Ok(RowWriter::NdJson { out, keys: ObjectKeys::of(schema) }),
            ExportForm::Parquet => {
                let file = ParquetRows::begin(out, SchemaRef::clone(schema))?;
                Ok(RowWriter::Parquet(Box::new(file)))
            }
        }
    }

    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        match self {
            RowWriter::Csv { out, texts } => {
                let mut line = String::new();
                (0..batch.num_rows()).try_for_each(|row| {
                    line.clear();
                    lines::csv_row(batch.columns(), row, *texts, &mut line);
                    out.write_all(line.as_bytes())
                })
            }
            RowWriter::NdJson { out, keys } => {
                let mut object = Vec::new();
                (0..batch.num_rows()).try_for_each(|row| {
                    object.clear();
                    keys.put(batch.columns(), row, &mut object);
                    object.push(b'\n');
                    out.write_all(&object)
                })
            }
            RowWriter::Parquet(file) => file.write(batch),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            RowWriter::Csv { mut out, .. } | RowWriter::NdJson { mut out, .. } => out.flush(),
            RowWriter::Parquet(file) => file.finish(),
        }
    }
}
