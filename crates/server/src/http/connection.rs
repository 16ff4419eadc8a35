//! One connection: its requests, one after the other or as streams, until it ends.
//!
//! HTTP/1 and HTTP/2 share each port, and are held to the same time-outs.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::Version;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use intake::Budget;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::application::Application;
use super::counted_answer::{self, Sharing};
use super::host::Via;
use super::idle_timeout::{Activity, Peer, ServedRequest, Streams, TimedOut, TimedStream};
use super::problem::Problem;

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

/// The limits of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionLimits {
    /// Time for a request's head, for an idle connection to send the next one, and for a
    /// reader to take something of an answer; past it the connection is closed.
    pub(crate) idle_timeout: Duration,
    /// Requests at once on one HTTP/2 connection; the client must wait.
    pub(crate) http2_streams_max: u32,
    /// Buffer of one HTTP/1 connection and so the largest head; past it 431.
    pub(crate) buffer_bytes_max: usize,
}

/// What connections have in common.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) idle_timeout: Duration,
    /// What the bytes of answers count in.
    pub(crate) answers: Budget,
    /// HTTP/2 streams that are open now.
    pub(crate) streams: Arc<Streams>,
}

/// How far stopping has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Serving,
    /// Finish what has begun.
    Draining,
    /// Drop what is left.
    Ending,
}

/// Who notices that a sender has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hangups {
    /// [`TimedStream`]; a sender that only has closed its sending side is answered.
    Watched,
    /// hyper, which reads while an answer is made, into a buffer that it allocates for that.
    LeftToHyper,
}

/// A connection's bytes. One type for both kinds: all of HTTP is compiled once for each.
pub(crate) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

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

/// How HTTP is spoken within these limits.
pub(crate) fn builder(limits: &ConnectionLimits, hangups: Hangups) -> Builder<TokioExecutor> {
    let mut server = Builder::new(TokioExecutor::new());
    server
        .http1()
        .half_close(hangups == Hangups::Watched)
        // The connection's own timer takes the place of hyper's.
        .header_read_timeout(None)
        // Answers are small: one copied buffer is cheaper than a list of two.
        .writev(false)
        .max_buf_size(limits.buffer_bytes_max);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams_max)
        .max_header_list_size(HTTP2_HEADER_BYTES_MAX)
        .max_send_buf_size(HTTP2_SEND_BYTES_MAX)
        .max_pending_accept_reset_streams(HTTP2_RESETS_MAX)
        .max_local_error_reset_streams(HTTP2_RESETS_MAX)
        // A client that vanished without a word is noticed by this.
        .keep_alive_interval(limits.idle_timeout)
        .keep_alive_timeout(limits.idle_timeout);
    server
}

/// Answers the requests of one connection until it ends, times out or is told to stop.
pub(crate) async fn serve<A: Application>(
    stream: Stream,
    via: Via,
    builder: &Builder<TokioExecutor>,
    application: A,
    mut watcher: watch::Receiver<Phase>,
    shared: Shared,
) {
    let Shared { idle_timeout, answers, streams } = shared;
    let activity = Activity::new(streams);
    let service = {
        let activity = Arc::clone(&activity);
        hyper::service::service_fn(move |request: Request<Incoming>| {
            let is_brief = A::is_brief(&request);
            let sharing = if request.version() == Version::HTTP_2 { Sharing::Stream } else { Sharing::Alone };
            let served = activity.serve(sharing == Sharing::Stream, is_brief);
            let is_refused = sharing == Sharing::Stream && activity.has_too_many_streams();
            let (application, answers) = (application.clone(), answers.clone());
            async move {
                let answer = match is_refused {
                    false => application.answer(request.map(Body::new), via).await,
                    true => Problem::overloaded().into_response(),
                };
                let answer = counted_answer::count(answer, &answers, sharing);
                if is_brief && sharing == Sharing::Alone {
                    drop(served);
                    return Ok::<_, Infallible>(answer);
                }
                // It may be a stream that is silent for long.
                Ok(answer.map(|body| Body::new(ServedBody::new(body, served))))
            }
        })
    };
    let stream = TokioIo::new(TimedStream::new(stream, Arc::clone(&activity)));
    let mut connection = pin!(builder.serve_connection(stream, service));
    let timed_out = tokio::select! {
        biased;
        // How a connection ends is the client's business: its errors carry no news.
        _ = connection.as_mut() => return,
        _ = watcher.wait_for(|phase| *phase != Phase::Serving) => None,
        timed_out = activity.timed_out(idle_timeout) => Some(timed_out),
    };
    if timed_out == Some(TimedOut::Stalled) || timed_out.is_some() && !activity.is_http2() {
        return;
    }
    // On HTTP/2 its client learns that what it sends now was not looked at.
    connection.as_mut().graceful_shutdown();
    if timed_out == Some(TimedOut::Idle) {
        let _ = tokio::time::timeout(GOODBYE_TIMEOUT, connection.as_mut()).await;
        return;
    }
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = watcher.wait_for(|phase| *phase == Phase::Ending) => {}
        _ = activity.timed_out(idle_timeout) => {}
    }
}

/// An answer's body; the request is being served until it ends.
struct ServedBody {
    body: Body,
    served: ServedRequest,
}

impl ServedBody {
    fn new(body: Body, served: ServedRequest) -> ServedBody {
        // From now on it is the reader's turn.
        served.offers();
        ServedBody { body, served }
    }
}

impl hyper::body::Body for ServedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match polled {
            Poll::Pending => self.served.makes(),
            Poll::Ready(_) => self.served.offers(),
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
