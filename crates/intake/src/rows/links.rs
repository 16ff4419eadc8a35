//! Which links name somebody to get in touch with.
//!
//! Not every `mailto:` link asks for contact: `mailto:?subject=…`, `wa.me/?text=…` and
//! their like share the page with a friend. So a rule says where the recipient stands, and
//! a link counts only if there is one. `links.txt` has the rules that are in force unless
//! the settings say otherwise, and says how they are written.
//!
//! Links are read as browsers read them: white space around and line ends inside don't
//! count, nor does the case of scheme and host, a port, a user's name, or a missing scheme.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use thiserror::Error;

/// The counts that a rule may name.
pub(crate) const COUNTS: [&str; 4] = ["clickToCall", "clickToText", "clickToEmail", "clickToDirectMessage"];

/// What a rule names that counts as nothing.
const NO_COUNT: &str = "none";

/// The rules that are in force unless the settings say otherwise.
const DEFAULTS: &str = include_str!("links.txt");

/// Which links count as which contact request: a rule as in `links.txt` → the name of a
/// count, or `none`.
pub type LinkRules = BTreeMap<String, String>;

/// The rules that are in force unless the settings say otherwise.
pub fn default_link_rules() -> LinkRules {
    let lines = DEFAULTS.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).map(|(link, count)| (link.to_owned(), count.to_owned())).collect()
}

/// A rule that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LinkRuleError {
    /// It names no count.
    #[error(
        "the link rule for `{link}` names `{count}`; name clickToCall, clickToText, clickToEmail, clickToDirectMessage or none"
    )]
    Count {
        /// The rule's link.
        link: String,
        /// What it names.
        count: String,
    },
    /// It begins with neither a scheme nor a host.
    #[error(
        "the link rule `{0}` is neither a scheme such as `tel:` nor a host such as `wa.me` (in ASCII, without https://); write one of them"
    )]
    Link(String),
}

/// The rules, found by scheme or host.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// By `tel:` or `wa.me`; those that go first come first.
    rules: HashMap<Box<str>, Vec<Rule>>,
}

#[derive(Debug)]
struct Rule {
    path: Box<str>,
    parameter: Option<Box<str>>,
    /// Of a scheme, without a path: somebody is named behind the colon.
    names_somebody: bool,
    /// In [`COUNTS`].
    count: Option<usize>,
}

impl Links {
    pub(crate) fn new(rules: &LinkRules) -> Result<Links, LinkRuleError> {
        let mut links = Links::default();
        for (link, count) in rules {
            let place = COUNTS.iter().position(|known| known == count);
            if place.is_none() && count != NO_COUNT {
                return Err(LinkRuleError::Count { link: link.clone(), count: count.clone() });
            }
            let (name, rule) = rule(link, place).ok_or_else(|| LinkRuleError::Link(link.clone()))?;
            links.rules.entry(name.into()).or_default().push(rule);
        }
        for rules in links.rules.values_mut() {
            rules.sort_by_key(|rule| std::cmp::Reverse((rule.path.trim_matches('/').len(), rule.parameter.is_some())));
        }
        Ok(links)
    }

    /// Which of [`COUNTS`] an address stands for.
    pub(crate) fn place_of(&self, address: &str) -> Option<usize> {
        let address = cleaned(address);
        let link = Link::of(&address)?;
        self.rules.get(link.name.as_ref())?.iter().find(|rule| rule.fits(&link))?.count
    }
}

/// Reads a rule: the scheme or host that it is found by, and the rest.
fn rule(link: &str, count: Option<usize>) -> Option<(String, Rule)> {
    let (link, parameter) = match link.split_once('?') {
        Some((link, parameter)) => (link, Some(parameter)),
        None => (link, None),
    };
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    if parameter.is_some_and(|parameter| !is_word(parameter)) {
        return None;
    }
    let parameter = parameter.map(Box::from);
    if let Some((scheme, path)) = link.split_once(':') {
        let name = format!("{}:", scheme.to_ascii_lowercase());
        let path = path.trim_start_matches('/');
        let names_somebody = path.is_empty();
        let is_web = matches!(name.as_str(), "http:" | "https:");
        return (is_scheme(scheme) && !is_web)
            .then(|| (name, Rule { path: path.into(), parameter, names_somebody, count }));
    }
    let (host, path) = link.split_once('/').map_or((link, ""), |(host, path)| (host, path));
    // `wa.me/` wants something behind the slash, `wa.me` doesn't.
    let path = if link.ends_with('/') && path.is_empty() { "/" } else { path };
    let host = host.to_ascii_lowercase();
    is_host(&host).then(|| (host, Rule { path: path.into(), parameter, names_somebody: false, count }))
}

