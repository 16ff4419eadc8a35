//! The UTC day of an instant: what tables are partitioned by.

const MICROS_PER_DAY: i64 = 86_400_000_000;

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
