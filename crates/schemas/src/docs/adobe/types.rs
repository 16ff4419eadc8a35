//! The type of a property: one word for tables, and the block below its heading.
//!
//! The blank lines and the blocks without content are those of the published documents.

use std::fmt::Write;

use serde_json::{Value, json};

use super::js;
use super::property;

/// Deepest nesting of properties and items that is written out.
const NESTING_MAX: usize = 64;

/// Notes a property's type in one word beside it, as the published documents' dumps show.
pub(super) fn note_type(schema: &mut Value) {
    note_type_at(schema, 0);
}

fn note_type_at(schema: &mut Value, depth: usize) {
    let told = one_word(schema, depth);
    if let Some(map) = schema.as_object_mut() {
        map.insert("simpletype".to_owned(), told.into());
    }
}

fn one_word(schema: &mut Value, depth: usize) -> String {
    if schema.get("$ref").is_some() {
        return schema.get("$linkVal").map_or_else(|| "reference".to_owned(), |title| js::string(Some(title)));
    }
    if let Some(Value::Array(values)) = schema.get("enum").cloned() {
        note_values(schema, &values);
        return "`enum`".to_owned();
    }
    if schema.get("const").is_some() {
        return "`const`".to_owned();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some(kind @ ("string" | "number" | "boolean" | "integer" | "object")) => format!("`{kind}`"),
        Some("array") => match schema.get_mut("items").filter(|_| depth < NESTING_MAX) {
            None => "`array`".to_owned(),
            Some(items) => {
                note_type_at(items, depth + 1);
                match simple(items).as_str() {
                    "complex" | "" => "`array`".to_owned(),
                    inner => inner.strip_suffix('`').map_or_else(|| inner.to_owned(), |inner| format!("{inner}[]`")),
                }
            }
        },
        _ => "complex".to_owned(),
    }
}

/// Gives each allowed value a label, if only an empty one.
fn note_values(schema: &mut Value, values: &[Value]) {
    let Some(map) = schema.as_object_mut() else { return };
    if let Value::Object(labels) = map.entry("meta:enum").or_insert_with(|| json!({})) {
        for value in values {
            labels.entry(js::string(Some(value))).or_insert_with(|| "".into());
        }
    }
}

