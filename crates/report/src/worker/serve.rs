//! The worker's own side: open the tables, then one query after the other.
//!
//! One thread reads a question, plans and runs its query and writes the answer: handing a small
//! query from thread to thread takes as long as planning it. Another one waits for the end of
//! the server, so that it is noticed while a query computes.

use std::io::{self, BufWriter, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::Builder;
use std::time::Duration;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use table::{Follower, StoreError};
use tokio::runtime::{self, Runtime};

use super::frame::{self, FRAME_BYTES_MAX, Job, Kind, QueryEnd, QueryRequest, Startup, TableDelta, WorkerError};
use super::rows::ReceivedRows;
use super::{hangup, memory};
use crate::engine::SharedEngine;
use crate::export::write;
use crate::postgres::answer;
use crate::{
    ContactsReport, Form, Period, Quality, QueryError, QueryLimits, QueryResult, Session, Tables, TablesError,
    collected,
};

/// Stacks of the threads that plan and compute. The engine's own recursion grows its stack
/// when it must; what isn't guarded so is the freeing of deep trees, and turning a list of
/// thousands into conditions on files. Address space only: pages come when they are touched.
const STACK_BYTES: usize = 32 << 20;
/// Threads that wait for the disk.
const DISK_THREADS: usize = 4;
/// They are there from the start and stay, so that their stacks are no query's memory.
const KEEP_THREADS: Duration = Duration::from_secs(u32::MAX as u64);
/// Opens the files that small queries open, and finds no rows.
const WARM_UP: &str = "select count(*) from contacts where event_date = '1970-01-01'";

/// Serves one server until it closes the socket; then `orphaned` is called, from the thread
/// that noticed, since a query may be computing that nothing else stops.
///
/// # Errors
/// The socket, the tables or the threads fail: there is no use in going on.
pub fn serve(socket: UnixStream, orphaned: fn()) -> io::Result<()> {
    // Not worth refusing to work.
    let _ = memory::no_core_file();
    hangup::watch(socket.try_clone()?, orphaned)?;
    let queries = Builder::new().name("query".to_owned()).stack_size(STACK_BYTES).spawn(move || work(socket))?;
    queries.join().unwrap_or_else(|_| Err(io::Error::other("the worker's own code panicked")))
}

/// One query after the other, on this thread.
fn work(mut socket: UnixStream) -> io::Result<()> {
    let panicked = Arc::new(AtomicBool::new(false));
    report_panics(Arc::clone(&panicked));
    let Some((Kind::Startup, startup)) = frame::read(&mut socket)? else {
        return Ok(());
    };
    let startup: Startup = serde_json::from_slice(&startup)?;
    let mut worker = Worker {
        runtime: runtime()?,
        engine: SharedEngine::default(),
        events: FollowedTable::of(Follower::events(&startup.events)),
        rejects: FollowedTable::of(Follower::rejects(&startup.rejects)),
        panicked,
        idle_bytes: 0,
    };
    worker.warm_up(startup.versions);
    worker.idle_bytes = memory::held_bytes()?;
    frame::write(&mut socket, Kind::Ready, &[])?;
    while let Some((kind, body)) = frame::read(&mut socket)? {
        if kind != Kind::Query {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a question was expected"));
        }
        let ask: QueryRequest = serde_json::from_slice(&body)?;
        // Rows that wait for their commit are not the query's doing.
        memory::allow(None)?;
        worker.events.take(&ask.events, Kind::EventRows, &mut socket)?;
        worker.rejects.take(&ask.rejects, Kind::RejectRows, &mut socket)?;
        worker.answer(&ask, &mut socket)?;
    }
    Ok(())
}

/// Runs what a plan does at once with others, and waits for the disk.
fn runtime() -> io::Result<Runtime> {
    runtime::Builder::new_multi_thread()
        .thread_name("query")
        .thread_stack_size(STACK_BYTES)
        .max_blocking_threads(DISK_THREADS)
        .thread_keep_alive(KEEP_THREADS)
        .enable_all()
        .build()
}

/// Says where a panic was, and not its message: that can hold a value.
fn report_panics(panicked: Arc<AtomicBool>) {
    std::panic::set_hook(Box::new(move |panic| {
        panicked.store(true, Ordering::Relaxed);
        // Nothing is left to do when standard error is gone.
        let _ = match panic.location() {
            Some(place) => writeln!(io::stderr(), "panicked at {}:{}", place.file(), place.line()),
            None => writeln!(io::stderr(), "panicked"),
        };
    }));
}

/// One of the two tables.
struct FollowedTable {
    /// Why it can't be read is each query's answer, and not the worker's end.
    follower: Result<Follower, StoreError>,
    kept: ReceivedRows,
}

impl FollowedTable {
    fn of(follower: Result<Follower, StoreError>) -> FollowedTable {
        FollowedTable { follower, kept: ReceivedRows::default() }
    }

    fn take(&mut self, delta: &TableDelta, kind: Kind, socket: &mut UnixStream) -> io::Result<()> {
        let has_frame = delta.anew || !delta.new_marks.is_empty();
        let rows = match has_frame {
            false => Vec::new(),
            true => match frame::read(socket)? {
                Some((found, rows)) if found == kind => rows,
                _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "rows were expected")),
            },
        };
        self.kept.take(delta, rows).map_err(io::Error::other)
    }

    async fn provider(&mut self, version: u64, damaged: &[String]) -> Result<Arc<dyn TableProvider>, TablesError> {
        match &mut self.follower {
            Ok(follower) => Ok(follower.provider(version, damaged, self.kept.batches()).await?),
            Err(error) => Err(error.to_string().into()),
        }
    }
}

