//! Contact requests that are not counted by their sender but can be read from the link
//! that was clicked.
//!
//! Adobe's Web SDK reports a click on `tel:+1…` as a link click with an address and
//! leaves `clickToCall` empty. Where the address matches a rule, the row gets that count,
//! and its column `derived` names it, so that a reader can always tell what was sent from
//! what was concluded. What was sent is never altered: the journal, the content hash and
//! the payload of a reject are the sender's bytes, and a count that the sender gave
//! itself, even 0, is left alone.

use std::collections::BTreeMap;

use table::Block;
use thiserror::Error;
use xdm::Sink as _;
use xdm::layout::{Layout, Slot, StructSlot};

/// The clicked link's address.
pub(crate) const LINK: &str = "web.webInteraction.URL";
/// What the counts belong to.
const FEEDBACK: &str = "customerFeedback";
/// The counts that a rule may add.
const COUNTS: [&str; 4] = ["clickToCall", "clickToText", "clickToEmail", "clickToDirectMessage"];

/// Rules that are in force unless the settings say otherwise. Messengers publish these
/// addresses for links to a conversation.
const DEFAULTS: &[(&str, &str)] = &[
    ("tel:", "clickToCall"),
    ("callto:", "clickToCall"),
    ("facetime:", "clickToCall"),
    ("facetime-audio:", "clickToCall"),
    ("sms:", "clickToText"),
    ("smsto:", "clickToText"),
    ("mms:", "clickToText"),
    ("imessage:", "clickToText"),
    ("mailto:", "clickToEmail"),
    ("wa.me", "clickToDirectMessage"),
    ("api.whatsapp.com", "clickToDirectMessage"),
    ("web.whatsapp.com", "clickToDirectMessage"),
    ("whatsapp:", "clickToDirectMessage"),
    ("m.me", "clickToDirectMessage"),
    ("messenger.com", "clickToDirectMessage"),
    ("fb-messenger:", "clickToDirectMessage"),
    ("t.me", "clickToDirectMessage"),
    ("telegram.me", "clickToDirectMessage"),
    ("tg:", "clickToDirectMessage"),
    ("signal.me", "clickToDirectMessage"),
    ("sgnl:", "clickToDirectMessage"),
    ("viber:", "clickToDirectMessage"),
    ("line.me", "clickToDirectMessage"),
    ("line:", "clickToDirectMessage"),
    ("ig.me", "clickToDirectMessage"),
    ("skype:", "clickToDirectMessage"),
];

/// Which addresses of links count as which contact request: `tel:` (a scheme, with its
/// colon) or `wa.me` (a host) → the name of a count.
pub type LinkRules = BTreeMap<String, String>;

/// The rules that are in force unless the settings say otherwise.
pub fn default_link_rules() -> LinkRules {
    DEFAULTS.iter().map(|(link, count)| ((*link).to_owned(), (*count).to_owned())).collect()
}

/// A rule that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LinkRuleError {
    /// It names no count.
    #[error(
        "the link rule for `{link}` names `{count}`; name clickToCall, clickToText, clickToEmail or clickToDirectMessage"
    )]
    Count {
        /// The rule's link.
        link: String,
        /// What it names.
        count: String,
    },
    /// It is neither a scheme nor a host.
    #[error("the link rule `{0}` is neither a scheme such as `tel:` nor a host such as `wa.me`; write one of them")]
    Link(String),
}

/// The rules, ready to be applied. Empty where the schema lacks the fields.
#[derive(Debug, Default)]
pub(crate) struct Derivation {
    fields: Option<Fields>,
    schemes: Vec<(String, usize)>,
    hosts: Vec<(String, usize)>,
}

#[derive(Debug)]
struct Fields {
    link: Slot,
    feedback: StructSlot,
    counts: [Slot; COUNTS.len()],
}

