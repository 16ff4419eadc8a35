//! Leaves: texts, instants, numbers, booleans, and the rules on them.

use super::merged::Merged;
use super::{Compiled, Compiler, Position};
use crate::format::Format;
use crate::keyword::{self, Keyword, TextRule};
use crate::layout::Scalar;
use crate::plan::{BooleanNode, Keep, Loc, Node, NumericNode, Parts, TextNode, TimestampNode};
use crate::schema::fault::{FaultCode, SchemaError};

impl<'m> Compiler<'m> {
    pub(super) fn text(&mut self, merged: Merged<'m>, position: &Position, type_loc: Loc) -> Compiled {
        let mut rules = Vec::new();
        let mut instant = None;
        for (rule, origin) in &merged.text {
            match rule {
                TextRule::Format(format) if format.known() == Some(Format::DateTime) => {
                    instant = Some(self.loc(*origin));
                }
                // A format that nobody defines is an annotation.
                TextRule::Format(format) if format.known().is_none() => {}
                rule => rules.push((rule.clone(), self.loc(*origin))),
            }
        }
        let scalar = if instant.is_some() { Scalar::Timestamp } else { Scalar::Text };
        let (mut keep, column) = self.keep(&merged, position, scalar);
        // A personal instant is sealed as the text it is.
        let node = match instant {
            Some(format_loc) if !matches!(keep, Keep::Personal(_)) => {
                Node::Timestamp(TimestampNode { keep, type_loc, format_loc, rules: rules.into() })
            }
            other => {
                rules.extend(other.map(|loc| (TextRule::Format(keyword::Format::date_time()), loc)));
                let closed = rules.iter().any(|(rule, _)| matches!(rule, TextRule::OneOf(_)));
                if let Keep::Column(slot) = keep
                    && let Some(parts) = self.parts_of(&merged, position, &rules).filter(|_| !closed)
                {
                    keep = Keep::Parts(slot, parts);
                }
                Node::Text(TextNode { keep, type_loc, rules: rules.into(), closed })
            }
        };
        (self.push(node), column)
    }

    pub(super) fn numeric(
        &mut self,
        merged: Merged<'m>,
        position: &Position,
        type_loc: Loc,
        integer: bool,
    ) -> Result<Compiled, SchemaError> {
        let rules = merged.number.iter().map(|(rule, origin)| (rule.clone(), self.loc(*origin))).collect();
        let scalar = if integer { Scalar::Integer } else { Scalar::Number };
        let (keep, column) = self.keep(&merged, position, scalar);
        self.only_texts_are_personal(keep, position)?;
        let node = NumericNode { keep, type_loc, rules };
        Ok((self.push(if integer { Node::Integer(node) } else { Node::Number(node) }), column))
    }

    pub(super) fn boolean(
        &mut self,
        merged: Merged<'m>,
        position: &Position,
        type_loc: Loc,
    ) -> Result<Compiled, SchemaError> {
        let only = merged.values.iter().find_map(|(values, origin)| Some((values.only_boolean()?, *origin)));
        let only = only.map(|(only, origin)| (only, self.loc(origin)));
        let (keep, column) = self.keep(&merged, position, Scalar::Boolean);
        self.only_texts_are_personal(keep, position)?;
        Ok((self.push(Node::Boolean(BooleanNode { keep, type_loc, only })), column))
    }

    fn only_texts_are_personal(&self, keep: Keep, position: &Position) -> Result<(), SchemaError> {
        match keep {
            Keep::Personal(_) => {
                let message = format!("only a text can be \"meta:personal\", and {} isn't one", position.path);
                Err(self.fault(FaultCode::Malformed, self.open.last().copied(), message))
            }
            _ => Ok(()),
        }
    }

    /// Where a text may have personal parts: addresses by their format or name, others as the
    /// schema says, be it in an alternative. The event's id is the one thing that events are
    /// distinguished by.
    fn parts_of(&self, merged: &Merged<'m>, position: &Position, rules: &[(TextRule, Loc)]) -> Option<Parts> {
        if position.path == "_id" {
            return None;
        }
        let name = position.path.rsplit('.').next().unwrap_or_default();
        let is_named = ["url", "uri"].iter().any(|uri| uri.eq_ignore_ascii_case(name));
        let is_uri = |(rule, _): &(TextRule, Loc)| matches!(rule, TextRule::Format(format) if is_uri(format));
        if is_named || rules.iter().any(is_uri) {
            return Some(Parts::Uri);
        }
        match merged.personal_parts {
            Some(parts) => Some(parts_named(parts)),
            None => self.parts_of_alternatives(merged),
        }
    }

    /// What the alternatives that hold for a text say of its parts.
    fn parts_of_alternatives(&self, merged: &Merged<'m>) -> Option<Parts> {
        let mut stated = None;
        self.each_alternative(merged, &mut |model, schema| {
            stated = stated.or(model.schema(schema).annotations.personal_parts.as_deref());
        });
        let mut uri = false;
        self.each_in_place(merged, &mut |rule| uri |= matches!(rule, Keyword::Format(format) if is_uri(format)));
        stated.map(parts_named).or(uri.then_some(Parts::Uri))
    }
}

fn is_uri(format: &keyword::Format) -> bool {
    matches!(format.known(), Some(Format::Uri | Format::UriReference | Format::Url))
}

fn parts_named(name: &str) -> Parts {
    match name {
        "id" => Parts::Id,
        _ => Parts::Text,
    }
}
