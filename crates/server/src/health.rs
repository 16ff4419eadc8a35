//! `/healthz`, `/readyz`, and what is said when events can't be taken in.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};

use crate::edge::{Call, Edge, Outcome, content};
use crate::front::{Front, Held, Readiness};
use crate::problem::{Code, Problem};

/// The problem for what holds events up, with a wait that suits it.
pub(crate) fn held(by: Held) -> Problem {
    // A disk or a restart needs a person: asking again each second would be noise.
    let (code, wait) = match by {
        Held::Overloaded => (Code::Overloaded, Duration::from_secs(1)),
        Held::DiskFull => (Code::DiskFull, Duration::from_secs(30)),
        Held::Poisoned => (Code::Poisoned, Duration::from_secs(60)),
        Held::Closed => (Code::Stopping, Duration::from_secs(5)),
    };
    Problem::of(code).retry_after(wait)
}

/// `GET /healthz`: answered by a living process, whatever its state.
pub(crate) async fn live<F: Front>(_edge: Arc<Edge<F>>, _call: Call) -> Outcome {
    Ok(plain("alive\n"))
}

/// `GET /readyz`: 200 when events can be taken in, 503 with the reason when not. Where
/// something is missing from what is read, the first word is `degraded`, and a line each
/// says what.
pub(crate) async fn ready<F: Front>(edge: Arc<Edge<F>>, _call: Call) -> Outcome {
    if edge.budget.used() >= edge.options.requests_in_flight_bytes_max / 10 * 9 {
        return Err(held(Held::Overloaded));
    }
    let vitals = edge.front.vitals();
    match (vitals.readiness, vitals.trouble) {
        (Readiness::Ready, _) if vitals.remarks.is_empty() => Ok(plain("ready\n")),
        (Readiness::Ready, _) => Ok(plain(format!("degraded\n{}\n", vitals.remarks.join("\n")))),
        (Readiness::NotReady(by), None) => Err(held(by)),
        (Readiness::NotReady(by), Some(trouble)) => Err(held(by).member("trouble", trouble.into())),
    }
}

fn plain(text: impl Into<bytes::Bytes>) -> axum::response::Response {
    content(StatusCode::OK, HeaderValue::from_static("text/plain; charset=utf-8"), text)
}
