//! A value as a tree, for the rules that one pass over the bytes can't decide. It is made
//! only where a schema has such rules, of the value that they hold for.
//!
//! Two trees are equal as JSON Schema has it: `1` and `1.0` are, and members come in any
//! order. Of a name that comes twice the last member counts; the walk has reported it.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use serde_json::Value;

use super::cursor::{Cursor, Stop};
use super::number::Number;
use crate::model::types::Types;
use crate::violation::mask;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'t> {
    Null,
    Boolean(bool),
    Number(Number),
    Text(Cow<'t, str>),
    List(Vec<Json<'t>>),
    Object(Members<'t>),
}

/// The members of an object, sorted by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Members<'t>(Vec<(Cow<'t, str>, Json<'t>)>);

// No number is NaN: JSON has none.
impl Eq for Json<'_> {}

impl Hash for Json<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Json::Null => {}
            Json::Boolean(value) => value.hash(state),
            Json::Number(Number::Integer(value)) => value.hash(state),
            Json::Number(Number::Unsigned(value)) => value.hash(state),
            // Zero has two signs that are equal.
            Json::Number(Number::Huge(value) | Number::Fraction(value)) => (value + 0.0).to_bits().hash(state),
            Json::Text(text) => text.hash(state),
            Json::List(items) => items.hash(state),
            Json::Object(members) => members.0.hash(state),
        }
    }
}

/// Members that are compared one by one: most names differ in length already.
const COMPARED_MAX: usize = 8;

impl<'t> Members<'t> {
    fn new(mut members: Vec<(Cow<'t, str>, Json<'t>)>) -> Members<'t> {
        if members.len() < 2 {
            return Members(members);
        }
        // Stable, so that of equal names the last one is kept.
        members.reverse();
        members.sort_by(|(left, _), (right, _)| left.cmp(right));
        members.dedup_by(|(later, _), (first, _)| later == first);
        Members(members)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json<'t>> {
        if self.0.len() <= COMPARED_MAX {
            return self.0.iter().find(|(known, _)| **known == *name).map(|(_, value)| value);
        }
        self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok().map(|at| &self.0[at].1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'t>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'t> Json<'t> {
    /// Reads a value that is known to be JSON within the limits of an event; `None` if it
    /// isn't.
    pub(crate) fn parse(text: &'t str) -> Option<Json<'t>> {
        Json::read(&mut Cursor::new(text, false)).ok()
    }

    /// Reads the value at the cursor.
    pub(super) fn read(cursor: &mut Cursor<'t>) -> Result<Json<'t>, Stop> {
        Ok(match cursor.peek() {
            b'"' => Json::Text(text(cursor)?),
            b'{' => Json::Object(object(cursor)?),
            b'[' => Json::List(list(cursor)?),
            b'-' | b'0'..=b'9' => Json::Number(cursor.number()?),
            b't' => cursor.word(b"true").map(|()| Json::Boolean(true))?,
            b'f' => cursor.word(b"false").map(|()| Json::Boolean(false))?,
            _ => cursor.word(b"null").map(|()| Json::Null)?,
        })
    }

    /// The same of a schema's value.
    pub(crate) fn of(value: &Value) -> Json<'static> {
        match value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Boolean(*value),
            Value::Number(number) => Json::Number(Number::of(&number.to_string())),
            Value::String(text) => Json::Text(Cow::Owned(text.clone())),
            Value::Array(items) => Json::List(items.iter().map(Json::of).collect()),
            Value::Object(members) => Json::Object(Members::new(
                members.iter().map(|(name, value)| (Cow::Owned(name.clone()), Json::of(value))).collect(),
            )),
        }
    }

    /// The narrowest type that it has.
    pub(crate) fn types(&self) -> Types {
        match self {
            Json::Null => Types::NULL,
            Json::Boolean(_) => Types::BOOLEAN,
            Json::Number(Number::Fraction(_)) => Types::FRACTION,
            Json::Number(_) => Types::INTEGER,
            Json::Text(_) => Types::TEXT,
            Json::List(_) => Types::ARRAY,
            Json::Object(_) => Types::OBJECT,
        }
    }

    /// As a sentence says it, with nothing of the value but its shape.
    pub(crate) fn shape(&self) -> Cow<'static, str> {
        match self {
            Json::Null => "null".into(),
            Json::Boolean(true) => "true".into(),
            Json::Boolean(false) => "false".into(),
            Json::Number(_) => "a number".into(),
            Json::Text(text) => format!("the text \"{}\"", mask(text)).into(),
            Json::List(_) => "a list".into(),
            Json::Object(_) => "an object".into(),
        }
    }
}

fn text<'t>(cursor: &mut Cursor<'t>) -> Result<Cow<'t, str>, Stop> {
    if let Some(text) = cursor.plain_string()? {
        return Ok(Cow::Borrowed(text));
    }
    let mut text = String::new();
    cursor.escaped_string(&mut text)?;
    Ok(Cow::Owned(text))
}

fn list<'t>(cursor: &mut Cursor<'t>) -> Result<Vec<Json<'t>>, Stop> {
    let mut items = Vec::new();
    cursor.open()?;
    let mut more = cursor.peek() != b']';
    while more {
        items.push(Json::read(cursor)?);
        more = cursor.more(b']')?;
    }
    cursor.close();
    Ok(items)
}

fn object<'t>(cursor: &mut Cursor<'t>) -> Result<Members<'t>, Stop> {
    let mut members = Vec::new();
    cursor.open()?;
    let mut more = cursor.peek() != b'}';
    while more {
        if cursor.peek() != b'"' {
            return Err(cursor.syntax("a property name in quotes is missing"));
        }
        let name = text(cursor)?;
        cursor.colon()?;
        members.push((name, Json::read(cursor)?));
        more = cursor.more(b'}')?;
    }
    cursor.close();
    Ok(Members::new(members))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn equal_values_are_equal_however_they_are_written() {
        let check = |left: &str, right: &str, equal: bool| {
            let (left, right) = (Json::parse(left).expect("JSON"), Json::parse(right).expect("JSON"));
            assert_eq!(left == right, equal, "{left:?} {right:?}");
            assert_eq!(HashSet::from([&left, &right]).len() == 1, equal, "{left:?} {right:?}");
        };
        check("1", "1.0", true);
        check("1", "1e0", true);
        check("0", "-0.0", true);
        check("1", "true", false);
        check("1e-400", "-1e-400", true);
        check("9007199254740993", "9007199254740992", false);
        check(r#""a""#, r#""\u0061""#, true);
        check(r#"{"a":1,"b":[2]}"#, r#"{ "b" : [2.0] , "a" : 1 }"#, true);
        check(r#"{"a":1}"#, r#"{"a":1,"b":null}"#, false);
        check(r#"{"a":1,"a":2}"#, r#"{"a":2}"#, true);
        check("[1,2]", "[2,1]", false);
        assert_eq!(
            Json::of(&serde_json::json!({"b": 2.0, "a": [null]})),
            Json::parse(r#"{"a":[null],"b":2}"#).expect("JSON")
        );
    }
}
