//! One property: its heading, what it is, its type and its known values.

use std::fmt::Write;

use serde_json::Value;

use super::js;
use super::types::{self, Blocks};

/// Each line feed becomes a paragraph.
pub(super) fn paragraphs(text: &str) -> String {
    text.replace('\n', "\n\n")
}

/// Is the name in a list?
pub(super) fn is_listed(list: Option<&Value>, name: &str) -> bool {
    list.and_then(Value::as_array).is_some_and(|list| list.iter().any(|item| item == name))
}

/// Values that a schema shows, each as JSON; nothing where it shows none.
pub(super) fn examples(examples: Option<&Value>) -> Option<Vec<String>> {
    match examples? {
        text @ Value::String(content) if !content.is_empty() => Some(vec![js::pretty(text)]),
        Value::Array(examples) => Some(examples.iter().map(js::pretty).collect()),
        _ => None,
    }
}

/// Writes a property of the schema, or of one of its definitions.
pub(super) fn outer(name: &str, schema: &mut Value, is_required: bool, slug: &str, out: &mut String) {
    let shown = js::escape(name);
    let _ = write!(out, "\n\n## {shown}\n");
    head(schema, "###", out);
    described(schema, out);
    facts(&shown, schema, if is_required { "**required**" } else { "optional" }, out);
    out.push('\n');
    defined_in(schema, slug, out);
    if !values_told(schema, slug, "property", out) {
        let _ = write!(out, "\n\n### {shown} Type\n\n");
        types::chain(schema, Blocks::Outer, slug, 0, out);
    }
    out.push_str("\n\n");
    known_values(schema, &format!("### {shown}"), out);
    let told = examples(schema.get("examples"));
    shown_examples(told.as_deref(), &format!("### {shown}"), &format!("### {shown}"), out);
}

/// Writes a property of a property.
pub(super) fn nested(name: &str, schema: &mut Value, is_required: bool, slug: &str, depth: usize, out: &mut String) {
    let shown = js::escape(name);
    let _ = write!(out, "\n\n#### {shown}\n");
    head(schema, "#####", out);
    let description = schema.get("description").map_or_else(|| "undefined".to_owned(), |told| js::string(Some(told)));
    let _ = write!(out, "\n\n\n{}\n\n\n", paragraphs(&description));
    facts(&shown, schema, if is_required { "**required**" } else { "optional" }, out);
    out.push_str("\n\n");
    if !values_told(schema, slug, "property", out) {
        let _ = write!(out, "\n\n##### {shown} Type\n\n");
        types::chain(schema, Blocks::Inner, slug, depth + 1, out);
    }
    out.push_str("\n\n");
    known_values(schema, &format!("##### {shown}"), out);
    let told = match schema.get("examples") {
        Some(Value::Array(examples)) => Some(examples.iter().map(|example| js::string(Some(example))).collect()),
        Some(Value::String(text)) => Some(text.chars().map(String::from).collect::<Vec<_>>()),
        _ => None,
    };
    shown_examples(told.as_deref(), &format!("##### {shown}"), &format!("##### {shown}"), out);
}

/// Writes what holds for all properties whose name matches a pattern.
pub(super) fn pattern(name: &str, schema: &mut Value, out: &mut String) {
    let shown = js::escape(name);
    let _ = write!(
        out,
        "\n\n## Pattern: `{shown}`\n\nApplies to all properties that match the regular expression `{shown}`\n\n"
    );
    head(schema, "###", out);
    described(schema, out);
    facts(&shown, schema, "a property pattern", out);
    out.push('\n');
    defined_in(schema, &shown, out);
    if !values_told(schema, &shown, "properties with this pattern", out) {
        let _ = write!(out, "\n\n### Pattern {shown} Type\n\n");
        types::chain(schema, Blocks::Inner, &shown, 0, out);
    }
    out.push_str("\n\n");
    known_values(schema, &format!("### Pattern {shown}"), out);
    let told = examples(schema.get("examples"));
    shown_examples(told.as_deref(), &format!("### {shown}"), &format!("### Pattern {shown}"), out);
}

fn head(schema: &Value, level: &str, out: &mut String) {
    if let Some(title) = schema.get("title").filter(|title| *title != "") {
        let _ = write!(out, "{level} {}", js::escape(&js::string(Some(title))));
    }
}

