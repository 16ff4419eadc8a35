//! Documents as a site: a page for each schema, a list of them all, and a search that works
//! from files, without a server and without anything from elsewhere.

use maud::{DOCTYPE, Markup, html};
use serde_json::json;

use super::Page;
use super::model::{Doc, Kind, Link, Property};

/// Writes the pages of a site.
pub(super) fn site(docs: &[Doc]) -> Vec<Page> {
    let mut pages = vec![
        Page { path: "index.html".to_owned(), text: index(docs) },
        Page { path: "schemas.css".to_owned(), text: include_str!("site/schemas.css").to_owned() },
        Page { path: "search.js".to_owned(), text: include_str!("site/search.js").to_owned() },
        Page { path: "names.js".to_owned(), text: names(docs) },
    ];
    pages.extend(docs.iter().map(|doc| Page { path: file(&doc.path), text: page(doc) }));
    pages
}

fn file(schema: &str) -> String {
    format!("{}.html", schema.strip_suffix(".json").unwrap_or(schema))
}

/// What is searched: a file of names, since a page that is opened from a disk may load a
/// script and no data.
fn names(docs: &[Doc]) -> String {
    let mut entries = Vec::new();
    for doc in docs {
        let page = file(&doc.path);
        entries.push(json!([doc.title, doc.id, page]));
        doc.properties.iter().for_each(|property| named(property, doc, &page, &mut entries));
    }
    format!("window.schemaNames = {};\n", serde_json::Value::from(entries))
}

fn named(property: &Property, doc: &Doc, page: &str, entries: &mut Vec<serde_json::Value>) {
    // What is inherited is found where it is declared.
    if property.origin.is_none() {
        let told = format!("{} – {}", doc.title, property.title);
        entries.push(json!([property.names.join("."), told, format!("{page}#{}", anchor(property))]));
        property.children.iter().for_each(|child| named(child, doc, page, entries));
    }
}

/// The anchor of a property. It is a fragment of a URI, whatever the name holds.
fn anchor(property: &Property) -> String {
    percent_encoding::utf8_percent_encode(&property.names.join("."), percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace('%', "_")
}

fn frame(title: &str, up: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href={ (up) "schemas.css" };
                script defer src={ (up) "names.js" } {}
                script defer src={ (up) "search.js" } {}
            }
            body data-up=(up) {
                header {
                    a href={ (up) "index.html" } { "Schemas" }
                    div class="search" role="search" {
                        label for="search" { "Search" }
                        input id="search" type="search" autocomplete="off" placeholder="a property, a title, an $id";
                        ul id="found" aria-live="polite" {}
                    }
                }
                main { (body) }
            }
        }
    };
    page.into_string()
}

fn index(docs: &[Doc]) -> String {
    let mut groups: Vec<(&str, Vec<&Doc>)> = Vec::new();
    for doc in docs {
        let dir = super::parent(&doc.path);
        match groups.last_mut().filter(|(last, _)| *last == dir) {
            Some((_, group)) => group.push(doc),
            None => groups.push((dir, vec![doc])),
        }
    }
    let body = html! {
        h1 { "Schemas" }
        p { (docs.len()) " schemas." }
        @for (dir, docs) in &groups {
            h2 { (if dir.is_empty() { "/" } else { dir }) }
            ul {
                @for doc in docs {
                    li {
                        a href=(file(&doc.path)) { (doc.title) }
                        " " code { (doc.id) } " "
                        @if let Some((_, status)) = doc.facts.first() { span class="status" { (status) } }
                    }
                }
            }
        }
    };
    frame("Schemas", "", &body)
}

fn page(doc: &Doc) -> String {
    let up = "../".repeat(doc.path.matches('/').count());
    let body = html! {
        h1 { (doc.title) }
        p { code { (doc.id) } }
        (paragraphs(&doc.description))
        dl class="facts" {
            @for (name, value) in &doc.facts { div { dt { (name) } dd { (value) } } }
        }
        (links("Composed of", &doc.parts, &up))
        (links("Made for", &doc.classes, &up))
        @for example in &doc.examples {
            details { summary { "Example" } pre { code { (example) } } }
        }
        @if !doc.properties.is_empty() {
            h2 { "Properties" }
            (properties(&doc.properties, &up))
        }
        @if doc.is_cut { p { "There are more properties than a document shows." } }
    };
    frame(&doc.title, &up, &body)
}

fn paragraphs(text: &str) -> Markup {
    html! {
        @for paragraph in text.split('\n').filter(|paragraph| !paragraph.trim().is_empty()) { p { (paragraph) } }
    }
}

fn links(title: &str, links: &[Link], up: &str) -> Markup {
    html! {
        @if !links.is_empty() {
            h2 { (title) }
            ul { @for link in links { li { (linked(link, up)) " " code { (link.id) } } } }
        }
    }
}

fn linked(link: &Link, up: &str) -> Markup {
    html! {
        @match &link.path {
            Some(path) => a href={ (up) (file(path)) } { (link.title) },
            None => span title=(link.id) { (link.title) },
        }
    }
}

fn kind(of: &Kind, up: &str) -> Markup {
    html! {
        @match of {
            Kind::Word(word) => code { (word) },
            Kind::Schema(link) => (linked(link, up)),
            Kind::List(inner) => { "list of " (kind(inner, up)) }
            Kind::Map(inner) => { "map of " (kind(inner, up)) }
            Kind::Options(options) => {
                @for (at, option) in options.iter().enumerate() { @if at > 0 { " or " } (kind(option, up)) }
            }
        }
    }
}

fn properties(properties: &[Property], up: &str) -> Markup {
    html! {
        ul class="properties" {
            @for property in properties { li id=(anchor(property)) { (entry(property, up)) } }
        }
    }
}

fn entry(property: &Property, up: &str) -> Markup {
    html! {
        div class="name" {
            a href={ "#" (anchor(property)) } { code { (property.name()) } }
            " " (kind(&property.kind, up))
            @if property.is_required { " " strong { "required" } }
            @if let Some(origin) = &property.origin { " " span class="origin" { "from " (linked(origin, up)) } }
        }
        @if !property.title.is_empty() { p class="title" { (property.title) } }
        (paragraphs(&property.description))
        @if !property.facts.is_empty() || property.default.is_some() || !property.examples.is_empty() {
            ul class="rules" {
                @for fact in &property.facts { li { (fact.replace('`', "")) } }
                @if let Some(default) = &property.default { li { "default " code { (default) } } }
                @for example in &property.examples { li { "for example " code { (example) } } }
            }
        }
        @if !property.values.is_empty() {
            details {
                summary {
                    (property.values.len())
                    (if property.is_closed { " values, and no others" } else { " known values; others are allowed" })
                }
                table {
                    thead { tr { th { "Value" } th { "Meaning" } } }
                    tbody {
                        @for (value, label) in &property.values { tr { td { code { (value) } } td { (label) } } }
                    }
                }
            }
        }
        @if !property.children.is_empty() { (self::properties(&property.children, up)) }
    }
}
