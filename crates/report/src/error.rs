//! What can go wrong with a query, said so that the reader can correct it.
//!
//! DataFusion's own messages list every valid field and name the settings of a library
//! the reader never chose. They are turned here into one sentence with the nearest
//! existing name. Messages may repeat what the reader wrote, so callers show them to
//! that reader only; a log gets [`QueryError::code`].

use std::time::Duration;

use datafusion::common::utils::datafusion_strsim::levenshtein;
use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::parser::ParserError;

use crate::read_only::REFUSED_FUNCTIONS;
use crate::worker::frame::{Fault, WorkerError};

/// The code of a query that met a data file which can't be read.
pub(crate) const UNREADABLE: &str = "sql-unreadable";

/// Why a query gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The statement would do something other than read.
    #[error("{what} is not allowed: queries only read; use select, with, values, explain, show or describe")]
    Refused {
        /// The statement's keywords.
        what: String,
    },
    /// A function whose result has no bound.
    #[error("function {name} is not available: its result can outgrow any memory limit")]
    RefusedFunction {
        /// The function's name.
        name: String,
    },
    /// The text is not SQL.
    #[error("not valid SQL: {message}")]
    Syntax {
        /// Where and what the parser expected.
        message: String,
    },
    /// No such column, or no such field in a nested column.
    #[error("there is no column {name}; {help}")]
    UnknownColumn {
        /// The name as written.
        name: String,
        /// What to write or run instead.
        help: String,
    },
    /// No such table or view.
    #[error("there is no table {name}; {help}")]
    UnknownTable {
        /// The name as written.
        name: String,
        /// What to write or run instead.
        help: String,
    },
    /// It parses, but means nothing: wrong types, a missing group by, …
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
    },
    /// The text is longer than [`QueryLimits::sql_bytes_max`](crate::QueryLimits).
    #[error("the query is longer than {sql_bytes_max} bytes; shorten it")]
    TooLong {
        /// The limit.
        sql_bytes_max: usize,
    },
    /// The result has more rows than allowed. Nothing is cut off silently.
    #[error("the result has more than {rows_max} rows; add a limit clause, aggregate, or raise the row limit")]
    TooManyRows {
        /// The limit.
        rows_max: usize,
    },
    /// It took too long and was stopped.
    #[error("the query was stopped after {time_max:?}; narrow it by event_date, or raise the time limit")]
    TimedOut {
        /// The limit.
        time_max: Duration,
    },
    /// An export took too long and was stopped.
    #[error("the export was stopped after {time_max:?}; export a shorter span, or raise export_time_max")]
    ExportTimedOut {
        /// The limit.
        time_max: Duration,
    },
    /// It needs more memory than allowed.
    #[error(
        "the query needs more than {} of memory; narrow it by event_date, select fewer columns, or raise sql_memory_bytes_max",
        size_of(*.memory_bytes_max)
    )]
    OutOfMemory {
        /// The limit.
        memory_bytes_max: usize,
    },
    /// Its process needs more memory than allowed, and was ended by it.
    #[error(
        "the query used more than {} of memory and was ended; narrow it by event_date, make smaller values, or raise sql_process_memory_bytes_max",
        size_of(*.process_memory_bytes_max)
    )]
    ProcessMemory {
        /// The limit.
        process_memory_bytes_max: usize,
    },
    /// It recursed until its process ended.
    #[error("the query is nested too deeply; write it with fewer levels, or in steps: with … as (…)")]
    TooDeep,
    /// It is larger than a query may be, before it is planned or after.
    #[error("the query has more than {max} {what}; {help}")]
    TooLarge {
        /// What there are too many of.
        what: &'static str,
        /// The limit.
        max: usize,
        /// What to write instead.
        help: &'static str,
    },
    /// It ended its process in another way.
    #[error("the query ended the process that ran it ({end}); nothing else was harmed; write it in another way")]
    Ended {
        /// The process's status.
        end: String,
    },
    /// The answer is longer than allowed.
    #[error(
        "the answer is longer than {}; add a limit clause, select fewer columns, aggregate, or raise sql_answer_bytes_max",
        size_of(*.answer_bytes_max)
    )]
    AnswerTooLong {
        /// The limit.
        answer_bytes_max: usize,
    },
    /// No room for the answer now.
    #[error("there is no room for the answer now; ask again in a moment")]
    NoRoom,
    /// All places for queries are taken.
    #[error("too many queries at once; ask again in a moment")]
    Busy,
    /// No process for the query could be started.
    #[error("no process to run queries can be started: {message}")]
    NoWorker {
        /// Why.
        message: String,
    },
    /// This process is ending.
    #[error("queries are not run any more: the server is stopping")]
    Closing,
    /// What the process that ran it said.
    #[error("{}", .0.message)]
    Worker(#[doc(hidden)] WorkerError),
    /// The store could not give a table: the operator's to fix.
    #[error("the tables can't be read: {message}")]
    Tables {
        /// What the store said.
        message: String,
    },
    /// A data file could not be read.
    #[error("{message}; the server's log names the file")]
    Unreadable {
        /// What the engine said.
        message: String,
    },
    /// Reading or computing failed underway.
    #[error("the query failed: {message}")]
    Failed {
        /// What the engine said.
        message: String,
    },
}

