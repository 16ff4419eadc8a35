//! From a text to a statement that the engine can plan.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{ObjectName, Statement as Sql};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion_pg_catalog::pg_catalog::PG_CATALOG_TABLES;
use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use datafusion_pg_catalog::sql::rules::{
    CurrentUserVariableToSessionUserFunctionCall, FixArrayLiteral, FixVersionColumnName, PrependUnqualifiedPgTableName,
    RewriteArrayAnyAllOperation, RewritePgCatalogOperator, RewriteRegCastToSubquery, SqlStatementRewriteRule,
    StripCallableQualifier, StripCollate,
};

use super::passes::{self, Pass};
use super::{Purpose, Statement, arrays, headings, names, parameters, replaced};
use crate::{QueryError, views};

/// The schema of PostgreSQL's own tables.
pub(crate) const PG_CATALOG: &str = "pg_catalog";
pub(crate) const INFORMATION_SCHEMA: &str = "information_schema";

/// Reads statements.
pub(crate) struct Reading {
    /// Rules that change the spelling and not the meaning.
    faithful: Vec<Arc<dyn SqlStatementRewriteRule>>,
    /// Replaces what the engine can't do, by nulls too.
    catalog: PostgresCompatibilityParser,
}

/// A statement that can be planned.
pub(crate) struct ReadStatement {
    pub(crate) sql: Sql,
    /// Whether it is over the catalog.
    pub(crate) asks_catalog: bool,
    /// The highest number of a parameter, and the numbers of those that are limits.
    pub(crate) placeholders: (usize, Vec<usize>),
    /// What PostgreSQL calls the columns, where that isn't what the engine does.
    pub(crate) headings: Option<Vec<Option<String>>>,
}

impl Reading {
    pub(crate) fn new() -> Reading {
        Reading {
            faithful: vec![
                Arc::new(RewriteArrayAnyAllOperation),
                Arc::new(PrependUnqualifiedPgTableName),
                Arc::new(StripCallableQualifier),
                Arc::new(FixArrayLiteral),
                Arc::new(CurrentUserVariableToSessionUserFunctionCall),
                Arc::new(StripCollate),
                Arc::new(RewritePgCatalogOperator),
                Arc::new(RewriteRegCastToSubquery::new()),
                Arc::new(FixVersionColumnName),
            ],
            catalog: PostgresCompatibilityParser::new(),
        }
    }

    /// Reads one statement; its parameters are in their places, unless it shall only be
    /// described.
    pub(crate) fn read(&self, statement: &Statement) -> Result<ReadStatement, QueryError> {
        let put = |sql: &mut Sql| match statement.purpose {
            Purpose::Rows => parameters::put(sql, &statement.parameters),
            Purpose::Description => parameters::put_types(sql, &statement.parameters),
        };
        let plain = match Parser::parse_sql(&PostgreSqlDialect {}, &statement.text) {
            Ok(mut statements) if statements.len() == 1 => Ok(statements.remove(0)),
            Ok(_) => return Err(QueryError::Invalid { message: "one statement at a time is run".to_owned() }),
            Err(error) => Err(error),
        };
        let mut placeholders = (0, Vec::new());
        // By the text as it was written: what replaces parts of it has other names.
        let headings = plain.as_ref().ok().and_then(headings::of);
        let text = match plain {
            Ok(mut sql) => {
                let written = sql.to_string();
                placeholders = parameters::count(&mut sql)?;
                put(&mut sql)?;
                let mut before = sql.clone();
                replaced::names_by_casts(&mut before)?;
                names::tell_apart(&mut sql)?;
                replaced::names_by_casts(&mut sql)?;
                arrays::as_lists(&mut sql)?;
                let mut sql = self.faithful.iter().fold(sql, |sql, rule| rule.rewrite(sql));
                let found = Found::of(&mut sql)?;
                if !found.catalog {
                    replaced::refuse_stand_ins(&mut sql, found.ours)?;
                    return Ok(ReadStatement { sql, asks_catalog: false, placeholders, headings });
                }
                if found.ours {
                    return Err(QueryError::Invalid {
                        message: "tables of pg_catalog or information_schema and those of Frontdesk can't be asked in one statement".to_owned(),
                    });
                }
                replaced::what_is_not_here(&mut before)?;
                // Whole statements of some programs are known by their very words.
                let before = before.to_string();
                if before == written { statement.text.clone() } else { before }
            }
            // Some of what the second reading replaces can't be parsed.
            Err(_) => statement.text.clone(),
        };
        let read = self.catalog.parse(&text).map_err(|error| syntax(&error))?;
        let [mut sql] = <[Sql; 1]>::try_from(read)
            .map_err(|_| QueryError::Invalid { message: "one statement at a time is run".to_owned() })?;
        placeholders = placeholders.max(parameters::count(&mut sql)?);
        put(&mut sql)?;
        names::tell_apart(&mut sql)?;
        // A text that only this reading could make sense of must not get our rows with its nulls.
        let found = Found::of(&mut sql)?;
        match found.ours {
            true => Err(QueryError::Syntax { message: "this is not PostgreSQL's SQL".to_owned() }),
            false => Ok(ReadStatement { sql, asks_catalog: true, placeholders, headings }),
        }
    }
}

fn syntax(error: &ParserError) -> QueryError {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message.clone(),
        ParserError::RecursionLimitExceeded => "it is nested too deeply".to_owned(),
    };
    QueryError::Syntax { message }
}

/// Whose tables a statement is over.
#[derive(Default)]
struct Found {
    catalog: bool,
    ours: bool,
}

impl Found {
    fn of(sql: &mut Sql) -> Result<Found, QueryError> {
        let mut found = Found::default();
        passes::make(sql, &mut found)?;
        Ok(found)
    }
}

impl Pass for Found {
    fn relation(&mut self, relation: &mut ObjectName) {
        let parts: Vec<&str> =
            relation.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.as_str()).collect();
        match parts[..] {
            [.., schema, _] if [PG_CATALOG, INFORMATION_SCHEMA].contains(&schema.to_ascii_lowercase().as_str()) => {
                self.catalog = true;
            }
            [table] if PG_CATALOG_TABLES.contains(&table) => self.catalog = true,
            [.., table] if views::NAMES.contains(&table) => self.ours = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<(&str, bool), &str>) {
        let statement = Statement { text: text.to_owned(), parameters: Vec::new(), purpose: Purpose::Rows };
        match (Reading::new().read(&statement), expect) {
            (Ok(read), Ok((sql, asks_catalog))) => {
                assert_eq!((read.sql.to_string().as_str(), read.asks_catalog), (sql, asks_catalog), "{text}");
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{text}: {error}"),
            (got, _) => panic!("{text}: {:?}", got.map(|read| read.sql.to_string())),
        }
    }

    #[test]
    fn only_the_catalog_is_read_with_nulls() {
        // The second reading would make this NULL.
        let ours = "SELECT (SELECT count(*) FROM events WHERE e.id = c.id) FROM contacts AS c";
        check(ours, Ok((ours, false)));
        check(
            "select 1 from contacts where channel = any(array['chat'])",
            Ok(("SELECT 1 FROM contacts WHERE channel IN ('chat')", false)),
        );
        check("select relname from pg_class", Ok(("SELECT relname FROM pg_catalog.pg_class", true)));
        check("select pg_catalog.version()", Ok(("SELECT version() AS version", false)));
        check("select * from information_schema.tables", Ok(("SELECT * FROM information_schema.tables", true)));
        check("select * from contacts, pg_class", Err("in one statement"));
        check("select 1; select 2", Err("one statement"));
        check("select 1 where", Err("not valid SQL"));
    }
}
