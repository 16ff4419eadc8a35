//! Cursors of SQL: `declare`, `fetch`, `move` and `close`, as drivers use them to read an answer piece by piece.
//!
//! A cursor is a portal under the name that it was declared by. Its rows are those of one answer, found when the first
//! of them are fetched and held until it is closed or the transaction ends: they count and are limited as any answer's.

use crate::refusal::Refusal;
use crate::split::{pieces, unquoted};

/// A cursor as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) is_binary: bool,
    /// The statement behind `for`.
    pub(crate) query: String,
}

/// What is fetched from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) name: String,
    pub(crate) rows_max: usize,
    /// `move`: the rows are left out.
    pub(crate) is_move: bool,
}

/// `declare NAME [binary] [insensitive] [no scroll] cursor [without hold] for QUERY`
pub(crate) fn declared(statement: &str) -> Result<Declared, Refusal> {
    let mut rest = pieces(statement).skip(1);
    let name = rest.next().map(unquoted).ok_or_else(how_to_declare)?;
    let (mut is_binary, mut is_no) = (false, false);
    loop {
        match rest.next().map(str::to_ascii_lowercase).as_deref() {
            Some("binary") => is_binary = true,
            Some("insensitive" | "asensitive") => {}
            Some("no") => is_no = true,
            Some("scroll") if is_no => {}
            Some("scroll") => return Err(only_forward()),
            Some("cursor") => break,
            _ => return Err(how_to_declare()),
        }
    }
    let mut with = None;
    let query = loop {
        let piece = rest.next().ok_or_else(how_to_declare)?;
        match piece.to_ascii_lowercase().as_str() {
            word @ ("with" | "without") => with = Some(word == "with"),
            "hold" if with == Some(true) => {
                let refusal = Refusal::error("0A000", "a cursor ends with its transaction here");
                return Err(refusal.hint("declare it without hold, and read it in one transaction"));
            }
            "hold" if with == Some(false) => {}
            "for" => break behind(statement, piece),
            _ => return Err(how_to_declare()),
        }
    };
    Ok(Declared { name, is_binary, query: query.trim().to_owned() })
}

/// `fetch [next | forward [N | all] | N | all] [from | in] NAME`
pub(crate) fn fetched(statement: &str, is_move: bool) -> Result<Fetched, Refusal> {
    let mut rest: Vec<&str> = pieces(statement).skip(1).collect();
    let name = rest.pop().map(unquoted).ok_or_else(how_to_fetch)?;
    if rest.last().is_some_and(|word| word.eq_ignore_ascii_case("from") || word.eq_ignore_ascii_case("in")) {
        rest.pop();
    }
    let words: Vec<String> = rest.iter().map(|word| word.to_ascii_lowercase()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let count = |word: &str| match word {
        "all" => Ok(usize::MAX),
        word => word.parse().map_err(|_| how_to_fetch()),
    };
    let rows_max = match words[..] {
        [] | ["next" | "forward"] => 1,
        ["forward", rows] => count(rows)?,
        ["prior" | "first" | "last" | "backward" | "absolute" | "relative", ..] | ["-", _] => {
            return Err(only_forward());
        }
        [rows] => count(rows)?,
        _ => return Err(how_to_fetch()),
    };
    Ok(Fetched { name, rows_max, is_move })
}

/// `close NAME`, or `None` for all.
pub(crate) fn closed(statement: &str) -> Result<Option<String>, Refusal> {
    let name =
        pieces(statement).nth(1).ok_or_else(|| Refusal::error("42601", "close needs a cursor's name, or all"))?;
    Ok((!name.eq_ignore_ascii_case("all")).then(|| unquoted(name)))
}

/// What stands behind a piece of a statement.
fn behind<'a>(statement: &'a str, piece: &str) -> &'a str {
    let at = (piece.as_ptr() as usize).saturating_sub(statement.as_ptr() as usize) + piece.len();
    statement.get(at..).unwrap_or_default()
}

fn how_to_declare() -> Refusal {
    Refusal::error("42601", "a cursor is declared by: declare NAME cursor for select …")
}

fn how_to_fetch() -> Refusal {
    Refusal::error("42601", "rows are fetched by: fetch forward 100 from NAME")
}

fn only_forward() -> Refusal {
    Refusal::error("0A000", "a cursor only goes forward here").hint("read the rows again, in the order that is needed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_declared_as_drivers_write_it() {
        let check = |text: &str, name: &str, is_binary: bool, query: &str| {
            let expect = Declared { name: name.to_owned(), is_binary, query: query.to_owned() };
            assert_eq!(declared(text), Ok(expect), "{text}");
        };
        check("DECLARE \"a b\" CURSOR FOR select 1", "a b", false, "select 1");
        check("declare c no scroll cursor without hold for\n select 'for' -- x", "c", false, "select 'for' -- x");
        check("declare c binary insensitive cursor for values (1)", "c", true, "values (1)");
        for (text, code) in [
            ("declare", "42601"),
            ("declare c", "42601"),
            ("declare c cursor", "42601"),
            ("declare c cursor with hold for select 1", "0A000"),
            ("declare c scroll cursor for select 1", "0A000"),
            ("declare c cursor hold for select 1", "42601"),
        ] {
            assert_eq!(declared(text).err().map(|refusal| refusal.code), Some(code), "{text}");
        }
    }

    #[test]
    fn rows_are_fetched_forward() {
        let check = |text: &str, name: &str, rows_max: usize| {
            let expect = Fetched { name: name.to_owned(), rows_max, is_move: false };
            assert_eq!(fetched(text, false), Ok(expect), "{text}");
        };
        check("FETCH FORWARD 2000 FROM \"a b\"", "a b", 2_000);
        check("fetch c", "c", 1);
        check("fetch next in c", "c", 1);
        check("fetch all from c", "c", usize::MAX);
        check("fetch forward all in c", "c", usize::MAX);
        check("fetch 5 c", "c", 5);
        for (text, code) in [
            ("fetch", "42601"),
            ("fetch backward 5 from c", "0A000"),
            ("fetch -1 from c", "0A000"),
            ("fetch first from c", "0A000"),
            ("fetch many from c", "42601"),
            ("fetch 99999999999999999999999 from c", "42601"),
        ] {
            assert_eq!(fetched(text, false).err().map(|refusal| refusal.code), Some(code), "{text}");
        }
        assert_eq!(closed("close \"a b\""), Ok(Some("a b".to_owned())));
        assert_eq!(closed("close ALL"), Ok(None));
        assert!(closed("close").is_err());
    }
}
