//! `GET /v1/export`: all rows of a span of time, streamed.
//!
//! What can't be exported is a problem document. Once the first bytes have gone out the status is said: an export
//! that fails later ends without its proper end, which every HTTP client tells as an error.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use bytes::Bytes;
use futures::StreamExt;
use intake::Claim;
use report::{EXPORT_PARAMETERS, ExportForm, ExportRequest, Zone};
use serde_json::{Value, json};

use super::endpoint::Endpoint;
use super::openapi::{parts, problems};
use super::rows;
use crate::app::access::principal::Principal;
use crate::app::access::scope::Access;
use crate::app::backend::{Backend, ExportRows, QueryFailure, SqlLimits};
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};
use crate::http::response;

/// What an export on its way holds, in bytes: a piece from the worker, and what the connection buffers.
const EXPORT_BYTES_HELD: usize = 1 << 20;

/// Forms by media type.
const FORMS: [(&str, ExportForm); 3] = [
    ("text/csv", ExportForm::Csv),
    ("application/x-ndjson", ExportForm::NdJson),
    ("application/vnd.apache.parquet", ExportForm::Parquet),
];

pub(super) enum GetExport {}

impl Endpoint for GetExport {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "All rows of a span of time, as CSV, NDJSON or Parquet",
        content: Content::Rows,
        openapi: || Operation {
            id: "export",
            parameters: EXPORT_PARAMETERS.iter().map(parameter).collect(),
            success: parts::success(
                "The rows, in no particular order, all of one moment. An answer that is cut off is a part: it ends without its proper end.",
                Value::Object(FORMS.iter().map(|(name, _)| ((*name).to_owned(), json!({}))).collect()),
            ),
            problems: [problems::QUERYING, &[Code::QueryInvalid, Code::Internal, Code::Overloaded]].concat(),
            ..Operation::default()
        },
        ..RouteSpec::get("/v1/export", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let request = asked(&call.head, state.options.time_zone, state.backend.now_micros())?;
        let mut claim = state.answers.empty();
        if !claim.grow_to(EXPORT_BYTES_HELD) {
            return Err(Problem::overloaded());
        }
        let limits = SqlLimits { time_max: state.options.export_time_max, ..rows::limits(&state) };
        let rows = state.backend.export(&request, limits).await.map_err(rows::problem)?;
        let name = format!("attachment; filename=\"{}.{}\"", request.table().name(), request.form().name());
        let mut answer = response::content(StatusCode::OK, media_type(request.form()), Bytes::new());
        *answer.body_mut() = Body::from_stream(guarded(state, call.principal, rows, claim));
        if let Ok(name) = HeaderValue::try_from(name) {
            answer.headers_mut().insert(header::CONTENT_DISPOSITION, name);
        }
        Ok(answer)
    }
}

/// The rows for as long as their reader would be let in; their room is given back at their end.
fn guarded<B: Backend>(
    state: Arc<AppState<B>>,
    principal: Principal,
    rows: ExportRows,
    claim: Claim,
) -> impl futures::Stream<Item = Result<Bytes, QueryFailure>> {
    let begin = Some((state, principal, rows, claim));
    futures::stream::unfold(begin, |held| async {
        let (state, principal, mut rows, claim) = held?;
        let part = match state.access.still_admits(&principal, state.now_s()) {
            true => rows.next().await?,
            false => Err(QueryFailure::Invalid("the key isn't taken any more".to_owned())),
        };
        match part {
            Ok(part) => Some((Ok(part), Some((state, principal, rows, claim)))),
            Err(failure) => {
                // Its words are the asker's, who can't be told any more.
                tracing::warn!(why = kind(&failure), "an export was cut off");
                Some((Err(failure), None))
            }
        }
    })
}

fn kind(failure: &QueryFailure) -> &'static str {
    match failure {
        QueryFailure::Invalid(_) => "refused",
        QueryFailure::Limit(_) => "limit",
        QueryFailure::Busy | QueryFailure::NoRoom => "busy",
        QueryFailure::NotYet(_) | QueryFailure::Unavailable(_) => "unavailable",
        QueryFailure::Internal(_) => "internal",
    }
}

fn asked(head: &Parts, zone: Zone, now_micros: i64) -> Result<ExportRequest, Problem> {
    let unreadable =
        |_| Problem::new(Code::QueryInvalid, "the query can't be read; write name=value pairs, percent-encoded");
    let Query(parameters): Query<Vec<(String, String)>> = Query::try_from_uri(&head.uri).map_err(unreadable)?;
    let pairs = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let request = ExportRequest::parse(pairs, zone, now_micros)
        .map_err(|error| Problem::new(Code::QueryInvalid, error.to_string()))?;
    Ok(request.or_as(accepted(&head.headers)))
}

/// The first form that `Accept` names and that we write; CSV when it names none.
fn accepted(headers: &HeaderMap) -> ExportForm {
    let ranges = headers.get_all(header::ACCEPT).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let named = |range: &[u8]| {
        let essence = range.split(|byte| *byte == b';').next()?.trim_ascii();
        FORMS.iter().find(|(name, _)| essence.eq_ignore_ascii_case(name.as_bytes())).map(|(_, form)| *form)
    };
    ranges.filter_map(named).next().unwrap_or(ExportForm::Csv)
}

fn media_type(form: ExportForm) -> HeaderValue {
    HeaderValue::from_static(match form {
        ExportForm::Csv => "text/csv; charset=utf-8; header=present",
        ExportForm::NdJson => "application/x-ndjson",
        ExportForm::Parquet => "application/vnd.apache.parquet",
    })
}

fn parameter((name, about): &(&str, &str)) -> Value {
    let about = format!("{about}.");
    match *name {
        filter if report::FILTERS.contains(&filter) => {
            parts::choice(name, &about, json!({ "type": "array", "items": { "type": "string" } }))
        }
        "table" => parts::choice(name, &about, json!({ "enum": ["contacts", "activity", "events"] })),
        "format" => parts::choice(
            name,
            "Before what Accept asks for; csv when neither says.",
            json!({ "enum": ["csv", "ndjson", "parquet"] }),
        ),
        "raw" => parts::choice(name, &about, parts::boolean()),
        _ => parts::in_query(name, &about),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    /// 2026-11-22T14:07:16Z
    const NOW: i64 = 1_795_356_436_000_000;

    fn check(path: &str, accept: &str, expect: Result<(&str, ExportForm), &str>) {
        let request = Request::get(path).header("accept", accept).body(()).expect("a request");
        match (asked(&request.into_parts().0, Zone::UTC, NOW), expect) {
            (Ok(request), Ok(expect)) => assert_eq!((request.table().name(), request.form()), expect, "{path}"),
            (Err(problem), Err(detail)) => {
                assert_eq!((problem.code(), problem.document()["detail"].as_str()), (Code::QueryInvalid, Some(detail)));
            }
            (got, _) => panic!("{path}: {got:?}"),
        }
    }

    #[test]
    fn reads_what_the_command_line_reads() {
        check("/v1/export", "*/*", Ok(("contacts", ExportForm::Csv)));
        check("/v1/export?table=activity", "text/html, Application/X-NDJSON;q=1", Ok(("activity", ExportForm::NdJson)));
        check("/v1/export?format=parquet&since=2026-11", "text/csv", Ok(("contacts", ExportForm::Parquet)));
        check("/v1/export?sinc=1d", "*/*", Err("there is no parameter \"sinc\"; did you mean since?"));
    }
}
