//! The way out: what has begun is finished, for a while, and nothing new is begun.

use std::time::Duration;

use server::ServerOptions;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::fake::{Fake, eventually};
use crate::rig::{Rig, read_all, read_one};

const POST: &[u8] = b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn a_request_that_has_begun_is_finished() {
    let mut rig = Rig::new().await;
    let fake = rig.fake.clone();
    let closed = fake.gate.acquire_many(1_000).await.expect("open");
    let mut idle = rig.connect().await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("the server reads");
    read_one(&mut idle).await;
    let mut busy = rig.connect().await;
    busy.write_all(POST).await.expect("the server reads");
    eventually("it has begun", || rig.fake.arrived.load(std::sync::atomic::Ordering::SeqCst) == 1).await;
    rig.stop();
    assert!(read_all(&mut idle).await.is_empty(), "an idle connection is closed at once");
    assert!(TcpStream::connect(rig.address).await.is_err(), "nobody listens any more");
    drop(closed);
    assert!(read_all(&mut busy).await.starts_with("HTTP/1.1 200 "));
    rig.stopped().await;
    assert_eq!(rig.fake.kept_bodies(), ["{}"]);
}

#[tokio::test]
async fn a_request_that_does_not_finish_is_dropped_in_time() {
    let mut rig = Rig::with(|options| options.shutdown_timeout = Duration::from_millis(100)).await;
    let fake = rig.fake.clone();
    let _closed = fake.gate.acquire_many(1_000).await.expect("open");
    let mut stream = rig.connect().await;
    stream.write_all(POST).await.expect("the server reads");
    eventually("it has begun", || rig.fake.arrived.load(std::sync::atomic::Ordering::SeqCst) == 1).await;
    rig.stop();
    rig.stopped().await;
    assert!(read_all(&mut stream).await.is_empty());
}

#[tokio::test]
async fn options_that_contradict_are_refused_at_the_start() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let options = ServerOptions { body_bytes_max: 0, ..ServerOptions::default() };
    let error = server::serve(listener, Fake::new(), options, std::future::pending()).await.expect_err("refused");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("body_bytes_max"), "{error}");
}
