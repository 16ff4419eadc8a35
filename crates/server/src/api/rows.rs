//! Queries as answers: a query is run within its limits, and its rows are sent in the form
//! that was asked for.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use intake::Claim;
use serde_json::{Value, json};

use crate::app::backend::{MemoryReservation, Queries, QueryFailure, SqlLimits, TableForm, TableQuery};
use crate::app::call::Outcome;
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};
use crate::http::response;

/// Forms by media type; the first is the default.
const FORMS: [(&str, TableForm); 4] = [
    ("application/json", TableForm::Json),
    ("application/x-ndjson", TableForm::NdJson),
    ("text/csv", TableForm::Csv),
    ("text/plain", TableForm::Table),
];

/// The form that statements have besides.
const PARQUET: &str = "application/vnd.apache.parquet";

/// Runs a query within the limits and writes its rows.
pub(super) async fn answer<B: Queries>(state: &AppState<B>, query: TableQuery<'_>, form: TableForm) -> Outcome {
    let mut claim = RowsClaim(state.answers.empty());
    let rows = state.backend.query(query, form, limits(state), &mut claim).await.map_err(problem)?;
    Ok(held(rows, claim, media_type(form)))
}

/// The rows of a query, with the room that they take as long as they are needed.
pub(super) async fn read<B: Queries>(
    state: &AppState<B>,
    query: TableQuery<'_>,
    form: TableForm,
) -> Result<(Vec<u8>, impl MemoryReservation), QueryFailure> {
    let mut claim = RowsClaim(state.answers.empty());
    let rows = state.backend.query(query, form, limits(state), &mut claim).await?;
    Ok((rows, claim))
}

/// Sends what was written, if there is room for it.
pub(super) fn written_as<B>(state: &AppState<B>, bytes: Vec<u8>, media_type: HeaderValue) -> Outcome {
    let mut claim = RowsClaim(state.answers.empty());
    if !claim.grow_to(bytes.len()) {
        return Err(Problem::overloaded());
    }
    Ok(held(bytes, claim, media_type))
}

/// The limits of a query.
pub(super) fn limits<B>(state: &AppState<B>) -> SqlLimits {
    SqlLimits {
        rows_max: state.options.sql_rows_max,
        time_max: state.options.sql_time_max,
        memory_bytes_max: state.options.sql_memory_bytes_max,
        process_memory_bytes_max: state.options.sql_process_memory_bytes_max,
        // What could never be held isn't computed to be refused.
        answer_bytes_max: state.options.sql_answer_bytes_max.min(state.answers.bytes_max()),
    }
}

pub(super) fn media_type(form: TableForm) -> HeaderValue {
    HeaderValue::from_static(match form {
        TableForm::Json => "application/json",
        TableForm::NdJson => "application/x-ndjson",
        TableForm::Csv | TableForm::CsvHarmless => "text/csv; charset=utf-8; header=present",
        TableForm::Table => "text/plain; charset=utf-8",
        TableForm::Parquet => PARQUET,
    })
}

/// Room is given back with the last byte that is written.
fn held(rows: Vec<u8>, claim: RowsClaim, media_type: HeaderValue) -> Response {
    let answer = Bytes::from_owner(HeldRows { rows, _claim: claim });
    response::content(StatusCode::OK, media_type, answer)
}

/// When to ask again for what is being made.
const PENDING_WAIT: Duration = Duration::from_secs(10);

/// The problem of a query that gave nothing.
pub(super) fn problem(failure: QueryFailure) -> Problem {
    match failure {
        QueryFailure::Invalid(detail) => Problem::new(Code::SqlInvalid, detail),
        QueryFailure::Limit(detail) => Problem::new(Code::SqlLimit, detail),
        QueryFailure::Busy => busy(),
        QueryFailure::NoRoom => Problem::overloaded(),
        QueryFailure::NotYet(detail) => Problem::new(Code::SummariesPending, detail).retry_after(PENDING_WAIT),
        QueryFailure::Unavailable(cause) => Problem::unavailable(cause),
        QueryFailure::Internal(cause) => Problem::internal(cause),
    }
}

/// The problem of one query too many.
pub(super) fn busy() -> Problem {
    Problem::of(Code::SqlBusy).retry_after(Duration::from_secs(1))
}

/// An answer's share of the budget, which grows as its rows come.
struct RowsClaim(Claim);

impl MemoryReservation for RowsClaim {
    fn grow_to(&mut self, bytes: usize) -> bool {
        self.0.grow_to(bytes)
    }
}

/// Rows and their share of the budget.
struct HeldRows {
    rows: Vec<u8>,
    _claim: RowsClaim,
}

impl AsRef<[u8]> for HeldRows {
    fn as_ref(&self) -> &[u8] {
        &self.rows
    }
}

/// The first form that `Accept` names and that we write; JSON when it names none. Weights
/// are not compared: clients that ask for one form name one.
pub(super) fn form(headers: &HeaderMap) -> TableForm {
    first(headers, &FORMS)
}

/// The same of a statement's rows, which are one table.
pub(super) fn statement_form(headers: &HeaderMap) -> TableForm {
    first(headers, &[&FORMS[..], &[(PARQUET, TableForm::Parquet)]].concat())
}

fn first(headers: &HeaderMap, forms: &[(&str, TableForm)]) -> TableForm {
    let accepted =
        headers.get_all(header::ACCEPT).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    accepted
        .filter_map(|range| {
            let essence = range.split(|byte| *byte == b';').next()?.trim_ascii();
            forms.iter().find(|(name, _)| essence.eq_ignore_ascii_case(name.as_bytes())).map(|(_, form)| *form)
        })
        .next()
        .unwrap_or(FORMS[0].1)
}

/// All forms as the OpenAPI document has them.
pub(super) fn documented_forms() -> Value {
    Value::Object(FORMS.iter().map(|(name, _)| ((*name).to_owned(), json!({}))).collect())
}

/// The same of a statement's.
pub(super) fn documented_statement_forms() -> Value {
    let mut forms = documented_forms();
    forms[PARQUET] = json!({});
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(PARQUET));
        assert_eq!((form(&headers), statement_form(&headers)), (TableForm::Json, TableForm::Parquet));
    }

    #[test]
    fn a_failure_says_whose_it_is() {
        let text = || "why".to_owned();
        for (failure, code) in [
            (QueryFailure::Invalid(text()), Code::SqlInvalid),
            (QueryFailure::Limit(text()), Code::SqlLimit),
            (QueryFailure::Busy, Code::SqlBusy),
            (QueryFailure::NoRoom, Code::Overloaded),
            (QueryFailure::NotYet(text()), Code::SummariesPending),
            (QueryFailure::Unavailable(text()), Code::Unavailable),
            (QueryFailure::Internal(text()), Code::Internal),
        ] {
            let problem = problem(failure);
            assert_eq!(problem.code(), code);
            // What went wrong inside is the log's alone.
            let is_told = problem.document()["detail"] == "why";
            let may_be_told = matches!(code, Code::SqlInvalid | Code::SqlLimit | Code::SummariesPending);
            assert_eq!(is_told, may_be_told, "{code:?}");
        }
    }
}
