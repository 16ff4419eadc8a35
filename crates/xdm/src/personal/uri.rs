//! Personal parts of addresses of pages and links.
//!
//! A page's address stays useful without them, so only they are covered: who a link calls
//! or writes to, the values of parameters such as `email` and `phone` and of any other
//! that hold an address, and the user's name before a host. What a contact link names is
//! covered by a pseudonym, so that clicks on one number can still be counted; the rest by
//! a mask, so that pages can.

use std::borrow::Cow;

use super::name;
use super::text::{self, Marks, Strictness};
use super::{Redaction, Span};

/// Schemes whose links name somebody right behind the colon.
const CONTACT_SCHEMES: &[&str] = &[
    "tel",
    "telprompt",
    "callto",
    "sip",
    "sips",
    "facetime",
    "facetime-audio",
    "facetime-prompt",
    "wtai",
    "sms",
    "smsto",
    "mms",
    "mmsto",
    "imessage",
    "mailto",
    "xmpp",
    "im",
    "skype",
    "rcs",
];

/// Hosts whose links name somebody; a number stands in the path or a parameter.
const CONTACT_HOSTS: &[&str] =
    &["wa.me", "whatsapp.com", "t.me", "telegram.me", "signal.me", "zalo.me", "viber.com", "m.me"];

/// Parameters that name who is called or written to.
const RECIPIENT_PARAMETERS: &[&str] = &["to", "cc", "bcc", "number", "addresses", "recipient", "users", "contact"];

/// Addresses within addresses that are looked into.
const DEPTH_MAX: u8 = 3;

/// Digits of a path's step that is a number on a contact host.
const STEP_DIGITS_MIN: usize = 7;

/// Before parameters, fragments and users, and in escapes.
static MARKS: Marks = Marks::of(b"@?#%+;");

/// Nothing personal can be in it: an ordinary address without parameters.
#[inline]
pub(crate) fn is_plain(uri: &str) -> bool {
    MARKS.digits(uri).is_some_and(|digits| digits < STEP_DIGITS_MIN)
        && (uri.starts_with("http") || uri.starts_with('/') || uri.is_empty())
}

/// Adds the personal parts of the address, in their order.
pub(crate) fn spans(uri: &str, spans: &mut Vec<Span>) {
    let start = uri.len() - uri.trim_start().len();
    let mut parts = Parts { uri, redaction: Redaction::Mask, spans, depth: 0 };
    parts.whole(start);
}

struct Parts<'u, 's> {
    uri: &'u str,
    redaction: Redaction,
    spans: &'s mut Vec<Span>,
    /// Addresses around this one.
    depth: u8,
}

