//! What the events of a day amount to, out of the table.
//!
//! The rows of a file stay in memory while there is room, so that a day that changes by a few events isn't
//! read again for them. A day with more events than are folded at once is folded shard after
//! shard: each reads all files of the day and of those beside it, and keeps the rows of its own visitors
//! and chat sessions only. That takes as much longer as there are shards, and no more memory.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::TryStreamExt;
use summary::{Bucket, DAY_MICROS, Part, Rows, RowsBuilder, Shard};
use table::{DataFile, DayFiles, FileDays};
use tokio::runtime::Handle;

use super::failure::Failure;
use super::moment::{Moment, Source, SourceId};
use super::question::date;
use super::rows::{BatchRows, COLUMNS, TIME_ONLY, days};
use super::{EVERYTHING, Inner, lock};

/// A file of several days with more rows than this isn't kept whole in memory: the rows that are
/// needed are read from it each time.
const UNDATED_ROWS_MAX: u64 = 1_000_000;

/// Shards of a day at most.
const SHARDS_MAX: u32 = 1_024;

/// How many times as many shards are tried as the rows are planned to take: where that isn't enough, one
/// visitor or chat session has too many, and they can't be divided.
const UNEVEN_MAX: u32 = 8;

/// Of the rows that are folded at once, how many a shard is planned to have in percent: some have more
/// than others.
const SHARD_FILL_PERCENT: u64 = 75;

/// Bytes of what a day's events amount to, before rare values are counted together.
const PART_BYTES_MAX: usize = 1 << 30;

/// A day, folded.
pub(super) struct Folded {
    pub(super) part: Part,
    /// What it was folded of, if that was all at once.
    pub(super) rows: Option<Vec<(SourceId, Arc<Rows>)>>,
}

impl Inner {
    /// Folds a day of a moment.
    pub(super) fn fold(&self, runtime: &Handle, moment: &Moment, day: i32, bucket: Bucket) -> Result<Folded, Failure> {
        let sources = moment.sources(day);
        let dated = |source: &&Source| match source {
            Source::File(file) => matches!(file.days(), FileDays::Of(_)),
            Source::Fresh(..) => true,
        };
        let told: u64 = sources.iter().filter(dated).filter_map(Source::rows).sum();
        let mut shards = self.shards(told).ok_or_else(|| self.too_many(day))?;
        let shards_max = shards.saturating_mul(UNEVEN_MAX).min(SHARDS_MAX);
        loop {
            let folded = match shards {
                1 => self.fold_at_once(runtime, moment, &sources, day, bucket),
                _ => self.fold_shards(runtime, moment, &sources, day, bucket, shards),
            };
            match folded {
                Err(Failure::NoRoom) if shards < shards_max => shards = (2 * shards).min(shards_max),
                Err(Failure::NoRoom) => return Err(self.too_many(day)),
                outcome => {
                    self.counters.folds.fetch_add(1, Ordering::Relaxed);
                    return outcome;
                }
            }
        }
    }

    /// Shards for so many rows; `None` if there would be too many.
    fn shards(&self, rows: u64) -> Option<u32> {
        let at_once = self.options.fold_rows_max;
        if rows <= at_once {
            return Some(1);
        }
        let planned = (at_once.saturating_mul(SHARD_FILL_PERCENT) / 100).max(1);
        u32::try_from(rows.div_ceil(planned)).ok().filter(|shards| *shards <= SHARDS_MAX)
    }

    fn fold_at_once(
        &self,
        runtime: &Handle,
        moment: &Moment,
        sources: &[Source],
        day: i32,
        bucket: Bucket,
    ) -> Result<Folded, Failure> {
        let ids = sources.iter().map(Source::id);
        let rows = self.all_rows(runtime, moment, sources, day, Shard::WHOLE)?;
        let part = Part::new(day, bucket, &rows.iter().map(Arc::as_ref).collect::<Vec<_>>(), Shard::WHOLE);
        Ok(Folded { part, rows: Some(ids.zip(rows).collect()) })
    }

