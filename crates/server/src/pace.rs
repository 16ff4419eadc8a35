//! How long a connection may wait for a request's head, and whether somebody still waits
//! for its answer.
//!
//! A timer for each request costs more than reading its head. So a connection has one
//! timer, which is looked at only when it fires: if the wait has begun since, it is set
//! again to where the wait would end.
//!
//! Work whose sender has gone is dropped, except where it takes a moment: an event's
//! answer comes sooner than a look whether it is still wanted would pay. When the timer
//! finds that it didn't come, it is looked after too.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// Where one connection stands: serving, or waiting since some time.
#[derive(Debug)]
pub(crate) struct Pace {
    opened: Instant,
    /// Requests whose answer is being made.
    serving: AtomicU32,
    /// Milliseconds from the connection's begin to the last byte of an answer that went out.
    answered_ms: AtomicU64,
    is_http2: AtomicBool,
    /// Whether to look if the sender has gone.
    watches: AtomicBool,
}

/// The other end of a connection.
pub(crate) trait Peer {
    /// Ready once it has closed its sending side or is gone. Takes nothing of what it sent.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Serving(Arc<Pace>);

impl Pace {
    pub(crate) fn new() -> Arc<Pace> {
        Arc::new(Pace {
            opened: Instant::now(),
            serving: AtomicU32::new(0),
            answered_ms: AtomicU64::new(0),
            is_http2: AtomicBool::new(false),
            watches: AtomicBool::new(false),
        })
    }

    /// Begins to answer; ends when the result is dropped.
    pub(crate) fn serve(self: &Arc<Pace>, is_http2: bool, takes_a_moment: bool) -> Serving {
        self.serving.fetch_add(1, Ordering::Relaxed);
        self.is_http2.store(is_http2, Ordering::Relaxed);
        // HTTP/2 reads all the time.
        self.watches.store(!is_http2 && !takes_a_moment, Ordering::Relaxed);
        Serving(Arc::clone(self))
    }

    fn answered(&self) {
        let since = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.answered_ms.store(since, Ordering::Relaxed);
    }

    /// Resolves once the connection has waited for a head for so long. HTTP/2 tells a
    /// vanished client by its pings and may wait for ever after its first request.
    pub(crate) async fn too_slow(&self, timeout: Duration) {
        let mut ends = self.opened + timeout;
        loop {
            tokio::time::sleep_until(ends).await;
            let now = Instant::now();
            let is_http2 = self.is_http2.load(Ordering::Relaxed);
            let serves = self.serving.load(Ordering::Relaxed) > 0;
            if serves && !is_http2 && !self.watches.swap(true, Ordering::Relaxed) {
                // The connection, which looks, is polled once more.
                tokio::task::yield_now().await;
            }
            ends = match is_http2 || serves {
                true => now + timeout,
                false => self.opened + Duration::from_millis(self.answered_ms.load(Ordering::Relaxed)) + timeout,
            };
            if ends <= now {
                return;
            }
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // The answer itself has yet to go out: the wait can't begin before.
        self.0.answered();
        self.0.serving.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that notes when something of an answer went out, and ends when nobody is left
/// to read it.
#[derive(Debug)]
pub(crate) struct Paced<S> {
    stream: S,
    pace: Arc<Pace>,
}

impl<S> Paced<S> {
    pub(crate) fn new(stream: S, pace: Arc<Pace>) -> Paced<S> {
        Paced { stream, pace }
    }

    fn note(&self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(_))) {
            self.pace.answered();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Peer + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called by hyper at each of its turns, also while an answer is still being made.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.pace.watches.load(Ordering::Relaxed) && self.stream.poll_gone(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const TIMEOUT: Duration = Duration::from_millis(100);

    impl Peer for tokio::io::DuplexStream {
        fn poll_gone(&mut self, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }

    /// The wait ends, and not before so many timeouts.
    async fn check(pace: &Pace, timeouts: u32, meanwhile: impl Future<Output = ()>) {
        let begun = Instant::now();
        let waits = tokio::time::timeout(Duration::from_secs(60), pace.too_slow(TIMEOUT));
        let (ended, ()) = tokio::join!(waits, meanwhile);
        assert!(ended.is_ok(), "the wait never ended");
        assert!(begun.elapsed() >= TIMEOUT * timeouts, "it ended after {:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn waiting_counts_from_the_last_answer() {
        check(&Pace::new(), 1, async {}).await;
        let pace = Pace::new();
        let serving = pace.serve(false, true);
        check(&pace, 4, async move {
            tokio::time::sleep(TIMEOUT * 3).await;
            drop(serving);
        })
        .await;
    }

    #[tokio::test]
    async fn an_answer_on_its_way_is_no_wait() {
        let pace = Pace::new();
        let (near, mut far) = tokio::io::duplex(1);
        let mut near = Paced::new(near, Arc::clone(&pace));
        let reads = async {
            for _ in 0..8 {
                tokio::time::sleep(TIMEOUT / 2).await;
                far.read_u8().await.expect("a byte");
            }
        };
        let writes = async { near.write_all(&[0; 8]).await.expect("room") };
        check(&pace, 4, async {
            tokio::join!(reads, writes);
        })
        .await;
    }

    #[tokio::test]
    async fn http2_may_wait() {
        let pace = Pace::new();
        drop(pace.serve(true, true));
        let waits = tokio::time::timeout(TIMEOUT * 3, pace.too_slow(TIMEOUT));
        assert!(waits.await.is_err(), "its own pings tell a vanished client");
    }
}
