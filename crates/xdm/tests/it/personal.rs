//! What is personal, wherever it stands: sealed, and covered in every column.

use serde_json::{Value, json};
use xdm::{Checker, Composition, NullSink, Profile, Registry, Verdict, compile, standard_plan};

use crate::tree::TreeSink;

/// The columns, `extra` and the sealed values of a valid event with these properties.
fn decode(checker: &mut Checker, properties: &Value) -> (Value, Value, Vec<String>) {
    let mut event = json!({ "_id": "1", "timestamp": "2026-11-22T14:07:15Z" });
    for (name, value) in properties.as_object().expect("an object") {
        event[name] = value.clone();
    }
    let event = event.to_string();
    let mut sink = TreeSink::new(checker.plan().layout());
    assert_eq!(checker.check(&event, &mut sink), Verdict::Valid, "{event}: {:?}", checker.violations());
    assert_eq!(checker.judge(event.as_bytes()), Verdict::Valid);
    let mut columns = sink.value();
    for known in ["_id", "timestamp"] {
        columns.as_object_mut().expect("an object").remove(known);
    }
    let extra = sink.extra.iter().map(|(k, v)| (k.clone(), serde_json::from_str(v).expect("JSON"))).collect();
    (columns, Value::Object(extra), sink.personal.keys().cloned().collect())
}

fn check(properties: &Value, columns: &Value, extra: &Value, sealed: &[&str]) {
    let mut checker = Checker::new(standard_plan(), Profile::spec());
    let got = decode(&mut checker, properties);
    assert_eq!(got, (columns.clone(), extra.clone(), sealed.iter().map(|s| (*s).to_owned()).collect()), "{properties}");
}

#[test]
fn what_is_undeclared_beside_personal_values_is_sealed() {
    check(
        &json!({ "customerFeedback": { "chatStart": 1, "callBackNumbr": { "number": "x" }, "hint": "y", "ok": true } }),
        &json!({ "customerFeedback": { "chatStart": 1 } }),
        &json!({}),
        &["/customerFeedback/callBackNumbr", "/customerFeedback/hint", "/customerFeedback/ok"],
    );
    // The event itself holds whatever a site sends; what nearly has a guarded name is sealed.
    check(
        &json!({ "customerFeedbak": { "x": 1 }, "IdentityMap": { "x": 1 }, "loyalty": { "tier": "gold" } }),
        &json!({}),
        &json!({ "/loyalty": { "tier": "gold" } }),
        &["/IdentityMap", "/customerFeedbak"],
    );
}

#[test]
fn undeclared_values_are_sealed_by_name_and_by_look() {
    check(
        &json!({ "Mobile": "x", "isMobile": false, "email": { "work": "x" }, "phone": null,
            "_shop": { "person": { "firstName": "Pat", "gender": "f", "emailAddress": "pat", "mobilePhone": 4_085_550_100_i64 },
                "note": "call 408-555-0100", "sku": "A-1", "at": ["jo@shop.example", 2] } }),
        &json!({}),
        &json!({ "/isMobile": false, "/phone": null, "/_shop": { "person": { "firstName": null, "gender": "f",
            "emailAddress": null, "mobilePhone": null }, "note": null, "sku": "A-1", "at": [null, 2] } }),
        &[
            "/Mobile",
            "/_shop/at/0",
            "/_shop/note",
            "/_shop/person/emailAddress",
            "/_shop/person/firstName",
            "/_shop/person/mobilePhone",
            "/email",
        ],
    );
    check(
        &json!({ "web": { "webPageDetails": { "userEmail": "x", "theme": "dark" }, "form": { "e": "jo@shop.example" } },
            "device": { "owner": "+1 408 555 0100" } }),
        &json!({ "web": { "webPageDetails": {} }, "device": {} }),
        &json!({ "/web/form": { "e": null }, "/web/webPageDetails/theme": "dark" }),
        &["/device/owner", "/web/form/e", "/web/webPageDetails/userEmail"],
    );
    check(
        &json!({ "jo@shop.example": true, "_shop": { "seen": { "jo@shop.example": 3 } } }),
        &json!({}),
        &json!({ "/_shop": { "seen": null } }),
        &["/_shop/seen", "/jo@shop.example"],
    );
}