struct Worker {
    runtime: Runtime,
    engine: SharedEngine,
    events: FollowedTable,
    rejects: FollowedTable,
    panicked: Arc<AtomicBool>,
    /// Memory held when it was ready.
    idle_bytes: usize,
}

/// Both tables of one question.
struct SnapshotTables {
    events: Arc<dyn TableProvider>,
    rejects: Arc<dyn TableProvider>,
}

#[async_trait]
impl Tables for SnapshotTables {
    async fn events(&self) -> Result<Arc<dyn TableProvider>, TablesError> {
        Ok(Arc::clone(&self.events))
    }

    async fn rejects(&self) -> Result<Arc<dyn TableProvider>, TablesError> {
        Ok(Arc::clone(&self.rejects))
    }
}

impl Worker {
    /// The first query would wait for the log to be read and for the program's pages.
    fn warm_up(&mut self, [events, rejects]: [u64; 2]) {
        let all_there = Arc::new(Barrier::new(DISK_THREADS));
        let begin = |_| {
            let all_there = Arc::clone(&all_there);
            self.runtime.spawn_blocking(move || all_there.wait())
        };
        let begun: Vec<_> = (0..DISK_THREADS).map(begin).collect();
        for thread in begun {
            // One that can't be had now is had later, or not.
            let _ = self.runtime.block_on(thread);
        }
        if let Ok(session) = self.session((events, &[]), (rejects, &[])) {
            let query = session.query(WARM_UP, QueryLimits::default());
            // It is only for speed.
            let _ = self.runtime.block_on(query);
        }
    }

    /// Over these versions, without these files.
    fn session(&mut self, events: (u64, &[String]), rejects: (u64, &[String])) -> Result<Session, QueryError> {
        let Worker { runtime, engine, events: event_table, rejects: reject_table, .. } = self;
        let tables = runtime.block_on(async {
            Ok(SnapshotTables {
                events: event_table.provider(events.0, events.1).await?,
                rejects: reject_table.provider(rejects.0, rejects.1).await?,
            })
        });
        let unreadable = |error: TablesError| QueryError::Tables { message: error.to_string() };
        let session = Session::with_engine(tables.map_err(unreadable)?, engine.clone());
        Ok(session.on_this_thread())
    }

    /// Answers one question; an error is the socket's.
    fn answer(&mut self, ask: &QueryRequest, out: &mut UnixStream) -> io::Result<()> {
        let outcome = self.work(ask, out)?;
        let grown = memory::held_bytes()?.saturating_sub(self.idle_bytes);
        let is_spent = grown > ask.limits.process_memory_bytes_max / 2 || self.panicked.load(Ordering::Relaxed);
        let failure = outcome.err().map(|error| told(&error));
        frame::write(out, Kind::End, &serde_json::to_vec(&QueryEnd { failure, is_spent })?)
    }

