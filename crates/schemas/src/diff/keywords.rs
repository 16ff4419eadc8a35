//! The keywords of two schemas that say what one value may be.

use serde_json::{Value, json};

use super::{Change, Effect};
use crate::reading::types;

/// Adds how the rules for one value differ.
pub(super) fn changes(old: &Value, new: &Value, out: &mut Vec<Change>) {
    kinds(old, new, out);
    values(old, new, out);
    equal(old, new, "const", "const", out);
    equal(old, new, "pattern", "pattern", out);
    equal(old, new, "format", "format", out);
    for (keyword, rule, is_upper) in BOUNDS {
        bound(old, new, keyword, rule, *is_upper, out);
    }
    equal(old, new, "multipleOf", "multiple", out);
    let unique = |schema: &Value| schema.get("uniqueItems") == Some(&Value::Bool(true));
    match (unique(old), unique(new)) {
        (false, true) => {
            let message = "items may not come twice now".to_owned();
            out.push(Change::new("unique-added", Effect::Narrower, "uniqueItems", message).with(twice(old)));
        }
        (true, false) => {
            let message = "items may come twice now".to_owned();
            out.push(Change::new("unique-removed", Effect::Wider, "uniqueItems", message).with(twice(new)));
        }
        _ => {}
    }
    annotations(old, new, out);
}

/// Adds that `false` stands for a schema now, or doesn't any more. True where it did or does: such a schema has no
/// rules that could be compared.
pub(super) fn never(old: &Value, new: &Value, out: &mut Vec<Change>) -> bool {
    let forbids = |schema: &Value| *schema == Value::Bool(false);
    let (rule, effect, message) = match (forbids(old), forbids(new)) {
        (false, false) => return false,
        (true, true) => return true,
        (false, true) => ("value-forbidden", Effect::Narrower, "no value passes here now"),
        (true, false) => ("value-permitted", Effect::Wider, "values pass here now, and none did"),
    };
    let examples = [old, new].into_iter().filter_map(|schema| list(schema, "examples")).flatten().cloned();
    out.push(
        Change::new(rule, effect, "", message.to_owned()).with(of_all_types().into_iter().chain(examples).collect()),
    );
    true
}

/// Lists with an item twice, one of which has items of the type that the schema wants.
fn twice(schema: &Value) -> Vec<Value> {
    let known = ["/items/const", "/items/enum/0", "/items/examples/0"];
    let known = known.iter().find_map(|pointer| schema.pointer(pointer)).cloned();
    let usual = ["a", "2026-01-01T00:00:00Z", "https://example.com/"].map(Value::from);
    let others = [json!(1), json!(true), json!({}), Value::Null];
    known.into_iter().chain(usual).chain(others).map(|item| json!([item, item])).collect()
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "none".to_owned(), Value::to_string)
}

/// A value of each type.
fn of_type(kind: &str) -> Value {
    match kind {
        "string" => json!("a"),
        "integer" => json!(1),
        "number" => json!(1.5),
        "boolean" => json!(true),
        "array" => json!([]),
        "object" => json!({}),
        _ => Value::Null,
    }
}

const TYPES: [&str; 7] = ["string", "integer", "number", "boolean", "array", "object", "null"];

/// Values of many kinds, for schemas that accept anything.
pub(super) fn of_all_types() -> Vec<Value> {
    TYPES.iter().map(|kind| of_type(kind)).collect()
}

fn kinds(old: &Value, new: &Value, out: &mut Vec<Change>) {
    let accepts = |schema: &Value, kind: &str| {
        let told = types(schema);
        told.is_empty() || told.contains(&kind) || (kind == "integer" && told.contains(&"number"))
    };
    let lost: Vec<&str> = TYPES.into_iter().filter(|kind| accepts(old, kind) && !accepts(new, kind)).collect();
    let won: Vec<&str> = TYPES.into_iter().filter(|kind| !accepts(old, kind) && accepts(new, kind)).collect();
    let message = || match (old.get("type"), new.get("type")) {
        (None, Some(kind)) => format!("the type is {kind} now, and was any"),
        (Some(kind), None) => format!("any type passes now; it was {kind}"),
        (old, new) => format!("the type was {} and is {} now", shown(old), shown(new)),
    };
    let (effect, rule) = match (lost.is_empty(), won.is_empty()) {
        (true, true) => return,
        (false, false) => (Effect::Both, "type-changed"),
        (false, true) => (Effect::Narrower, "type-narrowed"),
        (true, false) => (Effect::Wider, "type-widened"),
    };
    let candidates = lost.iter().chain(&won).map(|kind| of_type(kind)).collect();
    out.push(Change::new(rule, effect, "type", message()).with(candidates));
}

