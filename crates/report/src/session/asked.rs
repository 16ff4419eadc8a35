//! What is asked of a snapshot: a text in the engine's own dialect, or a statement of PostgreSQL's
//! with its parameters.

use super::Snapshot;
use crate::postgres::{Purpose, Statement};
use crate::{QueryError, QueryLimits, QueryResult};

/// What is asked.
pub(super) enum Asked {
    /// A statement of the engine's own dialect.
    Sql(String),
    /// A statement of PostgreSQL's.
    Statement(Statement),
}

impl Asked {
    pub(super) fn text(&self) -> &str {
        match self {
            Asked::Sql(sql) => sql,
            Asked::Statement(statement) => &statement.text,
        }
    }
}

impl Snapshot {
    /// What the sender didn't say about parameters is found out first, where it makes a difference.
    pub(super) async fn run_statement(
        self,
        mut statement: Statement,
        limits: &QueryLimits,
    ) -> Result<QueryResult, QueryError> {
        match statement.purpose {
            Purpose::Rows if statement.has_doubtful_values() => {
                let description = Statement { purpose: Purpose::Description, ..statement.clone() };
                if let Ok(described) = self.try_run(&Asked::Statement(description), limits).await {
                    statement.take_types(&described);
                }
            }
            Purpose::Rows => {}
            Purpose::Description => {
                let first = self.try_run(&Asked::Statement(statement.clone()), limits).await;
                // The engine must know what a parameter is; to PostgreSQL it is a text then.
                if first.is_ok() || !statement.text.contains('$') {
                    return first;
                }
                statement.let_unknown_be_text();
                return self.try_run(&Asked::Statement(statement), limits).await.or(first);
            }
        }
        self.try_run(&Asked::Statement(statement), limits).await
    }
}
