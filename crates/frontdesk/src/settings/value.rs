//! How the value of a setting is read and shown.
//!
//! Every source (flag, environment, file) gives text, so there is one grammar per kind
//! of value. What is shown can be read back.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use report::{UnknownZone, Zone};

/// A kind of value.
pub(crate) trait Value: Sized {
    /// What to write, for documentation and error texts.
    const FORM: &'static str;

    /// Reads it.
    ///
    /// # Errors
    /// What was expected, without the offending text: the caller adds it.
    fn parse(text: &str) -> Result<Self, String>;

    /// Shows it so that [`Value::parse`] reads the same.
    fn show(&self) -> String;
}

impl Value for PathBuf {
    const FORM: &'static str = "path";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("expected a path".to_owned()) } else { Ok(PathBuf::from(text)) }
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Value for Option<PathBuf> {
    const FORM: &'static str = "path";

    fn parse(text: &str) -> Result<Self, String> {
        PathBuf::parse(text).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(String::new, PathBuf::show)
    }
}

/// Files and directories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paths(pub(crate) Vec<PathBuf>);

impl Value for Paths {
    const FORM: &'static str = "path,…";

    fn parse(text: &str) -> Result<Self, String> {
        let paths = text.split(',').map(str::trim).filter(|path| !path.is_empty());
        Ok(Paths(paths.map(PathBuf::from).collect()))
    }

    fn show(&self) -> String {
        self.0.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(",")
    }
}

/// The `$id` of a schema.
impl Value for Option<String> {
    const FORM: &'static str = "$id";

    fn parse(text: &str) -> Result<Self, String> {
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    fn show(&self) -> String {
        self.clone().unwrap_or_default()
    }
}

/// `host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) String);

impl Value for Address {
    const FORM: &'static str = "host:port";

    fn parse(text: &str) -> Result<Self, String> {
        match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(Address(text.to_owned())),
            _ => Err("expected an address and a port such as 127.0.0.1:8080; port 0 takes a free one".to_owned()),
        }
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

impl Value for Option<Address> {
    const FORM: &'static str = Address::FORM;

    fn parse(text: &str) -> Result<Self, String> {
        Address::parse(text).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(String::new, Address::show)
    }
}

/// DNS names, a leading `*.` included, and IP addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(pub(crate) Vec<String>);

impl Names {
    fn is_name(text: &str) -> bool {
        let name = text.strip_prefix("*.").unwrap_or(text);
        let is_label = |label: &str| {
            !label.is_empty() && label.len() < 64 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        text.parse::<IpAddr>().is_ok() || (name.len() < 254 && name.split('.').all(is_label))
    }
}

impl Value for Names {
    const FORM: &'static str = "name,…";

    fn parse(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(str::to_ascii_lowercase).collect();
        if names.iter().all(|name| Names::is_name(name)) {
            Ok(Names(names))
        } else {
            Err("expected DNS names and IP addresses such as desk.test,*.shop.test,192.168.1.7".to_owned())
        }
    }

    fn show(&self) -> String {
        self.0.join(",")
    }
}

/// Origins of pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origins(pub(crate) Vec<String>);

impl Value for Origins {
    const FORM: &'static str = "origin,…";

    /// What is one, the server knows.
    fn parse(text: &str) -> Result<Self, String> {
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        Ok(Origins(origins.map(|origin| origin.trim_end_matches('/').to_ascii_lowercase()).collect()))
    }

    fn show(&self) -> String {
        self.0.join(",")
    }
}

/// A time zone of the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeZone(pub(crate) Zone);

impl Value for TimeZone {
    const FORM: &'static str = "zone";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(TimeZone).map_err(|error: UnknownZone| error.to_string())
    }

    fn show(&self) -> String {
        self.0.name().to_owned()
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

const BYTE_UNITS: &[(&str, u64)] = &[("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl Value for Bytes {
    const FORM: &'static str = "bytes";

    fn parse(text: &str) -> Result<Self, String> {
        let (digits, factor) =
            BYTE_UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor))).unwrap_or((text, 1));
        let number = digits.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
        number.map(Bytes).ok_or_else(|| "expected bytes such as 512KiB, 64MiB, 4GiB or 65536".to_owned())
    }

    fn show(&self) -> String {
        let unit = BYTE_UNITS.iter().find(|(_, factor)| self.0 > 0 && self.0.is_multiple_of(*factor));
        match unit {
            Some((unit, factor)) => format!("{}{unit}", self.0 / factor),
            None => self.0.to_string(),
        }
    }
}

const TIME_UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

impl Value for Duration {
    const FORM: &'static str = "time";

