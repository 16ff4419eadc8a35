//! Accepting connections, serving each one, and stopping in order.
//!
//! HTTP/1 and HTTP/2 share each port. A connection over TLS has its place from its first
//! byte on, and its handshake a time limit. Each connection is one task that ends by
//! itself, or by the signal to stop: first it finishes the request it has begun, and when
//! the time for that is over it is dropped. What was appended by then stays appended.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::Version;
use bytes::Bytes;
use futures::future::join_all;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use crate::access::Guard;
use crate::budget::Budget;
use crate::edge::Edge;
use crate::front::{Front, Held};
use crate::health;
use crate::held::{self, Leaves};
use crate::host::Via;
use crate::listeners::{Door, Listeners};
use crate::options::ServerOptions;
use crate::pace::{Pace, Paced, Peer, Serving, Slow, Streams};
use crate::refusal::Refusals;
use crate::routes::{Routes, is_posted_event};
use crate::tls::Tls;

/// A pause after a failed accept: out of file descriptors, trying at once again would
/// only burn the processor that closes connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long a failed accept is not told again.
const ACCEPT_TOLD_EVERY: Duration = Duration::from_secs(10);
/// Largest HTTP/2 header list.
const HTTP2_HEADER_BYTES_MAX: u32 = 32 << 10;
/// What one HTTP/2 stream buffers of an answer: enough for a page, and no more, since a
/// connection has many.
const HTTP2_SEND_BYTES_MAX: usize = 64 << 10;
/// Streams that a client resets before they are looked at, and streams that we reset for
/// what they do wrong; past it the connection is closed (CVE-2023-44487).
const HTTP2_RESETS_MAX: usize = 64;
/// How long an idle HTTP/2 connection has to end after it was told to.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection's bytes. One type for both kinds: all of HTTP is compiled once for each.
type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

impl Peer for Stream {
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Either::Left(stream) => match ready!(stream.poll_peek(cx, &mut ReadBuf::new(&mut [0]))) {
                Ok(1..) => Poll::Pending,
                Ok(0) | Err(_) => Poll::Ready(()),
            },
            // Here hyper notices it.
            Either::Right(_) => Poll::Pending,
        }
    }
}

/// How far stopping has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Finish what has begun.
    Draining,
    /// Drop what is left.
    Ending,
}

/// Serves HTTP on all `listeners` until `shutdown` resolves, then finishes the requests
/// that have begun, for at most [`ServerOptions::shutdown_timeout`].
///
/// # Errors
/// `InvalidInput` when the options contradict each other or there is no listener, or what
/// a listener that isn't bound gives. A failed accept is logged and tried again.
pub async fn serve(
    listeners: impl Into<Listeners>,
    front: impl Front,
    options: ServerOptions,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let options = options.check().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let shutdown_timeout = options.shutdown_timeout;
    let doors = listeners.into().doors()?;
    let guard = Guard::new(doors.iter().map(|door| door.via.reach), &options);
    let edge = Arc::new(Edge::new(front, guard, options));
    let (phase, watcher) = watch::channel(Phase::Serving);
    let lobby = Lobby {
        routes: Routes::new(&edge),
        plain: Arc::new(server(&edge.options, true)),
        sealed: Arc::new(server(&edge.options, false)),
        refusals: Refusals::beside(edge.options.connections_max),
        edge,
        watcher,
    };
    tokio::select! {
        biased;
        () = shutdown => {}
        _ = join_all(doors.into_iter().map(|door| lobby.keep(door))) => {}
        never = lobby.edge.guard.keys().keep_fresh() => match never {},
    }
    // The listeners are closed: new connections go elsewhere while these finish.
    let edge = lobby.leave();
    edge.recorder.close();
    edge.guard.keys().close();
    phase.send_replace(Phase::Draining);
    if tokio::time::timeout(shutdown_timeout, phase.closed()).await.is_err() {
        let connections = edge.meters.connections.load(Ordering::Relaxed);
        tracing::warn!(connections, "requests did not finish in time and were dropped");
        phase.send_replace(Phase::Ending);
        phase.closed().await;
    }
    Ok(())
}

/// What all listeners share.
struct Lobby<F> {
    edge: Arc<Edge<F>>,
    routes: Routes<F>,
    /// HTTP over TCP, and over TLS.
    plain: Arc<Builder<TokioExecutor>>,
    sealed: Arc<Builder<TokioExecutor>>,
    refusals: Refusals,
    watcher: watch::Receiver<Phase>,
}