#[test]
fn identities_are_personal_by_namespace_and_by_look() {
    let hash = "ab".repeat(32);
    let id = |id: &str| json!([{ "id": id }]);
    check(
        &json!({ "identityMap": { "ECID": id("41168792859169372178427045252058240216"), "CRMID": id("crm-7"), "Loyalty": id("Pat@Shop.example"),
            "Mobile": id("x"), "Email ": id("x"), "Email_LC_SHA256": id("not hex"), "GUID": id(&hash), "7": id("+1 408 555 0100") } }),
        &json!({ "identityMap": { "ECID": id("41168792859169372178427045252058240216"), "CRMID": id("crm-7"), "Loyalty": id("<pat@shop.example>"),
            "Mobile": id("<x>"), "Email ": id("<x>"), "Email_LC_SHA256": id("<not hex>"), "GUID": id(&format!("<{hash}>")), "7": id("<14085550100>") } }),
        &json!({}),
        &[
            "/identityMap/7/0/id",
            "/identityMap/Email /0/id",
            "/identityMap/Email_LC_SHA256/0/id",
            "/identityMap/GUID/0/id",
            "/identityMap/Loyalty/0/id",
            "/identityMap/Mobile/0/id",
        ],
    );
    check(
        &json!({ "identityMap": { "jo@shop.example": id("x"), "k".repeat(300): id("y"), "CRMID": [{ "id": "c", "note": "jo@shop.example", "rank": 1 }] } }),
        &json!({ "identityMap": { "CRMID": id("c") } }),
        &json!({ "/identityMap/CRMID/0/rank": 1 }),
        &["/identityMap/CRMID/0/note", "/identityMap/jo@shop.example", &format!("/identityMap/{}", "k".repeat(300))],
    );
}

#[test]
fn texts_and_addresses_are_covered_where_they_are_personal() {
    check(
        &json!({ "customerFeedback": { "subject": "Call 408-555-0100 or jo@shop.example", "chatSessionID": "jo@shop.example" },
            "web": { "webInteraction": { "name": "Call +1 408 555 0100", "URL": "tel:+1-408-555-0100" },
                "webPageDetails": { "URL": "https://shop.example/thanks?email=jo&x=1" },
                "webReferrer": { "URL": "https://shop.example/?utm_source=mail" } } }),
        &json!({ "customerFeedback": { "subject": "Call *** or ***", "chatSessionID": "<jo@shop.example>" },
            "web": { "webInteraction": { "name": "Call ***", "URL": "tel:<14085550100>" },
                "webPageDetails": { "URL": "https://shop.example/thanks?email=***&x=1" },
                "webReferrer": { "URL": "https://shop.example/?utm_source=mail" } } }),
        &json!({}),
        &[
            "/customerFeedback/chatSessionID",
            "/customerFeedback/subject",
            "/web/webInteraction/URL",
            "/web/webInteraction/name",
            "/web/webPageDetails/URL",
        ],
    );
    check(
        &json!({ "customerFeedback": { "subject": "Order 4711", "chatSessionID": "4085550100" } }),
        &json!({ "customerFeedback": { "subject": "Order 4711", "chatSessionID": "4085550100" } }),
        &json!({}),
        &[],
    );
    // Half a character in it: what was sent is sealed and not kept in clear beside it.
    let event =
        r#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","customerFeedback":{"subject":"jo@shop.example \ud800"}}"#;
    let mut checker = Checker::new(standard_plan(), Profile::spec());
    let mut sink = TreeSink::new(checker.plan().layout());
    assert_eq!(checker.check(event, &mut sink), Verdict::Valid);
    assert!(sink.extra.is_empty(), "{:?}", sink.extra);
    assert_eq!(sink.value()["customerFeedback"]["subject"], json!("*** \u{fffd}"));
}

#[test]
fn marks_hold_where_a_schema_has_no_column_for_them() {
    let mut registry = Registry::bundled();
    let group = json!({
        "$id": "https://ns.shop.example/mixins/crm", "type": "object",
        "properties": { "xdm:crm": { "type": "object", "properties": {
            "xdm:tier": { "type": "string" },
            "xdm:names": { "type": "array", "items": { "type": "string", "meta:personal": "name" } },
            "xdm:contacts": { "type": "object", "properties": { "xdm:a": { "type": "integer" } },
                "additionalProperties": { "type": "object", "properties": { "xdm:x": { "type": "string", "meta:personal": "name" } } } }
        } } }
    });
    registry.add(&group.to_string()).expect("a schema");
    let mut composition = Composition::contact_event();
    composition.groups.push("https://ns.shop.example/mixins/crm".to_owned());
    let plan = compile(&registry, &composition).expect("it compiles");
    let mut checker = Checker::new(plan.into(), Profile::spec());
    let name = "Pat Poe";
    let (columns, extra, sealed) = decode(
        &mut checker,
        &json!({ "crm": { "tier": "gold", "names": [name], "contacts": { "b": { "x": name } }, "other": name } }),
    );
    assert!(!format!("{columns}{extra}").contains(name), "{columns} {extra}");
    assert!(sealed.iter().any(|pointer| pointer.ends_with("/names")), "{sealed:?}");
}

#[test]
fn a_notice_says_what_becomes_of_a_value() {
    let mut checker = Checker::new(standard_plan(), Profile::spec());
    let event = r#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","email":"x","tier":"gold","jo@shop.example":1}"#;
    assert_eq!(checker.check(event, &mut NullSink), Verdict::Valid);
    let told: Vec<_> = checker.notices().iter().map(|n| (n.pointer.as_str(), n.message.contains("sealed"))).collect();
    assert_eq!(told, [("/email", true), ("/tier", false), ("/xx@xxxx.xxxxxxx", true)]);
}
