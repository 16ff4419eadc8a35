//! `const`: one value and no other.

use serde_json::Value;

use super::{Assertion, Values};
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Origin, Reader};

#[derive(Debug)]
pub(crate) struct Const(Values);

impl Assertion for Const {
    fn parse<'r>(value: &'r Value, _: &mut Reader<'_, 'r>) -> Option<Self> {
        Some(Const(Values::one(value)))
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.values(&self.0, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        self.0.check(value, at, rules);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, message};

    #[test]
    fn values_are_this_one() {
        let broken: &[(&str, &str)] = &[("", "const")];
        check(r#"{"type":"string","const":"a"}"#, r#""a""#, &[]);
        check(r#"{"type":"string","const":"a"}"#, r#""b""#, broken);
        check(r#"{"type":"string","const":1}"#, r#""1""#, broken);
        check(r#"{"type":"number","const":1}"#, "1.0", &[]);
        check(r#"{"type":"number","const":9007199254740993}"#, "9007199254740992", broken);
        check(r#"{"type":"boolean","const":false}"#, "true", broken);
        check(r#"{"type":"number","const":18446744073709551615}"#, "18446744073709551614", broken);
        check(r#"{"type":"array","const":[1,2]}"#, "[1,2]", &[]);
        check(r#"{"type":"array","const":[1,2]}"#, "[2,1]", broken);
        check(r#"{"const":null}"#, "null", &[]);
        check(r#"{"const":null}"#, "0", broken);
    }

    #[test]
    fn any_value_may_be_the_one() {
        let broken: &[(&str, &str)] = &[("", "const")];
        // Unlike "enum", there is no value that it can't have.
        for value in ["null", "false", "0", "\"\"", "[]", "{}", "[null]", r#"{"a":[{}]}"#] {
            check(&format!(r#"{{"const":{value}}}"#), value, &[]);
            check(&format!(r#"{{"const":{value}}}"#), "\"other\"", broken);
        }
        check(r#"{"const":false}"#, "0", broken);
        check(r#"{"const":0}"#, "false", broken);
        check(r#"{"const":0}"#, "-0.0", &[]);
        check(r#"{"const":""}"#, "null", broken);
        check(r#"{"const":{"a":1,"b":2}}"#, r#"{"b":2.0,"a":1e0}"#, &[]);
        check(r#"{"const":{"a":1}}"#, r#"{"a":1,"b":2}"#, broken);
        check(r#"{"const":[1,2]}"#, "[1]", broken);
        check(r#"{"type":"string","const":"a","minLength":2}"#, r#""b""#, &[("", "const"), ("", "minLength")]);
        check(r#"{"type":"integer","const":"a"}"#, "1", broken);
        assert_eq!(
            message(r#"{"const":9007199254740993}"#, "2"),
            "the number is not a permitted value; send one of 9007199254740993"
        );
    }
}
