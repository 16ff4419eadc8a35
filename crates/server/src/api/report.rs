//! `GET /v1/reports/{name}`: a report, from summaries.
//!
//! The parameters are those of `frontdesk report`, and are read by the same code, so both say the same
//! about wrong ones. A parameter that isn't known is an error: `?form=2026-11-01` must not answer for
//! another time than was meant.

use std::io;
use std::sync::Arc;

use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use report::{AskedForm, DrawnForm, FILTERS, Look, PARAMETERS, Report, ReportForm, ReportName, ReportRequest, Zone};
use serde_json::{Value, json};

use super::endpoint::Endpoint;
use super::kept::annotated::annotate;
use super::openapi::{parts, problems};
use super::rows;
use crate::app::access::scope::Access;
use crate::app::backend::{Backend, TableForm};
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};

/// The media type of a workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// What stands before the report's name in a path.
const PREFIX: &str = "/v1/reports/";

pub(super) enum GetReport {}

impl Endpoint for GetReport {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "A report: overview, chat, channels, subjects, pages, referrers, devices or quality",
        content: Content::Rows,
        openapi: || Operation {
            id: "report",
            parameters: parameters(),
            success: parts::success(
                "The report, in the form that is asked for; all its numbers are of one moment.",
                json!({
                    "application/json": { "schema": parts::schema("Report") },
                    "text/csv": {},
                    "text/plain": {},
                    XLSX: {},
                    "text/html": {},
                    "image/svg+xml": {},
                }),
            ),
            problems: [
                problems::QUERYING,
                &[Code::QueryInvalid, Code::SummariesPending, Code::Internal, Code::Overloaded],
            ]
            .concat(),
            schemas: schemas(),
            ..Operation::default()
        },
        ..RouteSpec::get("/v1/reports/{name}", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let (request, form) = asked(&call.head, state.options.time_zone, state.backend.now_micros())?;
        let _slot = state.report_slots.try_acquire().map_err(|_| rows::busy())?;
        let mut requests = vec![request.clone()];
        if is_taken_along(form) {
            requests.extend(request.lists());
        }
        let mut made = state.backend.reports(&requests, rows::limits(&state)).await.map_err(rows::problem)?.into_iter();
        let mut report = made.next().ok_or_else(|| Problem::internal("no report where one was asked for"))?;
        let lists: Vec<Report> = made.collect();
        annotate(&state, std::slice::from_mut(&mut report)).await;
        let (name, now) = (request.name(), state.backend.now_micros());
        // A workbook of a thousand rows takes a while.
        let written = tokio::task::spawn_blocking(move || bytes(&report, &lists, form, now)).await;
        let bytes = written.map_err(|_| Problem::internal("writing a report panicked"))?;
        let bytes = bytes.map_err(|error| Problem::internal(error.to_string()))?;
        let mut answer = rows::written_as(&state, bytes, media_type(form))?;
        if is_a_file(form) {
            let disposition = format!("attachment; filename=\"{}.{}\"", name.name(), form.name());
            let disposition =
                HeaderValue::try_from(disposition).map_err(|error| Problem::internal(error.to_string()))?;
            answer.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
        }
        Ok(answer)
    }
}

/// Whether it is whole in itself, so that the lists of the overview belong into it.
fn is_taken_along(form: AskedForm) -> bool {
    matches!(form, AskedForm::Written(ReportForm::Xlsx) | AskedForm::Drawn(DrawnForm::Html))
}

fn bytes(report: &Report, lists: &[Report], form: AskedForm, now: i64) -> io::Result<Vec<u8>> {
    match form {
        AskedForm::Written(ReportForm::Xlsx) => {
            let mut bytes = Vec::new();
            report.write_workbook(lists, &mut bytes)?;
            Ok(bytes)
        }
        AskedForm::Written(form) => {
            let mut bytes = Vec::new();
            report.write(form, Look::Plain, &mut bytes)?;
            Ok(bytes)
        }
        AskedForm::Drawn(DrawnForm::Html) => Ok(dashboard::report_page(report, lists, now).into_bytes()),
        AskedForm::Drawn(DrawnForm::Svg) => Ok(dashboard::report_picture(report, now).into_bytes()),
    }
}

