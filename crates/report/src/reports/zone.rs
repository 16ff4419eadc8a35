//! Days and hours of a time zone, daylight saving included.
//!
//! A day begins at the first instant that bears its date: where clocks skip midnight, that is 01:00,
//! and where they show it twice, the first one. So days have 23 to 25 hours, lie side by side, and
//! each instant is in one of them. Hours lie likewise between full hours on the clock.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, SecondsFormat, TimeZone, Timelike};
use chrono_tz::{GapInfo, TZ_VARIANTS, Tz};
use datafusion::common::utils::datafusion_strsim::levenshtein;
use thiserror::Error;

/// An hour, in microseconds.
pub(super) const HOUR_MICROS: i64 = 60 * 60 * 1_000_000;
/// Names that are suggested for one that isn't known.
const SUGGESTIONS_MAX: usize = 3;
/// No zone's name is longer, in characters; more of a wrong one isn't looked at.
const NAME_LETTERS_MAX: usize = 40;
/// Most letters that may differ, as a share of the longer name: a third.
const DISTANCE_SHARE: usize = 3;

/// A time zone of the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

/// There is no such zone.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("there is no time zone {name:?}; {help}")]
pub struct UnknownZone {
    name: String,
    help: String,
    near: Vec<&'static str>,
}

impl UnknownZone {
    /// The zones that may have been meant, the nearest first; the message names them.
    pub fn near(&self) -> &[&'static str] {
        &self.near
    }
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone(Tz::UTC);

    /// The zone's name as the database has it.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// The clock at an instant, in microseconds since 1970.
    pub fn local(&self, micros: i64) -> NaiveDateTime {
        self.clock(micros).naive_local()
    }

    /// The date at an instant.
    pub(crate) fn date(&self, micros: i64) -> NaiveDate {
        self.local(micros).date()
    }

    /// The first instant at which the clock shows this, or the first after it where it never does.
    pub fn instant(&self, local: NaiveDateTime) -> i64 {
        let shown = self.0.from_local_datetime(&local).earliest();
        let after_gap = || GapInfo::new(&local, &self.0)?.end;
        shown.or_else(after_gap).map_or_else(|| local.and_utc().timestamp_micros(), |time| time.timestamp_micros())
    }

    /// The first instant of a day. A day that was left out begins and ends with the next one's beginning.
    pub(crate) fn day_begin(&self, date: NaiveDate) -> i64 {
        self.instant(date.and_time(NaiveTime::MIN))
    }

    /// The first instant of the hour that an instant is in.
    pub(crate) fn hour_begin(&self, micros: i64) -> i64 {
        let begin = micros - self.past_hour(micros);
        // Half an hour is skipped or shown twice at Lord Howe: an hour ends with the change.
        if self.offset_seconds(begin) == self.offset_seconds(micros) { begin } else { self.change(begin, micros) }
    }

    /// The first instant of the hour after.
    pub(crate) fn next_hour(&self, micros: i64) -> i64 {
        let begin = self.hour_begin(micros);
        // One that began with a change is shorter.
        let last = begin + HOUR_MICROS - self.past_hour(begin) - 1;
        if self.offset_seconds(last) == self.offset_seconds(begin) { last + 1 } else { self.change(begin, last) }
    }

    /// What the clock shows beyond the full hour, in microseconds.
    fn past_hour(&self, micros: i64) -> i64 {
        let clock = self.clock(micros);
        i64::from(clock.minute() * 60 + clock.second()) * 1_000_000 + i64::from(clock.nanosecond() / 1_000)
    }

    /// RFC 3339 with the zone's offset: `2026-11-01T00:00:00+01:00`, with `Z` for none.
    pub fn write(&self, micros: i64) -> String {
        self.clock(micros).to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    fn clock(&self, micros: i64) -> DateTime<Tz> {
        DateTime::from_timestamp_micros(micros).unwrap_or_default().with_timezone(&self.0)
    }

    fn offset_seconds(&self, micros: i64) -> i32 {
        self.clock(micros).offset().fix().local_minus_utc()
    }

    /// The first instant after `before` that has the offset of `after`.
    fn change(&self, mut before: i64, mut after: i64) -> i64 {
        let offset = self.offset_seconds(after);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            match self.offset_seconds(middle) == offset {
                true => after = middle,
                false => before = middle,
            }
        }
        after
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// Reads a name of the IANA database, whatever the case of its letters.
    fn from_str(name: &str) -> Result<Zone, UnknownZone> {
        let name = name.trim();
        let known = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name));
        known.map(|zone| Zone(*zone)).ok_or_else(|| unknown(name))
    }
}

fn unknown(name: &str) -> UnknownZone {
    let name: String = name.chars().take(NAME_LETTERS_MAX).collect();
    let wanted = name.to_ascii_lowercase();
    let mut near: Vec<(usize, &'static str)> =
        TZ_VARIANTS.iter().filter_map(|zone| near(&wanted, zone.name())).collect();
    near.sort_unstable();
    near.truncate(SUGGESTIONS_MAX);
    let near: Vec<&'static str> = near.into_iter().map(|(_, name)| name).collect();
    let help = match near.as_slice() {
        [] => "write a name of the IANA database, such as Europe/Berlin or America/New_York".to_owned(),
        near => format!("did you mean {}?", near.join(" or ")),
    };
    UnknownZone { name, help, near }
}

/// How far a name is from what was written: as a whole, or by the city alone.
fn near<'a>(wanted: &str, known: &'a str) -> Option<(usize, &'a str)> {
    let lower = known.to_ascii_lowercase();
    let city = lower.rsplit('/').next().unwrap_or(&lower).to_owned();
    let distance = |other: &str| {
        let distance = levenshtein(wanted, other);
        (distance * DISTANCE_SHARE <= wanted.len().max(other.len()) && distance < other.len()).then_some(distance)
    };
    let distance = [distance(&lower), distance(&city)].into_iter().flatten().min()?;
    Some((distance, known))
}