    fn work(&mut self, ask: &QueryRequest, out: &mut UnixStream) -> io::Result<Result<(), QueryError>> {
        let session = match self
            .session((ask.events.version, &ask.events.damaged), (ask.rejects.version, &ask.rejects.damaged))
        {
            Ok(session) => session,
            Err(error) => return Ok(Err(error)),
        };
        memory::allow(Some(ask.limits.process_memory_bytes_max))?;
        let limits = QueryLimits::from(ask.limits);
        let mut frames = BufWriter::with_capacity(FRAME_BYTES_MAX, AnswerFrames::new(out, ask.limits.answer_bytes_max));
        let answered = match &ask.job {
            Job::Sql(sql) => match self.runtime.block_on(session.query(sql, limits)) {
                Ok(rows) => write_rows(&rows, ask.form, &mut frames),
                Err(error) => return Ok(Err(error)),
            },
            Job::Statement(statement) => match self.runtime.block_on(session.statement(statement, limits)) {
                Ok(rows) => match answer::write(&rows, &mut frames) {
                    Ok(Err(error)) => {
                        // What is left in the buffer is void.
                        let _ = frames.into_parts();
                        return Ok(Err(error));
                    }
                    Ok(Ok(())) => Ok(()),
                    Err(error) => Err(error),
                },
                Err(error) => return Ok(Err(error)),
            },
            Job::Contacts { since_micros, until_micros } => {
                let Some(period) = Period::of_micros(*since_micros, *until_micros) else { return Ok(Err(no_period())) };
                match self.runtime.block_on(ContactsReport::run(&session, &period, limits)) {
                    Ok(report) => report.write(ask.form, &mut frames),
                    Err(error) => return Ok(Err(error)),
                }
            }
            Job::Rejected { since_micros, until_micros } => {
                let Some(period) = Period::of_micros(*since_micros, *until_micros) else { return Ok(Err(no_period())) };
                let rejected = async { Quality::of_rejects(&session.snapshot().await?, &period, limits).await };
                match self.runtime.block_on(rejected) {
                    Ok(rejected) => serde_json::to_writer(&mut frames, &rejected).map_err(io::Error::from),
                    Err(error) => return Ok(Err(error)),
                }
            }
            Job::Collected { sql, columns } => {
                match self.runtime.block_on(collected::fold(&session, sql, columns, &limits)) {
                    Ok(collected) => serde_json::to_writer(&mut frames, &collected).map_err(io::Error::from),
                    Err(error) => return Ok(Err(error)),
                }
            }
            Job::Export { sql, form, texts } => {
                let exported = write::rows(&session, sql, &limits, *form, *texts, Box::new(&mut frames));
                match self.runtime.block_on(exported) {
                    Ok(()) => Ok(()),
                    Err(write::Failure::Output(error)) => Err(error),
                    Err(write::Failure::Query(error)) => {
                        // Nothing of it may look like a begin, if nothing was sent yet.
                        let _ = frames.into_parts();
                        return Ok(Err(error));
                    }
                }
            }
        };
        match answered.and_then(|()| frames.flush()) {
            Ok(()) => Ok(Ok(())),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                // What is left in the buffer is void.
                let _ = frames.into_parts();
                Ok(Err(QueryError::AnswerTooLong { answer_bytes_max: ask.limits.answer_bytes_max }))
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                // As above. A form has no place for what the statement asks for.
                let _ = frames.into_parts();
                Ok(Err(QueryError::Invalid { message: error.to_string() }))
            }
            Err(error) => Err(error),
        }
    }
}

fn no_period() -> QueryError {
    QueryError::Invalid { message: "the period ends before it begins".to_owned() }
}

fn write_rows(rows: &QueryResult, form: Form, out: &mut (impl Write + Send)) -> io::Result<()> {
    match form {
        Form::Json => rows.write_json(out),
        Form::NdJson => rows.write_ndjson(out),
        Form::Csv => rows.write_csv(out),
        Form::CsvHarmless => rows.write_csv_harmless(out),
        Form::Table => rows.write_table(out, None),
        Form::Parquet => rows.write_parquet(out),
    }
}

fn told(error: &QueryError) -> WorkerError {
    WorkerError { fault: error.fault(), code: error.code().to_owned(), message: short(error.to_string()) }
}

/// A message of a few lines: engines repeat what they were given.
fn short(mut message: String) -> String {
    const MESSAGE_BYTES_MAX: usize = 4096;
    if message.len() > MESSAGE_BYTES_MAX {
        let end = (0..=MESSAGE_BYTES_MAX).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
    message
}

/// Writes an answer as frames, up to a limit.
struct AnswerFrames<'a> {
    out: &'a mut UnixStream,
    left: usize,
}

impl AnswerFrames<'_> {
    fn new(out: &mut UnixStream, bytes_max: usize) -> AnswerFrames<'_> {
        AnswerFrames { out, left: bytes_max }
    }
}

impl Write for AnswerFrames<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = &bytes[..bytes.len().min(FRAME_BYTES_MAX)];
        self.left = self.left.checked_sub(part.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        frame::write(self.out, Kind::Part, part)?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_end_somewhere() {
        assert_eq!(short("short".to_owned()), "short");
        let long = short("é".repeat(5_000));
        assert!(long.len() <= 4_100 && long.ends_with("é…"), "{}", long.len());
    }

    #[test]
    fn an_answer_is_cut_at_its_limit_with_an_error() {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let mut frames = AnswerFrames::new(&mut ours, 10);
        assert_eq!(frames.write(b"12345678").unwrap(), 8);
        assert_eq!(frames.write(b"90").unwrap(), 2);
        assert_eq!(frames.write(b"!").unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        drop(ours);
        assert_eq!(frame::read(&mut theirs).unwrap(), Some((Kind::Part, b"12345678".to_vec())));
        assert_eq!(frame::read(&mut theirs).unwrap(), Some((Kind::Part, b"90".to_vec())));
        assert_eq!(frame::read(&mut theirs).unwrap(), None);
    }
}
