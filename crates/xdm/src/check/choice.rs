//! Alternatives that ask an object for properties: decided by which children were seen.

use super::Walk;
use super::path::Path;
use crate::keyword;
use crate::names::SPELLED_XDM;
use crate::plan::{Choice, Fits, ObjectNode};
use crate::profile::Spelling;
use crate::sink::Sink;

impl<'w, S: Sink> Walk<'w, S> {
    /// Reports each of the object's choices that its children don't fit; `seen` is where their bitmap begins.
    pub(super) fn choose(&mut self, node: &'w ObjectNode, seen: usize, path: &Path<'_>) {
        for choice in &node.choices {
            let fitting = choice.alternatives.iter().filter(|asked| self.missing_of(asked, seen).next().is_none());
            match (fitting.count(), choice.fits) {
                (0, _) => self.fits_none(node, choice, seen, path),
                (1, _) | (_, Fits::AtLeastOne) => {}
                (more, Fits::ExactlyOne) => {
                    let message = || keyword::fits_several(more, choice.alternatives.len());
                    self.violate(choice.loc, path, message);
                }
            }
        }
    }

    /// Those of these children that were not seen.
    fn missing_of(&self, asked: &'w [u16], seen: usize) -> impl Iterator<Item = usize> + use<'w, '_, S> {
        let seen = &self.state.seen[seen..];
        let is_missing = move |child: &usize| seen[child / 64] & (1 << (child % 64)) == 0;
        asked.iter().map(|child| usize::from(*child)).filter(is_missing)
    }

    #[cold]
    fn fits_none(&mut self, node: &'w ObjectNode, choice: &'w Choice, seen: usize, path: &Path<'_>) {
        let missing = choice.alternatives.iter().map(|asked| self.missing_of(asked, seen));
        let nearest = missing.enumerate().map(|(at, missing)| (missing.count(), at)).min();
        let nearest = nearest.and_then(|(_, at)| Some((at, self.missing_of(&choice.alternatives[at], seen).next()?)));
        let is_xdm = self.profile.spelling == Spelling::XdmOnly || self.spelled == SPELLED_XDM;
        let nearest = nearest.map(|(at, child)| {
            let child = &node.children[child];
            (at, keyword::missing(if is_xdm { &child.xdm } else { &child.platform }))
        });
        self.violate(choice.loc, path, || keyword::fits_none(choice.alternatives.len(), nearest));
    }
}
