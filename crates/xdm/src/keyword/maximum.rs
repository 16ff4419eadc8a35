//! `maximum`: the greatest number.

use serde_json::Value;

use super::NumberAssertion;
use crate::check::number::Number;
use crate::model::Reader;

#[derive(Clone, Debug)]
pub(crate) struct Maximum(f64);

impl NumberAssertion for Maximum {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.number(value).map(Maximum)
    }

    #[inline]
    fn holds(&self, number: Number) -> bool {
        number.as_f64() <= self.0
    }

    fn message(&self) -> String {
        format!("the number is too large; send at most {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed};

    #[test]
    fn numbers_are_bounded() {
        let schema = r#"{"type":"number","maximum":1.5}"#;
        check(schema, "1.5", &[]);
        check(schema, "-2", &[]);
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
}