/// Whether it is to be kept, and not shown: a page of this server runs nothing and has no style in it.
fn is_a_file(form: AskedForm) -> bool {
    matches!(form, AskedForm::Written(ReportForm::Xlsx) | AskedForm::Drawn(_))
}

fn media_type(form: AskedForm) -> HeaderValue {
    match form {
        AskedForm::Written(ReportForm::Json) => rows::media_type(TableForm::Json),
        AskedForm::Written(ReportForm::Csv) => rows::media_type(TableForm::Csv),
        AskedForm::Written(ReportForm::Table) => rows::media_type(TableForm::Table),
        AskedForm::Written(ReportForm::Xlsx) => HeaderValue::from_static(XLSX),
        AskedForm::Drawn(DrawnForm::Html) => HeaderValue::from_static("text/html; charset=utf-8"),
        AskedForm::Drawn(DrawnForm::Svg) => HeaderValue::from_static("image/svg+xml"),
    }
}

fn asked(head: &Parts, zone: Zone, now_micros: i64) -> Result<(ReportRequest, AskedForm), Problem> {
    let name = head.uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let unreadable =
        |_| Problem::new(Code::QueryInvalid, "the query can't be read; write name=value pairs, percent-encoded");
    let Query(parameters): Query<Vec<(String, String)>> = Query::try_from_uri(&head.uri).map_err(unreadable)?;
    let pairs = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let request = ReportRequest::parse(name, pairs, zone, now_micros)
        .map_err(|error| Problem::new(Code::QueryInvalid, error.to_string()))?;
    let accepted = || match rows::form(&head.headers) {
        TableForm::Json | TableForm::NdJson => ReportForm::Json,
        TableForm::Csv | TableForm::CsvHarmless => ReportForm::Csv,
        TableForm::Table | TableForm::Parquet => ReportForm::Table,
    };
    let form = request.form().unwrap_or_else(|| AskedForm::Written(accepted()));
    Ok((request, form))
}

fn parameters() -> Vec<Value> {
    let names: Vec<&str> = ReportName::ALL.map(ReportName::name).to_vec();
    let about: Vec<String> = ReportName::ALL.iter().map(|name| format!("{}: {}", name.name(), name.about())).collect();
    let name = json!({ "in": "path", "name": "name", "required": true, "description": format!("Which report. {}.", about.join("; ")), "schema": { "enum": names } });
    std::iter::once(name).chain(query_parameters()).collect()
}

/// Those that stand in a query.
pub(super) fn query_parameters() -> impl Iterator<Item = Value> {
    let parameter = |(name, about): &(&str, &str)| match *name {
        filter if FILTERS.contains(&filter) => {
            parts::choice(name, &format!("{about}."), json!({ "type": "array", "items": { "type": "string" } }))
        }
        "limit" => parts::choice(name, &format!("{about}."), json!({ "type": "integer", "minimum": 0 })),
        "format" => parts::choice(
            name,
            "Before what Accept asks for.",
            json!({ "enum": ["json", "csv", "table", "xlsx", "html", "svg"] }),
        ),
        _ => parts::in_query(name, &format!("{about}.")),
    };
    PARAMETERS.iter().map(parameter)
}

