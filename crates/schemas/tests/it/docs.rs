//! Documents of real schemas, compared with those that are published.

use std::fs;
use std::path::Path;

use schemas::Corpus;
use schemas::docs::{Layout, pages};

use crate::reference::reference;
use crate::samples::directory;

/// Every file that is expected is written, byte for byte, and no other.
fn check(source: &Path, descriptions: Option<&Path>, expected: &Path, files: usize) {
    let mut corpus = Corpus::read(source).expect("a directory");
    descriptions.iter().for_each(|dir| corpus.describe(dir));
    let pages = pages(&corpus, Layout::Adobe);
    let mut differing = Vec::new();
    let mut compared = 0;
    for page in &pages {
        let Ok(expect) = fs::read_to_string(expected.join(&page.path)) else { continue };
        compared += 1;
        if page.text != expect {
            let line = page.text.lines().zip(expect.lines()).position(|(found, expect)| found != expect);
            let line = line.unwrap_or_else(|| page.text.lines().count().min(expect.lines().count()));
            let at = |text: &str| text.lines().nth(line).unwrap_or("(end)").to_owned();
            differing.push(format!(
                "{}:{}\n  found  {}\n  expect {}",
                page.path,
                line + 1,
                at(&page.text),
                at(&expect)
            ));
        }
    }
    assert!(differing.is_empty(), "{} of {compared} differ:\n{}", differing.len(), differing.join("\n"));
    assert_eq!(compared, files);
}

#[test]
fn the_published_form_is_written_byte_for_byte() {
    let (Some(source), Some(expected)) = (reference("xdm-docs/source"), reference("xdm-docs/expected")) else { return };
    // The longer descriptions, which lie beside the schemas, are not part of the source.
    let Some(descriptions) = reference("xdm/components") else { return };
    check(&source, Some(&descriptions), &expected, 438);
}

#[test]
fn the_reference_document_of_contact_requests_is_written_byte_for_byte() {
    let (Some(source), Some(expected)) = (reference("xdm-docs/seed/source"), reference("xdm-docs/seed/expected"))
    else {
        return;
    };
    check(&source, None, &expected, 1);
}

const GROUP: &str = r##"{
  "$id": "https://x.example/group", "title": "A <b>group</b>", "type": "object", "description": "First.\nSecond.",
  "meta:intendedToExtend": ["https://x.example/class"], "meta:status": "stable",
  "allOf": [{"$ref": "https://x.example/class"}, {"$ref": "#/definitions/own"}],
  "definitions": {"own": {"required": ["x:tier"], "properties": {
    "x:tier": {"title": "Tier|s", "type": "string", "enum": ["gold"], "meta:enum": {"gold": "Gold"}, "default": "gold"},
    "x:deep": {"type": "object", "properties": {"x:leaf": {"type": "array", "items": {"type": "integer", "minimum": 1}}}},
    "x:class": {"$ref": "https://x.example/class", "title": "Another"},
    "x:self": {"$ref": "#/definitions/own"}
  }}}
}"##;

const CLASS: &str =
    r#"{"$id": "https://x.example/class", "title": "Class", "allOf": [{"$ref": "https://x.example/base"}]}"#;

const BASE: &str = r#"{"$id": "https://x.example/base", "title": "Base", "required": ["@id"],
  "properties": {"@id": {"type": "string", "format": "uri-reference"}}}"#;

fn group() -> tempfile::TempDir {
    directory(&[("groups/a.schema.json", GROUP), ("class.schema.json", CLASS), ("base/b.schema.json", BASE)])
}

#[test]
fn the_default_document_links_types_and_lists_what_is_inherited() {
    let dir = group();
    let pages = pages(&Corpus::read(dir.path()).expect("a directory"), Layout::Plain);
    let page = pages.iter().find(|page| page.path == "groups/a.schema.md").expect("a page");
    for expect in [
        // Two schemas up, and required there.
        "| [`@id`](#id) | `string` | **required** |  | [Base](../base/b.schema.md) |  |",
        "| [`x:tier`](#xtier) | `string` | **required** | `\"gold\"` | this schema | Tier\\|s |",
        "| [`x:class`](#xclass) | [Class](../class.schema.md) | optional |",
        "### `x:deep`.`x:leaf`",
        "* type: list of `integer`",
        "One of these values:",
        "# A &lt;b>group&lt;/b>",
        "* [Class](../class.schema.md) – `https://x.example/class`",
    ] {
        assert!(page.text.contains(expect), "{expect} is missing in\n{}", page.text);
    }
    assert!(!page.text.contains("[]("), "{}", page.text);
    let index = pages.iter().find(|page| page.path == "README.md").expect("a list");
    assert!(
        index.text.contains("* [Class](class.schema.md) – `https://x.example/class` (experimental)"),
        "{}",
        index.text
    );
}

#[test]
fn every_link_of_the_site_leads_to_a_page() {
    let dir = group();
    let check = |corpus: &Corpus| {
        let pages = pages(corpus, Layout::Html);
        let mut links = 0;
        for page in pages.iter().filter(|page| page.path.ends_with(".html")) {
            assert!(!page.text.contains("<b>group"), "{}", page.text);
            let dir = page.path.rsplit_once('/').map_or("", |(dir, _)| dir);
            for target in page.text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
                let mut steps: Vec<&str> = dir.split('/').filter(|step| !step.is_empty()).collect();
                for step in file.split('/').filter(|step| !step.is_empty()) {
                    if step == ".." { assert!(steps.pop().is_some(), "{target}") } else { steps.push(step) }
                }
                let target = if file.is_empty() { page.path.clone() } else { steps.join("/") };
                let found = pages.iter().find(|page| page.path == target);
                let found = found.unwrap_or_else(|| panic!("{} links {target}", page.path));
                assert!(anchor.is_empty() || found.text.contains(&format!("id=\"{anchor}\"")), "{target}#{anchor}");
                links += 1;
            }
        }
        links
    };
    assert!(check(&Corpus::read(dir.path()).expect("a directory")) > 20);
    assert!(check(&Corpus::bundled()) > 300);
}
