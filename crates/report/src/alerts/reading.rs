//! What an alert says now: the number, those of the weeks before, and the verdict.

use chrono::{DateTime, Days};
use serde::{Deserialize, Serialize};
use summary::{Filter, Numbers, Query, Timeline, Wanted};

use super::chance;
use super::rule::{AlertKind, AlertRule, Every};
use super::{ALERT_METRICS, CHANCE_MAX, DAY_GRACE_MINUTES, HOUR_GRACE_MINUTES, WEEKS, WEEKS_MIN};
use crate::metrics::{Metric, Value};
use crate::reports::span::MINUTE_MICROS;
use crate::reports::{SummaryError, SummarySource, Zone};

/// Days back in which is looked whether anything came: those of the weeks before, and of the longest silence.
const KNOWN_DAYS: u64 = 33;
/// Days of a week.
const WEEK_DAYS: u64 = 7;

/// Whether an alert is to be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertStanding {
    /// It is as usual, or near enough.
    Quiet,
    /// It isn't, and chance doesn't explain it.
    Raised,
    /// There is too little to compare with.
    Unknown,
}

/// The same hours, or day, of a week before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertWeek {
    /// The first instant, RFC 3339 with the zone's offset.
    pub since: String,
    /// The count.
    pub value: u64,
}

/// What an alert says now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertReading {
    /// The metric's name.
    pub metric: String,
    /// `spike`, `drop` or `silence`.
    pub kind: String,
    /// The first instant of what was looked at, RFC 3339 with the zone's offset.
    pub since: String,
    /// The first instant after it; of a silence the beginning of the hour that isn't over.
    pub until: String,
    /// The time zone.
    pub tz: String,
    /// The count; of a silence with the hour that isn't over.
    pub value: u64,
    /// The same of the weeks before that are known, the newest first.
    pub weeks: Vec<AlertWeek>,
    /// Their mean; `None` without any.
    pub usual: Option<f64>,
    /// The verdict.
    pub standing: AlertStanding,
    /// Whether an alert that was raised is over.
    pub is_over: bool,
    /// Why, half a sentence: lower case, no final period.
    pub reason: String,
}

/// From one instant, within, to another, without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    since: i64,
    until: i64,
}

impl AlertRule {
    /// Reads the alert; `now` is in microseconds since 1970. All numbers are of one moment.
    ///
    /// # Errors
    /// Those of the source.
    pub async fn read(&self, now: i64, source: &dyn SummarySource) -> Result<AlertReading, SummaryError> {
        let stretch = self.looked_at(now);
        let counted = match self.kind {
            AlertKind::Silence => Stretch { until: self.zone.next_hour(now), ..stretch },
            AlertKind::Spike | AlertKind::Drop => stretch,
        };
        let earlier: Vec<Stretch> = (1..=WEEKS as u64).filter_map(|week| self.earlier(stretch, week)).collect();
        let query = |stretch: Stretch| Query {
            since: stretch.since,
            until: stretch.until,
            now,
            filter: self.filter.clone(),
            timeline: Timeline::default(),
            by: None,
            wanted: Wanted { totals: self.metric.want(), ..Wanted::SUMS },
        };
        let (days, begins) = self.known_days(now);
        let queries: Vec<Query> =
            std::iter::once(query(counted)).chain(earlier.iter().copied().map(query)).chain([days]).collect();
        let answers = source.answer(&queries).await?.answers;
        let [current, weeks @ .., days] = answers.as_slice() else { return Err(unexpected()) };
        if weeks.len() != earlier.len() || days.answer.series.len() != begins.len() {
            return Err(unexpected());
        }
        let is_known = |stretch: &Stretch| {
            let place = begins.partition_point(|begin| *begin <= stretch.since).checked_sub(1);
            place.and_then(|place| days.answer.series.get(place)).is_some_and(|day| day.events > 0)
        };
        let weeks: Vec<(Stretch, u64)> = earlier
            .into_iter()
            .zip(weeks)
            .filter(|(stretch, _)| is_known(stretch))
            .map(|(stretch, week)| (stretch, self.count(&week.answer.totals)))
            .collect();
        Ok(self.told(stretch, self.count(&current.answer.totals), &weeks))
    }

