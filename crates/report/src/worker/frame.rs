//! What goes over the socket between the server and a worker: a kind, a length, so many
//! bytes; numbers little-endian.
//!
//! Heads are JSON, rows are Arrow's stream format, answers are the bytes that the asker
//! gets. Both ends are the same program, so there is no version to agree on. The worker may
//! be in any state, so the server takes no frame longer than [`FRAME_BYTES_MAX`] from it.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::lines::Texts;
use crate::postgres::Statement;
use crate::{CollectedColumn, ExportForm, Form, QueryLimits};

/// Longest frame that is taken from a worker.
pub(crate) const FRAME_BYTES_MAX: usize = 256 << 10;

/// A kind and a length.
const HEAD_BYTES: usize = 5;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// To the worker: a [`Startup`].
    Startup = 1,
    /// To the worker: a [`QueryRequest`].
    Query = 2,
    /// To the worker: rows of `events`, after a [`QueryRequest`] that announces them.
    EventRows = 3,
    /// To the worker: rows of `rejects`, likewise.
    RejectRows = 4,
    /// From the worker: it has opened the tables.
    Ready = 16,
    /// From the worker: a piece of the answer.
    Part = 17,
    /// From the worker: a [`QueryEnd`], the end of the answer.
    End = 18,
}

impl Kind {
    fn of(byte: u8) -> io::Result<Kind> {
        const ALL: [Kind; 7] =
            [Kind::Startup, Kind::Query, Kind::EventRows, Kind::RejectRows, Kind::Ready, Kind::Part, Kind::End];
        let unknown = || io::Error::new(io::ErrorKind::InvalidData, "a frame of an unknown kind");
        ALL.into_iter().find(|kind| *kind as u8 == byte).ok_or_else(unknown)
    }
}

/// What a worker is told first.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Startup {
    /// Directory of the table `events`.
    pub(crate) events: PathBuf,
    /// Directory of the table `rejects`.
    pub(crate) rejects: PathBuf,
    /// Versions to begin with.
    pub(crate) versions: [u64; 2],
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Job {
    /// One statement.
    Sql(String),
    /// One statement of PostgreSQL's dialect; answered in Arrow's stream format, whatever form is
    /// asked for.
    Statement(Statement),
    /// `report contacts` from one instant (microseconds since 1970) to another.
    Contacts { since_micros: i64, until_micros: i64 },
    /// What became of the events that were received from one instant to another and not stored.
    Rejected { since_micros: i64, until_micros: i64 },
    /// How the columns of a statement's rows are filled.
    Collected { sql: String, columns: Vec<CollectedColumn> },
    /// All rows of a statement, written as they come.
    Export { sql: String, form: ExportForm, texts: Texts },
}

/// One question.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct QueryRequest {
    pub(crate) job: Job,
    pub(crate) form: Form,
    pub(crate) limits: Limits,
    pub(crate) events: TableDelta,
    pub(crate) rejects: TableDelta,
}

/// The limits that hold inside the worker; the clock is the server's.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) sql_bytes_max: usize,
    pub(crate) rows_max: usize,
    pub(crate) memory_bytes_max: usize,
    pub(crate) process_memory_bytes_max: usize,
    pub(crate) answer_bytes_max: usize,
}

impl From<QueryLimits> for Limits {
    fn from(limits: QueryLimits) -> Limits {
        let QueryLimits {
            sql_bytes_max,
            rows_max,
            time_max: _,
            memory_bytes_max,
            process_memory_bytes_max,
            answer_bytes_max,
        } = limits;
        Limits { sql_bytes_max, rows_max, memory_bytes_max, process_memory_bytes_max, answer_bytes_max }
    }
}

impl From<Limits> for QueryLimits {
    fn from(limits: Limits) -> QueryLimits {
        let Limits { sql_bytes_max, rows_max, memory_bytes_max, process_memory_bytes_max, answer_bytes_max } = limits;
        QueryLimits {
            sql_bytes_max,
            rows_max,
            // Longer than the server waits before it ends the worker.
            time_max: Duration::MAX,
            memory_bytes_max,
            process_memory_bytes_max,
            answer_bytes_max,
        }
    }
}

