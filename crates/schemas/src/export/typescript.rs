//! Types for senders, so that a site's code is checked before it sends.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

use crate::corpus::Corpus;
use crate::reading::{self, Place, types};

/// Deepest nesting of types that are written out in place.
const NESTING_MAX: usize = 16;

/// Most members that are written out, of all types.
const MEMBERS_MAX: usize = 20_000;

/// Which names the types have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Those of the platform (`chatStart`), which the Web SDK sends.
    Platform,
    /// Those of the schema (`xdm:chatStart`).
    Schema,
}

/// The types of a schema; `None` if none has this `$id`.
pub fn typescript(corpus: &Corpus, id: &str, names: Names) -> Option<String> {
    let (document, root) = corpus.document(id)?;
    let mut writer =
        Writer { corpus, names, called: BTreeMap::new(), taken: BTreeSet::new(), open: Vec::new(), left: MEMBERS_MAX };
    let mut out = format!("// Types of {}, made by `frontdesk schema export --typescript`.\n", line(id));
    writer.call(document, root);
    while let Some(id) = writer.open.pop() {
        let Some((document, root)) = corpus.document(&id) else { continue };
        let name = writer.called[&id].clone();
        out.push('\n');
        comment(&mut out, root, "");
        let place = Place { document, schema: root };
        let fields = writer.fields(place, 1);
        if fields.is_object {
            let _ = writeln!(out, "export interface {name} {}", fields.text);
        } else {
            let _ = writeln!(out, "export type {name} = {};", fields.text);
        }
    }
    Some(out)
}

struct Writer<'c> {
    corpus: &'c Corpus,
    names: Names,
    /// The types by `$id`.
    called: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    /// Those that are still to be written.
    open: Vec<String>,
    /// Members that may still be written.
    left: usize,
}

struct Written {
    text: String,
    is_object: bool,
}