/// `512 MiB`, or the number as it is.
fn size_of(bytes: usize) -> String {
    const UNITS: [(usize, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = UNITS.into_iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

impl QueryError {
    /// A stable name for logs, metrics and problem documents.
    pub fn code(&self) -> &str {
        match self {
            QueryError::Refused { .. } => "sql-refused",
            QueryError::RefusedFunction { .. } => "sql-function-refused",
            QueryError::Syntax { .. } => "sql-syntax",
            QueryError::UnknownColumn { .. } => "sql-unknown-column",
            QueryError::UnknownTable { .. } => "sql-unknown-table",
            QueryError::Invalid { .. } => "sql-invalid",
            QueryError::TooLong { .. } => "sql-too-long",
            QueryError::TooManyRows { .. } => "sql-too-many-rows",
            QueryError::TimedOut { .. } => "sql-timed-out",
            QueryError::ExportTimedOut { .. } => "export-timed-out",
            QueryError::OutOfMemory { .. } => "sql-out-of-memory",
            QueryError::ProcessMemory { .. } => "sql-process-memory",
            QueryError::TooDeep => "sql-too-deep",
            QueryError::TooLarge { .. } => "sql-too-large",
            QueryError::Ended { .. } => "sql-ended",
            QueryError::AnswerTooLong { .. } => "sql-answer-too-long",
            QueryError::NoRoom => "sql-no-room",
            QueryError::Busy => "sql-busy",
            QueryError::NoWorker { .. } => "sql-no-worker",
            QueryError::Closing => "sql-closing",
            QueryError::Worker(told) => &told.code,
            QueryError::Tables { .. } => "sql-tables",
            QueryError::Unreadable { .. } => UNREADABLE,
            QueryError::Failed { .. } => "sql-failed",
        }
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            QueryError::TooLong { .. }
            | QueryError::TooManyRows { .. }
            | QueryError::TimedOut { .. }
            | QueryError::ExportTimedOut { .. }
            | QueryError::OutOfMemory { .. }
            | QueryError::ProcessMemory { .. }
            | QueryError::TooDeep
            | QueryError::TooLarge { .. }
            | QueryError::Ended { .. }
            | QueryError::AnswerTooLong { .. } => Fault::Limit,
            QueryError::NoRoom | QueryError::Busy | QueryError::NoWorker { .. } | QueryError::Closing => {
                Fault::Transient
            }
            QueryError::Tables { .. } | QueryError::Unreadable { .. } => Fault::Server,
            QueryError::Worker(told) => told.fault,
            _ => Fault::Query,
        }
    }
}

/// Every name that a reader may have meant: tables, and dotted paths into the nested
/// columns.
pub(crate) struct KnownNames {
    pub(crate) tables: Vec<&'static str>,
    pub(crate) paths: Vec<String>,
}

/// Turns the engine's error into ours. `memory_bytes_max` is the limit the query ran
/// under.
pub(crate) fn translate(error: &DataFusionError, names: &KnownNames, memory_bytes_max: usize) -> QueryError {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => QueryError::OutOfMemory { memory_bytes_max },
        DataFusionError::SQL(parser, _) if matches!(**parser, ParserError::RecursionLimitExceeded) => {
            QueryError::TooDeep
        }
        DataFusionError::SQL(parser, _) => QueryError::Syntax { message: tidy(&parser.to_string()) },
        DataFusionError::SchemaError(schema, _) => unknown_field(schema, names),
        DataFusionError::Diagnostic(_, inner) => translate(inner, names, memory_bytes_max),
        DataFusionError::Collection(errors) if !errors.is_empty() => translate(&errors[0], names, memory_bytes_max),
        DataFusionError::Plan(message) => planning(message, names),
        DataFusionError::Execution(message) => running(message),
        DataFusionError::NotImplemented(message) => planning(message, names),
        other => QueryError::Failed { message: tidy(&other.to_string()) },
    }
}

/// What the engine said while it ran the query.
fn running(message: &str) -> QueryError {
    match between(message, "failed on timezone ", ":") {
        Some(zone) => QueryError::Invalid {
            message: format!("there is no time zone {zone}; write its IANA name, such as Europe/Berlin"),
        },
        None => QueryError::Failed { message: tidy(message) },
    }
}

fn unknown_field(error: &SchemaError, names: &KnownNames) -> QueryError {
    let SchemaError::FieldNotFound { field, valid_fields } = error else {
        return QueryError::Invalid { message: tidy(&error.to_string()) };
    };
    let roots: Vec<&str> = valid_fields.iter().map(|field| field.name.as_str()).collect();
    let is_reachable = |path: &&String| path.split('.').next().is_some_and(|root| roots.contains(&root));
    let paths = names.paths.iter().filter(is_reachable).map(String::as_str);
    unknown_column(field.name(), roots.iter().copied().chain(paths))
}

fn unknown_column<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> QueryError {
    let help = match closest(name, known) {
        Some(near) => format!("did you mean {near}?"),
        None => "`describe contacts` or `describe events` lists the columns".to_owned(),
    };
    QueryError::UnknownColumn { name: name.to_owned(), help }
}

fn planning(message: &str, names: &KnownNames) -> QueryError {
    if let Some(name) = between(message, "table '", "' not found") {
        // The engine prefixes its catalog and schema; the reader wrote neither.
        let name = name.rsplit('.').next().unwrap_or(name);
        let help = match closest(name, names.tables.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("the tables are {}", names.tables.join(", ")),
        };
        return QueryError::UnknownTable { name: name.to_owned(), help };
    }
    if let Some(name) = between(message, "Field ", " not found in struct") {
        return unknown_column(name, names.paths.iter().map(String::as_str));
    }
    if let Some(name) = between(message, "Invalid function '", "'").filter(|name| REFUSED_FUNCTIONS.contains(name)) {
        return QueryError::RefusedFunction { name: name.to_owned() };
    }
    if let Some(message) = in_words(message) {
        return QueryError::Invalid { message };
    }
    if message.contains("only supports a single SQL statement") {
        return QueryError::Invalid {
            message: "one statement at a time: remove what follows the first semicolon".to_owned(),
        };
    }
    if message.contains("No SQL statements were provided") {
        return QueryError::Invalid { message: "the query is empty: write a select statement".to_owned() };
    }
    QueryError::Invalid { message: tidy(message) }
}

/// What the engine can't plan and names by its own structures, which say nothing to whoever wrote the query.
fn in_words(message: &str) -> Option<String> {
    // The parser's structures hold names, or the places of what was read.
    if !message.contains("Ident {") && !message.contains("span: Span(") {
        return None;
    }
    let field = between(message, "Dot access not supported for non-string expr: Identifier(Ident { value: \"", "\"");
    if let Some(field) = field {
        let field = field.replace('\'', "''");
        return Some(format!(
            "the field {field} can't be read with a dot here; behind brackets write it in brackets, too: ['{field}'], as in identityMap['ECID'][1]['id']"
        ));
    }
    // The structure that the message is about: the first word that opens one.
    let (begin, _) = message.split_once(['{', '('])?;
    let node = begin.trim_end().rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    let name = between(message, "Identifier(Ident { value: \"", "\"").filter(|_| node == "Identifier");
    Some(match name {
        Some(name) => format!("the name {name} can't stand where it does; a text is written in quotes: '{name}'"),
        None => format!("{} is not supported here; write the query without it", keywords(node)),
    })
}

/// `AtTimeZone` as `at time zone`.
fn keywords(node: &str) -> String {
    let mut words = String::new();
    for letter in node.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    if words.is_empty() { "a part of the query".to_owned() } else { words }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = &text[text.find(before)? + before.len()..];
    Some(&rest[..rest.find(after)?])
}

/// The known name that a mistyped one most likely stands for: the same letters in
/// another case, the last part of a path, its beginning, or at most a third of the letters
/// wrong.
fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    known
        .map(|candidate| {
            let leaf = candidate.rsplit('.').next().unwrap_or(candidate).to_lowercase();
            let letters = wanted.chars().count().max(leaf.chars().count());
            // The beginning of a name is as good as the name.
            let is_beginning = wanted.len() >= 3 && leaf.starts_with(&wanted);
            let distance = if is_beginning { usize::from(leaf != wanted) } else { levenshtein(&wanted, &leaf) };
            (distance, candidate.len(), letters, candidate)
        })
        .filter(|(distance, _, letters, _)| distance * 3 <= *letters)
        .min()
        .map(|(.., candidate)| candidate)
}

/// The first line of a message, in the form that ours have: no capital, no period.
fn tidy(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default().trim();
    let line = ["Error during planning: ", "Execution error: ", "Arrow error: ", "sql parser error: "]
        .iter()
        .fold(line, |line, prefix| line.strip_prefix(prefix).unwrap_or(line))
        .trim_end_matches('.');
    let mut letters = line.chars();
    match (letters.next(), letters.clone().next()) {
        // An acronym or a name keeps its capital.
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => line.to_owned(),
    }
}