/// The word that [`note_type`] noted.
pub(super) fn simple(schema: &Value) -> String {
    schema.get("simpletype").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Known values and their labels.
pub(super) fn labels(schema: &Value) -> Vec<(String, String)> {
    match schema.get("meta:enum") {
        Some(Value::Object(labels)) => {
            js::keys(labels).into_iter().map(|key| (key.to_owned(), js::string(labels.get(key)))).collect()
        }
        Some(Value::Array(labels)) => {
            let indexed = labels.iter().enumerate().map(|(at, label)| (at.to_string(), js::string(Some(label))));
            let values = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
            let unlabelled = values.map(|value| (js::string(Some(value)), String::new()));
            let is_index = |key: &str| key.parse().is_ok_and(|at: usize| at < labels.len());
            indexed.chain(unlabelled.filter(|(key, _)| !is_index(key))).collect()
        }
        _ => Vec::new(),
    }
}

/// Which types a block can be written for; others are dumped.
#[derive(Clone, Copy)]
pub(super) enum Blocks {
    /// Of a property of the schema itself: all of them.
    Outer,
    /// Of nested properties and of patterns: no objects.
    Inner,
}

/// Writes the block of a type, or a dump.
pub(super) fn chain(schema: &mut Value, blocks: Blocks, slug: &str, depth: usize, out: &mut String) {
    let kind = js::string(schema.get("type"));
    out.push('\n');
    match kind.as_str() {
        "string" => string(schema, out),
        "number" | "integer" => number(schema, out),
        "boolean" => boolean(schema, out),
        "object" if matches!(blocks, Blocks::Outer) => object(schema, slug, depth, out),
        "array" => array(schema, false, slug, depth, out),
        _ if schema.get("$ref").is_some() => reference(schema, out),
        _ if join_keyword(schema, &["anyOf", "allOf", "oneOf"]).is_some() => {
            let keyword = join_keyword(schema, &["anyOf", "allOf", "oneOf"]).unwrap_or("anyOf");
            join(schema, keyword, slug, depth, out);
        }
        kind => {
            let _ = write!(out, "Unknown type `{}`.\n\n\n```json\n{}\n```\n", js::escape(kind), js::pretty(schema));
        }
    }
    out.push('\n');
}

fn join_keyword(schema: &Value, keywords: &[&'static str]) -> Option<&'static str> {
    keywords.iter().copied().find(|keyword| schema.get(*keyword).is_some())
}

/// A sentence for each format.
const FORMATS: &[(&str, &str)] = &[
    ("uri", "Uniformous Resource Identifier (according to [RFC3986](http://tools.ietf.org/html/rfc3986))"),
    ("date-time", "date and time (according to [RFC 3339, section 5.6](http://tools.ietf.org/html/rfc3339))"),
    ("email", "email address (according to [RFC 5322, section 3.4.1](https://tools.ietf.org/html/rfc5322))"),
    ("ipv4", "IP (v4) address (according to [RFC 2673, section 3.2](https://tools.ietf.org/html/rfc2673))"),
    ("ipv6", "IP (v6) address (according to [RFC 4291, section 2.2](https://tools.ietf.org/html/rfc4291))"),
    ("date", "date, without time (according to [RFC 3339, section 5.6](http://tools.ietf.org/html/rfc3339))"),
    ("time", "time, without date (according to [RFC 3339, section 5.6](http://tools.ietf.org/html/rfc3339))"),
    ("idn-email", "international email address (according to [RFC 6531](https://tools.ietf.org/html/rfc6531))"),
    (
        "idn-hostname",
        "Internationalized Domain Name (according to [RFC 5890, section 2.3.2.3](https://tools.ietf.org/html/rfc5890))",
    ),
    ("uri-reference", "URI Reference (according to [RFC3986](https://tools.ietf.org/html/rfc3986))"),
    ("iri", "Internationalized Resource Identifier (according to [RFC3987](https://tools.ietf.org/html/rfc3987))"),
    ("iri-reference", "IRI Reference (according to [RFC3987](https://tools.ietf.org/html/rfc3987))"),
    ("uri-template", "URI Template (according to [RFC6570](https://tools.ietf.org/html/rfc6570))"),
    ("json-pointer", "JSON Pointer (according to [RFC 6901, section 5](https://tools.ietf.org/html/rfc6901))"),
    (
        "regex",
        "Regular Expression (according to [ECMA 262](http://www.ecma-international.org/publications/files/ECMA-ST/Ecma-262.pdf))",
    ),
    (
        "relative-json-pointer",
        "Relative JSON Pointer (according to [Relative JSON Pointer](http://tools.ietf.org/html/draft-handrews-relative-json-pointer-00))",
    ),
    ("hostname", "Domain Name (according to [RFC 1034, section 3.1](https://tools.ietf.org/html/rfc1034))"),
];

fn is_truthy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(value)) => *value,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

fn string(schema: &Value, out: &mut String) {
    out.push_str("\n\n`string`\n");
    let format = schema.get("format").and_then(Value::as_str);
    if let Some((name, sentence)) = FORMATS.iter().find(|(name, _)| Some(*name) == format) {
        let _ = write!(out, "* format: `{name}` – {sentence}");
    }
    out.push('\n');
    for (name, word) in [("minLength", "minimum"), ("maxLength", "maximum")] {
        if is_truthy(schema.get(name)) {
            let _ = write!(out, "* {word} length: {} characters", js::escape(&js::string(schema.get(name))));
        }
        out.push('\n');
    }
    if is_truthy(schema.get("pattern")) {
        pattern(&js::string(schema.get("pattern")), schema.get("examples"), out);
    }
}

fn pattern(pattern: &str, examples: Option<&Value>, out: &mut String) {
    let here = format!("https://regexr.com/?expression={}", js::component(pattern));
    out.push_str("\nAll instances must conform to this regular expression \n");
    match examples {
        None => {
            let _ = writeln!(out, "\n(test examples [here]({here})):");
        }
        Some(Value::String(text)) => {
            let (shown, sent) = (js::escape(text), js::component(text));
            let _ = writeln!(out, "\n(test example: [{shown}]({here}&text={sent})):");
        }
        Some(_) => {}
    }
    let _ = write!(out, "\n```regex\n{pattern}\n```\n\n");
    for example in examples.and_then(Value::as_array).into_iter().flatten() {
        let text = js::string(Some(example));
        let _ = write!(out, "\n* test example: [{}]({here}&text={})", js::escape(&text), js::component(&text));
    }
    out.push_str("\n\n");
}

fn number(schema: &Value, out: &mut String) {
    let told = |name: &str| schema.get(name).map(|value| js::escape(&js::string(Some(value))));
    let _ = write!(out, "\n\n`{}`\n", told("type").unwrap_or_default());
    // The published form looks for this misspelt name, so that a real bound is not told.
    if let Some(bound) = told("exclusiveMinumum") {
        let _ = write!(out, "* value must not be smaller or equal than: `{bound}`");
    } else if let Some(bound) = told("minimum") {
        let _ = write!(out, "* minimum value: `{bound}`");
    }
    out.push('\n');
    if let Some(bound) = told("exclusiveMaximum") {
        let _ = write!(out, "* value must not be greater or equal than: `{bound}`");
    }
    if let Some(bound) = told("maximum") {
        let _ = write!(out, "* maximum value: `{bound}`");
    }
    out.push('\n');
    if let Some(step) = told("multipleOf") {
        let _ = write!(out, "* must be a multiple of `{step}`");
    }
    out.push('\n');
}

fn boolean(schema: &Value, out: &mut String) {
    let _ = write!(out, "\n\n`{}`\n", js::escape(&js::string(schema.get("type"))));
}

fn reference(schema: &Value, out: &mut String) {
    let told = |name: &str| js::escape(&js::string(schema.get(name)));
    let _ = write!(out, "\n\n* [{}]({}) – `{}`\n", told("$linkVal"), told("$linkPath"), told("$ref"));
}

fn array(schema: &mut Value, nested: bool, slug: &str, depth: usize, out: &mut String) {
    let told = js::escape(&simple(schema));
    let items_kind = schema.get("items").map(|items| js::string(items.get("type")));
    let is_list = items_kind.as_deref() == Some("array");
    out.push('\n');
    if is_list {
        let items = schema.get("items").map(simple).unwrap_or_default();
        let _ = write!(out, "\nNested array type: {}\n", js::escape(&items));
    } else if !nested {
        let _ = write!(out, "\nArray type: {told}\n");
    }
    out.push('\n');
    let Some(kind) = items_kind else {
        return out.push('\n');
    };
    out.push('\n');
    if !is_list {
        out.push_str("\nAll items must be of the type:");
    }
    let dump = js::pretty(schema);
    let is_deep = depth >= NESTING_MAX;
    if let Some(items) = schema.get_mut("items") {
        match kind.as_str() {
            "string" => string(items, out),
            "number" | "integer" => number(items, out),
            "boolean" => boolean(items, out),
            "object" if !is_deep => object(items, slug, depth + 1, out),
            "array" if !is_deep => array(items, true, slug, depth + 1, out),
            _ if items.get("$ref").is_some() => {
                reference(items, out);
                out.push('\n');
            }
            kind => {
                let _ = write!(out, "\nUnknown type `{}`.\n\n\n```json\n{dump}\n```\n\n", js::escape(kind));
            }
        }
        out.push_str("\n\n");
        if let Some(description) = items.get("description") {
            let _ = write!(out, "\n  \n{}\n\n", property::paragraphs(&js::string(Some(description))));
        }
        out.push_str("\n\n");
    }
    out.push('\n');
}

fn object(schema: &mut Value, slug: &str, depth: usize, out: &mut String) {
    out.push_str("\n\n`object` with following properties:\n\n");
    property::nested_table(schema, out);
    out.push_str("\n\n");
    if depth >= NESTING_MAX {
        return;
    }
    let required = schema.get("required").cloned();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for name in js::sorted(properties) {
        let is_required = property::is_listed(required.as_ref(), &name);
        if let Some(inner) = properties.get_mut(&name) {
            note_type(inner);
            out.push_str("\n\n");
            property::nested(&name, inner, is_required, slug, depth, out);
            out.push_str("\n\n");
        }
    }
}

fn join(schema: &mut Value, keyword: &'static str, slug: &str, depth: usize, out: &mut String) {
    let (sentence, word) = match join_keyword(schema, &["anyOf", "allOf", "oneOf"]) {
        Some("anyOf") => ("**Any** following *options* needs to be fulfilled.", "Option"),
        Some("allOf") => ("**All** of the following *requirements* need to be fulfilled.", "Requirement"),
        _ => ("**One** of the following *conditions* need to be fulfilled.", "Condition"),
    };
    let _ = write!(out, "\n\n\n{sentence}\n\n\n");
    let options = schema.get_mut(keyword).and_then(Value::as_array_mut);
    for (at, option) in options.into_iter().flatten().enumerate() {
        let _ = write!(out, "\n\n#### {word} {}\n\n\n\n", at + 1);
        match js::string(option.get("type")).as_str() {
            "string" => string(option, out),
            "number" | "integer" => number(option, out),
            "boolean" => boolean(option, out),
            "array" => array(option, false, slug, depth + 1, out),
            _ if option.get("$ref").is_some() => reference(option, out),
            _ => {
                if let Some(inner) = join_keyword(option, &["anyOf", "allOf"]).filter(|_| depth < NESTING_MAX) {
                    join(option, inner, slug, depth + 1, out);
                    out.push('\n');
                }
                out.push('\n');
                continue;
            }
        }
        out.push_str("\n\n");
    }
    out.push('\n');
}
