//! Leaves: texts, instants, numbers, booleans, and the rules on them.

use serde_json::Value;

use super::{Compiled, Compiler, Place, malformed};
use crate::format::Format;
use crate::layout::Scalar;
use crate::pattern::Patterns;
use crate::plan::{BooleanNode, Keep, Loc, Node, NumberRule, NumericNode, Parts, TextNode, TextRule, TimestampNode};
use crate::schema::SchemaError;
use crate::schema::merge::Merged;

impl<'r> Compiler<'r> {
    pub(super) fn text(&mut self, merged: Merged<'r>, place: &Place, type_loc: Loc) -> Result<Compiled, SchemaError> {
        let mut rules = Vec::new();
        let mut instant = None;
        for (keyword, value, location) in &merged.assertions {
            let loc = self.loc(location.clone());
            match text_rule(&self.patterns, keyword, value, location)? {
                Some(TextRule::Format(Format::DateTime)) => instant = Some(loc),
                Some(rule) => rules.push((rule, loc)),
                None => {}
            }
        }
        let scalar = if instant.is_some() { Scalar::Timestamp } else { Scalar::Text };
        let (mut keep, column) = self.keep(&merged, place, scalar);
        // A personal instant is sealed as the text it is.
        let node = match instant {
            Some(format_loc) if !matches!(keep, Keep::Personal(_)) => {
                Node::Timestamp(TimestampNode { keep, type_loc, format_loc, rules: rules.into() })
            }
            other => {
                rules.extend(other.map(|loc| (TextRule::Format(Format::DateTime), loc)));
                let closed = rules.iter().any(|(rule, _)| matches!(rule, TextRule::Enum(_)));
                if let Keep::Column(slot) = keep
                    && let Some(parts) = parts_of(&merged, place, &rules).filter(|_| !closed)
                {
                    keep = Keep::Parts(slot, parts);
                }
                Node::Text(TextNode { keep, type_loc, rules: rules.into(), closed })
            }
        };
        Ok((self.push(node), column))
    }

    pub(super) fn numeric(
        &mut self,
        merged: Merged<'r>,
        place: &Place,
        type_loc: Loc,
        integer: bool,
    ) -> Result<Compiled, SchemaError> {
        let mut rules = Vec::new();
        for (keyword, value, location) in &merged.assertions {
            if let Some(rule) = number_rule(keyword, value, location)? {
                rules.push((rule, self.loc(location.clone())));
            }
        }
        let scalar = if integer { Scalar::Integer } else { Scalar::Number };
        let (keep, column) = self.keep(&merged, place, scalar);
        if matches!(keep, Keep::Personal(_)) {
            return Err(malformed(&place.path, "only a text can be \"meta:personal\""));
        }
        let node = NumericNode { keep, type_loc, rules: rules.into() };
        Ok((self.push(if integer { Node::Integer(node) } else { Node::Number(node) }), column))
    }

    pub(super) fn boolean(
        &mut self,
        merged: Merged<'r>,
        place: &Place,
        type_loc: Loc,
    ) -> Result<Compiled, SchemaError> {
        let mut only = None;
        for (keyword, value, location) in &merged.assertions {
            match (*keyword, value) {
                ("const", Value::Bool(value)) => only = Some((*value, self.loc(location.clone()))),
                ("const" | "enum", _) => return Err(malformed(location, "a boolean's \"const\" is true or false")),
                _ => {}
            }
        }
        let (keep, column) = self.keep(&merged, place, Scalar::Boolean);
        if matches!(keep, Keep::Personal(_)) {
            return Err(malformed(&place.path, "only a text can be \"meta:personal\""));
        }
        Ok((self.push(Node::Boolean(BooleanNode { keep, type_loc, only })), column))
    }
}

/// Where a text may have personal parts: addresses by their format or name, others as the
/// schema says. The event's id is the one thing that events are told apart by.
fn parts_of(merged: &Merged<'_>, place: &Place, rules: &[(TextRule, Loc)]) -> Option<Parts> {
    if place.path == "_id" {
        return None;
    }
    let name = place.path.rsplit('.').next().unwrap_or_default();
    let is_uri = |rule: &TextRule| matches!(rule, TextRule::Format(Format::Uri | Format::UriReference | Format::Url));
    if rules.iter().any(|(rule, _)| is_uri(rule)) || ["url", "uri"].iter().any(|uri| uri.eq_ignore_ascii_case(name)) {
        return Some(Parts::Uri);
    }
    match merged.personal_parts? {
        "id" => Some(Parts::Id),
        _ => Some(Parts::Text),
    }
}

fn text_rule(
    patterns: &Patterns,
    keyword: &str,
    value: &Value,
    location: &str,
) -> Result<Option<TextRule>, SchemaError> {
    Ok(Some(match (keyword, value) {
        ("enum", Value::Array(values)) => TextRule::Enum(
            values.iter().filter_map(Value::as_str).map(Box::from).collect::<Vec<Box<str>>>().into_boxed_slice(),
        ),
        ("const", Value::String(value)) => TextRule::Enum(Box::new([value.as_str().into()])),
        ("const", _) => return Err(malformed(location, "a text's \"const\" is a text")),
        ("pattern", Value::String(source)) => TextRule::Pattern(
            patterns.get(source).map_err(|e| malformed(location, format!("the pattern can't be compiled: {e}")))?,
        ),
        ("format", Value::String(name)) => match Format::named(name) {
            Some(format) => TextRule::Format(format),
            // A format that nobody defines is an annotation.
            None => return Ok(None),
        },
        ("minLength", value) => TextRule::CharsMin(count(value, location)?),
        ("maxLength", value) => TextRule::CharsMax(count(value, location)?),
        ("enum" | "pattern" | "format", _) => {
            return Err(malformed(location, "the keyword has a value of another type"));
        }
        // Keywords of other types hold for any text.
        _ => return Ok(None),
    }))
}

fn number_rule(keyword: &str, value: &Value, location: &str) -> Result<Option<NumberRule>, SchemaError> {
    let number = || value.as_f64().ok_or_else(|| malformed(location, "a bound is a number"));
    Ok(Some(match keyword {
        "minimum" => NumberRule::Minimum(number()?),
        "maximum" => NumberRule::Maximum(number()?),
        "exclusiveMinimum" => NumberRule::ExclusiveMinimum(number()?),
        "exclusiveMaximum" => NumberRule::ExclusiveMaximum(number()?),
        "multipleOf" => NumberRule::MultipleOf(number()?),
        "const" => NumberRule::Enum(Box::new([number()?])),
        "enum" => {
            let values = value.as_array().ok_or_else(|| malformed(location, "\"enum\" is a list"))?;
            NumberRule::Enum(values.iter().filter_map(Value::as_f64).collect())
        }
        _ => return Ok(None),
    }))
}

pub(super) fn count(value: &Value, location: &str) -> Result<usize, SchemaError> {
    // Draft-06 writes counts as integers, also as 3.0.
    let count = value.as_f64().filter(|n| *n >= 0.0 && n.fract() == 0.0 && *n < 9e15);
    count.map(|n| n as usize).ok_or_else(|| malformed(location, "a count is an integer that is not negative"))
}
