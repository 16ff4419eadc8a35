//! `exclusiveMaximum`: numbers are less than this.

use std::cmp::Ordering;

use serde_json::Value;

use super::NumberAssertion;
use crate::check::number::{Bound, Number};
use crate::model::Reader;

#[derive(Clone, Debug)]
pub(crate) struct ExclusiveMaximum(Bound);

impl NumberAssertion for ExclusiveMaximum {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.bound(value).map(ExclusiveMaximum)
    }

    #[inline]
    fn holds(&self, number: Number) -> bool {
        self.0.compare(number).is_some_and(Ordering::is_lt)
    }

    fn message(&self) -> String {
        format!("the number is too large; send less than {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn numbers_are_bounded() {
        let schema = r#"{"type":"number","exclusiveMaximum":1.5}"#;
        check(schema, "1.4", &[]);
        check(schema, "-2", &[]);
        check(schema, "1.5", &[("", "exclusiveMaximum")]);
        check(schema, "2", &[("", "exclusiveMaximum")]);
        check(r#"{"exclusiveMaximum":1.5}"#, "\"x\"", &[]);
        check(
            r#"{"properties":{"xdm:n":{"type":"integer","exclusiveMaximum":1.5}}}"#,
            "{\"xdm:n\":1.5}",
            &[("/xdm:n", "exclusiveMaximum"), ("/xdm:n", "type")],
        );
        malformed(r#"{"exclusiveMaximum":"1"}"#, "/exclusiveMaximum");
    }

    #[test]
    fn the_bound_itself_is_excluded_to_the_last_digit() {
        let broken: &[(&str, &str)] = &[("", "exclusiveMaximum")];
        check(r#"{"type":"integer","exclusiveMaximum":9007199254740993}"#, "9007199254740992", &[]);
        check(r#"{"type":"integer","exclusiveMaximum":9007199254740993}"#, "9007199254740993", broken);
        check(r#"{"type":"integer","exclusiveMaximum":9007199254740993}"#, "9007199254740993.0", broken);
        check(r#"{"type":"number","exclusiveMaximum":18446744073709551615}"#, "18446744073709551614", &[]);
        check(r#"{"type":"number","exclusiveMaximum":18446744073709551615}"#, "18446744073709551616", broken);
        check(r#"{"type":"number","exclusiveMaximum":0}"#, "-0.0", broken);
        check(r#"{"type":"number","exclusiveMaximum":0}"#, "-5e-324", &[]);
        assert_eq!(message(r#"{"exclusiveMaximum":0}"#, "0"), "the number is too large; send less than 0");
        malformed(r#"{"exclusiveMaximum":false}"#, "/exclusiveMaximum");
    }
}
