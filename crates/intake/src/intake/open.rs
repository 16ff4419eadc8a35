//! Opening the pipeline: what the tables have is compared with what the log has, the drain
//! begins between the two, and requests are taken once all of it is visible.

use std::sync::{Arc, Mutex, RwLock};
use std::thread::{self, JoinHandle};

use ambient::Clock;
use journal::{Log, LogReader, ReadError, Recovery, Sequence};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::{Inner, Intake};
use crate::admit::Admit;
use crate::counters::Tally;
use crate::dir_lock::DataDirLock;
use crate::drain::context::{DecodeContext, NextContext};
use crate::drain::mark::{self, Lost, Mark};
use crate::drain::quarantine::Quarantine;
use crate::drain::{APP, Drain, DrainInputs, DrainTiming};
use crate::error::IntakeError;
use crate::opening::kept_schemas::{Kept, SchemaSet};
use crate::opening::{self, OpenedDir, log};
use crate::options::IntakeOptions;
use crate::policy::Policies;
use crate::progress::{DrainControl, DrainProgress};
use crate::rows::dedupe::{Dedupe, OUTSIDE_EVENTS_MAX};
use crate::rows::known::{IndexBounds, known_events, remember_rejects};

/// What opening found and repaired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Opened {
    /// Records of the journal that were not in the tables yet and are now visible.
    pub replayed_records: u64,
    /// Events that the index of known events holds.
    pub known_events: u64,
    /// What was repaired, a sentence each.
    pub repairs: Vec<String>,
    /// What is missing or can't be read, and is served without, a sentence each.
    pub damage: Vec<String>,
}

/// The log, and where it is compared with the tables.
struct OpenedLog {
    log: Arc<dyn Log>,
    reader: Box<dyn LogReader>,
    mark: Mark,
    lost: Option<Lost>,
    /// Records up to this one were durable at the start.
    recovered: u64,
    /// Records up to this one are drained, or lost.
    begin: u64,
    rejects_mark: u64,
}

impl Intake {
    /// Opens or creates what the data directory holds, drains what the journal has left
    /// from before, and begins to take requests. Must run on a tokio runtime, which
    /// must live as long as the intake.
    pub async fn open(options: IntakeOptions, clock: Arc<dyn Clock>) -> Result<(Intake, Opened), IntakeError> {
        // Held from here on, also between the two openings.
        let options = IntakeOptions { lock: Some(opening::take(&options)?), ..options };
        let set = SchemaSet::of(&options.judged_by());
        let kept = set.compare(&options.data).map_err(schemas_failed(&options, "read"))?;
        let is_kept = matches!(kept, Kept::Same);
        // In boxes: each is all of an opening.
        let earlier = Box::pin(drain_by_kept_schemas(kept, &options, &clock)).await?;
        if !is_kept {
            set.keep(&options.data).map_err(schemas_failed(&options, "write"))?;
        }
        Box::pin(Intake::open_by(options, clock, earlier)).await
    }

    /// Opens with the schemas of the options. `earlier` is what an opening before has found.
    async fn open_by(
        options: IntakeOptions,
        clock: Arc<dyn Clock>,
        earlier: Earlier,
    ) -> Result<(Intake, Opened), IntakeError> {
        let dir = opening::open(&options, &clock).await?;
        let Earlier { mut opened, lost } = earlier;
        opened.repairs.extend(dir.findings.repairs.iter().cloned());
        for damage in &dir.findings.damage {
            if !opened.damage.contains(damage) {
                opened.damage.push(damage.clone());
            }
        }
        let index = index(&dir, &options, clock.now_micros()).await?;
        opened.known_events = index.1;
        let mut log = open_log(&dir, &options, &clock, &mut opened).await?;
        log.lost = log.lost.or(lost);
        let recovered = log.recovered;
        let intake = start(dir, options, clock, index.0, log)?;
        match intake.wait_shown(recovered).await {
            Ok(()) => {
                let said = intake.quarantine_said();
                opened.damage.retain(|damage| Some(damage) != said.as_ref());
                opened.damage.extend(said);
                Ok((intake, opened))
            }
            Err(error) => {
                // Gives the directory up before the caller hears of it.
                intake.end().await;
                Err(error)
            }
        }
    }
}

