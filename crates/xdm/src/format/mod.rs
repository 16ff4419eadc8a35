//! `format`: recognisers written by hand, so that a check costs nanoseconds. They follow
//! the RFCs as the strict mode of the usual validators does; a property test compares
//! them with a library.

mod email;
mod hostname;
pub(crate) mod instant;
mod json_pointer;
mod uri;
mod uri_template;

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
    Hostname,
    JsonPointer,
    UriTemplate,
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
            "hostname" => Format::Hostname,
            "json-pointer" => Format::JsonPointer,
            "uri-template" => Format::UriTemplate,
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
            Format::Hostname => hostname::is_hostname(text),
            Format::JsonPointer => json_pointer::is_json_pointer(text),
            Format::UriTemplate => uri_template::is_uri_template(text),
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
            Format::Hostname => "the name of a host such as www.shop.example",
            Format::JsonPointer => "a JSON pointer such as /customerFeedback/chatStart",
            Format::UriTemplate => "a URI template such as https://shop.example/contact/{topic}",
        }
    }
}