/// The answer's shape, as `report::Report` has it.
fn schemas() -> Vec<(&'static str, Value)> {
    let nullable = |kind: &str| json!({ "type": [kind, "null"] });
    let number = json!({
        "oneOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "number", "description": "A share of 1." },
            parts::schema("ReportSeconds"),
            { "type": "null" },
        ],
    });
    let lengths = ["median", "p90", "p95", "max", "count"];
    let by_name = |schema: &str| json!({ "type": "object", "additionalProperties": parts::schema(schema) });
    let list = |schema: Value| json!({ "type": "array", "items": schema });
    let mut part =
        json!({ "value": number, "previous": number, "change": nullable("number"), "note": parts::string() });
    let mut metric = part.clone();
    part["value"]["description"] = json!(
        "null if it can't be known, as of a part that hasn't begun, or of an hour of the week that the period doesn't have."
    );
    metric["unit"] = json!({ "enum": ["count", "visitors", "share", "seconds"] });
    metric["reason"] = json!({ "type": "string", "description": "Why there is no value." });
    let filter = FILTERS.map(|kind| (kind.to_owned(), list(parts::string())));
    vec![
        (
            "Report",
            parts::object(
                &[
                    "report",
                    "period",
                    "compared",
                    "by",
                    "filter",
                    "metrics",
                    "series",
                    "rows_by",
                    "rows",
                    "rows_left_out",
                    "notes",
                ],
                json!({
                    "report": { "enum": ReportName::ALL.map(ReportName::name) },
                    "period": parts::object(
                        &["since", "until", "tz", "so_far"],
                        json!({ "since": parts::date_time(), "until": parts::date_time(), "tz": parts::string(), "so_far": { "type": "boolean" } }),
                    ),
                    "compared": {
                        "type": ["object", "null"],
                        "properties": { "with": { "enum": ["previous", "year", "weekdays", "own"] }, "since": parts::date_time(), "until": parts::date_time(), "so_far": { "type": "boolean", "description": "Whether it is cut to as much as is over of the period." } },
                    },
                    "by": { "enum": ["hour", "day", "week", "month", "weekday-hour"] },
                    "filter": { "type": "object", "properties": Value::Object(filter.into_iter().collect()) },
                    "metrics": by_name("ReportMetric"),
                    "series": list(parts::object(&["at", "metrics"], json!({
                        "at": { "type": "string", "description": "Where the part begins, or the weekday and hour: mon 09:00." },
                        "metrics": by_name("ReportPart"),
                    }))),
                    "rows_by": nullable("string"),
                    "rows": list(parts::object(&["kind", "value", "metrics"], json!({
                        "kind": { "enum": ["value", "none", "other"] },
                        "value": nullable("string"),
                        "metrics": by_name("ReportPart"),
                    }))),
                    "rows_left_out": parts::count(),
                    "notes": list(parts::string()),
                    "annotations": {
                        "description": "What people have noted on the time line within the period; absent without any.",
                        "type": "array",
                        "items": parts::object(&["id", "at", "text"], json!({
                            "id": { "type": "integer" },
                            "at": { "type": "string", "description": "A day such as 2026-11-29, or an instant." },
                            "text": parts::string(),
                        })),
                    },
                }),
            ),
        ),
        ("ReportMetric", parts::object(&["value", "previous", "change", "unit"], metric)),
        ("ReportPart", parts::object(&["value"], part)),
        (
            "ReportSeconds",
            parts::object(
                &lengths,
                Value::Object(lengths.map(|name| (name.to_owned(), parts::count())).into_iter().collect()),
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    /// 2026-11-22T14:07:16Z
    const NOW: i64 = 1_795_356_436_000_000;

    fn check(path: &str, accept: &str, expect: Result<(ReportName, &str), &str>) {
        let request = Request::get(path).header("accept", accept).body(()).expect("a request");
        match (asked(&request.into_parts().0, Zone::UTC, NOW), expect) {
            (Ok((request, form)), Ok(expect)) => assert_eq!((request.name(), form.name()), expect, "{path}"),
            (Err(problem), Err(detail)) => {
                assert_eq!((problem.code(), problem.document()["detail"].as_str()), (Code::QueryInvalid, Some(detail)));
            }
            (got, _) => panic!("{path}: {got:?}"),
        }
    }

    #[test]
    fn reads_what_the_command_line_reads() {
        check("/v1/reports/overview", "*/*", Ok((ReportName::Overview, "json")));
        check("/v1/reports/pages?page=&page=%21a&since=24h", "text/csv", Ok((ReportName::Pages, "csv")));
        check("/v1/reports/chat?format=table", "*/*", Ok((ReportName::Chat, "table")));
        check("/v1/reports/chat?since=1d&since=2d", "*/*", Err("since is given twice; write it once"));
        check(
            "/v1/reports/chat?format=xml",
            "*/*",
            Err("format is \"xml\"; write json, csv, table, xlsx, html or svg"),
        );
        check("/v1/reports/chat?format=xlsx", "text/csv", Ok((ReportName::Chat, "xlsx")));
        let unknown = "there is no report \"chats\"; write overview, chat, channels, subjects, pages, referrers, devices or quality";
        check("/v1/reports/chats", "*/*", Err(unknown));
    }
}
