//! `date-time`, `date` and `time` after RFC 3339, and instants by direct arithmetic.
//!
//! Decided: `T`, `t` or one space may stand between date and time; `Z`, `z` or an offset
//! must follow; second 60 is read only at 23:59:60 UTC, as the next second; fractions
//! beyond microseconds are cut and reported as inexact.
//!
//! Instants outside [`STORED`] are read and never stored as instants: readers that count
//! nanoseconds in 64 bits (1677-09-21 to 2262-04-11) fail on a whole table for one of them.

mod fault;

use std::ops::Range;

pub(crate) use fault::{Wanted, epoch, fault};

/// An instant, and whether it is all that the text said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub(crate) micros: i64,
    /// False when digits beyond microseconds were cut.
    pub(crate) exact: bool,
}

const SECOND: i64 = 1_000_000;

/// Instants that a column takes: 1678-01-01 to the end of 2261-12-31, UTC.
pub(crate) const STORED: Range<i64> = days_from_civil(1678, 1, 1) * DAY..days_from_civil(2262, 1, 1) * DAY;
const DAY: i64 = 86_400 * SECOND;

/// Reads a date-time.
#[inline]
pub(crate) fn parse(text: &str) -> Option<Instant> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let days = date(bytes.first_chunk()?)?;
    let clock = time(&bytes[11..])?;
    Some(Instant { micros: days * DAY + clock.micros, exact: clock.exact })
}

pub(crate) fn is_date(text: &str) -> bool {
    text.len() == 10 && text.as_bytes().first_chunk().is_some_and(|chunk| date(chunk).is_some())
}

pub(crate) fn is_time(text: &str) -> bool {
    time(text.as_bytes()).is_some()
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// Days since 1970-01-01 of `YYYY-MM-DD`.
#[inline]
fn date(b: &[u8; 10]) -> Option<i64> {
    if b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    let year = two(b[0], b[1])? * 100 + two(b[2], b[3])?;
    let (month, day) = (two(b[5], b[6])?, two(b[8], b[9])?);
    if !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return None;
    }
    Some(days_from_civil(year, month, day))
}

#[inline]
fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Howard Hinnant's `days_from_civil` (chrono-compatible low-level date algorithms).
#[inline]
const fn days_from_civil(year: u32, month: u32, day: u32) -> i64 {
    let year = year as i64 - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month as i64 + 9) % 12) + 2) / 5 + day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Microseconds from midnight UTC of `HH:MM:SS[.f](Z|±HH:MM)`; may be negative or above a day.
#[inline]
fn time(b: &[u8]) -> Option<Instant> {
    let (clock, rest) = b.split_first_chunk::<8>()?;
    if clock[2] != b':' || clock[5] != b':' {
        return None;
    }
    let (hour, minute, second) = (two(clock[0], clock[1])?, two(clock[3], clock[4])?, two(clock[6], clock[7])?);
    let (fraction, exact, zone) = fraction(rest)?;
    let offset_minutes = zone_minutes(zone)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let minutes = i64::from(hour * 60 + minute) - offset_minutes;
    if second == 60 && minutes.rem_euclid(24 * 60) != 24 * 60 - 1 {
        return None;
    }
    Some(Instant { micros: (minutes * 60 + i64::from(second)) * SECOND + fraction, exact })
}

#[inline]
fn fraction(b: &[u8]) -> Option<(i64, bool, &[u8])> {
    if b.first() != Some(&b'.') {
        return Some((0, true, b));
    }
    let digits = b[1..].iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let mut micros = 0i64;
    for at in 0..6 {
        let digit = if at < digits { b[1 + at] - b'0' } else { 0 };
        micros = micros * 10 + i64::from(digit);
    }
    let cut = digits > 6 && b[7..=digits].iter().any(|b| *b != b'0');
    Some((micros, !cut, &b[1 + digits..]))
}

