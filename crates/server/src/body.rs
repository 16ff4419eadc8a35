//! Reading a body within its limits, and getting rid of one that is refused.
//!
//! A refusal comes before the body has been read. If the connection were closed then,
//! bytes still on their way would make the kernel reset it, and many clients would show
//! "connection reset" instead of the answer. So an [`Arrival`] that is dropped unread,
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

use crate::budget::{Budget, Claim};
use crate::coding::{Coding, INLINE_BYTES_MAX};
use crate::options::ServerOptions;
use crate::problem::{Code, Problem};

/// A body that comes in parts is given room in steps: this much, then twice as much as has
/// arrived, so that nobody holds room with what wasn't sent.
const FIRST_STEP_BYTES: usize = 16 << 10;

/// The body of a request that has not been read yet.
pub(crate) struct Arrival {
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

impl Arrival {
    pub(crate) fn new(body: Body, headers: &HeaderMap, options: &ServerOptions) -> Arrival {
        // A sender that waits for `100 Continue` has not sent its body, and after a refusal
        // need not: what comes next could be another request, so the connection closes.
        let waits = headers.contains_key(header::EXPECT);
        let drain_bytes_max = if waits { 0 } else { options.drain_bytes_max };
        Arrival { body: Some(body), drain_bytes_max, drain_timeout: options.drain_timeout }
    }

    /// The whole body, at most `bytes_max`, as it was sent.
    pub(crate) async fn read(
        mut self,
        bytes_max: usize,
        budget: &Budget,
        timeout: Duration,
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
                Poll::Pending => tokio::time::timeout(timeout, collecting)
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
        options: &ServerOptions,
        budget: &Budget,
    ) -> Result<Received, Problem> {
        let Received { bytes, mut claim } =
            self.read(options.body_bytes_max, budget, options.body_read_timeout).await?;
        let bytes_max = options.body_bytes_decompressed_max;
        if coding == Coding::Identity {
            return Ok(Received { bytes, claim });
        }
        let small = bytes.len() <= INLINE_BYTES_MAX;
        let decode = move || {
            let bytes = coding.decode(bytes, bytes_max, &mut claim)?;
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

impl Drop for Arrival {
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
        return if claim.grow_to(first.len()) { Ok(Received { bytes: first, claim }) } else { Err(overloaded()) };
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
                return Err(overloaded());
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

fn overloaded() -> Problem {
    Problem::of(Code::Overloaded).retry_after(Duration::from_secs(1))
}
