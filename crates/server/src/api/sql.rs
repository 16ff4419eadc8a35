//! `POST /v1/sql` and `GET /v1/sql?q=`: a read-only query, its rows as JSON, NDJSON, CSV, Parquet or a table.
//!
//! A body is the SQL text, or `{"sql": "…"}`. With GET the query is the URL's, so that it can be sent, and read by what only
//! knows URLs; no page of another site has one run, since the access check refuses what a browser says to come from
//! there, and no answer is kept by anybody on the way. A few queries run at once; one more gets
//! 429, because reading must never starve taking in. What a statement may do is decided
//! behind [`crate::app::backend::Queries`], and whatever it does, it ends nothing but
//! itself.

use std::sync::Arc;

use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use bytes::Bytes;
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
use crate::http::body::Received;
use crate::http::problem::{Code, Problem};

/// Forms by the word that a URL has for each, and the file that a browser saves.
const NAMED: [(&str, TableForm, Option<HeaderValue>); 5] = [
    ("json", TableForm::Json, None),
    ("ndjson", TableForm::NdJson, None),
    ("csv", TableForm::Csv, Some(HeaderValue::from_static("attachment; filename=\"frontdesk.csv\""))),
    ("parquet", TableForm::Parquet, Some(HeaderValue::from_static("attachment; filename=\"frontdesk.parquet\""))),
    ("table", TableForm::Table, None),
];

pub(super) enum GetSql {}

impl Endpoint for GetSql {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Run the read-only query of the URL",
        content: Content::Rows,
        openapi: || Operation {
            id: "queryOfUrl",
            parameters: vec![
                parts::required_query("q", "The SQL text."),
                parts::choice(
                    "format",
                    "Before what Accept asks for; json when neither says.",
                    json!({ "enum": NAMED.each_ref().map(|(word, ..)| *word) }),
                ),
                parts::choice(
                    "raw",
                    "With CSV: texts as they were sent. Otherwise one that a spreadsheet would take for a formula has an apostrophe before it.",
                    parts::boolean(),
                ),
            ],
            success: parts::success("The rows, in the form that was asked for.", rows::documented_statement_forms()),
            problems: [
                problems::QUERYING,
                &[Code::QueryInvalid, Code::SqlInvalid, Code::BodyTooLarge, Code::Internal, Code::Overloaded],
            ]
            .concat(),
            ..Operation::default()
        },
        ..RouteSpec::get("/v1/sql", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Asked { sql, form, file } = Asked::of(&call.head)?;
        if sql.len() > state.options.sql_bytes_max {
            let detail = format!("a query is at most {} bytes long", state.options.sql_bytes_max);
            return Err(Problem::new(Code::BodyTooLarge, detail));
        }
        let _slot = state.sql_slots.try_acquire().map_err(|_| rows::busy())?;
        let mut response = rows::answer(&state, TableQuery::Sql(&sql), form).await?;
        if let Some(file) = file {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, file);
        }
        Ok(response)
    }
}

/// What stands in the URL.
#[derive(Debug)]
struct Asked {
    sql: String,
    form: TableForm,
    file: Option<HeaderValue>,
}

impl Asked {
    fn of(head: &Parts) -> Result<Asked, Problem> {
        let invalid = |detail: &'static str| Problem::new(Code::QueryInvalid, detail);
        let Query(parameters): Query<Vec<(String, String)>> = Query::try_from_uri(&head.uri)
            .map_err(|_| invalid("the query can't be read; write q=SQL, percent-encoded"))?;
        let (mut sql, mut named, mut raw) = (None, None, None);
        for (name, value) in parameters {
            let is_second = match name.as_str() {
                "q" => sql.replace(value).is_some(),
                "format" => {
                    let known = NAMED.into_iter().find(|(word, ..)| *word == value);
                    let known = known.ok_or_else(|| invalid("format is json, ndjson, csv, parquet or table"))?;
                    named.replace(known).is_some()
                }
                "raw" => {
                    let is_raw = value.parse::<bool>().map_err(|_| invalid("raw is true or false"))?;
                    raw.replace(is_raw).is_some()
                }
                _ => return Err(invalid("the parameters are q, format and raw")),
            };
            if is_second {
                return Err(invalid("q, format and raw are written once"));
            }
        }
        let sql = sql.filter(|sql| !sql.trim().is_empty()).ok_or_else(|| invalid("write the query as q=SQL"))?;
        let (form, file) = named.map_or((rows::statement_form(&head.headers), None), |(_, form, file)| (form, file));
        let form = match form {
            TableForm::Csv if raw != Some(true) => TableForm::CsvHarmless,
            form => form,
        };
        Ok(Asked { sql, form, file })
    }
}

