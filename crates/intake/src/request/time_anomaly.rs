//! Event times that are far from their receipt: a clock that is wrong, a queue that was
//! offline, a typed year. Such an event is accepted, and marked in its row and its answer.

use std::time::Duration;

use xdm::Notice;

use super::body::Source;

/// How an event's time is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeAnomaly {
    /// Later than its receipt.
    Ahead,
    /// Long before it.
    Behind,
}

/// How far an event's time may be from its receipt without being marked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeBounds {
    pub(crate) ahead_max: Duration,
    pub(crate) behind_max: Duration,
}

impl TimeBounds {
    /// What is to be said of an event's time; both in microseconds since 1970. A file is about the past: of its times
    /// only one that is to come is odd.
    #[inline]
    pub(crate) fn judge(&self, source: Source, event: Option<i64>, received: i64) -> Option<TimeAnomaly> {
        let ahead = event?.saturating_sub(received);
        if ahead > micros(self.ahead_max) {
            return Some(TimeAnomaly::Ahead);
        }
        let is_behind = source == Source::Sender && ahead.saturating_neg() > micros(self.behind_max);
        is_behind.then_some(TimeAnomaly::Behind)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl TimeAnomaly {
    /// As column `time_anomaly` has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            TimeAnomaly::Ahead => "ahead",
            TimeAnomaly::Behind => "behind",
        }
    }

    /// The notice for the sender of `event`.
    #[cold]
    pub(crate) fn notice(self, event: &[u8], bounds: &TimeBounds) -> Notice {
        // Whichever name was sent: both are one property.
        let is_sent = |name: &[u8]| memchr::memmem::find(event, name).is_some();
        let pointer = if is_sent(b"\"xdm:timestamp\"") { "/xdm:timestamp" } else { "/timestamp" };
        let (code, message) = match self {
            TimeAnomaly::Ahead => (
                "timeAhead",
                format!(
                    "the time lies more than {} after the event was received; it is kept as sent and marked, set the sender's clock if it is wrong",
                    shown(bounds.ahead_max)
                ),
            ),
            TimeAnomaly::Behind => (
                "timeBehind",
                format!(
                    "the time lies more than {} before the event was received; it is kept as sent and marked",
                    shown(bounds.behind_max)
                ),
            ),
        };
        Notice { pointer: pointer.to_owned(), code: code.to_owned(), message }
    }
}

fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{duration:?}"),
        _ if seconds.is_multiple_of(3600) => format!("{} hours", seconds / 3600),
        _ => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_far_from_receipt_are_marked() {
        let bounds = TimeBounds { ahead_max: Duration::from_secs(10), behind_max: Duration::from_secs(20) };
        let check = |event: Option<i64>, expect: Option<&str>| {
            let judged = |source| bounds.judge(source, event, 1_000_000_000).map(TimeAnomaly::as_str);
            assert_eq!(judged(Source::Sender), expect, "{event:?}");
            assert_eq!(judged(Source::File), expect.filter(|anomaly| *anomaly == "ahead"), "{event:?}");
        };
        check(None, None);
        check(Some(1_000_000_000), None);
        check(Some(1_010_000_000), None);
        check(Some(1_010_000_001), Some("ahead"));
        check(Some(980_000_000), None);
        check(Some(979_999_999), Some("behind"));
        check(Some(i64::MAX), Some("ahead"));
        check(Some(i64::MIN), Some("behind"));
        let notice = TimeAnomaly::Ahead.notice(br#"{"xdm:timestamp":""}"#, &bounds);
        assert_eq!((notice.pointer.as_str(), notice.code.as_str()), ("/xdm:timestamp", "timeAhead"));
        assert!(notice.message.contains("more than 10 seconds after"), "{}", notice.message);
    }
}
