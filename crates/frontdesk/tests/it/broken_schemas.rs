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

/// Every command that judges by the schemas of the settings: what they depend on keeps it from starting.
const STRICT: &[&[&str]] = &[
    &["schema"],
    &["schema", "infer", "events.ndjson", "--name", "loyalty"],
    &["check", "events.ndjson"],
    &["load", "events.ndjson"],
    &["schema", "impact", "schemas"],
];
const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0"];

const GOOD: &str = r#"{"$id":"https://shop.example/good","title":"Good","description":"Good.","type":"object","allOf":[
    {"$ref":"https://ns.adobe.com/xdm/context/experienceevent"},
    {"$ref":"https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details"},
    {"properties":{"shop:a":{"title":"A","description":"A.","type":"string"}}}]}"#;

/// What is wrong keeps a schema in force from being used, or one that nothing depends on, or is only worth a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Unused,
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
    let place = place(&prepare);
    let run = |command: &[&str], codes: &[i32]| {
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
            Kind::Error | Kind::Unused if is_free => run(command, &[0, 2]),
            Kind::Error | Kind::Unused => run(command, &[1, 2]),
            Kind::Warning => run(command, &[0]),
        }
    }
    if kind == Kind::Error {
        STRICT.iter().chain([&SERVE]).for_each(|command| run(command, &[2]));
        return is_refused(prepare, expect);
    }
    STRICT.iter().for_each(|command| run(command, &[0]));
    is_served(&place, expect);
}

/// A server with sound schemas goes on with them when what is there is not.
fn is_refused(prepare: impl Fn(&TestDir), expect: &[&str]) {
    let place = place(|_| {});
    let server = place.serve(&[]);
    prepare(&place);
    crate::mistakes::check(&place, &["schema", "reload"], 2, expect);
    let (status, problem) = server.post("/v1/schemas/reload", "");
    assert!(status.as_u16() == 422 && expect.iter().all(|part| problem.contains(&in_json(part))), "{problem}");
}

/// A server starts and tells what is wrong; so does whoever has the schemas read anew.
fn is_served(place: &TestDir, expect: &[&str]) {
    let server = place.serve(&[]);
    let told = |text: &str| text.lines().filter(|line| expect.iter().all(|part| line.contains(part))).count();
    assert_eq!(told(&place.log()), 1, "{expect:?}: {}", place.log());
    let outcome = place.run(&["schema", "reload"]);
    assert_eq!((outcome.code, told(&outcome.out)), (0, 1), "{expect:?}: {}", shown(&outcome));
    assert!(outcome.out.contains("have not changed"), "{}", shown(&outcome));
    let (status, answer) = server.post("/v1/schemas/reload", "");
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let warnings = answer["warnings"].as_array().unwrap().iter();
    let lines = warnings.map(|told| {
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        let hash = if text("pointer").is_empty() { "" } else { "#" };
        text("file") + hash + &text("pointer") + ": " + &text("message") + "\n"
    });
    assert_eq!((status.as_u16(), told(&lines.collect::<String>())), (200, 1), "{expect:?}: {answer}");
    // Each time it was read.
    assert_eq!(told(&place.log()), 3, "{expect:?}: {}", place.log());
}

/// A text as it stands in JSON.
fn in_json(text: &str) -> String {
    serde_json::json!(text).to_string().trim_matches('"').to_owned()
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
    check(Kind::Unused, with("{\"$id\":"), &["bad.schema.json: ", "is not JSON"]);
    check(Kind::Unused, with(b"\xff\xfe{\0}\0".as_slice()), &["bad.schema.json: ", "not UTF-8 from byte 0 on"]);
    check(Kind::Unused, with(""), &["bad.schema.json: ", "is not JSON"]);
    check(Kind::Unused, with("[]"), &["bad.schema.json: ", "no \"$id\""]);
}

