//! `minimum`: the least number.

use std::cmp::Ordering;

use serde_json::Value;

use super::NumberAssertion;
use crate::check::number::{Bound, Number};
use crate::model::Reader;

#[derive(Clone, Debug)]
pub(crate) struct Minimum(Bound);

impl NumberAssertion for Minimum {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.bound(value).map(Minimum)
    }

    #[inline]
    fn holds(&self, number: Number) -> bool {
        self.0.compare(number).is_some_and(Ordering::is_ge)
    }

    fn message(&self) -> String {
        format!("the number is too small; send at least {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn numbers_are_bounded() {
        let schema = r#"{"type":"number","minimum":1.5}"#;
        check(schema, "1.5", &[]);
        check(schema, "2", &[]);
        check(schema, "1", &[("", "minimum")]);
        check(schema, "-3", &[("", "minimum")]);
        check(r#"{"minimum":1.5}"#, "\"x\"", &[]);
        check(
            r#"{"properties":{"xdm:n":{"type":"integer","minimum":1.5}}}"#,
            "{\"xdm:n\":1}",
            &[("/xdm:n", "minimum")],
        );
        malformed(r#"{"minimum":"1"}"#, "/minimum");
    }

    #[test]
    fn a_bound_is_a_number_however_it_is_written() {
        for bound in ["10", "1e1", "1E+1", "100e-1", "10.0"] {
            let schema = format!(r#"{{"type":"number","minimum":{bound}}}"#);
            for value in ["10", "1e1", "10.000", "0.1e2", "1e400", "18446744073709551616"] {
                check(&schema, value, &[]);
            }
            for value in ["9.99999", "-10", "-1e400", "1e-400", "0", "-0.0"] {
                check(&schema, value, &[("", "minimum")]);
            }
        }
        check(r#"{"type":"number","minimum":0}"#, "-0.0", &[]);
        check(r#"{"type":"integer","minimum":9007199254740993}"#, "9007199254740992", &[("", "minimum")]);
        check(r#"{"type":"integer","minimum":18446744073709551615}"#, "18446744073709551616", &[]);
        check(r#"{"type":"integer","minimum":-9223372036854775808}"#, "-9223372036854775808", &[]);
        check(r#"{"type":"integer","minimum":-9223372036854775807}"#, "-9223372036854775808", &[("", "minimum")]);
        for value in ["null", "[]", "{}", "true"] {
            malformed(&format!(r#"{{"minimum":{value}}}"#), "/minimum");
        }
        let told = message(r#"{"minimum":9007199254740993}"#, "1");
        assert_eq!(told, "the number is too small; send at least 9007199254740993");
    }

    #[test]
    fn each_bound_that_is_broken_is_told() {
        let schema = r#"{"type":"integer","allOf":[{"minimum":5},{"minimum":7}],"exclusiveMinimum":3,"maximum":-1}"#;
        check(schema, "3", &[("", "minimum"), ("", "minimum"), ("", "exclusiveMinimum"), ("", "maximum")]);
        check(schema, "6", &[("", "minimum"), ("", "maximum")]);
        // Draft-04 had exclusiveMinimum as true or false beside it.
        malformed(r#"{"minimum":1,"exclusiveMinimum":true}"#, "/exclusiveMinimum");
    }
}
