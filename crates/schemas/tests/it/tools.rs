//! Composing, exporting, converting and inferring.

use std::collections::BTreeSet;

use jsonschema::Draft;
use schemas::Corpus;
use schemas::compose::{Bundling, ComposeError, Parts, compose};
use schemas::convert::{ConvertError, To, convert, convert_schema};
use schemas::export::{Names, json_schema_2020_12, typescript};
use schemas::infer::Inference;
use serde_json::{Value, json};
use xdm::{Plans, Profile, Registry};

use crate::reference::reference;
use crate::samples::directory;

const LOYALTY: &str = r##"{"$id": "https://x.example/mixins/loyalty", "title": "Loyalty", "type": "object",
  "definitions": {"own": {"properties": {"x:tier": {"type": "string", "enum": ["gold", "tin"]}}}},
  "allOf": [{"$ref": "#/definitions/own"}]}"##;

#[test]
fn a_composition_judges_events() {
    let dir = directory(&[("loyalty.schema.json", LOYALTY)]);
    let corpus = Corpus::read(dir.path()).expect("a directory");
    let groups = ["contact-request-details", "loyalty"].map(str::to_owned);
    let parts = Parts { id: "https://x.example/events", title: "Events", class: "experienceevent", groups: &groups };
    let schema = compose(&corpus, &parts, Bundling::Whole).expect("known parts");
    assert!(schema["definitions"]["https://x.example/mixins/loyalty"].is_object(), "{schema}");
    let mut registry = Registry::bundled();
    registry.add(&schema.to_string()).expect("a schema");
    let plans = Plans::compile(&registry, &BTreeSet::from(["https://x.example/events"])).expect("usable");
    let plan = plans.of(Some("https://x.example/events"));
    assert!(plan.layout().column("_x.tier").is_some());
    assert!(plan.layout().column("customerFeedback.chatStart").is_some());
    let referring = compose(&corpus, &parts, Bundling::References).expect("known parts");
    assert!(referring.get("definitions").is_none());
}

#[test]
fn parts_that_are_not_known_are_told() {
    let corpus = Corpus::bundled();
    let check = |group: &str, expect: &str| {
        let groups = [group.to_owned()];
        let parts = Parts { id: "https://x.example/e", title: "E", class: "experienceevent", groups: &groups };
        let error = compose(&corpus, &parts, Bundling::Whole).expect_err("not known");
        assert!(matches!(error, ComposeError::Unknown { .. }));
        assert_eq!(error.to_string(), expect);
    };
    check("phonenumbr", "no schema is called phonenumbr; did you mean https://ns.adobe.com/xdm/context/phonenumber?");
    check("weather", "no schema is called weather; name its $id, or the directory that has it with --schemas");
}

/// A validator of JSON Schema 2020-12 says of each example what ours says by the schema itself.
#[test]
fn exported_schemas_say_the_same_of_every_example() {
    let Some(dir) = reference("xdm") else { return };
    let corpus = Corpus::read(&dir).expect("a directory");
    let mut judged = 0;
    for schema in corpus.schemas().iter().filter(|schema| schema.path().contains("experience-event/")) {
        let Some(examples) = corpus.examples_of(schema.path()) else { continue };
        let exported = json_schema_2020_12(&corpus, schema.id()).expect("a schema");
        let validator = jsonschema::options().with_draft(Draft::Draft202012).build(&exported);
        let validator = validator.unwrap_or_else(|error| panic!("{}: {error}", schema.id()));
        for example in &examples {
            assert!(validator.is_valid(example), "{}", schema.id());
            // Something else in place of every member is invalid by both, or by none.
            for name in example.as_object().into_iter().flatten().map(|(name, _)| name) {
                let mut broken = example.clone();
                broken[name] = json!([["x"]]);
                let ours = corpus.validator().check(schema.id(), &broken.to_string()).expect("a schema").is_empty();
                assert_eq!(validator.is_valid(&broken), ours, "{} {name}", schema.id());
                judged += 1;
            }
        }
    }
    assert!(judged > 100, "{judged}");
}

