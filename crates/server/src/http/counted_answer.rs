//! An answer on its way: its bytes count until the connection has taken them.
//!
//! A reader that takes nothing must not make the server hold more than it has counted. So
//! a large answer goes out in pieces, of which the connection buffers few, and each piece
//! keeps the whole answer counted until the last one is let go.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::FutureExt;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, SizeHint};
use intake::{Budget, Claim};

use super::problem::{Code, Problem};

/// Longest piece of an answer that is handed to a connection at once.
pub(crate) const PIECE_BYTES_MAX: usize = 16 << 10;
/// Answers up to this aren't counted on HTTP/2, where one connection holds many.
const STREAM_BYTES_UNCOUNTED: usize = 1 << 10;

/// Marks an answer that only reads: where there is no room for it, it can be refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusable;

/// What an answer shares its connection with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Nothing (HTTP/1): the connection buffers a piece in any case.
    Alone,
    /// Other streams (HTTP/2).
    Stream,
}

/// An answer's bytes, and the room that they take.
struct Counted {
    bytes: Bytes,
    _claim: Claim,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Counts the answer's bytes. One that only reads is refused where they don't fit; of what
/// was done it must be said, and that is bounded before it is made ([`intake::AnswerBudget`]).
pub(crate) fn count(answer: Response, answers: &Budget, sharing: Sharing) -> Response {
    let uncounted = match sharing {
        Sharing::Alone => PIECE_BYTES_MAX,
        Sharing::Stream => STREAM_BYTES_UNCOUNTED,
    };
    // A stream has no length, and counts its own.
    let length = answer.body().size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let Some(length) = length.filter(|length| *length > uncounted) else { return answer };
    let claim = match answer.extensions().get::<Refusable>() {
        None => answers.count(length),
        Some(Refusable) => match answers.claim(length) {
            Some(claim) => claim,
            None if length > answers.bytes_max() => {
                let detail =
                    format!("the answer takes {length} bytes and {} are permitted; ask for less", answers.bytes_max());
                return Problem::new(Code::SqlLimit, detail).into_response();
            }
            None => return Problem::overloaded().into_response(),
        },
    };
    answer.map(|body| pieces(body, claim))
}

fn pieces(mut body: Body, claim: Claim) -> Body {
    // What has a length is there whole.
    let first = body.frame().now_or_never().flatten().and_then(Result::ok);
    let Some(bytes) = first.and_then(|frame| frame.into_data().ok()) else { return body };
    Body::new(Pieces { left: Bytes::from_owner(Counted { bytes, _claim: claim }), rest: body })
}

/// An answer in pieces.
struct Pieces {
    left: Bytes,
    /// What comes after; nothing, for an answer that was whole.
    rest: Body,
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.left.is_empty() {
            return Pin::new(&mut self.rest).poll_frame(cx);
        }
        let count = self.left.len().min(PIECE_BYTES_MAX);
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(count)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.size_hint();
        let left = self.left.len() as u64;
        match rest.exact() {
            Some(length) => SizeHint::with_exact(left + length),
            None => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_until_its_last_piece_is_gone() {
        let budget = Budget::new(1 << 20);
        let answer = |bytes: usize| Response::new(Body::from(vec![b'x'; bytes]));
        let small = count(answer(PIECE_BYTES_MAX), &budget, Sharing::Alone);
        assert_eq!((budget.used(), small.body().size_hint().exact()), (0, Some(PIECE_BYTES_MAX as u64)));
        let stream = count(answer(PIECE_BYTES_MAX), &budget, Sharing::Stream);
        assert_eq!(budget.used(), PIECE_BYTES_MAX);
        drop(stream);
        let bytes = 3 * PIECE_BYTES_MAX + 1;
        let mut body = count(answer(bytes), &budget, Sharing::Alone).into_body();
        assert_eq!((budget.used(), body.size_hint().exact()), (bytes, Some(bytes as u64)));
        let mut frames = Vec::new();
        while let Some(frame) = body.frame().now_or_never().expect("it is there") {
            frames.push(frame.expect("no error").into_data().expect("data"));
        }
        assert_eq!(
            frames.iter().map(Bytes::len).collect::<Vec<_>>(),
            [PIECE_BYTES_MAX, PIECE_BYTES_MAX, PIECE_BYTES_MAX, 1]
        );
        drop(body);
        frames.truncate(1);
        assert_eq!(budget.used(), bytes, "a piece is still on its way");
        frames.clear();
        assert_eq!(budget.used(), 0);
        let over = count(answer(2 << 20), &budget, Sharing::Alone);
        assert!(budget.is_full(), "what was done is said");
        drop(over);
        assert_eq!(budget.used(), 0);
        let read = |bytes: usize| {
            let mut answer = answer(bytes);
            answer.extensions_mut().insert(Refusable);
            count(answer, &budget, Sharing::Alone)
        };
        assert_eq!(read(2 << 20).status(), 422);
        let first = read(1 << 19);
        assert_eq!((first.status().as_u16(), read(1 << 20).status().as_u16()), (200, 503));
        drop(first);
        assert_eq!(budget.used(), 0);
    }
}
