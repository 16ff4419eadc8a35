//! `$ref` and `allOf` resolved: all rules that hold at one place, as one list.
//!
//! Everything that `allOf` joins must hold together, so merging is collecting. The one
//! keyword with a local meaning is `additionalProperties`, which looks only at the
//! `properties` and `patternProperties` beside it; it has kept their names.

use crate::keyword::{AdditionalProperties, Name, NumberRule, TextRule, Values};
use crate::model::types::Types;
use crate::model::{Body, Model, Origin, SchemaId};
use crate::pattern::Pattern;

/// All rules that hold at one place.
#[derive(Debug)]
pub(crate) struct Merged<'m> {
    model: &'m Model,
    /// The types that all rules permit, and the rule that narrowed them last.
    pub(crate) types: Option<(Types, Origin)>,
    /// Two rules on the type that exclude each other.
    pub(crate) contradiction: Option<(Types, Types, Origin)>,
    /// Declared properties in order, each with every schema that it must keep.
    pub(crate) properties: Vec<(&'m Name, Vec<SchemaId>)>,
    pub(crate) required: Vec<(&'m Name, Origin)>,
    pub(crate) patterns: Vec<(&'m Pattern, SchemaId)>,
    pub(crate) additional: Vec<(&'m AdditionalProperties, Origin)>,
    pub(crate) items: Vec<SchemaId>,
    pub(crate) text: Vec<(TextRule, Origin)>,
    pub(crate) number: Vec<(NumberRule, Origin)>,
    pub(crate) values: Vec<(&'m Values, Origin)>,
    pub(crate) members_min: Bound,
    pub(crate) members_max: Bound,
    pub(crate) items_min: Bound,
    pub(crate) items_max: Bound,
    pub(crate) unique: Option<Origin>,
    /// Rules that need a tree, and the types that they are about.
    pub(crate) tree: Vec<(Types, Origin)>,
    /// One of the schemas is `false`.
    pub(crate) is_never: bool,
    /// Schemas so far that have rules.
    schemas: Vec<SchemaId>,
    /// First description or title.
    pub(crate) doc: Option<&'m str>,
    pub(crate) personal: Option<&'m str>,
    pub(crate) personal_keys: Vec<&'m str>,
    /// Where a text that isn't personal as such may have personal parts.
    pub(crate) personal_parts: Option<&'m str>,
    pub(crate) deprecated: bool,
}

/// The tightest of several bounds on a count.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bound(pub(crate) Option<(usize, Origin)>);

impl Bound {
    pub(crate) fn at_least(&mut self, count: usize, origin: Origin) {
        if self.0.is_none_or(|(known, _)| known < count) {
            self.0 = Some((count, origin));
        }
    }

    pub(crate) fn at_most(&mut self, count: usize, origin: Origin) {
        if self.0.is_none_or(|(known, _)| known > count) {
            self.0 = Some((count, origin));
        }
    }
}

impl<'m> Merged<'m> {
    /// Merges these schemas.
    pub(crate) fn of(model: &'m Model, schemas: &[SchemaId]) -> Self {
        let mut merged = Merged {
            model,
            types: None,
            contradiction: None,
            properties: Vec::new(),
            required: Vec::new(),
            patterns: Vec::new(),
            additional: Vec::new(),
            items: Vec::new(),
            text: Vec::new(),
            number: Vec::new(),
            values: Vec::new(),
            members_min: Bound::default(),
            members_max: Bound::default(),
            items_min: Bound::default(),
            items_max: Bound::default(),
            unique: None,
            tree: Vec::new(),
            is_never: false,
            schemas: Vec::new(),
            doc: None,
            personal: None,
            personal_keys: Vec::new(),
            personal_parts: None,
            deprecated: false,
        };
        schemas.iter().for_each(|schema| merged.schema(*schema));
        merged
    }

    /// Adds a schema that holds here.
    pub(crate) fn schema(&mut self, id: SchemaId) {
        // Several parts of a composition may extend the same definition.
        if self.schemas.contains(&id) {
            return;
        }
        let schema = self.model.schema(id);
        let notes = &schema.annotations;
        self.doc = self.doc.or(notes.doc.as_deref());
        self.personal = self.personal.or(notes.personal.as_deref());
        self.personal_parts = self.personal_parts.or(notes.personal_parts.as_deref());
        self.personal_keys.extend(notes.personal_keys.iter().map(|key| &**key));
        self.deprecated |= notes.deprecated;
        match &schema.body {
            Body::Nothing => self.is_never = true,
            Body::Rules(rules) => {
                if !rules.is_empty() {
                    self.schemas.push(id);
                }
                for (rule, keyword) in (0..).zip(rules) {
                    keyword.compose(Origin { schema: id, rule }, self);
                }
            }
        }
    }

    /// Does anything hold here?
    pub(crate) fn has_rules(&self) -> bool {
        let only_references = |id: &SchemaId| self.model.target(*id) != *id;
        self.is_never || !self.schemas.iter().all(only_references)
    }

    pub(crate) fn types(&mut self, types: Types, origin: Origin) {
        self.types = Some(match self.types {
            None => (types, origin),
            Some((known, known_origin)) => match known.and(types) {
                both if both == known => (known, known_origin),
                both => {
                    if both.is_empty() {
                        self.contradiction.get_or_insert((known, types, origin));
                    }
                    (both, origin)
                }
            },
        });
    }

    pub(crate) fn property(&mut self, name: &'m Name, schema: SchemaId) {
        match self.properties.iter_mut().find(|(known, _)| known.xdm == name.xdm) {
            Some((_, schemas)) if schemas.contains(&schema) => {}
            Some((_, schemas)) => schemas.push(schema),
            None => self.properties.push((name, vec![schema])),
        }
    }

    pub(crate) fn required(&mut self, name: &'m Name, origin: Origin) {
        if !self.required.iter().any(|(known, _)| known.xdm == name.xdm) {
            self.required.push((name, origin));
        }
    }

    pub(crate) fn pattern(&mut self, pattern: &'m Pattern, schema: SchemaId) {
        if !self.patterns.iter().any(|(_, known)| *known == schema) {
            self.patterns.push((pattern, schema));
        }
    }

    pub(crate) fn additional(&mut self, rule: &'m AdditionalProperties, origin: Origin) {
        self.additional.push((rule, origin));
    }

    pub(crate) fn item(&mut self, schema: SchemaId) {
        self.items.push(schema);
    }

    pub(crate) fn text(&mut self, rule: TextRule, origin: Origin) {
        self.text.push((rule, origin));
    }

    pub(crate) fn number(&mut self, rule: NumberRule, origin: Origin) {
        self.number.push((rule, origin));
    }

    pub(crate) fn values(&mut self, values: &'m Values, origin: Origin) {
        self.text.push((TextRule::OneOf(values.texts()), origin));
        self.number.push((NumberRule::OneOf(values.numbers()), origin));
        self.values.push((values, origin));
    }

    /// Adds a rule that needs a tree, on values of these types.
    pub(crate) fn tree(&mut self, types: Types, origin: Origin) {
        self.tree.push((types, origin));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_bound_counts_and_of_equal_ones_the_first() {
        let origin = |rule: u32| Origin { schema: 0, rule };
        let check = |counts: &[usize], least: (usize, u32), most: (usize, u32)| {
            let (mut at_least, mut at_most) = (Bound::default(), Bound::default());
            for (rule, count) in (0..).zip(counts) {
                at_least.at_least(*count, origin(rule));
                at_most.at_most(*count, origin(rule));
            }
            assert_eq!(at_least.0, Some((least.0, origin(least.1))), "{counts:?}");
            assert_eq!(at_most.0, Some((most.0, origin(most.1))), "{counts:?}");
        };
        check(&[3], (3, 0), (3, 0));
        check(&[3, 5], (5, 1), (3, 0));
        check(&[5, 3], (5, 0), (3, 1));
        check(&[3, 3], (3, 0), (3, 0));
        check(&[4, 2, 6, 2, 6], (6, 2), (2, 1));
    }
}
