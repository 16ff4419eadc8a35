//! Same verdicts as the published schemas: the recorded cases, Adobe's own examples, and
//! thousands of seeded mutations judged by the `jsonschema` crate over Adobe's own files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Map, Value, json};
use xdm::{Checker, NullSink, Profile, Registry, Verdict, standard_plan};

use crate::reference::reference;

/// Cases of the record where Frontdesk's default profile decides otherwise, and why.
const DELIBERATE: &[(&str, &str)] = &[("platform form (no prefixes)", "both spellings are accepted")];

fn cases() -> Option<Vec<Value>> {
    let text = fs::read_to_string(reference("xdm-verdicts/contact-events.jsonl")?).expect("readable");
    Some(text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

fn verdict(profile: Profile, event: &Value) -> (bool, String) {
    let mut checker = Checker::new(standard_plan(), profile);
    let valid = checker.check(&event.to_string(), &mut NullSink) == Verdict::Valid;
    (valid, checker.violations().iter().map(|v| format!("{v}; ")).collect())
}

#[test]
fn recorded_cases_to_the_letter() {
    let Some(cases) = cases() else { return };
    assert_eq!(cases.len(), 21);
    for case in cases {
        let (valid, told) = verdict(Profile::letter(), &case["event"]);
        assert_eq!(Some(valid), case["valid"].as_bool(), "{}: {told}", case["name"]);
    }
}

#[test]
fn recorded_cases_in_the_default_profile() {
    let Some(cases) = cases() else { return };
    for case in cases {
        let name = case["name"].as_str().expect("a name");
        let (valid, told) = verdict(Profile::spec(), &case["event"]);
        let differs = DELIBERATE.iter().any(|(known, _)| *known == name);
        assert_eq!(Some(valid), case["valid"].as_bool().map(|v| v != differs), "{name}: {told}");
    }
}

#[test]
fn every_violation_is_told_with_its_place() {
    let event = json!({
        "_id": "a b", "timestamp": "yesterday",
        "customerFeedback": {
            "chatStart": "1", "chatEnd": 1.5, "clickToCall": null,
            "callBackNumber": { "countryCode": "1684", "primary": "yes", "number": 14_085_550_100u64 },
            "replyToEmailAddress": { "address": "jo.doe" }
        },
        "identityMap": { "ECID": [{ "id": "1", "authenticatedState": "nope" }] },
        "foo:bar": 1
    });
    let mut checker = Checker::new(standard_plan(), Profile::spec());
    assert_eq!(checker.check(&event.to_string(), &mut NullSink), Verdict::Invalid);
    let told: Vec<_> = checker.violations().iter().map(|v| (v.pointer.as_str(), v.keyword.as_str())).collect();
    assert_eq!(
        told,
        [
            ("/_id", "format"),
            ("/timestamp", "format"),
            ("/customerFeedback/chatStart", "type"),
            ("/customerFeedback/chatEnd", "type"),
            ("/customerFeedback/clickToCall", "type"),
            ("/customerFeedback/callBackNumber/countryCode", "maxLength"),
            ("/customerFeedback/callBackNumber/countryCode", "pattern"),
            ("/customerFeedback/callBackNumber/primary", "type"),
            ("/customerFeedback/callBackNumber/number", "type"),
            ("/customerFeedback/replyToEmailAddress/address", "format"),
            ("/identityMap/ECID/0/authenticatedState", "enum"),
            ("/foo:bar", "additionalProperties"),
        ]
    );
    for violation in checker.violations() {
        assert!(violation.schema.starts_with("https://ns.adobe.com/xdm/"), "{violation:?}");
        for secret in ["14085550100", "jo.doe", "1684", "yesterday", "nope"] {
            assert!(!violation.message.contains(secret), "{violation} shows {secret}");
        }
    }
}

#[test]
fn strict_profile_rejects_what_is_not_declared_and_guesses() {
    let event = json!({
        "_id": "1", "timestamp": "2026-11-22T14:07:15Z", "customerFeedback": { "chatEndd": 1, "zzzzzz": 1 }
    });
    let mut checker = Checker::new(standard_plan(), Profile::aep_strict());
    assert_eq!(checker.check(&event.to_string(), &mut NullSink), Verdict::Invalid);
    let told: Vec<_> = checker.violations().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("chatEnd\"?"), "{told:?}");
    let mut checker = Checker::new(standard_plan(), Profile::spec());
    assert_eq!(checker.check(&event.to_string(), &mut NullSink), Verdict::Valid);
    let noticed: Vec<_> = checker.notices().iter().map(|n| (n.pointer.as_str(), n.code.as_str())).collect();
    assert_eq!(
        noticed,
        [("/customerFeedback/chatEndd", "undeclaredProperty"), ("/customerFeedback/zzzzzz", "undeclaredProperty")]
    );
}

/// Adobe's own files, composed as ours are, judged by another validator.
fn oracle() -> Option<jsonschema::Validator> {
    let mut resources = Vec::new();
    for folder in ["components", "schemas"] {
        collect(&reference(&format!("xdm/{folder}"))?, &mut resources);
    }
    let composition = xdm::Composition::contact_event();
    let all: Vec<Value> =
        std::iter::once(&composition.class).chain(&composition.groups).map(|id| json!({ "$ref": id })).collect();
    let root = json!({ "$schema": "http://json-schema.org/draft-06/schema#", "allOf": all });
    let resources: BTreeMap<String, Value> = resources.into_iter().collect();
    let mut needed: Vec<String> = std::iter::once(&composition.class).chain(&composition.groups).cloned().collect();
    let mut registry = jsonschema::Registry::new();
    let mut added = BTreeSet::new();
    while let Some(id) = needed.pop() {
        if added.insert(id.clone()) {
            references(&resources[&id], &mut needed);
            registry = registry.add(id.clone(), resources[&id].clone()).expect("Adobe's schema is well-formed");
        }
    }
    let registry = registry.prepare().expect("Adobe's schemas resolve");
    Some(
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft6)
            .should_validate_formats(true)
            .with_registry(&registry)
            .build(&root)
            .expect("Adobe's schemas compile"),
    )
}

