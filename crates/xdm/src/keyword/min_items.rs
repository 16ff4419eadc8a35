//! `minItems`: fewest items of a list.

use serde_json::Value;

use super::Assertion;
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Origin, Reader};

#[derive(Debug)]
pub(crate) struct MinItems(usize);

impl Assertion for MinItems {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.count(value).map(MinItems)
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.items_min.at_least(self.0, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if let Json::List(items) = value
            && items.len() < self.0
        {
            rules.violate(at, || message(items.len(), "items", self.0));
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
    fn items_are_counted() {
        let broken: &[(&str, &str)] = &[("", "minItems")];
        check(r#"{"type":"array","minItems":1}"#, "[1]", &[]);
        check(r#"{"type":"array","minItems":1}"#, "[]", broken);
        check(r#"{"type":"array","items":{"type":"string"},"minItems":2}"#, r#"["a"]"#, broken);
        check(r#"{"minItems":1}"#, "{}", &[]);
        malformed(r#"{"minItems":0.5}"#, "/minItems");
    }
}
