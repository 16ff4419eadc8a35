//! Accepting connections, serving each one, and stopping in order.
//!
//! HTTP/1 and HTTP/2 share the port. Each connection is one task that ends by itself, or
//! by the signal to stop: first it finishes the request it has begun, and when the time
//! for that is over it is dropped. What was appended by then stays appended.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::Service;

use crate::edge::Edge;
use crate::front::{Front, Held};
use crate::host::Hosts;
use crate::options::ServerOptions;
use crate::{health, routes};

/// A pause after a failed accept: out of file descriptors, trying at once again would
/// only burn the processor that closes connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Connections over the limit that are being told so; more are closed without a word.
const REFUSALS_MAX: usize = 64;
/// How long a refused connection may take to read its answer.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);
/// Largest HTTP/2 header list.
const HTTP2_HEADER_BYTES_MAX: u32 = 32 << 10;

/// How far stopping has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Finish what has begun.
    Draining,
    /// Drop what is left.
    Ending,
}

/// Serves HTTP on `listener` until `shutdown` resolves, then finishes the requests that
/// have begun, for at most [`ServerOptions::shutdown_timeout`].
///
/// # Errors
/// `InvalidInput` when the options contradict each other, or what a listener that isn't
/// bound gives. A failed accept is logged and tried again.
pub async fn serve(
    listener: TcpListener,
    front: impl Front,
    options: ServerOptions,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let options = options.check().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let shutdown_timeout = options.shutdown_timeout;
    let is_loopback = listener.local_addr()?.ip().is_loopback();
    let hosts = if is_loopback { Hosts::Loopback(options.hosts_allowed.clone()) } else { Hosts::Any };
    let edge = Arc::new(Edge::new(front, options, hosts));
    let (phase, watcher) = watch::channel(Phase::Serving);
    accept_until(listener, &edge, watcher, shutdown).await;
    // The listener is closed: new connections go elsewhere while these finish.
    edge.recorder.close();
    phase.send_replace(Phase::Draining);
    if tokio::time::timeout(shutdown_timeout, phase.closed()).await.is_err() {
        let connections = edge.meters.connections.load(Ordering::Relaxed);
        tracing::warn!(connections, "requests did not finish in time and were dropped");
        phase.send_replace(Phase::Ending);
        phase.closed().await;
    }
    Ok(())
}

async fn accept_until<F: Front>(
    listener: TcpListener,
    edge: &Arc<Edge<F>>,
    watcher: watch::Receiver<Phase>,
    shutdown: impl Future<Output = ()>,
) {
    let router = routes::router(edge);
    let server = Arc::new(server(&edge.options));
    let refusals = Arc::new(AtomicUsize::new(0));
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Only this loop counts up, so the limit can't be passed between the two steps.
        if edge.meters.connections.load(Ordering::Relaxed) >= edge.options.connections_max as u64 {
            edge.meters.connections_refused.fetch_add(1, Ordering::Relaxed);
            refuse(stream, &refusals);
            continue;
        }
        edge.meters.connections.fetch_add(1, Ordering::Relaxed);
        let open = Open(Arc::clone(edge));
        let connection = serve_one(stream, Arc::clone(&server), router.clone(), watcher.clone(), open);
        tokio::spawn(connection);
    }
}

/// Counts a connection out when its task ends, however that happens.
struct Open<F>(Arc<Edge<F>>);

impl<F> Drop for Open<F> {
    fn drop(&mut self) {
        self.0.meters.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

fn server(options: &ServerOptions) -> Builder<TokioExecutor> {
    let mut server = Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_read_timeout)
        .max_buf_size(options.connection_buffer_bytes_max);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(options.http2_streams_max)
        .max_header_list_size(HTTP2_HEADER_BYTES_MAX)
        // A client that vanished without a word is noticed by this.
        .keep_alive_interval(options.header_read_timeout)
        .keep_alive_timeout(options.header_read_timeout);
    server
}

async fn serve_one<F: Front>(
    stream: TcpStream,
    server: Arc<Builder<TokioExecutor>>,
    router: Router,
    mut watcher: watch::Receiver<Phase>,
    open: Open<F>,
) {
    if stream.set_nodelay(true).is_err() {
        // The peer is gone already.
        return;
    }
    let first_request_timeout = open.0.options.header_read_timeout;
    let seen = Arc::new(AtomicBool::new(false));
    let service = {
        let seen = Arc::clone(&seen);
        hyper::service::service_fn(move |request: Request<Incoming>| {
            seen.store(true, Ordering::Relaxed);
            let answer = router.clone().call(request.map(Body::new));
            async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
        })
    };
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
    // Until the first request the protocol may not even be known, and hyper's own limits
    // don't hold yet: a client that sends one byte and sleeps would stay for ever.
    let mut first_request = pin!(tokio::time::sleep(first_request_timeout));
    let mut is_waiting_for_first = true;
    loop {
        tokio::select! {
            biased;
            // How a connection ends is the client's business: its errors carry no news.
            _ = connection.as_mut() => return,
            _ = watcher.wait_for(|phase| *phase != Phase::Serving) => break,
            () = &mut first_request, if is_waiting_for_first => {
                if !seen.load(Ordering::Relaxed) {
                    return;
                }
                is_waiting_for_first = false;
            }
        }
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = watcher.wait_for(|phase| *phase == Phase::Ending) => {}
    }
}

/// Tells one connection too many that there is no room, in HTTP/1: it is not worth
/// finding out what the client speaks.
fn refuse(mut stream: TcpStream, refusals: &Arc<AtomicUsize>) {
    if refusals.fetch_add(1, Ordering::Relaxed) >= REFUSALS_MAX {
        refusals.fetch_sub(1, Ordering::Relaxed);
        return;
    }
    let refusals = Arc::clone(refusals);
    tokio::spawn(async move {
        let telling = async {
            stream.write_all(refusal().as_bytes()).await?;
            stream.shutdown().await?;
            // What the client has sent is read before closing; the kernel would answer
            // unread bytes with a reset, and the client would never see why.
            let mut thrown_away = [0; 4096];
            while stream.read(&mut thrown_away).await? > 0 {}
            io::Result::Ok(())
        };
        // Whether it could be told makes no difference: the connection closes.
        let _ = tokio::time::timeout(REFUSAL_TIMEOUT, telling).await;
        refusals.fetch_sub(1, Ordering::Relaxed);
    });
}

fn refusal() -> String {
    let body = serde_json::Value::Object(health::held(Held::Overloaded).document()).to_string();
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
