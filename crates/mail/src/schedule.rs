//! When a mail is due: each day, or each Monday, at a time of a zone's clock.
//!
//! On days on which clocks are changed it is due when the clock shows the time first, and where the clock leaves it out, at the first
//! instant after: once a day, whatever the day's length.

use chrono::{Datelike, Days, NaiveTime, Weekday};
use report::Zone;
use thiserror::Error;

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// Each day.
    Day,
    /// Each Monday.
    Week,
}

/// When a mail is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How often.
    pub every: Every,
    /// At which time of the clock.
    pub at: NaiveTime,
    /// Whose clock.
    pub zone: Zone,
}

/// One time that a mail is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Microseconds since 1970.
    pub at_micros: i64,
    /// The date in the zone, as `2026-11-30`: it names the mail's period.
    pub date: String,
}

/// Why a schedule can't be read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ScheduleError {
    /// How often.
    #[error("expected every = \"day\" or \"week\"")]
    Every,
    /// When.
    #[error("expected a time such as at = \"08:00\"")]
    At,
}

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// [`ScheduleError`], which says what to write.
    pub fn parse(every: &str, at: &str, zone: Zone) -> Result<Schedule, ScheduleError> {
        let every = match every {
            "day" => Every::Day,
            "week" => Every::Week,
            _ => return Err(ScheduleError::Every),
        };
        let is_plain = at.len() == 5
            && at.bytes().enumerate().all(|(place, byte)| match place {
                2 => byte == b':',
                _ => byte.is_ascii_digit(),
            });
        let at = NaiveTime::parse_from_str(at, "%H:%M").ok().filter(|_| is_plain).ok_or(ScheduleError::At)?;
        Ok(Schedule { every, at, zone })
    }

    /// The last time that it was due at this instant, in microseconds since 1970.
    pub fn last_due(&self, now: i64) -> Due {
        let today = self.zone.local(now).date();
        // Tomorrow, too: a change of clocks may bring it here. Before a week is over there was a Monday.
        let days =
            (0..=9u64).filter_map(|back| today.checked_add_days(Days::new(1))?.checked_sub_days(Days::new(back)));
        let dues = days
            .filter(|date| self.every == Every::Day || date.weekday() == Weekday::Mon)
            .map(|date| Due { at_micros: self.zone.instant(date.and_time(self.at)), date: date.to_string() });
        let last = dues.filter(|due| due.at_micros <= now).max_by_key(|due| due.at_micros);
        last.unwrap_or(Due { at_micros: i64::MIN, date: String::new() })
    }

    /// The next time after an instant.
    pub fn next_due(&self, now: i64) -> i64 {
        let today = self.zone.local(now).date();
        let days = (0..=9u64).filter_map(|ahead| today.checked_add_days(Days::new(ahead)));
        let days = days.filter(|date| self.every == Every::Day || date.weekday() == Weekday::Mon);
        days.map(|date| self.zone.instant(date.and_time(self.at))).find(|at| *at > now).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn micros(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
    }

    fn schedule(every: &str, at: &str, zone: &str) -> Schedule {
        Schedule::parse(every, at, zone.parse().unwrap()).unwrap()
    }

    #[test]
    fn it_is_due_once_a_day_or_week() {
        let check = |every: &str, at: &str, zone: &str, now: &str, expect: (&str, &str)| {
            let schedule = schedule(every, at, zone);
            let due = schedule.last_due(micros(now));
            assert_eq!((due.date.as_str(), schedule.zone.write(due.at_micros).as_str()), expect, "{at} {zone} {now}");
            let next = schedule.next_due(due.at_micros);
            assert!(next > micros(now), "{now}");
        };
        check("day", "08:00", "UTC", "2026-11-22T07:59:59Z", ("2026-11-21", "2026-11-21T08:00:00Z"));
        check("day", "08:00", "UTC", "2026-11-22T08:00:00Z", ("2026-11-22", "2026-11-22T08:00:00Z"));
        // A Monday.
        check("week", "08:00", "UTC", "2026-11-23T08:00:00Z", ("2026-11-23", "2026-11-23T08:00:00Z"));
        check("week", "08:00", "UTC", "2026-11-23T07:00:00Z", ("2026-11-16", "2026-11-16T08:00:00Z"));
        check("week", "08:00", "UTC", "2026-11-29T23:00:00Z", ("2026-11-23", "2026-11-23T08:00:00Z"));
        // Days of 23 and 25 hours: 8 o'clock by the clock.
        check("day", "08:00", "Europe/Berlin", "2026-03-29T12:00:00Z", ("2026-03-29", "2026-03-29T08:00:00+02:00"));
        check("day", "08:00", "Europe/Berlin", "2026-10-25T12:00:00Z", ("2026-10-25", "2026-10-25T08:00:00+01:00"));
        // A time that the clock leaves out, and one that it shows twice.
        check("day", "02:30", "Europe/Berlin", "2026-03-29T12:00:00Z", ("2026-03-29", "2026-03-29T03:00:00+02:00"));
        check("day", "02:30", "Europe/Berlin", "2026-10-25T12:00:00Z", ("2026-10-25", "2026-10-25T02:30:00+02:00"));
        check("day", "00:00", "America/Sao_Paulo", "2018-11-04T12:00:00Z", ("2018-11-04", "2018-11-04T01:00:00-02:00"));
        check("day", "08:00", "Pacific/Auckland", "2026-11-22T19:30:00Z", ("2026-11-23", "2026-11-23T08:00:00+13:00"));
    }

    #[test]
    fn no_day_has_two_and_none_is_left_out() {
        for zone in ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut"] {
            for at in ["00:00", "02:15", "23:59"] {
                let schedule = schedule("day", at, zone);
                let mut dates = Vec::new();
                let (begin, end) = (micros("2026-03-01T12:00:00Z"), micros("2026-11-30T12:00:00Z"));
                let mut now = begin;
                while now < end {
                    let due = schedule.last_due(now);
                    if dates.last() != Some(&due.date) {
                        dates.push(due.date);
                    }
                    now += 60 * 60 * 1_000_000;
                }
                assert!(dates.is_sorted() && (274..=276).contains(&dates.len()), "{zone} {at}: {}", dates.len());
            }
        }
    }

    #[test]
    fn says_what_to_write() {
        let parse = |every: &str, at: &str| Schedule::parse(every, at, Zone::UTC);
        for at in ["8:00", "24:00", "08:60", "0800", "", "08:00:00", "+8:00", "８:00"] {
            assert_eq!(parse("day", at), Err(ScheduleError::At), "{at}");
        }
        assert_eq!(parse("month", "08:00"), Err(ScheduleError::Every));
    }
}
