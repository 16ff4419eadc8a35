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
    use super::super::testing::check;

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
}