/// A member of an object: below its name a type, or more members.
enum Member<'c> {
    Leaf { place: Place<'c>, is_required: bool },
    Inside(Vec<(String, Member<'c>)>),
}

impl<'c> Writer<'c> {
    /// The name of a schema's type.
    fn call(&mut self, id: &str, root: &Value) -> String {
        if let Some(name) = self.called.get(id) {
            return name.clone();
        }
        let title = root.get("title").and_then(Value::as_str).unwrap_or_default();
        let title = if title.is_empty() { id.rsplit('/').next().unwrap_or(id) } else { title };
        let plain = identifier(title);
        let mut name = plain.clone();
        let mut count = 1;
        while !self.taken.insert(name.clone()) {
            count += 1;
            name = format!("{plain}{count}");
        }
        self.called.insert(id.to_owned(), name.clone());
        self.open.push(id.to_owned());
        name
    }

    /// The type of a document's root.
    fn fields(&mut self, place: Place<'c>, depth: usize) -> Written {
        let found = reading::properties(self.corpus, place);
        if found.declared.is_empty() {
            let text = self.plain(place, depth);
            return Written { is_object: false, text };
        }
        Written { is_object: true, text: self.object(place, depth) }
    }

    fn object(&mut self, place: Place<'c>, depth: usize) -> String {
        let found = reading::properties(self.corpus, place);
        let mut members: Vec<(String, Member<'c>)> = Vec::new();
        for declared in &found.declared {
            let steps = match self.names {
                Names::Platform => xdm::platform_steps(declared.name),
                Names::Schema => vec![declared.name.to_owned()],
            };
            let is_required = found.required.contains(declared.name);
            put(&mut members, &steps, declared.place, is_required);
        }
        self.members(&members, depth)
    }

    fn members(&mut self, members: &[(String, Member<'c>)], depth: usize) -> String {
        let indent = "  ".repeat(depth);
        let mut out = "{\n".to_owned();
        for (name, member) in members {
            let shown = serde_json::to_string(name).unwrap_or_default();
            let shown = if is_identifier(name) { name.clone() } else { shown };
            match member {
                Member::Leaf { place, is_required } => {
                    comment(&mut out, place.schema, &indent);
                    let sign = if *is_required { "" } else { "?" };
                    let text = self.kind(*place, depth + 1);
                    let _ = writeln!(out, "{indent}{shown}{sign}: {text};");
                }
                Member::Inside(inner) => {
                    let sign = if inner.iter().any(|(_, member)| needs(member)) { "" } else { "?" };
                    let text = self.members(inner, depth + 1);
                    let _ = writeln!(out, "{indent}{shown}{sign}: {text};");
                }
            }
        }
        let _ = write!(out, "{}}}", "  ".repeat(depth.saturating_sub(1)));
        out
    }

    fn kind(&mut self, place: Place<'c>, depth: usize) -> String {
        if depth > NESTING_MAX || self.left == 0 {
            return "unknown".to_owned();
        }
        self.left -= 1;
        let target = reading::target(self.corpus, place);
        if let Some((id, root)) = self.corpus.document(target.document)
            && std::ptr::eq(root, target.schema)
        {
            return self.call(id, root);
        }
        if reading::properties(self.corpus, target).declared.is_empty() {
            return self.plain(target, depth);
        }
        self.object(target, depth)
    }

    /// The type of what isn't an object with declared members.
    fn plain(&mut self, place: Place<'c>, depth: usize) -> String {
        let place = reading::target(self.corpus, place);
        let schema = place.schema;
        if let Some(value) = schema.get("const") {
            return literal(value);
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return values.iter().map(literal).collect::<Vec<_>>().join(" | ");
        }
        let below = |writer: &mut Self, schema: &'c Value| writer.kind(Place { schema, ..place }, depth + 1);
        let told: Vec<String> = types(schema)
            .into_iter()
            .map(|kind| match kind {
                "string" => text(schema),
                "integer" | "number" => "number".to_owned(),
                "boolean" => "boolean".to_owned(),
                "null" => "null".to_owned(),
                "array" => match schema.get("items").filter(|items| items.is_object()) {
                    Some(items) => format!("Array<{}>", below(self, items)),
                    None => "unknown[]".to_owned(),
                },
                _ => match schema.get("additionalProperties").filter(|values| values.is_object()) {
                    Some(values) => format!("Record<string, {}>", below(self, values)),
                    None => "Record<string, unknown>".to_owned(),
                },
            })
            .collect();
        if told.is_empty() { "unknown".to_owned() } else { told.join(" | ") }
    }
}

fn put<'c>(members: &mut Vec<(String, Member<'c>)>, steps: &[String], place: Place<'c>, is_required: bool) {
    let Some((first, rest)) = steps.split_first() else { return };
    let at = members.iter().position(|(name, _)| name == first);
    match (at, rest.is_empty()) {
        (None, true) => members.push((first.clone(), Member::Leaf { place, is_required })),
        (None, false) => {
            let mut inner = Vec::new();
            put(&mut inner, rest, place, is_required);
            members.push((first.clone(), Member::Inside(inner)));
        }
        (Some(at), false) => {
            if let (_, Member::Inside(inner)) = &mut members[at] {
                put(inner, rest, place, is_required);
            }
        }
        // Two names that are one on the platform: the first one counts.
        (Some(_), true) => {}
    }
}

fn needs(member: &Member<'_>) -> bool {
    match member {
        Member::Leaf { is_required, .. } => *is_required,
        Member::Inside(inner) => inner.iter().any(|(_, member)| needs(member)),
    }
}

/// A text, with the values that are known of it: editors offer them, and others pass.
fn text(schema: &Value) -> String {
    match schema.get("meta:enum").and_then(Value::as_object).filter(|values| !values.is_empty()) {
        Some(values) => {
            let values: Vec<String> = values.keys().map(|value| literal(&value.as_str().into())).collect();
            format!("{} | (string & {{}})", values.join(" | "))
        }
        None => "string".to_owned(),
    }
}

/// A value as a type. Lists and objects have none of their own.
fn literal(value: &Value) -> String {
    match value {
        Value::Array(_) => "unknown[]".to_owned(),
        Value::Object(_) => "Record<string, unknown>".to_owned(),
        other => other.to_string(),
    }
}

fn is_identifier(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    name.chars().all(is_part) && !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// A title as the name of a type.
fn identifier(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) { format!("Schema{name}") } else { name }
}

/// A text on one line that can't end a comment.
fn line(text: &str) -> String {
    text.replace("*/", "*\u{200b}/").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn comment(out: &mut String, schema: &Value, indent: &str) {
    let told = ["description", "title"].iter().find_map(|name| schema.get(*name).and_then(Value::as_str));
    let deprecated = schema.get("meta:status").is_some_and(|status| status == "deprecated");
    let told = told.map(line).filter(|told| !told.is_empty()).unwrap_or_default();
    if deprecated {
        let _ = writeln!(out, "{indent}/** @deprecated {told} */");
    } else if !told.is_empty() {
        let _ = writeln!(out, "{indent}/** {told} */");
    }
}
