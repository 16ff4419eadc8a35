//! `exclusiveMinimum`: numbers are greater than this.

use std::cmp::Ordering;

use serde_json::Value;

use super::NumberAssertion;
use crate::check::number::{Bound, Number};
use crate::model::Reader;

#[derive(Clone, Debug)]
pub(crate) struct ExclusiveMinimum(Bound);

impl NumberAssertion for ExclusiveMinimum {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.bound(value).map(ExclusiveMinimum)
    }

    #[inline]
    fn holds(&self, number: Number) -> bool {
        self.0.compare(number).is_some_and(Ordering::is_gt)
    }

    fn message(&self) -> String {
        format!("the number is too small; send more than {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn numbers_are_bounded() {
        let schema = r#"{"type":"number","exclusiveMinimum":1.5}"#;
        check(schema, "1.6", &[]);
        check(schema, "2", &[]);
        check(schema, "1.5", &[("", "exclusiveMinimum")]);
        check(schema, "1", &[("", "exclusiveMinimum")]);
        check(r#"{"exclusiveMinimum":1.5}"#, "\"x\"", &[]);
        check(
            r#"{"properties":{"xdm:n":{"type":"integer","exclusiveMinimum":1.5}}}"#,
            "{\"xdm:n\":1.5}",
            &[("/xdm:n", "exclusiveMinimum"), ("/xdm:n", "type")],
        );
        malformed(r#"{"exclusiveMinimum":"1"}"#, "/exclusiveMinimum");
    }

    #[test]
    fn the_bound_itself_is_excluded_to_the_last_digit() {
        let broken: &[(&str, &str)] = &[("", "exclusiveMinimum")];
        check(r#"{"type":"integer","exclusiveMinimum":9007199254740992}"#, "9007199254740993", &[]);
        check(r#"{"type":"integer","exclusiveMinimum":9007199254740993}"#, "9007199254740993", broken);
        check(r#"{"type":"number","exclusiveMinimum":18446744073709551615}"#, "18446744073709551616", &[]);
        check(r#"{"type":"number","exclusiveMinimum":18446744073709551615}"#, "1844674407370955161.5e1", broken);
        check(r#"{"type":"number","exclusiveMinimum":-9223372036854775808}"#, "-18446744073709551616", broken);
        check(r#"{"type":"number","exclusiveMinimum":-0.0}"#, "0", broken);
        check(r#"{"type":"number","exclusiveMinimum":0}"#, "5e-324", &[]);
        assert_eq!(message(r#"{"exclusiveMinimum":1e2}"#, "0"), "the number is too small; send more than 100");
        malformed(r#"{"exclusiveMinimum":true}"#, "/exclusiveMinimum");
    }
}
