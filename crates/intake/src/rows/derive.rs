//! Contact requests that are not counted by their sender but can be read from the link
//! that was clicked.
//!
//! Adobe's Web SDK reports a click on `tel:+1…` as a link click with an address and
//! leaves `clickToCall` empty. Where the address names somebody by one of the rules of
//! [`Links`], the row gets that count, and its column `derived` names it, so that a reader
//! can always tell what was sent from what was concluded. What was sent is never altered:
//! the journal, the content hash and the payload of a reject are the sender's bytes, and a
//! count that the sender gave itself, even 0, is left alone.

use table::Block;
use xdm::Sink as _;
use xdm::layout::{Layout, Slot, StructSlot};

use crate::rows::links::{COUNTS, LinkRuleError, LinkRules, Links};

/// The clicked link's address.
pub(crate) const LINK: &str = "web.webInteraction.URL";
/// What the counts belong to.
const FEEDBACK: &str = "customerFeedback";

/// The rules, ready to be applied. Without fields where the schema lacks them.
#[derive(Debug, Default)]
pub(crate) struct Derivation {
    fields: Option<Fields>,
    links: Links,
}

#[derive(Debug)]
struct Fields {
    link: Slot,
    feedback: StructSlot,
    counts: [Slot; COUNTS.len()],
}

impl Derivation {
    pub(crate) fn new(rules: &LinkRules, layout: &Layout) -> Result<Derivation, LinkRuleError> {
        Ok(Derivation { fields: Fields::of(layout), links: Links::new(rules)? })
    }

    /// Adds the count that the clicked link of the block's event in progress stands for,
    /// and returns its name for the row.
    pub(crate) fn apply(&self, block: &mut Block) -> Option<&'static str> {
        let fields = self.fields.as_ref()?;
        let (name, count) = self.conclude(block.current_text(fields.link), |count| block.has_current(count))?;
        block.object(fields.feedback);
        block.integer(count, 1);
        Some(name)
    }

    /// The count that a clicked link stands for, unless the sender gave it.
    pub(crate) fn conclude(&self, link: Option<&str>, is_given: impl Fn(Slot) -> bool) -> Option<(&'static str, Slot)> {
        let fields = self.fields.as_ref()?;
        let place = self.links.place_of(link?)?;
        let count = fields.counts[place];
        (!is_given(count)).then_some((COUNTS[place], count))
    }
}

impl Fields {
    fn of(layout: &Layout) -> Option<Fields> {
        let feedback = layout.structs.iter().position(|object| object.path == FEEDBACK)?;
        let mut counts = [Slot(0); COUNTS.len()];
        for (slot, name) in counts.iter_mut().zip(COUNTS) {
            *slot = layout.column(&format!("{FEEDBACK}.{name}"))?;
        }
        Some(Fields { link: layout.column(LINK)?, feedback: StructSlot(u16::try_from(feedback).ok()?), counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::links::default_link_rules;

    #[test]
    fn the_standard_schema_has_the_fields() {
        let layout = xdm::standard_plan();
        let derivation = Derivation::new(&default_link_rules(), layout.layout()).expect("the defaults are rules");
        assert!(derivation.fields.is_some());
    }
}
