//! Finding a day's summary, or making it.
//!
//! Making runs on [`super::threads`]: decoding, hashing and folding take a processor for as long as there
//! are rows. How it is made, [`super::fold`] and [`super::changing`] know.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use summary::{Bucket, DaySummaries, DaySummary, Dimensions, Filter, Keep};
use table::{DataFile, DayFiles};
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;

use super::failure::Failure;
use super::moment::{Loose, Moment, Source, SourceId};
use super::{Inner, Made, Special, Summaries, lock};

/// Days at the end that may still change much: today and the one before.
const UNSETTLED_DAYS: i32 = 2;

impl Summaries {
    /// The table as it is now. Where it has files of several days that aren't known yet, their
    /// instants are read.
    pub(super) async fn moment(&self) -> Result<Moment, Failure> {
        let inner = Arc::clone(&self.0);
        // Walks the list of files, and the instants of new fresh rows.
        let looking = tokio::task::spawn_blocking(move || {
            // In one step: of two moments the later one leaves its batches known.
            let mut known = lock(&inner.fresh);
            let contents = inner.events.contents();
            let loose = known.know(contents.fresh.into_iter().map(|(_, batch)| batch));
            (contents.files, loose)
        });
        let (files, mut loose) = looking.await?;
        for file in files.undated() {
            let source = Source::File(file.clone());
            let known = lock(&self.0.days).get(&source.id()).cloned();
            let days = match known {
                Some(days) => days,
                None => self.learn_days(&files, file).await?,
            };
            loose.push(Loose { source, days });
        }
        // Files that are gone don't come back.
        let mut known = lock(&self.0.days);
        if known.len() > 2 * loose.len() + 64 {
            let now: HashSet<SourceId> = loose.iter().map(|loose| loose.source.id()).collect();
            known.retain(|id, _| now.contains(id));
        }
        drop(known);
        Ok(Moment { files, loose })
    }

    async fn learn_days(&self, files: &Arc<DayFiles>, file: &DataFile) -> Result<Arc<[i32]>, Failure> {
        let (inner, files, file, runtime) = (Arc::clone(&self.0), Arc::clone(files), file.clone(), Handle::current());
        self.0.threads.run(move || inner.learn_days(&runtime, &files, &file)).await?
    }

    /// The day's summaries, from memory, from their file or made now, of what the moment has.
    pub(super) async fn day(&self, moment: &Arc<Moment>, day: i32) -> Result<Arc<DaySummaries>, Failure> {
        let fingerprint = moment.fingerprint(self.0.kept()?.key.name, day);
        if let Some(known) = self.0.known(day, fingerprint) {
            return Ok(known);
        }
        let guard = self.begin(day).await;
        let (inner, moment, runtime) = (Arc::clone(&self.0), Arc::clone(moment), Handle::current());
        let making = move || {
            // Goes with the work, also when whoever asked has gone.
            let _guard = guard;
            let version = moment.files.version();
            if let Some(known) = inner.known_or_read(day, fingerprint, version) {
                return Ok(known);
            }
            let summaries = inner.make(&runtime, &moment, day)?;
            inner.keep(&moment, day, fingerprint, &summaries);
            Ok(summaries)
        };
        self.0.threads.run(making).await?
    }

    /// The day's summary as a question needs it that the usual ones can't answer.
    pub(super) async fn special_day(
        &self,
        moment: &Arc<Moment>,
        day: i32,
        wish: &Wish,
    ) -> Result<Arc<DaySummary>, Failure> {
        let fingerprint = moment.fingerprint(self.0.kept()?.key.name, day);
        let Wish { bucket, dimensions, values_max, .. } = *wish;
        let special =
            Special { fingerprint, bucket, dimensions, values_max, named: wish.named.as_ref().map_or(0, named) };
        if let Some(known) = lock(&self.0.special).get(&special) {
            return Ok(known);
        }
        let guard = self.begin(day).await;
        let (inner, moment, runtime, wish) = (Arc::clone(&self.0), Arc::clone(moment), Handle::current(), wish.clone());
        let making = move || {
            let _guard = guard;
            if let Some(known) = lock(&inner.special).get(&special) {
                return Ok(known);
            }
            let keep = Keep { bucket, dimensions, values_max, named: wish.named.as_ref() };
            let part = inner.fold(&runtime, &moment, day, bucket)?.part;
            let summary = Arc::new(part.summary(&keep));
            inner.counters.special_folds.fetch_add(1, Ordering::Relaxed);
            lock(&inner.special).insert(special, Arc::clone(&summary), summary.bytes());
            Ok(summary)
        };
        self.0.threads.run(making).await?
    }

    /// Waits until nobody makes the day's summary.
    async fn begin(&self, day: i32) -> OwnedMutexGuard<()> {
        let making = &self.0.making;
        Arc::clone(&making[day.rem_euclid(making.len() as i32) as usize]).lock_owned().await
    }
}

/// What a question needs of a day besides the usual.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) bucket: Bucket,
    pub(super) dimensions: Dimensions,
    /// Values of each dimension, the most frequent ones.
    pub(super) values_max: usize,
    /// The values that it names.
    pub(super) named: Option<Filter>,
}

impl Inner {
    /// The summaries in memory, if they were made of this.
    pub(super) fn known(&self, day: i32, fingerprint: u128) -> Option<Arc<DaySummaries>> {
        let mut summaries = lock(&self.summaries);
        let holds = summaries.peek(&day).is_some_and(|made| made.fingerprint == fingerprint);
        if holds { summaries.get(&day).map(|made| made.summaries) } else { None }
    }

    /// As [`known`](Self::known), or from the day's file.
    pub(super) fn known_or_read(&self, day: i32, fingerprint: u128, version: u64) -> Option<Arc<DaySummaries>> {
        if let Some(known) = self.known(day, fingerprint) {
            return Some(known);
        }
        let read = self.kept().ok()?.files.as_ref()?.read(day, fingerprint)?;
        let summaries = Arc::new(read);
        self.remember(day, Made { fingerprint, version, summaries: Arc::clone(&summaries) });
        Some(summaries)
    }

    /// Keeps summaries in memory, unless those of a later version are there.
    fn remember(&self, day: i32, made: Made) {
        let mut summaries = lock(&self.summaries);
        if summaries.peek(&day).is_none_or(|newer| newer.version <= made.version) {
            let bytes = made.summaries.bytes();
            summaries.insert(day, made, bytes);
        }
    }

    /// Keeps summaries: in memory, and in a file once their day is settled.
    fn keep(&self, moment: &Moment, day: i32, fingerprint: u128, summaries: &Arc<DaySummaries>) {
        let version = moment.files.version();
        self.remember(day, Made { fingerprint, version, summaries: Arc::clone(summaries) });
        if self.is_settled(moment, day)
            && let Ok(kept) = self.kept()
            && let Some(files) = &kept.files
        {
            files.write(fingerprint, version, summaries);
        }
    }

    /// Whether the day has a file of a summary: what it is made of is in data files, one of the day's own
    /// among them, and hardly changes any more.
    pub(super) fn is_settled(&self, moment: &Moment, day: i32) -> bool {
        let today = table::Partition::of_micros(self.options.clock.now_micros()).0;
        day <= today.saturating_sub(UNSETTLED_DAYS) && moment.is_dated(day) && !moment.has_fresh(day)
    }
}

/// Stands for the values that a filter names.
fn named(filter: &Filter) -> u128 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for (_, values) in filter.texts() {
        for texts in [&values.any_of, &values.none_of] {
            hasher.update(&(texts.len() as u64).to_le_bytes());
            for text in texts {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
        }
    }
    hasher.digest128()
}
