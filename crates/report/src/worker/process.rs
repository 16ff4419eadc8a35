//! One worker as the server sees it: started, asked, and waited for.
//!
//! It gets two sockets and nothing else: questions and answers over the one that is its
//! standard input, what ends it is read from the other, its standard error. The environment
//! is empty, everything else that is open here closes when it starts (`CLOEXEC`, as the
//! standard library opens all files), and it is a process group of its own, so that Ctrl-C
//! in a terminal is the server's to handle.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use table::Moment;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::frame::{self, Job, Kind, QueryEnd, QueryRequest, Startup};
use super::rows::SentRows;
use super::stats::EndCause;
use crate::{Form, QueryLimits};

/// From the start of the process to its first word.
const START_TIME_MAX: Duration = Duration::from_secs(30);
/// A process that closed its socket has as long to end by itself, so that its end says why.
const END_TIME_MAX: Duration = Duration::from_secs(1);
const END_STEP: Duration = Duration::from_millis(5);
/// So many rows are written in well under a millisecond.
const ROWS_OF_A_MOMENT: usize = 2_000;
/// What is read of a worker's standard error; the reason comes last, and is short.
const REASON_BYTES_MAX: u64 = 64 << 10;

/// How to start a worker.
#[derive(Clone, Debug)]
pub struct WorkerProgram {
    /// The program; its name in lists of processes is `frontdesk`.
    pub path: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
}

/// Room for an answer while it arrives.
pub trait MemoryReservation: Send {
    /// Makes room for so many bytes in all; false when there is none.
    #[must_use]
    fn grow_to(&mut self, bytes: usize) -> bool;
}

/// Any answer within the limits has room.
impl MemoryReservation for () {
    fn grow_to(&mut self, _: usize) -> bool {
        true
    }
}

/// What is asked, over which rows.
pub(crate) struct WorkerQuery<'a> {
    pub(crate) job: &'a Job,
    pub(crate) form: Form,
    pub(crate) limits: QueryLimits,
    pub(crate) events: &'a Moment,
    pub(crate) rejects: &'a Moment,
}

/// How asking went.
#[must_use]
pub(crate) enum QueryOutcome {
    /// It answered; the bytes are void if there is a failure.
    Answered { answer: Vec<u8>, done: QueryEnd },
    /// There is no room for what it says: it is in the middle of its answer.
    NoRoom,
    /// It said more than it may: it is in the middle of its answer.
    TooLong,
    /// It ended before it had read the whole question: its end is not the query's doing.
    Unread,
    /// It ended, or talks nonsense.
    Broken,
}

/// A piece of an answer, or its end.
#[must_use]
pub(crate) enum Heard {
    /// Bytes, at most [`frame::FRAME_BYTES_MAX`].
    Part(Vec<u8>),
    /// No more come.
    End(QueryEnd),
}

/// A running worker. Killed and reaped when dropped.
pub(crate) struct Worker {
    child: Option<Child>,
    socket: UnixStream,
    stderr: UnixStream,
    events: SentRows,
    rejects: SentRows,
}

