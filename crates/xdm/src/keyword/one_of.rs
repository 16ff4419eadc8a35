//! `oneOf`: exactly one of these schemas holds.

use serde_json::Value;

use super::{Assertion, Subschemas};
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::types::Types;
use crate::model::{Applies, Origin, Reader, SchemaId};

#[derive(Debug)]
pub(crate) struct OneOf(Box<[SchemaId]>);

impl Assertion for OneOf {
    const SUBSCHEMAS: Subschemas = Subschemas::List;

    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.subschemas(value).map(OneOf)
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.tree(Types::ALL, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        let fitting = self.0.iter().filter(|schema| rules.holds(**schema, value, at.path)).count();
        match fitting {
            0 => rules.fits_none(&self.0, value, at),
            1 => {}
            more => rules.violate(at, || fits_several(more, self.0.len())),
        }
    }

    fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
        self.0.iter().for_each(|schema| each(*schema, Applies::InPlace));
    }
}

impl OneOf {
    /// The schemas of which exactly one holds.
    pub(crate) fn alternatives(&self) -> &[SchemaId] {
        &self.0
    }
}

/// The sentence for a value that fits more than one of so many alternatives.
pub(crate) fn fits_several(fitting: usize, alternatives: usize) -> String {
    format!("the value fits {fitting} of {alternatives} alternatives, which exclude each other; make it fit one")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_platform, is_one_pass, malformed, message, same_sentences};

    /// Alternatives that ask for properties beside declared ones.
    fn asking(keyword: &str, alternatives: &str) -> String {
        format!(
            r#"{{"type":"object","properties":{{"xdm:a":{{}},"xdm:b":{{"type":"string"}},"xdm:c":{{}},"schema:d":{{}}}},"{keyword}":[{alternatives}]}}"#
        )
    }

    /// So many alternatives fit a value; what is told where that is wrong is told in the pass as by the tree.
    fn check_fits(one: &str, any: &str, value: &str, fits: usize) {
        check(one, value, if fits == 1 { &[] } else { &[("", "oneOf")] });
        check(any, value, if fits > 0 { &[] } else { &[("", "anyOf")] });
        if fits != 1 {
            same_sentences(one, value);
        }
        if fits == 0 {
            same_sentences(any, value);
        }
    }

    #[test]
    fn alternatives_that_only_ask_for_properties_are_decided_in_the_pass() {
        let broken = |keyword: &'static str| vec![("", keyword)];
        let one = asking("oneOf", r#"{"required":["xdm:a"]},{"required":["xdm:b","xdm:c"],"type":"object"}"#);
        let any =
            asking("anyOf", r#"{"required":["xdm:a"]},{"required":["xdm:b","xdm:c"]},{"required":["xdm:a","xdm:b"]}"#);
        assert!(is_one_pass(&one) && is_one_pass(&any));
        for (value, fits) in [
            ("{}", 0),
            (r#"{"xdm:a":null}"#, 1),
            (r#"{"xdm:b":"x"}"#, 0),
            (r#"{"xdm:c":1,"xdm:b":"x"}"#, 1),
            (r#"{"xdm:c":1,"xdm:\u0061":{}}"#, 1),
            (r#"{"xdm:c":1,"xdm:b":"x","xdm:a":1}"#, 2),
            (r#"{"xdm:other":1}"#, 0),
        ] {
            check_fits(&one, &any, value, fits);
        }
        check(&one, r#"{"xdm:b":1}"#, &[("/xdm:b", "type"), ("", "oneOf")]);
        check(&one, "[]", &[("", "type")]);
        // An alternative that asks for nothing is always fitted, and the same one twice is so twice.
        check(&asking("oneOf", r#"{"required":["xdm:a"]},{}"#), "{}", &[]);
        check(&asking("oneOf", r#"{"required":["xdm:a"]},true"#), r#"{"xdm:a":1}"#, &broken("oneOf"));
        check(&asking("oneOf", r#"{"required":["xdm:a"]},{"required":["xdm:a"]}"#), r#"{"xdm:a":1}"#, &broken("oneOf"));
        // Two choices at one place are two rules; in a list each item has its own.
        let two = r#"{"type":"array","items":{"type":"object","properties":{"xdm:a":{},"xdm:b":{}},"allOf":[
            {"anyOf":[{"required":["xdm:a"]}]},{"oneOf":[{"required":["xdm:a"]},{"required":["xdm:b"]}]}]}}"#;
        assert!(is_one_pass(two));
        let told = [("/0", "anyOf"), ("/0", "oneOf"), ("/2", "anyOf"), ("/3", "oneOf")];
        check(two, r#"[{},{"xdm:a":1},{"xdm:b":1},{"xdm:a":1,"xdm:b":1}]"#, &told);
        let many: Vec<String> = (0..200).map(|at| format!(r#""xdm:n{at}":{{}}"#)).collect();
        let many = format!(
            r#"{{"type":"object","properties":{{{}}},"oneOf":[{{"required":["xdm:n3"]}},{{"required":["xdm:n70","xdm:n199"]}}]}}"#,
            many.join(",")
        );
        assert!(is_one_pass(&many));
        check(&many, r#"{"xdm:n199":1,"xdm:n70":1}"#, &[]);
        check(&many, r#"{"xdm:n199":1,"xdm:n71":1}"#, &broken("oneOf"));
    }

    #[test]
    fn properties_that_are_asked_for_are_found_in_either_spelling() {
        let one = asking("oneOf", r#"{"required":["xdm:a"]},{"required":["schema:d"]}"#);
        assert!(is_one_pass(&one));
        check_platform(&one, r#"{"a":1}"#, &[]);
        check_platform(&one, r#"{"xdm:a":1}"#, &[]);
        check_platform(&one, r#"{"_schema":{"d":1}}"#, &[]);
        check_platform(&one, r#"{"_schema":{"e":1}}"#, &[("", "oneOf")]);
        check_platform(&one, r#"{"_schema":{"d":1},"a":1}"#, &[("", "oneOf")]);
    }

    #[test]
    fn properties_that_only_alternatives_name_are_decided_in_the_pass() {
        let one = asking(
            "oneOf",
            r#"{"type":"object","properties":{"xdm:n":{"type":"integer","minimum":0}},"required":["xdm:n"]},
                {"properties":{"xdm:u":{"type":"string","format":"uri"},"xdm:n":{"type":"integer","minimum":5}},"required":["xdm:u"]},
                {"required":["xdm:a","xdm:free"]},{"properties":{"xdm:list":{"items":{"type":"object"}},"xdm:any":{}},"required":["xdm:list"]}"#,
        );
        assert!(is_one_pass(&one));
        let any = one.replace("oneOf", "anyOf");
        assert!(is_one_pass(&any));
        for (value, fits) in [
            ("{}", 0),
            (r#"{"xdm:n":0}"#, 1),
            (r#"{"xdm:n":-1}"#, 0),
            (r#"{"xdm:n":null}"#, 0),
            (r#"{"xdm:n":1.0}"#, 1),
            (r#"{"xdm:\u006e":7}"#, 1),
            (r#"{"xdm:u":"a:b"}"#, 1),
            (r#"{"xdm:u":"a\u003ab"}"#, 1),
            (r#"{"xdm:u":"no uri"}"#, 0),
            (r#"{"xdm:u":"a:b","xdm:n":4}"#, 1),
            (r#"{"xdm:u":"a:b","xdm:n":5}"#, 2),
            (r#"{"xdm:n":-1,"xdm:u":"a:b"}"#, 0),
            (r#"{"xdm:free":[1],"xdm:a":1}"#, 1),
            (r#"{"xdm:free":[1]}"#, 0),
            (r#"{"xdm:free":1,"xdm:a":1,"xdm:n":3}"#, 2),
            (r#"{"xdm:list":[{},{"a":[]}],"xdm:any":false}"#, 1),
            (r#"{"xdm:list":[{},1]}"#, 0),
        ] {
            check_fits(&one, &any, value, fits);
        }
        // In either spelling, and in both at once, of which each has to keep the schema.
        check_platform(&one, r#"{"n":1}"#, &[]);
        check_platform(&one, r#"{"n":-1}"#, &[("", "oneOf")]);
        check_platform(&one, r#"{"n":1,"xdm:n":-1}"#, &[("", "oneOf")]);
        check_platform(&one, r#"{"free":1,"a":1}"#, &[]);
        // In a namespace it is another property.
        check_platform(&one, r#"{"_schema":{"n":1}}"#, &[("", "oneOf")]);
        // By the schema's spelling alone, `n` is another name.
        check(&one, r#"{"n":1}"#, &[("", "oneOf")]);
        let items = format!(r#"{{"type":"array","items":{one}}}"#);
        assert!(is_one_pass(&items));
        check(&items, r#"[{"xdm:n":1},{},{"xdm:u":"a:b"},{"xdm:n":-1}]"#, &[("/1", "oneOf"), ("/3", "oneOf")]);
    }

    #[test]
    fn a_value_that_is_too_much_work_in_the_pass_is_decided_by_the_tree() {
        // Each item has more rules than one look may take.
        let rules = vec![r#"{"type":"integer"}"#; 40].join(",");
        let schema = asking(
            "oneOf",
            &format!(
                r#"{{"properties":{{"xdm:list":{{"items":{{"allOf":[{rules}]}}}}}},"required":["xdm:list"]}},{{"required":["xdm:free"]}}"#
            ),
        );
        assert!(is_one_pass(&schema));
        let list = format!("[{}]", vec!["1"; 4000].join(","));
        check(&schema, &format!(r#"{{"xdm:list":{list}}}"#), &[]);
        // Taken for broken, the first alternative would leave one that fits.
        check(&schema, &format!(r#"{{"xdm:list":{list},"xdm:free":1}}"#), &[("", "oneOf")]);
    }

    #[test]
    fn other_alternatives_are_left_to_the_tree() {
        for alternatives in [
            r#"{"required":["xdm:a"]},{"required":["schema:undeclared"]}"#,
            r#"{"required":["xdm:a"]},{"required":["xdm:b"],"minProperties":2}"#,
            r#"{"required":["xdm:a"]},{"required":["xdm:b"],"properties":{"xdm:b":{"minLength":2}}}"#,
            r#"{"required":["xdm:a"]},{"required":["d"]}"#,
            r#"{"required":["xdm:a"]},{"type":"string"}"#,
            r#"{"required":["xdm:a"]},false"#,
        ] {
            let schema = asking("oneOf", alternatives);
            assert!(!is_one_pass(&schema), "{alternatives}");
            check(&schema, r#"{"xdm:a":1}"#, &[]);
            check(&schema, r#"{"xdm:c":1}"#, &[("", "oneOf")]);
        }
        // Of a map nobody knows which keys it has.
        let map = r#"{"type":"object","additionalProperties":{},"anyOf":[{"required":["a"]}]}"#;
        check(map, r#"{"a":1}"#, &[]);
        check(map, r#"{"b":1}"#, &[("", "anyOf")]);
        // What is no object is none of their business.
        let untyped = r#"{"properties":{"xdm:a":{}},"anyOf":[{"required":["xdm:a"]}]}"#;
        check(untyped, "1", &[]);
        check(untyped, "{}", &[("", "anyOf")]);
        check(r#"{"type":["object","null"],"properties":{"xdm:a":{}},"anyOf":[{"required":["xdm:a"]}]}"#, "null", &[]);
    }

    #[test]
    fn exactly_one_alternative_fits() {
        let broken: &[(&str, &str)] = &[("", "oneOf")];
        let schema = r#"{"oneOf":[{"type":"integer"},{"minimum":2}]}"#;
        check(schema, "1", &[]);
        check(schema, "2.5", &[]);
        check(schema, "3", broken);
        check(schema, "1.5", broken);
        let beside = r#"{"type":"object","properties":{"xdm:a":{},"xdm:b":{}},"oneOf":[{"required":["xdm:a"]},{"required":["xdm:b"]}]}"#;
        check(beside, r#"{"xdm:a":1}"#, &[]);
        check(beside, "{}", broken);
        check(beside, r#"{"xdm:a":1,"xdm:b":1}"#, broken);
        check(r#"{"oneOf":[true,true]}"#, "1", broken);
        malformed(r#"{"oneOf":{}}"#, "/oneOf");
    }

    #[test]
    fn exactly_one_among_any() {
        let broken: &[(&str, &str)] = &[("", "oneOf")];
        check(r#"{"oneOf":[false,true,false]}"#, "1", &[]);
        check(r#"{"oneOf":[false,false]}"#, "1", broken);
        check(r#"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#, "1.5", &[]);
        check(r#"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#, "1.0", broken);
        // The same schema twice is fitted twice, or not at all.
        check(
            r##"{"definitions":{"n":{"type":"integer"}},"oneOf":[{"$ref":"#/definitions/n"},{"$ref":"#/definitions/n"}]}"##,
            "1",
            broken,
        );
        let nots = r#"{"oneOf":[{"not":{"minimum":5}},{"not":{"maximum":7}}]}"#;
        check(nots, "1", &[]);
        check(nots, "6", broken);
        check(nots, "9", &[]);
        check(nots, "\"x\"", broken);
        let inner = r#"{"oneOf":[{"oneOf":[{"minimum":1},{"minimum":2}]},{"oneOf":[{"maximum":1},{"maximum":0}]}]}"#;
        check(inner, "1.5", &[]);
        check(inner, "1", broken);
        check(inner, "-1", broken);
        let beside = r#"{"type":"integer","minimum":5,"oneOf":[{"multipleOf":2},{"multipleOf":3}]}"#;
        check(beside, "1", &[("", "minimum"), ("", "oneOf")]);
        check(beside, "0", &[("", "minimum"), ("", "oneOf")]);
        check(beside, "9", &[]);
        let told = message(r#"{"oneOf":[{"multipleOf":2},{"multipleOf":3},false]}"#, "6");
        assert_eq!(told, "the value fits 2 of 3 alternatives, which exclude each other; make it fit one");
        malformed(r#"{"oneOf":[]}"#, "/oneOf");
    }
}