impl<F: Front> Lobby<F> {
    /// Lets connections in by a door, and keeps its certificate fresh, for ever.
    async fn keep(&self, door: Door) {
        let accepting = self.accept(&door);
        match &door.tls {
            None => match accepting.await {},
            Some(tls) => tokio::select! {
                never = accepting => match never {},
                never = self.keep_fresh(tls) => match never {},
            },
        }
    }

    async fn keep_fresh(&self, tls: &Tls) -> Infallible {
        let edge = &self.edge;
        let now_s = || {
            // Asked at each look, so that the metric follows a renewal.
            edge.meters.tls_certificate_ends_s.store(tls.ends_s(), Ordering::Relaxed);
            edge.front.now_micros() / 1_000_000
        };
        tls.keep_fresh(edge.options.tls_reload_every, now_s).await
    }

    async fn accept(&self, door: &Door) -> Infallible {
        let edge = &self.edge;
        let mut told: Option<Instant> = None;
        loop {
            let stream = match door.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    if told.is_none_or(|at| at.elapsed() >= ACCEPT_TOLD_EVERY) {
                        told = Some(Instant::now());
                        tracing::warn!(%error, "a connection could not be accepted; it is tried again");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Some(open) = Open::one_more(edge) else {
                edge.meters.connections_refused.fetch_add(1, Ordering::Relaxed);
                self.refusals.refuse(stream, door.tls.as_ref());
                continue;
            };
            if stream.set_nodelay(true).is_err() {
                // The peer is gone already.
                continue;
            }
            match &door.tls {
                None => {
                    let connection = self.connection(door.via, open, &self.plain);
                    drop(tokio::spawn(connection.serve(Either::Left(stream))));
                }
                Some(tls) => {
                    let connection = self.connection(door.via, open, &self.sealed);
                    drop(tokio::spawn(connection.serve_tls(stream, tls.clone())));
                }
            }
        }
    }

    fn connection(&self, via: Via, open: Open<F>, server: &Arc<Builder<TokioExecutor>>) -> Connection<F> {
        Connection { via, open, server: Arc::clone(server), routes: self.routes.clone(), watcher: self.watcher.clone() }
    }

    /// Gives up everything that would keep the phase watched.
    fn leave(self) -> Arc<Edge<F>> {
        self.edge
    }
}

/// A connection's place: counted out when its task ends, however that happens.
struct Open<F>(Arc<Edge<F>>);

impl<F> Open<F> {
    /// Takes a place, if one is free.
    fn one_more(edge: &Arc<Edge<F>>) -> Option<Open<F>> {
        let max = edge.options.connections_max as u64;
        let connections = &edge.meters.connections;
        let count_up = |open| (open < max).then_some(open + 1);
        connections.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count_up).ok()?;
        Some(Open(Arc::clone(edge)))
    }
}

