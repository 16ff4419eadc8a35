//! What a statement wants, by its first words.

use crate::cursor::{self, Declared, Fetched};
use crate::refusal::Refusal;
use crate::split::{pieces, unquoted, words};

/// Statements whose rows workers give.
const READING: [&str; 7] = ["SELECT", "WITH", "VALUES", "TABLE", "EXPLAIN", "DESCRIBE", "("];

/// What `show` may name that is no variable: the worker's to answer.
const SHOWN_BY_WORKERS: [&str; 4] = ["TABLES", "COLUMNS", "FUNCTIONS", "CREATE"];

/// Words that a refusal may repeat.
const WRITING: [&str; 22] = [
    "ALTER", "ANALYZE", "ATTACH", "CALL", "COMMENT", "COPY", "CREATE", "DELETE", "DETACH", "DO", "DROP", "GRANT",
    "IMPORT", "INSERT", "LOAD", "LOCK", "MERGE", "REFRESH", "REVOKE", "TRUNCATE", "UPDATE", "VACUUM",
];
const OBJECTS: [&str; 14] = [
    "DATABASE",
    "EXTENSION",
    "EXTERNAL",
    "FROM",
    "FUNCTION",
    "INDEX",
    "INTO",
    "MATERIALIZED",
    "OR",
    "ROLE",
    "SCHEMA",
    "TABLE",
    "USER",
    "VIEW",
];

