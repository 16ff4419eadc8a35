//! What an alert watches, as people write it.

use summary::Filter;
use thiserror::Error;

use super::ALERT_METRICS;
use crate::metrics::Metric;
use crate::reports::filter::{FilterError, WrittenFilter};
use crate::reports::words::{ParameterError, Words, listed, nearest, repeated};
use crate::reports::{UnknownZone, Zone};

/// The words of an alert in the order of the documentation, each with what it means.
pub const ALERT_PARAMETERS: &[(&str, &str)] = &[
    ("metric", "What is counted: the name of a count of docs/metrics.md"),
    ("kind", "spike (far more than usual), drop (far less) or silence (nothing at all)"),
    ("every", "What a spike or a drop is looked for in: each hour, or each day; hour when absent"),
    ("factor", "How many times more, or how many times less, it must be at least; 2 when absent"),
    ("silence", "How long nothing must have come: whole hours such as 2h; 2h when absent"),
    ("tz", "Time zone of hours and days; that of the setting time_zone when absent"),
    ("datastream", "Only events of this datastream; as in reports"),
    ("channel", "Only requests by this channel; as in reports"),
    ("subject", "Only events of this subject; as in reports"),
    ("page", "Only events of this page; as in reports"),
];

/// How many times as much, or as little, when nothing is said.
const FACTOR_DEFAULT: f64 = 2.0;
/// A factor near 1 says nothing, one beyond this can't be meant.
const FACTORS: std::ops::RangeInclusive<f64> = 1.2..=1_000.0;
/// Hours of silence when nothing is said.
const SILENCE_HOURS_DEFAULT: u32 = 2;
/// Most hours of silence: three days.
const SILENCE_HOURS_MAX: u32 = 72;

/// What is unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertKind {
    /// Far more than usual.
    Spike,
    /// Far less.
    Drop,
    /// Nothing at all.
    Silence,
}

impl Words for AlertKind {
    const ALL: &'static [(&'static str, AlertKind)] =
        &[("spike", AlertKind::Spike), ("drop", AlertKind::Drop), ("silence", AlertKind::Silence)];
}

impl AlertKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.word()
    }
}

/// What is judged at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Every {
    /// The last hour that is over.
    Hour,
    /// The last day that is over.
    Day,
}

impl Words for Every {
    const ALL: &'static [(&'static str, Every)] = &[("hour", Every::Hour), ("day", Every::Day)];
}

/// An alert that is watched for.
#[derive(Clone, Debug)]
pub struct AlertRule {
    pub(super) metric: &'static Metric,
    pub(super) kind: AlertKind,
    pub(super) every: Every,
    pub(super) factor: f64,
    pub(super) silence_hours: u32,
    pub(super) zone: Zone,
    pub(super) filter: Filter,
    written: WrittenFilter,
}

/// Why an alert can't be watched for as it is written; each message says what to write instead.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum AlertError {
    /// A word is missing.
    #[error("{parameter} is missing; write {words}")]
    Missing {
        /// Its name.
        parameter: &'static str,
        /// What it takes.
        words: String,
    },
    /// Not a metric that alerts are about.
    #[error("there is no alert on {written:?}; {help}")]
    Metric {
        /// What was written.
        written: String,
        /// What to write.
        help: String,
    },
    /// A word that this kind of alert doesn't take.
    #[error("{parameter} has no meaning for a {kind}; leave it out")]
    Meaningless {
        /// Its name.
        parameter: &'static str,
        /// The kind.
        kind: &'static str,
    },
    /// A word.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The time zone.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
    /// A filter.
    #[error(transparent)]
    Filter(#[from] FilterError),
}

impl AlertRule {
    /// Reads an alert from pairs of name and value; `zone` is that of one that names none.
    ///
    /// # Errors
    /// [`AlertError`]: the first thing that is wrong, and what to write instead.
    pub fn parse<'a>(words: impl IntoIterator<Item = (&'a str, &'a str)>, zone: Zone) -> Result<AlertRule, AlertError> {
        let mut written = WrittenFilter::default();
        let mut once: [(&'static str, Option<&str>); 6] =
            ["metric", "kind", "every", "factor", "silence", "tz"].map(|name| (name, None));
        for (name, value) in words {
            match name {
                "datastream" => written.datastream.push(value.to_owned()),
                "channel" => written.channel.push(value.to_owned()),
                "subject" => written.subject.push(value.to_owned()),
                "page" => written.page.push(value.to_owned()),
                name => {
                    let place = once.iter_mut().find(|(known, _)| *known == name);
                    let (parameter, place) = place.ok_or_else(|| ParameterError::unknown(name, ALERT_PARAMETERS))?;
                    if place.replace(value).is_some() {
                        return Err(ParameterError::Twice { parameter }.into());
                    }
                }
            }
        }
        let [metric, kind, every, factor, silence, tz] = once.map(|(_, value)| value);
        let kind: AlertKind =
            Words::read("kind", kind.ok_or_else(|| missing("kind", <AlertKind as Words>::listed()))?)?;
        let meaningless = |parameter| AlertError::Meaningless { parameter, kind: kind.name() };
        match kind {
            AlertKind::Silence if every.is_some() => return Err(meaningless("every")),
            AlertKind::Silence if factor.is_some() => return Err(meaningless("factor")),
            AlertKind::Spike | AlertKind::Drop if silence.is_some() => return Err(meaningless("silence")),
            _ => {}
        }
        Ok(AlertRule {
            metric: metric_of(metric.ok_or_else(|| missing("metric", listed(&metric_names())))?)?,
            kind,
            every: every.map_or(Ok(Every::Hour), |every| Words::read("every", every))?,
            factor: factor.map_or(Ok(FACTOR_DEFAULT), read_factor)?,
            silence_hours: silence.map_or(Ok(SILENCE_HOURS_DEFAULT), read_silence)?,
            zone: tz.map_or(Ok(zone), str::parse)?,
            filter: written.read()?,
            written,
        })
    }

    /// What is counted.
    pub fn metric(&self) -> &'static Metric {
        self.metric
    }

