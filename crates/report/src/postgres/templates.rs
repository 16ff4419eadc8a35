//! Templates of `to_char`: PostgreSQL's (`YYYY-MM-DD`) as the engine's (`%Y-%m-%d`).

use datafusion::sql::sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Value};

use crate::QueryError;

/// Numbers, in capitals or not; longer ones first. Without another template they aren't known.
const NUMBERS: [(&str, &str); 13] = [
    ("YYYY", "%Y"),
    ("IYYY", "%G"),
    ("HH24", "%H"),
    ("HH12", "%I"),
    ("DDD", "%j"),
    ("HH", "%I"),
    ("IW", "%V"),
    ("MI", "%M"),
    ("MM", "%m"),
    ("MS", "%3f"),
    ("US", "%6f"),
    ("DD", "%d"),
    ("YY", "%y"),
];
/// Words, as they are written; PostgreSQL fills `Month` and `Day` up with blanks without the `FM`.
const WORDS: [(&str, &str); 8] = [
    ("FMMonth", "%B"),
    ("FMDay", "%A"),
    ("Mon", "%b"),
    ("Dy", "%a"),
    ("AM", "%p"),
    ("PM", "%p"),
    ("am", "%P"),
    ("pm", "%P"),
];

/// Writes the template of a call of `to_char` as the engine reads it.
///
/// # Errors
/// It has something that isn't known here, or isn't a constant.
pub(super) fn translate(function: &mut Function) -> Result<(), QueryError> {
    let FunctionArguments::List(list) = &mut function.args else { return Ok(()) };
    let [_, FunctionArg::Unnamed(FunctionArgExpr::Expr(template))] = &mut list.args[..] else { return Ok(()) };
    let translated = text_of(template).map(|text| match text.contains('%') {
        true => Some(text.to_owned()),
        false => translated(text),
    });
    match translated {
        Some(Some(text)) => {
            *template = Expr::value(Value::SingleQuotedString(text));
            Ok(())
        }
        Some(None) => Err(refused(
            "it may have YYYY, YY, MM, Mon, FMMonth, DD, Dy, FMDay, DDD, IYYY, IW, HH24, HH12, MI, SS, MS, US, AM, FM before a number, and other letters in double quotes",
        )),
        None => Err(refused("it must be a constant text")),
    }
}

fn refused(what: &str) -> QueryError {
    QueryError::Invalid { message: format!("this template of to_char can't be read: {what}; or write %Y-%m-%d") }
}

fn text_of(template: &Expr) -> Option<&str> {
    match template {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        Expr::Cast { expr, .. } | Expr::Nested(expr) => text_of(expr),
        _ => None,
    }
}

fn translated(template: &str) -> Option<String> {
    let (mut out, mut rest, mut is_known) = (String::new(), template, false);
    while let Some(letter) = rest.chars().next() {
        if let Some((word, form)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
            out.push_str(form);
            (rest, is_known) = (&rest[word.len()..], true);
        } else if letter.is_ascii_alphabetic() {
            let unfilled = rest.strip_prefix("FM");
            let (form, length) = number(unfilled.unwrap_or(rest))?;
            match unfilled {
                Some(_) if form.len() == 2 => out.extend(["%-", &form[1..]]),
                _ => out.push_str(form),
            }
            (rest, is_known) = (&unfilled.unwrap_or(rest)[length..], true);
        } else if letter == '"' {
            let (text, after) = rest[1..].split_once('"')?;
            out.push_str(text);
            rest = after;
        } else if letter == '\\' {
            return None;
        } else {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    is_known.then_some(out)
}

/// The engine's form of a number, and the bytes of PostgreSQL's.
fn number(rest: &str) -> Option<(&'static str, usize)> {
    let begins = |name: &str| rest.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    if begins("SSSS") {
        // Seconds of the day.
        return None;
    }
    if begins("SS") {
        return Some(("%S", 2));
    }
    NUMBERS.iter().find(|(name, _)| begins(name)).map(|(name, form)| (*form, name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_translated_or_refused() {
        let check = |template: &str, expect: Option<&str>| {
            assert_eq!(translated(template).as_deref(), expect, "{template}");
        };
        check("YYYY-MM-DD HH24:MI:SS.MS", Some("%Y-%m-%d %H:%M:%S.%3f"));
        check("yyyymmddhh24miss", Some("%Y%m%d%H%M%S"));
        check("FMDD. FMMonth \"of\" YY", Some("%-d. %B of %y"));
        check("é YYYY", Some("é %Y"));
        for template in ["Month", "DDTHH24", "SSSS", "Q", "YYYY \"open", "999", "", "TZ", "YYY", "FM", "FMé"] {
            check(template, None);
        }
    }
}
