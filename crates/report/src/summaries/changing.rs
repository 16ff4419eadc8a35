//! Days that change all the time: today, and those that late events come for.
//!
//! Of such a day is kept what its events amount to with all values, and the rows of which it was made. A
//! new file, more fresh rows, a commit that turns fresh rows into a file: what the visitors and chat
//! sessions in the rows that came and went amount to is taken away and added anew
//! ([`Part::change`](summary::Part::change)), and all others stay.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use summary::{Bucket, Changed, DaySummaries, Part, Rows};
use tokio::runtime::Handle;

use super::failure::Failure;
use super::fold::Folded;
use super::moment::{Moment, Source, SourceId};
use super::{Inner, lock};

/// Days that are kept this way.
const DAYS_MAX: usize = 4;

/// A day with what it was made of.
pub(super) struct ChangingDay {
    part: Part,
    rows: HashMap<SourceId, Arc<Rows>>,
    summaries: Arc<DaySummaries>,
}

/// The days, the one that was looked at longest ago first.
#[derive(Default)]
pub(super) struct ChangingDays(Vec<(i32, ChangingDay)>);

impl ChangingDays {
    fn take(&mut self, day: i32) -> Option<ChangingDay> {
        let at = self.0.iter().position(|(of, _)| *of == day)?;
        Some(self.0.remove(at).1)
    }

    /// Keeps a day, and others beside it while there is room for all.
    fn put(&mut self, day: i32, changing: ChangingDay, bytes_max: usize) {
        drop(self.take(day));
        self.0.push((day, changing));
        while self.0.len() > DAYS_MAX || (self.0.len() > 1 && self.bytes() > bytes_max) {
            self.0.remove(0);
        }
    }

    /// Days beside each other share rows, which count once.
    fn bytes(&self) -> usize {
        let rows: HashMap<SourceId, usize> =
            self.0.iter().flat_map(|(_, day)| day.rows.iter().map(|(id, rows)| (*id, rows.bytes()))).collect();
        self.0.iter().map(|(_, day)| day.part.bytes()).sum::<usize>() + rows.values().sum::<usize>()
    }

    /// Keeps the days that still change.
    pub(super) fn retain(&mut self, changes: impl Fn(i32) -> bool) {
        self.0.retain(|(day, _)| changes(*day));
    }
}

impl Inner {
    /// Makes the summaries of a day; nobody else makes the same one meanwhile.
    pub(super) fn make(&self, runtime: &Handle, moment: &Moment, day: i32) -> Result<Arc<DaySummaries>, Failure> {
        if self.is_settled(moment, day) {
            let part = self.fold(runtime, moment, day, Bucket::Hour)?.part;
            return Ok(Arc::new(part.summaries()));
        }
        let known = lock(&self.changing).take(day);
        let changed = known.map(|known| self.change(known, runtime, moment, day)).transpose()?.flatten();
        if let Some(changing) = changed {
            self.counters.folds.fetch_add(1, Ordering::Relaxed);
            self.counters.changes.fetch_add(1, Ordering::Relaxed);
            let summaries = Arc::clone(&changing.summaries);
            lock(&self.changing).put(day, changing, self.options.rows_bytes_max);
            return Ok(summaries);
        }
        let Folded { part, rows } = self.fold(runtime, moment, day, Bucket::Hour)?;
        let summaries = Arc::new(part.summaries());
        if let Some(rows) = rows {
            let bytes = part.bytes() + rows.iter().map(|(_, rows)| rows.bytes()).sum::<usize>();
            if bytes <= self.options.rows_bytes_max {
                let rows = rows.into_iter().collect();
                let changing = ChangingDay { part, rows, summaries: Arc::clone(&summaries) };
                lock(&self.changing).put(day, changing, self.options.rows_bytes_max);
            }
        }
        Ok(summaries)
    }

    /// The day as the moment has it; `None` if it must be folded anew.
    fn change(
        &self,
        known: ChangingDay,
        runtime: &Handle,
        moment: &Moment,
        day: i32,
    ) -> Result<Option<ChangingDay>, Failure> {
        let ChangingDay { mut part, rows: mut removed, summaries } = known;
        let (mut kept, mut added) = (HashMap::new(), HashMap::new());
        let mut room = self.options.rows_bytes_max.saturating_sub(part.bytes());
        for source in moment.sources(day) {
            let id = source.id();
            let rows = match removed.remove(&id) {
                Some(rows) => kept.entry(id).or_insert(rows),
                None => match self.added(runtime, moment, &source, day) {
                    Ok(rows) => added.entry(id).or_insert(rows),
                    Err(Failure::NoRoom) => return Ok(None),
                    Err(failure) => return Err(failure),
                },
            };
            let Some(left) = room.checked_sub(rows.bytes()) else { return Ok(None) };
            room = left;
        }
        let summaries = match part.change(&parts(&kept), &parts(&removed), &parts(&added)) {
            Changed::Nothing => summaries,
            Changed::Something => Arc::new(part.summaries()),
            Changed::Useless => return Ok(None),
        };
        kept.extend(added);
        Ok(Some(ChangingDay { part, rows: kept, summaries }))
    }

    fn added(&self, runtime: &Handle, moment: &Moment, source: &Source, day: i32) -> Result<Arc<Rows>, Failure> {
        self.rows_of(runtime, moment, source, day, self.room())
    }
}

fn parts(rows: &HashMap<SourceId, Arc<Rows>>) -> Vec<&Rows> {
    rows.values().map(Arc::as_ref).collect()
}

#[cfg(test)]
mod tests {
    use summary::{Event, HashKey, RowsBuilder, Shard};

    use super::*;

    fn day(number: i32) -> ChangingDay {
        let mut rows = RowsBuilder::new(&HashKey::new([7; 16]));
        let micros = i64::from(number) * 86_400_000_000;
        rows.push(&Event {
            micros,
            received_micros: micros,
            datastream: "web",
            visitor: Some("one"),
            session: None,
            subject: None,
            page: None,
            device: None,
            referrer: None,
            counters: [Some(1); 8],
            is_time_off: false,
        });
        let rows = rows.finish();
        let part = Part::new(number, Bucket::Hour, &[&rows], Shard::WHOLE);
        let summaries = Arc::new(part.summaries());
        ChangingDay { part, rows: HashMap::new(), summaries }
    }

    #[test]
    fn days_make_room_for_one_that_changes() {
        let kept = |bytes_max: usize| {
            let mut days = ChangingDays::default();
            (1..=6).for_each(|number| days.put(number, day(number), bytes_max));
            days.0.iter().map(|(day, _)| *day).collect::<Vec<_>>()
        };
        let one = day(1).part.bytes();
        assert!(one > 0);
        assert_eq!(kept(usize::MAX), [3, 4, 5, 6]);
        assert_eq!(kept(2 * one), [5, 6]);
        assert_eq!(kept(0), [6], "the day that was asked for stays");
    }
}
