//! Schemas that no command can use: one clear line with file and pointer, never a panic, never a
//! file that is passed over in silence.

use std::fs::File;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::server_process::{Outcome, TestDir};

/// Every command that reads a directory of schemas as such: what can be done without the broken file is done.
const TOLERANT: &[&[&str]] = &[
    &["schema", "test", "schemas"],
    &["schema", "docs", "schemas", "-o", "out"],
    &["schema", "docs", "schemas", "-o", "out", "--html"],
    &["schema", "lint", "schemas"],
    &["schema", "diff", "good", "schemas"],
    &["schema", "diff", "schemas", "good", "--deny", "never"],
    &["schema", "compose", "--with", "contact-request-details", "--schemas", "schemas", "-o", "composed.json"],
    &["schema", "export", "https://shop.example/good", "--typescript", "--schemas", "schemas"],
    &["schema", "export", "https://shop.example/good", "--json-schema", "2020-12", "--schemas", "schemas"],
    &["schema", "convert", "schemas", "--to", "platform", "-o", "converted"],
    &["convert", "events.ndjson", "--to", "xdm", "--schema", "https://shop.example/good", "--schemas", "schemas"],
];

/// Every command that judges by the schemas of the settings: it doesn't start.
const STRICT: &[&[&str]] = &[
    &["schema"],
    &["schema", "infer", "events.ndjson", "--name", "loyalty"],
    &["schema", "impact", "schemas"],
    &["check", "events.ndjson"],
    &["load", "events.ndjson"],
    &["serve", "--listen", "127.0.0.1:0"],
];

const GOOD: &str = r#"{"$id":"https://shop.example/good","title":"Good","description":"Good.","type":"object","allOf":[
    {"$ref":"https://ns.adobe.com/xdm/context/experienceevent"},
    {"$ref":"https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details"},
    {"properties":{"shop:a":{"title":"A","description":"A.","type":"string"}}}]}"#;

/// What is wrong keeps the schemas from being used, or is only worth a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Warning,
}

