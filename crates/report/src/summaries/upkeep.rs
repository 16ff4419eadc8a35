//! Making summaries before somebody asks.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::failure::Failure;
use super::moment::Moment;
use super::{Summaries, heap, lock};

/// How often the table is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Days made before the table is looked at again.
const DAYS_AT_ONCE: usize = 16;

/// A day isn't made again before so long: one that changes all the time is made when somebody asks.
const DAY_PAUSE: Duration = Duration::from_secs(60);

/// The longest rest after a day.
const REST_MAX: Duration = Duration::from_millis(250);

/// Of the bytes that are kept in memory, the share that is read after a start: about a hundred busy days, or all of
/// a quiet site.
const READ_AHEAD_SHARE: usize = 4;

/// What the upkeep remembers.
#[derive(Default)]
struct Work {
    has_read_ahead: bool,
    /// Whether memory was taken and freed that the allocator may keep.
    has_freed: bool,
    /// When each day was last begun, by the monotonic clock.
    begun: HashMap<i32, Duration>,
    has_complained: bool,
}

impl Summaries {
    /// Makes the summaries of days that have none or one that doesn't hold, newest first and one at a
    /// time, as long as it is polled; ends when they are [closed](Self::close). Days with rows that are
    /// in no file yet are left until these are, and days without a file of their own until somebody asks.
    ///
    /// First of all it reads into memory what the newest days have in files.
    ///
    /// It may be dropped at any time; what isn't made is made when somebody asks.
    pub async fn upkeep(&self) {
        let mut work = Work::default();
        while !self.0.is_closed() {
            match self.turn(&mut work).await {
                // There may be more.
                Ok(made) if made > 0 => {
                    work.has_freed = true;
                    continue;
                }
                Ok(_) | Err(Failure::Gone | Failure::Stopping) => {}
                Err(failure) => work.complain(&failure),
            }
            if std::mem::take(&mut work.has_freed) {
                let _ = self.0.threads.run(heap::give_back).await;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Reads the newest days that have a file, so that the first question after a start doesn't wait for all of its
    /// days.
    async fn read_ahead(&self, moment: &Arc<Moment>) -> Result<(), Failure> {
        for day in moment.days().into_iter().rev() {
            let (inner, moment) = (Arc::clone(&self.0), Arc::clone(moment));
            let reading = move || {
                let bytes_max = inner.options.memory_bytes_max / READ_AHEAD_SHARE;
                if inner.is_closed() || lock(&inner.summaries).bytes() >= bytes_max {
                    return Ok::<_, Failure>(false);
                }
                let key = inner.kept()?.key.name;
                inner.known_or_read(day, moment.fingerprint(key, day), moment.files.version());
                Ok(true)
            };
            if !self.0.threads.run(reading).await?? {
                break;
            }
        }
        Ok(())
    }

    /// Makes some summaries, and answers how many.
    async fn turn(&self, work: &mut Work) -> Result<usize, Failure> {
        let moment = Arc::new(self.moment().await?);
        if !std::mem::replace(&mut work.has_read_ahead, true) {
            self.read_ahead(&moment).await?;
            work.has_freed = true;
        }
        let (inner, looking) = (Arc::clone(&self.0), Arc::clone(&moment));
        let stale = tokio::task::spawn_blocking(move || inner.stale(&looking)).await??;
        self.0.counters.days_stale.store(stale.len() as u64, Ordering::Relaxed);
        let clock = &self.0.options.clock;
        let now = clock.monotonic();
        work.begun.retain(|_, begun| now.saturating_sub(*begun) < DAY_PAUSE);
        let waiting: Vec<i32> = stale.into_iter().filter(|day| !work.begun.contains_key(day)).collect();
        let mut made = 0;
        for day in waiting.into_iter().take(DAYS_AT_ONCE) {
            let begun = clock.monotonic();
            work.begun.insert(day, begun);
            match self.day(&moment, day).await {
                Ok(_) => {
                    made += 1;
                    self.0.counters.days_stale.fetch_sub(1, Ordering::Relaxed);
                }
                Err(failure @ (Failure::Gone | Failure::Stopping)) => return Err(failure),
                Err(failure) => work.complain(&failure),
            }
            tokio::time::sleep(clock.monotonic().saturating_sub(begun).min(REST_MAX)).await;
        }
        Ok(made)
    }
}

impl super::Inner {
    /// The days whose summary is missing or doesn't hold, newest first. What is in memory and belongs
    /// into a file is written; files of days that are gone are deleted.
    pub(super) fn stale(&self, moment: &Moment) -> Result<Vec<i32>, Failure> {
        let kept = self.kept()?;
        let days = moment.days();
        if let Some(files) = &kept.files {
            files.retain(|day| days.binary_search(&day).is_ok());
        }
        lock(&self.summaries).retain(|day| days.binary_search(day).is_ok());
        let now = moment.source_ids();
        lock(&self.rows).retain(|id| now.contains(id));
        lock(&self.changing).retain(|day| !self.is_settled(moment, day));
        let mut stale = Vec::new();
        for day in days.into_iter().rev().filter(|day| moment.is_dated(*day) && !moment.has_fresh(*day)) {
            let fingerprint = moment.fingerprint(kept.key.name, day);
            let known = self.known(day, fingerprint);
            match (&kept.files, known) {
                (Some(files), _) if files.has(day, fingerprint) => {}
                (Some(files), Some(summaries)) if files.failures() == 0 && self.is_settled(moment, day) => {
                    files.write(fingerprint, moment.files.version(), &summaries);
                }
                (_, Some(_)) => {}
                (_, None) => stale.push(day),
            }
        }
        Ok(stale)
    }
}

impl Work {
    /// Once: what fails now fails the next time, and whoever asks is told.
    fn complain(&mut self, failure: &Failure) {
        if !self.has_complained {
            self.has_complained = true;
            tracing::warn!(?failure, "a day's summary can't be made now; it is made when somebody asks");
        }
    }
}