    /// What is judged at this moment.
    fn looked_at(&self, now: i64) -> Stretch {
        let zone = &self.zone;
        match (self.kind, self.every) {
            (AlertKind::Silence, _) => {
                let until = zone.hour_begin(now);
                let since = (0..self.silence_hours).fold(until, |at, _| zone.hour_begin(at - 1));
                Stretch { since, until }
            }
            (_, Every::Hour) => {
                let until = zone.hour_begin(now - HOUR_GRACE_MINUTES * MINUTE_MICROS);
                Stretch { since: zone.hour_begin(until - 1), until }
            }
            (_, Every::Day) => {
                let until = zone.day_begin(zone.date(now - DAY_GRACE_MINUTES * MINUTE_MICROS));
                Stretch { since: zone.day_begin(zone.date(until - 1)), until }
            }
        }
    }

    /// The same by the clock, so many weeks before; `None` where clocks were changed and there was no such hour.
    fn earlier(&self, stretch: Stretch, weeks: u64) -> Option<Stretch> {
        let zone = &self.zone;
        let back = Days::new(weeks * WEEK_DAYS);
        let (since, until) = if self.kind != AlertKind::Silence && self.every == Every::Day {
            let date = zone.date(stretch.since).checked_sub_days(back)?;
            (zone.day_begin(date), zone.day_begin(date + Days::new(1)))
        } else {
            let clock = zone.local(stretch.since).checked_sub_days(back)?;
            let since = zone.instant(clock);
            let hours = if self.kind == AlertKind::Silence { self.silence_hours } else { 1 };
            let until = (0..hours).fold(since, |at, _| zone.next_hour(at));
            (since, if zone.local(since) == clock { until } else { since })
        };
        (since < until).then_some(Stretch { since, until })
    }

    /// Asks on which days anything came at all, and where these days begin.
    fn known_days(&self, now: i64) -> (Query, Vec<i64>) {
        let today = self.zone.date(now);
        let mut begins: Vec<i64> =
            (0..=KNOWN_DAYS).rev().map(|back| self.zone.day_begin(today - Days::new(back))).collect();
        // A day that was left out begins with the next one.
        begins.dedup();
        let query = Query {
            since: begins[0],
            until: self.zone.next_hour(now),
            now,
            filter: Filter::default(),
            timeline: Timeline { stretches: begins.iter().copied().zip(0..).collect(), buckets: begins.len() as u32 },
            by: None,
            wanted: Wanted::SUMS,
        };
        (query, begins)
    }

    fn count(&self, numbers: &Numbers) -> u64 {
        match self.metric.value(numbers) {
            Value::Count(count) => count,
            // No alert is about a metric that is something else; a test sees to it.
            Value::Visitors(_) | Value::Share(_) | Value::Seconds(_) | Value::Unknown(_) => 0,
        }
    }

    fn told(&self, stretch: Stretch, value: u64, weeks: &[(Stretch, u64)]) -> AlertReading {
        let zone: &Zone = &self.zone;
        let values: Vec<u64> = weeks.iter().map(|(_, value)| *value).collect();
        let Verdict { standing, is_over, reason } = judge(self, value, &values);
        AlertReading {
            metric: self.metric.name.to_owned(),
            kind: self.kind.name().to_owned(),
            since: zone.write(stretch.since),
            until: zone.write(stretch.until),
            tz: zone.name().to_owned(),
            value,
            weeks: weeks
                .iter()
                .map(|(week, value)| AlertWeek { since: zone.write(week.since), value: *value })
                .collect(),
            usual: mean(&values),
            standing,
            is_over,
            reason,
        }
    }
}

fn unexpected() -> SummaryError {
    SummaryError::Internal("as many answers as queries were expected".to_owned())
}

struct Verdict {
    standing: AlertStanding,
    is_over: bool,
    reason: String,
}

fn mean(weeks: &[u64]) -> Option<f64> {
    (!weeks.is_empty()).then(|| weeks.iter().sum::<u64>() as f64 / weeks.len() as f64)
}

/// `in the same hour of the week`: what the usual number is counted over. `hours` long is what was looked at.
fn same(kind: &str, hours: i64) -> String {
    // The day that clocks are set forward has 23.
    match hours {
        23.. if kind != AlertKind::Silence.name() => "on the same day of the week".to_owned(),
        ..=1 => "in the same hour of the week".to_owned(),
        hours => format!("in the same {hours} hours of the week"),
    }
}

impl AlertReading {
    /// `in the same hour of the week`, or day, or hours: what the usual number is counted over.
    pub fn same_span(&self) -> String {
        let at = |rfc3339: &str| DateTime::parse_from_rfc3339(rfc3339).ok();
        let hours = at(&self.since).zip(at(&self.until)).map_or(1, |(since, until)| (until - since).num_hours());
        same(&self.kind, hours)
    }

