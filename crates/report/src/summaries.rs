//! Summaries of days, kept in step with the table `events`, and answers from them.
//!
//! A day's summary is made of the day's events and those of the days beside it. It holds as long as
//! the data files and fresh rows of these three days are the same ([`moment`]); so a question takes
//! one moment of the table, finds each day's summary in memory or in its file ([`files`]), and
//! makes anew what is missing or no longer holds ([`make`], [`fold`], [`changing`]). A number is as of that moment, and never
//! older. What the question asks too finely for a summary is folded from the rows for it alone.
//!
//! Files of settled days are a cache: they can be deleted at any time, and a disk that takes
//! none costs time only. The task [`Summaries::upkeep`] makes summaries before somebody asks.

mod answers;
mod blocks;
mod cache;
mod changing;
mod failure;
mod fields;
mod files;
mod fold;
mod fresh;
mod heap;
mod key;
mod make;
mod moment;
mod question;
mod received;
mod rows;
mod threads;
mod upkeep;
mod written;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ambient::Clock;
use async_trait::async_trait;
use summary::{Bucket, DaySummaries, DaySummary, Dimensions, Query, Rows};
use table::Dataset;
use tokio::sync::Semaphore;

use self::answers::KnownAnswers;
pub use self::blocks::RowColumns;
use self::cache::Cache;
use self::changing::ChangingDays;
use self::failure::Failure;
use self::files::Files;
use self::fresh::KnownFresh;
use self::key::Key;
use self::moment::SourceId;
use self::threads::Threads;
pub use self::written::FileRows;
use crate::{Answered, SummaryError, SummarySource};

/// Bytes of summaries that are kept in memory: those of 90 days, of the 90 before and of a week more with a
/// million events each, of which a day of generated events takes 11 MB. Where they don't fit, each question reads
/// files again, which takes fifty times as long.
pub const SUMMARY_MEMORY_BYTES_MAX: usize = 2304 << 20;

/// Bytes of events that are kept in memory, in the form in which summaries are made of them.
pub const ROWS_MEMORY_BYTES_MAX: usize = 256 << 20;

/// Bytes of summaries that were made for one question's sake and are kept for the next one.
pub const SPECIAL_MEMORY_BYTES_MAX: usize = 128 << 20;

/// Bytes of answers that are kept for who asks again.
pub const ANSWER_MEMORY_BYTES_MAX: usize = 32 << 20;

/// Bytes of summaries that one question looks at: somewhat more than are kept.
pub const QUESTION_BYTES_MAX: usize = 2560 << 20;

/// Events of a day and of those beside it that are folded at once, about 50 bytes each: more are folded
/// in parts, one after the other.
pub const FOLD_ROWS_MAX: u64 = 16_000_000;

/// Bytes of those events in the form in which they are folded, which takes as much again.
pub const FOLD_BYTES_MAX: usize = 1 << 30;

/// How long a question takes at most.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// Questions that are answered at once; others wait.
const QUESTIONS_AT_ONCE: usize = 2;

/// All instants.
const EVERYTHING: Range<i64> = i64::MIN..i64::MAX;

/// Summaries made at once.
const FOLDS_AT_ONCE: usize = 2;

/// Makings of a summary that don't wait for one another; of the same day they always do.
const DAY_LOCKS: usize = 64;

/// Readings of files that don't wait for one another; of the same file they always do.
const READ_LOCKS: usize = 16;

/// What summaries are made with.
#[derive(Clone, Debug)]
pub struct SummariesOptions {
    /// The directory of their files, which is made if there is none.
    pub dir: PathBuf,
    /// Tells which days are settled.
    pub clock: Arc<dyn Clock>,
    /// See [`SUMMARY_MEMORY_BYTES_MAX`].
    pub memory_bytes_max: usize,
    /// See [`ROWS_MEMORY_BYTES_MAX`].
    pub rows_bytes_max: usize,
    /// See [`QUESTION_BYTES_MAX`].
    pub question_bytes_max: usize,
    /// See [`FOLD_ROWS_MAX`].
    pub fold_rows_max: u64,
    /// See [`FOLD_BYTES_MAX`].
    pub fold_bytes_max: usize,
    /// See [`ANSWER_TIME_MAX`].
    pub answer_time_max: Duration,
}

impl SummariesOptions {
    /// With files in this directory, and the limits named above.
    pub fn new(dir: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> SummariesOptions {
        SummariesOptions {
            dir: dir.into(),
            clock,
            memory_bytes_max: SUMMARY_MEMORY_BYTES_MAX,
            rows_bytes_max: ROWS_MEMORY_BYTES_MAX,
            question_bytes_max: QUESTION_BYTES_MAX,
            fold_rows_max: FOLD_ROWS_MAX,
            fold_bytes_max: FOLD_BYTES_MAX,
            answer_time_max: ANSWER_TIME_MAX,
        }
    }
}

/// Summaries of the days of a table of events. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Summaries(Arc<Inner>);

struct Inner {
    events: Dataset,
    options: SummariesOptions,
    kept: OnceLock<Result<Kept, String>>,
    /// By day, each with what it was made of.
    summaries: Mutex<Cache<i32, Made>>,
    special: Mutex<Cache<Special, Arc<DaySummary>>>,
    answers: Mutex<KnownAnswers>,
    rows: Mutex<Cache<SourceId, Arc<Rows>>>,
    changing: Mutex<ChangingDays>,
    /// The days of files of several days.
    days: Mutex<HashMap<SourceId, Arc<[i32]>>>,
    fresh: Mutex<KnownFresh>,
    making: [Arc<tokio::sync::Mutex<()>>; DAY_LOCKS],
    reading: [Mutex<()>; READ_LOCKS],
    questions: Arc<Semaphore>,
    threads: Threads,
    is_closed: AtomicBool,
    counters: Counters,
}

/// What lies in the directory.
struct Kept {
    key: Key,
    /// `None` if the directory can't be used.
    files: Option<Files>,
}

/// A day's summaries, the fingerprint of what they were made of, and the table's version at that moment.
#[derive(Clone)]
struct Made {
    fingerprint: u128,
    version: u64,
    summaries: Arc<DaySummaries>,
}

/// A summary that was made for one question: of what, how finely, and with which values.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Special {
    fingerprint: u128,
    bucket: Bucket,
    dimensions: Dimensions,
    values_max: usize,
    named: u128,
}