#[test]
fn a_rule_that_is_at_fault() {
    let wrong = schema(r#""properties":{"shop:b":{"title":"B","description":"B.","type":"strin"}}"#);
    let expect = ["bad.schema.json#/properties/shop:b/type: ", "strin"];
    check(Kind::Unused, with(&wrong), &expect);
    check(Kind::Error, used(&wrong), &expect);
}

/// The good schema depends on one of this text.
fn used(text: &str) -> impl Fn(&TestDir) {
    let text = text.to_owned();
    move |place: &TestDir| {
        place.write("schemas/bad.schema.json", &text);
        let good = GOOD.replace(r#"{"properties""#, r#"{"$ref":"https://shop.example/bad"},{"properties""#);
        place.write("schemas/good.schema.json", good);
    }
}

#[test]
fn references_that_lead_nowhere_or_in_a_circle() {
    let nowhere = schema(r#""properties":{"shop:a":{"$ref":"https://elsewhere.example/none"}}"#);
    let at = "bad.schema.json#/properties/shop:a/$ref: ";
    check(Kind::Error, used(&nowhere), &[at, "https://elsewhere.example/none"]);
    check(Kind::Unused, with(&nowhere), &[at, "https://elsewhere.example/none"]);
    let circle = schema(
        r##""definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}},"allOf":[{"$ref":"#/definitions/a"}]"##,
    );
    check(Kind::Error, used(&circle), &["bad.schema.json#/", "refers to itself"]);
    check(Kind::Unused, with(&circle), &["bad.schema.json#/", "refers to itself"]);
}

#[test]
fn what_is_too_deep_or_too_long() {
    let deep = schema(&format!("\"not\":{}true{}", "{\"not\":".repeat(10_000), "}".repeat(10_000)));
    check(Kind::Unused, with(deep), &["bad.schema.json: ", "nested too deep at line 1, column "]);
    let long = |place: &TestDir| {
        let file = File::create(place.path("schemas/bad.schema.json")).unwrap();
        // Sparse: it takes no disk.
        file.set_len(100 * 1024 * 1024).unwrap();
    };
    check(Kind::Unused, long, &["bad.schema.json: ", "has more than 16777216 bytes"]);
}

#[test]
fn ids_and_names_that_come_twice() {
    let other = GOOD.replace("\"Good\"", "\"Other\"");
    check(Kind::Error, with(other), &["schemas/", "two different schemas have the $id https://shop.example/good"]);
    let two = |place: &TestDir| {
        place.write("schemas/bad.schema.json", schema(r#""description":"A.""#));
        place.write("schemas/bad2.schema.json", schema(r#""description":"B.""#));
    };
    check(Kind::Unused, two, &["bad2.schema.json: ", "two different schemas have the $id https://shop.example/bad"]);
    let twice = schema(r#""properties":{"shop:b":{"title":"B","title":"C","description":"B.","type":"string"}}"#);
    let place = place(with(twice));
    let expect = "bad.schema.json#/properties/shop:b/title: ";
    for (command, code) in [(&["schema", "test", "schemas"], 0), (&["schema", "lint", "schemas"], 0)] {
        let outcome = place.run(command);
        assert_eq!(outcome.code, code, "{}", shown(&outcome));
        assert_eq!(outcome.out.matches(expect).count(), 1, "{command:?}: {}", shown(&outcome));
    }
    is_served(&place, &[expect, "comes twice"]);
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
        check(Kind::Unused, closed, &["closed: ", "cannot be read"]);
        check(Kind::Unused, closed, &["closed.schema.json: ", "cannot be read"]);
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

#[test]
fn of_very_many_faults_some_are_told_and_the_others_counted() {
    let place = place(|place| {
        for at in 0..150 {
            place.write(&format!("schemas/{at}.schema.json"), "{");
        }
    });
    let server = place.serve(&[]);
    assert_eq!(place.log().matches("is not JSON").count(), 100, "{}", place.log());
    assert!(place.log().contains("and 50 more faults of the schema files"), "{}", place.log());
    let outcome = place.run(&["schema", "reload"]);
    assert_eq!((outcome.code, outcome.out.lines().count()), (0, 102), "{}", shown(&outcome));
    place.write("schemas/good.schema.json", "{");
    let outcome = place.run(&["schema", "reload"]);
    let told = outcome.err.matches("is not JSON").count();
    assert_eq!((outcome.code, told), (2, 100), "{}", shown(&outcome));
    assert!(outcome.err.contains("no schema has the $id https://shop.example/good"), "{}", outcome.err);
    drop(server);
}
