//! `maximum`: the greatest number.

use std::cmp::Ordering;

use serde_json::Value;

use super::NumberAssertion;
use crate::check::number::{Bound, Number};
use crate::model::Reader;

#[derive(Clone, Debug)]
pub(crate) struct Maximum(Bound);

impl NumberAssertion for Maximum {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.bound(value).map(Maximum)
    }

    #[inline]
    fn holds(&self, number: Number) -> bool {
        self.0.compare(number).is_some_and(Ordering::is_le)
    }

    fn message(&self) -> String {
        format!("the number is too large; send at most {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn numbers_are_bounded() {
        let schema = r#"{"type":"number","maximum":1.5}"#;
        check(schema, "1.5", &[]);
        check(schema, "-2", &[]);
        let large = r#"{"type":"number","maximum":9007199254740992}"#;
        check(large, "9007199254740992", &[]);
        check(large, "9007199254740993", &[("", "maximum")]);
        check(r#"{"type":"integer","maximum":18446744073709551614}"#, "18446744073709551615", &[("", "maximum")]);
        check(schema, "2", &[("", "maximum")]);
        check(schema, "1e400", &[("", "maximum")]);
        check(r#"{"maximum":1.5}"#, "\"x\"", &[]);
        check(
            r#"{"properties":{"xdm:n":{"type":"integer","maximum":1.5}}}"#,
            "{\"xdm:n\":2}",
            &[("/xdm:n", "maximum")],
        );
        malformed(r#"{"maximum":"1"}"#, "/maximum");
    }

    #[test]
    fn integers_beyond_64_bits_are_beyond_every_bound_within() {
        for bound in ["18446744073709551615", "9223372036854775807", "0"] {
            let schema = format!(r#"{{"type":"number","maximum":{bound}}}"#);
            check(&schema, "18446744073709551616", &[("", "maximum")]);
            check(&schema, "-18446744073709551616", &[]);
        }
        check(r#"{"type":"number","maximum":-9223372036854775808}"#, "-18446744073709551616", &[]);
        check(r#"{"type":"number","maximum":-9223372036854775808}"#, "-9223372036854775807", &[("", "maximum")]);
        let told = message(r#"{"maximum":1.50}"#, "2");
        assert_eq!(told, "the number is too large; send at most 1.5");
    }
}
