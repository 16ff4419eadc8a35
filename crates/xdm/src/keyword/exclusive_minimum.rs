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
    use super::super::testing::{check, malformed};

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
}
