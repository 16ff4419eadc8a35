//! `GET /v1/reports/contacts`: the report of contact requests, over one snapshot.
//!
//! The parameters are those of `frontdesk report contacts`; so is the answer as JSON, and
//! `Accept` asks for the other forms as it does for `/v1/sql`. An unknown parameter is an
//! error: `?form=2026-11-01` must not answer for another time than was meant.

use std::sync::Arc;

use axum::extract::Query;
use axum::http::request::Parts;
use chrono::DateTime;
use report::Period;
use serde::Deserialize;
use serde_json::json;

use super::endpoint::Endpoint;
use super::openapi::{parts, problems};
use super::rows;
use crate::app::access::scope::Access;
use crate::app::backend::{Backend, TableForm, TableQuery};
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};

/// What the report covers unless `since` says otherwise, as on the command line.
const SINCE: &str = "7d";

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    since: Option<String>,
    until: Option<String>,
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Table,
    Csv,
    Json,
}

pub(super) enum GetReportContacts {}

impl Endpoint for GetReportContacts {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Contact requests by day and channel, totals, and what became of the events",
        content: Content::Rows,
        openapi: || Operation {
            id: "reportContacts",
            parameters: vec![
                parts::in_query("since", &format!("{} Days are those of UTC.", about("since"))),
                parts::in_query("until", &format!("{} Days are those of UTC.", about("until"))),
                parts::choice("format", "Before what Accept asks for.", json!({ "enum": ["json", "csv", "table"] })),
            ],
            success: parts::success(
                "The report, in the form that is asked for; all its numbers are of one moment.",
                rows::documented_forms(),
            ),
            problems: [problems::QUERYING, &[Code::QueryInvalid, Code::Internal, Code::Overloaded]].concat(),
            ..Operation::default()
        },
        ..RouteSpec::get("/v1/reports/contacts", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let (period, form) = asked(&call.head, state.backend.now_micros())?;
        rows::answer(&state, TableQuery::Contacts(period), form).await
    }
}

/// What a parameter means, which is the same for all reports.
fn about(parameter: &str) -> String {
    let about = report::PARAMETERS.iter().find(|(name, _)| *name == parameter);
    about.map_or_else(String::new, |(_, about)| format!("{about}."))
}

fn asked(head: &Parts, now_micros: i64) -> Result<(Period, TableForm), Problem> {
    const HOW: &str =
        "/v1/reports/contacts takes since and until as the other reports do, and format=json, csv or table, each once";
    let invalid = |_| Problem::new(Code::QueryInvalid, HOW);
    let Query(Parameters { since, until, format }) = Query::try_from_uri(&head.uri).map_err(invalid)?;
    let now = DateTime::from_timestamp_micros(now_micros).unwrap_or_default();
    let period = Period::parse(since.as_deref().unwrap_or(SINCE), until.as_deref(), now)
        .map_err(|error| Problem::new(Code::QueryInvalid, error.to_string()))?;
    let form = match format {
        Some(Format::Json) => TableForm::Json,
        Some(Format::Csv) => TableForm::Csv,
        Some(Format::Table) => TableForm::Table,
        None => rows::form(&head.headers),
    };
    Ok((period, form))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn reads_what_the_command_line_reads() {
        let check = |query: &str, accept: &str, expect: Result<(&str, TableForm), &str>| {
            let request = Request::get(format!("/v1/reports/contacts{query}")).header("accept", accept).body(());
            let head = request.expect("a request").into_parts().0;
            // 2026-11-22T14:07:16Z
            let got = asked(&head, 1_795_356_436_000_000);
            match (got, expect) {
                (Ok((period, form)), Ok((since, expect_form))) => {
                    let begin = period.since().to_rfc3339();
                    assert!(begin.starts_with(since), "{query}: {begin}");
                    assert_eq!(form, expect_form, "{query}");
                }
                (Err(problem), Err(part)) => {
                    let document = serde_json::Value::Object(problem.document()).to_string();
                    assert!(document.contains(part) && document.contains("query_invalid"), "{query}: {document}");
                }
                (got, _) => panic!("{query}: {got:?}"),
            }
        };
        check("", "*/*", Ok(("2026-11-16T00:00", TableForm::Json)));
        check("?since=24h", "text/csv", Ok(("2026-11-21T15:00", TableForm::Csv)));
        check("?since=2026-11-01&until=2026-11-02&format=table", "*/*", Ok(("2026-11-01T00:00", TableForm::Table)));
        check("?form=2026-11-01", "*/*", Err("takes since and until"));
        check("?since=1d&since=2d", "*/*", Err("takes since and until"));
        check("?format=xml", "*/*", Err("takes since and until"));
        check("?since=yesterday", "*/*", Err("can't read"));
        check("?since=2026-11-03&until=2026-11-01", "*/*", Err("ends before it begins"));
    }
}
