//! `format`: recognisers written by hand, so that a check costs nanoseconds. They follow
//! the RFCs as the strict mode of the usual validators does; a property test compares
//! them with a library.

mod email;
pub(crate) mod instant;
mod uri;

use std::net::{Ipv4Addr, Ipv6Addr};

use instant::Wanted;

/// A format that is checked. Others are annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    DateTime,
    Date,
    Time,
    Email,
    Uri,
    UriReference,
    Url,
    Ipv4,
    Ipv6,
}

impl Format {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "date-time" => Format::DateTime,
            "date" => Format::Date,
            "time" => Format::Time,
            "email" => Format::Email,
            "uri" => Format::Uri,
            "uri-reference" => Format::UriReference,
            "url" => Format::Url,
            "ipv4" => Format::Ipv4,
            "ipv6" => Format::Ipv6,
            _ => return None,
        })
    }

    pub(crate) fn is_match(self, text: &str) -> bool {
        match self {
            Format::DateTime => instant::parse(text).is_some(),
            Format::Date => instant::is_date(text),
            Format::Time => instant::is_time(text),
            Format::Email => email::is_email(text),
            Format::Uri => uri::is_uri(text),
            Format::UriReference => uri::is_uri_reference(text),
            Format::Url => uri::is_url(text),
            Format::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Format::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
        }
    }

    /// What is wrong with a text that doesn't match, where more can be said than what is
    /// wanted.
    pub(crate) fn fault(self, text: &str) -> Option<String> {
        let wanted = match self {
            Format::DateTime => Wanted::DateTime,
            Format::Date => Wanted::Date,
            Format::Time => Wanted::Time,
            _ => return None,
        };
        instant::fault(text, wanted)
    }

    /// What a sender should write: "a … such as …".
    pub(crate) fn example(self) -> &'static str {
        match self {
            Format::DateTime => "an RFC 3339 date-time with a zone, such as 2026-11-22T14:07:15.762Z",
            Format::Date => "a date such as 2026-11-22",
            Format::Time => "a time with a zone, such as 14:07:15Z",
            Format::Email => "an e-mail address such as name@shop.example (ASCII, no display name)",
            Format::Uri => "an absolute URI such as https://shop.example/contact",
            Format::UriReference => "a URI or relative reference without spaces, such as /contact",
            Format::Url => "an http, https or ftp URL such as https://shop.example/contact",
            Format::Ipv4 => "an IPv4 address such as 192.0.2.1",
            Format::Ipv6 => "an IPv6 address such as 2001:db8::1",
        }
    }
}
