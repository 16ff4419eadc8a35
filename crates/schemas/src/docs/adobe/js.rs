//! How JavaScript orders, spells and escapes: the published documents show it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Number, Value};

/// Largest name that JavaScript takes for an index, so that it comes before all others.
const INDEX_MAX: u64 = u32::MAX as u64 - 1;

/// The names of an object in the order of `Object.keys`: indexes first.
pub(super) fn keys(map: &Map<String, Value>) -> Vec<&str> {
    let index = |name: &str| name.parse::<u64>().ok().filter(|at| *at <= INDEX_MAX && at.to_string() == name);
    let mut indexes: Vec<(u64, &str)> = map.keys().filter_map(|name| Some((index(name)?, name.as_str()))).collect();
    indexes.sort_unstable();
    let others = map.keys().map(String::as_str).filter(|name| index(name).is_none());
    indexes.iter().map(|(_, name)| *name).chain(others).collect()
}

/// The names in the order of `Array.sort`: by UTF-16 code units.
pub(super) fn sorted(map: &Map<String, Value>) -> Vec<String> {
    let mut names: Vec<String> = map.keys().cloned().collect();
    names.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    names
}

/// A number as `String(number)` has it.
pub(super) fn number(number: &Number) -> String {
    let value = number.as_f64().unwrap_or(f64::NAN);
    if value == 0.0 {
        return "0".to_owned();
    }
    // The shortest digits that give the number, `d.ddde±x`.
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    format!("{sign}{}", placed(&digits, exponent))
}

/// Digits with their decimal point where JavaScript puts it.
fn placed(digits: &str, exponent: i32) -> String {
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |many: i32| "0".repeat(usize::try_from(many).unwrap_or(0));
    match exponent {
        0..=20 if exponent + 1 >= count => format!("{digits}{}", zeros(exponent + 1 - count)),
        0..=20 => {
            let (whole, part) = digits.split_at(usize::try_from(exponent + 1).unwrap_or(0));
            format!("{whole}.{part}")
        }
        -6..=-1 => format!("0.{}{digits}", zeros(-exponent - 1)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{first}{point}{rest}e{sign}{}", exponent.abs())
        }
    }
}

/// `String(value)`; nothing for what isn't there, as a template has it.
pub(super) fn string(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Bool(value)) => value.to_string(),
        Some(Value::Number(value)) => number(value),
        Some(Value::String(value)) => value.clone(),
        Some(Value::Array(items)) => items.iter().map(|item| string(Some(item))).collect::<Vec<_>>().join(","),
        Some(Value::Object(_)) => "[object Object]".to_owned(),
    }
}

/// `JSON.stringify(value)`.
pub(super) fn compact(value: &Value) -> String {
    let mut out = String::new();
    write(value, None, &mut out);
    out
}

/// `JSON.stringify(value, null, 2)`.
pub(super) fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write(value, Some(0), &mut out);
    out
}

fn write(value: &Value, indent: Option<usize>, out: &mut String) {
    match value {
        Value::Number(value) => out.push_str(&number(value)),
        Value::Array(items) => {
            list(items.len(), ['[', ']'], indent, out, |at, below, out| write(&items[at], below, out));
        }
        Value::Object(map) => {
            let names = keys(map);
            list(names.len(), ['{', '}'], indent, out, |at, below, out| {
                out.push_str(&Value::from(names[at]).to_string());
                out.push_str(if below.is_some() { ": " } else { ":" });
                if let Some(value) = map.get(names[at]) {
                    write(value, below, out);
                }
            });
        }
        other => out.push_str(&other.to_string()),
    }
}

fn list(
    count: usize,
    [open, close]: [char; 2],
    indent: Option<usize>,
    out: &mut String,
    mut item: impl FnMut(usize, Option<usize>, &mut String),
) {
    let below = indent.map(|indent| indent + 2);
    let line = |indent: Option<usize>, out: &mut String| {
        if let Some(indent) = indent {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
        }
    };
    out.push(open);
    for at in 0..count {
        if at > 0 {
            out.push(',');
        }
        line(below, out);
        item(at, below, out);
    }
    if count > 0 {
        line(indent, out);
    }
    out.push(close);
}

/// What a template escapes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// What `encodeURIComponent` leaves as it is.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// `encodeURIComponent(text)`.
pub(super) fn component(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// A list that may have one schema's anchors: each name with that which GitHub gives it.
pub(super) fn anchors(names: &[String]) -> Vec<(String, String)> {
    let mut taken: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    let mut out = Vec::with_capacity(names.len());
    for name in names {
        let plain = anchor(name);
        let mut anchor = plain.clone();
        while taken.contains_key(&anchor) {
            let count = taken.entry(plain.clone()).or_default();
            *count += 1;
            anchor = format!("{plain}-{count}");
        }
        taken.insert(anchor.clone(), 0);
        out.push((name.clone(), anchor));
    }
    out
}

fn anchor(name: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_') || c.is_whitespace();
    name.to_lowercase().chars().filter(kept).map(|c| if c.is_whitespace() { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_spelled_as_javascript_does() {
        let check = |value: Value, expect: &str| assert_eq!(compact(&value), expect);
        check(json!(1.0), "1");
        check(json!(0.5), "0.5");
        check(json!(-120.25), "-120.25");
        check(json!(1e21), "1e+21");
        check(json!(1e20), "100000000000000000000");
        check(json!(1.5e-7), "1.5e-7");
        check(json!(0.000001), "0.000001");
        check(json!(9_223_372_036_854_775_807_u64), "9223372036854776000");
        check(json!(-0.0), "0");
        check(json!({"b": 1, "10": 2, "9": 3, "01": 4}), r#"{"9":3,"10":2,"b":1,"01":4}"#);
        assert_eq!(
            pretty(&json!({"a": [], "b": {}, "c": [1]})),
            "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1\n  ]\n}"
        );
    }

    #[test]
    fn names_get_the_anchors_of_github() {
        let names = ["@id", "id", "xdm:chatEnd", "https://ns.adobe.com/a b"].map(str::to_owned);
        let told: Vec<String> = anchors(&names).into_iter().map(|(_, anchor)| anchor).collect();
        assert_eq!(told, ["id", "id-1", "xdmchatend", "httpsnsadobecoma-b"]);
    }
}
