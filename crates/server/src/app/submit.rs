//! Handing events to the backend, and what its refusals mean to a sender.

use std::sync::Arc;
use std::time::Instant;

use intake::{Answers, BodyError, Request, SubmitError};

use super::backend::Ingest;
use super::state::AppState;
use super::unavailable::UnavailableReason;
use crate::http::problem::{Code, Problem};

/// Bodies above this are checked on a blocking thread: nothing of it waits for a disk, so
/// it would hold a worker all the while.
const CHECK_INLINE_BYTES_MAX: usize = 64 << 10;

/// Checks, appends, waits until durable; counts how long that took.
pub(crate) async fn submit<B: Ingest>(state: &AppState<B>, request: Request) -> Result<Answers, Problem> {
    let begun = Instant::now();
    let answers = state.backend.submit(request, state.answer_budget()).await.map_err(refused)?;
    state.meters.acked(begun.elapsed());
    Ok(answers)
}

/// Checks, and keeps nothing.
pub(crate) async fn check<B: Ingest>(state: &Arc<AppState<B>>, request: Request) -> Result<Answers, Problem> {
    if request.body.len() <= CHECK_INLINE_BYTES_MAX {
        return state.backend.check(&request, state.answer_budget()).map_err(unreadable);
    }
    let shared = Arc::clone(state);
    tokio::task::spawn_blocking(move || shared.backend.check(&request, shared.answer_budget()))
        .await
        .map_err(|error| Problem::internal(format!("the check stopped: {error}")))?
        .map_err(unreadable)
}

fn refused(error: SubmitError) -> Problem {
    match error {
        SubmitError::Body(error) => unreadable(error),
        SubmitError::Overloaded { retry_after } => {
            Problem::from(UnavailableReason::Overloaded).retry_after(retry_after)
        }
        SubmitError::DiskFull { retry_after } => Problem::from(UnavailableReason::DiskFull).retry_after(retry_after),
        SubmitError::Poisoned => UnavailableReason::Poisoned.into(),
        SubmitError::Closed => UnavailableReason::Closed.into(),
    }
}

/// A body that can't be read as events at all. The words are `intake`'s, which masks.
fn unreadable(error: BodyError) -> Problem {
    let code = match &error {
        BodyError::NoRoom => return Problem::overloaded(),
        BodyError::Empty => Code::BodyEmpty,
        BodyError::TooManyEvents { .. } | BodyError::BodyTooLarge { .. } => Code::BodyTooLarge,
        _ => Code::BodyUnreadable,
    };
    match error {
        BodyError::Foreign(intake::Foreign { name, coding: Some(coding), .. }) => {
            Problem::new(code, format!("this is {name}; send Content-Encoding: {coding}"))
        }
        error => Problem::new(code, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_compressed_body_without_its_label_is_told_how_to_send_it() {
        let foreign = intake::foreign_format(b"\x1F\x8B\x08\x00").expect("gzip");
        let problem = unreadable(BodyError::Foreign(foreign));
        assert_eq!(problem.document()["detail"], "this is gzip; send Content-Encoding: gzip");
        let foreign = intake::foreign_format(b"PK\x03\x04").expect("zip");
        let detail = unreadable(BodyError::Foreign(foreign)).document()["detail"].to_string();
        assert!(detail.contains("a zip archive"), "{detail}");
    }

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let check = |error: SubmitError, code: Code, wait: Option<&str>| {
            let problem = refused(error);
            assert_eq!(problem.code(), code);
            let response = problem.into_response();
            let found = response.headers().get("retry-after").and_then(|wait| wait.to_str().ok());
            assert_eq!(found, wait, "{code:?}");
        };
        let retry_after = Duration::from_secs(7);
        check(SubmitError::Overloaded { retry_after }, Code::Overloaded, Some("7"));
        check(SubmitError::DiskFull { retry_after }, Code::DiskFull, Some("7"));
        check(SubmitError::Poisoned, Code::Poisoned, Some("60"));
        check(SubmitError::Closed, Code::Stopping, Some("5"));
        check(SubmitError::Body(BodyError::NoRoom), Code::Overloaded, Some("1"));
        check(SubmitError::Body(BodyError::Empty), Code::BodyEmpty, None);
    }
}