pub(super) enum PostSql {}

impl Endpoint for PostSql {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Run a read-only query over events, contacts and rejects",
        content: Content::Rows,
        openapi: || Operation {
            id: "query",
            body: Some(json!({
                "text/plain": { "schema": { "type": "string" } },
                "application/json": { "schema": { "type": "object", "required": ["sql"], "properties": { "sql": { "type": "string" } } } },
            })),
            success: parts::success("The rows, in the form that Accept asks for.", rows::documented_statement_forms()),
            problems: [problems::RECEIVING, &[Code::Internal, Code::SqlInvalid], problems::QUERYING].concat(),
            ..Operation::default()
        },
        ..RouteSpec::post("/v1/sql", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { head, body, .. } = call;
        let Received { bytes, claim: _claim } =
            body.read(state.options.sql_bytes_max, &state.body_limits, &state.budget).await?;
        let sql = text(&bytes)?;
        let _slot = state.sql_slots.try_acquire().map_err(|_| rows::busy())?;
        rows::answer(&state, TableQuery::Sql(&sql), rows::statement_form(&head.headers)).await
    }
}

/// The statement in a body.
fn text(body: &Bytes) -> Result<String, Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wrapped {
        sql: String,
    }
    const HOW: &str = "send the SQL as text, or as {\"sql\": \"…\"}";
    let sql = if body.trim_ascii_start().starts_with(b"{") {
        serde_json::from_slice::<Wrapped>(body).map(|wrapped| wrapped.sql).map_err(|_| HOW)
    } else {
        std::str::from_utf8(body).map(str::to_owned).map_err(|_| HOW)
    };
    match sql {
        Ok(sql) if !sql.trim().is_empty() => Ok(sql),
        _ => Err(Problem::new(Code::SqlInvalid, HOW)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_url() {
        let check = |query: &str, accept: &str, expect: Result<(&str, TableForm, bool), &str>| {
            let request = axum::http::Request::get(format!("/v1/sql{query}")).header("accept", accept);
            let asked = Asked::of(&request.body(()).expect("a request").into_parts().0);
            match (asked, expect) {
                (Ok(asked), Ok(expect)) => {
                    assert_eq!((asked.sql.as_str(), asked.form, asked.file.is_some()), expect, "{query}");
                }
                (Err(problem), Err(part)) => assert!(problem.detail().contains(part), "{query}: {problem:?}"),
                (got, _) => panic!("{query}: {got:?}"),
            }
        };
        check("?q=select%201", "*/*", Ok(("select 1", TableForm::Json, false)));
        check("?q=select+1%2B1", "text/csv", Ok(("select 1+1", TableForm::CsvHarmless, false)));
        check("?q=1&raw=true", "text/csv", Ok(("1", TableForm::Csv, false)));
        check("?q=1&raw=yes", "text/csv", Err("raw is"));
        check("?q=select+1&format=csv", "application/json", Ok(("select 1", TableForm::CsvHarmless, true)));
        check("?format=parquet&q=x", "*/*", Ok(("x", TableForm::Parquet, true)));
        check("", "*/*", Err("q=SQL"));
        check("?q=", "*/*", Err("q=SQL"));
        check("?q=%20", "*/*", Err("q=SQL"));
        check("?q=1&format=xlsx", "*/*", Err("format is json"));
        check("?q=1&q=2", "*/*", Err("once"));
        check("?sql=select+1", "*/*", Err("the parameters"));
    }

    #[test]
    fn reads_both_bodies() {
        let check = |body: &'static str, expect: Option<&str>| {
            assert_eq!(text(&Bytes::from_static(body.as_bytes())).ok().as_deref(), expect, "{body}");
        };
        check("select 1", Some("select 1"));
        check(" {\"sql\": \"select 1\"}", Some("select 1"));
        check("", None);
        check("  \n", None);
        check("{\"query\": \"select 1\"}", None);
        check("{\"sql\": 1}", None);
        check("{\"sql\": \"\"}", None);
        assert!(text(&Bytes::from_static(b"select '\xff'")).is_err());
    }
}
