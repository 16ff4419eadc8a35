//! Addresses of mails, as settings have them: `desk@shop.example`, or `Frontdesk <desk@shop.example>`.
//!
//! Strict on purpose: no control character, no list in one text, no letters beyond ASCII in the address itself, which
//! not every server takes. What is refused here reaches no header and no command.

use std::fmt;

use lettre::Address;
use lettre::message::Mailbox;
use thiserror::Error;

/// Longest address, in bytes (RFC 5321).
const ADDRESS_BYTES_MAX: usize = 254;
/// Longest name before it, in letters.
const NAME_LETTERS_MAX: usize = 100;

/// An address that mails can be sent to or from, perhaps with a name.
///
/// It is shown by [`MailAddress::text`] alone: neither `Debug` nor `Display` tell it, so that it reaches no log.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(Mailbox);

/// Why a text is no address.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum AddressError {
    /// Something that must not be in a header.
    #[error("it has a control character; write one address, such as desk@shop.example")]
    Control,
    /// Not an address.
    #[error("it isn't one address; write desk@shop.example or Frontdesk <desk@shop.example>")]
    Unreadable,
    /// Letters that not every server takes.
    #[error("it has letters beyond ASCII; write its domain as xn--…")]
    NotAscii,
    /// Too long.
    #[error("it is longer than {ADDRESS_BYTES_MAX} bytes")]
    TooLong,
}

impl MailAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// [`AddressError`], which doesn't repeat the text.
    pub fn parse(text: &str) -> Result<MailAddress, AddressError> {
        let text = text.trim();
        if text.chars().any(report::is_steering) {
            return Err(AddressError::Control);
        }
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address),
            None => ("", text),
        };
        if address.len() > ADDRESS_BYTES_MAX || name.chars().count() > NAME_LETTERS_MAX {
            return Err(AddressError::TooLong);
        }
        if !address.is_ascii() {
            return Err(AddressError::NotAscii);
        }
        let is_plain = |text: &str| !text.contains(['<', '>', ',', ';', '"', '\\']);
        let has_domain = address.rsplit_once('@').is_some_and(|(_, domain)| !domain.starts_with('['));
        if !is_plain(name) || !is_plain(address) || address.contains(' ') || !has_domain {
            return Err(AddressError::Unreadable);
        }
        let address: Address = address.parse().map_err(|_| AddressError::Unreadable)?;
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(MailAddress(Mailbox::new(name, address)))
    }

    /// As it was written, to be read again by [`MailAddress::parse`].
    pub fn text(&self) -> String {
        match &self.0.name {
            Some(name) => format!("{name} <{}>", self.0.email),
            None => self.0.email.to_string(),
        }
    }

    /// What is behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.0
    }
}

impl fmt::Debug for MailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MailAddress")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_address() {
        let check = |text: &str, expect: Result<&str, AddressError>| {
            assert_eq!(
                MailAddress::parse(text).map(|address| address.text()).as_deref(),
                expect.as_ref().copied(),
                "{text:?}"
            );
        };
        check("jo@shop.example", Ok("jo@shop.example"));
        check(" Front Desk <desk+a.b@shop.example> ", Ok("Front Desk <desk+a.b@shop.example>"));
        check("\"Front Desk\" <desk@shop.example>", Ok("Front Desk <desk@shop.example>"));
        check("Müller <m@shop.example>", Ok("Müller <m@shop.example>"));
        use AddressError::{Control, NotAscii, TooLong, Unreadable};
        for text in [
            "",
            "jo",
            "@shop.example",
            "jo@",
            "jo@@shop.example",
            "a@b.example, c@d.example",
            "a@b.example;c@d.example",
            "<a@b.example> x",
            "x <a@b.example",
            "\"a b\"@shop.example",
            "jo@shop.example>",
            "jo@[127.0.0.1]",
            "a b@shop.example",
            "x <<a@b.example>>",
        ] {
            check(text, Err(Unreadable));
        }
        for text in
            ["a@b.example\r\nBcc: c@d.example", "x\ny <a@b.example>", "a\0@b.example", "\u{202e}x <a@b.example>"]
        {
            check(text, Err(Control));
        }
        check("jö@shop.example", Err(NotAscii));
        check("jo@shöp.example", Err(NotAscii));
        check(&format!("{}@shop.example", "a".repeat(300)), Err(TooLong));
    }

    #[test]
    fn it_is_not_shown_by_accident() {
        let address = MailAddress::parse("Jo <jo@shop.example>").unwrap();
        assert_eq!(format!("{address:?}"), "MailAddress");
    }
}