fn list<'v>(schema: &'v Value, keyword: &str) -> Option<&'v Vec<Value>> {
    schema.get(keyword).and_then(Value::as_array)
}

fn values(old: &Value, new: &Value, out: &mut Vec<Change>) {
    match (list(old, "enum"), list(new, "enum")) {
        (None, Some(values)) => {
            let message = match values.len() {
                1 => "only 1 value passes now".to_owned(),
                count => format!("only {count} values pass now"),
            };
            let soft = old.get("meta:enum").and_then(Value::as_object);
            let mut candidates: Vec<Value> =
                soft.into_iter().flatten().map(|(value, _)| value.as_str().into()).collect();
            candidates.push(json!("another value"));
            out.push(Change::new("enum-added", Effect::Narrower, "enum", message).with(candidates));
        }
        (Some(_), None) => {
            let message = "any value passes now; there was a list of them".to_owned();
            let candidates = vec![json!("another value"), json!("a"), json!(0)];
            out.push(Change::new("enum-removed", Effect::Wider, "enum", message).with(candidates));
        }
        (Some(before), Some(after)) => {
            let lost: Vec<Value> = before.iter().filter(|value| !after.contains(value)).cloned().collect();
            let won: Vec<Value> = after.iter().filter(|value| !before.contains(value)).cloned().collect();
            let told = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
            if !lost.is_empty() {
                let message = format!("values that don't pass any more: {}", told(&lost));
                out.push(Change::new("enum-value-removed", Effect::Narrower, "enum", message).with(lost));
            }
            if !won.is_empty() {
                let message = format!("values that pass now: {}", told(&won));
                out.push(Change::new("enum-value-added", Effect::Wider, "enum", message).with(won));
            }
        }
        (None, None) => {}
    }
}

/// The rules of a keyword that is there, or not, or has another value.
const fn rules(kind: &str) -> [&'static str; 3] {
    match kind.as_bytes() {
        b"const" => ["const-added", "const-removed", "const-changed"],
        b"pattern" => ["pattern-added", "pattern-removed", "pattern-changed"],
        b"format" => ["format-added", "format-removed", "format-changed"],
        _ => ["multiple-added", "multiple-removed", "multiple-changed"],
    }
}

/// Texts of which one may show that a pattern or a format differs.
fn texts() -> Vec<Value> {
    let texts = [
        "",
        "a",
        "A",
        "1",
        "a b",
        "abc",
        "AB",
        "ABC",
        "US",
        "en-US",
        "12345",
        "not a value",
        "a@b",
        "a@example.com",
        "https://example.com/",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "10.0.0.1",
        "::1",
        "%",
        "\u{e9}",
    ];
    texts.iter().map(|text| json!(text)).collect()
}

fn equal(old: &Value, new: &Value, keyword: &'static str, kind: &str, out: &mut Vec<Change>) {
    let [added, removed, changed] = rules(kind);
    let (before, after) = (old.get(keyword), new.get(keyword));
    let (rule, effect, message) = match (before, after) {
        (None, Some(value)) => (added, Effect::Narrower, format!("{keyword} is {value} now, and there was none")),
        (Some(value), None) => (removed, Effect::Wider, format!("{keyword} was {value}, and there is none now")),
        (Some(before), Some(after)) if before != after => {
            (changed, Effect::Both, format!("{keyword} was {before} and is {after} now"))
        }
        _ => return,
    };
    let mut candidates: Vec<Value> = match keyword {
        "const" => {
            let others = [json!("another value"), json!(0), json!(false)];
            before.into_iter().chain(after).cloned().chain(of_all_types()).chain(others).collect()
        }
        "multipleOf" => before.into_iter().chain(after).cloned().chain([json!(1), json!(0.3)]).collect(),
        _ => Vec::new(),
    };
    if keyword == "pattern" || keyword == "format" {
        let examples = [old, new].into_iter().filter_map(|schema| list(schema, "examples")).flatten().cloned();
        candidates.extend(examples);
        candidates.extend(texts());
    }
    out.push(Change::new(rule, effect, keyword, message).with(candidates));
}

