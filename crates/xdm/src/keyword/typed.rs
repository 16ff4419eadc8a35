//! `type`: a type by its name, or several.

use serde_json::Value;

use super::Assertion;
use crate::check::json::Json;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::types::Types;
use crate::model::{Origin, Reader};

#[derive(Debug)]
pub(crate) struct Type(Types);

impl Assertion for Type {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        let named = |value: &Value| value.as_str().and_then(Types::named);
        let types = match value {
            Value::Array(list) if !list.is_empty() => {
                list.iter().try_fold(Types::NONE, |types, name| Some(types.or(named(name)?)))
            }
            name => named(name),
        };
        match types {
            Some(types) => Some(Type(types)),
            None => reader
                .malformed("a type is string, integer, number, boolean, object, array or null, or a list of these"),
        }
    }

    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
        merged.types(self.0, origin);
    }

    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
        if !self.0.contains(value.types()) {
            rules.violate(at, || format!("{} is not {}; send a value of that type", value.shape(), self.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed};

    #[test]
    fn values_have_their_type() {
        let values = ["\"x\"", "1", "1.5", "true", "null", "{}", "[]"];
        let types = [
            ("string", &["\"x\""][..]),
            ("integer", &["1"]),
            ("number", &["1", "1.5"]),
            ("boolean", &["true"]),
            ("null", &["null"]),
            ("object", &["{}"]),
            ("array", &["[]"]),
        ];
        for (name, valid) in types {
            for value in values {
                let expect: &[(&str, &str)] = if valid.contains(&value) { &[] } else { &[("", "type")] };
                check(&format!(r#"{{"type":"{name}"}}"#), value, expect);
                let nullable: &[(&str, &str)] = if value == "null" { &[] } else { expect };
                check(&format!(r#"{{"type":["{name}","null"]}}"#), value, nullable);
            }
        }
        check(r#"{"type":"integer"}"#, "1.0", &[]);
        check(r#"{"type":["string","integer"]}"#, "1", &[]);
        check(r#"{"type":["string","integer"]}"#, "1.5", &[("", "type")]);
        malformed(r#"{"type":"text"}"#, "/type");
        malformed(r#"{"type":[]}"#, "/type");
    }
}
