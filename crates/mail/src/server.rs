//! Which SMTP server takes the mails, from a URL: `smtps://user@mail.example:465`, `smtp://mail.example:587`.
//!
//! `smtps` speaks TLS from the first byte, `smtp` asks for it by STARTTLS and sends nothing without it. A server on this machine's
//! loopback is spoken to in clear: nothing crosses a network.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;
use url::{Host, Url};

/// How the connection is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// Asked for by STARTTLS; without it nothing is sent.
    StartTls,
    /// In clear, on loopback.
    Loopback,
}

/// An SMTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name or address, as certificates have it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user that logs in; `None` for no login.
    pub user: Option<String>,
    /// How the connection is kept private.
    pub security: Security,
}

/// Why a text names no SMTP server. None repeats it: it may have a password in it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SmtpServerError {
    /// Not such a URL.
    #[error("expected an SMTP server such as smtps://user@mail.example:465 or smtp://mail.example:587")]
    Unreadable,
    /// A password where it would be shown.
    #[error(
        "expected a URL without a password; write it into the file that smtp_password_file names, or into the variable FRONTDESK_SMTP_PASSWORD"
    )]
    Password,
}

impl SmtpServer {
    /// Reads the URL.
    ///
    /// # Errors
    /// [`SmtpServerError`], which says what to write instead.
    pub fn parse(text: &str) -> Result<SmtpServer, SmtpServerError> {
        let url: Url = text.trim().parse().map_err(|_| SmtpServerError::Unreadable)?;
        if url.password().is_some() {
            return Err(SmtpServerError::Password);
        }
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let is_tls = match url.scheme() {
            "smtps" => true,
            "smtp" => false,
            _ => return Err(SmtpServerError::Unreadable),
        };
        let host = url.host_str().filter(|host| !host.is_empty() && is_bare).ok_or(SmtpServerError::Unreadable)?;
        // Of a scheme that it doesn't know, `url` leaves hosts as they are written.
        let parsed = Host::parse(host).map_err(|_| SmtpServerError::Unreadable)?;
        let (host, address) = match parsed {
            Host::Domain(name) => (name, None),
            Host::Ipv4(address) => (address.to_string(), Some(IpAddr::V4(address))),
            Host::Ipv6(address) => (address.to_string(), Some(IpAddr::V6(address))),
        };
        let is_loopback = host == "localhost" || address.is_some_and(|address| address.is_loopback());
        let security = match (is_tls, is_loopback) {
            (true, _) => Security::Tls,
            (false, true) => Security::Loopback,
            (false, false) => Security::StartTls,
        };
        let user = decoded(url.username())?;
        Ok(SmtpServer { host, port: url.port().unwrap_or(if is_tls { 465 } else { 587 }), user, security })
    }
}

impl fmt::Display for SmtpServer {
    /// As a URL that is read again; the user is named by whoever set it, and no secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.security == Security::Tls { "smtps://" } else { "smtp://" })?;
        if let Some(user) = &self.user {
            for byte in user.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        write!(formatter, "{}", char::from(byte))?;
                    }
                    other => write!(formatter, "%{other:02X}")?,
                }
            }
            formatter.write_str("@")?;
        }
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

/// What `%40` and the like stand for.
fn decoded(user: &str) -> Result<Option<String>, SmtpServerError> {
    if user.is_empty() {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(user.len());
    let mut rest = user.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or(SmtpServerError::Unreadable)?;
        bytes.push(byte);
        rest = &rest[2..];
    }
    let user = String::from_utf8(bytes).ok().filter(|user| !user.chars().any(report::is_steering));
    user.map(Some).ok_or(SmtpServerError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows_servers() {
        let check = |text: &str, shown: &str, security: Security, user: Option<&str>| {
            let server = SmtpServer::parse(text).unwrap();
            assert_eq!((server.to_string().as_str(), server.security, server.user.as_deref()), (shown, security, user));
            assert_eq!(SmtpServer::parse(shown), Ok(server));
        };
        check("smtps://mail.example", "smtps://mail.example:465", Security::Tls, None);
        check("smtp://mail.example", "smtp://mail.example:587", Security::StartTls, None);
        check("smtp://127.0.0.1:25", "smtp://127.0.0.1:25", Security::Loopback, None);
        check("smtp://localhost:2525/", "smtp://localhost:2525", Security::Loopback, None);
        check("smtp://[::1]:25", "smtp://[::1]:25", Security::Loopback, None);
        check("smtps://127.0.0.1:465", "smtps://127.0.0.1:465", Security::Tls, None);
        // A name that only begins like loopback is a stranger's.
        check("smtp://127.0.0.1.evil.example", "smtp://127.0.0.1.evil.example:587", Security::StartTls, None);
        check("smtp://192.0.2.7:25", "smtp://192.0.2.7:25", Security::StartTls, None);
        let user = Some("desk@shop.example");
        check(
            "smtps://desk%40shop.example@mail.example",
            "smtps://desk%40shop.example@mail.example:465",
            Security::Tls,
            user,
        );
    }

    #[test]
    fn says_what_is_wrong_and_never_what_was_written() {
        let check = |text: &str, expect: SmtpServerError| assert_eq!(SmtpServer::parse(text), Err(expect), "{text}");
        check("smtps://user:secret@mail.example", SmtpServerError::Password);
        for text in [
            "",
            "mail.example:25",
            "http://mail.example",
            "smtp://",
            "smtp://mail.example/x",
            "smtp://mail.example?a=b",
            "smtp://u%0d%0a@mail.example",
            "smtp://mail.example:99999",
            "smtp://u%zz@mail.example",
        ] {
            check(text, SmtpServerError::Unreadable);
        }
    }
}
