//! What is wrong with a text that is no instant, said so that its sender can fix it.
//!
//! Nothing of the text is shown but two digits of a month, day, hour, minute or second that
//! is out of range, and only where the text is a date by its form: a phone number in the
//! wrong place stays unsaid.

use super::{days_in, two};

/// Which parts of a text are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    DateTime,
    Date,
    Time,
}

/// Digits of a count of seconds, milliseconds, microseconds, nanoseconds since 1970, for
/// times from 2001 to 2286.
const EPOCHS: [(usize, &str, &str); 4] = [
    (10, "seconds", "new Date(seconds * 1000).toISOString()"),
    (13, "milliseconds", "new Date(milliseconds).toISOString()"),
    (16, "microseconds", "new Date(microseconds / 1000).toISOString()"),
    (19, "nanoseconds", "new Date(nanoseconds / 1e6).toISOString()"),
];

/// One sentence on the fault and how to fix it, for a text that doesn't parse; `None` if all
/// that can be said is what is wanted.
pub(crate) fn fault(text: &str, wanted: Wanted) -> Option<String> {
    if text.is_empty() {
        return Some("it is empty".to_owned());
    }
    if text.trim() != text {
        return Some("it has white space around it; leave that out".to_owned());
    }
    if wanted != Wanted::Time
        && let Some(epoch) = epoch(text)
    {
        return Some(epoch);
    }
    match wanted {
        Wanted::Date => date_fault(text.as_bytes()).map(|fault| fault.unwrap_or_else(|| WITHOUT_TIME.to_owned())),
        Wanted::Time => time_fault(text.as_bytes()),
        Wanted::DateTime => {
            let bytes = text.as_bytes();
            if let Some(fault) = date_fault(bytes)? {
                return Some(fault);
            }
            match bytes.get(10) {
                None => Some("the time of day is missing; append one, such as T14:07:15Z".to_owned()),
                Some(b'T' | b't' | b' ') => time_fault(&bytes[11..]),
                Some(_) => Some("a T is missing between date and time".to_owned()),
            }
        }
    }
}

const WITHOUT_TIME: &str = "something follows the date; send the date alone";

/// A count since 1970, in digits, with the conversion. The number itself isn't said.
pub(crate) fn epoch(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.split_once('.').map_or(digits, |(whole, _)| whole);
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let (_, unit, conversion) = EPOCHS.iter().find(|(len, ..)| *len == whole.len())?;
    Some(format!("it looks like {unit} since 1970; send {conversion}"))
}

/// `Some(None)` for a date that is right; `None` where the text is no date by its form.
fn date_fault(text: &[u8]) -> Option<Option<String>> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match (digits, text.get(digits)) {
        (4, Some(b'-')) => {}
        (4, Some(b'/' | b'.')) => {
            return Some(Some("the parts of the date are joined by hyphens, as in 2026-11-22".to_owned()));
        }
        (1 | 2, Some(b'-' | b'/' | b'.')) => {
            return Some(Some(
                "the date begins with a year of four digits, then month and day, as in 2026-11-22".to_owned(),
            ));
        }
        (8, Some(b'T' | b't')) => return Some(Some("write the date with hyphens and the time with colons".to_owned())),
        _ => return None,
    }
    let two_digits = "month and day have two digits each, as in 2026-01-09";
    let part = |at: usize| two(*text.get(at)?, *text.get(at + 1)?);
    let (Some(month), Some(b'-'), Some(day)) = (part(5), text.get(7), part(8)) else {
        return Some(Some(two_digits.to_owned()));
    };
    if text.get(10).is_some_and(u8::is_ascii_digit) {
        return Some(Some(two_digits.to_owned()));
    }
    let year = two(text[0], text[1])? * 100 + two(text[2], text[3])?;
    Some(if !(1..=12).contains(&month) {
        Some(format!("the month is {month:02}; months are 01 to 12"))
    } else if day == 0 || day > days_in(year, month) {
        Some(format!("the day is {day:02}; that month has the days 01 to {}", days_in(year, month)))
    } else {
        None
    })
}

/// What is wrong with `HH:MM:SS[.f]zone`.
fn time_fault(text: &[u8]) -> Option<String> {
    let part = |at: usize| two(*text.get(at)?, *text.get(at + 1)?);
    let colon = |at: usize| text.get(at) == Some(&b':');
    let form = || Some("the time is hours, minutes and seconds of two digits each, as in 14:07:15".to_owned());
    let Some(hour) = part(0) else { return form() };
    if !colon(2) {
        return form();
    }
    let Some(minute) = part(3) else { return form() };
    if hour > 23 {
        return Some(format!("the hour is {hour:02}; hours are 00 to 23"));
    }
    if minute > 59 {
        return Some(format!("the minute is {minute:02}; minutes are 00 to 59"));
    }
    if !colon(5) {
        return Some("the seconds are missing; write them, as in 14:07:00".to_owned());
    }
    let Some(second) = part(6) else { return form() };
    if second > 60 {
        return Some(format!("the second is {second:02}; seconds are 00 to 59"));
    }
    zone_fault(&text[8..])
        .or_else(|| (second == 60).then(|| "second 60 exists only at 23:59:60 UTC; send the next second".to_owned()))
}

