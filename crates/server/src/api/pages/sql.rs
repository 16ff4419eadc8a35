//! `GET /sql`: an editor for queries, and what came of one. The query stands in the URL, so that it can be sent; since
//! no page of another site gets past the access check, none can have one run.

use std::sync::Arc;

use axum::extract::Query;
use axum::http::{HeaderValue, StatusCode, header};
use dashboard::{Sql, SqlOutcome, SqlRows};
use report::sql_tables;
use serde_json::json;

use super::drawn::{html, is_signed_in};
use super::told::unreadable_query;
use crate::api::endpoint::Endpoint;
use crate::api::openapi::{parts, problems};
use crate::api::rows;
use crate::app::access::scope::Access;
use crate::app::backend::{Backend, QueryFailure, TableForm, TableQuery};
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Audience, Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};

/// What a result is saved as: the word, and the file.
const SAVED: [(&str, TableForm, HeaderValue); 2] = [
    // It is opened with a spreadsheet.
    ("csv", TableForm::CsvHarmless, HeaderValue::from_static("attachment; filename=\"frontdesk.csv\"")),
    ("parquet", TableForm::Parquet, HeaderValue::from_static("attachment; filename=\"frontdesk.parquet\"")),
];

pub(in crate::api) enum GetSqlPage {}

impl Endpoint for GetSqlPage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: queries of one's own",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || Operation {
            id: "sqlPage",
            parameters: vec![
                parts::in_query("q", "The query, which only reads; none when absent."),
                parts::in_query("from", "How many rows to leave out; 0 when absent."),
                parts::choice("format", "The rows alone, to be saved.", json!({ "enum": ["csv", "parquet"] })),
            ],
            success: parts::success(
                "The page. What is wrong with a query is said on it, too.",
                json!({ "text/html": {}, "text/csv": {}, "application/vnd.apache.parquet": {} }),
            ),
            problems: [problems::QUERYING, &[Code::QueryInvalid, Code::SqlInvalid, Code::Internal, Code::Overloaded]]
                .concat(),
            ..Operation::default()
        },
        ..RouteSpec::get("/sql", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { head, principal, .. } = call;
        let Query(parameters): Query<Vec<(String, String)>> =
            Query::try_from_uri(&head.uri).map_err(|_| unreadable_query())?;
        let asked = Asked::read(&parameters)?;
        let tables = sql_tables();
        let is_signed_in = is_signed_in(&principal);
        let page = |outcome| dashboard::sql(&Sql { query: asked.query, outcome, tables: &tables, is_signed_in });
        if asked.query.trim().is_empty() {
            return html(&state, StatusCode::OK, page(SqlOutcome::Nothing));
        }
        if asked.query.len() > state.options.sql_bytes_max {
            return Err(Problem::of(Code::BodyTooLarge));
        }
        let _slot = state.sql_slots.try_acquire().map_err(|_| rows::busy())?;
        if let Some((form, file)) = asked.saved {
            let mut response = rows::answer(&state, TableQuery::Sql(asked.query), form).await?;
            response.headers_mut().insert(header::CONTENT_DISPOSITION, file);
            return Ok(response);
        }
        match rows::read(&state, TableQuery::Sql(asked.query), TableForm::Csv).await {
            Ok((csv, _claim)) => {
                let rows = SqlRows::read(&String::from_utf8_lossy(&csv), asked.from);
                html(&state, StatusCode::OK, page(SqlOutcome::Rows(&rows)))
            }
            Err(QueryFailure::Invalid(message)) => {
                html(&state, StatusCode::BAD_REQUEST, page(SqlOutcome::Wrong(&message)))
            }
            Err(QueryFailure::Limit(message)) => {
                html(&state, StatusCode::UNPROCESSABLE_ENTITY, page(SqlOutcome::Wrong(&message)))
            }
            Err(failure) => Err(rows::problem(failure)),
        }
    }
}

/// What stands in the URL.
struct Asked<'a> {
    query: &'a str,
    from: usize,
    saved: Option<(TableForm, HeaderValue)>,
}

impl<'a> Asked<'a> {
    fn read(parameters: &'a [(String, String)]) -> Result<Asked<'a>, Problem> {
        let mut asked = Asked { query: "", from: 0, saved: None };
        for (name, value) in parameters {
            match name.as_str() {
                "q" => asked.query = value,
                "from" => {
                    asked.from =
                        value.parse().map_err(|_| Problem::new(Code::QueryInvalid, "from is a number of rows"))?
                }
                "format" => {
                    let known = SAVED.into_iter().find(|(word, ..)| word == value);
                    let (_, form, file) = known
                        .ok_or_else(|| Problem::new(Code::QueryInvalid, "format is csv or parquet, or left out"))?;
                    asked.saved = Some((form, file));
                }
                _ => return Err(Problem::new(Code::QueryInvalid, "the parameters are q, from and format")),
            }
        }
        Ok(asked)
    }
}