/// The documents that a schema refers to.
fn references(schema: &Value, into: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                into.extend(reference.split('#').next().filter(|id| !id.is_empty()).map(str::to_owned));
            }
            map.values().for_each(|value| references(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

fn collect(folder: &std::path::Path, into: &mut Vec<(String, Value)>) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.to_string_lossy().ends_with(".schema.json") {
            let schema: Value = serde_json::from_str(&fs::read_to_string(&path).expect("readable")).expect("JSON");
            into.push((schema["$id"].as_str().expect("an $id").to_owned(), schema));
        }
    }
}

/// A small generator (SplitMix64): the same mutations on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ z >> 31) % bound as u64) as usize
    }
}

/// Changes one random node of the event.
fn mutate(event: &mut Value, random: &mut Random) {
    let mut pointers = vec![String::new()];
    list_pointers(event, String::new(), &mut pointers);
    let pointer = pointers[random.below(pointers.len())].clone();
    let values = [
        json!(null),
        json!(true),
        json!("x"),
        json!(""),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(1e30),
        json!({}),
        json!([]),
        json!("https://x.example/a"),
        json!("2026-02-30T00:00:00Z"),
        json!("2026-02-28T00:00:00+01:00"),
        json!("a@b"),
        json!({"xdm:value": 1}),
        json!({"xdm:value": "1"}),
        json!({"@id": "https://x.example/c"}),
        json!("US"),
        json!("123"),
    ];
    let value = values[random.below(values.len())].clone();
    let Some(node) = event.pointer_mut(&pointer) else { return };
    match (random.below(4), node) {
        (0, Value::Object(map)) if !map.is_empty() => {
            let key = map.keys().nth(random.below(map.len())).expect("in range").clone();
            map.remove(&key);
        }
        (1, Value::Object(map)) => {
            let keys = ["xdm:foo", "foo", "foo:bar", "https://x.example/p", "@type", "dc:x", "xdm:primary", "@context"];
            map.insert(keys[random.below(keys.len())].to_owned(), value);
        }
        (_, node) if !pointer.is_empty() => *node = value,
        _ => {}
    }
}

fn list_pointers(value: &Value, at: String, into: &mut Vec<String>) {
    let mut below = |key: &str, value: &Value| {
        let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        into.push(pointer.clone());
        list_pointers(value, pointer, into);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| below(key, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| below(&at.to_string(), value)),
        _ => {}
    }
}

/// Where the two may differ, and why; everything else must agree.
fn deliberate(event: &Value) -> Option<&'static str> {
    let text = event.to_string();
    text.contains("\"@context\":").then_some("Adobe's oneOf matches twice when a valid @context is there")
}

