//! Schemas of one's own: composed like ours, refused with a location when they can't be.

use xdm::{Checker, Composition, NullSink, Profile, Registry, SchemaError, Verdict, compile};

/// The bundled schemas and one more group, with this body.
fn with_group(body: &str) -> Result<xdm::Plan, SchemaError> {
    let mut registry = Registry::bundled();
    registry.add(&format!(r#"{{"$id":"https://shop.example/group","type":"object",{body}}}"#))?;
    let mut composition = Composition::contact_event();
    composition.groups.push("https://shop.example/group".to_owned());
    compile(&registry, &composition)
}

#[test]
fn a_group_of_ones_own_is_checked_and_has_columns() {
    let plan = with_group(
        r#""properties":{"https://shop.example/tier":{"type":"string","enum":["gold","silver"]},
           "xdm:scores":{"type":"array","maxItems":2,"uniqueItems":true,"items":{"type":"number","exclusiveMinimum":0}},
           "xdm:labels":{"type":"object","additionalProperties":{"type":"string","minLength":1}}}"#,
    )
    .expect("compiles");
    for path in ["_shop.example.tier", "scores.item", "labels.key", "labels.value"] {
        assert!(plan.layout().column(path).is_some(), "{path} in\n{}", plan.layout());
    }
    let mut checker = Checker::new(plan.into(), Profile::spec());
    let mut check = |members: &str, expect: &[&str]| {
        let event = format!(r#"{{"_id":"1","timestamp":"2026-11-22T14:07:15Z",{members}}}"#);
        let verdict = checker.check(&event, &mut NullSink);
        let told: Vec<_> = checker.violations().iter().map(|v| format!("{} {}", v.pointer, v.keyword)).collect();
        assert_eq!(told, expect, "{members}");
        assert_eq!(verdict == Verdict::Valid, expect.is_empty());
    };
    check(r#""https://shop.example/tier":"gold""#, &[]);
    check(r#""_shop":{"example":{"tier":"gold"}}"#, &[]);
    check(r#""_shop":{"example":{"tier":"tin"}}"#, &["/_shop/example/tier enum"]);
    check(r#""_shop":1"#, &["/_shop type"]);
    check(r#""scores":[1,0.5]"#, &[]);
    check(r#""scores":[1,1.0,0]"#, &["/scores/2 exclusiveMinimum", "/scores maxItems"]);
    check(r#""scores":[2,2]"#, &["/scores uniqueItems"]);
    check(r#""labels":{"a":"x","b":""}"#, &["/labels/b minLength"]);
}

#[test]
fn what_cannot_be_compiled_is_refused_with_its_place() {
    let check = |body: &str, expect: &str| {
        let error = with_group(body).err().unwrap_or_else(|| panic!("{body} compiles")).to_string();
        assert!(error.contains(expect), "{body}: {error}");
        assert!(error.contains("shop.example"), "{body}: {error}");
    };
    check(r#""oneOf":[]"#, "oneOf is not supported");
    check(r#""properties":{"xdm:a":{"$ref":"https://shop.example/nowhere"}}"#, "https://shop.example/nowhere");
    check(r##""properties":{"xdm:a":{"$ref":"#/definitions/b"}}"##, "#/definitions/b");
    check(r#""properties":{"xdm:a":{"type":["string","null"]}}"#, "give one type");
    check(r#""properties":{"xdm:a":{"type":"string","pattern":"^P(?!$)"}}"#, "can't be compiled");
    check(r#""properties":{"xdm:a":{"pattern":"x"}}"#, "add the \"type\"");
    check(r#""properties":{"xdm:a":{"allOf":[{"type":"string"},{"type":"object"}]}}"#, "both");
    check(r#""required":["xdm:nobody"]"#, "not declared");
    check(
        r##""definitions":{"n":{"type":"object","properties":{"xdm:n":{"$ref":"#/definitions/n"}}}},
           "properties":{"xdm:a":{"$ref":"#/definitions/n"}}"##,
        "recursive",
    );
    assert!(matches!(Registry::new().add("{}"), Err(SchemaError::NoId)));
    assert!(matches!(Registry::new().add("{"), Err(SchemaError::NotJson(_))));
}
