//! `anyOf` and `oneOf` whose alternatives only ask for properties: which of them are there is known at the end
//! of the one pass.

use std::collections::HashSet;

use super::merged::Merged;
use super::{Compiler, is_map};
use crate::keyword::{Keyword, Name};
use crate::model::types::Types;
use crate::model::{Body, Origin, SchemaId};
use crate::plan::Fits;

/// Alternatives that an object has to fit, each by the names of properties that it asks for.
pub(super) struct NamedChoice<'m> {
    pub(super) origin: Origin,
    pub(super) fits: Fits,
    pub(super) alternatives: Vec<Vec<&'m Name>>,
}

impl<'m> Compiler<'m> {
    /// The choices among the rules on an object that need more than its types and members.
    pub(super) fn choices(&self, merged: &Merged<'m>) -> Vec<NamedChoice<'m>> {
        if is_map(merged) {
            return Vec::new();
        }
        let known =
            merged.properties.iter().map(|(name, _)| *name).chain(merged.required.iter().map(|(name, _)| *name));
        let known: HashSet<&str> = known.map(|name| &*name.xdm).collect();
        let is_known = |choice: &NamedChoice<'m>| {
            // Others have no child: with one they would no longer be undeclared.
            choice.alternatives.iter().flatten().all(|name| known.contains(&*name.xdm))
        };
        merged.tree.iter().filter_map(|(_, origin)| self.choice(*origin)).filter(is_known).collect()
    }

    fn choice(&self, origin: Origin) -> Option<NamedChoice<'m>> {
        let model = self.model;
        let (fits, schemas) = match model.rule(origin)? {
            Keyword::AnyOf(rule) => (Fits::AtLeastOne, rule.alternatives()),
            Keyword::OneOf(rule) => (Fits::ExactlyOne, rule.alternatives()),
            _ => return None,
        };
        let alternatives = schemas.iter().map(|schema| self.asked_for(*schema)).collect::<Option<Vec<_>>>()?;
        Some(NamedChoice { origin, fits, alternatives })
    }

    /// The properties that a schema asks an object for, if it says nothing else about objects.
    fn asked_for(&self, schema: SchemaId) -> Option<Vec<&'m Name>> {
        let Body::Rules(rules) = &self.model.schema(self.model.target(schema)).body else { return None };
        let mut names = Vec::new();
        for rule in rules {
            match rule {
                Keyword::Required(required) => names.extend(required.names()),
                Keyword::Type(types) if types.permits(Types::OBJECT) => {}
                _ => return None,
            }
        }
        Some(names)
    }
}
