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
    use super::super::testing::{check, malformed};

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
}
