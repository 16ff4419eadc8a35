//! Rows that are not committed yet, handed to a worker: each batch once, in Arrow's stream
//! format, for as long as its mark is shown.
//!
//! Marks only grow, and rows leave from the old end (a commit holds them now) or all at
//! once. So what a worker shall forget is told by one number.

use std::sync::Arc;

use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::StreamDecoder;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::arrow::record_batch::RecordBatch;
use table::Moment;

use super::frame::TableDelta;

/// What one worker has of one table; the server's side.
#[derive(Default)]
pub(crate) struct SentRows {
    stream: Option<(SchemaRef, StreamWriter<Vec<u8>>)>,
    last_mark: u64,
}

impl SentRows {
    /// What the worker has to be told to see this moment, and the rows' frame.
    ///
    /// # Errors
    /// Arrow can't write the rows.
    pub(crate) fn delta(&mut self, moment: &Moment) -> Result<(TableDelta, Vec<u8>), ArrowError> {
        let anew = !matches!(&self.stream, Some((schema, _)) if Arc::ptr_eq(schema, &moment.schema) || *schema == moment.schema);
        if anew {
            *self = SentRows::default();
        }
        let fresh = moment.fresh.iter().map(|(mark, batch)| (mark.number(), batch));
        let new: Vec<_> = fresh.clone().filter(|(mark, _)| *mark > self.last_mark).collect();
        let mut rows = Vec::new();
        if anew || !new.is_empty() {
            let mut stream = match self.stream.take() {
                Some((_, stream)) => stream,
                None => StreamWriter::try_new(Vec::new(), &moment.schema)?,
            };
            for (_, batch) in &new {
                stream.write(batch)?;
            }
            rows = std::mem::take(stream.get_mut());
            self.stream = Some((Arc::clone(&moment.schema), stream));
        }
        if let Some((mark, _)) = new.last() {
            self.last_mark = *mark;
        }
        let first_mark = fresh.clone().next().map_or(u64::MAX, |(mark, _)| mark);
        let new_marks = new.iter().map(|(mark, _)| *mark).collect();
        Ok((TableDelta { version: moment.version, anew, first_mark, new_marks, damaged: moment.damaged.clone() }, rows))
    }
}

/// What this process, a worker, was handed of one table.
#[derive(Default)]
pub(crate) struct ReceivedRows {
    decoder: StreamDecoder,
    batches: Vec<(u64, RecordBatch)>,
}

impl ReceivedRows {
    /// Takes what is new and forgets what is gone.
    ///
    /// # Errors
    /// The frame holds other rows than it should.
    pub(crate) fn take(&mut self, delta: &TableDelta, rows: Vec<u8>) -> Result<(), ArrowError> {
        if delta.anew {
            *self = ReceivedRows::default();
        }
        self.batches.retain(|(mark, _)| *mark >= delta.first_mark);
        let mut buffer = Buffer::from_vec(rows);
        let mut marks = delta.new_marks.iter();
        while let Some(batch) = self.decoder.decode(&mut buffer)? {
            let mark = marks.next().ok_or_else(|| ArrowError::IpcError("more rows than marks".to_owned()))?;
            self.batches.push((*mark, batch));
        }
        match marks.next() {
            None => Ok(()),
            Some(_) => Err(ArrowError::IpcError("fewer rows than marks".to_owned())),
        }
    }

    /// The rows, oldest first.
    pub(crate) fn batches(&self) -> Vec<RecordBatch> {
        self.batches.iter().map(|(_, batch)| batch.clone()).collect()
    }
}