fn zone_fault(rest: &[u8]) -> Option<String> {
    let rest = match rest.first() {
        Some(b',') => return Some("the fraction of a second follows a point, not a comma".to_owned()),
        Some(b'.') => {
            let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return Some("no digits follow the point; write some, or leave the point out".to_owned());
            }
            &rest[1 + digits..]
        }
        _ => rest,
    };
    match rest {
        [] => Some("the offset from UTC is missing; append Z, or an offset such as +02:00".to_owned()),
        [b'Z' | b'z'] => None,
        [b'+' | b'-', h1, h2, b':', m1, m2] => match (two(*h1, *h2), two(*m1, *m2)) {
            (Some(0..=23), Some(0..=59)) => None,
            _ => Some("the offset is out of range; offsets are -23:59 to +23:59".to_owned()),
        },
        [b'+' | b'-', ..] => Some("the offset is hours and minutes with a colon, as in +02:00".to_owned()),
        _ => Some("an offset from UTC must end it: Z, or hours and minutes such as +02:00".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::instant::{is_date, is_time, parse};

    #[test]
    fn the_wrong_part_is_named() {
        let check = |text: &str, expect: &str| {
            assert!(parse(text).is_none(), "{text}");
            let said = fault(text, Wanted::DateTime).unwrap_or_default();
            assert!(said.contains(expect), "{text}: {said}");
        };
        check("", "empty");
        check("2026-13-22T14:07:15Z", "month is 13");
        check("2018-00-10T22:07:56Z", "month is 00");
        check("2026-11-31T14:07:15Z", "day is 31; that month has the days 01 to 30");
        check("2023-02-29T14:07:15Z", "01 to 28");
        check("2026-11-00T14:07:15Z", "day is 00");
        check("2026-11-22T25:07:15Z", "hour is 25");
        check("2026-11-22T24:00:00Z", "hour is 24");
        check("2026-11-22T14:60:15Z", "minute is 60");
        check("2026-11-22T14:07:61Z", "second is 61");
        check("2026-11-22T14:07:60Z", "23:59:60");
        check("2026-11-22T14:07Z", "seconds are missing");
        check("2026-11-22T14:07", "seconds are missing");
        check("2026-11-22T14:07:15", "offset from UTC is missing");
        check("2026-11-22T14:07:15.5", "offset from UTC is missing");
        check("2026-11-22T14:07:15+0200", "with a colon");
        check("2026-11-22T14:07:15+24:00", "out of range");
        check("2026-11-22T14:07:15 UTC", "must end it");
        check("2026-11-22T14:07:15,5Z", "comma");
        check("2026-11-22T14:07:15.Z", "no digits");
        check("2026-11-22", "time of day is missing");
        check("2026-11-22x14:07:15Z", "a T is missing");
        check("2026-11-22T2pm", "two digits each");
        check("2026-1-9T14:07:15Z", "two digits each");
        check("2026/11/22T14:07:15Z", "hyphens");
        check("26-11-22T14:07:15Z", "four digits");
        check("11/22/2026 14:07:15", "four digits");
        check("20261122T140715Z", "hyphens");
        check(" 2026-11-22T14:07:15Z", "white space");
        check("1795356435762", "milliseconds since 1970; send new Date(milliseconds).toISOString()");
        check("1795356435", "seconds since 1970; send new Date(seconds * 1000).toISOString()");
        check("1795356435.762", "seconds since 1970");
        check("1795356435762000", "microseconds");
        check("1795356435762000000", "nanoseconds");
    }

    #[test]
    fn what_is_no_date_is_not_shown() {
        for text in ["+1-408-555-0100", "jo@shop.example", "now", "14085550100", "Sun Nov 22 2026", "é026-11-22"] {
            assert_eq!(fault(text, Wanted::DateTime), None, "{text}");
        }
    }

    #[test]
    fn dates_and_times_alone() {
        let check = |text: &str, wanted, expect: &str| {
            assert!(!is_date(text) && !is_time(text), "{text}");
            let said = fault(text, wanted).unwrap_or_default();
            assert!(said.contains(expect), "{text}: {said}");
        };
        check("2026-11-22T14:07:15Z", Wanted::Date, "the date alone");
        check("2026-11-31", Wanted::Date, "01 to 30");
        check("14:07:15", Wanted::Time, "offset from UTC is missing");
        check("14:07", Wanted::Time, "seconds are missing");
        check("25:07:15Z", Wanted::Time, "hour is 25");
    }
}
