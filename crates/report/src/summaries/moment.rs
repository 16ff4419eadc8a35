//! One moment of the table, by days: what a day's summary is made of, and by what it is known that it
//! still holds.
//!
//! A data file never changes, and neither does a batch of fresh rows, so a day's summary holds as long as
//! the files and fresh rows with rows of the day, of the day before and of the day after are the
//! same. Files of several days count for those days only that they have rows of: anybody may send
//! an event of any date, and one of 1970 and one of 9999 in a file would else void all between.

use std::collections::{BTreeSet, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use table::{DataFile, DayFiles, Partition};
use xxhash_rust::xxh3::Xxh3;

/// Raised when a summary of the same events becomes another one: by the rules of `summary` or of
/// [`super::rows`].
const RULES_VERSION: u64 = 5;

/// The events of one moment, by where they lie.
pub(super) struct Moment {
    pub(super) files: Arc<DayFiles>,
    /// Files of several days, and fresh rows.
    pub(super) loose: Vec<Loose>,
}

/// Events of any days.
pub(super) struct Loose {
    pub(super) source: Source,
    /// The days that it has events of, ascending.
    pub(super) days: Arc<[i32]>,
}

/// Some events.
#[derive(Clone)]
pub(super) enum Source {
    /// Those of a data file.
    File(DataFile),
    /// Those of a batch that is in no file yet, under a number of its own.
    Fresh(u64, RecordBatch),
}

/// Names a source; no other one ever has the name while the process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum SourceId {
    File(u128),
    Fresh(u64),
}

impl SourceId {
    pub(super) fn number(self) -> u128 {
        match self {
            SourceId::File(number) => number,
            SourceId::Fresh(number) => number.into(),
        }
    }
}

impl Source {
    pub(super) fn id(&self) -> SourceId {
        match self {
            Source::File(file) => SourceId::File(file.identity()),
            Source::Fresh(number, _) => SourceId::Fresh(*number),
        }
    }

    /// How many, if that is known.
    pub(super) fn rows(&self) -> Option<u64> {
        match self {
            Source::File(file) => file.rows(),
            Source::Fresh(_, batch) => Some(batch.num_rows() as u64),
        }
    }
}

impl Moment {
    /// The days of a range that have events, ascending.
    pub(super) fn days_in(&self, range: RangeInclusive<i32>) -> Vec<i32> {
        if range.is_empty() {
            return Vec::new();
        }
        let (first, last) = (*range.start(), *range.end());
        let mut days: BTreeSet<i32> =
            self.files.days().range(Partition(first)..=Partition(last)).map(|(day, _)| day.0).collect();
        for loose in &self.loose {
            days.extend(within(&loose.days, first, last));
        }
        days.into_iter().collect()
    }

    /// All days that have events, ascending.
    pub(super) fn days(&self) -> Vec<i32> {
        self.days_in(i32::MIN..=i32::MAX)
    }

    /// What a summary of the day is made of, with a key, as a number: it is another one as soon as
    /// anything of it is.
    pub(super) fn fingerprint(&self, key: u128, day: i32) -> u128 {
        let mut hasher = Xxh3::new();
        hasher.update(&key.to_le_bytes());
        hasher.update(&RULES_VERSION.to_le_bytes());
        hasher.update(&day.to_le_bytes());
        for beside in window(day) {
            let identity = self.files.days().get(&Partition(beside)).map_or(0, |of_day| of_day.identity());
            hasher.update(&identity.to_le_bytes());
        }
        let mut loose: Vec<SourceId> = self.loose_of(day).map(|loose| loose.source.id()).collect();
        loose.sort_unstable();
        for id in loose {
            let (kind, number) = match id {
                SourceId::File(identity) => (1u8, identity),
                SourceId::Fresh(number) => (2, number.into()),
            };
            hasher.update(&[kind]);
            hasher.update(&number.to_le_bytes());
        }
        hasher.digest128()
    }

    /// Whether rows that are in no file yet count for the day's summary.
    pub(super) fn has_fresh(&self, day: i32) -> bool {
        self.loose_of(day).any(|loose| matches!(loose.source, Source::Fresh(..)))
    }

    /// All that the moment consists of.
    pub(super) fn source_ids(&self) -> HashSet<SourceId> {
        let dated = self.files.days().values().flat_map(|of_day| of_day.files());
        let dated = dated.map(|file| SourceId::File(file.identity()));
        dated.chain(self.loose.iter().map(|loose| loose.source.id())).collect()
    }

    /// Whether the day has files of its own. The intake and loads give files of their own to a bounded
    /// number of days; one that hasn't any may be anybody's invention.
    pub(super) fn is_dated(&self, day: i32) -> bool {
        self.files.days().contains_key(&Partition(day))
    }

    /// Everything with events of the day, of the day before or of the day after.
    pub(super) fn sources(&self, day: i32) -> Vec<Source> {
        let dated = window(day).filter_map(|beside| self.files.days().get(&Partition(beside)));
        let dated = dated.flat_map(|of_day| of_day.files()).map(|file| Source::File(file.clone()));
        dated.chain(self.loose_of(day).map(|loose| loose.source.clone())).collect()
    }

    fn loose_of(&self, day: i32) -> impl Iterator<Item = &Loose> {
        let (first, last) = (day.saturating_sub(1), day.saturating_add(1));
        self.loose.iter().filter(move |loose| !within(&loose.days, first, last).is_empty())
    }
}

fn window(day: i32) -> RangeInclusive<i32> {
    day.saturating_sub(1)..=day.saturating_add(1)
}

/// The days of a range, in an ascending list.
fn within(days: &[i32], first: i32, last: i32) -> &[i32] {
    let from = days.partition_point(|day| *day < first);
    let to = days.partition_point(|day| *day <= last);
    &days[from..to.max(from)]
}
