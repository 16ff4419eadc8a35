//! Making a day's summary of its rows.
//!
//! All of it runs on [`super::threads`]: decoding, hashing and folding take a processor for as long
//! as there are rows. The rows of a file stay in memory while there is room, so that a day that changes
//! by a few events isn't read again for them.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::TryStreamExt;
use summary::{Bucket, DAY_MICROS, DaySummary, Filter, Keep, Rows, RowsBuilder, fold};
use table::{DataFile, DayFiles, FileDays};
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;

use super::failure::Failure;
use super::moment::{Loose, Moment, Source, SourceId};
use super::rows::{COLUMNS, TIME_ONLY, days, push};
use super::{Inner, Made, Special, Summaries, lock};

/// A file of several days with more rows than this isn't kept whole in memory: the rows that are
/// needed are read from it each time.
const UNDATED_ROWS_MAX: u64 = 1_000_000;

/// Days at the end that may still change much: today and the one before.
const UNSETTLED_DAYS: i32 = 2;

const EVERYTHING: Range<i64> = i64::MIN..i64::MAX;

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

    /// The day's summary, from memory, from its file or made now, of what the moment has.
    pub(super) async fn day(&self, moment: &Arc<Moment>, day: i32) -> Result<Arc<DaySummary>, Failure> {
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
            let summary = Arc::new(inner.make(&runtime, &moment, day, &Keep::default())?);
            inner.keep(&moment, day, fingerprint, &summary);
            Ok(summary)
        };
        self.0.threads.run(making).await?
    }

    /// The day's summary as a question needs it that the usual one can't answer.
    pub(super) async fn special_day(
        &self,
        moment: &Arc<Moment>,
        day: i32,
        wish: &Wish,
    ) -> Result<Arc<DaySummary>, Failure> {
        let fingerprint = moment.fingerprint(self.0.kept()?.key.name, day);
        let Wish { bucket, values_max, .. } = *wish;
        let special = Special { fingerprint, bucket, values_max, named: wish.named.as_ref().map_or(0, named) };
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
            let keep = Keep { bucket, values_max, named: wish.named.as_ref() };
            let summary = Arc::new(inner.make(&runtime, &moment, day, &keep)?);
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
    /// Values of each dimension, the most frequent ones.
    pub(super) values_max: usize,
    /// The values that it names.
    pub(super) named: Option<Filter>,
}

impl Inner {
    /// The summary in memory, if it was made of this.
    pub(super) fn known(&self, day: i32, fingerprint: u128) -> Option<Arc<DaySummary>> {
        let mut summaries = lock(&self.summaries);
        let holds = summaries.peek(&day).is_some_and(|made| made.fingerprint == fingerprint);
        if holds { summaries.get(&day).map(|made| made.summary) } else { None }
    }

    /// As [`known`](Self::known), or from the day's file.
    pub(super) fn known_or_read(&self, day: i32, fingerprint: u128, version: u64) -> Option<Arc<DaySummary>> {
        if let Some(known) = self.known(day, fingerprint) {
            return Some(known);
        }
        let read = self.kept().ok()?.files.as_ref()?.read(day, fingerprint)?;
        let summary = Arc::new(read);
        self.remember(day, Made { fingerprint, version, summary: Arc::clone(&summary) });
        Some(summary)
    }

    /// Keeps a summary in memory, unless one of a later version is there.
    fn remember(&self, day: i32, made: Made) {
        let mut summaries = lock(&self.summaries);
        if summaries.peek(&day).is_none_or(|newer| newer.version <= made.version) {
            let bytes = made.summary.bytes();
            summaries.insert(day, made, bytes);
        }
    }

    /// Keeps a summary: in memory, and in a file once its day is settled.
    fn keep(&self, moment: &Moment, day: i32, fingerprint: u128, summary: &Arc<DaySummary>) {
        let version = moment.files.version();
        self.remember(day, Made { fingerprint, version, summary: Arc::clone(summary) });
        if self.is_settled(moment, day)
            && let Ok(kept) = self.kept()
            && let Some(files) = &kept.files
        {
            files.write(fingerprint, version, summary);
        }
    }

    /// Whether the day has a file of a summary: what it is made of is in data files, one of the day's own
    /// among them, and hardly changes any more.
    pub(super) fn is_settled(&self, moment: &Moment, day: i32) -> bool {
        let today = table::Partition::of_micros(self.options.clock.now_micros()).0;
        day <= today.saturating_sub(UNSETTLED_DAYS) && moment.is_dated(day) && !moment.has_fresh(day)
    }