impl Rule {
    fn fits(&self, link: &Link<'_>) -> bool {
        self.fits_path(link) && self.fits_parameter(link)
    }

    fn fits_path(&self, link: &Link<'_>) -> bool {
        let path = match &*self.path {
            "" => return true,
            "/" => return names_recipient(link.path),
            path => path,
        };
        let Some(rest) = link.path.get(path.len()..) else { return false };
        if !link.path[..path.len()].eq_ignore_ascii_case(path) {
            return false;
        }
        match path.ends_with(|last: char| last.is_alphanumeric()) {
            true => rest.is_empty() || rest.starts_with(['/', '#']),
            false => names_recipient(rest),
        }
    }

    fn fits_parameter(&self, link: &Link<'_>) -> bool {
        // `;` begins what is said about whom a link names: `tel:1;ext=2`.
        let is_named = || is_recipient(link.path.split(';').next().unwrap_or_default());
        match &self.parameter {
            None => !self.names_somebody || is_named(),
            Some(name) => match parameter(link.query, name) {
                Some(Some(value)) => is_recipient(value),
                // `skype:shop?call` says what to do with whom it names.
                Some(None) => self.names_somebody && is_named(),
                None => false,
            },
        }
    }
}

/// A parameter's value, if it is given; `Some(None)` if it has none.
fn parameter<'q>(query: &'q str, name: &str) -> Option<Option<&'q str>> {
    query.split(['&', ';', '?']).find_map(|pair| match pair.split_once('=') {
        Some((key, value)) => key.trim_start_matches('/').eq_ignore_ascii_case(name).then_some(Some(value)),
        None => pair.eq_ignore_ascii_case(name).then_some(None),
    })
}

/// Does the path name somebody? An invitation (`+AbCd`, where a number has digits only)
/// leads to a group.
fn names_recipient(path: &str) -> bool {
    let path = path.split('#').next().unwrap_or_default().trim_start_matches('/');
    let step = path.split('/').next().unwrap_or_default();
    let is_invitation = step.strip_prefix('+').is_some_and(|code| code.bytes().any(|byte| byte.is_ascii_alphabetic()));
    is_recipient(path) && !is_invitation
}

/// Is there more than signs and white space? `*` stands for what is masked.
fn is_recipient(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match (byte, after) {
            (b'%', [high, low, after @ ..]) => (unescaped(*high, *low).unwrap_or(b'%'), after),
            _ => (byte, after),
        };
        if byte.is_ascii_alphanumeric() || byte == b'*' || byte >= 0x80 {
            return true;
        }
        rest = after;
    }
    false
}

fn unescaped(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// A link, taken apart.
#[derive(Debug)]
struct Link<'a> {
    /// `tel:` or `wa.me`, in lower case.
    name: Cow<'a, str>,
    /// Without slashes before it; with the fragment, since some links have all of it there.
    path: &'a str,
    query: &'a str,
}

impl<'a> Link<'a> {
    fn of(address: &'a str) -> Option<Link<'a>> {
        let Some((scheme, rest)) = address.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
            return Link::web(address);
        };
        if scheme.eq_ignore_ascii_case("intent") {
            return Link::intent(rest);
        }
        Link::with_scheme(scheme, rest)
    }

    fn with_scheme(scheme: &str, rest: &'a str) -> Option<Link<'a>> {
        if ["http", "https"].iter().any(|web| web.eq_ignore_ascii_case(scheme)) {
            return Link::web(rest);
        }
        // `sms:1&body=…` is how old telephones have it.
        let marks: &[char] = if rest.starts_with("//") { &['?'] } else { &['?', '&'] };
        let name = Cow::Owned(format!("{}:", scheme.to_ascii_lowercase()));
        Some(Link::of_parts(name, rest, marks))
    }

    /// Android's way to write another scheme: `intent://send?…#Intent;scheme=whatsapp;end`.
    fn intent(rest: &'a str) -> Option<Link<'a>> {
        let (link, fields) = rest.rsplit_once("#Intent;")?;
        let scheme = fields.split(';').find_map(|field| field.strip_prefix("scheme="))?;
        is_scheme(scheme).then(|| Link::with_scheme(scheme, link))?
    }

    /// What follows `https:`, or an address without a scheme.
    fn web(rest: &'a str) -> Option<Link<'a>> {
        let rest = rest.trim_start_matches(['/', '\\']);
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let host = authority.rsplit('@').next()?.split(':').next()?.trim_end_matches('.');
        let bare = host.get(..4).filter(|www| www.eq_ignore_ascii_case("www.")).map_or(host, |_| &host[4..]);
        let name = match bare.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(bare.to_ascii_lowercase()),
            false => Cow::Borrowed(bare),
        };
        Some(Link::of_parts(name, rest, &['?']))
    }

    fn of_parts(name: Cow<'a, str>, rest: &'a str, marks: &[char]) -> Link<'a> {
        let rest = rest.trim_start_matches(['/', '\\']);
        let end = rest.find(marks).unwrap_or(rest.len());
        let query = rest.get(end + 1..).unwrap_or_default();
        // A mark behind the fragment's begins no query, but those that write one mean it.
        Link { name, path: &rest[..end], query: query.split('#').next().unwrap_or_default() }
    }
}

/// The address as a browser reads it: without white space around it and line ends in it.
fn cleaned(address: &str) -> Cow<'_, str> {
    let is_blank = |c: char| c <= ' ';
    let address = address.trim_matches(is_blank);
    match address.contains(['\t', '\n', '\r']) {
        true => Cow::Owned(address.replace(['\t', '\n', '\r'], "")),
        false => Cow::Borrowed(address),
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

    const EXPECTED: &str = include_str!("links_expected.txt");

    fn count_of(links: &Links, address: &str) -> &'static str {
        links.place_of(address).map_or("-", |place| COUNTS[place])
    }