/// Bounds: the keyword, the rules for tighter and looser, and whether it is an upper one.
const BOUNDS: &[(&str, [&str; 2], bool)] = &[
    ("minimum", ["minimum-raised", "minimum-lowered"], false),
    ("maximum", ["maximum-lowered", "maximum-raised"], true),
    ("exclusiveMinimum", ["minimum-raised", "minimum-lowered"], false),
    ("exclusiveMaximum", ["maximum-lowered", "maximum-raised"], true),
    ("minLength", ["length-tightened", "length-loosened"], false),
    ("maxLength", ["length-tightened", "length-loosened"], true),
    ("minItems", ["items-tightened", "items-loosened"], false),
    ("maxItems", ["items-tightened", "items-loosened"], true),
    ("minProperties", ["properties-tightened", "properties-loosened"], false),
    ("maxProperties", ["properties-tightened", "properties-loosened"], true),
];

/// Most characters or items of a value that shows a bound.
const SHOWN_MAX: f64 = 10_000.0;

fn bound(
    old: &Value,
    new: &Value,
    keyword: &'static str,
    rules: &[&'static str; 2],
    is_upper: bool,
    out: &mut Vec<Change>,
) {
    let open = if is_upper { f64::INFINITY } else { f64::NEG_INFINITY };
    let number = |schema: &Value| schema.get(keyword).and_then(Value::as_f64).unwrap_or(open);
    let (before, after) = (number(old), number(new));
    if before == after {
        return;
    }
    let tighter = (after < before) == is_upper;
    let (rule, effect) = if tighter { (rules[0], Effect::Narrower) } else { (rules[1], Effect::Wider) };
    let message = format!("{keyword} was {} and is {} now", shown(old.get(keyword)), shown(new.get(keyword)));
    let near = [before, after].into_iter().filter(|bound| bound.is_finite());
    let near: Vec<f64> = near.flat_map(|bound| [bound, bound - 1.0, bound + 1.0]).collect();
    let sized: Vec<usize> =
        near.iter().filter(|size| (0.0..=SHOWN_MAX).contains(*size)).map(|size| *size as usize).collect();
    let candidates = match keyword {
        "minLength" | "maxLength" => {
            sized.iter().flat_map(|size| ["a", "1", "A"].map(|letter| json!(letter.repeat(*size)))).collect()
        }
        "minItems" | "maxItems" => {
            let items = [json!("a"), json!(1), json!({})];
            sized.iter().flat_map(|size| items.clone().map(|item| Value::from(vec![item; *size]))).collect()
        }
        "minProperties" | "maxProperties" => sized
            .iter()
            .map(|size| (0..*size).map(|at| (format!("x:{at}"), json!("a"))).collect::<serde_json::Map<_, _>>().into())
            .collect(),
        _ => near.iter().map(|bound| whole(*bound)).chain(near.iter().map(|bound| json!(bound + 0.5))).collect(),
    };
    out.push(Change::new(rule, effect, keyword, message).with(candidates));
}

fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 { json!(number as i64) } else { json!(number) }
}

/// What checks don't see, and those who read the schema do.
fn annotations(old: &Value, new: &Value, out: &mut Vec<Change>) {
    let told: &[(&str, &str)] = &[
        ("meta:status", "status-changed"),
        ("meta:xdmType", "xdm-type-changed"),
        ("meta:extensible", "extensible-changed"),
        ("meta:abstract", "abstract-changed"),
        ("default", "default-changed"),
        ("meta:personal", "personal-changed"),
    ];
    for (keyword, rule) in told {
        let (before, after) = (old.get(*keyword), new.get(*keyword));
        if before != after {
            let message = format!("{keyword} was {} and is {} now", shown(before), shown(after));
            out.push(Change::new(rule, Effect::Neither, keyword, message));
        }
    }
    let names = |schema: &Value, keyword: &str| match schema.get(keyword) {
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        Some(Value::Array(list)) => list.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let lists = [
        ("meta:enum", "known-value-removed", "known values that are gone"),
        ("meta:intendedToExtend", "class-removed", "classes that it is not for any more"),
        ("meta:extends", "extends-removed", "schemas that it doesn't extend any more"),
    ];
    for (keyword, rule, what) in lists {
        let after = names(new, keyword);
        let lost: Vec<String> = names(old, keyword).into_iter().filter(|name| !after.contains(name)).collect();
        if !lost.is_empty() {
            let message = format!("{what}: {}", lost.join(", "));
            out.push(Change::new(rule, Effect::Neither, keyword, message));
        }
    }
}