    fn make(&self, runtime: &Handle, moment: &Moment, day: i32, keep: &Keep<'_>) -> Result<DaySummary, Failure> {
        let sources = moment.sources(day);
        let dated = |source: &&Source| match source {
            Source::File(file) => matches!(file.days(), FileDays::Of(_)),
            Source::Fresh(..) => true,
        };
        let told: u64 = sources.iter().filter(dated).filter_map(Source::rows).sum();
        if told > self.options.fold_rows_max {
            return Err(self.too_many(day));
        }
        let mut room = Room { rows: self.options.fold_rows_max, bytes: self.options.fold_bytes_max };
        let mut rows = Vec::with_capacity(sources.len());
        for source in &sources {
            let part = self.rows_of(runtime, moment, source, day, room)?;
            room = room.without(part.len(), part.bytes()).ok_or_else(|| self.too_many(day))?;
            rows.push(part);
        }
        let parts: Vec<&Rows> = rows.iter().map(Arc::as_ref).collect();
        let summary = fold(day, &parts, keep);
        self.counters.folds.fetch_add(1, Ordering::Relaxed);
        Ok(summary)
    }

    /// The rows of a source; of one that is large and of several days, those around the day.
    fn rows_of(
        &self,
        runtime: &Handle,
        moment: &Moment,
        source: &Source,
        day: i32,
        room: Room,
    ) -> Result<Arc<Rows>, Failure> {
        let id = source.id();
        // Whoever wants the same file meanwhile finds it in memory afterwards.
        let _reading = lock(&self.reading[id.number() as usize % self.reading.len()]);
        if let Some(rows) = lock(&self.rows).get(&id) {
            return Ok(rows);
        }
        let mut builder = RowsBuilder::new(&self.kept()?.key.hash);
        let mut span = EVERYTHING;
        match source {
            Source::Fresh(_, batch) => {
                push(&mut builder, batch, &span);
            }
            Source::File(file) => {
                let is_of_a_day = matches!(file.days(), FileDays::Of(_));
                if !is_of_a_day && file.rows().is_none_or(|rows| rows > UNDATED_ROWS_MAX) {
                    span = around(day);
                }
                let mut pushed = 0;
                let read = self.events.read_file(&moment.files, file, COLUMNS).map_err(Failure::from);
                let reading = read.try_for_each(|batch| {
                    pushed += push(&mut builder, &batch, &span);
                    self.counters.rows_read.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
                    std::future::ready(match room.without(pushed, builder.bytes()) {
                        _ if self.is_closed() => Err(Failure::Stopping),
                        Some(_) => Ok(()),
                        None => Err(self.too_many(day)),
                    })
                });
                runtime.block_on(reading)?;
            }
        }
        let rows = Arc::new(builder.finish());
        if span == EVERYTHING {
            lock(&self.rows).insert(id, Arc::clone(&rows), rows.bytes());
        }
        Ok(rows)
    }

    fn learn_days(&self, runtime: &Handle, files: &DayFiles, file: &DataFile) -> Result<Arc<[i32]>, Failure> {
        let mut found = match file.days() {
            FileDays::Of(day) => vec![day.0],
            FileDays::Among(first, last) if first == last => vec![first.0],
            FileDays::Among(..) | FileDays::Any => self.read_days(runtime, files, file)?,
        };
        found.sort_unstable();
        found.dedup();
        let found: Arc<[i32]> = found.into();
        lock(&self.days).insert(SourceId::File(file.identity()), Arc::clone(&found));
        Ok(found)
    }

    fn read_days(&self, runtime: &Handle, files: &DayFiles, file: &DataFile) -> Result<Vec<i32>, Failure> {
        let mut found = Vec::new();
        let read = self.events.read_file(files, file, TIME_ONLY).map_err(Failure::from);
        let reading = read.try_for_each(|batch| {
            found.extend(days(&batch));
            std::future::ready(if self.is_closed() { Err(Failure::Stopping) } else { Ok(()) })
        });
        runtime.block_on(reading)?;
        Ok(found)
    }

    fn too_many(&self, day: i32) -> Failure {
        let (rows_max, mebibytes_max) = (self.options.fold_rows_max, self.options.fold_bytes_max >> 20);
        let day = i64::from(day);
        let date = chrono::DateTime::from_timestamp(day * 86_400, 0);
        let day = date.map_or_else(|| format!("day {day}"), |date| date.format("%Y-%m-%d").to_string());
        Failure::Limit(format!(
            "{day} and the days beside it have more than {rows_max} events or {mebibytes_max} MiB of them, and no more \
             are added up at once; ask for a span without them, or use SQL"
        ))
    }
}

/// What may still be folded with the rest.
#[derive(Clone, Copy)]
struct Room {
    rows: u64,
    bytes: usize,
}

impl Room {
    fn without(self, rows: usize, bytes: usize) -> Option<Room> {
        Some(Room { rows: self.rows.checked_sub(rows as u64)?, bytes: self.bytes.checked_sub(bytes)? })
    }
}

/// The instants of a day and of those beside it.
fn around(day: i32) -> Range<i64> {
    let start = i64::from(day).saturating_mul(DAY_MICROS);
    start.saturating_sub(DAY_MICROS)..start.saturating_add(2 * DAY_MICROS)
}

/// Stands for the values that a filter names.
fn named(filter: &Filter) -> u128 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for values in [&filter.datastream, &filter.subject, &filter.page] {
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
