//! Which events a report is about, as people write it.
//!
//! `subject=Billing&subject=Orders` is either of them, `subject=!Billing` all but this one, and an
//! empty value stands for events without one, which devices and referrers have words for, too. A value that
//! begins with `!` or `\` is written with a `\` before it.

use serde::{Deserialize, Serialize};
use summary::{Channel, Channels, Device, Filter, Values, referrer_named};
use thiserror::Error;

use super::words::{listed, repeated};

/// The parameters of filters, in the order of the documentation.
pub const FILTERS: [&str; 6] = ["datastream", "channel", "subject", "page", "device", "referrer"];

/// Stands for events whose device isn't known.
pub const UNKNOWN_DEVICE: &str = "unknown";

/// Stands for events without a referrer.
pub const NO_REFERRER: &str = "(none)";

/// Most values of one kind.
pub(super) const FILTER_VALUES_MAX: usize = 100;

/// The values as they were written, by kind; a kind that is empty lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WrittenFilter {
    /// Datastreams.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub datastream: Vec<String>,
    /// Channels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channel: Vec<String>,
    /// Subjects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subject: Vec<String>,
    /// Pages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub page: Vec<String>,
    /// Devices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub device: Vec<String>,
    /// Referrers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub referrer: Vec<String>,
}

/// Why values can't be filtered by.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FilterError {
    /// No such channel.
    #[error("there is no channel {written:?}; write {}", listed(&Channel::ALL.map(|channel| channel.name())))]
    UnknownChannel {
        /// What was written.
        written: String,
    },
    /// No such device.
    #[error(
        "there is no device {written:?}; write {}",
        listed(&Device::ALL.map(Device::name).into_iter().chain([UNKNOWN_DEVICE]).collect::<Vec<_>>())
    )]
    UnknownDevice {
        /// What was written.
        written: String,
    },
    /// Too many values.
    #[error("{kind} is given more than {FILTER_VALUES_MAX} times; ask for fewer")]
    TooMany {
        /// The parameter.
        kind: &'static str,
    },
}

impl WrittenFilter {
    /// Whether all events pass.
    pub fn is_empty(&self) -> bool {
        *self == WrittenFilter::default()
    }

