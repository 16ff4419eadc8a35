//! The server under test and a connection to it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use intake::{Intake, IntakeOptions, SystemClock};
use report::{PoolOptions, QueryPool, Summaries, SummariesOptions, WorkerProgram};
use server::{EmbeddedBackend, Listeners, ServerOptions};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// An answer takes no longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Queries that strangers write may take so long.
const SQL_TIME_MAX: Duration = Duration::from_secs(20);

/// The argument with which this program runs queries for itself.
const WORKER: &str = "query-worker";

/// Runs queries until the server is gone, if this process was started for that.
pub(crate) fn serve_if_asked() {
    if std::env::args().nth(1).as_deref() == Some(WORKER) {
        let socket = std::io::stdin().as_fd().try_clone_to_owned().expect("a socket");
        let served = report::serve_queries(socket.into(), || std::process::exit(0));
        std::process::exit(i32::from(served.is_err()));
    }
}

pub(crate) struct Server {
    data: TempDir,
    runtime: Runtime,
    running: Option<Running>,
    connection: Option<TcpStream>,
    /// Rows of both tables that must be there; unknown after a request that doesn't tell.
    rows: Option<u64>,
}

struct Running {
    intake: Intake,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Server {
    pub(crate) fn start() -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("threads");
        let data = tempfile::tempdir().expect("a directory");
        let running = Some(runtime.block_on(Running::start(data.path())));
        Server { data, runtime, running, connection: None, rows: None }
    }

    /// Sends a request; its answer must not be a failure of ours.
    pub(crate) fn send(&mut self, input: &crate::input::Input) {
        let answer = self.exchange(&input.request);
        let text = String::from_utf8_lossy(&answer.body);
        assert_ne!(answer.status, 500, "{text}");
        assert!(answer.status != 503 || !text.contains("\"code\":\"unavailable\""), "{text}");
        if !input.counts {
            self.rows = None;
        } else if let (Some(rows), 200 | 422) = (&mut self.rows, answer.status) {
            *rows += number(&text, "\"accepted\":") + number(&text, "\"rejected\":");
        }
    }

    /// What was answered is in the tables, once.
    pub(crate) fn look(&mut self) {
        let found = self.count();
        if let Some(expected) = self.rows {
            assert_eq!(found, expected, "rows of events and rejects");
        }
        self.rows = Some(found);
    }

    /// Stops and starts again on the same data, or on none.
    pub(crate) fn restart(&mut self, on_nothing: bool) {
        let before = self.count();
        self.connection = None;
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
        if on_nothing {
            self.data = tempfile::tempdir().expect("a directory");
        }
        self.running = Some(self.runtime.block_on(Running::start(self.data.path())));
        let after = self.count();
        assert_eq!(after, if on_nothing { 0 } else { before }, "rows after a restart");
        self.rows = Some(after);
    }

    fn count(&mut self) -> u64 {
        let sql = "select (select count(*) from events) + (select count(*) from rejects) as n";
        let request = format!(
            "POST /v1/sql HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\ncontent-length: {}\r\n\r\n{sql}",
            sql.len()
        );
        let answer = self.exchange(request.as_bytes());
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{text}");
        number(&text, "\"n\":")
    }

    fn exchange(&mut self, request: &[u8]) -> Answer {
        let address = self.running.as_ref().expect("it runs between two requests").address;
        for _ in 0..2 {
            let kept = self.connection.take();
            let mut stream = kept.unwrap_or_else(|| TcpStream::connect(address).expect("the server accepts"));
            stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
            // A kept connection may have been closed; once more on a new one.
            if stream.write_all(request).is_ok()
                && let Some((answer, open)) = read(&mut stream)
            {
                self.connection = open.then_some(stream);
                return answer;
            }
        }
        panic!("no answer to {}", String::from_utf8_lossy(&request[..request.len().min(200)]));
    }
}

impl Running {
    async fn start(data: &Path) -> Running {
        let mut options = IntakeOptions::new(data);
        options.segment_bytes = 4 << 20;
        options.body_bytes_max = 4 << 20;
        options.disk_free_bytes_min = 0;
        options.commit_after = Duration::from_millis(200);
        options.drain_every = Duration::from_millis(5);
        let (intake, _) = Intake::open(options, Arc::new(SystemClock)).await.expect("the directory opens");
        let pool = PoolOptions {
            program: WorkerProgram { path: "/proc/self/exe".into(), args: vec![WORKER.to_owned()] },
            queries_max: 1,
        };
        let queries = QueryPool::new(intake.store().clone(), pool).expect("the tables are a directory");
        let summaries = SummariesOptions::new(data.join("summaries"), Arc::new(SystemClock));
        let summaries = Summaries::new(intake.store().events.clone(), summaries);
        let backend = EmbeddedBackend::new(intake.clone(), queries, summaries, Arc::new(SystemClock));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let options = ServerOptions {
            body_bytes_max: 1 << 20,
            body_bytes_decompressed_max: 4 << 20,
            sql_time_max: SQL_TIME_MAX,
            ..ServerOptions::default()
        };
        let shutdown = Box::pin(async move { drop(stopped.await) });
        let serving = tokio::spawn(server::serve_embedded(Listeners::from(listener), backend, options, shutdown));
        Running { intake, address, stop, serving }
    }

    async fn stop(self) {
        drop(self.stop);
        self.serving.await.expect("no panic").expect("no error");
        self.intake.close().await;
    }
}

/// One answer, and whether the connection stays open. `None` if it was closed before.
fn read(stream: &mut TcpStream) -> Option<(Answer, bool)> {
    let mut bytes = Vec::new();
    let mut part = [0; 16 << 10];
    let head_end = loop {
        match read_part(stream, &mut part) {
            Ok(0) => return None,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("no answer: {error}"),
        }
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|text| text.parse().ok());
    let mut open = !head.contains("connection: close");
    let mut body = bytes.split_off(head_end);
    match length {
        Some(length) => {
            while body.len() < length {
                match read_part(stream, &mut part) {
                    Ok(0) | Err(_) => {
                        open = false;
                        break;
                    }
                    Ok(count) => body.extend_from_slice(&part[..count]),
                }
            }
        }
        None if status == 204 || status == 304 => {}
        // Of unknown length: the connection isn't used again.
        None => open = false,
    }
    Some((Answer { status, body }, open))
}

/// The fuzzer's timer interrupts system calls.
fn read_part(stream: &mut TcpStream, part: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match stream.read(part) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// The number behind a member's name; 0 where there is none.
fn number(text: &str, member: &str) -> u64 {
    let Some((_, rest)) = text.split_once(member) else { return 0 };
    let digits = rest.trim_start().bytes().take_while(u8::is_ascii_digit).count();
    rest.trim_start()[..digits].parse().unwrap_or(0)
}