impl Parts<'_, '_> {
    fn whole(&mut self, start: usize) {
        let scheme = scheme_of(&self.uri[start..]);
        let after = start + scheme.map_or(0, |scheme| scheme.len() + 1);
        let is_web = scheme.is_none_or(|scheme| ["http", "https"].iter().any(|web| web.eq_ignore_ascii_case(scheme)));
        self.redaction = if is_web { Redaction::Mask } else { Redaction::Pseudonym };
        let end = self.uri.len();
        if let Some(scheme) = scheme
            && CONTACT_SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme))
        {
            let rest = self.recipient(after);
            return self.parameters(rest, end);
        }
        let path = match self.uri[after..].starts_with("//") {
            true => self.authority(after + 2, is_web),
            false => after,
        };
        let query = self.find(path, end, [b'?', b'#']);
        self.path(path, query);
        let fragment = self.find(query, end, [b'#']);
        self.parameters(query, fragment);
        self.fragment(fragment, end);
    }

    /// The place of the first of these ASCII characters, or the end.
    #[inline]
    fn find<const N: usize>(&self, from: usize, end: usize, marks: [u8; N]) -> usize {
        let is_mark = |byte: &u8| marks.contains(byte);
        self.uri.as_bytes()[from..end].iter().position(is_mark).map_or(end, |found| from + found)
    }

    fn cover(&mut self, start: usize, end: usize, redaction: Redaction) {
        if start < end {
            self.spans.push(Span { start, end, redaction });
        }
    }

    /// Whom a contact link names; gives where its parameters begin.
    fn recipient(&mut self, after: usize) -> usize {
        let rest = &self.uri[after..];
        let start = after + (rest.len() - rest.trim_start_matches('/').len());
        let end = self.find(start, self.uri.len(), [b'?', b'&', b'#']);
        // `sms://open?addresses=…` names nobody there.
        if !self.uri[start..end].eq_ignore_ascii_case("open") {
            self.cover(start, end, Redaction::Pseudonym);
        }
        end
    }

    /// The user's name before a host; gives where the path begins.
    fn authority(&mut self, start: usize, is_web: bool) -> usize {
        let end = self.find(start, self.uri.len(), [b'/', b'?', b'#', b'\\']);
        let host = match self.uri[start..end].rfind('@') {
            Some(at) => {
                self.cover(start, start + at, Redaction::Mask);
                start + at + 1
            }
            None => start,
        };
        let name = self.uri[host..end].split(':').next().unwrap_or_default().trim_end_matches('.');
        if is_web && is_contact_host(name) {
            self.redaction = Redaction::Pseudonym;
        }
        end
    }

    fn path(&mut self, mut start: usize, end: usize) {
        while start < end {
            let stop = self.find(start, end, [b'/']);
            let step = &self.uri[start..stop];
            if (self.redaction == Redaction::Pseudonym && is_number(&decoded(step)))
                || (text::may_hold_plainly(step) && text::holds(&decoded(step), Strictness::Strict))
            {
                self.cover(start, stop, self.redaction);
            }
            start = stop + 1;
        }
    }

    /// Parameters, with or without the mark before them.
    fn parameters(&mut self, mut start: usize, end: usize) {
        while start < end {
            let stop = self.find(start, end, [b'&', b';', b'?']);
            if let Some(equals) = self.uri[start..stop].find('=') {
                self.parameter(start, start + equals, stop);
            } else if text::is_plainly_telling(&self.uri[start..stop]) {
                self.cover(start, stop, self.redaction);
            }
            start = stop + 1;
        }
    }

    fn parameter(&mut self, start: usize, equals: usize, stop: usize) {
        let (name, value) = (decoded(&self.uri[start..equals]), &self.uri[equals + 1..stop]);
        let names_recipient = || RECIPIENT_PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known));
        let is_telling = name::is_telling(&name)
            || (self.redaction == Redaction::Pseudonym && names_recipient())
            || text::is_plainly_telling(value)
            || self.is_address_with_parts(value);
        if is_telling {
            self.cover(equals + 1, stop, self.redaction);
        }
    }

    /// A parameter may hold another address, such as the page to go back to.
    fn is_address_with_parts(&self, value: &str) -> bool {
        if self.depth >= DEPTH_MAX || !value.bytes().any(|byte| matches!(byte, b'%' | b'/' | b':' | b'=')) {
            return false;
        }
        let mut inner = decoded(value);
        // Each site on the way escapes what the one before escaped.
        for _ in 1..DEPTH_MAX {
            inner = Cow::Owned(decoded(&inner).into_owned());
        }
        if !inner.bytes().any(|byte| matches!(byte, b'/' | b':' | b'=' | b'?')) {
            return false;
        }
        let mut found = Vec::new();
        Parts { uri: &inner, redaction: Redaction::Mask, spans: &mut found, depth: self.depth + 1 }.whole(0);
        !found.is_empty() || text::is_plainly_telling(&inner)
    }

    /// A fragment is a place in the page, or has a path and parameters of its own.
    fn fragment(&mut self, start: usize, end: usize) {
        if start >= end {
            return;
        }
        let query = self.find(start, end, [b'?', b'=']);
        if self.uri[query..end].starts_with('=') {
            return self.parameters(start + 1, end);
        }
        self.path(start + 1, query);
        self.parameters(query, end);
    }
}

/// Is the step of a path on a contact host a number?
fn is_number(step: &str) -> bool {
    step.trim_start_matches('+').len() >= STEP_DIGITS_MIN && step.bytes().all(|b| b.is_ascii_digit() || b == b'+')
}

/// RFC 3986 section 3.1, or none.
fn scheme_of(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    is_scheme.then_some(scheme)
}

fn is_contact_host(host: &str) -> bool {
    let host = host.as_bytes();
    CONTACT_HOSTS.iter().any(|known| {
        let Some(at) = host.len().checked_sub(known.len()) else { return false };
        host[at..].eq_ignore_ascii_case(known.as_bytes()) && (at == 0 || host[at - 1] == b'.')
    })
}

