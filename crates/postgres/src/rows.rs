//! Rows on their way to a client, in text or binary as it asked.

use std::sync::Arc;

use arrow_pg::datatypes::{arrow_schema_to_pg_fields, encode_recordbatch};
use bytes::{BufMut, BytesMut};
use pgwire::api::Type;
use pgwire::api::portal::Format;
use pgwire::api::results::{FieldFormat, FieldInfo};
use pgwire::error::PgWireError;
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::{DataRow, FieldDescription, RowDescription};
use report::StatementAnswer;

use crate::budget::Room;
use crate::connection::{Connection, Stop};
use crate::refusal::Refusal;

/// Rows that are written without a pause for other connections.
const ROWS_AT_ONCE: usize = 500;

/// The answer to a statement, and how much of it was sent.
pub(crate) struct Rows {
    answer: StatementAnswer,
    fields: Arc<Vec<FieldInfo>>,
    batch: usize,
    row: usize,
    /// Held as long as the rows.
    _room: Option<Room>,
}

impl Rows {
    /// # Errors
    /// The forms aren't as many as the columns.
    pub(crate) fn new(answer: StatementAnswer, formats: &[i16], room: Option<Room>) -> Result<Rows, Refusal> {
        let formats = formats_of(formats, answer.schema().fields().len())?;
        let fields =
            arrow_schema_to_pg_fields(answer.schema(), &Format::Individual(formats), None).map_err(unwritable)?;
        let fields = fields.into_iter().enumerate().map(|(place, field)| {
            let kind = if answer.is_json(place) { Type::JSON } else { field.datatype().clone() };
            let size = size_of(&kind);
            let name = field.name().replace('\0', "�");
            FieldInfo::new(name, None, None, kind, field.format()).with_type_size(size)
        });
        let fields = Arc::new(fields.collect());
        Ok(Rows { answer, fields, batch: 0, row: 0, _room: room })
    }

    /// Has the rows that weren't sent yet written in these forms.
    ///
    /// # Errors
    /// The forms aren't as many as the columns.
    pub(crate) fn set_formats(&mut self, formats: &[i16]) -> Result<(), Refusal> {
        let formats = formats_of(formats, self.fields.len())?;
        let fields = self.fields.iter().zip(formats).map(|(field, format)| {
            let (name, kind, size) = (field.name().to_owned(), field.datatype().clone(), field.type_size());
            FieldInfo::new(name, None, None, kind, FieldFormat::from(format)).with_type_size(size)
        });
        self.fields = Arc::new(fields.collect());
        Ok(())
    }

    /// Leaves out the next rows, at most so many; how many there were.
    pub(crate) fn skip(&mut self, rows_max: usize) -> usize {
        let mut skipped = 0;
        while skipped < rows_max
            && let Some(batch) = self.answer.batches().get(self.batch)
        {
            let count = (batch.num_rows() - self.row).min(rows_max - skipped);
            skipped += count;
            self.row += count;
            if self.row == batch.num_rows() {
                (self.batch, self.row) = (self.batch + 1, 0);
            }
        }
        skipped
    }

    /// What the columns are.
    pub(crate) fn description(&self) -> PgWireBackendMessage {
        let field = |field: &FieldInfo| {
            FieldDescription::new(
                field.name().to_owned(),
                0,
                0,
                field.datatype().oid(),
                field.type_size(),
                -1,
                field.format().value(),
            )
        };
        PgWireBackendMessage::RowDescription(RowDescription::new(self.fields.iter().map(field).collect()))
    }

    /// Whether there are rows that weren't sent.
    pub(crate) fn are_left(&self) -> bool {
        self.answer.batches().iter().skip(self.batch).map(|batch| batch.num_rows()).sum::<usize>() > self.row
    }

    /// Sends the next rows, at most so many; how many there were.
    pub(crate) async fn send(&mut self, connection: &mut Connection, rows_max: usize) -> Result<usize, Stop> {
        let mut sent = 0;
        while sent < rows_max
            && let Some(batch) = self.answer.batches().get(self.batch)
        {
            let count = (batch.num_rows() - self.row).min(rows_max - sent).min(ROWS_AT_ONCE);
            for row in encode_recordbatch(Arc::clone(&self.fields), batch.slice(self.row, count)) {
                let row = row.map_err(|error| Stop::Refused(unwritable(error)))?;
                connection.put(&PgWireBackendMessage::DataRow(row))?;
            }
            sent += count;
            self.row += count;
            if self.row == batch.num_rows() {
                (self.batch, self.row) = (self.batch + 1, 0);
            }
            connection.flush_if_large().await?;
        }
        Ok(sent)
    }
}

/// The form of each column: none means text for all, and one is for all.
///
/// # Errors
/// There are as many as neither, or one that there isn't.
pub(crate) fn formats_of(formats: &[i16], columns: usize) -> Result<Vec<i16>, Refusal> {
    if formats.iter().any(|format| !(0..=1).contains(format)) {
        return Err(Refusal::error("08P01", "a form is 0 (text) or 1 (binary)"));
    }
    match formats {
        [] => Ok(vec![0; columns]),
        [format] => Ok(vec![*format; columns]),
        formats if formats.len() == columns => Ok(formats.to_vec()),
        formats => {
            let message = format!("there are {} forms for {columns} values or columns", formats.len());
            Err(Refusal::error("08P01", message))
        }
    }
}

/// The description of columns of text.
pub(crate) fn text_description(names: &[&str], formats: &[i16]) -> Result<PgWireBackendMessage, Refusal> {
    let formats = formats_of(formats, names.len())?;
    let fields = names.iter().zip(formats);
    let fields = fields.map(|(name, format)| FieldDescription::new((*name).to_owned(), 0, 0, 25, -1, -1, format));
    Ok(PgWireBackendMessage::RowDescription(RowDescription::new(fields.collect())))
}

/// A row of texts, which are the same in both forms.
pub(crate) fn text_row(texts: &[String]) -> PgWireBackendMessage {
    let mut data = BytesMut::new();
    for text in texts {
        // Names and values of variables are short.
        data.put_i32(i32::try_from(text.len()).unwrap_or(0));
        data.put_slice(text.as_bytes());
    }
    PgWireBackendMessage::DataRow(DataRow::new(data, i16::try_from(texts.len()).unwrap_or(0)))
}

fn size_of(kind: &Type) -> i16 {
    match *kind {
        Type::BOOL => 1,
        Type::INT2 => 2,
        Type::INT4 | Type::FLOAT4 | Type::DATE | Type::OID => 4,
        Type::INT8 | Type::FLOAT8 | Type::TIME | Type::TIMESTAMP | Type::TIMESTAMPTZ => 8,
        _ => -1,
    }
}

fn unwritable(error: PgWireError) -> Refusal {
    // It may repeat a value, which the client may see and the log may not.
    Refusal::error("22000", format!("a value can't be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_none_one_or_as_many() {
        let check = |formats: &[i16], columns: usize, expect: Option<&[i16]>| {
            assert_eq!(formats_of(formats, columns).ok().as_deref(), expect, "{formats:?} {columns}");
        };
        check(&[], 2, Some(&[0, 0]));
        check(&[1], 2, Some(&[1, 1]));
        check(&[0, 1], 2, Some(&[0, 1]));
        check(&[0, 1], 3, None);
        check(&[2], 1, None);
        check(&[-1], 1, None);
    }
}
