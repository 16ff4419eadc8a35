//! Partition values: days since 1970-01-01 (UTC), written `2026-11-22` in paths and in the log.

use chrono::{NaiveDate, TimeDelta};

const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("1970-01-01 is a day");

/// The partition a file belongs to: days since 1970-01-01, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Partition(pub i32);

impl Partition {
    /// The day as Delta writes it, `None` when it is beyond the calendar (±262,000 years).
    pub(crate) fn to_text(self) -> Option<String> {
        let date = EPOCH.checked_add_signed(TimeDelta::try_days(i64::from(self.0))?)?;
        Some(date.format("%Y-%m-%d").to_string())
    }

    /// Reads what [`to_text`](Self::to_text) writes.
    pub(crate) fn from_text(text: &str) -> Option<Partition> {
        let date: NaiveDate = text.parse().ok()?;
        i32::try_from((date - EPOCH).num_days()).ok().map(Partition)
    }

    /// The day in which an instant lies.
    pub fn of_micros(micros: i64) -> Partition {
        const MICROS_PER_DAY: i64 = 86_400_000_000;
        // A 64-bit count of microseconds spans ±107 million days.
        Partition(micros.div_euclid(MICROS_PER_DAY) as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_text_agree() {
        for (days, text) in [(0, "1970-01-01"), (-1, "1969-12-31"), (20_779, "2026-11-22"), (11_016, "2000-02-29")] {
            assert_eq!(Partition(days).to_text().as_deref(), Some(text));
            assert_eq!(Partition::from_text(text), Some(Partition(days)));
            assert_eq!(Partition::of_micros(i64::from(days) * 86_400_000_000), Partition(days));
            assert_eq!(Partition::of_micros(i64::from(days) * 86_400_000_000 - 1), Partition(days - 1));
        }
        assert_eq!(Partition::from_text("__HIVE_DEFAULT_PARTITION__"), None);
        assert_eq!(Partition(i32::MAX).to_text(), None);
    }
}
