//! Which events a report is about, as people write it.
//!
//! `subject=Billing&subject=Orders` is either of them, `subject=!Billing` all but this one, and an
//! empty value stands for events without one. A value that begins with `!` or `\` is written with a
//! `\` before it.

use serde::{Deserialize, Serialize};
use summary::{Channel, Channels, Filter, Values};
use thiserror::Error;

use super::words::{listed, repeated};

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

    pub(crate) fn read(&self) -> Result<Filter, FilterError> {
        let lists = [
            ("datastream", &self.datastream),
            ("channel", &self.channel),
            ("subject", &self.subject),
            ("page", &self.page),
        ];
        if let Some((kind, _)) = lists.iter().find(|(_, values)| values.len() > FILTER_VALUES_MAX) {
            return Err(FilterError::TooMany { kind });
        }
        Ok(Filter {
            datastream: values(&self.datastream),
            channel: channels(&self.channel)?,
            subject: values(&self.subject),
            page: values(&self.page),
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