/// Resolves percent escapes. What they make no text of stays as it is.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::super::MASK;
    use super::*;

    /// The address with its parts covered: `[…]` is a pseudonym.
    fn covered(uri: &str) -> String {
        let mut found = Vec::new();
        if !is_plain(uri) {
            spans(uri, &mut found);
        }
        let (mut out, mut at) = (String::new(), 0);
        for span in found {
            out.push_str(&uri[at..span.start]);
            match span.redaction {
                Redaction::Mask => out.push_str(MASK),
                Redaction::Pseudonym => out.push_str(&format!("[{}]", &uri[span.start..span.end])),
            }
            at = span.end;
        }
        out + &uri[at..]
    }

    #[test]
    fn only_the_personal_parts_are_covered() {
        let check = |uri: &str, expect: &str| assert_eq!(covered(uri), expect, "{uri}");
        let same = |uri: &str| check(uri, uri);
        same("https://shop.example/contact");
        same("https://shop.example/p/4085550100?utm_source=mail&utm_id=12345678901&gclid=Cj0K#top");
        same("https://shop.example/@brand/lamps?page=2");
        same("https://maps.example/@52.5200066,13.404954,15z");
        same("/contact?topic=returns");
        same("");
        same("javascript:void 0");
        same("https://t.me/shop");
        same("https://cdn.example/logo@2x.png");
        check("https://shop.example/thanks?email=jo@shop.example&x=1", "https://shop.example/thanks?email=***&x=1");
        check("https://shop.example/?e=jo%40shop.example", "https://shop.example/?e=***");
        check("https://shop.example/?Phone=4085550100&q=+14085550100", "https://shop.example/?Phone=***&q=***");
        check(
            "https://shop.example/?user[email]=x&first_name=Jo",
            "https://shop.example/?user[email]=***&first_name=***",
        );
        check("https://shop.example/u/jo%40shop.example/orders", "https://shop.example/u/***/orders");
        check("https://jo:word@shop.example/x", "https://***@shop.example/x");
        check("https://shop.example/#/thanks?email=x", "https://shop.example/#/thanks?email=***");
        check("https://shop.example/#email=x", "https://shop.example/#email=***");
        check("https://a.example/?next=https%3A%2F%2Fb.example%2F%3Femail%3Djo", "https://a.example/?next=***");
        check(
            "https://a.example/?next=https%3A%2F%2Fb.example%2F%3Fpage%3D2",
            "https://a.example/?next=https%3A%2F%2Fb.example%2F%3Fpage%3D2",
        );
        check(
            "https://a.example/?r=https%253A%252F%252Fb.example%253Fe%253Djo%252540shop.example",
            "https://a.example/?r=***",
        );
        check("https://a.example/?jo@shop.example", "https://a.example/?***");
    }

    #[test]
    fn whom_a_link_names_becomes_a_pseudonym() {
        let check = |uri: &str, expect: &str| assert_eq!(covered(uri), expect, "{uri}");
        check("tel:+1-408-555-0100", "tel:[+1-408-555-0100]");
        check(" TEL://+14085550100", " TEL://[+14085550100]");
        check(
            "mailto:help@shop.example?subject=Hi&body=jo@shop.example",
            "mailto:[help@shop.example]?subject=Hi&body=[jo@shop.example]",
        );
        check("mailto:?to=help@shop.example", "mailto:?to=[help@shop.example]");
        check("mailto:", "mailto:");
        check("sms:+14085550100&body=hi", "sms:[+14085550100]&body=hi");
        check("sms://open?addresses=4085550100", "sms://open?addresses=[4085550100]");
        check("https://wa.me/14085550100?text=Hi", "https://wa.me/[14085550100]?text=Hi");
        check(
            "https://API.whatsapp.com./send?phone=14085550100&text=Hi",
            "https://API.whatsapp.com./send?phone=[14085550100]&text=Hi",
        );
        check("whatsapp://send?phone=14085550100", "whatsapp://send?phone=[14085550100]");
        check("viber://chat?number=%2B14085550100", "viber://chat?number=[%2B14085550100]");
        check("https://signal.me/#p/+14085550100", "https://signal.me/#p/[+14085550100]");
        check("skype:live:pat?call", "skype:[live:pat]?call");
        check("sip:help@shop.example", "sip:[help@shop.example]");
        check(
            "intent://send?phone=14085550100#Intent;scheme=whatsapp;end",
            "intent://send?phone=[14085550100]#Intent;scheme=whatsapp;end",
        );
    }

    #[test]
    fn any_text_is_covered_in_order() {
        for uri in [
            "?",
            "#",
            "a:",
            "://",
            "%",
            "%4",
            "@",
            "//@",
            "http://@",
            "tel:%",
            "?=&;=#=?",
            "\u{e9}:\u{e9}?\u{e9}=\u{e9}@\u{e9}.\u{e9}\u{e9}",
        ] {
            let mut found = Vec::new();
            spans(uri, &mut found);
            assert!(found.is_sorted_by_key(|span| span.start), "{uri}");
            assert!(
                found.iter().all(|span| uri.is_char_boundary(span.start) && uri.is_char_boundary(span.end)),
                "{uri}"
            );
        }
    }
}
