//! Reading a body within its limits, and getting rid of one that is refused.
//!
//! A refusal comes before the body has been read. If the connection were closed then,
//! bytes still on their way would make the kernel reset it, and many clients would show
//! "connection reset" instead of the answer. So an [`UnreadBody`] that is dropped,
//! for whatever reason, is read off in the background for a while and thrown away: the
//! answer goes out at once, and a sender that finishes keeps its connection.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use intake::{Budget, Claim};

use super::coding::{Coding, INLINE_BYTES_MAX};
use super::problem::{Code, Problem};

/// A body that comes in parts is given room in steps: this much, then twice as much as has
/// arrived, so that nobody holds room with what wasn't sent.
const FIRST_STEP_BYTES: usize = 16 << 10;

/// The limits of one body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    /// As it is sent, before decompression; past it 413.
    pub(crate) bytes_max: usize,
    /// After decompression; past it 413.
    pub(crate) decompressed_bytes_max: usize,
    /// Time for all of it to arrive; past it 408.
    pub(crate) read_timeout: Duration,
    /// How much of a refused body is read and thrown away.
    pub(crate) drain_bytes_max: usize,
    /// How long a refused body is read and thrown away.
    pub(crate) drain_timeout: Duration,
}

/// The body of a request that has not been read yet.
pub(crate) struct UnreadBody {
    /// `None` once it is read.
    body: Option<Body>,
    drain_bytes_max: usize,
    drain_timeout: Duration,
}

/// A body in memory, and the room it takes until its answer is made.
pub(crate) struct Received {
    pub(crate) bytes: Bytes,
    pub(crate) claim: Claim,
}

impl UnreadBody {
    pub(crate) fn new(body: Body, headers: &HeaderMap, limits: &BodyLimits) -> UnreadBody {
        // A sender that waits for `100 Continue` has not sent its body, and after a refusal
        // need not: what comes next could be another request, so the connection closes.
        let waits = headers.contains_key(header::EXPECT);
        let drain_bytes_max = if waits { 0 } else { limits.drain_bytes_max };
        UnreadBody { body: Some(body), drain_bytes_max, drain_timeout: limits.drain_timeout }
    }

    /// The whole body, at most `bytes_max`, as it was sent.
    pub(crate) async fn read(
        mut self,
        bytes_max: usize,
        limits: &BodyLimits,
        budget: &Budget,
    ) -> Result<Received, Problem> {
        let Some(body) = &mut self.body else {
            return Err(Problem::internal("a body was read twice"));
        };
        let declared = body.size_hint().upper().and_then(|bytes| usize::try_from(bytes).ok());
        // The lower bound is the declared length, or nothing when none was declared.
        if body.size_hint().lower() > bytes_max as u64 {
            return Err(too_large(bytes_max));
        }
        // A head alone claims nothing.
        let claim = budget.empty();
        let received = {
            let mut collecting = pin!(collect(body, declared, bytes_max, claim));
            // Mostly the body is there, and no time needs to be measured.
            match futures::poll!(collecting.as_mut()) {
                Poll::Ready(received) => received,
                Poll::Pending => tokio::time::timeout(limits.read_timeout, collecting)
                    .await
                    .unwrap_or_else(|_| Err(Problem::of(Code::BodyTimeout))),
            }
        }?;
        self.body = None;
        Ok(received)
    }

    /// The whole body, decompressed.
    pub(crate) async fn read_plain(
        self,
        coding: Coding,
        limits: &BodyLimits,
        budget: &Budget,
    ) -> Result<Received, Problem> {
        let Received { bytes, mut claim } = self.read(limits.bytes_max, limits, budget).await?;
        let decompressed_bytes_max = limits.decompressed_bytes_max;
        if coding == Coding::Identity {
            return Ok(Received { bytes, claim });
        }
        let small = bytes.len() <= INLINE_BYTES_MAX;
        let decode = move || {
            let bytes = coding.decode(bytes, decompressed_bytes_max, &mut claim)?;
            Ok(Received { bytes, claim })
        };
        if small {
            return decode();
        }
        tokio::task::spawn_blocking(decode)
            .await
            .unwrap_or_else(|error| Err(Problem::internal(format!("decompression stopped: {error}"))))
    }
}

impl Drop for UnreadBody {
    fn drop(&mut self) {
        let Some(body) = self.body.take() else { return };
        if body.is_end_stream() || self.drain_bytes_max == 0 {
            return;
        }
        // Outside a runtime nobody is waiting for an answer either.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let drain = drain(body, self.drain_bytes_max);
            runtime.spawn(tokio::time::timeout(self.drain_timeout, drain));
        }
    }
}

/// Reads and forgets up to `bytes_max`; what is dropped unread closes the connection.
async fn drain(mut body: Body, bytes_max: usize) {
    let mut seen = 0;
    while seen < bytes_max {
        match body.frame().await {
            Some(Ok(frame)) => seen += frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => break,
        }
    }
}

