//! A server on a free port, and clients to talk to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use server::{LinkKey, SchemaReader, SchemasRead, ServerOptions};
use state::State;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::fake::{Fake, NOW_MICROS};

/// Always the same time.
#[derive(Debug)]
struct StillClock;

impl intake::Clock for StillClock {
    fn now_micros(&self) -> i64 {
        NOW_MICROS
    }
}

pub(crate) struct Rig {
    pub(crate) fake: Fake,
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    pub(crate) state: State,
    _directory: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Rig {
    pub(crate) async fn new() -> Rig {
        Rig::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut ServerOptions)) -> Rig {
        Rig::on("127.0.0.1:0", change).await
    }

    /// A server that listens there; it is always spoken to over loopback.
    pub(crate) async fn on(listen: &str, change: impl FnOnce(&mut ServerOptions)) -> Rig {
        let directory = tempfile::tempdir().expect("a directory");
        let state = State::open(directory.path(), Arc::new(StillClock)).await.expect("a state file");
        let link_key = Some(LinkKey::new(&[7; 32]));
        let schema_reader = Some(SchemaReader::new(async || Ok(SchemasRead::default())));
        let mut options =
            ServerOptions { state: Some(state.clone()), link_key, schema_reader, ..ServerOptions::default() };
        change(&mut options);
        let listener = TcpListener::bind(listen).await.expect("a free port");
        let mut address = listener.local_addr().expect("it is bound");
        address.set_ip([127, 0, 0, 1].into());
        let fake = Fake::new();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move { drop(stopped.await) };
        let serving = tokio::spawn(server::serve(listener, fake.clone(), options, shutdown));
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client");
        Rig { fake, address, client, state, _directory: directory, stop: Some(stop), serving }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.request(Method::POST, path).body(body)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// Tells the server to stop.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until the server has returned.
    pub(crate) async fn stopped(&mut self) {
        let serving = tokio::time::timeout(Duration::from_secs(10), &mut self.serving);
        serving.await.expect("within 10 s").expect("no panic").expect("no error");
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("the server accepts")
    }
}

/// Status and JSON body.
pub(crate) async fn json(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}")))
}

/// Checks that an answer is a problem document with this code and returns it.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status(), StatusCode::from_u16(status).expect("a status"), "{code}");
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{code}");
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    assert_eq!(retry_after.is_some_and(|seconds| seconds >= 1), matches!(status, 429 | 503), "{code}: {retry_after:?}");
    let text = response.text().await.expect("a body");
    let document: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"));
    assert_eq!(document["status"], status, "{document}");
    assert_eq!(document["code"], code, "{document}");
    for member in ["type", "title", "detail"] {
        assert!(document[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {document}");
    }
    document
}

/// Sends a request and checks that it is refused with this problem.
pub(crate) async fn refused(request: RequestBuilder, status: u16, code: &str) -> Value {
    problem(request.send().await.expect("an answer"), status, code).await
}

/// Writes bytes and reads until the server closes.
pub(crate) async fn exchange(stream: &mut TcpStream, bytes: &[u8]) -> String {
    stream.write_all(bytes).await.expect("the server reads");
    read_all(stream).await
}

/// Reads until the server closes, which it must do within 5 s.
pub(crate) async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is a way of closing too; what came before it is still there.
    let reading = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    assert!(reading.is_ok(), "still open after {:?}", String::from_utf8_lossy(&answer));
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one HTTP/1 answer with a Content-Length, and leaves the connection open.
pub(crate) async fn read_one(stream: &mut TcpStream) -> String {
    let reading = async {
        let mut answer = Vec::new();
        loop {
            let mut part = [0; 4096];
            let count = stream.read(&mut part).await.expect("the connection lives");
            assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&part[..count]);
            let text = String::from_utf8_lossy(&answer).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length =
                head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ").map(str::to_owned));
            if length.is_none_or(|length| length.parse() == Ok(body.len())) {
                return text;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), reading).await.expect("an answer within 5 s")
}
