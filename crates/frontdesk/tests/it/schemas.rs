//! The commands that work with schemas and with nothing that is stored.

use std::process::Command;

use serde_json::Value;

use crate::mistakes::check;
use crate::server_process::TestDir;

const TIER: &str = r#"{"$id":"https://shop.example/mixins/tier","title":"Tier","type":"object",
    "properties":{"shop:tier":{"title":"Tier","description":"How loyal.","type":"string","enum":["gold","tin"],"meta:enum":{"gold":"Gold","tin":"Tin"}}}}"#;

fn place() -> TestDir {
    let place = TestDir::new();
    std::fs::create_dir(place.path("schemas")).unwrap();
    place.write("schemas/tier.schema.json", TIER);
    place
}

#[test]
fn documents_are_written_in_three_layouts() {
    let place = place();
    let told = place.ok(&["schema", "docs", "schemas", "-o", "plain"]);
    assert_eq!(told, "1 schema documented: 2 files written to plain\n");
    place.ok(&["schema", "docs", "schemas", "-o", "adobe", "--layout", "adobe"]);
    place.ok(&["schema", "docs", "-o", "site", "--html"]);
    let read = |file: &str| std::fs::read_to_string(place.path(file)).unwrap();
    assert!(read("plain/tier.schema.md").contains("| [`shop:tier`](#shoptier) | `string` | optional |"));
    assert!(read("adobe/tier.schema.md").starts_with("\n# Tier Schema\n"));
    assert!(read("site/index.html").contains("Contact Request Details"));
    place.write("schemas/broken.schema.json", "{");
    let outcome = place.run(&["schema", "docs", "schemas", "-o", "plain"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.err.contains("schemas/broken.schema.json: the schema is not JSON"), "{outcome:?}");
    assert!(outcome.out.starts_with("1 schema documented"), "the others are: {outcome:?}");
}

#[test]
fn lint_tells_and_corrects() {
    let place = place();
    assert_eq!(place.ok(&["schema", "lint", "schemas"]), "0 errors, 0 warnings, 0 notes\n");
    place.write(
        "schemas/odd.schema.json",
        "{\n  \"$id\": \"https://shop.example/odd\",\n  \"title\": \"Odd\",\n  \"type\": \"object\",\n  \"properties\": {\n    \"shop:a\": {\n      \"Title\": \"A\",\n      \"description\": \"A.\",\n      \"type\": \"string\"\n    }\n  },\n  \"required\": [\n    \"shop:b\"\n  ]\n}\n",
    );
    let told = place.ok(&["schema", "lint", "schemas", "--no-notes"]);
    assert!(told.contains("odd.schema.json#/properties/shop:a/Title: warning[unknownKeyword]: "), "{told}");
    assert!(told.contains("warning[required-undeclared]: shop:b is required and not declared"), "{told}");
    assert_eq!(place.run(&["schema", "lint", "schemas", "--deny", "warning"]).code, 1);
    let sarif = place.run(&["schema", "lint", "schemas", "--fix", "--format", "sarif"]);
    assert!(sarif.err.contains("odd.schema.json: corrected in 1 place"), "{sarif:?}");
    let sarif: Value = serde_json::from_str(&sarif.out).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "required-undeclared", "{sarif}");
}

