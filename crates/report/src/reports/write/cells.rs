//! Numbers, times and names as people read them.

use std::borrow::Cow;

use summary::{Channel, Device};

use crate::reports::answer::{MetricAnswer, MetricNumber, ReportRow, RowKind, SecondsAnswer};
use crate::reports::contents::named;
use crate::reports::filter::UNKNOWN_DEVICE;

/// What people call the devices of which nothing tells what they are.
const UNKNOWN_DEVICE_LABEL: &str = "Unknown";
/// What stands where a number can't be known.
pub(super) const UNKNOWN: &str = "–";

/// `1,234`, `12.3%`, `5m 12s` (the median).
pub(super) fn number(number: Option<MetricNumber>) -> String {
    match number {
        None => UNKNOWN.to_owned(),
        Some(MetricNumber::Count(count)) => grouped(count),
        Some(MetricNumber::Share(share)) => format!("{:.1}%", 100.0 * share),
        Some(MetricNumber::Seconds(lengths)) => seconds(lengths.median),
    }
}

/// `5m 12s`, `2h 03m`, `40s`.
pub(super) fn seconds(seconds: u32) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3_600, seconds / 60 % 60),
    }
}

/// A number of a length of time.
pub(super) type LengthPart = fn(&SecondsAnswer) -> u32;

/// Those that are written: the ends of their labels, and which they are.
pub(super) const LENGTHS: [(&str, LengthPart); 4] = [
    ("median", |lengths| lengths.median),
    ("p90", |lengths| lengths.p90),
    ("p95", |lengths| lengths.p95),
    ("greatest", |lengths| lengths.max),
];

/// `+12.5%`, of shares `+1.2 points`; `=` for the same, nothing where nothing can be said.
pub(super) fn change(answer: &MetricAnswer) -> String {
    let points = answer.value.zip(answer.previous).and_then(|(value, previous)| value.points_since(previous));
    match (answer.change, points) {
        (None, _) => String::new(),
        (Some(0.0), _) => "=".to_owned(),
        (Some(_), Some(points)) => format!("{} points", signed(points)),
        (Some(change), None) => format!("{}%", signed(100.0 * change)),
    }
}

/// With its sign, and with both where it rounds to 0.
fn signed(number: f64) -> String {
    let written = format!("{number:+.1}");
    if matches!(&*written, "+0.0" | "-0.0") { "±0.0".to_owned() } else { written }
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A metric's name in prose.
pub(super) fn label(name: &str) -> &str {
    named(name).map_or(name, |metric| metric.label)
}

/// A metric's name at the head of a column.
pub(super) fn heading(name: &str) -> &str {
    named(name).map_or(name, |metric| metric.heading)
}

/// Where a part begins, no longer than needed: `2026-11-16`, `2026-11-16 09:00`, with the offset
/// where it isn't UTC.
pub(super) fn at<'a>(at: &'a str, by: &str) -> Cow<'a, str> {
    let Some((date, time)) = at.split_once('T') else { return Cow::Borrowed(at) };
    let (clock, rest) = time.split_at_checked(5).unwrap_or((time, ""));
    if by != "hour" && clock == "00:00" {
        return Cow::Borrowed(date);
    }
    let offset = rest.trim_start_matches(|letter: char| letter == ':' || letter.is_ascii_digit() || letter == '.');
    match offset {
        "Z" => Cow::Owned(format!("{date} {clock}")),
        offset => Cow::Owned(format!("{date} {clock} {offset}")),
    }
}

/// What people call a value of a dimension whose values are few and ours.
pub(super) fn labelled(dimension: &str, value: &str) -> Option<&'static str> {
    match dimension {
        "channel" => Channel::ALL.into_iter().find(|channel| channel.name() == value).map(Channel::label),
        "device" if value == UNKNOWN_DEVICE => Some(UNKNOWN_DEVICE_LABEL),
        "device" => Device::ALL.into_iter().find(|device| device.name() == value).map(Device::label),
        _ => None,
    }
}