async fn collect(
    body: &mut Body,
    declared: Option<usize>,
    bytes_max: usize,
    mut claim: Claim,
) -> Result<Received, Problem> {
    let Some(first) = data(body).await? else {
        return Ok(Received { bytes: Bytes::new(), claim });
    };
    // The common case: a small body came with its head.
    if declared == Some(first.len()) {
        return if claim.grow_to(first.len()) {
            Ok(Received { bytes: first, claim })
        } else {
            Err(Problem::overloaded())
        };
    }
    let mut whole = Vec::new();
    let mut next = Some(first);
    while let Some(part) = next {
        let bytes = whole.len() + part.len();
        if bytes > bytes_max {
            return Err(too_large(bytes_max));
        }
        if bytes > whole.capacity() {
            let room = (2 * bytes).max(FIRST_STEP_BYTES).min(declared.unwrap_or(bytes_max).max(bytes));
            if !claim.grow_to(room) {
                return Err(Problem::overloaded());
            }
            whole.reserve_exact(room - whole.len());
        }
        whole.extend_from_slice(&part);
        next = data(body).await?;
    }
    Ok(Received { bytes: whole.into(), claim })
}

/// The next bytes; trailers are skipped.
async fn data(body: &mut Body) -> Result<Option<Bytes>, Problem> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data()
                    && !bytes.is_empty()
                {
                    return Ok(Some(bytes));
                }
            }
            // Nobody will read this answer when the sender is gone; one that only closed
            // its sending side will.
            Some(Err(_)) => return Err(Problem::of(Code::BodyCut)),
        }
    }
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("the body is over {bytes_max} bytes; split it"))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::stream;

    use super::*;

    const LIMITS: BodyLimits = BodyLimits {
        bytes_max: 100,
        decompressed_bytes_max: 1_000,
        read_timeout: Duration::from_secs(10),
        drain_bytes_max: 1_000,
        drain_timeout: Duration::from_secs(10),
    };

    /// A body that comes in these parts, without a declared length.
    fn parts(parts: &[&'static str]) -> Body {
        let parts: Vec<Result<&'static str, Infallible>> = parts.iter().map(|part| Ok(*part)).collect();
        Body::from_stream(stream::iter(parts))
    }

    fn unread(body: Body) -> UnreadBody {
        UnreadBody::new(body, &HeaderMap::new(), &LIMITS)
    }

    #[tokio::test]
    async fn a_body_is_read_within_its_limit_and_the_budget() {
        let check = async |body: Body, budget_bytes: usize, expect: Result<&str, Code>| {
            let budget = Budget::new(budget_bytes);
            let read = unread(body).read(10, &LIMITS, &budget).await;
            let found = match &read {
                Ok(received) => Ok(std::str::from_utf8(&received.bytes).expect("text")),
                Err(problem) => Err(problem.code()),
            };
            assert_eq!(found, expect);
            assert!(budget.used() <= budget_bytes);
            drop(read);
            assert_eq!(budget.used(), 0, "room is given back");
        };
        check(Body::empty(), 0, Ok("")).await;
        check(Body::from("0123456789"), 10, Ok("0123456789")).await;
        check(Body::from("0123456789"), 9, Err(Code::Overloaded)).await;
        check(Body::from("0123456789a"), 1_000, Err(Code::BodyTooLarge)).await;
        check(parts(&["0123", "", "456789"]), 1_000, Ok("0123456789")).await;
        check(parts(&["0123", "456789a"]), 1_000, Err(Code::BodyTooLarge)).await;
        check(parts(&["0123", "456789"]), 3, Err(Code::Overloaded)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_not_come_claims_nothing_and_ends() {
        let budget = Budget::new(1_000);
        let silent = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let begun = tokio::time::Instant::now();
        let limits = BodyLimits { read_timeout: Duration::from_secs(30), ..LIMITS };
        let read = unread(silent).read(1_000, &limits, &budget).await;
        assert_eq!(begun.elapsed().as_secs(), 30);
        assert_eq!(read.err().map(|problem| problem.code()), Some(Code::BodyTimeout));
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn a_cut_body_is_no_body() {
        let cut = stream::iter([Ok("0123"), Err(std::io::Error::other("cut"))]);
        let read = unread(Body::from_stream(cut)).read(1_000, &LIMITS, &Budget::new(1_000)).await;
        assert_eq!(read.err().map(|problem| problem.code()), Some(Code::BodyCut));
    }

    #[tokio::test]
    async fn a_refused_body_is_thrown_away_up_to_its_limit() {
        let check =
            async |limits: BodyLimits, expects_continue: bool, expect: usize| {
                let (sender, receiver) = tokio::sync::mpsc::channel::<Result<&'static str, Infallible>>(1);
                let body = Body::from_stream(stream::unfold(receiver, |mut parts| async move {
                    Some((parts.recv().await?, parts))
                }));
                let mut headers = HeaderMap::new();
                if expects_continue {
                    headers.insert(header::EXPECT, axum::http::HeaderValue::from_static("100-continue"));
                }
                drop(UnreadBody::new(body, &headers, &limits));
                let mut taken = 0;
                while taken < 100 && sender.send(Ok("0123456789")).await.is_ok() {
                    taken += 1;
                }
                // One part more may lie in the channel.
                assert!((expect..=expect + 1).contains(&taken), "{taken} parts");
            };
        check(LIMITS, false, 100).await;
        check(BodyLimits { drain_bytes_max: 30, ..LIMITS }, false, 3).await;
        check(BodyLimits { drain_bytes_max: 0, ..LIMITS }, false, 0).await;
        check(LIMITS, true, 0).await;
    }
}