fn place(prepare: impl Fn(&TestDir)) -> TestDir {
    let place = TestDir::new();
    for dir in ["schemas", "good"] {
        std::fs::create_dir(place.path(dir)).unwrap();
        place.write(&format!("{dir}/good.schema.json"), GOOD);
    }
    place.write("events.ndjson", r#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","_shop":{"b":1}}"#);
    place.write("frontdesk.toml", "schema_files = ['schemas']\nschema = 'https://shop.example/good'\n");
    prepare(&place);
    place
}

/// Runs every command over a directory with a good schema and what `prepare` puts beside it. One line of each must
/// have all of `expect`.
fn check(kind: Kind, prepare: impl Fn(&TestDir), expect: &[&str]) {
    let place = place(prepare);
    let run = |command: &[&str], codes: &[i32]| {
        // A warning that keeps the server from starting would be found by the test that starts it.
        let outcome = place.run(command);
        let lines = outcome.err.lines().chain(outcome.out.lines());
        let told = lines.filter(|line| expect.iter().all(|part| line.contains(part))).count();
        assert_eq!(told, 1, "{command:?} says {expect:?} {told} times: {}", shown(&outcome));
        assert!(codes.contains(&outcome.code), "{command:?}: {}", shown(&outcome));
        assert!(!outcome.err.contains("panicked"), "{command:?}: {}", shown(&outcome));
        let is_long = outcome.err.lines().chain(outcome.out.lines()).any(|line| line.len() > 10_000);
        assert!(!is_long, "{command:?}: {} bytes", outcome.err.len() + outcome.out.len());
    };
    for command in TOLERANT {
        let is_free = command.contains(&"never") || command[0] == "convert";
        match kind {
            Kind::Error if is_free => run(command, &[0, 2]),
            Kind::Error => run(command, &[1, 2]),
            Kind::Warning => run(command, &[0]),
        }
    }
    if kind == Kind::Error {
        STRICT.iter().for_each(|command| run(command, &[2]));
    }
}

fn shown(outcome: &Outcome) -> String {
    let cut = |text: &str| text.chars().take(2000).collect::<String>();
    format!("code {}\n{}\n{}", outcome.code, cut(&outcome.err), cut(&outcome.out))
}

fn with(text: impl AsRef<[u8]>) -> impl Fn(&TestDir) {
    move |place| drop(place.write("schemas/bad.schema.json", text.as_ref()))
}

fn schema(rest: &str) -> String {
    format!(r#"{{"$id":"https://shop.example/bad","title":"Bad","type":"object",{rest}}}"#)
}

#[test]
fn what_is_not_json() {
    check(Kind::Error, with("{\"$id\":"), &["bad.schema.json: ", "is not JSON"]);
    check(Kind::Error, with(b"\xff\xfe{\0}\0".as_slice()), &["bad.schema.json: ", "not UTF-8 from byte 0 on"]);
    check(Kind::Error, with(""), &["bad.schema.json: ", "is not JSON"]);
    check(Kind::Error, with("[]"), &["bad.schema.json: ", "no \"$id\""]);
}

#[test]
fn references_that_lead_nowhere_or_in_a_circle() {
    let nowhere = schema(r#""properties":{"shop:a":{"$ref":"https://elsewhere.example/none"}}"#);
    let used = |text: &str| {
        let text = text.to_owned();
        move |place: &TestDir| {
            place.write("schemas/bad.schema.json", &text);
            let good = GOOD.replace(r#"{"properties""#, r#"{"$ref":"https://shop.example/bad"},{"properties""#);
            place.write("schemas/good.schema.json", good);
        }
    };
    let at = "bad.schema.json#/properties/shop:a/$ref: ";
    check(Kind::Error, used(&nowhere), &[at, "https://elsewhere.example/none"]);
    let circle = schema(
        r##""definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}},"allOf":[{"$ref":"#/definitions/a"}]"##,
    );
    check(Kind::Error, used(&circle), &["bad.schema.json#/", "refers to itself"]);
}

#[test]
fn what_is_too_deep_or_too_long() {
    let deep = schema(&format!("\"not\":{}true{}", "{\"not\":".repeat(10_000), "}".repeat(10_000)));
    check(Kind::Error, with(deep), &["bad.schema.json: ", "nested too deep at line 1, column "]);
    let long = |place: &TestDir| {
        let file = File::create(place.path("schemas/bad.schema.json")).unwrap();
        // Sparse: it takes no disk.
        file.set_len(100 * 1024 * 1024).unwrap();
    };
    check(Kind::Error, long, &["bad.schema.json: ", "has more than 16777216 bytes"]);
}

#[test]
fn ids_and_names_that_come_twice() {
    let other = GOOD.replace("\"Good\"", "\"Other\"");
    check(Kind::Error, with(other), &["schemas/", "two different schemas have the $id https://shop.example/good"]);
    let twice = schema(r#""properties":{"shop:b":{"title":"B","title":"C","description":"B.","type":"string"}}"#);
    let place = place(with(twice));
    let expect = "bad.schema.json#/properties/shop:b/title: ";
    for (command, code) in [(&["schema", "test", "schemas"], 0), (&["schema", "lint", "schemas"], 0)] {
        let outcome = place.run(command);
        assert_eq!(outcome.code, code, "{}", shown(&outcome));
        assert_eq!(outcome.out.matches(expect).count(), 1, "{command:?}: {}", shown(&outcome));
    }
}

#[test]
fn what_cannot_be_read_and_links_in_a_circle() {
    let closed = |place: &TestDir| {
        std::fs::create_dir(place.path("schemas/closed")).unwrap();
        std::fs::set_permissions(place.path("schemas/closed"), std::fs::Permissions::from_mode(0o000)).unwrap();
        place.write("schemas/closed.schema.json", "{}");
        std::fs::set_permissions(place.path("schemas/closed.schema.json"), std::fs::Permissions::from_mode(0o000))
            .unwrap();
    };
    // Who is root reads everything.
    if std::fs::read_dir(place(closed).path("schemas/closed")).is_err() {
        check(Kind::Error, closed, &["closed: ", "cannot be read"]);
        check(Kind::Error, closed, &["closed.schema.json: ", "cannot be read"]);
    }
    let circle = |place: &TestDir| symlink(place.path("schemas"), place.path("schemas/loop")).unwrap();
    check(Kind::Warning, circle, &["loop: ", "is a link"]);
    let gone = |place: &TestDir| symlink("nowhere", place.path("schemas/gone.schema.json")).unwrap();
    check(Kind::Warning, gone, &["gone.schema.json: ", "is a link"]);
    let pipe = |place: &TestDir| {
        let made = std::process::Command::new("mkfifo").arg(place.path("schemas/pipe.schema.json")).status().unwrap();
        assert!(made.success());
    };
    check(Kind::Warning, pipe, &["pipe.schema.json: ", "neither a file nor a directory"]);
}

/// A byte order mark is none of the schema, and no fault.
#[test]
fn a_byte_order_mark_is_passed_over() {
    let place = place(|place| drop(place.write("schemas/good.schema.json", format!("\u{feff}{GOOD}"))));
    for command in TOLERANT {
        let outcome = place.run(command);
        assert_eq!((outcome.code, outcome.err.as_str()), (0, ""), "{command:?}: {}", shown(&outcome));
    }
    place.ok(&["schema"]);
    place.ok(&["schema", "infer", "events.ndjson", "--name", "loyalty"]);
}

#[test]
fn a_directory_without_schemas_is_told() {
    let place = TestDir::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    for command in [
        &["schema", "test", "empty"][..],
        &["schema", "docs", "empty", "-o", "out"],
        &["schema", "lint", "empty"],
        &["schema", "diff", "empty", "empty"],
        &["schema", "compose", "--with", "contact-request-details", "--schemas", "empty"],
        &["schema", "export", "https://shop.example/good", "--typescript", "--schemas", "empty"],
        &["schema", "convert", "empty", "--to", "platform", "-o", "converted"],
    ] {
        crate::mistakes::check(&place, command, 2, &["empty: no schema is in this directory", "help: "]);
        let elsewhere: Vec<String> = command.iter().map(|part| part.replace("empty", "none")).collect();
        let told = place.run(&elsewhere.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(told.code == 2 && told.err.contains("none"), "{command:?}: {}", shown(&told));
        assert_eq!(told.err.matches("No such file").count(), 1, "{command:?}: {}", shown(&told));
    }
}
