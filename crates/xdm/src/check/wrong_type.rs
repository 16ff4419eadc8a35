//! The sentence for a value of the wrong type. Each fix leads on: it is only given where
//! following it makes a value of that type.

use crate::format::instant::epoch;
use crate::violation::mask;

/// What is wrong and how to fix it. `raw` is the value's JSON text, of which nothing is
/// shown but its shape; `needed` says that leaving it out is no way.
pub(super) fn message(raw: &str, wanted: &str, needed: bool) -> String {
    format!("{} is not {wanted}; {}", found(raw), fix(raw, wanted, needed))
}

fn found(raw: &str) -> String {
    match raw.as_bytes().first() {
        Some(b'"') => format!("the text \"{}\"", mask(inner(raw))),
        Some(b'{') => "an object".to_owned(),
        Some(b'[') => "a list".to_owned(),
        Some(b't' | b'f') => raw.to_owned(),
        Some(b'n') => "null".to_owned(),
        _ => "a number".to_owned(),
    }
}

/// A string without its quotes; escapes stay.
fn inner(raw: &str) -> &str {
    raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw)
}

fn fix(raw: &str, wanted: &str, needed: bool) -> String {
    let first = raw.as_bytes().first().copied().unwrap_or(0);
    let text = inner(raw);
    let number = || text.parse::<f64>().ok().filter(|number| number.is_finite() && first == b'"');
    let fix = match (wanted, first) {
        (_, b'n') if !needed => "leave it out when there is no value",
        (_, b'n') => "the property is needed, send a value",
        ("an integer", b'"') if number().is_some_and(|number| number.fract() == 0.0) => {
            "send the number without quotes"
        }
        ("an integer", b'"') => "send a whole number, without quotes",
        ("a number", b'"') if number().is_some() => "send the number without quotes",
        ("a number", b'"') => "send a number, without quotes",
        ("an integer" | "a number", b't') => "send 1",
        ("an integer" | "a number", b'f') => "send 0",
        ("true or false", b'"') if matches!(text, "true" | "false") => "send it without quotes",
        ("true or false", _) if raw == "0" => "send false",
        ("true or false", _) if raw == "1" => "send true",
        ("true or false", _) => "send true or false, without quotes",
        ("a date-time", b'-' | b'0'..=b'9') => return date_time(raw),
        ("a date-time", _) => "send a text such as \"2026-11-22T14:07:15.762Z\"",
        ("a text", b'{' | b'[') => "send a text in quotes",
        ("a text", _) => "put the value in quotes",
        ("a list", _) => "put the value in [ ]",
        ("an object", b'"') if text.starts_with('{') => "send the object itself, not a text of it",
        ("an object", _) => "send an object, in { }",
        (_, b'[') => "send one value, not a list",
        _ => "send a value of that type",
    };
    fix.to_owned()
}

/// A number in place of an instant is a count since 1970; by its size it is known of what.
fn date_time(raw: &str) -> String {
    epoch(raw).unwrap_or_else(|| {
        "send a text such as \"2026-11-22T14:07:15.762Z\"; new Date(milliseconds).toISOString() makes one of milliseconds since 1970".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fix_leads_on() {
        let check = |raw: &str, wanted: &str, needed: bool, expect: &str| {
            let said = message(raw, wanted, needed);
            assert!(said.contains(expect), "{raw} {wanted}: {said}");
        };
        check("null", "an integer", false, "leave it out");
        check("null", "a date-time", true, "is needed");
        check("\"1\"", "an integer", true, "without quotes");
        check("\"one\"", "an integer", true, "send a whole number");
        check("\"1.5\"", "an integer", true, "send a whole number");
        check("\"x\"", "a number", true, "send a number");
        check("true", "a number", true, "send 1");
        check("\"yes\"", "true or false", true, "send true or false");
        check("\"true\"", "true or false", true, "send it without quotes");
        check("0", "true or false", true, "send false");
        check("1", "true or false", true, "send true");
        check(
            "1795356435762",
            "a date-time",
            true,
            "it looks like milliseconds since 1970; send new Date(milliseconds)",
        );
        check("1795356435", "a date-time", true, "send new Date(seconds * 1000).toISOString()");
        check("1795356435.762", "a date-time", true, "seconds since 1970");
        check("5", "a date-time", true, "such as \"2026-");
        check("{}", "a date-time", true, "such as \"2026-");
        check("{}", "a text", true, "send a text in quotes");
        check("5", "a text", true, "put the value in quotes");
        check("{}", "a list", true, "[ ]");
        check("\"{\\\"a\\\":1}\"", "an object", true, "the object itself");
        check("[1]", "an integer", true, "not a list");
    }

    #[test]
    fn no_value_is_shown() {
        for (raw, wanted) in
            [("14085550100", "a text"), ("\"408-555-0100\"", "an integer"), ("1408555010012", "a date-time")]
        {
            let said = message(raw, wanted, true);
            assert!(!said.contains("408") && !said.contains("555"), "{said}");
        }
    }
}