    /// The values of each kind, in the order of [`FILTERS`].
    pub fn lists(&self) -> [(&'static str, &Vec<String>); FILTERS.len()] {
        let WrittenFilter { datastream, channel, subject, page, device, referrer } = self;
        let lists = [datastream, channel, subject, page, device, referrer];
        std::array::from_fn(|at| (FILTERS[at], lists[at]))
    }

    /// The values of the kind that a parameter is for; `None` for one of something else.
    pub(crate) fn list(&mut self, parameter: &str) -> Option<&mut Vec<String>> {
        Some(match parameter {
            "datastream" => &mut self.datastream,
            "channel" => &mut self.channel,
            "subject" => &mut self.subject,
            "page" => &mut self.page,
            "device" => &mut self.device,
            "referrer" => &mut self.referrer,
            _ => return None,
        })
    }

    pub(crate) fn read(&self) -> Result<Filter, FilterError> {
        if let Some((kind, _)) = self.lists().iter().find(|(_, values)| values.len() > FILTER_VALUES_MAX) {
            return Err(FilterError::TooMany { kind });
        }
        Ok(Filter {
            datastream: values(&self.datastream),
            channel: channels(&self.channel)?,
            subject: values(&self.subject),
            page: values(&self.page),
            device: devices(&self.device)?,
            referrer: referrers(&self.referrer),
        })
    }
}

/// A value, and whether it is one to leave out.
fn value(written: &str) -> (bool, &str) {
    let (is_out, value) = written.strip_prefix('!').map_or((false, written), |value| (true, value));
    let escaped = value.strip_prefix('\\').filter(|value| value.starts_with(['!', '\\']));
    (is_out, escaped.unwrap_or(value))
}

fn values(written: &[String]) -> Values {
    let mut values = Values::default();
    for (is_out, value) in written.iter().map(|written| value(written)) {
        let list = if is_out { &mut values.none_of } else { &mut values.any_of };
        if !list.iter().any(|other| other == value) {
            list.push(value.to_owned());
        }
    }
    values
}

/// Values as they are compared.
fn renamed(values: Values, mut rename: impl FnMut(String) -> String) -> Values {
    let Values { any_of, none_of } = values;
    Values { any_of: any_of.into_iter().map(&mut rename).collect(), none_of: none_of.into_iter().map(rename).collect() }
}

fn devices(written: &[String]) -> Result<Values, FilterError> {
    let values = renamed(values(written), |name| if name == UNKNOWN_DEVICE { String::new() } else { name });
    let is_known = |name: &str| name.is_empty() || Device::ALL.iter().any(|device| device.name() == name);
    match values.any_of.iter().chain(&values.none_of).find(|name| !is_known(name)) {
        Some(unknown) => Err(FilterError::UnknownDevice { written: repeated(unknown) }),
        None => Ok(values),
    }
}

/// A host may be written as an address that has it.
fn referrers(written: &[String]) -> Values {
    renamed(values(written), |host| if host == NO_REFERRER { String::new() } else { referrer_named(&host) })
}

fn channels(written: &[String]) -> Result<Channels, FilterError> {
    let mut channels = Channels::default();
    for (is_out, name) in written.iter().map(|written| value(written)) {
        let channel = Channel::ALL.into_iter().find(|channel| channel.name() == name);
        let unknown = || FilterError::UnknownChannel { written: repeated(name) };
        let channel = channel.ok_or_else(unknown)?;
        let list = if is_out { &mut channels.none_of } else { &mut channels.any_of };
        if !list.contains(&channel) {
            list.push(channel);
        }
    }
    Ok(channels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn reads_values() {
        let check = |written: &[&str], any_of: &[&str], none_of: &[&str]| {
            let filter = WrittenFilter { subject: texts(written), ..WrittenFilter::default() }.read().unwrap();
            let expect = Values { any_of: texts(any_of), none_of: texts(none_of) };
            assert_eq!(filter, Filter { subject: expect, ..Filter::default() }, "{written:?}");
        };
        check(&[], &[], &[]);
        check(&["Billing", "Orders", "Billing"], &["Billing", "Orders"], &[]);
        check(&["!Billing"], &[], &["Billing"]);
        check(&[""], &[""], &[]);
        check(&["!"], &[], &[""]);
        check(&[r"\!x", r"!\!y", r"\\z", r"\n"], &["!x", r"\z", r"\n"], &["!y"]);
    }

    #[test]
    fn reads_devices() {
        let read = |written: &[&str]| WrittenFilter { device: texts(written), ..WrittenFilter::default() }.read();
        let expect = Values { any_of: texts(&["mobile", ""]), none_of: texts(&["app"]) };
        assert_eq!(read(&["mobile", "unknown", "!app"]).map(|filter| filter.device), Ok(expect));
        assert_eq!(
            read(&["", "!"]).map(|filter| filter.device),
            read(&["unknown", "!unknown"]).map(|filter| filter.device)
        );
        let message = read(&["!phone"]).unwrap_err().to_string();
        assert_eq!(message, "there is no device \"phone\"; write desktop, mobile, tablet, app, other or unknown");
        assert!(read(&["Mobile"]).is_err());
    }

    #[test]
    fn reads_referrers() {
        let check = |written: &str, expect: &str| {
            let filter = WrittenFilter { referrer: texts(&[written]), ..WrittenFilter::default() }.read().unwrap();
            assert_eq!(filter.referrer.any_of, [expect], "{written}");
        };
        check("search.example", "search.example");
        check("https://WWW.search.example/?q=x", "search.example");
        check("(none)", "");
        check("", "");
        check("(internal)", "(internal)");
        let filter = WrittenFilter { referrer: texts(&["!(none)"]), ..WrittenFilter::default() }.read().unwrap();
        assert_eq!(filter.referrer.none_of, [""]);
    }

    #[test]
    fn every_kind_has_its_list() {
        let mut filter = WrittenFilter::default();
        for parameter in FILTERS {
            filter.list(parameter).unwrap().push(parameter.to_owned());
        }
        assert!(filter.list("since").is_none());
        assert!(filter.lists().iter().all(|(name, values)| *values == &[(*name).to_owned()]));
    }

    #[test]
    fn reads_channels() {
        let read = |written: &[&str]| WrittenFilter { channel: texts(written), ..WrittenFilter::default() }.read();
        let expect = Channels { any_of: vec![Channel::Call], none_of: vec![Channel::DirectMessage] };
        assert_eq!(read(&["call", "!direct_message"]).map(|filter| filter.channel), Ok(expect));
        let message = read(&["phone"]).unwrap_err().to_string();
        assert_eq!(message, "there is no channel \"phone\"; write chat, call, text, email or direct_message");
        assert!(read(&[""]).is_err());
        let many = vec!["a"; FILTER_VALUES_MAX + 1];
        let error = WrittenFilter { page: texts(&many), ..WrittenFilter::default() }.read().unwrap_err();
        assert_eq!(error.to_string(), "page is given more than 100 times; ask for fewer");
    }
}