#[test]
fn mutations_get_the_verdict_of_the_published_schemas() {
    let (Some(oracle), Some(cases)) = (oracle(), cases()) else { return };
    let mut seeds: Vec<Value> =
        cases.iter().filter(|case| case["valid"] == json!(true)).map(|case| case["event"].clone()).collect();
    seeds.push(rich_event());
    let mut random = Random(6);
    let mut checker = Checker::new(standard_plan(), Profile::letter());
    let (mut valid, mut invalid) = (0, 0);
    for round in 0..6000 {
        let mut event = seeds[round % seeds.len()].clone();
        for _ in 0..1 + random.below(2) {
            mutate(&mut event, &mut random);
        }
        let expect = oracle.is_valid(&event);
        let got = checker.check(&event.to_string(), &mut NullSink) == Verdict::Valid;
        if got != expect && deliberate(&event).is_none() {
            let theirs: Vec<_> = oracle.iter_errors(&event).map(|e| format!("{}: {e}", e.instance_path())).collect();
            panic!("round {round}: they say {expect} {theirs:?}\nwe say {got} {:?}\n{event}", checker.violations());
        }
        *(if expect { &mut valid } else { &mut invalid }) += 1;
    }
    assert!(valid > 500 && invalid > 500, "the mutations are one-sided: {valid} valid, {invalid} invalid");
}

/// An event that uses every group.
fn rich_event() -> Value {
    let prefixed = |pairs: &[(&str, Value)]| -> Value {
        Value::Object(pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect::<Map<_, _>>())
    };
    prefixed(&[
        ("@id", json!("e-1")),
        ("xdm:timestamp", json!("2026-11-22T14:07:15.762Z")),
        (
            "xdm:web",
            json!({
            "xdm:webPageDetails": { "xdm:name": "contact", "xdm:URL": "https://shop.example/contact", "xdm:isHomePage": false,
                                    "xdm:pageViews": { "xdm:value": 1 } },
            "xdm:webInteraction": { "xdm:type": "exit", "xdm:URL": "tel:+1", "xdm:linkClicks": { "xdm:value": 1.0 } },
            "xdm:webReferrer": { "xdm:URL": "", "xdm:type": "search_engine" } }),
        ),
        (
            "xdm:environment",
            json!({
            "xdm:type": "browser", "xdm:colorDepth": 24, "dc:language": "en-GB", "xdm:ipV4": "192.0.2.1", "xdm:ipV6": "2001:db8::1",
            "xdm:browserDetails": { "xdm:viewportWidth": 10, "xdm:userAgentClientHints": {
                "xdm:brands": [{ "xdm:brand": "a", "xdm:version": "1" }], "xdm:mobile": false } } }),
        ),
        (
            "xdm:device",
            json!({ "xdm:typeIDService": "https://ns.adobe.com/xdm/external/deviceatlas",
            "xdm:screenOrientation": "portrait", "xdm:screenHeight": 800 }),
        ),
        (
            "xdm:placeContext",
            json!({
            "xdm:localTime": "2026-11-22T14:07:15+01:00", "xdm:localTimezoneOffset": -60,
            "xdm:geo": { "@id": "https://x.example/g", "schema:latitude": 51.5, "schema:longitude": -0.1,
                         "xdm:countryCode": "GB", "xdm:stateProvince": "GB-LND", "xdm:dmaID": 5 },
            "xdm:activePOIs": [{ "xdm:poiID": "p", "xdm:geoInteractionDetails": { "xdm:geoShape": {
                "schema:box": [{ "schema:latitude": 1 }, { "schema:latitude": 2 }],
                "schema:polygon": [{}, {}, {}, {}] } },
                "xdm:metadata": { "xdm:list": [{ "xdm:key": "k", "xdm:value": "v" }] } }] }),
        ),
        (
            "xdm:implementationDetails",
            json!({ "xdm:name": "https://ns.adobe.com/experience/alloy", "xdm:environment": "browser" }),
        ),
        (
            "xdm:channel",
            json!({ "@id": "https://ns.adobe.com/xdm/channels/web", "xdm:mode": "bidirectional",
            "@type": "https://ns.adobe.com/xdm/channel-types/web", "xdm:contentTypes": ["https://x.example/c"] }),
        ),
    ])
}

#[test]
fn bundled_schemas_are_the_folder() {
    let folder = "schemas";
    let files = fs::read_dir(folder).expect("readable").filter(|entry| {
        entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
    });
    assert_eq!(Registry::bundled().ids().count(), files.count());
}