    #[test]
    fn a_link_counts_if_it_names_somebody() {
        let links = Links::new(&default_link_rules()).expect("the defaults are rules");
        let lines = EXPECTED.lines().filter(|line| !line.starts_with("# ") && !line.is_empty());
        let all: Vec<_> = lines.map(|line| line.split_once(' ').expect("a count and a link")).collect();
        assert!(all.len() > 130, "the list has moved");
        for (expect, link) in all {
            let link = link.strip_suffix('|').expect("a link's end");
            let expect = expect.trim_end_matches("/server");
            assert_eq!(count_of(&links, link), expect, "{link}");
        }
        for odd in ["te\nl:1", "\u{1}tel:1", "https:wa.me/1", "https:////wa.me/1"] {
            assert_ne!(count_of(&links, odd), "-", "{odd:?}");
        }
    }

    #[test]
    fn what_stands_for_a_recipient_is_one() {
        let links = Links::new(&default_link_rules()).expect("the defaults are rules");
        let check = |link: &str, expect: &str| assert_eq!(count_of(&links, link), expect, "{link}");
        check("tel:k1:AbCdEfGhIjKlMnOpQrStUv", "clickToCall");
        check("tel:***", "clickToCall");
        check("https://t.me/k1:-bCdEfGhIjKlMnOpQrStUv", "clickToDirectMessage");
        check("https://api.whatsapp.com/send?phone=***", "clickToDirectMessage");
    }

    #[test]
    fn every_rule_fits_a_link_of_its_own() {
        let rules = default_link_rules();
        let links = Links::new(&rules).expect("the defaults are rules");
        for (rule, count) in &rules {
            let (link, parameter) = rule.split_once('?').unwrap_or((rule, ""));
            let named = if link.ends_with(|last: char| last.is_alphanumeric()) { "" } else { "1" };
            let parameter = if parameter.is_empty() { String::new() } else { format!("?{parameter}=1") };
            let web = if link.contains(':') { "" } else { "https://" };
            let expect = if count == NO_COUNT { "-" } else { count };
            assert_eq!(count_of(&links, &format!("{web}{link}{named}{parameter}")), expect, "{rule}");
        }
    }

    #[test]
    fn rules_begin_with_a_scheme_or_a_host() {
        let check = |link: &str, count: &str, expect: Option<&str>| {
            let rules = LinkRules::from([(link.to_owned(), count.to_owned())]);
            let error = Links::new(&rules).err().map(|error| error.to_string());
            match expect {
                None => assert_eq!(error, None, "{link}"),
                Some(part) => assert!(error.as_deref().is_some_and(|e| e.contains(part)), "{link}: {error:?}"),
            }
        };
        check("tel:", "clickToCall", None);
        check("Chat.Example", "clickToDirectMessage", None);
        check("chat.example/room/", "clickToDirectMessage", None);
        check("chat.example?with", "none", None);
        check("tel:", "chatStart", Some("names `chatStart`"));
        check("tel", "clickToCall", Some("neither"));
        check("https://wa.me", "clickToDirectMessage", Some("neither"));
        check("chat.example?a=b", "none", Some("neither"));
        check("", "clickToCall", Some("neither"));
    }

    #[test]
    fn a_host_alone_counts_whatever_follows() {
        let rules = LinkRules::from([("chat.example".to_owned(), COUNTS[3].to_owned())]);
        let links = Links::new(&rules).expect("a rule");
        for link in ["https://chat.example", "https://chat.example/", "https://chat.example/?x#y", "chat.example"] {
            assert_eq!(count_of(&links, link), COUNTS[3], "{link}");
        }
        assert_eq!(count_of(&links, "tel:1"), "-", "the list is replaced");
    }
}
