//! Schemas of one's own: composed like ours, refused with a location when they can't be.

use std::sync::Arc;

use xdm::{Checker, Composition, FaultCode, NullSink, Profile, Registry, SchemaError, Verdict, compile};

use crate::tree::TreeSink;

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
    check(r#""scores":[1,2,0]"#, &["/scores/2 exclusiveMinimum", "/scores maxItems"]);
    check(r#""scores":[1,1.0]"#, &["/scores uniqueItems"]);
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
    check(r#""oneOf":[]"#, "at least one schema");
    check(r#""if":{}"#, "if is not supported");
    check(r#""properties":{"xdm:a":{"$ref":"https://shop.example/nowhere"}}"#, "https://shop.example/nowhere");
    check(r##""properties":{"xdm:a":{"$ref":"#/definitions/b"}}"##, "#/definitions/b");
    check(r#""properties":{"xdm:a":{"type":"string","pattern":"^P(?!$)"}}"#, "can't be compiled");
    check(r#""properties":{"xdm:a":{"allOf":[{"type":"string"},{"type":"object"}]}}"#, "both");
    check(
        r#""anyOf":[{"properties":{"xdm:mobile":{"type":"string","meta:personal":"phone"}}}]"#,
        "declare the property beside it",
    );
    check(
        r##""definitions":{"n":{"allOf":[{"$ref":"#/definitions/n"}]}},"properties":{"xdm:a":{"$ref":"#/definitions/n"}}"##,
        "refers to itself",
    );
    let code = |text: &str| match Registry::new().add(text) {
        Err(SchemaError::Faults(faults)) => faults.0[0].code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code("{}"), FaultCode::NoId);
    assert_eq!(code("{"), FaultCode::NotJson);
}

#[test]
fn values_without_a_single_type_are_kept_as_they_were_sent() {
    let plan = with_group(
        r##""definitions":{"node":{"type":"object","properties":{"xdm:name":{"type":"string"},
              "xdm:nodes":{"type":"array","items":{"$ref":"#/definitions/node"}}}}},
           "properties":{"xdm:either":{"type":["string","integer"]},"xdm:maybe":{"type":["integer","null"]},
              "xdm:tree":{"$ref":"#/definitions/node"},
              "xdm:contact":{"anyOf":[{"type":"string","meta:personal":"phone"},{"type":"integer"}]},
              "xdm:phones":{"type":"object","properties":{"xdm:mobile":{"type":["string","null"],"meta:personal":"phone"}}},
              "xdm:choice":{"type":"string","anyOf":[{"maxLength":3},{"pattern":"^long"}]}},
           "anyOf":[{"required":["xdm:either"]},{"required":["xdm:maybe"]},{"required":["xdm:tree"]}]"##,
    )
    .expect("compiles");
    let columns = ["maybe", "choice", "tree.name"];
    columns.iter().for_each(|path| assert!(plan.layout().column(path).is_some(), "{path}"));
    assert!(plan.layout().column("either").is_none() && plan.layout().column("tree.nodes.item").is_none());
    let plan = Arc::new(plan);
    let check = |members: &str, told: &[&str], extra: &[(&str, &str)], personal: &[&str]| {
        let event = format!(r#"{{"_id":"1","timestamp":"2026-11-22T14:07:15Z",{members}}}"#);
        let mut checker = Checker::new(Arc::clone(&plan), Profile::spec());
        let mut sink = TreeSink::new(plan.layout());
        let _ = checker.check(&event, &mut sink);
        let found: Vec<_> = checker.violations().iter().map(|v| format!("{} {}", v.pointer, v.keyword)).collect();
        assert_eq!(found, told, "{members}");
        let kept: Vec<_> = sink.extra.iter().map(|(at, raw)| (at.as_str(), raw.as_str())).collect();
        assert_eq!(kept, extra, "{members}");
        assert_eq!(sink.personal.keys().collect::<Vec<_>>(), personal, "{members}");
        sink.value()
    };
    let value = check(r#""either":"x","maybe":5,"choice":"abc""#, &[], &[("/either", "\"x\"")], &[]);
    assert_eq!((&value["maybe"], &value["choice"]), (&5.into(), &"abc".into()));
    let value = check(r#""maybe":null,"either":1"#, &[], &[("/either", "1")], &[]);
    assert_eq!(value.get("maybe"), None);
    check(r#""xdm:either":1.5"#, &["/xdm:either type"], &[("/either", "1.5")], &[]);
    check(r#""either":1,"choice":"abcd""#, &["/choice anyOf"], &[("/either", "1")], &[]);
    check(r#""tree":{"name":"a","nodes":[{"name":"b"}]}"#, &[], &[("/tree/nodes", r#"[{"name":"b"}]"#)], &[]);
    check(r#""tree":{"nodes":[{"name":1}]}"#, &["/tree/nodes/0/name type"], &[("/tree/nodes", r#"[{"name":1}]"#)], &[]);
    check(r#""either":1,"contact":"1-408-555-0100""#, &[], &[("/either", "1")], &["/contact"]);
    check(r#""choice":"abc""#, &[" anyOf"], &[], &[]);
    let personal = ["/phones/mobile", "/phones/mobil"];
    check(r#""maybe":1,"phones":{"mobile":"5","mobil":"6"}"#, &[], &[], &[personal[1], personal[0]]);
    check(r#""maybe":1,"phones":{"mobile":null}"#, &[], &[], &[]);
}

#[test]
fn our_own_schemas_have_no_warnings_and_need_no_trees() {
    let plan = xdm::standard_plan();
    assert_eq!(plan.warnings(), []);
    assert!(plan.is_decided_in_one_pass());
}

/// What an event with this group's properties is told, and what it keeps in clear and sealed.
fn kept(group: &str, profile: Profile, members: &str) -> (Vec<String>, Vec<String>, Vec<String>, String) {
    let plan = Arc::new(with_group(group).expect("compiles"));
    let event = format!(r#"{{"_id":"1","timestamp":"2026-11-22T14:07:15Z",{members}}}"#);
    let mut checker = Checker::new(Arc::clone(&plan), profile);
    let mut sink = TreeSink::new(plan.layout());
    let _ = checker.check(&event, &mut sink);
    let told = checker.violations().iter().map(|v| format!("{} {}", v.pointer, v.keyword)).collect();
    let columns = sink.value().to_string();
    (told, sink.extra.into_keys().collect(), sink.personal.into_keys().collect(), columns)
}

#[test]
fn what_is_required_and_declared_nowhere_is_undeclared() {
    let group = r#""required":["xdm:firstName","xdm:tier"],"properties":{"xdm:in":{"type":"object",
        "required":["xdm:code"],"properties":{"xdm:mobile":{"type":"string","meta:personal":"phone"}}}}"#;
    let check = |profile, members: &str, told: &[&str], extra: &[&str], personal: &[&str]| {
        let (found, clear, sealed, columns) = kept(group, profile, members);
        assert_eq!(
            (found.as_slice(), clear.as_slice(), sealed.as_slice()),
            (
                &told.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>()[..],
                &extra.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>()[..],
                &personal.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>()[..]
            ),
            "{members}"
        );
        assert!(!columns.contains("Jo"), "{columns}");
    };
    let spec = Profile::spec();
    check(spec, r#""firstName":"Jo","tier":1"#, &[], &["/tier"], &["/firstName"]);
    check(spec, r#""xdm:firstName":"Jo","xdm:tier":1"#, &[], &["/tier"], &["/firstName"]);
    check(
        spec,
        r#""tier":{"mail":"Jo","others":{"telephoneNumber":1}}"#,
        &[" required"],
        &["/tier"],
        &["/tier/mail", "/tier/others/telephoneNumber"],
    );
    check(
        spec,
        r#""firstName":"Jo","xdm:firstName":"Jo","tier":1"#,
        &["/xdm:firstName duplicateKey"],
        &["/tier"],
        &["/firstName"],
    );
    check(spec, r#""firstName":"Jo","tier":1,"in":{"code":"Jo"}"#, &[], &["/tier"], &["/firstName", "/in/code"]);
    check(
        Profile::aep_strict(),
        r#""firstName":"Jo","tier":1"#,
        &["/firstName additionalProperties", "/tier additionalProperties"],
        &["/tier"],
        &["/firstName"],
    );
}

#[test]
fn whatever_is_marked_as_personal_is_sealed() {
    let check = |group: &str, members: &str, personal: &[&str]| {
        let (found, clear, sealed, columns) = kept(&format!("\"properties\":{{{group}}}"), Profile::spec(), members);
        assert_eq!((found.as_slice(), clear.as_slice()), (&[][..], &[][..]), "{members}");
        assert_eq!(sealed, personal, "{members}");
        assert!(!columns.contains("Jo"), "{columns}");
    };
    check(r#""xdm:a":{"meta:personal":"x"}"#, r#""a":"Jo""#, &["/a"]);
    check(r#""xdm:a":{"meta:personal":true}"#, r#""a":{"b":"Jo"}"#, &["/a"]);
    check(
        r#""xdm:a":{"type":"object","meta:personal":"x","properties":{"xdm:b":{"type":"string"}}}"#,
        r#""a":{"b":"Jo"}"#,
        &["/a"],
    );
    check(r#""xdm:a":{"type":"array","meta:personal":"x","items":{"type":"string"}}"#, r#""a":["Jo"]"#, &["/a"]);
    check(
        r#""xdm:a":{"type":"object","meta:personal":"x","additionalProperties":{"type":"string"}}"#,
        r#""a":{"b":"Jo"}"#,
        &["/a"],
    );
    check(r#""xdm:a":{"type":"array","items":{"meta:personal":"x"}}"#, r#""a":["Jo"]"#, &["/a"]);
    check(r#""xdm:a":{"type":"object","additionalProperties":{"meta:personal":"x"}}"#, r#""a":{"b":"Jo"}"#, &["/a/b"]);
    check(
        r#""xdm:a":{"type":"object","properties":{"xdm:b":{"type":"object","meta:personal":"x","properties":{"xdm:c":{"type":"string"}}}}}"#,
        r#""a":{"b":{"c":"Jo"},"d":"Jo"}"#,
        &["/a/b", "/a/d"],
    );
    check(
        r#""xdm:a":{"type":"object","properties":{"xdm:x":{"type":"string"}},"patternProperties":{"^xdm:n":{"meta:personal":"x"}}}"#,
        r#""a":{"xdm:nick":"Jo"}"#,
        &["/a/xdm:nick"],
    );
    let error = with_group("\"meta:personal\":\"x\"").expect_err("refused").to_string();
    assert!(error.contains("an event as a whole"), "{error}");
}

#[test]
fn parts_are_covered_where_an_alternative_says_so() {
    let check = |schema: &str, text: &str| {
        let (_, _, sealed, columns) =
            kept(&format!("\"properties\":{{\"xdm:a\":{schema}}}"), Profile::spec(), &format!("\"a\":{text:?}"));
        assert_eq!(sealed, ["/a"], "{columns}");
        assert!(!columns.contains("jo@"), "{columns}");
    };
    check(r#"{"type":"string","anyOf":[{"meta:personalParts":"text"}]}"#, "write to jo@shop.example");
    check(
        r#"{"type":"string","oneOf":[{"format":"uri"},{"maxLength":1}]}"#,
        "https://shop.example/?mail=jo@shop.example",
    );
}

#[test]
fn what_an_alternative_declares_is_not_unknown() {
    let group = r#""anyOf":[{"properties":{"xdm:a":{"type":"string"}}},{"allOf":[{"properties":{"xdm:b":{}}}]}],
        "properties":{"xdm:o":{"type":"object","properties":{"xdm:p":{"type":"string"}},"patternProperties":{"^xdm:n":{"title":"N"}}}}"#;
    let check = |members: &str, expect: &[&str]| {
        let (told, ..) = kept(group, Profile::aep_strict(), members);
        assert_eq!(told, expect, "{members}");
    };
    check(r#""a":"x","xdm:b":1,"o":{"xdm:n1":1}"#, &[]);
    check(r#""c":"x""#, &["/c additionalProperties"]);
}