    fn parse(text: &str) -> Result<Self, String> {
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(split);
        let factor = TIME_UNITS.iter().find(|(name, _)| *name == unit.trim()).map(|(_, factor)| *factor);
        let number = digits.parse::<u64>().ok();
        let ms = number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
        ms.map(Duration::from_millis)
            .ok_or_else(|| "expected a time with its unit such as 100ms, 5s, 2m or 1h".to_owned())
    }

    fn show(&self) -> String {
        let ms = self.as_millis() as u64;
        let (unit, factor) =
            TIME_UNITS.iter().rev().find(|(_, factor)| ms > 0 && ms.is_multiple_of(*factor)).unwrap_or(&("ms", 1));
        format!("{}{unit}", ms / factor)
    }
}

impl Value for u64 {
    const FORM: &'static str = "number";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "expected a whole number".to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    const FORM: &'static str = "text";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Value for BTreeMap<String, String> {
    const FORM: &'static str = "name=name,…";

    fn parse(text: &str) -> Result<Self, String> {
        let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
        pairs
            .map(|pair| match pair.split_once('=') {
                Some((key, value)) => Ok((key.trim().to_owned(), value.trim().to_owned())),
                None => Err("expected pairs such as name=value,other=value".to_owned()),
            })
            .collect()
    }

    fn show(&self) -> String {
        self.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
    }
}

/// One of a few words.
pub(crate) trait Word: Copy + PartialEq + 'static {
    /// The words, separated by `|`.
    const WORDS: &'static str;
    /// Each word's meaning.
    const ALL: &'static [(&'static str, Self)];
}

impl<W: Word> Value for W {
    const FORM: &'static str = W::WORDS;

    fn parse(text: &str) -> Result<Self, String> {
        let found = W::ALL.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        found.ok_or_else(|| format!("expected {}", W::WORDS.replace('|', " or ")))
    }

    fn show(&self) -> String {
        W::ALL.iter().find(|(_, value)| value == self).map_or_else(String::new, |(word, _)| (*word).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<V: Value>(input: &str, expect: Result<&str, &str>) {
        match (V::parse(input), expect) {
            (Ok(value), Ok(shown)) => {
                assert_eq!(value.show(), shown, "{input}");
                assert_eq!(V::parse(&value.show()).map(|v| v.show()), Ok(shown.to_owned()), "{input}");
            }
            (Err(message), Err(part)) => assert!(message.contains(part), "{input}: {message}"),
            (got, _) => panic!("{input}: {:?}", got.map(|v| v.show())),
        }
    }

    #[test]
    fn reads_and_shows() {
        check::<Bytes>("64MiB", Ok("64MiB"));
        check::<Bytes>("64 MiB", Ok("64MiB"));
        check::<Bytes>("1048576", Ok("1MiB"));
        check::<Bytes>("1000", Ok("1000"));
        check::<Bytes>("0", Ok("0"));
        check::<Bytes>("64MB", Err("64MiB"));
        check::<Bytes>("-1", Err("expected bytes"));
        check::<Bytes>("99999999999GiB", Err("expected bytes"));
        check::<Duration>("100ms", Ok("100ms"));
        check::<Duration>("5s", Ok("5s"));
        check::<Duration>("90s", Ok("90s"));
        check::<Duration>("120s", Ok("2m"));
        check::<Duration>("0s", Ok("0ms"));
        check::<Duration>("5", Err("unit"));
        check::<Duration>("s", Err("unit"));
        check::<Address>("127.0.0.1:0", Ok("127.0.0.1:0"));
        check::<Address>("[::1]:80", Ok("[::1]:80"));
        check::<Address>("localhost", Err("port"));
        check::<Address>(":80", Err("port"));
        check::<Option<Address>>("[::1]:443", Ok("[::1]:443"));
        check::<Option<Address>>("443", Err("port"));
        check::<Names>("", Ok(""));
        check::<Names>("Desk.test, *.shop.test,fd00::7", Ok("desk.test,*.shop.test,fd00::7"));
        check::<Names>("https://desk.test", Err("DNS names"));
        check::<Names>("desk.test:443", Err("DNS names"));
        check::<Names>("a..b", Err("DNS names"));
        check::<Names>("*", Err("DNS names"));
        check::<Names>("sh\u{f6}p.test", Err("DNS names"));
        check::<TimeZone>("europe/berlin", Ok("Europe/Berlin"));
        check::<TimeZone>("Europe/Berln", Err("did you mean Europe/Berlin"));
        check::<TimeZone>("", Err("Europe/Berlin"));
        check::<u64>("30", Ok("30"));
        check::<u64>("3.5", Err("whole number"));
        check::<BTreeMap<String, String>>("a=b, c=d", Ok("a=b,c=d"));
        check::<BTreeMap<String, String>>("", Ok(""));
        check::<BTreeMap<String, String>>("a", Err("pairs"));
        check::<PathBuf>("", Err("path"));
    }
}
