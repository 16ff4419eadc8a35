//! Alternatives that ask an object for properties: decided by the marks of what was seen.

use super::json::Json;
use super::path::Path;
use super::rules::Rules;
use super::{EventState, Walk};
use crate::keyword;
use crate::names::SPELLED_XDM;
use crate::plan::{Alternative, Choice, Fits, ObjectNode};
use crate::profile::Spelling;
use crate::sink::Sink;

impl<'w, S: Sink> Walk<'w, S> {
    /// Reports each of the object's choices that it doesn't fit; `seen` is where its marks begin, and `start` where it
    /// begins itself.
    pub(super) fn choose(&mut self, node: &'w ObjectNode, seen: usize, start: usize, path: &Path<'_>) {
        let is_undecided = !node.free.names.is_empty() && self.is_marked(node.free.undecided, seen);
        for choice in &node.choices {
            let fitting = choice.alternatives.iter().filter(|alternative| self.fits(alternative, seen)).count();
            let is_kept = match choice.fits {
                Fits::AtLeastOne => fitting > 0,
                Fits::ExactlyOne => fitting == 1,
            };
            match choice.rule {
                None if is_kept => {}
                Some(_) if is_kept && !is_undecided => {}
                Some(rule) => self.check_tree(start, path, &|rules, value| rules.rule(rule, value, path)),
                None if fitting == 0 => self.fits_none(node, choice, seen, path),
                None => {
                    let message = || keyword::fits_several(fitting, choice.alternatives.len());
                    self.violate(choice.loc, path, message);
                }
            }
        }
    }

    /// Marks an undeclared property, whose value begins at `start` and ends here, for the choices that name it.
    pub(super) fn mark_free(&mut self, node: &ObjectNode, key: &str, start: usize, seen: usize, path: &Path<'_>) {
        let spelling = self.profile.spelling;
        let is_named = |name: &str, platform: &str| name == key || (spelling == Spelling::Either && platform == key);
        for free in node.free.names.iter().filter(|free| is_named(&free.xdm, &free.platform)) {
            self.mark(free.there, seen);
            if free.schemas.is_empty() {
                continue;
            }
            let value = Json::parse(self.cursor.since(start));
            for (schema, broken) in &free.schemas {
                let EventState { unkept_steps_left, .. } = &mut *self.state;
                let keeps = value.as_ref().and_then(|value| {
                    let check = |rules: &mut Rules<'_>| rules.schema(*schema, value, path);
                    Rules::decide(&self.plan.model, spelling, unkept_steps_left, check)
                });
                match keeps {
                    Some(true) => {}
                    Some(false) => self.mark(*broken, seen),
                    None => self.mark(node.free.undecided, seen),
                }
            }
        }
    }

    fn mark(&mut self, mark: usize, seen: usize) {
        self.state.seen[seen + mark / 64] |= 1 << (mark % 64);
    }

    fn is_marked(&self, mark: usize, seen: usize) -> bool {
        self.state.seen[seen + mark / 64] & (1 << (mark % 64)) != 0
    }

    fn fits(&self, alternative: &Alternative, seen: usize) -> bool {
        alternative.asked.iter().all(|mark| self.is_marked(*mark, seen))
            && !alternative.unbroken.iter().any(|mark| self.is_marked(*mark, seen))
    }

    /// Those of these children that were not seen.
    fn missing_of(&self, asked: &'w [usize], seen: usize) -> impl Iterator<Item = usize> + use<'w, '_, S> {
        asked.iter().copied().filter(move |child| !self.is_marked(*child, seen))
    }

    #[cold]
    fn fits_none(&mut self, node: &'w ObjectNode, choice: &'w Choice, seen: usize, path: &Path<'_>) {
        let missing = choice.alternatives.iter().map(|alternative| self.missing_of(&alternative.asked, seen));
        let nearest = missing.enumerate().map(|(at, missing)| (missing.count(), at)).min();
        let nearest =
            nearest.and_then(|(_, at)| Some((at, self.missing_of(&choice.alternatives[at].asked, seen).next()?)));
        let is_xdm = self.profile.spelling == Spelling::XdmOnly || self.spelled == SPELLED_XDM;
        let nearest = nearest.map(|(at, child)| {
            let child = &node.children[child];
            (at, keyword::missing(if is_xdm { &child.xdm } else { &child.platform }))
        });
        self.violate(choice.loc, path, || keyword::fits_none(choice.alternatives.len(), nearest));
    }
}