#[test]
fn keywords_of_draft_06_get_their_later_names() {
    let dir = directory(&[(
        "a.schema.json",
        r##"{"$id":"https://x.example/a","definitions":{"d":{"type":"string"}},"properties":{
            "a":{"$ref":"#/definitions/d","minLength":3,"title":"T"},
            "b":{"items":[{"type":"null"}],"additionalItems":false},
            "c":{"dependencies":{"x":["y"],"z":{"required":["w"]}}}}}"##,
    )]);
    let corpus = Corpus::read(dir.path()).expect("a directory");
    let told = json_schema_2020_12(&corpus, "https://x.example/a").expect("a schema");
    assert_eq!(told["properties"]["a"], json!({"$ref": "#/$defs/d", "title": "T"}));
    assert_eq!(told["properties"]["b"], json!({"prefixItems": [{"type": "null"}], "items": false}));
    let expect = json!({"dependentRequired": {"x": ["y"]}, "dependentSchemas": {"z": {"required": ["w"]}}});
    assert_eq!(told["properties"]["c"], expect);
    assert_eq!(told["$defs"]["d"]["type"], "string");
    assert_eq!(json_schema_2020_12(&corpus, "https://x.example/none"), None);
}

#[test]
fn types_have_the_names_that_senders_send() {
    let corpus = Corpus::bundled();
    let id = "https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details";
    let told = typescript(&corpus, id, Names::Platform).expect("a schema");
    for expect in ["export interface ", "chatStart?: number;", "callBackNumber?: ", "  customerFeedback?: {"] {
        assert!(told.contains(expect), "{expect} is missing in\n{told}");
    }
    let event =
        typescript(&corpus, "https://ns.adobe.com/xdm/context/experienceevent", Names::Platform).expect("a schema");
    for expect in ["  _id: string;", "  timestamp: string;", "Record<string, Array<"] {
        assert!(event.contains(expect), "{expect} is missing in\n{event}");
    }
    let told = typescript(&corpus, id, Names::Schema).expect("a schema");
    assert!(told.contains("\"xdm:chatStart\"?: number;"), "{told}");
    assert_eq!(typescript(&corpus, "https://x.example/none", Names::Schema), None);
}

const EVENT: &str = "https://x.example/event";

fn event_corpus() -> (tempfile::TempDir, Corpus) {
    let schema = format!(
        r#"{{"$id":"{EVENT}","type":"object","properties":{{"@id":{{"type":"string"}},"xdm:a":{{"type":"object","properties":{{
            "schema:latitude":{{"type":"number"}},"xdm:with-hyphen":{{"type":"string"}}}}}},
            "https://ns.adobe.com/experience/x/y":{{"type":"integer"}},
            "xdm:list":{{"type":"array","items":{{"properties":{{"xdm:b":{{"type":"string"}}}}}}}},
            "xdm:map":{{"type":"object","additionalProperties":{{"properties":{{"xdm:c":{{"type":"string"}}}}}}}}}}}}"#
    );
    let dir = directory(&[("e.schema.json", &schema)]);
    let corpus = Corpus::read(dir.path()).expect("a directory");
    (dir, corpus)
}

#[test]
fn events_are_spelled_anew_and_back_without_a_loss() {
    let (_dir, corpus) = event_corpus();
    let check = |xdm: Value, platform: Value| {
        assert_eq!(convert(&corpus, EVENT, &xdm, To::Platform), Ok(platform.clone()));
        assert_eq!(convert(&corpus, EVENT, &platform, To::Xdm), Ok(xdm.clone()));
        assert_eq!(convert(&corpus, EVENT, &platform, To::Platform), Ok(platform));
        assert_eq!(convert(&corpus, EVENT, &xdm, To::Xdm), Ok(xdm));
    };
    check(
        json!({"@id": "1", "xdm:a": {"schema:latitude": 1.5, "xdm:with-hyphen": "x", "odd": [1]}, "xdm:none": 1}),
        json!({"_id": "1", "a": {"_schema": {"latitude": 1.5}, "withHyphen": "x", "odd": [1]}, "xdm:none": 1}),
    );
    check(
        json!({"https://ns.adobe.com/experience/x/y": 1, "xdm:list": [{"xdm:b": "1"}, 5], "xdm:map": {"k": {"xdm:c": "2"}}}),
        json!({"_experience": {"x": {"y": 1}}, "list": [{"b": "1"}, 5], "map": {"k": {"c": "2"}}}),
    );
    check(
        json!({"xdm:a": {"schema:latitude": 1.5, "_schema": {"other": 2}}}),
        json!({"a": {"_schema": {"latitude": 1.5, "other": 2}}}),
    );
}

