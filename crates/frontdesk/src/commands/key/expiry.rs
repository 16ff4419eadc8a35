//! When a key ends, from what people type: `90d`, `12h`, a date.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::failure::Failure;

/// Longest life of a key with an end, in days; one without an end needs no number.
const DAYS_MAX: u32 = 3_660;

/// Seconds since 1970 from which on the key is refused. A date is included: it ends with
/// that day in UTC.
///
/// # Errors
/// It can't be read, has passed, or is too far away.
pub(super) fn read(text: &str, now: DateTime<Utc>) -> Result<i64, Failure> {
    let help = format!("write 90d, 12h or a date such as 2027-06-30, at most {DAYS_MAX} days from now");
    let wrong = |what: &str| Failure::usage(format_args!("--expires {text:?} {what}")).help(&help);
    let end = end(text.trim(), now).ok_or_else(|| wrong("can't be read as a time"))?;
    if end <= now {
        return Err(wrong("has passed"));
    }
    if end > now + Days::new(u64::from(DAYS_MAX)) {
        return Err(wrong("is too far away"));
    }
    Ok(end.timestamp())
}

fn end(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let count = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u32>().ok()).flatten();
    if let Some(days) = text.strip_suffix('d') {
        return Some(later(now, TimeDelta::try_days(i64::from(count(days)?))));
    }
    if let Some(hours) = text.strip_suffix('h') {
        return Some(later(now, TimeDelta::try_hours(i64::from(count(hours)?))));
    }
    let date: NaiveDate = text.parse().ok()?;
    Some(date.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN).and_utc())
}

/// So much later, or the end of the calendar.
fn later(now: DateTime<Utc>, by: Option<TimeDelta>) -> DateTime<Utc> {
    by.and_then(|by| now.checked_add_signed(by)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let now: DateTime<Utc> = "2026-11-22T14:07:16Z".parse().unwrap();
        let check = |text: &str, expect: Result<&str, &str>| match (read(text, now), expect) {
            (Ok(found), Ok(expect)) => {
                assert_eq!(DateTime::from_timestamp(found, 0), expect.parse::<DateTime<Utc>>().ok(), "{text}");
            }
            (Err(failure), Err(part)) => assert!(failure.to_string().contains(part), "{text}: {failure}"),
            (found, _) => panic!("{text}: {found:?}"),
        };
        check("90d", Ok("2027-02-20T14:07:16Z"));
        check(" 12h ", Ok("2026-11-23T02:07:16Z"));
        check("2026-11-22", Ok("2026-11-23T00:00:00Z"));
        check("2026-11-21", Err("has passed"));
        check("0d", Err("has passed"));
        check("3660d", Ok("2036-11-29T14:07:16Z"));
        check("3661d", Err("too far away"));
        check("99999999999d", Err("can't be read"));
        check("4000000000d", Err("too far away"));
        check("9999-12-31", Err("too far away"));
        for text in ["", "d", "-1d", "+1d", "90", "90 days", "soon", "2027-13-01"] {
            check(text, Err("can't be read"));
        }
    }
}
