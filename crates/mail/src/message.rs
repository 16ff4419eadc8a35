//! A mail as it is sent: headers, a plain part and an HTML part.
//!
//! Its id is made of what it is about and whom it is for, so that a mail that has to be sent again is the same mail,
//! and a mailbox that has it already can tell.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Message, MultiPart, SinglePart};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_128;

use crate::address::MailAddress;

/// Longest subject, in letters; more is cut off.
const SUBJECT_LETTERS_MAX: usize = 200;
/// The last instant that a date in a mail has, in microseconds since 1970: the end of the year 9999.
const DATE_MICROS_MAX: u64 = 253_402_300_799_000_000;
/// Longest mail, in bytes as it is sent.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The subject line.
    pub subject: String,
    /// For programs that show no HTML.
    pub text: String,
    /// For those that do: a whole document.
    pub html: String,
}

/// What tells a mail from all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailId<'a> {
    /// What kind it is.
    pub kind: &'a str,
    /// Of which mailing or alert it is.
    pub name: &'a str,
    /// Of which period.
    pub period: &'a str,
}

/// Why a mail can't be made.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum MessageError {
    /// It is too long.
    #[error("the mail is longer than {MESSAGE_BYTES_MAX} bytes; show less with limit, or a shorter period")]
    TooLong,
    /// The library refuses it.
    #[error("the mail can't be put together")]
    Unbuildable,
}

/// Puts a mail together. `now_micros` is its date.
///
/// # Errors
/// [`MessageError`].
pub fn message(
    content: &Content,
    from: &MailAddress,
    to: &MailAddress,
    id: &MailId<'_>,
    now_micros: i64,
) -> Result<Vec<u8>, MessageError> {
    let hash = xxh3_128(format!("{}\0{}\0{}\0{}", id.kind, id.name, id.period, to.text()).as_bytes());
    let date = UNIX_EPOCH + Duration::from_micros(u64::try_from(now_micros).unwrap_or(0).min(DATE_MICROS_MAX));
    // What answers by itself, as on holidays, leaves such mails alone (RFC 3834).
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    let parts = MultiPart::alternative()
        .boundary(format!("frontdesk-{hash:032x}"))
        .singlepart(SinglePart::plain(content.text.clone()))
        .singlepart(SinglePart::html(content.html.clone()));
    let message = Message::builder()
        .from(from.mailbox().clone())
        .to(to.mailbox().clone())
        .subject(subject(&content.subject))
        .date(date)
        .message_id(Some(format!("<{hash:032x}@{}>", from.domain())))
        .raw_header(automatic)
        .multipart(parts)
        .map_err(|_| MessageError::Unbuildable)?
        .formatted();
    if message.len() > MESSAGE_BYTES_MAX {
        return Err(MessageError::TooLong);
    }
    Ok(message)
}

/// One line, short enough, with nothing that steers: a subject is made of names that others have written.
fn subject(text: &str) -> String {
    let visible = report::visible(text);
    match visible.char_indices().nth(SUBJECT_LETTERS_MAX) {
        None => visible.into_owned(),
        Some((end, _)) => format!("{}…", &visible[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(subject: &str, from: &str) -> String {
        let content = Content {
            subject: subject.to_owned(),
            text: "1,942 – up\n.\nend".to_owned(),
            html: "<p>1,942 – up</p>".to_owned(),
        };
        let [from, to] = [from, "Jo <jo@shop.example>"].map(|text| MailAddress::parse(text).unwrap());
        let id = MailId { kind: "mailing", name: "weekly", period: "2026-11-22" };
        String::from_utf8(message(&content, &from, &to, &id, 1_795_361_400_000_000).unwrap()).unwrap()
    }

    #[test]
    fn a_mail_has_both_parts_and_is_plain_ascii() {
        let text = made("1,942 contact requests", "Frontdesk <desk@shop.example>");
        assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 998), "{text}");
        for expect in [
            "From: Frontdesk <desk@shop.example>\r\n",
            "To: Jo <jo@shop.example>\r\n",
            "Subject: 1,942 contact requests\r\n",
            "Date: Sun, 22 Nov 2026 15:30:00 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "MIME-Version: 1.0\r\n",
            "Content-Type: multipart/alternative;",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
        ] {
            assert!(text.contains(expect), "{expect}: {text}");
        }
        assert!(text.find("text/plain").unwrap() < text.find("text/html").unwrap(), "the best part is the last");
        // The same mail has the same id, for another recipient another.
        let id = |text: &str| text.split("Message-ID: ").nth(1).unwrap().lines().next().unwrap().to_owned();
        assert_eq!(id(&text), id(&made("another", "Frontdesk <desk@shop.example>")));
        assert!(id(&text).ends_with("@shop.example>"));
    }

    #[test]
    fn nothing_gets_into_the_headers() {
        for subject in
            ["a\r\nBcc: x@evil.example", "a\nX: y", "a\r\n\r\n<script>", "\u{202e}a\u{0}", "=?utf-8?q?a=0d=0aBcc:?="]
        {
            let text = made(subject, "desk@shop.example");
            let (head, _) = text.split_once("\r\n\r\n").unwrap();
            assert!(!head.contains("\r\nBcc") && !head.contains("\r\nX:") && !head.contains('\0'), "{head}");
            assert!(head.is_ascii() && head.contains("\r\nMIME-Version: 1.0"), "{head}");
        }
        // The library would encode them; they don't get so far.
        for text in ["a\r\nBcc: x@evil.example", "\u{202e}a\u{0}"] {
            assert!(!subject(text).chars().any(report::is_steering), "{text:?}");
        }
        let long = made(&"é".repeat(10_000), "desk@shop.example");
        assert!(long.lines().all(|line| line.len() <= 998) && long.split_once("\r\n\r\n").unwrap().0.len() < 4_000);
    }
}