#[test]
fn a_value_in_both_spellings_is_told() {
    let (_dir, corpus) = event_corpus();
    let both = json!({"@id": "1", "_id": "2"});
    let twice = |pointer: &str| Err(ConvertError::Twice { pointer: pointer.to_owned() });
    assert_eq!(convert(&corpus, EVENT, &both, To::Platform), twice("/_id"));
    assert_eq!(convert(&corpus, EVENT, &both, To::Xdm), twice("/@id"));
    let deep = (0..100).fold(json!(1), |inner, _| json!({ "xdm:map": inner }));
    assert!(convert(&corpus, EVENT, &deep, To::Xdm).is_ok());
    assert!(convert(&corpus, "https://x.example/none", &both, To::Xdm).is_err());
}

#[test]
fn what_arrives_undeclared_gets_a_group_that_declares_it() {
    let event = |at: usize| {
        json!({"_id": at.to_string(), "timestamp": "2026-11-22T14:07:15Z",
            "_shop": {"tier": (["gold", "tin"][at % 2]), "basket": {"total": 1.5, "items": [{"sku": format!("S{at}"), "count": 2}]},
                "since": "2026-01-01T00:00:00Z", "mail": "jo@shop.example"},
            "customerFeedback": {"chatStart": 1, "mood": at}})
        .to_string()
    };
    let mut inference = Inference::new(xdm::standard_plan(), Profile::spec());
    (0..20).for_each(|at| inference.add(event(at).as_bytes()));
    let group = inference.group("https://x.example/mixins/shop", "Shop");
    let own = &group["definitions"]["group"]["properties"];
    assert_eq!(own["shop:tier"]["meta:enum"], json!({"gold": "Gold", "tin": "Tin"}), "{group:#}");
    assert_eq!(own["shop:basket"]["properties"]["xdm:total"]["type"], "number", "{group:#}");
    assert_eq!(own["shop:basket"]["properties"]["xdm:items"]["items"]["properties"]["xdm:count"]["type"], "integer");
    assert_eq!(own["shop:since"]["format"], "date-time", "{group:#}");
    assert_eq!(own["shop:mail"]["meta:personal"], "guessed", "{group:#}");
    assert!(!group.to_string().contains("jo@"), "{group:#}");

    let schema = json!({"$id": "https://x.example/events", "type": "object", "allOf": [
        {"$ref": "https://ns.adobe.com/xdm/context/experienceevent"},
        {"$ref": "https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details"},
        {"$ref": "https://x.example/mixins/shop"}]});
    let mut registry = Registry::bundled();
    registry.add(&group.to_string()).expect("a schema");
    registry.add(&schema.to_string()).expect("a schema");
    let plans = Plans::compile(&registry, &BTreeSet::from(["https://x.example/events"])).expect("usable");
    let plan = plans.of(Some("https://x.example/events"));
    let mut again = Inference::new(std::sync::Arc::clone(plan), Profile::spec());
    again.add(event(7).as_bytes());
    assert_eq!(again.group("x", "X")["definitions"]["group"]["properties"], json!({}));
}

#[test]
fn hostile_events_leave_a_bounded_group() {
    let mut inference = Inference::new(xdm::standard_plan(), Profile::spec());
    for at in 0..30 {
        let members: Vec<String> = (0..1000).map(|name| format!("\"n{at}x{name}\":1")).collect();
        inference.add(format!("{{{}}}", members.join(",")).as_bytes());
    }
    inference.add(b"no JSON");
    inference.add(&[0xff, 0xfe]);
    assert!(inference.is_cut() && inference.places() <= 10_001, "{}", inference.places());
}

