//! How long a connection may wait for a request, how long its reader may let an answer
//! wait, and whether somebody still waits for it.
//!
//! A timer for each request costs more than reading its head. So a connection has one
//! timer, and its times are compared only when that fires: if the wait has begun since, the
//! timer is set again to where the wait would end. HTTP/1 and HTTP/2 are held to the same:
//!
//! * A connection on which no request is being answered is closed after the time for a
//!   head. What counts on HTTP/2 are requests: pings and settings keep nothing open.
//! * A reader that takes nothing for that long of an answer that is there is cut off: a
//!   socket that takes no bytes, or a stream whose window stays shut.
//!
//! Work whose sender has gone is dropped, except where it takes a moment: an event is
//! answered sooner than it would pay to check whether the answer is still wanted. If the
//! timer fires first, that is checked too.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// HTTP/2 streams that all connections may have open before those with more than
/// [`STREAMS_FAIR`] get no more: each takes memory, whatever it sends.
const STREAMS_MAX: u32 = 8_192;
/// Streams that a connection may have open however many there are.
const STREAMS_FAIR: u32 = 4;
/// Answered streams that are remembered before those that ended are forgotten.
const WAITS_MAX: usize = 256;

/// HTTP/2 streams that are open now, of all connections.
#[derive(Debug, Default)]
pub(crate) struct Streams(AtomicU32);

/// Where one connection stands. Times are milliseconds since it was opened.
#[derive(Debug)]
pub(crate) struct Activity {
    opened: Instant,
    streams: Arc<Streams>,
    /// Requests whose answer is being made or taken.
    serving: AtomicU32,
    /// When the last answer, or on HTTP/1 the last part of one, went out.
    answered_ms: AtomicU64,
    /// Since when the peer takes nothing of what is written; [`NEVER`] while it does.
    blocked_ms: AtomicU64,
    /// The same for each HTTP/2 answer.
    waits: Mutex<Vec<Arc<AtomicU64>>>,
    has_served: AtomicBool,
    is_http2: AtomicBool,
    /// Whether to check if the sender has gone.
    watches: AtomicBool,
}

const NEVER: u64 = u64::MAX;

/// What a check of a connection finds.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// It is in order; check again then.
    Again(u64),
    /// It was too slow, in this way.
    TimedOut(TimedOut),
}

/// How a connection was too slow.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimedOut {
    /// It sent no request, or not all of its head.
    Idle,
    /// It took nothing of an answer.
    Stalled,
}

/// The other end of a connection.
pub(crate) trait Peer {
    /// Ready once it has closed its sending side or is gone. Takes nothing of what it sent.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct ServedRequest {
    activity: Arc<Activity>,
    /// Since when its answer waits to be taken; on HTTP/2.
    wait: Option<Arc<AtomicU64>>,
}

impl Activity {
    pub(crate) fn new(streams: Arc<Streams>) -> Arc<Activity> {
        Arc::new(Activity {
            opened: Instant::now(),
            streams,
            serving: AtomicU32::new(0),
            answered_ms: AtomicU64::new(0),
            blocked_ms: AtomicU64::new(NEVER),
            waits: Mutex::default(),
            has_served: AtomicBool::new(false),
            is_http2: AtomicBool::new(false),
            watches: AtomicBool::new(false),
        })
    }

    /// Begins to answer; ends when the result is dropped.
    pub(crate) fn serve(self: &Arc<Activity>, is_http2: bool, takes_a_moment: bool) -> ServedRequest {
        self.serving.fetch_add(1, Ordering::Relaxed);
        self.has_served.store(true, Ordering::Relaxed);
        self.is_http2.store(is_http2, Ordering::Relaxed);
        // HTTP/2 reads all the time.
        self.watches.store(!is_http2 && !takes_a_moment, Ordering::Relaxed);
        let wait = is_http2.then(|| self.wait());
        ServedRequest { activity: Arc::clone(self), wait }
    }

    fn wait(&self) -> Arc<AtomicU64> {
        self.streams.0.fetch_add(1, Ordering::Relaxed);
        let wait = Arc::new(AtomicU64::new(NEVER));
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        if waits.len() >= WAITS_MAX {
            waits.retain(|wait| Arc::strong_count(wait) > 1);
        }
        waits.push(Arc::clone(&wait));
        wait
    }

    /// Whether so many streams are open that a connection with many gets no more.
    pub(crate) fn has_too_many_streams(&self) -> bool {
        self.streams.0.load(Ordering::Relaxed) > STREAMS_MAX && self.serving.load(Ordering::Relaxed) > STREAMS_FAIR
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(NEVER - 1)
    }