/// What an opening before this one has found, whose schemas were others.
#[derive(Default)]
struct Earlier {
    opened: Opened,
    lost: Option<Lost>,
}

/// What waits in the journal was answered by the schemas that are kept: where those are others than
/// today's, it is drained by them and committed, before anything is judged by today's. See
/// [`kept_schemas`](crate::opening::kept_schemas).
async fn drain_by_kept_schemas(
    kept: Kept,
    options: &IntakeOptions,
    clock: &Arc<dyn Clock>,
) -> Result<Earlier, IntakeError> {
    let mut earlier = Earlier::default();
    if !log::may_hold_records(options) {
        return Ok(earlier);
    }
    let unusable = match kept {
        Kept::Nothing | Kept::Same => return Ok(earlier),
        Kept::Unreadable(why) => why,
        Kept::Other(kept) => match kept.compile(&options.judged_by()) {
            Err(why) => why,
            Ok(Policies { default, by_datastream }) => {
                let kept = IntakeOptions { policy: default, policies: by_datastream, ..options.clone() };
                let (intake, opened) = Intake::open_by(kept, Arc::clone(clock), earlier).await?;
                let flushed = intake.flush().await;
                let lost = intake.inner.lost.clone();
                intake.abandon().await;
                flushed?;
                return Ok(Earlier { opened, lost });
            }
        },
    };
    // Unusual, and no reason not to start: the events are judged once more, and none is lost.
    earlier.opened.damage.push(format!(
        "the schemas that judged what waits in the journal can't be used ({unusable}); today's judge it, and what they find invalid is in rejects"
    ));
    Ok(earlier)
}

fn schemas_failed(options: &IntakeOptions, action: &'static str) -> impl FnOnce(std::io::Error) -> IntakeError {
    let path = options.data.join("schemas");
    move |source| IntakeError::Io { action, path, source }
}

/// The index of known events, and how many of them are no rejects.
async fn index(dir: &OpenedDir, options: &IntakeOptions, now: i64) -> Result<(Dedupe, u64), IntakeError> {
    let OpenedDir { store, scheme, .. } = dir;
    let bounds = IndexBounds { days: options.dedupe_days, room: 0, outside_max: OUTSIDE_EVENTS_MAX };
    let mut index = known_events(store, &scheme.keys, now, bounds).await?;
    let events = index.len() as u64;
    remember_rejects(store, &scheme.keys, &mut index, options.dedupe_days, now).await?;
    Ok((index, events))
}

async fn open_log(
    dir: &OpenedDir,
    options: &IntakeOptions,
    clock: &Arc<dyn Clock>,
    opened: &mut Opened,
) -> Result<OpenedLog, IntakeError> {
    let events_mark = mark_of(dir.store.events.watermark(APP));
    let rejects_mark = mark_of(dir.store.rejects.watermark(APP));
    let (mark, marked) = Mark::open(&options.data).map_err(|source| IntakeError::Io {
        action: "read the journal's mark in",
        path: options.data.clone(),
        source,
    })?;
    let watermark = events_mark.max(rejects_mark);
    // Also past records that are lost: a number must never stand for two of them.
    let first_sequence_min = watermark.max(marked) + 1;
    let opening = {
        let (options, clock, key) = (options.clone(), Arc::clone(clock), dir.secrets.journal_key());
        tokio::task::spawn_blocking(move || log::open(&options, clock, key, first_sequence_min))
    };
    let (log, Recovery { last, cut_bytes, .. }) =
        opening.await.map_err(|error| IntakeError::Stopped(error.to_string()))??;
    let lost = mark::lost(last.0, marked, watermark, cut_bytes);
    opened.damage.extend(lost.iter().map(|lost| lost.said.clone()));
    opened.replayed_records += last.0.saturating_sub(events_mark);
    let recovered = log.tail().0;
    let reader = reader_after(&*log, events_mark, opened)?;
    // Numbers without a record, where the journal has lost some, are as good as drained.
    let begin = if last.0 <= events_mark { recovered } else { events_mark };
    mark.note(recovered);
    Ok(OpenedLog { log, reader, mark, lost, recovered, begin, rejects_mark })
}