fn described(schema: &Value, out: &mut String) {
    out.push_str("\n\n");
    if let Some(description) = schema.get("description").and_then(Value::as_str).filter(|told| !told.is_empty()) {
        let _ = write!(out, "\n{}\n", paragraphs(description));
    }
    out.push_str("\n\n");
}

/// Is it required, of which type, how long, and what holds where it is left out?
fn facts(shown: &str, schema: &Value, is: &str, out: &mut String) {
    let simple = types::simple(schema);
    let _ = write!(out, "`{shown}`\n* is {is}\n* type: {}", js::escape(&simple));
    if simple.contains("[][]") || simple == "`array[]`" {
        out.push_str(" (nested array)");
    }
    if schema.get("type").is_some_and(|kind| kind == "array") {
        let bound = |name: &str| schema.get(name).map(|bound| js::escape(&js::string(Some(bound))));
        out.push('\n');
        let _ = match (bound("minItems"), bound("maxItems")) {
            (Some(min), Some(max)) => write!(out, "* between `{min}` and `{max}` items in the array"),
            (None, Some(max)) => write!(out, "* no more than `{max}` items in the array"),
            (Some(min), None) => write!(out, "* at least `{min}` items in the array"),
            (None, None) => Ok(()),
        };
        out.push('\n');
    }
    if let Some(default) = schema.get("default") {
        let _ = write!(out, "\n* default: `{}`\n", js::compact(default));
    }
}

fn defined_in(schema: &Value, slug: &str, out: &mut String) {
    out.push_str("* defined in ");
    match schema.get("$oSchema") {
        Some(origin) => out.push_str(&link(origin, slug)),
        None => out.push_str("this schema"),
    }
    out.push_str("\n\n");
}

/// A link to where a property is defined.
pub(super) fn link(origin: &Value, slug: &str) -> String {
    let told = |name: &str| js::escape(&js::string(origin.get(name)));
    format!("[{}]({}#{})", told("$linkVal"), told("$linkPath"), js::escape(slug))
}

/// Tells the one value, or that there are some; false where the type has to be told.
fn values_told(schema: &Value, slug: &str, of: &str, out: &mut String) -> bool {
    if let Some(value) = schema.get("const") {
        let _ = write!(
            out,
            "\nThe value of this property **must** be equal to:\n\n\n```json\n{}\n```\n\n",
            js::pretty(value)
        );
        return true;
    }
    if schema.get("enum").is_some() {
        let _ = write!(
            out,
            "\nThe value of this {of} **must** be equal to one of the [known values below](#{}-known-values).\n",
            js::escape(slug)
        );
        return true;
    }
    false
}

fn known_values(schema: &Value, heading: &str, out: &mut String) {
    if schema.get("enum").is_some() || schema.get("meta:enum").is_some() {
        let _ = write!(out, "\n{heading} Known Values\n\n| Value | Description |\n|-------|-------------|\n");
        for (value, label) in types::labels(schema) {
            let _ = write!(out, "\n| `{}` | {} |\n", js::escape(&value), js::escape(&label));
        }
        out.push_str("\n\n");
    }
    out.push_str("\n\n\n");
}

fn shown_examples(examples: Option<&[String]>, one: &str, many: &str, out: &mut String) {
    match examples {
        Some([example]) => {
            let _ = write!(out, "\n{one} Example\n\n\n```json\n{example}\n```\n");
        }
        Some(examples) if examples.len() > 1 => {
            let _ = write!(out, "\n{many} Examples\n");
            for example in examples {
                let _ = write!(out, "\n\n```json\n{example}\n```\n\n");
            }
            out.push('\n');
        }
        _ => {}
    }
    out.push_str("\n\n");
}

/// Writes the table of a property's own properties; the type of a reference is left empty.
pub(super) fn nested_table(schema: &Value, out: &mut String) {
    let empty = serde_json::Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let has_default = super::has_default(properties);
    let (head, line) = if has_default { (" Default |", "---------|") } else { ("", "") };
    let _ = write!(out, "\n\n\n\n| Property | Type | Required |{head}\n|----------|------|----------|{line}\n");
    for name in js::sorted(properties) {
        let inner = &properties[&name];
        let required = if is_listed(schema.get("required"), &name) { "**Required**" } else { "Optional" };
        let (name, kind) = (js::escape(&name), js::escape(&js::string(inner.get("type"))));
        let _ = writeln!(out, "\n| `{name}`| {kind} | {required} |{}", super::default_cell(inner, has_default));
    }
}
