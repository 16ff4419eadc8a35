//! The variables of a connection: what `set` keeps and `show` tells.
//!
//! Some of them would change what is answered. Those that can't be honoured are refused rather
//! than kept: a day that is counted in another zone than a tool believes is a wrong number.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::refusal::Refusal;

/// Variables that can be set besides those that are known.
const SET_MAX: usize = 100;
/// Longest name and longest value.
const TEXT_BYTES_MAX: usize = 1_024;

/// The version that programs are told, which they choose their questions by.
pub(crate) const SERVER_VERSION: &str = "15.0";

/// What there is, and what a client is told of by itself.
const KNOWN: &[(&str, &str, bool)] = &[
    ("application_name", "", true),
    ("bytea_output", "hex", false),
    ("client_encoding", "UTF8", true),
    ("client_min_messages", "notice", false),
    ("datestyle", "ISO, MDY", true),
    ("default_transaction_isolation", "read committed", false),
    ("default_transaction_read_only", "on", true),
    ("extra_float_digits", "1", false),
    ("idle_in_transaction_session_timeout", "0", false),
    ("in_hot_standby", "off", true),
    ("integer_datetimes", "on", true),
    ("intervalstyle", "postgres", true),
    ("is_superuser", "off", true),
    ("lc_collate", "C", false),
    ("lc_ctype", "C", false),
    ("lock_timeout", "0", false),
    ("max_identifier_length", "63", false),
    ("max_index_keys", "32", false),
    ("search_path", "public", false),
    ("server_encoding", "UTF8", true),
    ("server_version", SERVER_VERSION, true),
    ("server_version_num", "150000", false),
    ("session_authorization", "frontdesk", true),
    ("standard_conforming_strings", "on", true),
    ("statement_timeout", "0", false),
    ("timezone", "UTC", true),
    ("transaction_isolation", "read committed", false),
    ("transaction_read_only", "on", false),
];

/// Names as they are written in messages about them.
const SPELLED: [(&str, &str); 3] =
    [("datestyle", "DateStyle"), ("intervalstyle", "IntervalStyle"), ("timezone", "TimeZone")];

/// What was set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    /// By the first message: what a reset goes back to.
    at_begin: BTreeMap<String, String>,
    set: BTreeMap<String, String>,
}

impl Variables {
    /// Of what a first message says only what can be honoured is kept: a driver that tells its own
    /// zone doesn't ask to count in it, and one that can't connect for it shows nothing at all. With a
    /// warning where there is something that its user may take for granted.
    pub(crate) fn begin(parameters: &[(String, String)]) -> (Variables, Option<Refusal>) {
        let mut variables = Variables::default();
        let mut warning = None;
        for (name, value) in parameters {
            let name = name.to_ascii_lowercase();
            if KNOWN.iter().any(|(known, ..)| *known == name) {
                // What is refused stays as it was.
                let refused = variables.set(&name, Some(value.clone())).err();
                if name == "timezone" {
                    warning = refused.map(|_| not_in_zone());
                }
            }
        }
        variables.at_begin = std::mem::take(&mut variables.set);
        (variables, warning)
    }

    /// What a client is told of at its login.
    pub(crate) fn reported(&self) -> Vec<(&'static str, String)> {
        let reported = KNOWN.iter().filter(|(_, _, is_reported)| *is_reported);
        reported.map(|(name, ..)| (spelled(name), self.get(name).unwrap_or_default())).collect()
    }

    /// The spelled name and the value, if the client shall be told of a change.
    pub(crate) fn reported_change(&self, name: &str) -> Option<(&'static str, String)> {
        let (known, ..) = KNOWN.iter().find(|(known, _, is_reported)| *known == name && *is_reported)?;
        Some((spelled(known), self.get(known)?))
    }

