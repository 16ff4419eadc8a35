//! What a reader may run: statements that read, and functions whose result is bounded.
//!
//! DataFusion by itself would also run `COPY … TO '/any/path'`, `CREATE EXTERNAL
//! TABLE` and `INSERT`. The list here names what is let through rather than what is
//! stopped, because the engine's next release may learn a new statement; the plan is
//! checked a second time before it runs (see `session`).

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Query, SetExpr, Statement as Sql};

use crate::QueryError;

/// Functions that make a value of any size out of two small numbers. The memory limit
/// counts what operators keep, not what one call allocates, so `repeat('x', 1e11)`
/// would take the process down. `range` and `generate_series` stay in the FROM clause,
/// where they stream.
pub(crate) const REFUSED_FUNCTIONS: &[&str] = &[
    "array_repeat",
    "array_resize",
    "generate_series",
    "list_repeat",
    "list_resize",
    "lpad",
    "range",
    "repeat",
    "rpad",
];

/// Lets a statement through only if it does nothing but read.
pub(crate) fn check(statement: &Statement) -> Result<(), QueryError> {
    match statement {
        Statement::Statement(sql) => check_sql(sql),
        Statement::Explain(explain) => check(&explain.statement),
        Statement::CopyTo(_) => refused("COPY"),
        Statement::CreateExternalTable(_) => refused("CREATE EXTERNAL TABLE"),
        Statement::Reset(_) => refused("RESET"),
    }
}

fn check_sql(statement: &Sql) -> Result<(), QueryError> {
    match statement {
        Sql::Query(query) => check_query(query),
        Sql::Explain { statement, .. } => check_sql(statement),
        Sql::ExplainTable { .. }
        | Sql::ShowColumns { .. }
        | Sql::ShowCreate { .. }
        | Sql::ShowFunctions { .. }
        | Sql::ShowTables { .. }
        | Sql::ShowVariable { .. } => Ok(()),
        other => refused(&first_words(&other.to_string())),
    }
}

fn check_query(query: &Query) -> Result<(), QueryError> {
    for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
        check_query(&cte.query)?;
    }
    check_set(&query.body)
}

fn check_set(body: &SetExpr) -> Result<(), QueryError> {
    match body {
        SetExpr::Select(select) if select.into.is_some() => refused("SELECT … INTO"),
        SetExpr::Select(_) | SetExpr::Values(_) | SetExpr::Table(_) => Ok(()),
        SetExpr::Query(query) => check_query(query),
        SetExpr::SetOperation { left, right, .. } => check_set(left).and_then(|()| check_set(right)),
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => refused("changing a table"),
    }
}

fn refused(what: &str) -> Result<(), QueryError> {
    Err(QueryError::Refused { what: what.to_owned() })
}

/// The keywords that a statement opens with; never its names or values.
fn first_words(statement: &str) -> String {
    let is_keyword = |word: &&str| word.bytes().all(|byte| byte.is_ascii_uppercase());
    let words: Vec<&str> = statement.split_whitespace().take(2).take_while(is_keyword).collect();
    if words.is_empty() { "this statement".to_owned() } else { words.join(" ") }
}
