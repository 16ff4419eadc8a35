//! Schemas that are made to keep the tools busy: each ends, and says what it left out or nothing.

use schemas::compose::{Bundling, Parts, compose};
use schemas::convert::{To, convert_schema};
use schemas::docs::{Layout, pages};
use schemas::export::{Names, json_schema_2020_12, typescript};
use schemas::lint::lint;
use schemas::{Corpus, diff};

use crate::samples::directory;

/// Levels of definitions that each refer to the next one on many ways: 12 to the 40th paths.
fn many_ways(keyword: &str) -> String {
    let level = |at: usize| {
        let next = format!(r##"{{"$ref":"#/definitions/d{}"}}"##, at + 1);
        let parts: Vec<String> = match keyword {
            "properties" => (0..12).map(|name| format!(r#""x:{name}":{next}"#)).collect(),
            _ => vec![next; 12],
        };
        let names: Vec<String> = (0..12).map(|name| format!(r#""x:{name}""#)).collect();
        let body = match keyword {
            "properties" => format!(r#""properties":{{{}}},"required":[{}]"#, parts.join(","), names.join(",")),
            _ => format!(r#""{keyword}":[{}]"#, parts.join(",")),
        };
        format!(r#""d{at}":{{{body}}}"#)
    };
    let levels: Vec<String> = (0..40).map(level).collect();
    format!(
        r##"{{"$id":"https://x.example/a","title":"A","type":"object","meta:intendedToExtend":["https://x.example/c"],
        "properties":{{"x:start":{{"$ref":"#/definitions/d0"}}}},"definitions":{{{},"d40":{{"type":"string"}}}}}}"##,
        levels.join(",")
    )
}

#[test]
fn every_tool_ends_whatever_the_schema() {
    let id = "https://x.example/a";
    for keyword in ["properties", "anyOf", "oneOf", "allOf"] {
        let text = many_ways(keyword);
        let (dir, other) = (directory(&[("a.schema.json", &text)]), text.replace("string", "integer"));
        let changed = directory(&[("a.schema.json", &other)]);
        let corpus = Corpus::read(dir.path()).expect("a directory");
        let changed = Corpus::read(changed.path()).expect("a directory");
        for layout in [Layout::Plain, Layout::Adobe, Layout::Html] {
            assert!(!pages(&corpus, layout).is_empty());
        }
        let _ = lint(&corpus);
        let told = diff(&corpus, &changed);
        assert!(told.iter().any(|finding| finding.rule == "type-changed"), "{keyword}: {told:?}");
        assert!(typescript(&corpus, id, Names::Platform).is_some());
        assert!(json_schema_2020_12(&corpus, id).is_some());
        assert!(convert_schema(corpus.schemas()[0].root(), To::Platform).is_ok());
        let groups = [id.to_owned()];
        let parts = Parts { id: "https://x.example/e", title: "E", class: "experienceevent", groups: &groups };
        assert!(compose(&corpus, &parts, Bundling::Whole).is_ok());
    }
}

#[test]
fn keywords_of_the_wrong_kind_are_told_and_end_nothing() {
    let dir = directory(&[(
        "a.schema.json",
        r#"{"$id":"https://x.example/a","title":5,"properties":{"a":5,"b":{"enum":5,"meta:enum":[1],"items":3,"examples":{"x":1},
            "description":[1],"title":{},"type":["string",1],"required":{}},"c":null,"d":{"enum":["x"],"meta:enum":["X"]}},
            "patternProperties":{"(":{"type":"string"}},"required":"x","allOf":{"x":1},"definitions":[1],"meta:tags":5}"#,
    )]);
    let corpus = Corpus::read(dir.path()).expect("a directory");
    assert!(corpus.errors().count() > 3);
    for layout in [Layout::Plain, Layout::Adobe, Layout::Html] {
        assert!(!pages(&corpus, layout).is_empty());
    }
    assert!(lint(&corpus).len() > 5);
    assert_eq!(diff(&corpus, &corpus), []);
    assert!(typescript(&corpus, "https://x.example/a", Names::Schema).is_some());
    assert!(convert_schema(corpus.schemas()[0].root(), To::Platform).is_ok());
}