    /// # Errors
    /// There is no such variable.
    pub(crate) fn show(&self, name: &str) -> Result<String, Refusal> {
        self.get(name).ok_or_else(|| {
            Refusal::error("42704", "there is no variable of this name").hint("show all lists those that there are")
        })
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<(String, String)> {
        let known = KNOWN.iter().map(|(name, ..)| (*name).to_owned());
        let mut names: Vec<String> = known.chain(self.set.keys().cloned()).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().filter_map(|name| self.get(&name).map(|value| (name, value))).collect()
    }

    fn get(&self, name: &str) -> Option<String> {
        let set = self.set.get(name).or_else(|| self.at_begin.get(name)).cloned();
        set.or_else(|| KNOWN.iter().find(|(known, ..)| *known == name).map(|(_, value, _)| (*value).to_owned()))
    }

    /// Sets a variable, or forgets what was set.
    ///
    /// # Errors
    /// It can't have this value, or there are too many.
    pub(crate) fn set(&mut self, name: &str, value: Option<String>) -> Result<(), Refusal> {
        let Some(value) = value else {
            self.set.remove(name);
            return Ok(());
        };
        let lower = value.to_ascii_lowercase();
        let wrong = |why: &str| Err(Refusal::error("22023", format!("{name} can't have this value: {why}")));
        match name {
            "client_encoding" if !["utf8", "utf-8", "unicode"].contains(&lower.as_str()) => {
                return wrong("texts are in UTF8");
            }
            "timezone" if !is_utc(&lower) => {
                return Err(not_in_zone());
            }
            "datestyle" if !lower.starts_with("iso") => return wrong("dates are written in the form ISO"),
            "bytea_output" if lower != "hex" => return wrong("bytes are written in hexadecimal"),
            "standard_conforming_strings" if !is_on(&lower) => return wrong("a backslash is a backslash"),
            "transaction_read_only" | "default_transaction_read_only" if !is_on(&lower) => {
                return wrong("this port only reads");
            }
            "statement_timeout" | "idle_in_transaction_session_timeout" if duration(&lower).is_none() => {
                return wrong("write a time, such as 5000 (milliseconds), '5s' or '2min'");
            }
            "server_version"
            | "server_version_num"
            | "server_encoding"
            | "is_superuser"
            | "integer_datetimes"
            | "in_hot_standby"
            | "session_authorization"
            | "max_identifier_length"
            | "max_index_keys" => {
                return wrong("it can't be set");
            }
            _ => {}
        }
        if name.len() > TEXT_BYTES_MAX || value.len() > TEXT_BYTES_MAX {
            return Err(Refusal::error("22023", format!("a variable has at most {TEXT_BYTES_MAX} bytes")));
        }
        if !self.set.contains_key(name) && self.set.len() >= SET_MAX {
            return Err(Refusal::error("54000", format!("at most {SET_MAX} variables can be set")).hint("reset all"));
        }
        self.set.insert(name.to_owned(), value);
        Ok(())
    }

    /// Forgets everything that was set.
    pub(crate) fn reset(&mut self) {
        self.set.clear();
    }

    /// The longest time that a statement may take, if there is one.
    pub(crate) fn statement_timeout(&self) -> Option<Duration> {
        duration(&self.get("statement_timeout")?).filter(|timeout| !timeout.is_zero())
    }

    /// How long a transaction may wait for its client, if that is limited.
    pub(crate) fn idle_in_transaction_session_timeout(&self) -> Option<Duration> {
        duration(&self.get("idle_in_transaction_session_timeout")?).filter(|timeout| !timeout.is_zero())
    }
}

/// Some things could follow a session's zone and others couldn't: columns have UTC in their type, whether an event is late and
/// which date it has is by UTC days, and the engine's own option of a zone changes no column. A query that counts half in one and half in the
/// other is a wrong number that nobody sees.
fn not_in_zone() -> Refusal {
    let message = "TimeZone is UTC and can't be another one: times are given in UTC, and days are counted in it";
    Refusal::error("22023", message).hint("write the zone where it counts: time at time zone 'Europe/Berlin'")
}

fn spelled(name: &'static str) -> &'static str {
    SPELLED.iter().find(|(known, _)| *known == name).map_or(name, |(_, spelled)| spelled)
}

fn is_utc(zone: &str) -> bool {
    ["utc", "etc/utc", "gmt", "etc/gmt", "z", "zulu", "universal", "0", "+00", "+00:00", "00:00", "local"]
        .contains(&zone)
}

fn is_on(value: &str) -> bool {
    ["on", "true", "yes", "1"].contains(&value)
}

/// `5000`, `5s`, `2min`.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let ms = match text[digits..].trim() {
        "" | "ms" => 1,
        "us" => return Some(Duration::from_micros(number)),
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(ms)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_shown_and_forgotten() {
        let (mut variables, warning) = Variables::begin(&[
            ("application_name".to_owned(), "tool".to_owned()),
            ("TimeZone".to_owned(), "Europe/Berlin".to_owned()),
            ("made_up".to_owned(), "x".to_owned()),
        ]);
        assert!(warning.is_some_and(|warning| warning.message.contains("UTC")), "it is told");
        let (_, warning) = Variables::begin(&[("timezone".to_owned(), "Etc/UTC".to_owned())]);
        assert_eq!(warning, None);
        assert_eq!(variables.show("application_name").as_deref(), Ok("tool"));
        assert_eq!(variables.show("timezone").as_deref(), Ok("UTC"), "a driver's zone isn't ours");
        assert!(variables.show("made_up").is_err());
        variables.set("application_name", Some("other".to_owned())).expect("free");
        assert_eq!(variables.reported_change("application_name"), Some(("application_name", "other".to_owned())));
        variables.reset();
        assert_eq!(variables.show("application_name").as_deref(), Ok("tool"));
        for place in 0..SET_MAX {
            variables.set(&format!("a.b{place}"), Some(String::new())).expect("room");
        }
        assert!(variables.set("a.more", Some(String::new())).is_err());
        assert!(variables.set("a.b0", Some("x".repeat(TEXT_BYTES_MAX + 1))).is_err());
    }

    #[test]
    fn what_would_change_an_answer_is_refused() {
        let check = |name: &str, value: &str, is_taken: bool| {
            let set = Variables::default().set(name, Some(value.to_owned()));
            assert_eq!(set.is_ok(), is_taken, "{name} {value}: {set:?}");
        };
        check("timezone", "UTC", true);
        check("timezone", "Europe/Berlin", false);
        check("client_encoding", "UTF8", true);
        check("client_encoding", "LATIN1", false);
        check("datestyle", "ISO, DMY", true);
        check("datestyle", "German", false);
        check("default_transaction_read_only", "off", false);
        check("server_version", "16", false);
        check("statement_timeout", "5s", true);
        check("statement_timeout", "soon", false);
    }

    #[test]
    fn times_are_read() {
        let check = |text: &str, ms: Option<u64>| assert_eq!(duration(text), ms.map(Duration::from_millis), "{text}");
        check("250", Some(250));
        check("5s", Some(5_000));
        check("2 min", Some(120_000));
        check("-1", None);
        check("18446744073709551615h", None);
    }
}
