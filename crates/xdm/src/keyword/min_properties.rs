//! `minProperties`: fewest properties of an object.

use serde_json::Value;

use super::Assertion;
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Origin, Reader};

#[derive(Debug)]
pub(crate) struct MinProperties(usize);

impl Assertion for MinProperties {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.count(value).map(MinProperties)
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.members_min.at_least(self.0, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if let Json::Object(members) = value
            && members.len() < self.0
        {
            rules.violate(at, || message(members.len(), "properties", self.0));
        }
    }
}

/// The sentence for a value with so many of `what`.
pub(crate) fn message(count: usize, what: &str, min: usize) -> String {
    format!("{count} {what} are too few; send at least {min}")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed};

    #[test]
    fn members_are_counted() {
        let broken: &[(&str, &str)] = &[("", "minProperties")];
        check(r#"{"type":"object","minProperties":2}"#, r#"{"xdm:a":1,"xdm:b":2}"#, &[]);
        check(r#"{"type":"object","minProperties":2}"#, r#"{"xdm:a":1}"#, broken);
        let map = r#"{"type":"object","additionalProperties":{"type":"integer"},"minProperties":1}"#;
        check(map, "{}", broken);
        check(r#"{"minProperties":1}"#, "[]", &[]);
        check(r#"{"minProperties":1}"#, "{}", broken);
        malformed(r#"{"minProperties":"1"}"#, "/minProperties");
    }
}
