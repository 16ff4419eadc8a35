//! `GET /readyz`: 200 when events can be taken in, 503 with the reason when not. Where
//! something is missing from what is read, the first word is `degraded`, and a line each
//! says what.

use std::sync::Arc;

use super::endpoint::Endpoint;
use super::openapi::parts;
use crate::app::access::scope::Access;
use crate::app::backend::{Backend, HealthReport, Readiness};
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::RouteSpec;
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};
use crate::http::response;

/// What doesn't work without the state file.
pub(super) const KEPT_UNUSABLE: &str = "saved views, notes, shared links and mails can't be used";

pub(super) enum GetReady {}

impl Endpoint for GetReady {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Whether events can be taken in now",
        openapi: || Operation {
            id: "isReady",
            success: parts::success_text(),
            problems: vec![Code::Overloaded, Code::DiskFull, Code::Poisoned, Code::Stopping],
            ..Operation::default()
        },
        ..RouteSpec::get("/readyz", Access::Public)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, _call: Call) -> Outcome {
        if state.budget.used() >= state.options.requests_in_flight_bytes_max / 10 * 9 {
            return Err(Problem::overloaded());
        }
        let mut health = state.backend.health();
        if state.options.state_trouble.is_some() {
            // Where the file is and what is wrong with it is told to those who may read.
            health.remarks.push(format!("{KEPT_UNUSABLE}; the log and /views say how to mend it"));
        }
        Ok(response::text(text(health)?))
    }
}

fn text(health: HealthReport) -> Result<String, Problem> {
    match (health.readiness, health.trouble) {
        (Readiness::Ready, _) if health.remarks.is_empty() => Ok("ready\n".to_owned()),
        (Readiness::Ready, _) => Ok(format!("degraded\n{}\n", health.remarks.join("\n"))),
        (Readiness::NotReady(reason), None) => Err(reason.into()),
        (Readiness::NotReady(reason), Some(trouble)) => Err(Problem::from(reason).member("trouble", trouble.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::unavailable::UnavailableReason;

    #[test]
    fn what_is_amiss_is_told_with_a_200_and_what_stops_with_its_reason() {
        let check = |readiness, trouble: Option<&str>, remarks: &[&str], expect: Result<&str, (Code, Option<&str>)>| {
            let health = HealthReport {
                readiness,
                trouble: trouble.map(str::to_owned),
                remarks: remarks.iter().map(|remark| (*remark).to_owned()).collect(),
                samples: Vec::new(),
            };
            match text(health) {
                Ok(text) => assert_eq!(Ok(text.as_str()), expect),
                Err(problem) => {
                    let document = problem.document();
                    let trouble = document.get("trouble").and_then(|trouble| trouble.as_str());
                    assert_eq!(Err((problem.code(), trouble)), expect);
                }
            }
        };
        let not_ready = Readiness::NotReady(UnavailableReason::DiskFull);
        check(Readiness::Ready, None, &[], Ok("ready\n"));
        check(Readiness::Ready, Some("a slow disk"), &["one", "two"], Ok("degraded\none\ntwo\n"));
        check(not_ready, None, &["one"], Err((Code::DiskFull, None)));
        check(not_ready, Some("/data is full"), &[], Err((Code::DiskFull, Some("/data is full"))));
    }
}
