//! The types of JSON Schema as a set: `type` may name several, and `integer` is part of
//! `number`.

use std::fmt;

/// A set of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Types(u8);

impl Types {
    pub(crate) const NULL: Types = Types(1);
    pub(crate) const BOOLEAN: Types = Types(2);
    pub(crate) const INTEGER: Types = Types(4);
    /// Numbers that are no integers.
    pub(crate) const FRACTION: Types = Types(8);
    pub(crate) const NUMBER: Types = Types(4 | 8);
    pub(crate) const TEXT: Types = Types(16);
    pub(crate) const OBJECT: Types = Types(32);
    pub(crate) const ARRAY: Types = Types(64);
    pub(crate) const NONE: Types = Types(0);
    pub(crate) const ALL: Types = Types(127);

    /// The type with this name in a schema.
    pub(crate) fn named(name: &str) -> Option<Types> {
        Some(match name {
            "null" => Types::NULL,
            "boolean" => Types::BOOLEAN,
            "integer" => Types::INTEGER,
            "number" => Types::NUMBER,
            "string" => Types::TEXT,
            "object" => Types::OBJECT,
            "array" => Types::ARRAY,
            _ => return None,
        })
    }

    pub(crate) fn and(self, other: Types) -> Types {
        Types(self.0 & other.0)
    }

    pub(crate) fn or(self, other: Types) -> Types {
        Types(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Types) -> Types {
        Types(self.0 & !other.0)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Are all of these in the set?
    pub(crate) fn contains(self, other: Types) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Display for Types {
    /// As a sentence says it: `a text or null`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Types::TEXT, "a text"),
            (Types::NUMBER, "a number"),
            (Types::INTEGER, "an integer"),
            (Types::BOOLEAN, "true or false"),
            (Types::OBJECT, "an object"),
            (Types::ARRAY, "a list"),
            (Types::NULL, "null"),
        ];
        let is_told = |types: Types| self.contains(types) && !(types == Types::INTEGER && self.contains(Types::NUMBER));
        let told: Vec<&str> = names.iter().filter(|(types, _)| is_told(*types)).map(|(_, name)| *name).collect();
        match told.split_last() {
            None => f.write_str("nothing"),
            Some((last, [])) => f.write_str(last),
            Some((last, others)) => write!(f, "{} or {last}", others.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_types_are_said_in_words() {
        let check = |types: Types, expect: &str| assert_eq!(types.to_string(), expect);
        check(Types::TEXT.or(Types::NULL), "a text or null");
        check(Types::NUMBER, "a number");
        check(Types::NUMBER.and(Types::INTEGER), "an integer");
        check(Types::NONE, "nothing");
        check(Types::OBJECT.or(Types::ARRAY).or(Types::INTEGER), "an integer, an object or a list");
        assert_eq!(Types::ALL.without(Types::NUMBER).and(Types::INTEGER), Types::NONE);
    }
}