impl Derivation {
    pub(crate) fn new(rules: &LinkRules, layout: &Layout) -> Result<Derivation, LinkRuleError> {
        let mut derivation = Derivation { fields: Fields::of(layout), ..Derivation::default() };
        for (link, count) in rules {
            let place = COUNTS.iter().position(|known| known == count);
            let place = place.ok_or_else(|| LinkRuleError::Count { link: link.clone(), count: count.clone() })?;
            let name = link.to_ascii_lowercase();
            match name.strip_suffix(':') {
                Some(scheme) if is_scheme(scheme) => derivation.schemes.push((scheme.to_owned(), place)),
                None if is_host(&name) => derivation.hosts.push((name, place)),
                _ => return Err(LinkRuleError::Link(link.clone())),
            }
        }
        Ok(derivation)
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
        let place = self.place_of(link?)?;
        let count = fields.counts[place];
        (!is_given(count)).then_some((COUNTS[place], count))
    }

    /// Which of [`COUNTS`] an address stands for.
    fn place_of(&self, address: &str) -> Option<usize> {
        let (scheme, rest) = address.trim_start().split_once(':')?;
        let found = |rules: &[(String, usize)], name: &str| {
            rules.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, place)| *place)
        };
        if let Some(place) = found(&self.schemes, scheme) {
            return Some(place);
        }
        let authority = rest.strip_prefix("//")?;
        let authority = authority.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default().trim_end_matches('.');
        let bare = host.get(..4).filter(|www| www.eq_ignore_ascii_case("www.")).map_or(host, |_| &host[4..]);
        found(&self.hosts, bare)
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

/// RFC 3986 section 3.1.
fn is_scheme(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_host(name: &str) -> bool {
    name.contains('.') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derivation() -> Derivation {
        Derivation::new(&default_link_rules(), xdm::standard_plan().layout()).expect("the defaults are rules")
    }

    #[test]
    fn an_address_stands_for_a_count() {
        let derivation = derivation();
        let check = |address: &str, expect: Option<&str>| {
            assert_eq!(derivation.place_of(address).map(|place| COUNTS[place]), expect, "{address}");
        };
        check("tel:+1-408-555-0100", Some("clickToCall"));
        check("TEL:5550100", Some("clickToCall"));
        check("sms:+14085550100?body=Hi%20there", Some("clickToText"));
        check("mailto:help@shop.example?subject=a:b", Some("clickToEmail"));
        check("https://wa.me/14085550100", Some("clickToDirectMessage"));
        check("https://WWW.WA.me./1?x#y", Some("clickToDirectMessage"));
        check("https://user:word@t.me:443/shop", Some("clickToDirectMessage"));
        check("whatsapp://send?phone=1", Some("clickToDirectMessage"));
        check("https://wa.me.evil.example/", None);
        check("https://shop.example/?u=https://wa.me/1", None);
        check("https://shop.example/tel:1", None);
        check("https://www.", None);
        check("https://w\u{e9}\u{e9}", None);
        check("/contact", None);
        check("", None);
        check("javascript:void 0", None);
    }

    #[test]
    fn rules_are_schemes_or_hosts() {
        let check = |link: &str, count: &str, expect: Option<&str>| {
            let rules = LinkRules::from([(link.to_owned(), count.to_owned())]);
            let error = Derivation::new(&rules, xdm::standard_plan().layout()).err().map(|error| error.to_string());
            match expect {
                None => assert_eq!(error, None, "{link}"),
                Some(part) => assert!(error.as_deref().is_some_and(|e| e.contains(part)), "{link}: {error:?}"),
            }
        };
        check("tel:", "clickToCall", None);
        check("Chat.Example", "clickToDirectMessage", None);
        check("tel:", "chatStart", Some("names `chatStart`"));
        check("tel", "clickToCall", Some("neither"));
        check("https://wa.me", "clickToDirectMessage", Some("neither"));
        check("", "clickToCall", Some("neither"));
    }

    #[test]
    fn the_standard_schema_has_the_fields() {
        assert!(derivation().fields.is_some());
    }
}