#[test]
fn diff_compares_directories_and_revisions_of_git() {
    let place = place();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@shop.example", "-c", "init.defaultBranch=main"];
        let outcome = Command::new("git").args(identity).args(arguments).current_dir(place.path("")).output().unwrap();
        assert!(outcome.status.success(), "{outcome:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "schemas"]);
    git(&["commit", "-q", "-m", "one"]);
    place.write("schemas/tier.schema.json", TIER.replace(r#""gold","tin""#, r#""gold""#));
    let outcome = place.run(&["schema", "diff", "HEAD", "schemas"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    let expect = r#"tier.schema.json#/properties/shop:tier/enum: error[enum-value-removed]: values that don't pass any more: "tin"; only the old schema accepts {"shop:tier":"tin"}"#;
    assert!(outcome.out.starts_with(expect), "{outcome:?}");
    place.ok(&["schema", "diff", "HEAD", "schemas", "--deny", "never"]);
    let json = place.run(&["schema", "diff", "HEAD", "schemas", "--format", "json"]);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["findings"][0]["proof"]["accepted_by"], "old", "{json}");
    assert_eq!(place.ok(&["schema", "diff", "schemas", "schemas"]), "0 errors, 0 warnings, 0 notes\n");
    check(&place, &["schema", "diff", "none", "schemas"], 2, &["none is neither a directory nor a git revision"]);
    check(&place, &["schema", "diff", "--", "--output=x", "schemas"], 2, &["neither a directory nor a git revision"]);
}

#[test]
fn a_composed_schema_judges_events_and_is_exported() {
    let place = place();
    let composed = ["schema", "compose", "--with", "contact-request-details", "--with", "schemas/tier.schema.json"];
    place.ok(&[&composed[..], &["--id", "https://shop.example/events", "-o", "events.schema.json"]].concat());
    place.write("frontdesk.toml", "schema_files = ['events.schema.json']\nschema = 'https://shop.example/events'\n");
    let event = r#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","_shop":{"tier":"lead"}}"#;
    place.write("events.ndjson", event);
    let outcome = place.run(&["check", "events.ndjson"]);
    assert!(outcome.code == 1 && outcome.out.contains("/_shop/tier"), "{outcome:?}");
    assert!(outcome.out.contains("gold, tin [enum]") && !outcome.out.contains("additionalProperties"), "{outcome:?}");
    place.write("events.ndjson", event.replace("lead", "gold"));
    let outcome = place.run(&["check", "events.ndjson"]);
    assert!(outcome.code == 0, "a prefix of one's own is a namespace on the platform: {outcome:?}");
    // Spelled as the schema is, a name needs a prefix that XDM knows, or a full URI.
    place.write("events.ndjson", r#"{"@id":"1","xdm:timestamp":"2026-11-22T14:07:15Z","shop:tier":"gold"}"#);
    let outcome = place.run(&["check", "events.ndjson"]);
    assert!(outcome.code == 1 && outcome.out.contains("/shop:tier"), "{outcome:?}");
    let exported =
        place.ok(&["schema", "export", "https://shop.example/mixins/tier", "--typescript", "--schemas", "schemas"]);
    assert!(exported.contains("tier?: \"gold\" | \"tin\";"), "{exported}");
    let id = "https://ns.adobe.com/xdm/context/experienceevent";
    let exported = place.ok(&["schema", "export", id, "--json-schema", "2020-12"]);
    let exported: Value = serde_json::from_str(&exported).unwrap();
    assert_eq!(exported["$schema"], "https://json-schema.org/draft/2020-12/schema");
    check(&place, &["schema", "compose", "--with", "nothing-like-it"], 2, &["no schema is called nothing-like-it"]);
    check(&place, &["schema", "export", "https://x.example/none", "--typescript"], 2, &["no schema has the $id"]);
}

#[test]
fn events_are_spelled_anew_and_what_is_undeclared_becomes_a_group() {
    let place = place();
    let event =
        r#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","customerFeedback":{"chatStart":1},"_shop":{"tier":"gold"}}"#;
    place.write("events.ndjson", event);
    let xdm = place.ok(&["convert", "events.ndjson", "--to", "xdm"]);
    let expect = r#"{"@id":"1","xdm:timestamp":"2026-11-22T14:07:15Z","xdm:customerFeedback":{"xdm:chatStart":1},"_shop":{"tier":"gold"}}"#;
    assert_eq!(xdm.trim_end(), expect);
    let back = place.pipe(&["convert", "-", "--to", "platform"], xdm.as_bytes());
    assert_eq!((back.code, back.out.trim_end()), (0, event), "{back:?}");
    place.ok(&["schema", "infer", "events.ndjson", "--name", "loyalty", "-o", "loyalty.schema.json"]);
    let group: Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("loyalty.schema.json")).unwrap()).unwrap();
    assert_eq!(group["definitions"]["group"]["properties"]["shop:tier"]["type"], "string", "{group}");
    assert!(!place.path("frontdesk-data").exists(), "none of these needs the data directory");
    // What can't be read is told, whatever else there is.
    place.write("broken.ndjson", format!("{event}\n{{\"a\":"));
    let told = place.run(&["schema", "infer", "broken.ndjson", "--name", "x"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.contains("left out 1 event") && told.err.contains("broken.ndjson:2: EOF"), "{told:?}");
    place.write("events.ndjson", r#"{"_id":"1","@id":"2"}"#);
    check(&place, &["convert", "events.ndjson", "--to", "xdm"], 2, &["events.ndjson:1: /@id: this is there in both"]);
}
