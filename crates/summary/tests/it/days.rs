//! Events of a few days, and their summaries.

use std::sync::Arc;

use summary::{
    Bucket, DAY_MICROS, DaySummaries, DaySummary, Event, HashKey, Keep, Part, Rows, RowsBuilder, Shard, fold,
};

/// The day on which the tests' events begin, counted from 1970.
pub(crate) const FIRST_DAY: i32 = 20_000;

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;

/// An event that owns its texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Owned {
    pub(crate) micros: i64,
    pub(crate) received_micros: i64,
    pub(crate) datastream: String,
    pub(crate) visitor: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) page: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) referrer: Option<String>,
    pub(crate) counters: [Option<i64>; 8],
    pub(crate) is_time_off: bool,
}

impl Owned {
    pub(crate) fn event(&self) -> Event<'_> {
        Event {
            micros: self.micros,
            received_micros: self.received_micros,
            datastream: &self.datastream,
            visitor: self.visitor.as_deref(),
            session: self.session.as_deref(),
            subject: self.subject.as_deref(),
            page: self.page.as_deref(),
            device: self.device.as_deref(),
            referrer: self.referrer.as_deref(),
            counters: self.counters,
            is_time_off: self.is_time_off,
        }
    }
}

/// An instant of the tests' days.
pub(crate) fn at(day: i64, micros: i64) -> i64 {
    (i64::from(FIRST_DAY) + day) * DAY_MICROS + micros
}

pub(crate) fn rows<'a>(events: impl IntoIterator<Item = &'a Owned>) -> Rows {
    let mut rows = RowsBuilder::new(&HashKey::new(*b"a key of 16 byte"));
    events.into_iter().for_each(|event| rows.push(&event.event()));
    rows.finish()
}

/// The summaries of all days that have events.
pub(crate) fn summaries(events: &[Owned], keep: &Keep<'_>) -> Vec<Arc<DaySummary>> {
    of_each_day(events, |day, parts| Arc::new(fold(day, parts, keep)))
}

/// What is stored of them.
pub(crate) fn stored_summaries(events: &[Owned], bucket: Bucket) -> Vec<DaySummaries> {
    of_each_day(events, |day, parts| Part::new(day, bucket, parts, Shard::WHOLE).summaries())
}

fn of_each_day<T>(events: &[Owned], make: impl Fn(i32, &[&Rows]) -> T) -> Vec<T> {
    // In several parts, as files are.
    let parts: Vec<Rows> = (0..3).map(|part| rows(events.iter().skip(part).step_by(3))).collect();
    let parts: Vec<&Rows> = parts.iter().collect();
    let mut days: Vec<i64> = events.iter().map(|event| event.micros.div_euclid(DAY_MICROS)).collect();
    days.sort_unstable();
    days.dedup();
    days.into_iter().map(|day| make(day as i32, &parts)).collect()
}
