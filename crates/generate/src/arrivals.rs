//! When demo visitors come: a day has a morning and an evening, a week has a Sunday.
//!
//! A run's sessions are laid along the cumulated weight of its hours, so that events
//! come out in time order without sorting and every run fills its days evenly.

use super::random::Random;

/// Milliseconds in an hour.
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// Weight of each hour of a UTC day.
const HOURS: [u32; 24] = [14, 10, 8, 7, 8, 12, 22, 38, 55, 70, 78, 80, 76, 74, 78, 82, 84, 80, 76, 78, 74, 58, 38, 22];

/// Weight of each day of the week, Thursday first (1970-01-01 was one).
const WEEKDAYS: [u32; 7] = [100, 96, 72, 64, 108, 106, 102];

/// The hours of a run and their cumulated weights.
pub(crate) struct ArrivalTimes {
    begin_ms: i64,
    /// `ends[h]` is the weight of all hours up to and with hour `h`.
    ends: Vec<u64>,
    /// Hour that the last moment fell in; moments are asked for in rising order.
    hour: usize,
}

impl ArrivalTimes {
    /// The `days` days before `until_ms` (milliseconds since 1970, UTC).
    pub(crate) fn new(until_ms: i64, days: u32) -> ArrivalTimes {
        let hours = i64::from(days) * 24;
        let begin_ms = until_ms - hours * HOUR_MS;
        let mut ends = Vec::with_capacity(hours as usize);
        let mut sum = 0u64;
        for hour in 0..hours {
            let since_1970 = (begin_ms + hour * HOUR_MS).div_euclid(HOUR_MS);
            let of_day = since_1970.rem_euclid(24) as usize;
            let weekday = since_1970.div_euclid(24).rem_euclid(7) as usize;
            sum += u64::from(HOURS[of_day] * WEEKDAYS[weekday]);
            ends.push(sum);
        }
        ArrivalTimes { begin_ms, ends, hour: 0 }
    }

    /// The moment at which `done` of `all` parts of the run's weight have passed, moved
    /// by up to a second. Rises with `done`, except for that second.
    pub(crate) fn moment(&mut self, done: u64, all: u64, random: &mut Random) -> i64 {
        let total = self.ends.last().copied().unwrap_or(1);
        let weight = (u128::from(done) * u128::from(total) / u128::from(all.max(1))) as u64;
        while self.hour + 1 < self.ends.len() && self.ends[self.hour] <= weight {
            self.hour += 1;
        }
        let before = if self.hour == 0 { 0 } else { self.ends[self.hour - 1] };
        let span = self.ends.get(self.hour).map_or(1, |end| end - before).max(1);
        let within = (u128::from(weight - before) * HOUR_MS as u128 / u128::from(span)) as i64;
        let jitter = i64::from(random.below(1_000));
        self.begin_ms + self.hour as i64 * HOUR_MS + within.min(HOUR_MS - 1_000) + jitter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_its_days_with_more_at_noon_than_at_night() {
        let until = 1_795_305_600_000; // 2026-11-22T00:00:00Z, a Sunday
        let mut arrivals = ArrivalTimes::new(until, 7);
        let mut random = Random::new(1);
        let mut by_hour = [0u32; 24];
        for i in 0..70_000 {
            let at = arrivals.moment(i, 70_000, &mut random);
            assert!((until - 7 * 24 * HOUR_MS..until).contains(&at), "{at}");
            by_hour[(at / HOUR_MS % 24) as usize] += 1;
        }
        assert!(by_hour[12] > 5 * by_hour[3], "{by_hour:?}");
        assert!(by_hour.iter().all(|&n| n > 0), "{by_hour:?}");
    }
}