#[cfg(test)]
mod tests {
    use chrono::Days;

    use super::*;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn micros(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
    }

    #[test]
    fn days_begin_at_the_first_instant_that_exists() {
        let check = |name: &str, date: &str, begin: &str, hours: i64| {
            let (zone, date) = (zone(name), date.parse().unwrap());
            assert_eq!(zone.write(zone.day_begin(date)), begin, "{name} {date}");
            let next = zone.day_begin(date + Days::new(1));
            assert_eq!(next - zone.day_begin(date), hours * HOUR_MICROS, "{name} {date}");
            assert_eq!(zone.date(zone.day_begin(date)), if hours == 0 { date.succ_opt().unwrap() } else { date });
        };
        check("UTC", "2026-11-01", "2026-11-01T00:00:00Z", 24);
        check("Europe/Berlin", "2026-03-28", "2026-03-28T00:00:00+01:00", 24);
        check("Europe/Berlin", "2026-03-29", "2026-03-29T00:00:00+01:00", 23);
        check("Europe/Berlin", "2026-10-25", "2026-10-25T00:00:00+02:00", 25);
        check("America/New_York", "2026-11-01", "2026-11-01T00:00:00-04:00", 25);
        // Midnight was skipped: the clock went from 23:59:59 to 01:00.
        check("America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00", 23);
        check("Asia/Beirut", "2026-03-29", "2026-03-29T01:00:00+03:00", 23);
        // It was shown twice: at 01:00 the clock went back to 00:00.
        check("America/Havana", "2026-11-01", "2026-11-01T00:00:00-04:00", 25);
        // 23:00 to 24:00 came twice.
        check("America/Sao_Paulo", "2019-02-16", "2019-02-16T00:00:00-02:00", 25);
        // Samoa went over the date line, and had no such day.
        check("Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00", 0);
    }

    #[test]
    fn hours_begin_where_the_clock_is_full_or_changes() {
        let check = |name: &str, instant: &str, begin: &str, next: &str| {
            let zone = zone(name);
            let instant = micros(instant);
            let got = [zone.hour_begin(instant), zone.next_hour(instant)].map(|micros| zone.write(micros));
            assert_eq!(got, [begin, next], "{name}");
        };
        check("UTC", "2026-11-22T15:30:10.5Z", "2026-11-22T15:00:00Z", "2026-11-22T16:00:00Z");
        check("UTC", "2026-11-22T15:00:00Z", "2026-11-22T15:00:00Z", "2026-11-22T16:00:00Z");
        check("Asia/Kolkata", "2026-11-22T15:10:00Z", "2026-11-22T20:00:00+05:30", "2026-11-22T21:00:00+05:30");
        check("Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00");
        check("Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00");
        // Lord Howe: 02:00 becomes 02:30 in October, and 02:00 becomes 01:30 in April.
        let howe = "Australia/Lord_Howe";
        check(howe, "2026-10-03T15:40:00Z", "2026-10-04T02:30:00+11:00", "2026-10-04T03:00:00+11:00");
        check(howe, "2026-10-03T15:10:00Z", "2026-10-04T01:00:00+10:30", "2026-10-04T02:30:00+11:00");
        check(howe, "2026-04-04T14:30:00Z", "2026-04-05T01:00:00+11:00", "2026-04-05T01:30:00+10:30");
        check(howe, "2026-04-04T15:10:00Z", "2026-04-05T01:30:00+10:30", "2026-04-05T02:00:00+10:30");
    }

    #[test]
    fn hours_of_any_zone_lie_side_by_side() {
        for zone in TZ_VARIANTS.iter().map(|zone| Zone(*zone)) {
            // The days on which clocks are changed somewhere.
            for (begin, end) in [("03-07", "04-06"), ("09-05", "09-07"), ("10-03", "11-02")] {
                let [begin, end] = [begin, end].map(|day| micros(&format!("2026-{day}T00:10:00Z")));
                let mut at = zone.hour_begin(begin);
                while at < end {
                    let next = zone.next_hour(at);
                    assert!(next > at && next - at <= HOUR_MICROS, "{} {}", zone.name(), zone.write(at));
                    assert_eq!(zone.hour_begin(next - 1), at, "{} {}", zone.name(), zone.write(at));
                    assert_eq!(zone.hour_begin(next), next, "{} {}", zone.name(), zone.write(at));
                    at = next;
                }
            }
        }
    }

    #[test]
    fn unknown_zones_get_a_suggestion() {
        let check = |name: &str, expect: &str| {
            let error = name.parse::<Zone>().unwrap_err().to_string();
            assert!(error.contains(expect), "{name}: {error}");
        };
        check("Europe/Berln", "there is no time zone \"Europe/Berln\"; did you mean Europe/Berlin");
        check("Berlin", "did you mean Europe/Berlin");
        check("new_york", "did you mean America/New_York");
        check("", "write a name of the IANA database");
        check("x", "write a name of the IANA database");
        check("+01:00", "write a name of the IANA database");
        check(&"\u{1b}é".repeat(10_000), "\\u{1b}");
        assert_eq!(zone("europe/berlin").name(), "Europe/Berlin");
        assert_eq!(zone("utc").name(), "UTC");
    }
}