/// The moment of one table, as far as the worker doesn't have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TableDelta {
    /// The committed rows.
    pub(crate) version: u64,
    /// Begins anew: all rows are forgotten, and the stream that follows has a schema.
    pub(crate) anew: bool,
    /// Rows with marks below this one are forgotten.
    pub(crate) first_mark: u64,
    /// Marks of the rows in the frame that follows; none, no frame.
    pub(crate) new_marks: Vec<u64>,
    /// Data files that can't be read and are left out.
    pub(crate) damaged: Vec<String>,
}

/// How an answer ends.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct QueryEnd {
    /// Why there is none, if there is none; the parts before it are void then.
    pub(crate) failure: Option<WorkerError>,
    /// The worker has grown, or panicked: another one should take its place.
    pub(crate) is_spent: bool,
}

/// An error as a worker tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerError {
    /// Whose fault it is.
    pub fault: Fault,
    /// As [`QueryError::code`](crate::QueryError::code).
    pub code: String,
    /// What happened, for whoever asked.
    pub message: String,
}

/// Whose fault it is that a query gave no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
pub enum Fault {
    /// The text's: it can't be run as it is.
    Query,
    /// It passed a limit.
    Limit,
    /// Nobody's: the same may be run in a moment.
    Transient,
    /// The tables', or this program's.
    Server,
}

/// Appends a frame.
pub(crate) fn put(out: &mut Vec<u8>, kind: Kind, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len());
    let length = length.map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a frame of 4 GiB"))?;
    out.push(kind as u8);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(body);
    Ok(())
}

/// Appends a frame with a head.
pub(crate) fn put_json(out: &mut Vec<u8>, kind: Kind, head: &impl Serialize) -> io::Result<()> {
    put(out, kind, &serde_json::to_vec(head)?)
}

/// Writes a frame. For the worker's side, whose reader is this program.
pub(crate) fn write(out: &mut impl Write, kind: Kind, body: &[u8]) -> io::Result<()> {
    let mut frame = Vec::with_capacity(HEAD_BYTES + body.len());
    put(&mut frame, kind, body)?;
    out.write_all(&frame)
}

/// Reads a frame from the server; `None` at the end.
pub(crate) fn read(from: &mut impl Read) -> io::Result<Option<(Kind, Vec<u8>)>> {
    let mut head = [0; HEAD_BYTES];
    let mut got = 0;
    while got < HEAD_BYTES {
        match from.read(&mut head[got..]) {
            Ok(0) if got == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => got += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let (kind, length) = parse(head)?;
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(Some((kind, body)))
}

/// Reads a frame from a worker.
pub(crate) async fn read_bounded(from: &mut (impl AsyncRead + Unpin)) -> io::Result<(Kind, Vec<u8>)> {
    let mut head = [0; HEAD_BYTES];
    from.read_exact(&mut head).await?;
    let (kind, length) = parse(head)?;
    if length > FRAME_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame longer than a worker may send"));
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).await?;
    Ok((kind, body))
}

fn parse(head: [u8; HEAD_BYTES]) -> io::Result<(Kind, usize)> {
    let [kind, length @ ..] = head;
    Ok((Kind::of(kind)?, u32::from_le_bytes(length) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back() {
        let mut bytes = Vec::new();
        put(&mut bytes, Kind::Part, b"rows").unwrap();
        put(&mut bytes, Kind::Ready, b"").unwrap();
        let mut from = &bytes[..];
        assert_eq!(read(&mut from).unwrap(), Some((Kind::Part, b"rows".to_vec())));
        assert_eq!(read(&mut from).unwrap(), Some((Kind::Ready, Vec::new())));
        assert_eq!(read(&mut from).unwrap(), None);
        for cut in 1..HEAD_BYTES + 4 {
            assert!(read(&mut &bytes[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[tokio::test]
    async fn a_worker_is_believed_only_so_far() {
        let check = async |bytes: &[u8], is_taken: bool| {
            assert_eq!(read_bounded(&mut &bytes[..]).await.is_ok(), is_taken, "{bytes:?}");
        };
        let part = |length: u32| [&[Kind::Part as u8], &length.to_le_bytes()[..], &vec![7; length as usize]].concat();
        check(&part(0), true).await;
        check(&part(FRAME_BYTES_MAX as u32), true).await;
        check(&part(FRAME_BYTES_MAX as u32 + 1), false).await;
        check(&[Kind::Part as u8, 255, 255, 255, 255], false).await;
        check(&[99, 0, 0, 0, 0], false).await;
        check(&[], false).await;
    }
}
