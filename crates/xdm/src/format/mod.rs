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

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&str, Format); 12] = [
        ("date-time", Format::DateTime),
        ("date", Format::Date),
        ("time", Format::Time),
        ("email", Format::Email),
        ("uri", Format::Uri),
        ("uri-reference", Format::UriReference),
        ("url", Format::Url),
        ("ipv4", Format::Ipv4),
        ("ipv6", Format::Ipv6),
        ("hostname", Format::Hostname),
        ("json-pointer", Format::JsonPointer),
        ("uri-template", Format::UriTemplate),
    ];

    #[test]
    fn the_example_in_each_sentence_is_one() {
        for (name, format) in ALL {
            assert_eq!(Format::named(name), Some(format));
            let sentence = format.example();
            let example = sentence.split("such as ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            assert!(format.is_match(example), "{name}: {example:?} of {sentence:?}");
            assert!(!format.is_match(" "), "{name}");
        }
        for name in ["", "Email", "regex", "iri", "idn-email", "date-time ", "uuid"] {
            assert_eq!(Format::named(name), None, "{name}");
        }
    }

    #[test]
    fn addresses_of_version_4_are_four_decimal_numbers() {
        for text in ["0.0.0.0", "255.255.255.255", "192.0.2.1", "1.10.100.0"] {
            assert!(Format::Ipv4.is_match(text), "{text}");
        }
        for text in [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "256.0.0.1",
            "1.2.3.-4",
            "01.2.3.4",
            "1.2.3.04",
            "1.2.3.4 ",
            " 1.2.3.4",
            "1.2.3.4/24",
            "1,2,3,4",
            "0x7f.0.0.1",
            "127.1",
            "2130706433",
            "1.2.3.",
            ".1.2.3",
            "1..2.3",
            "+1.2.3.4",
            "１.2.3.4",
            "::1.2.3.4",
            "1.2.3.4\n",
        ] {
            assert!(!Format::Ipv4.is_match(text), "{text}");
        }
    }

    #[test]
    fn addresses_of_version_6_are_in_the_forms_of_rfc_4291() {
        for text in [
            "::",
            "::1",
            "1::",
            "2001:db8::1",
            "1:2:3:4:5:6:7:8",
            "ABCD:ef01::",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "1::8",
            "::192.0.2.1",
            "::ffff:192.0.2.1",
            "1:2:3:4:5:6:192.0.2.1",
            "0000:0:00:000::",
            "fe80::1",
        ] {
            assert!(Format::Ipv6.is_match(text), "{text}");
        }
        for text in [
            "",
            ":",
            ":::",
            "1",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4::5:6:7:8",
            "::1::",
            "1::2::3",
            ":1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:",
            "12345::",
            "::00001",
            "g::",
            "1:2:3:4:5:6:7:192.0.2.1",
            "::192.0.2",
            "::192.0.2.256",
            "::192.0.2.01",
            "::1%eth0",
            "fe80::1%25en0",
            "[::1]",
            "::1/64",
            " ::1",
            "::1 ",
            "192.0.2.1",
            "::ffff:192.0.2.1:1",
        ] {
            assert!(!Format::Ipv6.is_match(text), "{text}");
        }
    }
}
