//! Times as they are written on the wire: RFC 3339 in UTC.

use chrono::{DateTime, SecondsFormat, Utc};

/// A time in microseconds since 1970, with as many digits as it needs.
pub(crate) fn micros(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).map_or_else(|| micros.to_string(), |time| text(time, SecondsFormat::AutoSi))
}

/// A time in microseconds since 1970, cut to milliseconds as the Web SDK writes them.
pub(crate) fn millis(micros: i64) -> String {
    text(DateTime::from_timestamp_micros(micros).unwrap_or_default(), SecondsFormat::Millis)
}

/// A time in seconds since 1970.
pub(crate) fn seconds(seconds: i64) -> String {
    text(DateTime::from_timestamp(seconds, 0).unwrap_or_default(), SecondsFormat::Secs)
}

fn text(time: DateTime<Utc>, format: SecondsFormat) -> String {
    time.to_rfc3339_opts(format, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_digits() {
        let check = |at_micros: i64, expect: [&str; 3]| {
            let found = [micros(at_micros), millis(at_micros), seconds(at_micros.div_euclid(1_000_000))];
            assert_eq!(found, expect, "{at_micros}");
        };
        check(0, ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00Z"]);
        check(1_795_356_436_000_000, ["2026-11-22T14:07:16Z", "2026-11-22T14:07:16.000Z", "2026-11-22T14:07:16Z"]);
        check(1_001_999, ["1970-01-01T00:00:01.001999Z", "1970-01-01T00:00:01.001Z", "1970-01-01T00:00:01Z"]);
        check(-1, ["1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59Z"]);
        assert_eq!(micros(i64::MAX), i64::MAX.to_string(), "no year that can be written");
    }
}