    fn fold_shards(
        &self,
        runtime: &Handle,
        moment: &Moment,
        sources: &[Source],
        day: i32,
        bucket: Bucket,
        shards: u32,
    ) -> Result<Folded, Failure> {
        let mut whole = Part::new(day, bucket, &[], Shard::WHOLE);
        for shard in Shard::all(shards) {
            let rows = self.all_rows(runtime, moment, sources, day, shard)?;
            whole.add(&Part::new(day, bucket, &rows.iter().map(Arc::as_ref).collect::<Vec<_>>(), shard));
            if whole.bytes() > PART_BYTES_MAX {
                return Err(Failure::Limit(format!(
                    "{} has so many different subjects and pages that what its events amount to takes more than {} \
                     MiB; ask for a span without it, or use SQL",
                    date(day),
                    PART_BYTES_MAX >> 20
                )));
            }
        }
        Ok(Folded { part: whole, rows: None })
    }

    /// The rows of all sources, those of a shard.
    fn all_rows(
        &self,
        runtime: &Handle,
        moment: &Moment,
        sources: &[Source],
        day: i32,
        shard: Shard,
    ) -> Result<Vec<Arc<Rows>>, Failure> {
        let mut room = self.room();
        let mut all = Vec::with_capacity(sources.len());
        for source in sources {
            let rows = match shard == Shard::WHOLE {
                true => self.rows_of(runtime, moment, source, day, room)?,
                false => Arc::new(self.read_rows(runtime, moment, source, around(day), shard, room)?),
            };
            room = room.without(rows.len(), rows.bytes()).ok_or(Failure::NoRoom)?;
            all.push(rows);
        }
        Ok(all)
    }

    /// As much as is folded at once.
    pub(super) fn room(&self) -> Room {
        Room { rows: self.options.fold_rows_max, bytes: self.options.fold_bytes_max }
    }

    /// The rows of a source; of one that is large and of several days, those around the day.
    pub(super) fn rows_of(
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
        let is_large = |file: &DataFile| {
            !matches!(file.days(), FileDays::Of(_)) && file.rows().is_none_or(|rows| rows > UNDATED_ROWS_MAX)
        };
        let span = match source {
            Source::File(file) if is_large(file) => around(day),
            _ => EVERYTHING,
        };
        let rows = Arc::new(self.read_rows(runtime, moment, source, span.clone(), Shard::WHOLE, room)?);
        if span == EVERYTHING {
            lock(&self.rows).insert(id, Arc::clone(&rows), rows.bytes());
        }
        Ok(rows)
    }

    /// The rows of a source within a span of time, those of a shard.
    fn read_rows(
        &self,
        runtime: &Handle,
        moment: &Moment,
        source: &Source,
        span: Range<i64>,
        shard: Shard,
        room: Room,
    ) -> Result<Rows, Failure> {
        let mut builder = RowsBuilder::of_shard(&self.kept()?.key.hash, shard);
        if span == EVERYTHING && shard == Shard::WHOLE {
            builder.reserve(source.rows().unwrap_or(0).min(room.rows) as usize);
        }
        let mut rows = BatchRows::new(builder);
        match source {
            Source::Fresh(_, batch) => rows.push(batch, &span),
            Source::File(file) => {
                let read = self.events.read_file(&moment.files, file, COLUMNS).map_err(Failure::from);
                let reading = read.try_for_each(|batch| {
                    rows.push(&batch, &span);
                    self.counters.rows_read.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
                    std::future::ready(match room.without(rows.len(), rows.bytes()) {
                        _ if self.is_closed() => Err(Failure::Stopping),
                        Some(_) => Ok(()),
                        None => Err(Failure::NoRoom),
                    })
                });
                runtime.block_on(reading)?;
            }
        }
        Ok(rows.finish())
    }

    pub(super) fn learn_days(
        &self,
        runtime: &Handle,
        files: &DayFiles,
        file: &DataFile,
    ) -> Result<Arc<[i32]>, Failure> {
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
        Failure::Limit(format!(
            "{} and the days beside it can't be folded in parts of {rows_max} events and {mebibytes_max} MiB each: there \
             are too many events, or too many of one visitor; ask for a span without them, or use SQL",
            date(day)
        ))
    }
}

/// What may still be folded with the rest.
#[derive(Clone, Copy)]
pub(super) struct Room {
    rows: u64,
    bytes: usize,
}

impl Room {
    pub(super) fn without(self, rows: usize, bytes: usize) -> Option<Room> {
        Some(Room { rows: self.rows.checked_sub(rows as u64)?, bytes: self.bytes.checked_sub(bytes)? })
    }
}

/// The instants of a day and of those beside it.
fn around(day: i32) -> Range<i64> {
    let start = i64::from(day).saturating_mul(DAY_MICROS);
    start.saturating_sub(DAY_MICROS)..start.saturating_add(2 * DAY_MICROS)
}