impl Worker {
    pub(crate) async fn start(program: &WorkerProgram, startup: &Startup) -> io::Result<Worker> {
        let (socket, its_socket) = StdStream::pair()?;
        let (stderr, its_stderr) = StdStream::pair()?;
        socket.set_nonblocking(true)?;
        stderr.set_nonblocking(true)?;
        let program = program.clone();
        // Starting a process waits for the new program to be loaded.
        let child = tokio::task::spawn_blocking(move || {
            Command::new(&program.path)
                .arg0("frontdesk")
                .args(&program.args)
                .env_clear()
                .current_dir("/")
                .stdin(OwnedFd::from(its_socket))
                .stdout(Stdio::null())
                .stderr(OwnedFd::from(its_stderr))
                .process_group(0)
                .spawn()
        });
        let mut worker = Worker {
            child: Some(child.await.map_err(io::Error::other)??),
            socket: UnixStream::from_std(socket)?,
            stderr: UnixStream::from_std(stderr)?,
            events: SentRows::default(),
            rejects: SentRows::default(),
        };
        let mut frames = Vec::new();
        frame::put_json(&mut frames, Kind::Startup, startup)?;
        let begun = tokio::time::timeout(START_TIME_MAX, async {
            worker.socket.write_all(&frames).await?;
            match frame::read_bounded(&mut worker.socket).await? {
                (Kind::Ready, _) => Ok(()),
                _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it began with something else than ready")),
            }
        });
        match begun.await {
            Ok(Ok(())) => Ok(worker),
            Ok(Err(error)) => {
                Err(io::Error::new(error.kind(), format!("{error} ({})", worker.wait_for_exit().await.status)))
            }
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "it was not ready in time")),
        }
    }

    /// False if it has ended while nobody looked.
    pub(crate) fn is_alive(&mut self) -> bool {
        // An idle worker says nothing, so anything but "nothing yet" is wrong.
        let silent = matches!(self.socket.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        silent && self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Asks one question. Not cancel-safe: a worker whose answer wasn't waited for is of no
    /// more use.
    pub(crate) async fn ask(
        &mut self,
        question: WorkerQuery<'_>,
        reservation: &mut dyn MemoryReservation,
    ) -> QueryOutcome {
        let answer_bytes_max = question.limits.answer_bytes_max;
        if let Err(outcome) = self.send(&question).await {
            return outcome;
        }
        let mut answer = Vec::new();
        loop {
            match self.hear(answer.is_empty()).await {
                Ok(Heard::Part(part)) => {
                    let bytes = answer.len() + part.len();
                    if bytes > answer_bytes_max {
                        return QueryOutcome::TooLong;
                    }
                    if !reservation.grow_to(bytes) {
                        return QueryOutcome::NoRoom;
                    }
                    answer.extend_from_slice(&part);
                }
                Ok(Heard::End(done)) => return QueryOutcome::Answered { answer, done },
                Err(outcome) => return outcome,
            }
        }
    }

    /// Sends a question.
    pub(crate) async fn send(&mut self, question: &WorkerQuery<'_>) -> Result<(), QueryOutcome> {
        let frames = apart(question, || self.frames(question)).map_err(|_| QueryOutcome::Broken)?;
        self.socket.write_all(&frames).await.map_err(|_| QueryOutcome::Unread)
    }

    /// What comes next of the answer; `is_first` if nothing has come yet.
    pub(crate) async fn hear(&mut self, is_first: bool) -> Result<Heard, QueryOutcome> {
        match frame::read_bounded(&mut self.socket).await {
            Ok((Kind::Part, part)) => Ok(Heard::Part(part)),
            Ok((Kind::End, done)) => serde_json::from_slice(&done).map(Heard::End).map_err(|_| QueryOutcome::Broken),
            // A socket that is closed with unread bytes in it is reset; one that was read to
            // its end just ends.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset && is_first => Err(QueryOutcome::Unread),
            _ => Err(QueryOutcome::Broken),
        }
    }

    fn frames(&mut self, question: &WorkerQuery<'_>) -> io::Result<Vec<u8>> {
        let WorkerQuery { job, form, limits, events, rejects } = question;
        let (events, event_rows) = self.events.delta(events).map_err(io::Error::other)?;
        let (rejects, reject_rows) = self.rejects.delta(rejects).map_err(io::Error::other)?;
        let deltas = [(Kind::EventRows, event_rows, events.clone()), (Kind::RejectRows, reject_rows, rejects.clone())];
        let mut frames = Vec::new();
        frame::put_json(
            &mut frames,
            Kind::Query,
            &QueryRequest { job: (*job).clone(), form: *form, limits: (*limits).into(), events, rejects },
        )?;
        for (kind, rows, delta) in deltas {
            if delta.anew || !delta.new_marks.is_empty() {
                frame::put(&mut frames, kind, &rows)?;
            }
        }
        Ok(frames)
    }

    /// Ends it, if it lives, and waits until nothing of it is left.
    pub(crate) async fn kill(mut self) {
        if let Some(child) = self.child.take() {
            let _ = tokio::task::spawn_blocking(move || reap(child)).await;
        }
    }

    /// Waits for its end, helps if need be, and tells why it came.
    pub(crate) async fn wait_for_exit(mut self) -> WorkerExit {
        let Some(mut child) = self.child.take() else { return WorkerExit::of(None, "") };
        let mut waited = Duration::ZERO;
        let mut status = None;
        while status.is_none() && waited < END_TIME_MAX {
            status = child.try_wait().ok().flatten();
            if status.is_none() {
                tokio::time::sleep(END_STEP).await;
                waited += END_STEP;
            }
        }
        // Without a status the end is ours, and says nothing.
        let _ = tokio::task::spawn_blocking(move || reap(child)).await;
        let mut stderr = Vec::new();
        let _ = tokio::time::timeout(END_TIME_MAX, (&mut self.stderr).take(REASON_BYTES_MAX).read_to_end(&mut stderr))
            .await;
        WorkerExit::of(status, &String::from_utf8_lossy(&stderr))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = child.kill();
        // Waiting takes as long as the kernel needs to free its memory. Where no thread can
        // be had the end of this process does it.
        let _ = std::thread::Builder::new().name("reaper".to_owned()).spawn(move || reap(child));
    }
}

/// Writes the frames, apart from the threads that answer requests where it is more than a
/// moment's work.
fn apart<T>(question: &WorkerQuery<'_>, write: impl FnOnce() -> T) -> T {
    let fresh = question.events.fresh.iter().chain(&question.rejects.fresh);
    let rows: usize = fresh.map(|(_, batch)| batch.num_rows()).sum();
    let has_others = Handle::try_current().is_ok_and(|now| now.runtime_flavor() == RuntimeFlavor::MultiThread);
    if rows > ROWS_OF_A_MOMENT && has_others { tokio::task::block_in_place(write) } else { write() }
}

/// Ends a process and takes its status, so that no zombie is left.
fn reap(mut child: Child) {
    // It may have ended already.
    let _ = child.kill();
    let _ = child.wait();
}

/// Why a worker ended.
pub(crate) struct WorkerExit {
    pub(crate) why: EndCause,
    /// The same for the log: the status, no words of the worker's own.
    pub(crate) status: String,
}

impl WorkerExit {
    fn of(status: Option<ExitStatus>, stderr: &str) -> WorkerExit {
        let has = |text: &str| stderr.contains(text);
        // The words of Rust's runtime.
        let why = if has("memory allocation of") || has("failed to allocate") || has("failed to spawn thread") {
            EndCause::Memory
        } else if has("has overflowed its stack") {
            EndCause::Stack
        } else {
            EndCause::Other
        };
        let status = match status {
            None => "it hung".to_owned(),
            Some(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => format!("signal {signal}"),
                (None, code) => format!("exit code {}", code.unwrap_or(-1)),
            },
        };
        WorkerExit { why, status }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_ends_apart() {
        let check = |stderr: &str, expect: EndCause| assert_eq!(WorkerExit::of(None, stderr).why, expect, "{stderr}");
        check("memory allocation of 99999999999 bytes failed\n", EndCause::Memory);
        check(
            "\nthread 'query' (7) has overflowed its stack\nfatal runtime error: stack overflow, aborting",
            EndCause::Stack,
        );
        check("panicked at x.rs:7\n", EndCause::Other);
        check("", EndCause::Other);
        let by_signal = WorkerExit::of(Some(ExitStatus::from_raw(6)), "");
        assert_eq!(by_signal.status, "signal 6");
    }

    #[tokio::test]
    async fn a_program_that_is_no_worker_is_told() {
        let startup = Startup { events: "/".into(), rejects: "/".into(), versions: [0; 2] };
        let check = async |path: &str, expect: &str| {
            let program = WorkerProgram { path: path.into(), args: Vec::new() };
            let error = Worker::start(&program, &startup).await.err().map(|error| error.to_string());
            assert!(error.as_deref().is_some_and(|error| error.contains(expect)), "{path}: {error:?}");
        };
        check("/nowhere/frontdesk", "No such file").await;
        check("/bin/false", "exit code 1").await;
    }
}