impl<F> Drop for Open<F> {
    fn drop(&mut self) {
        self.0.meters.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// To notice a sender that goes away, hyper reads while an answer is made, into a buffer
/// that it allocates for that. `half_close` leaves it to [`Paced`], and answers a sender
/// that only has closed its sending side.
fn server(options: &ServerOptions, half_close: bool) -> Builder<TokioExecutor> {
    let mut server = Builder::new(TokioExecutor::new());
    server
        .http1()
        .half_close(half_close)
        // The connection's own pace takes the place of hyper's timer.
        .header_read_timeout(None)
        // Answers are small: one copied buffer is cheaper than a list of two.
        .writev(false)
        .max_buf_size(options.connection_buffer_bytes_max);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(options.http2_streams_max)
        .max_header_list_size(HTTP2_HEADER_BYTES_MAX)
        .max_send_buf_size(HTTP2_SEND_BYTES_MAX)
        .max_pending_accept_reset_streams(HTTP2_RESETS_MAX)
        .max_local_error_reset_streams(HTTP2_RESETS_MAX)
        // A client that vanished without a word is noticed by this.
        .keep_alive_interval(options.header_read_timeout)
        .keep_alive_timeout(options.header_read_timeout);
    server
}

/// One connection that has a place.
struct Connection<F> {
    via: Via,
    open: Open<F>,
    server: Arc<Builder<TokioExecutor>>,
    routes: Routes<F>,
    watcher: watch::Receiver<Phase>,
}

impl<F: Front> Connection<F> {
    async fn serve_tls(mut self, stream: TcpStream, tls: Tls) {
        if let Some(stream) = self.shake_hands(stream, &tls).await {
            self.serve(Either::Right(stream)).await;
        }
    }

    /// Waits for the handshake; `None` if nothing comes of it.
    async fn shake_hands(&mut self, stream: TcpStream, tls: &Tls) -> Option<Box<TlsStream<TcpStream>>> {
        let edge = &self.open.0;
        let shaken = tokio::select! {
            biased;
            shaken = tokio::time::timeout(edge.options.tls_handshake_timeout, tls.accept(stream)) => shaken,
            // No request has begun that would have to be finished.
            _ = self.watcher.wait_for(|phase| *phase != Phase::Serving) => return None,
        };
        match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => Some(Box::new(stream)),
            Err(error) => {
                edge.meters.tls_handshake_failures.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
        }
    }

    async fn serve(self, stream: Stream) {
        let Connection { via, open, server, routes, watcher } = self;
        let shared = Shared {
            header_read_timeout: open.0.options.header_read_timeout,
            answers: open.0.answers.clone(),
            streams: Arc::clone(&open.0.streams),
        };
        serve_requests(stream, via, &server, routes, watcher, shared).await;
        drop(open);
    }
}

/// What one connection needs of the server's state.
struct Shared {
    header_read_timeout: Duration,
    answers: Budget,
    streams: Arc<Streams>,
}

/// An answer's body; the request is being served until it ends.
struct Lasting {
    body: Body,
    serving: Serving,
}

impl Lasting {
    fn new(body: Body, serving: Serving) -> Lasting {
        // From now on it is the reader's turn.
        serving.offers();
        Lasting { body, serving }
    }
}

impl hyper::body::Body for Lasting {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match polled {
            Poll::Pending => self.serving.makes(),
            Poll::Ready(_) => self.serving.offers(),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

async fn serve_requests<F: Front>(
    stream: Stream,
    via: Via,
    server: &Builder<TokioExecutor>,
    routes: Routes<F>,
    mut watcher: watch::Receiver<Phase>,
    shared: Shared,
) {
    let Shared { header_read_timeout, answers, streams } = shared;
    let pace = Pace::new(streams);
    let service = {
        let pace = Arc::clone(&pace);
        hyper::service::service_fn(move |request: Request<Incoming>| {
            let is_posted_event = is_posted_event(&request);
            let leaves = if request.version() == Version::HTTP_2 { Leaves::AsStream } else { Leaves::Alone };
            let serving = pace.serve(leaves == Leaves::AsStream, is_posted_event);
            let is_crowded = leaves == Leaves::AsStream && pace.is_crowded();
            let (routes, answers) = (routes.clone(), answers.clone());
            async move {
                let answer = match is_crowded {
                    false => routes.answer(request.map(Body::new), via).await,
                    true => health::held(Held::Overloaded).into_response(),
                };
                let answer = held::hold(answer, &answers, leaves);
                if is_posted_event && leaves == Leaves::Alone {
                    drop(serving);
                    return Ok::<_, Infallible>(answer);
                }
                // It may be a stream that is silent for long.
                Ok(answer.map(|body| Body::new(Lasting::new(body, serving))))
            }
        })
    };
    let stream = TokioIo::new(Paced::new(stream, Arc::clone(&pace)));
    let mut connection = pin!(server.serve_connection(stream, service));
    let slow = tokio::select! {
        biased;
        // How a connection ends is the client's business: its errors carry no news.
        _ = connection.as_mut() => return,
        _ = watcher.wait_for(|phase| *phase != Phase::Serving) => None,
        slow = pace.too_slow(header_read_timeout) => Some(slow),
    };
    if slow == Some(Slow::Stalled) || slow.is_some() && !pace.is_http2() {
        return;
    }
    // On HTTP/2 its client learns that what it sends now was not looked at.
    connection.as_mut().graceful_shutdown();
    if slow == Some(Slow::Idle) {
        let _ = tokio::time::timeout(GOODBYE_TIMEOUT, connection.as_mut()).await;
        return;
    }
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = watcher.wait_for(|phase| *phase == Phase::Ending) => {}
        _ = pace.too_slow(header_read_timeout) => {}
    }
}
