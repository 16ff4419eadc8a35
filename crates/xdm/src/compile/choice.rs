//! `anyOf` and `oneOf` whose alternatives only ask an object for properties, and may say what values those have that
//! nobody else declares: which of them are there, and keep that, is known at the end of the one pass.

use std::collections::HashSet;

use super::merged::Merged;
use super::{Compiler, is_map};
use crate::keyword::{Keyword, Name};
use crate::model::types::Types;
use crate::model::{Body, Origin, SchemaId};
use crate::plan::{Alternative, Child, Choice, Fits, Free, FreeNames};

/// Alternatives that an object has to fit.
pub(super) struct NamedChoice<'m> {
    pub(super) origin: Origin,
    fits: Fits,
    alternatives: Vec<NamedAlternative<'m>>,
}

/// One of them, by the names of properties.
#[derive(Default)]
struct NamedAlternative<'m> {
    asked: Vec<&'m Name>,
    /// Those that keep a schema if they are there.
    kept: Vec<(&'m Name, SchemaId)>,
}

impl<'m> Compiler<'m> {
    /// The choices among the rules on an object that need more than its types and members.
    pub(super) fn choices(&self, merged: &Merged<'m>) -> Vec<NamedChoice<'m>> {
        if is_map(merged) {
            return Vec::new();
        }
        let known =
            merged.properties.iter().map(|(name, _)| *name).chain(merged.required.iter().map(|(name, _)| *name));
        let (mut names, mut keys) = (HashSet::new(), HashSet::new());
        for name in known {
            names.insert(&*name.xdm);
            keys.extend(name.outermost());
        }
        // The walk meets these as undeclared properties, in either spelling.
        let is_free = |name: &Name| name.platform.len() == 1 && !name.outermost().any(|key| keys.contains(key));
        let is_decided = |choice: &NamedChoice<'m>| {
            let mut alternatives = choice.alternatives.iter();
            alternatives.all(|alternative| {
                alternative.asked.iter().all(|name| names.contains(&*name.xdm) || is_free(name))
                    && alternative.kept.iter().all(|(name, _)| is_free(name))
            })
        };
        let choices: Vec<_> =
            merged.tree.iter().filter_map(|(_, origin)| self.choice(*origin)).filter(is_decided).collect();
        // Each name and each schema may need a mark, and those are counted in 16 bits.
        let alternatives = choices.iter().flat_map(|choice| &choice.alternatives);
        let marks: usize = alternatives.map(|one| one.asked.len() + one.kept.len() * 2).sum();
        if names.len() + marks < usize::from(u16::MAX) { choices } else { Vec::new() }
    }

    fn choice(&self, origin: Origin) -> Option<NamedChoice<'m>> {
        let model = self.model;
        let (fits, schemas) = match model.rule(origin)? {
            Keyword::AnyOf(rule) => (Fits::AtLeastOne, rule.alternatives()),
            Keyword::OneOf(rule) => (Fits::ExactlyOne, rule.alternatives()),
            _ => return None,
        };
        // The node of its own that such a rule has says that its value is personal.
        if self.marks_personal(schemas) {
            return None;
        }
        let alternatives = schemas.iter().map(|schema| self.alternative(*schema)).collect::<Option<Vec<_>>>()?;
        Some(NamedChoice { origin, fits, alternatives })
    }

    /// What a schema says of an object's properties, if it says nothing else about objects.
    fn alternative(&self, schema: SchemaId) -> Option<NamedAlternative<'m>> {
        let Body::Rules(rules) = &self.model.schema(self.model.target(schema)).body else { return None };
        let mut alternative = NamedAlternative::default();
        for rule in rules {
            match rule {
                Keyword::Required(required) => alternative.asked.extend(required.names()),
                Keyword::Properties(properties) => alternative.kept.extend(properties.declared()),
                Keyword::Type(types) if types.permits(Types::OBJECT) => {}
                _ => return None,
            }
        }
        Some(alternative)
    }

    /// The same choices by the marks of children and of properties that only they name.
    pub(super) fn marked(&mut self, choices: &[NamedChoice<'m>], children: &[Child]) -> (Box<[Choice]>, FreeNames) {
        let mut free = FreeNames { undecided: 0, names: Vec::new() };
        let mut marks = children.len();
        let mut marked = Vec::new();
        for choice in choices {
            let mut is_by_names = true;
            let mut alternatives = Vec::new();
            for alternative in &choice.alternatives {
                let mut asked = Vec::new();
                for name in &alternative.asked {
                    asked.push(match children.iter().position(|child| child.xdm == name.xdm) {
                        Some(child) => child,
                        None => free_name(&mut free, name, &mut marks).there,
                    });
                }
                let mut unbroken = Vec::new();
                for (name, schema) in &alternative.kept {
                    is_by_names = false;
                    let schema = self.model.target(*schema);
                    let known = free_name(&mut free, name, &mut marks);
                    let mark = match known.schemas.iter().find(|(known, _)| *known == schema) {
                        Some((_, mark)) => *mark,
                        None => {
                            marks += 1;
                            known.schemas.push((schema, marks - 1));
                            marks - 1
                        }
                    };
                    unbroken.push(mark);
                }
                alternatives.push(Alternative { asked: asked.into(), unbroken: unbroken.into() });
            }
            is_by_names &= alternatives.iter().all(|one| one.asked.iter().all(|mark| *mark < children.len()));
            let rule = (!is_by_names).then_some(choice.origin);
            let alternatives = alternatives.into();
            marked.push(Choice { loc: self.loc(choice.origin), fits: choice.fits, alternatives, rule });
        }
        free.undecided = marks;
        (marked.into(), free)
    }
}

/// A name that nobody declares but alternatives.
fn free_name<'f>(free: &'f mut FreeNames, name: &Name, marks: &mut usize) -> &'f mut Free {
    let at = free.names.iter().position(|known| known.xdm == name.xdm).unwrap_or_else(|| {
        let platform = name.platform.concat().into();
        free.names.push(Free { xdm: name.xdm.clone(), platform, there: *marks, schemas: Vec::new() });
        *marks += 1;
        free.names.len() - 1
    });
    &mut free.names[at]
}