#[derive(Default)]
struct Counters {
    folds: AtomicU64,
    special_folds: AtomicU64,
    changes: AtomicU64,
    rows_read: AtomicU64,
    answers_known: AtomicU64,
    days_stale: AtomicU64,
    /// Bytes of rows of files in the making, since a summary was made of any.
    rows_taken: AtomicU64,
    /// Rows of the last of these files: the next ones mostly have about as many.
    file_rows: AtomicUsize,
}

/// Figures for whoever watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SummaryStats {
    /// Summaries in memory.
    pub summaries: u64,
    /// Their bytes.
    pub summary_bytes: u64,
    /// Bytes of the events in memory that summaries are made of.
    pub rows_bytes: u64,
    /// Summaries made since the start.
    pub folds: u64,
    /// Of these, those that were made for one question.
    pub special_folds: u64,
    /// Of these, those that took only what came and went to be folded.
    pub changes: u64,
    /// Events read from the table for them.
    pub rows_read: u64,
    /// Bytes of answers that are kept.
    pub answer_bytes: u64,
    /// Queries whose answer was known.
    pub answers_known: u64,
    /// Days whose summary was missing or didn't hold when the upkeep last looked.
    pub days_stale: u64,
    /// Files that couldn't be written.
    pub write_failures: u64,
}

impl Summaries {
    /// Summaries of these events. The directory is looked at when somebody asks.
    pub fn new(events: Dataset, options: SummariesOptions) -> Summaries {
        let summaries = Mutex::new(Cache::new(options.memory_bytes_max));
        let rows = Mutex::new(Cache::new(options.rows_bytes_max));
        Summaries(Arc::new(Inner {
            events,
            options,
            kept: OnceLock::new(),
            summaries,
            special: Mutex::new(Cache::new(SPECIAL_MEMORY_BYTES_MAX)),
            answers: Mutex::new(KnownAnswers::new(ANSWER_MEMORY_BYTES_MAX)),
            rows,
            changing: Mutex::default(),
            days: Mutex::default(),
            fresh: Mutex::default(),
            making: std::array::from_fn(|_| Arc::default()),
            reading: Default::default(),
            questions: Arc::new(Semaphore::new(QUESTIONS_AT_ONCE)),
            threads: Threads::new(FOLDS_AT_ONCE),
            is_closed: AtomicBool::new(false),
            counters: Counters::default(),
        }))
    }

    /// Ends what is being made, soon; nothing more is made or answered.
    pub fn close(&self) {
        self.0.is_closed.store(true, std::sync::atomic::Ordering::Release);
    }

    /// Figures.
    pub fn stats(&self) -> SummaryStats {
        use std::sync::atomic::Ordering::Relaxed;
        let Counters { folds, special_folds, changes, rows_read, answers_known, days_stale, .. } = &self.0.counters;
        let files = self.0.kept.get().and_then(|kept| kept.as_ref().ok()?.files.as_ref());
        let mut stats = SummaryStats {
            rows_bytes: lock(&self.0.rows).bytes() as u64,
            folds: folds.load(Relaxed),
            special_folds: special_folds.load(Relaxed),
            changes: changes.load(Relaxed),
            rows_read: rows_read.load(Relaxed),
            answer_bytes: lock(&self.0.answers).bytes() as u64,
            answers_known: answers_known.load(Relaxed),
            days_stale: days_stale.load(Relaxed),
            write_failures: files.map_or(0, Files::failures),
            ..SummaryStats::default()
        };
        let summaries = lock(&self.0.summaries);
        (stats.summaries, stats.summary_bytes) = (summaries.len() as u64, summaries.bytes() as u64);
        stats
    }
}

#[async_trait]
impl SummarySource for Summaries {
    async fn answer(&self, queries: &[Query]) -> Result<Answered, SummaryError> {
        self.answer_within_time(queries).await
    }
}

impl Inner {
    /// The key and the files. Opens the directory the first time.
    fn kept(&self) -> Result<&Kept, Failure> {
        let kept = self.kept.get_or_init(|| match Files::open(self.options.dir.clone()) {
            Ok((files, key)) => Ok(Kept { key, files: Some(files) }),
            Err(error) => {
                let directory = self.options.dir.display();
                tracing::warn!(
                    %directory,
                    %error,
                    "summaries are kept in memory only; numbers stay right, and take longer after a restart"
                );
                let key = Key::new().map_err(|error| error.to_string())?;
                Ok(Kept { key, files: None })
            }
        });
        kept.as_ref().map_err(|_| Failure::Defect("the system has no random source"))
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(std::sync::atomic::Ordering::Acquire)
    }
}

impl fmt::Debug for Summaries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Summaries").field("dir", &self.0.options.dir).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