/// A filter as people read it: `not Direct message`.
pub(super) fn filtered<'a>(dimension: &str, written: &'a str) -> Cow<'a, str> {
    let (is_out, value) = written.strip_prefix('!').map_or((false, written), |value| (true, value));
    match (labelled(dimension, value), is_out) {
        (Some(label), false) => Cow::Borrowed(label),
        (Some(label), true) => Cow::Owned(format!("not {label}")),
        (None, _) => Cow::Borrowed(written),
    }
}

/// What a row of a report by `by` is of: channels and devices by their names for people.
pub(super) fn value<'a>(by: Option<&str>, row: &'a ReportRow) -> &'a str {
    match row.kind {
        RowKind::Value => {
            let value = row.value.as_deref().unwrap_or_default();
            by.and_then(|by| labelled(by, value)).unwrap_or(value)
        }
        RowKind::None if by == Some("device") => UNKNOWN_DEVICE_LABEL,
        RowKind::None => "(none)",
        RowKind::Other => "(other)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::answer::SecondsAnswer;

    #[test]
    fn numbers_are_short() {
        let check = |shown: String, expect: &str| assert_eq!(shown, expect);
        check(number(None), "–");
        check(number(Some(MetricNumber::Count(0))), "0");
        check(number(Some(MetricNumber::Count(1_234_567))), "1,234,567");
        check(number(Some(MetricNumber::Count(123))), "123");
        check(number(Some(MetricNumber::Share(0.1234))), "12.3%");
        let lengths = SecondsAnswer { median: 312, p90: 400, p95: 500, max: 600, count: 9 };
        check(number(Some(MetricNumber::Seconds(lengths))), "5m 12s");
        check(seconds(59), "59s");
        check(seconds(3_600), "1h 00m");
    }

    #[test]
    fn changes_of_shares_are_told_in_points() {
        let check = |value: MetricNumber, previous: MetricNumber, change: Option<f64>, expect: &str| {
            let (value, previous) = (Some(value), Some(previous));
            let answer = MetricAnswer { value, previous, change, unit: String::new(), note: None, reason: None };
            assert_eq!(super::change(&answer), expect);
        };
        let (count, share) = (MetricNumber::Count, MetricNumber::Share);
        check(count(9), count(8), Some(0.125), "+12.5%");
        check(count(0), count(8), Some(-1.0), "-100.0%");
        check(count(9_999), count(10_000), Some(-0.000_1), "±0.0%");
        check(count(8), count(8), Some(0.0), "=");
        check(count(8), count(0), None, "");
        // From a half to 55 %: a tenth more, which is five points.
        check(share(0.55), share(0.5), Some(0.1), "+5.0 points");
        check(share(0.5), share(0.500_1), Some(-0.000_2), "±0.0 points");
        check(share(0.5), share(0.5), Some(0.0), "=");
        check(share(0.5), share(0.0), None, "");
    }

    #[test]
    fn values_of_ours_have_names_for_people() {
        let check = |dimension: &str, written: &str, expect: &str| assert_eq!(filtered(dimension, written), expect);
        check("channel", "direct_message", "Direct message");
        check("channel", "!direct_message", "not Direct message");
        check("device", "mobile", "Mobile");
        // What somebody has sent stays as it is.
        check("subject", "call", "call");
        check("subject", "!call", "!call");
        check("channel", "", "");
        check("device", "unknown", "Unknown");
    }

    #[test]
    fn times_are_short() {
        let check = |written: &str, by: &str, expect: &str| assert_eq!(at(written, by), expect);
        check("2026-11-16T00:00:00+01:00", "day", "2026-11-16");
        check("2026-11-16T00:00:00Z", "hour", "2026-11-16 00:00");
        check("2026-11-16T09:30:00Z", "day", "2026-11-16 09:30");
        check("2026-10-25T02:00:00+02:00", "hour", "2026-10-25 02:00 +02:00");
        check("2018-11-04T01:00:00-02:00", "day", "2018-11-04 01:00 -02:00");
        check("mon 09:00", "weekday-hour", "mon 09:00");
        check("odd", "day", "odd");
        check("Té", "day", " é ");
    }
}
