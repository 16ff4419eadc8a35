//! `POST /v1/sql`: a read-only query, its rows as JSON, NDJSON, CSV or a table.
//!
//! The body is the SQL text, or `{"sql": "…"}`. A few queries run at once; one more gets
//! 429, because reading must never starve taking in. What a statement may do is decided
//! behind [`Front::query`], and whatever it does, it ends nothing but itself.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use bytes::Bytes;
use serde::Deserialize;

use crate::body::Received;
use crate::budget::Rows;
use crate::edge::{Call, Edge, Outcome, content};
use crate::front::{Front, Held, QueryFailure, Question, SqlLimits, TableForm};
use crate::health::held;
use crate::problem::{Code, Problem};

/// Forms by media type; the first is the default.
pub(crate) const FORMS: [(&str, TableForm); 4] = [
    ("application/json", TableForm::Json),
    ("application/x-ndjson", TableForm::NdJson),
    ("text/csv", TableForm::Csv),
    ("text/plain", TableForm::Table),
];

/// `POST /v1/sql`.
pub(crate) async fn post<F: Front>(edge: Arc<Edge<F>>, call: Call) -> Outcome {
    let Call { head, body, .. } = call;
    let options = &edge.options;
    let Received { bytes, claim: _claim } =
        body.read(options.sql_bytes_max, &edge.budget, options.body_read_timeout).await?;
    let sql = text(&bytes)?;
    let _slot = edge.sql_slots.try_acquire().map_err(|_| busy())?;
    run(&edge, Question::Sql(&sql), form(&head.headers)).await
}

/// Runs a query within the limits and writes its rows.
pub(crate) async fn run<F: Front>(edge: &Edge<F>, question: Question<'_>, form: TableForm) -> Outcome {
    let limits = SqlLimits {
        rows_max: edge.options.sql_rows_max,
        time_max: edge.options.sql_time_max,
        memory_bytes_max: edge.options.sql_memory_bytes_max,
        process_memory_bytes_max: edge.options.sql_process_memory_bytes_max,
        // What could never be held isn't computed to be refused.
        answer_bytes_max: edge.options.sql_answer_bytes_max.min(edge.answers.bytes_max()),
    };
    let mut room = Rows(edge.answers.empty());
    let rows = edge.front.query(question, form, limits, &mut room).await.map_err(|failure| match failure {
        QueryFailure::Invalid(detail) => Problem::new(Code::SqlInvalid, detail),
        QueryFailure::Limit(detail) => Problem::new(Code::SqlLimit, detail),
        QueryFailure::Busy => busy(),
        QueryFailure::NoRoom => held(Held::Overloaded),
        QueryFailure::Unavailable(cause) => Problem::unavailable(cause),
        QueryFailure::Internal(cause) => Problem::internal(cause),
    })?;
    let media_type = match form {
        TableForm::Json => "application/json",
        TableForm::NdJson => "application/x-ndjson",
        TableForm::Csv => "text/csv; charset=utf-8; header=present",
        TableForm::Table => "text/plain; charset=utf-8",
    };
    // Room is given back with the last byte that is written.
    let answer = Bytes::from_owner(HeldAnswer { rows, _room: room });
    Ok(content(StatusCode::OK, HeaderValue::from_static(media_type), answer))
}

/// An answer and its share of the budget.
struct HeldAnswer {
    rows: Vec<u8>,
    _room: Rows,
}

impl AsRef<[u8]> for HeldAnswer {
    fn as_ref(&self) -> &[u8] {
        &self.rows
    }
}

fn busy() -> Problem {
    Problem::of(Code::SqlBusy).retry_after(Duration::from_secs(1))
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

/// The first form that `Accept` names and that we write; JSON when it names none. Weights
/// are not compared: clients that ask for one form name one.
pub(crate) fn form(headers: &HeaderMap) -> TableForm {
    let accepted =
        headers.get_all(header::ACCEPT).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    accepted
        .filter_map(|range| {
            let essence = range.split(|byte| *byte == b';').next()?.trim_ascii();
            FORMS.iter().find(|(name, _)| essence.eq_ignore_ascii_case(name.as_bytes())).map(|(_, form)| *form)
        })
        .next()
        .unwrap_or(FORMS[0].1)
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

    #[test]
    fn takes_the_first_form_it_knows() {
        let check = |accept: &'static str, expect: TableForm| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(form(&headers), expect, "{accept}");
        };
        check("*/*", TableForm::Json);
        check("text/csv", TableForm::Csv);
        check("text/html, application/x-ndjson;q=0.9, text/csv", TableForm::NdJson);
        check("Text/Plain; charset=utf-8", TableForm::Table);
        assert_eq!(form(&HeaderMap::new()), TableForm::Json);
    }
}