    /// What is counted, as it stands in a sentence: `contact requests`.
    pub fn counted(&self) -> String {
        let metric = ALERT_METRICS.iter().find(|metric| metric.name == self.metric);
        metric.map_or_else(|| self.metric.clone(), |metric| counted(metric))
    }
}

/// A metric's label inside a sentence.
fn counted(metric: &Metric) -> String {
    let mut letters = metric.label.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

/// The rules, as `docs/metrics.md` has them: beyond the factor, beyond each week before, and beyond chance.
fn judge(rule: &AlertRule, value: u64, weeks: &[u64]) -> Verdict {
    let sum: u64 = weeks.iter().sum();
    let usual = mean(weeks).unwrap_or(0.0);
    let what = counted(rule.metric);
    let hours = match (rule.kind, rule.every) {
        (AlertKind::Silence, _) => i64::from(rule.silence_hours),
        (_, Every::Hour) => 1,
        (_, Every::Day) => 24,
    };
    let same = same(rule.kind.name(), hours);
    let size = value as f64;
    // What is over needs no weeks for a silence: something came.
    let is_over = match rule.kind {
        AlertKind::Silence => value > 0,
        AlertKind::Spike => weeks.len() >= WEEKS_MIN && size < (rule.factor * usual).max(1.0),
        AlertKind::Drop => weeks.len() >= WEEKS_MIN && size > usual / rule.factor,
    };
    let verdict = |standing, reason: String| Verdict { standing, is_over, reason };
    let quiet = |reason: String| verdict(AlertStanding::Quiet, reason);
    if rule.kind == AlertKind::Silence && value > 0 {
        return quiet(format!("{} came: {value}", counted(rule.metric)));
    }
    if weeks.len() < WEEKS_MIN {
        let known = weeks.len();
        let reason =
            format!("of {known} of the {WEEKS} weeks before it is known what is usual, and {WEEKS_MIN} are needed");
        return verdict(AlertStanding::Unknown, reason);
    }
    let factor = rule.factor;
    let (is_beyond_factor, is_beyond_all, by_chance) = match rule.kind {
        AlertKind::Spike => {
            (size >= factor * usual, weeks.iter().all(|week| value > *week), chance::at_least(value, sum, weeks.len()))
        }
        AlertKind::Drop => {
            (size <= usual / factor, weeks.iter().all(|week| value < *week), chance::at_most(value, sum, weeks.len()))
        }
        AlertKind::Silence => (true, weeks.iter().all(|week| *week > 0), chance::at_most(0, sum, weeks.len())),
    };
    match (rule.kind, is_beyond_factor, is_beyond_all) {
        (AlertKind::Spike, false, _) => {
            quiet(format!("{value} {what} are fewer than {factor} times the usual {usual:.1} {same}"))
        }
        (AlertKind::Drop, false, _) => {
            quiet(format!("{value} {what} are more than the usual {usual:.1} {same}, divided by {factor}"))
        }
        (AlertKind::Spike, _, false) => quiet(format!("a week before had {value} {what} or more")),
        (AlertKind::Drop, _, false) => quiet(format!("a week before had {value} {what} or fewer")),
        (AlertKind::Silence, _, false) => quiet("nothing came in one of the weeks before, either".to_owned()),
        _ if by_chance >= CHANCE_MAX => {
            quiet(format!("so few come that chance explains it: {value} {what}, and usually {usual:.1} {same}"))
        }
        (AlertKind::Silence, ..) => {
            verdict(AlertStanding::Raised, format!("nothing came, and usually {usual:.1} {what} {same}"))
        }
        _ => verdict(AlertStanding::Raised, format!("{value} {what}, and usually {usual:.1} {same}")),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn rule(words: &[(&str, &str)]) -> AlertRule {
        let all = [("metric", "contact_requests")].iter().chain(words).copied();
        AlertRule::parse(all, Zone::UTC).unwrap()
    }

    #[test]
    fn alerts_are_about_counts() {
        for metric in super::super::ALERT_METRICS {
            assert!(matches!(metric.value(&Numbers::default()), Value::Count(0)), "{}", metric.name);
        }
    }

    #[test]
    fn the_verdict_is_by_factor_weeks_and_chance() {
        let check = |kind: &str, value: u64, weeks: &[u64], expect: AlertStanding, reason: &str, over: bool| {
            let verdict = judge(&rule(&[("kind", kind)]), value, weeks);
            assert_eq!(
                (verdict.standing, verdict.is_over),
                (expect, over),
                "{kind} {value} {weeks:?}: {}",
                verdict.reason
            );
            assert!(verdict.reason.contains(reason), "{kind} {value} {weeks:?}: {}", verdict.reason);
        };
        use AlertStanding::{Quiet, Raised, Unknown};
        // From 0 to 3 says nothing, and neither does from 0 to 5.
        check("spike", 3, &[0, 0, 0, 0], Quiet, "chance explains it", false);
        check("spike", 5, &[0, 0, 0, 0], Quiet, "chance explains it", false);
        check(
            "spike",
            6,
            &[0, 0, 0, 0],
            Raised,
            "6 contact requests, and usually 0.0 in the same hour of the week",
            false,
        );
        check("spike", 0, &[0, 0, 0, 0], Quiet, "a week before had 0 contact requests or more", true);
        check("spike", 60, &[20, 22, 18, 20], Raised, "60 contact requests, and usually 20.0 in the same hour", false);
        check("spike", 39, &[20, 22, 18, 20], Quiet, "fewer than 2 times the usual 20.0 in the same hour", true);
        check("spike", 60, &[20, 62, 18, 16], Quiet, "a week before had 60 contact requests or more", false);
        check("spike", 8, &[3, 4, 3, 2], Quiet, "chance explains it", false);
        check("drop", 0, &[10, 10, 10, 10], Quiet, "chance explains it", false);
        check("drop", 0, &[11, 11, 11, 11], Raised, "0 contact requests, and usually 11.0 in the same hour", false);
        check(
            "drop",
            60,
            &[100, 100, 100, 100],
            Quiet,
            "more than the usual 100.0 in the same hour of the week, divided by 2",
            true,
        );
        check("drop", 40, &[100, 100, 100, 39], Quiet, "a week before had 40 contact requests or fewer", false);
        check(
            "drop",
            40,
            &[100, 100, 100, 100],
            Raised,
            "40 contact requests, and usually 100.0 in the same hour",
            false,
        );
        check(
            "silence",
            0,
            &[12, 11, 14, 9],
            Raised,
            "nothing came, and usually 11.5 contact requests in the same",
            false,
        );
        check("silence", 1, &[12, 11, 14, 9], Quiet, "contact requests came: 1", true);
        check("silence", 0, &[30, 30, 30, 0], Quiet, "either", false);
        check("silence", 0, &[2, 3, 1, 2], Quiet, "chance explains it", false);
        // The first weeks of a server.
        check("spike", 900, &[], Unknown, "of 0 of the 4 weeks", false);
        check("drop", 0, &[900, 900], Unknown, "of 2 of the 4 weeks", false);
        check("silence", 0, &[900, 900], Unknown, "3 are needed", false);
        check("silence", 7, &[], Quiet, "contact requests came: 7", true);
        check("drop", 0, &[90, 90, 90], Raised, "usually 90.0", false);
    }

    #[test]
    fn what_is_usual_has_its_unit_and_its_span() {
        let check = |words: &[(&str, &str)], value: u64, expect: &str| {
            let rule = AlertRule::parse(words.iter().copied(), Zone::UTC).unwrap();
            let reason = judge(&rule, value, &[90, 90, 90]).reason;
            assert_eq!(reason, expect, "{words:?}");
            // The same by what a reading says.
            let reading = rule.told(rule.looked_at(at("2026-11-22T15:30:00Z")), value, &[]);
            assert!(reason.ends_with(&reading.same_span()) && reason.contains(&reading.counted()), "{words:?}");
        };
        check(
            &[("metric", "click_to_email"), ("kind", "drop"), ("every", "day")],
            0,
            "0 clicks to e-mail, and usually 90.0 on the same day of the week",
        );
        check(
            &[("metric", "chats_started"), ("kind", "silence"), ("silence", "12h")],
            0,
            "nothing came, and usually 90.0 chats started in the same 12 hours of the week",
        );
        check(
            &[("metric", "contact_requests"), ("kind", "silence"), ("silence", "1h")],
            0,
            "nothing came, and usually 90.0 contact requests in the same hour of the week",
        );
    }

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
    }

    #[test]
    fn what_is_looked_at_is_over() {
        let check = |words: &[(&str, &str)], now: &str, expect: &[&str]| {
            let rule = rule(words);
            let written =
                |stretch: Stretch| format!("{} {}", rule.zone.write(stretch.since), rule.zone.write(stretch.until));
            let stretch = rule.looked_at(at(now));
            let weeks = (1..=4).map(|week| rule.earlier(stretch, week).map_or_else(|| "none".to_owned(), written));
            let got: Vec<String> = std::iter::once(written(stretch)).chain(weeks).collect();
            assert_eq!(got, expect, "{words:?} {now}");
        };
        let berlin = ("tz", "Europe/Berlin");
        check(
            &[("kind", "spike"), berlin],
            "2026-11-22T15:04:59+01:00",
            &[
                "2026-11-22T13:00:00+01:00 2026-11-22T14:00:00+01:00",
                "2026-11-15T13:00:00+01:00 2026-11-15T14:00:00+01:00",
                "2026-11-08T13:00:00+01:00 2026-11-08T14:00:00+01:00",
                "2026-11-01T13:00:00+01:00 2026-11-01T14:00:00+01:00",
                // Summer time: the same hour by the clock.
                "2026-10-25T13:00:00+01:00 2026-10-25T14:00:00+01:00",
            ],
        );
        check(
            &[("kind", "spike"), berlin],
            "2026-04-05T03:06:00+02:00",
            &[
                "2026-04-05T02:00:00+02:00 2026-04-05T03:00:00+02:00",
                // There was no 2 o'clock on 29 March.
                "none",
                "2026-03-22T02:00:00+01:00 2026-03-22T03:00:00+01:00",
                "2026-03-15T02:00:00+01:00 2026-03-15T03:00:00+01:00",
                "2026-03-08T02:00:00+01:00 2026-03-08T03:00:00+01:00",
            ],
        );
        check(
            &[("kind", "drop"), ("every", "day"), berlin],
            "2026-11-02T00:59:00+01:00",
            &[
                "2026-10-31T00:00:00+01:00 2026-11-01T00:00:00+01:00",
                "2026-10-24T00:00:00+02:00 2026-10-25T00:00:00+02:00",
                "2026-10-17T00:00:00+02:00 2026-10-18T00:00:00+02:00",
                "2026-10-10T00:00:00+02:00 2026-10-11T00:00:00+02:00",
                "2026-10-03T00:00:00+02:00 2026-10-04T00:00:00+02:00",
            ],
        );
        check(
            &[("kind", "silence"), ("silence", "3h")],
            "2026-11-22T01:30:00Z",
            &[
                "2026-11-21T22:00:00Z 2026-11-22T01:00:00Z",
                "2026-11-14T22:00:00Z 2026-11-15T01:00:00Z",
                "2026-11-07T22:00:00Z 2026-11-08T01:00:00Z",
                "2026-10-31T22:00:00Z 2026-11-01T01:00:00Z",
                "2026-10-24T22:00:00Z 2026-10-25T01:00:00Z",
            ],
        );
    }

    proptest! {
        /// Of any numbers: an alert begins only where the rules say so, isn't over while it begins, and what is farther from
        /// usual begins one, too.
        #[test]
        fn verdicts_hold_together(
            value in 0..400_u64,
            weeks in proptest::collection::vec(0..200_u64, 0..=4),
            factor in "1\\.5|2|10",
            kind in "spike|drop|silence",
        ) {
            let words = [("kind", kind.as_str()), ("factor", factor.as_str())];
            let rule = rule(if kind == "silence" { &words[..1] } else { &words });
            let verdict = judge(&rule, value, &weeks);
            prop_assert_eq!(verdict.standing == AlertStanding::Unknown, weeks.len() < WEEKS_MIN && !(kind == "silence" && value > 0));
            if verdict.standing != AlertStanding::Raised {
                return Ok(());
            }
            prop_assert!(!verdict.is_over, "{}", verdict.reason);
            let usual = mean(&weeks).unwrap();
            let (is_beyond, farther) = match rule.kind {
                AlertKind::Spike => {
                    (value as f64 >= rule.factor * usual && weeks.iter().all(|week| value > *week), value + 1)
                }
                AlertKind::Drop => {
                    (value as f64 <= usual / rule.factor && weeks.iter().all(|week| value < *week), value.saturating_sub(1))
                }
                AlertKind::Silence => (value == 0 && weeks.iter().all(|week| *week > 0), 0),
            };
            prop_assert!(is_beyond, "{}", verdict.reason);
            prop_assert_eq!(judge(&rule, farther, &weeks).standing, AlertStanding::Raised);
            // Chance alone explains what is less than these.
            prop_assert!(weeks.iter().sum::<u64>() + value >= 6, "{}", verdict.reason);
        }
    }
}