#[inline]
fn zone_minutes(b: &[u8]) -> Option<i64> {
    match *b {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
            let offset = i64::from(hours * 60 + minutes);
            (hours < 24 && minutes < 60).then_some(if sign == b'-' { -offset } else { offset })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_instants() {
        let check = |text: &str, expect: Option<i64>| assert_eq!(parse(text).map(|i| i.micros), expect, "{text}");
        check("1970-01-01T00:00:00Z", Some(0));
        check("2017-09-26T15:52:25+00:00", Some(1_506_441_145_000_000));
        check("2017-09-26T17:52:25+02:00", Some(1_506_441_145_000_000));
        check("2017-09-26t15:52:25z", Some(1_506_441_145_000_000));
        check("2017-09-26 15:52:25Z", Some(1_506_441_145_000_000));
        check("2026-11-22T14:07:15.762Z", Some(1_795_356_435_762_000));
        check("1969-12-31T23:59:59.5Z", Some(-500_000));
        check("2024-02-29T00:00:00Z", Some(1_709_164_800_000_000));
        check("2016-12-31T23:59:60Z", Some(1_483_228_800_000_000));
        check("2017-01-01T00:59:60+01:00", Some(1_483_228_800_000_000));
        check("0000-01-01T00:00:00Z", Some(-62_167_219_200_000_000));
        for bad in [
            "2017-09-26T15:52:25+0000",
            "2017-09-26T15:52:25",
            "2017-19-39T29:52:25Z",
            "2023-02-29T00:00:00Z",
            "2017-09-26T15:52:60Z",
            "2017-09-26T24:00:00Z",
            "2017-09-26",
            "",
            "2017-09-26T15:52:25.Z",
            "2017-09-26T15:52:25Z ",
            "2017-9-26T15:52:25Z",
            "2017-09-26T15:52:25+24:00",
            "x017-09-26T15:52:25Z",
            "2017-09-26T15:52:25+0é:00",
        ] {
            check(bad, None);
        }
        let first = parse("1678-01-01T00:00:00Z").map(|i| i.micros);
        let last = parse("2261-12-31T23:59:59.999999Z").map(|i| i.micros);
        assert_eq!((first, last), (Some(STORED.start), Some(STORED.end - 1)));
        assert_eq!(parse("2026-11-22T14:07:15.1234567Z").map(|i| i.exact), Some(false));
        assert_eq!(parse("2026-11-22T14:07:15.1234560Z").map(|i| i.exact), Some(true));
        assert!(is_date("2026-11-22") && !is_date("2026-11-31") && !is_date("2026-11-22Z"));
        assert!(is_time("14:07:15Z") && !is_time("14:07:15") && !is_time("14:07"));
    }

    #[test]
    fn the_examples_of_rfc_3339() {
        let same = |left: &str, right: &str| assert_eq!(parse(left), parse(right), "{left} {right}");
        // 5.8.
        same("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57Z");
        same("1990-12-31T23:59:60Z", "1991-01-01T00:00:00Z");
        same("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00Z");
        same("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.87Z");
        // 4.3: no offset is known, which is UTC all the same.
        same("2026-11-22T14:07:15-00:00", "2026-11-22T14:07:15Z");
        same("2026-11-22T14:07:15+23:59", "2026-11-21T14:08:15Z");
        same("2026-11-22T14:07:15-23:59", "2026-11-23T14:06:15Z");
        same("1990-12-31T23:59:60.25Z", "1991-01-01T00:00:00.25Z");
        same("2026-11-22T14:07:15.100000000Z", "2026-11-22T14:07:15.1Z");
        assert_eq!(parse("1985-04-12T23:20:50.52Z").map(|instant| instant.micros), Some(482_196_050_520_000));
        // 5.6: two digits each, a point, and an offset with a colon. 5.7: days as the month has them.
        for text in [
            "1990-12-31T22:59:60Z",
            "1990-12-31T23:58:60Z",
            "1990-12-31T23:59:60+01:00",
            "1990-12-31T23:59:61Z",
            "2026-11-22T14:07:15,5Z",
            "2026-11-22T14:07:15.5",
            "2026-11-22T14:07Z",
            "2026-11-22T14Z",
            "2026-11-22T14:07:15+2:00",
            "2026-11-22T14:07:15+02",
            "2026-11-22T14:07:15+0200",
            "2026-11-22T14:07:15+02:60",
            "2026-11-22T14:07:15 +02:00",
            "2026-11-22T14:07:15ZZ",
            "2026-11-22T14:07:15Z+01:00",
            "2026-11-22T 4:07:15Z",
            "2026-11-22T14:7:15Z0",
            "2026-11-22  14:07:15Z",
            "2026-11-22_14:07:15Z",
            "+2026-11-22T14:07:15Z",
            "-026-11-22T14:07:15Z",
            "12026-11-22T14:07:15Z",
            "2026-W47-7T14:07:15Z",
            "2026-326T14:07:15Z",
            "20261122T140715Z",
            "1900-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-06-31T00:00:00Z",
            "2026-09-31T00:00:00Z",
            "2026-11-31T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "２026-11-22T14:07:15Z",
            "2026-11-22T14:07:15.５Z",
            "2026-11-22T14:07:15\u{2212}02:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        for date in ["2000-02-29", "2400-02-29", "2026-12-31", "0000-01-01", "9999-12-31"] {
            assert!(is_date(date), "{date}");
        }
        for text in ["2026-1-1", "2026-11-22 ", "26-11-22", "2026/11/22", "2026-11-2２", ""] {
            assert!(!is_date(text), "{text}");
        }
        for time in ["00:00:00Z", "23:59:60Z", "23:59:59.999+23:59", "00:59:60+01:00", "14:07:15z"] {
            assert!(is_time(time), "{time}");
        }
        for text in ["24:00:00Z", "00:00:60Z", "14:07:15", "14:07:15.Z", "T14:07:15Z", "14:07:15Z ", "2:07:15PM", ""] {
            assert!(!is_time(text), "{text}");
        }
    }

    #[test]
    fn every_day_of_the_calendar_follows_the_one_before() {
        let mut before = days_from_civil(1600, 1, 1) - 1;
        for year in 1600..=2400 {
            for month in 1..=12 {
                for day in 1..=days_in(year, month) {
                    let text = format!("{year:04}-{month:02}-{day:02}T00:00:00Z");
                    let days = parse(&text).map(|instant| instant.micros / DAY);
                    assert_eq!(days, Some(before + 1), "{text}");
                    before += 1;
                }
            }
        }
        // Four hundred years have 146,097 days.
        assert_eq!(days_from_civil(2400, 1, 1) - days_from_civil(2000, 1, 1), 146_097);
        assert_eq!(days_from_civil(1970, 1, 1), 0);
    }
}