/// What a statement wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Nothing.
    Nothing,
    /// Rows; the word is the answer's tag.
    Rows { tag: &'static str },
    /// The value of a variable, or of all.
    Show(Option<String>),
    /// To set a variable, or (`None`) to forget what was set.
    Set { name: String, value: Option<String> },
    /// To forget everything that was set.
    ResetAll,
    /// To begin a transaction.
    Begin { tag: &'static str },
    /// To end it.
    End { is_commit: bool },
    /// To go back within it.
    RollBackTo,
    /// To forget a prepared statement, or all.
    Deallocate(Option<String>),
    /// To forget everything of this connection.
    DiscardAll,
    /// To name a statement whose rows are fetched piece by piece.
    Declare(Declared),
    /// The next rows of one.
    Fetch(Fetched),
    /// To forget one, or all.
    CloseCursor(Option<String>),
    /// Something that is done by doing nothing; the answer's tag.
    Done(&'static str),
}

/// What JDBC asks before it lists the keys of a table. The view of all settings doesn't have it.
const MAX_INDEX_KEYS: &str = "select setting from pg_catalog.pg_settings where name='max_index_keys'";

impl Wish {
    /// # Errors
    /// It is something that isn't done here.
    pub(crate) fn of(statement: &str) -> Result<Wish, Refusal> {
        if statement.trim().eq_ignore_ascii_case(MAX_INDEX_KEYS) {
            return Ok(Wish::Show(Some("max_index_keys".to_owned())));
        }
        let mut words = words(statement);
        let Some(first) = words.next() else { return Ok(Wish::Nothing) };
        let second = words.next().unwrap_or_default();
        Ok(match first.as_str() {
            "EXPLAIN" => Wish::Rows { tag: "EXPLAIN" },
            word if READING.contains(&word) => Wish::Rows { tag: "SELECT" },
            "SHOW" if SHOWN_BY_WORKERS.contains(&second.as_str()) => Wish::Rows { tag: "SHOW" },
            "SHOW" => show(statement)?,
            "SET" => set(statement)?,
            "RESET" if second == "ALL" => Wish::ResetAll,
            "RESET" => Wish::Set { name: name_of(pieces(statement).nth(1))?, value: None },
            "BEGIN" => Wish::Begin { tag: "BEGIN" },
            "START" => Wish::Begin { tag: "START TRANSACTION" },
            "COMMIT" | "END" => Wish::End { is_commit: true },
            "ROLLBACK" if words_hold(statement, "TO") => Wish::RollBackTo,
            "ROLLBACK" | "ABORT" => Wish::End { is_commit: false },
            "SAVEPOINT" => Wish::Done("SAVEPOINT"),
            "RELEASE" => Wish::Done("RELEASE"),
            "DEALLOCATE" => {
                let name = pieces(statement).skip(1).find(|piece| !piece.eq_ignore_ascii_case("prepare"));
                let name = name_of(name)?;
                Wish::Deallocate((!name.eq_ignore_ascii_case("all")).then_some(name))
            }
            "DISCARD" => Wish::DiscardAll,
            "DECLARE" => Wish::Declare(cursor::declared(statement)?),
            "FETCH" => Wish::Fetch(cursor::fetched(statement, false)?),
            "MOVE" => Wish::Fetch(cursor::fetched(statement, true)?),
            "CLOSE" => Wish::CloseCursor(cursor::closed(statement)?),
            "UNLISTEN" => Wish::Done("UNLISTEN"),
            "PREPARE" | "EXECUTE" => return Err(later("PREPARE and EXECUTE", "let the driver prepare the statement")),
            "LISTEN" | "NOTIFY" => return Err(later("notifications", "ask again")),
            _ => return Err(refused(&first, &second)),
        })
    }

    /// Whether it may be run in a transaction that has failed.
    pub(crate) fn ends_failure(&self) -> bool {
        matches!(self, Wish::End { .. } | Wish::RollBackTo)
    }
}

fn refused(first: &str, second: &str) -> Refusal {
    // Keywords only; a name or a value is nobody's business in an error.
    let what = match WRITING.contains(&first) {
        true if OBJECTS.contains(&second) => format!("{first} {second}"),
        true => first.to_owned(),
        false => "this".to_owned(),
    };
    let refusal = Refusal::error("25006", format!("{what} is not allowed: this port only reads"));
    refusal.hint("use select, with, values, explain, show or set")
}

fn later(what: &str, instead: &str) -> Refusal {
    Refusal::error("0A000", format!("there are no {what} here")).hint(instead.to_owned())
}

fn syntax(message: &str) -> Refusal {
    Refusal::error("42601", message)
}

fn name_of(piece: Option<&str>) -> Result<String, Refusal> {
    piece.map(unquoted).ok_or_else(|| syntax("a name is missing"))
}

fn words_hold(statement: &str, word: &str) -> bool {
    words(statement).any(|found| found == word)
}

fn show(statement: &str) -> Result<Wish, Refusal> {
    let rest: Vec<&str> = pieces(statement).skip(1).collect();
    let is = |place: usize, word: &str| rest.get(place).is_some_and(|piece| piece.eq_ignore_ascii_case(word));
    if is(0, "all") {
        return Ok(Wish::Show(None));
    }
    if is(0, "time") && is(1, "zone") {
        return Ok(Wish::Show(Some("timezone".to_owned())));
    }
    if is(0, "transaction") && is(1, "isolation") {
        return Ok(Wish::Show(Some("transaction_isolation".to_owned())));
    }
    match rest.is_empty() {
        true => Err(syntax("show needs a name, such as show server_version")),
        // Names have dots.
        false => {
            Ok(Wish::Show(Some(rest.iter().map(|piece| unquoted(piece)).collect::<String>().to_ascii_lowercase())))
        }
    }
}

/// `set [session|local] name {to|=} value`, and the forms that have words of their own.
fn set(statement: &str) -> Result<Wish, Refusal> {
    let mut rest: Vec<&str> = pieces(statement).skip(1).collect();
    let is = |piece: Option<&&str>, word: &str| piece.is_some_and(|piece| piece.eq_ignore_ascii_case(word));
    if is(rest.first(), "transaction") || (is(rest.first(), "session") && is(rest.get(1), "characteristics")) {
        return Ok(Wish::Done("SET"));
    }
    if (is(rest.first(), "session") || is(rest.first(), "local")) && rest.len() > 1 {
        rest.remove(0);
    }
    if is(rest.first(), "role") || is(rest.first(), "authorization") {
        return Ok(Wish::Done("SET"));
    }
    if is(rest.first(), "time") && is(rest.get(1), "zone") {
        return Ok(Wish::Set { name: "timezone".to_owned(), value: value_of(&rest[2..]) });
    }
    if is(rest.first(), "names") {
        return Ok(Wish::Set { name: "client_encoding".to_owned(), value: value_of(&rest[1..]) });
    }
    let between = rest.iter().position(|piece| *piece == "=" || piece.eq_ignore_ascii_case("to"));
    let Some(between) = between.filter(|place| *place > 0) else {
        return Err(syntax("set is written: set NAME to VALUE"));
    };
    let name: String = rest[..between].iter().map(|piece| unquoted(piece)).collect();
    Ok(Wish::Set { name: name.to_ascii_lowercase(), value: value_of(&rest[between + 1..]) })
}

fn value_of(pieces: &[&str]) -> Option<String> {
    match pieces {
        [] => Some(String::new()),
        [word] if word.eq_ignore_ascii_case("default") => None,
        [sign @ ("-" | "+"), number] => Some(format!("{sign}{number}")),
        _ => {
            let texts: Vec<String> =
                pieces.iter().filter(|piece| **piece != ",").map(|piece| unquoted(piece)).collect();
            Some(texts.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_by_their_first_words() {
        let check = |text: &str, expect: Wish| assert_eq!(Wish::of(text), Ok(expect), "{text}");
        let set =
            |name: &str, value: Option<&str>| Wish::Set { name: name.to_owned(), value: value.map(str::to_owned) };
        check("-- hello\n select 1", Wish::Rows { tag: "SELECT" });
        check("(select 1) union select 2", Wish::Rows { tag: "SELECT" });
        check("explain select 1", Wish::Rows { tag: "EXPLAIN" });
        check("show tables", Wish::Rows { tag: "SHOW" });
        check("SHOW search_path", Wish::Show(Some("search_path".to_owned())));
        check("show TIME ZONE", Wish::Show(Some("timezone".to_owned())));
        check("set application_name = 'a b'", set("application_name", Some("a b")));
        check("SET SESSION search_path TO public, \"x\"", set("search_path", Some("public, x")));
        check("set time zone 'UTC'", set("timezone", Some("UTC")));
        check("set extra_float_digits = 3", set("extra_float_digits", Some("3")));
        check("set x.y to default", set("x.y", None));
        check("SET TRANSACTION READ ONLY", Wish::Done("SET"));
        check("set session characteristics as transaction read only", Wish::Done("SET"));
        check("begin read only", Wish::Begin { tag: "BEGIN" });
        check("rollback to savepoint a", Wish::RollBackTo);
        check("rollback", Wish::End { is_commit: false });
        check("deallocate prepare \"_pg3_0\"", Wish::Deallocate(Some("_pg3_0".to_owned())));
        check("DEALLOCATE ALL", Wish::Deallocate(None));
        check("reset all", Wish::ResetAll);
        check(" ", Wish::Nothing);
    }

    #[test]
    fn what_writes_is_refused_and_nothing_of_it_repeated() {
        let check = |text: &str, code: &str, part: &str| {
            let refusal = Wish::of(text).expect_err(text);
            assert!(refusal.code == code && refusal.message.starts_with(part), "{text}: {refusal:?}");
            assert!(!refusal.message.contains("secret"), "{refusal:?}");
        };
        check("drop table events", "25006", "DROP TABLE is not allowed");
        check("insert into events values ('secret')", "25006", "INSERT INTO is not allowed");
        check("copy events to '/tmp/secret'", "25006", "COPY is not allowed");
        check(
            "create external table x stored as csv location '/etc/secret'",
            "25006",
            "CREATE EXTERNAL is not allowed",
        );
        check("update events set secret = 1", "25006", "UPDATE is not allowed");
        check("delete from events", "25006", "DELETE FROM is not allowed");
        check("grant all to secret", "25006", "GRANT is not allowed");
        check("'secret'", "25006", "this is not allowed");
        check("declare c cursor with hold for select 1", "0A000", "a cursor ends with its transaction");
        check("set x", "42601", "set is written");
        check("show", "42601", "show needs a name");
    }
}
