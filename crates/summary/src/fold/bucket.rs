//! How finely a summary tells the time.

use crate::{DAY_MICROS, Query};

/// How finely a summary tells the time of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// By hours of UTC: what is kept.
    #[default]
    Hour,
    /// By quarters of an hour, for zones whose days don't begin with an hour of UTC.
    QuarterHour,
    /// By minutes, for instants that no quarter begins with.
    Minute,
}

impl Bucket {
    /// From the longest to the shortest.
    pub const ALL: [Bucket; 3] = [Bucket::Hour, Bucket::QuarterHour, Bucket::Minute];

    /// Its length in minutes.
    pub const fn minutes(self) -> u32 {
        match self {
            Bucket::Hour => 60,
            Bucket::QuarterHour => 15,
            Bucket::Minute => 1,
        }
    }

    /// Its length in microseconds.
    pub const fn micros(self) -> i64 {
        self.minutes() as i64 * 60 * 1_000_000
    }

    /// The minute of the day that one begins with, by its number in the day.
    pub(crate) const fn first_minute(self, bucket: u16) -> u16 {
        bucket * self.minutes() as u16
    }

    /// How many a day has.
    pub const fn per_day(self) -> u32 {
        24 * 60 / self.minutes()
    }

    /// The longest that answers the query: one whose boundaries are all instants of the query. `None`
    /// if an instant lies within a minute.
    pub fn for_query(query: &Query) -> Option<Bucket> {
        Bucket::ALL.into_iter().find(|bucket| instants(query).all(|at| at.rem_euclid(bucket.micros()) == 0))
    }

    /// An instant of the query that is no boundary, though it is within the day.
    pub(crate) fn divided_by(self, query: &Query, day_start: i64) -> Option<i64> {
        let day = day_start..day_start.saturating_add(DAY_MICROS);
        instants(query).find(|at| day.contains(at) && at.rem_euclid(self.micros()) != 0)
    }
}

/// The instants at which something begins or ends.
fn instants(query: &Query) -> impl Iterator<Item = i64> + '_ {
    let within = query.since..query.until;
    let stretches = query.timeline.stretches.iter().map(|stretch| stretch.0);
    [query.since, query.until].into_iter().chain(stretches.filter(move |at| within.contains(at)))
}
