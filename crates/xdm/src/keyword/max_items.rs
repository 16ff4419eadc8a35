//! `maxItems`: most items of a list.

use serde_json::Value;

use super::Assertion;
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Origin, Reader};

#[derive(Debug)]
pub(crate) struct MaxItems(usize);

impl Assertion for MaxItems {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        reader.count(value).map(MaxItems)
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.items_max.at_most(self.0, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if let Json::List(items) = value
            && items.len() > self.0
        {
            rules.violate(at, || message(items.len(), "items", self.0));
        }
    }
}

/// The sentence for a value with so many of `what`.
pub(crate) fn message(count: usize, what: &str, max: usize) -> String {
    format!("{count} {what} are too many; send at most {max}")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed};

    #[test]
    fn items_are_counted() {
        let broken: &[(&str, &str)] = &[("", "maxItems")];
        check(r#"{"type":"array","maxItems":2}"#, "[1,2]", &[]);
        check(r#"{"type":"array","maxItems":2}"#, "[1,2,3]", broken);
        check(r#"{"maxItems":0}"#, "[1]", broken);
        check(r#"{"maxItems":0}"#, r#""long""#, &[]);
        malformed(r#"{"maxItems":null}"#, "/maxItems");
    }
}
