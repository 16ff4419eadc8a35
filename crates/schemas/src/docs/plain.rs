//! Documents in Markdown: every type linked, inherited properties listed, required ones shown
//! as required, objects written out to their leaves.

use std::fmt::Write;

use super::Page;
use super::model::{Doc, Kind, Link, Property};

/// Writes the page of a schema.
pub(super) fn page(doc: &Doc) -> Page {
    let mut out = format!("# {}\n\n`{}`\n", text(&doc.title), doc.id);
    if !doc.description.is_empty() {
        let _ = write!(out, "\n{}\n", doc.description);
    }
    out.push('\n');
    row(&mut out, doc.facts.iter().map(|(name, _)| (*name).to_owned()));
    row(&mut out, doc.facts.iter().map(|_| "---".to_owned()));
    row(&mut out, doc.facts.iter().map(|(_, value)| cell(value)));
    links(&mut out, "Composed of", &doc.parts, doc);
    links(&mut out, "Made for", &doc.classes, doc);
    for (at, example) in doc.examples.iter().enumerate() {
        let number = if doc.examples.len() > 1 { format!(" {}", at + 1) } else { String::new() };
        let _ = write!(out, "\n## Example{number}\n\n```json\n{example}\n```\n");
    }
    if !doc.properties.is_empty() {
        out.push_str("\n## Properties\n\n");
        table(&mut out, &doc.properties, doc);
        doc.properties.iter().for_each(|property| section(&mut out, property, doc));
    }
    if doc.is_cut {
        out.push_str("\nThere are more properties than a document shows.\n");
    }
    Page { path: file(&doc.path), text: out }
}

/// The list of all documents, by directory.
pub(super) fn index(docs: &[Doc]) -> Page {
    let mut out = "# Schemas\n".to_owned();
    let mut last = None;
    for doc in docs {
        let dir = super::parent(&doc.path);
        if last != Some(dir) {
            let shown = if dir.is_empty() { "/" } else { dir };
            let _ = write!(out, "\n## {shown}\n\n");
            last = Some(dir);
        }
        let status = doc.facts.first().map_or("", |(_, status)| status.as_str());
        let _ = writeln!(out, "* [{}]({}) – `{}` ({status})", text(&doc.title), file(&doc.path), doc.id);
    }
    Page { path: "README.md".to_owned(), text: out }
}

/// The document's file.
fn file(schema: &str) -> String {
    format!("{}.md", schema.strip_suffix(".json").unwrap_or(schema))
}

fn row(out: &mut String, cells: impl Iterator<Item = String>) {
    out.push('|');
    for cell in cells {
        let _ = write!(out, " {cell} |");
    }
    out.push('\n');
}

fn links(out: &mut String, title: &str, links: &[Link], doc: &Doc) {
    if links.is_empty() {
        return;
    }
    let _ = write!(out, "\n## {title}\n\n");
    for link in links {
        let _ = writeln!(out, "* {} – `{}`", linked(link, doc), link.id);
    }
}

fn linked(link: &Link, doc: &Doc) -> String {
    match &link.path {
        Some(path) => {
            format!("[{}]({})", text(&link.title), super::relative(super::parent(&doc.path), &file(path)))
        }
        None => text(&link.title),
    }
}

fn kind(of: &Kind, doc: &Doc) -> String {
    match of {
        Kind::Word(word) => format!("`{word}`"),
        Kind::Schema(link) => linked(link, doc),
        Kind::List(inner) => format!("list of {}", kind(inner, doc)),
        Kind::Map(inner) => format!("map of {}", kind(inner, doc)),
        Kind::Options(options) => options.iter().map(|option| kind(option, doc)).collect::<Vec<_>>().join(" or "),
    }
}

fn table(out: &mut String, properties: &[Property], doc: &Doc) {
    let has_default = properties.iter().any(|property| property.default.is_some());
    let heads = ["Property", "Type", "Required"].into_iter().chain(has_default.then_some("Default"));
    let heads: Vec<&str> = heads.chain(["Defined by", "Title"]).collect();
    row(out, heads.iter().map(|head| (*head).to_owned()));
    row(out, heads.iter().map(|_| "---".to_owned()));
    for property in properties {
        let default = property.default.as_deref().map(|told| format!("`{}`", cell(told))).unwrap_or_default();
        let origin = property.origin.as_ref().map_or_else(|| "this schema".to_owned(), |link| linked(link, doc));
        let cells = [
            format!("[`{}`](#{})", cell(property.name()), anchor(property)),
            cell(&kind(&property.kind, doc)),
            if property.is_required { "**required**" } else { "optional" }.to_owned(),
        ];
        let cells = cells.into_iter().chain(has_default.then_some(default));
        row(out, cells.chain([cell(&origin), cell(&text(&property.title))]));
    }
}

/// The anchor that GitHub gives a property's heading.
fn anchor(property: &Property) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_');
    property.names.join("").to_lowercase().chars().filter(kept).collect()
}

fn section(out: &mut String, property: &Property, doc: &Doc) {
    let level = "#".repeat((property.names.len() + 2).min(6));
    let path: Vec<String> = property.names.iter().map(|name| format!("`{name}`")).collect();
    // Headings that are alike would share an anchor: the whole path is in each.
    let _ = write!(out, "\n<a id=\"{}\"></a>\n\n{level} {}\n", anchor(property), path.join("."));
    for told in [&property.title, &property.description] {
        if !told.is_empty() {
            let _ = write!(out, "\n{}\n", told.trim());
        }
    }
    let _ = write!(out, "\n* {}\n", if property.is_required { "**required**" } else { "optional" });
    let _ = writeln!(out, "* type: {}", kind(&property.kind, doc));
    for fact in &property.facts {
        let _ = writeln!(out, "* {fact}");
    }
    if let Some(default) = &property.default {
        let _ = writeln!(out, "* default: `{default}`");
    }
    if !property.examples.is_empty() {
        let shown: Vec<String> = property.examples.iter().map(|example| format!("`{example}`")).collect();
        let _ = writeln!(out, "* examples: {}", shown.join(", "));
    }
    if let Some(origin) = &property.origin {
        let _ = writeln!(out, "* defined by {}", linked(origin, doc));
    }
    if !property.values.is_empty() {
        let open = if property.is_closed { "One of these values:" } else { "Known values; others are allowed:" };
        let _ = write!(out, "\n{open}\n\n| Value | Meaning |\n| --- | --- |\n");
        for (value, label) in &property.values {
            row(out, [format!("`{}`", cell(value)), cell(&text(label))].into_iter());
        }
    }
    if !property.children.is_empty() {
        out.push('\n');
        table(out, &property.children, doc);
        property.children.iter().for_each(|child| section(out, child, doc));
    }
}

/// A text of a schema in Markdown.
fn text(text: &str) -> String {
    text.replace('<', "&lt;").replace('[', "\\[").replace(']', "\\]")
}

/// A text in a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