#[test]
fn schemas_are_spelled_anew_and_back_without_a_loss() {
    let schema = json!({"$id": "https://x.example/a", "required": ["@id", "https://ns.adobe.com/experience/mcid", "elsewhere"],
        "properties": {"@id": {"type": "string"}, "https://ns.adobe.com/experience/mcid": {"type": "string"},
            "xdm:a": {"properties": {"schema:latitude": {"type": "number"}, "schema:longitude": {"type": "number"}}, "required": ["schema:latitude"]}}});
    let platform = convert_schema(&schema, To::Platform).expect("converted");
    let expect = json!({"$id": "https://x.example/a", "required": ["_id", "_experience", "elsewhere"],
        "properties": {"_id": {"type": "string", "meta:xdmField": "@id"},
            "_experience": {"type": "object", "meta:xdmNamespace": true, "required": ["mcid"], "properties": {
                "mcid": {"type": "string", "meta:xdmField": "https://ns.adobe.com/experience/mcid"}}},
            "a": {"meta:xdmField": "xdm:a", "required": ["_schema"], "properties": {
                "_schema": {"type": "object", "meta:xdmNamespace": true, "required": ["latitude"], "properties": {
                    "latitude": {"type": "number", "meta:xdmField": "schema:latitude"},
                    "longitude": {"type": "number", "meta:xdmField": "schema:longitude"}}}}}}});
    assert_eq!(platform, expect);
    assert_eq!(convert_schema(&platform, To::Xdm).expect("converted"), schema);
    assert_eq!(convert_schema(&platform, To::Platform).expect("converted"), platform);
    let twice = json!({"properties": {"@id": {}, "xdm:_id": {}}});
    assert!(matches!(convert_schema(&twice, To::Platform), Err(ConvertError::Twice { .. })));
}

#[test]
fn adobes_schemas_are_spelled_anew_and_back_without_a_loss() {
    let Some(dir) = reference("xdm") else { return };
    let corpus = Corpus::read(&dir).expect("a directory");
    let mut refused = Vec::new();
    for schema in corpus.schemas() {
        match convert_schema(schema.root(), To::Platform) {
            Ok(platform) => {
                assert_eq!(&convert_schema(&platform, To::Xdm).expect("converted"), schema.root(), "{}", schema.id());
            }
            Err(error) => refused.push(format!("{}: {error}", schema.path())),
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Adobe's own rule for prefixes, two alternatives, is told in one sentence.
#[test]
fn a_name_without_a_prefix_is_told_once() {
    let Some(dir) = reference("xdm") else { return };
    let corpus = Corpus::read(&dir).expect("a directory");
    let id = "https://ns.adobe.com/xdm/context/phonenumber";
    let told = corpus.validator().check(id, r#"{"bare":1,"xdm:number":"1"}"#).expect("a schema");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].message.contains("bare"), "{told:?}");
}

/// Every field group of events makes a plan, which needs no tree of the event.
#[test]
fn every_group_of_events_is_checked_in_one_pass() {
    let Some(dir) = reference("xdm") else { return };
    let class = "https://ns.adobe.com/xdm/context/experienceevent";
    let corpus = Corpus::read(&dir).expect("a directory");
    let mut registry = Registry::bundled();
    let _ = registry.read(&[dir]).expect("readable");
    let (mut compiled, mut slow, mut refused) = (0, Vec::new(), Vec::new());
    for group in corpus.schemas().iter().filter(|schema| schema.root()["meta:intendedToExtend"][0] == class) {
        let id = format!("urn:test:{}", group.id());
        let parts = [class, "https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details", group.id()];
        let all: Vec<Value> = parts.iter().map(|id| json!({ "$ref": id })).collect();
        registry.add(&json!({"$id": id, "type": "object", "allOf": all}).to_string()).expect("a schema");
        match Plans::compile(&registry, &BTreeSet::from([id.as_str()])) {
            Ok(plans) if plans.of(Some(&id)).is_decided_in_one_pass() => compiled += 1,
            Ok(_) => slow.push(group.path()),
            Err(error) => refused.push(format!("{}: {error}", group.path())),
        }
    }
    assert_eq!(refused, Vec::<String>::new());
    // These declare properties without saying that their values are objects.
    let untyped = ["site-search", "current-weather", "forecasted-weather"];
    assert!(slow.iter().all(|path| untyped.iter().any(|name| path.contains(name))), "{slow:?}");
    assert!(compiled > 100);
}
