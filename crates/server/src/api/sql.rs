//! `POST /v1/sql`: a read-only query, its rows as JSON, NDJSON, CSV, Parquet or a table.
//!
//! The body is the SQL text, or `{"sql": "…"}`. A few queries run at once; one more gets
//! 429, because reading must never starve taking in. What a statement may do is decided
//! behind [`crate::app::backend::Queries`], and whatever it does, it ends nothing but
//! itself.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::endpoint::Endpoint;
use super::openapi::{parts, problems};
use super::rows;
use crate::app::access::scope::Access;
use crate::app::backend::{Backend, TableQuery};
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::{Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::body::Received;
use crate::http::problem::{Code, Problem};

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
