//! Time as a component: the pipeline asks a [`Clock`] and nothing else for the time of
//! day, so that a test, or a replay of a failing run, decides what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Microseconds since 1970-01-01T00:00:00Z.
    fn now_micros(&self) -> i64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_micros(&self) -> i64 {
        // A clock before 1970 is broken; 0 shows that plainly in `received_at`.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }
}

/// The UTC day of an instant, in days since 1970-01-01.
pub(crate) fn day_of(micros: i64) -> i32 {
    // An i64 of microseconds spans 213 million days.
    i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970_and_round_down() {
        let check = |micros: i64, expect: i32| assert_eq!(day_of(micros), expect, "{micros}");
        check(0, 0);
        check(MICROS_PER_DAY - 1, 0);
        check(MICROS_PER_DAY, 1);
        check(-1, -1);
        check(i64::MIN, -106_751_992);
        check(i64::MAX, 106_751_991);
    }
}