/// Puts the parts together and starts the drain.
fn start(
    dir: OpenedDir,
    options: IntakeOptions,
    clock: Arc<dyn Clock>,
    index: Dedupe,
    log: OpenedLog,
) -> Result<Intake, IntakeError> {
    let OpenedDir { lock, secrets, policies, scheme, store, .. } = dir;
    let OpenedLog { log, reader, mark, lost, recovered, begin, rejects_mark } = log;
    let quarantine = Quarantine::open(&options.data, secrets.quarantine_sealer(), options.quarantine_bytes_max)?;
    let quarantine = Arc::new(quarantine);
    let (policies, tally) = (Arc::new(policies), Arc::new(Tally::default()));
    let context = Arc::new(DecodeContext {
        policies: Arc::clone(&policies),
        times: options.time_bounds(),
        scheme: Arc::new(scheme),
        tally: Arc::clone(&tally),
        touch_hook: options.touch_hook.clone(),
        dedupe: Arc::new(Mutex::new(index)),
    });
    let start = DrainProgress { drained: begin, shown: begin, committed: begin, ..DrainProgress::default() };
    let (send, progress) = watch::channel(start);
    let control = Arc::new(DrainControl::default());
    let next_context = Arc::new(NextContext::default());
    let drain = Drain::new(DrainInputs {
        context: Arc::clone(&context),
        store: store.clone(),
        log: Arc::clone(&log),
        reader,
        quarantine: Arc::clone(&quarantine),
        control: Arc::clone(&control),
        next_context: Arc::clone(&next_context),
        progress: send,
        clock: Arc::clone(&clock),
        runtime: Handle::current(),
        timing: DrainTiming {
            commit_after: options.commit_after,
            commit_bytes: options.commit_bytes,
            drain_every: options.drain_every,
        },
        step_hook: options.step_hook.clone(),
        mark,
        recovered,
        begin,
        rejects_mark,
    });
    let admit = Arc::new(Admit::new(&options, policies, clock, Arc::clone(&log), tally, progress.clone()));
    let drain = Mutex::new(Some(start_thread(&options, drain, Arc::clone(&lock))?));
    let lock = Mutex::new(Some(lock));
    let inner = Inner {
        admit,
        log,
        control,
        next_context,
        progress,
        drain,
        store,
        context: RwLock::new(context),
        quarantine,
        secrets,
        lost,
        lock,
        reloading: tokio::sync::Mutex::new(()),
        reload_hook: options.reload_hook,
        link_rules: options.link_rules,
        data: options.data,
    };
    Ok(Intake { inner: Arc::new(inner) })
}

fn mark_of(watermark: Option<i64>) -> u64 {
    watermark.map_or(0, |mark| u64::try_from(mark).unwrap_or(0))
}

/// Reads on after the events' watermark. Where the journal has let go of records that
/// the table lost (a damaged newest version was set aside), what is left is drained, and
/// the report says what is missing.
fn reader_after(log: &dyn Log, after: u64, opened: &mut Opened) -> Result<Box<dyn LogReader>, IntakeError> {
    match log.reader(Sequence(after)) {
        Err(ReadError::Released { oldest, .. }) => {
            opened.repairs.push(format!(
                "records {} to {} of the journal were released and are not in the table any more; restore the table from a backup to have them",
                after + 1,
                oldest.0
            ));
            Ok(log.reader(oldest)?)
        }
        outcome => Ok(outcome?),
    }
}

/// The thread holds the directory's lock itself: an intake that is dropped does not wait for a
/// commit that is under way, and nobody else may begin before that has ended.
fn start_thread(options: &IntakeOptions, drain: Drain, lock: Arc<DataDirLock>) -> Result<JoinHandle<()>, IntakeError> {
    let run = move || {
        drain.run();
        drop(lock);
    };
    thread::Builder::new().name("drain".to_owned()).spawn(run).map_err(|source| IntakeError::Io {
        action: "start the drain of",
        path: options.data.clone(),
        source,
    })
}