    /// What is unusual.
    pub fn kind(&self) -> AlertKind {
        self.kind
    }

    /// Which events are counted.
    pub fn filter(&self) -> &WrittenFilter {
        &self.written
    }
}

fn missing(parameter: &'static str, words: String) -> AlertError {
    AlertError::Missing { parameter, words }
}

fn metric_names() -> Vec<&'static str> {
    ALERT_METRICS.iter().map(|metric| metric.name).collect()
}

fn metric_of(written: &str) -> Result<&'static Metric, AlertError> {
    let known = ALERT_METRICS.iter().find(|metric| metric.name == written);
    known.copied().ok_or_else(|| {
        let names = metric_names();
        let help = match nearest(written, names.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("write {}", listed(&names)),
        };
        AlertError::Metric { written: repeated(written), help }
    })
}

fn read_factor(written: &str) -> Result<f64, ParameterError> {
    let factor = written.trim().parse().ok().filter(|factor| FACTORS.contains(factor));
    let words = || format!("a number from {} to {}", FACTORS.start(), FACTORS.end());
    factor.ok_or_else(|| ParameterError::word("factor", written, words()))
}

fn read_silence(written: &str) -> Result<u32, ParameterError> {
    let hours = written.trim().strip_suffix('h').and_then(|hours| hours.parse().ok());
    let words = || format!("whole hours from 1h to {SILENCE_HOURS_MAX}h");
    hours
        .filter(|hours| (1..=SILENCE_HOURS_MAX).contains(hours))
        .ok_or_else(|| ParameterError::word("silence", written, words()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[(&str, &str)]) -> Result<AlertRule, AlertError> {
        AlertRule::parse(words.iter().copied(), Zone::UTC)
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let rule = parse(&[("metric", "contact_requests"), ("kind", "spike")]).unwrap();
        assert_eq!((rule.every, rule.factor, rule.silence_hours, rule.zone), (Every::Hour, 2.0, 2, Zone::UTC));
        let rule = parse(&[
            ("metric", "click_to_call"),
            ("kind", "drop"),
            ("every", "day"),
            ("factor", "3.5"),
            ("tz", "Europe/Berlin"),
            ("subject", "Bills"),
            ("subject", "Orders"),
        ])
        .unwrap();
        assert_eq!((rule.every, rule.factor, rule.zone.name()), (Every::Day, 3.5, "Europe/Berlin"));
        assert_eq!(rule.filter.subject.any_of, ["Bills", "Orders"]);
        assert_eq!(
            parse(&[("metric", "chats_started"), ("kind", "silence"), ("silence", "12h")]).unwrap().silence_hours,
            12
        );
    }

    #[test]
    fn every_mistake_says_what_to_write() {
        let with = |more: &[(&'static str, &'static str)]| {
            let mut words = vec![("metric", "contact_requests"), ("kind", "spike")];
            words.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
            words.extend(more);
            parse(&words).unwrap_err().to_string()
        };
        let check = |more: &[(&'static str, &'static str)], expect: &str| assert_eq!(with(more), expect, "{more:?}");
        check(
            &[("metric", "contact_request")],
            "there is no alert on \"contact_request\"; did you mean contact_requests?",
        );
        assert!(with(&[("metric", "late")]).starts_with("there is no alert on \"late\"; write contact_requests, "));
        check(&[("kind", "flood")], "kind is \"flood\"; write spike, drop or silence");
        check(&[("every", "week")], "every is \"week\"; write hour or day");
        for factor in ["1", "x", "NaN", "inf", "-2", "1e9"] {
            assert_eq!(with(&[("factor", factor)]), format!("factor is {factor:?}; write a number from 1.2 to 1000"));
        }
        check(&[("silence", "2h")], "silence has no meaning for a spike; leave it out");
        check(&[("kind", "silence"), ("factor", "2")], "factor has no meaning for a silence; leave it out");
        check(&[("kind", "silence"), ("silence", "90m")], "silence is \"90m\"; write whole hours from 1h to 72h");
        check(&[("kind", "silence"), ("silence", "73h")], "silence is \"73h\"; write whole hours from 1h to 72h");
        check(&[("factr", "2")], "there is no parameter \"factr\"; did you mean factor?");
        check(&[("tz", "UTC"), ("tz", "UTC")], "tz is given twice; write it once");
        check(
            &[("channel", "phone")],
            "there is no channel \"phone\"; write chat, call, text, email or direct_message",
        );
        assert!(with(&[("tz", "Europe/Berln")]).contains("did you mean Europe/Berlin"));
        assert!(
            parse(&[("metric", "contact_requests")])
                .unwrap_err()
                .to_string()
                .starts_with("kind is missing; write spike")
        );
        assert!(
            parse(&[("kind", "drop")])
                .unwrap_err()
                .to_string()
                .starts_with("metric is missing; write contact_requests")
        );
    }
}