    fn answered(&self) {
        self.answered_ms.store(self.now_ms(), Ordering::Relaxed);
    }

    /// The peer took something of what is written.
    fn wrote(&self) {
        if self.blocked_ms.load(Ordering::Relaxed) != NEVER {
            self.blocked_ms.store(NEVER, Ordering::Relaxed);
        }
        // On HTTP/2 it may have been anything, and before a request nothing is answered.
        if self.has_served.load(Ordering::Relaxed) && !self.is_http2.load(Ordering::Relaxed) {
            self.answered();
        }
    }

    /// The peer takes nothing.
    fn blocked(&self, now_ms: u64) {
        // Only the first refusal begins the wait.
        let _ = self.blocked_ms.compare_exchange(NEVER, now_ms, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Since when somebody takes nothing of what is there for them.
    fn waits_since_ms(&self) -> u64 {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.retain(|wait| Arc::strong_count(wait) > 1);
        let stream = waits.iter().map(|wait| wait.load(Ordering::Relaxed)).min();
        self.blocked_ms.load(Ordering::Relaxed).min(stream.unwrap_or(NEVER))
    }

    /// Whether the connection has waited for a head, or for its reader, for so long.
    fn check(&self, now_ms: u64, timeout_ms: u64) -> Check {
        let waits_until_ms = self.waits_since_ms().saturating_add(timeout_ms);
        if waits_until_ms <= now_ms {
            return Check::TimedOut(TimedOut::Stalled);
        }
        let idles_until_ms = match self.serving.load(Ordering::Relaxed) {
            0 => self.answered_ms.load(Ordering::Relaxed).saturating_add(timeout_ms),
            _ => now_ms + timeout_ms,
        };
        match idles_until_ms <= now_ms {
            true => Check::TimedOut(TimedOut::Idle),
            false => Check::Again(idles_until_ms.min(waits_until_ms)),
        }
    }

    /// Resolves once the connection was too slow: no request, or nothing taken of an
    /// answer, for so long.
    pub(crate) async fn timed_out(&self, timeout: Duration) -> TimedOut {
        let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(NEVER).max(1);
        let mut ends = self.opened + timeout;
        loop {
            tokio::time::sleep_until(ends).await;
            let serves = self.serving.load(Ordering::Relaxed) > 0;
            let is_http2 = self.is_http2.load(Ordering::Relaxed);
            if serves && !is_http2 && !self.watches.swap(true, Ordering::Relaxed) {
                // The connection, which looks, is polled once more.
                tokio::task::yield_now().await;
            }
            match self.check(self.now_ms(), timeout_ms) {
                Check::Again(at_ms) => ends = self.opened + Duration::from_millis(at_ms),
                Check::TimedOut(timed_out) => return timed_out,
            }
        }
    }

    pub(crate) fn is_http2(&self) -> bool {
        self.is_http2.load(Ordering::Relaxed)
    }
}

impl ServedRequest {
    /// Something of the answer is there, and waits to be taken.
    pub(crate) fn offers(&self) {
        if let Some(wait) = &self.wait {
            wait.store(self.activity.now_ms(), Ordering::Relaxed);
        }
    }

    /// All that was there was taken, and more has yet to be made.
    pub(crate) fn makes(&self) {
        if let Some(wait) = &self.wait {
            wait.store(NEVER, Ordering::Relaxed);
        }
    }
}

impl Drop for ServedRequest {
    fn drop(&mut self) {
        // The answer itself has yet to go out: the wait can't begin before.
        self.activity.answered();
        self.activity.serving.fetch_sub(1, Ordering::Relaxed);
        if self.wait.is_some() {
            self.activity.streams.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A stream that notes when something of an answer went out, and ends when nobody is left
/// to read it.
#[derive(Debug)]
pub(crate) struct TimedStream<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> TimedStream<S> {
    pub(crate) fn new(stream: S, activity: Arc<Activity>) -> TimedStream<S> {
        TimedStream { stream, activity }
    }

    fn note(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Ready(Ok(_)) => self.activity.wrote(),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.activity.blocked(self.activity.now_ms()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Peer + Unpin> AsyncWrite for TimedStream<S> {
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
        if self.activity.watches.load(Ordering::Relaxed) && self.stream.poll_gone(cx).is_ready() {
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
    use super::*;

    const TIMEOUT_MS: u64 = 100;

    fn activity() -> Arc<Activity> {
        Activity::new(Arc::default())
    }

    fn answered_at(activity: &Activity, ms: u64) {
        activity.answered_ms.store(ms, Ordering::Relaxed);
    }

    fn check(activity: &Activity, now_ms: u64, expect: Check) {
        assert_eq!(activity.check(now_ms, TIMEOUT_MS), expect, "at {now_ms} ms");
    }

    #[test]
    fn waiting_for_a_request_counts_from_the_last_answer() {
        for is_http2 in [false, true] {
            let activity = activity();
            check(&activity, 99, Check::Again(100));
            check(&activity, 100, Check::TimedOut(TimedOut::Idle));
            let serving = activity.serve(is_http2, true);
            check(&activity, 300, Check::Again(400));
            drop(serving);
            answered_at(&activity, 350);
            check(&activity, 400, Check::Again(450));
            check(&activity, 450, Check::TimedOut(TimedOut::Idle));
        }
    }

    #[test]
    fn only_answers_keep_a_connection_open() {
        // What is written before a request, and on HTTP/2 besides answers: settings, pings.
        let fresh = activity();
        fresh.wrote();
        let streams = activity();
        drop(streams.serve(true, true));
        answered_at(&streams, 0);
        streams.wrote();
        for activity in [fresh, streams] {
            assert_eq!(activity.answered_ms.load(Ordering::Relaxed), 0);
            check(&activity, 100, Check::TimedOut(TimedOut::Idle));
        }
    }

    #[test]
    fn a_reader_that_takes_nothing_is_cut_off() {
        let activity = activity();
        let _serving = activity.serve(false, false);
        activity.blocked(250);
        activity.blocked(300);
        check(&activity, 340, Check::Again(350));
        activity.wrote();
        check(&activity, 360, Check::Again(460));
        activity.blocked(400);
        check(&activity, 500, Check::TimedOut(TimedOut::Stalled));
    }

    #[test]
    fn a_stream_with_a_shut_window_is_cut_off_beside_others_that_flow() {
        let activity = activity();
        let (shut, flows) = (activity.serve(true, false), activity.serve(true, false));
        let set = |serving: &ServedRequest, ms| serving.wait.as_ref().expect("a stream").store(ms, Ordering::Relaxed);
        check(&activity, 900, Check::Again(1000));
        set(&shut, 910);
        set(&flows, 990);
        check(&activity, 1000, Check::Again(1010));
        set(&flows, 1005);
        check(&activity, 1010, Check::TimedOut(TimedOut::Stalled));
        // A silent one waits for us.
        shut.makes();
        check(&activity, 1010, Check::Again(1105));
        set(&shut, 1000);
        drop(shut);
        check(&activity, 1104, Check::Again(1105));
    }

    #[tokio::test(start_paused = true)]
    async fn the_timer_ends_what_is_idle_and_what_is_stalled() {
        let timeout = Duration::from_secs(30);
        let ended = async |activity: &Activity| {
            let begun = Instant::now();
            (activity.timed_out(timeout).await, begun.elapsed().as_secs())
        };
        let silent = activity();
        assert_eq!(ended(&silent).await, (TimedOut::Idle, 30));
        // The wait begins anew with each answer.
        let busy = activity();
        tokio::time::sleep(Duration::from_secs(20)).await;
        drop(busy.serve(false, true));
        assert_eq!(ended(&busy).await, (TimedOut::Idle, 30));
        let stalled = activity();
        let served = stalled.serve(true, false);
        tokio::time::sleep(Duration::from_secs(10)).await;
        served.offers();
        assert_eq!(ended(&stalled).await, (TimedOut::Stalled, 30));
        // What is being made waits for nobody.
        served.makes();
        let waited = tokio::time::timeout(100 * timeout, stalled.timed_out(timeout)).await;
        assert!(waited.is_err(), "{waited:?}");
    }

    #[test]
    fn connections_with_many_streams_get_no_more_when_all_have_many() {
        let streams = Arc::new(Streams::default());
        let (greedy, modest) = (Activity::new(Arc::clone(&streams)), Activity::new(Arc::clone(&streams)));
        let held: Vec<_> = (0..STREAMS_MAX).map(|_| greedy.serve(true, false)).collect();
        assert!(!greedy.has_too_many_streams());
        let one = modest.serve(true, false);
        assert!(greedy.has_too_many_streams() && !modest.has_too_many_streams());
        drop((held, one));
        assert_eq!(streams.0.load(Ordering::Relaxed), 0);
        assert!(greedy.waits.lock().expect("not poisoned").len() >= WAITS_MAX);
        assert_eq!(greedy.waits_since_ms(), NEVER);
        assert!(greedy.waits.lock().expect("not poisoned").is_empty(), "what ended is forgotten");
    }
}
