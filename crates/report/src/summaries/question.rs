//! Answering: all queries of a question from one moment of the table.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use summary::{Bucket, DaySummaries, DaySummary, Dimension, Dimensions, Query, VALUES_PER_DAY_MAX};
use table::Partition;
use tokio::sync::OwnedSemaphorePermit;

use super::answers::Asked;
use super::failure::Failure;
use super::make::Wish;
use super::moment::Moment;
use super::{FOLDS_AT_ONCE, Inner, Summaries, lock};
use crate::{Answered, SummaryAnswer, SummaryError};

/// Times that a question is begun anew since files went away while it was answered.
pub(super) const ATTEMPTS_MAX: usize = 4;

/// Days before a span that tell which of its visitors come again.
const DAYS_BEFORE: i32 = 7;

/// How many of the days that a question needs have a summary.
#[derive(Default)]
struct Progress {
    needed: AtomicUsize,
    ready: AtomicUsize,
}

impl Progress {
    /// What is said when the time is over.
    fn too_late(&self, time_max: Duration) -> SummaryError {
        let (needed, ready) = (self.needed.load(Relaxed), self.ready.load(Relaxed));
        if ready < needed {
            return SummaryError::NotYet(format!(
                "the events of the days asked for are being added up for the first time, or anew after a change: {ready} of \
                 {needed} days are ready; that goes on, so ask again in a while, or for a shorter span now"
            ));
        }
        SummaryError::Limit(format!(
            "the answer took longer than {} s; days that were added up for it are kept, so ask again, or for a shorter \
             span",
            time_max.as_secs()
        ))
    }
}

/// The summaries that a question looks at, and their bytes.
struct Found<S> {
    days: BTreeMap<i32, Arc<S>>,
    bytes: usize,
}

impl Summaries {
    pub(super) async fn answer_within_time(&self, queries: &[Query]) -> Result<Answered, SummaryError> {
        let time_max = self.0.options.answer_time_max;
        let queries: Arc<[Query]> = queries.into();
        let progress = Arc::new(Progress::default());
        let answering = async {
            let permit = Arc::clone(&self.0.questions).acquire_owned().await.map_err(|_| Failure::Stopping)?;
            let permit = Arc::new(permit);
            let mut attempts = 1;
            loop {
                match self.attempt(&queries, &permit, &progress).await {
                    Err(Failure::Gone) if attempts < ATTEMPTS_MAX => attempts += 1,
                    outcome => return outcome,
                }
            }
        };
        match tokio::time::timeout(time_max, answering).await {
            Ok(outcome) => outcome.map_err(SummaryError::from),
            Err(_) => Err(progress.too_late(time_max)),
        }
    }

    /// What runs on when nobody waits any more holds the question's permit until it ends.
    async fn attempt(
        &self,
        queries: &Arc<[Query]>,
        permit: &Arc<OwnedSemaphorePermit>,
        progress: &Arc<Progress>,
    ) -> Result<Answered, Failure> {
        if self.0.is_closed() {
            return Err(Failure::Stopping);
        }
        let moment = Arc::new(self.moment().await?);
        let (inner, looking, asking) = (Arc::clone(&self.0), Arc::clone(&moment), Arc::clone(queries));
        let known = tokio::task::spawn_blocking(move || inner.known_answers(&looking, &asking)).await??;
        let unknown = std::iter::zip(queries.iter(), &known).filter(|(_, known)| known.answer.is_none());
        let kept = unknown.filter(|(query, _)| Dimensions::kept_for(query).is_some());
        let days: BTreeSet<i32> = kept.flat_map(|(query, _)| moment.days_in(needed(query))).collect();
        let found = if days.is_empty() { Found::new(0) } else { self.find(&moment, days, permit, progress).await? };
        let (mut ready, mut others) = (Vec::new(), Vec::new());
        let mut answers: Vec<Option<Arc<SummaryAnswer>>> = Vec::with_capacity(queries.len());
        for (at, Known { asked, answer }) in known.into_iter().enumerate() {
            if answer.is_none() {
                match kept_days(&moment, &queries[at], &found) {
                    Ok(days) => ready.push(Unanswered { at, asked, days, days_from_rows: Vec::new() }),
                    Err(missing) => others.push((at, asked, missing)),
                }
            }
            answers.push(answer);
        }
        self.add_up(ready, queries, permit, &mut answers).await?;
        // What is read for one of these takes memory, so they come one after the other.
        for (at, asked, Missing { mut days, from_rows }) in others {
            days.extend(self.wished_days(&moment, &queries[at], &from_rows, found.bytes).await?);
            self.add_up(vec![Unanswered { at, asked, days, days_from_rows: from_rows }], queries, permit, &mut answers)
                .await?;
        }
        let answers = answers.into_iter().collect::<Option<_>>().ok_or(Failure::Defect("a query without an answer"))?;
        Ok(Answered { answers })
    }

    /// Answers some of the queries together.
    async fn add_up(
        &self,
        unanswered: Vec<Unanswered>,
        queries: &Arc<[Query]>,
        permit: &Arc<OwnedSemaphorePermit>,
        answers: &mut [Option<Arc<SummaryAnswer>>],
    ) -> Result<(), Failure> {
        if unanswered.is_empty() {
            return Ok(());
        }
        let (inner, queries, permit) = (Arc::clone(&self.0), Arc::clone(queries), Arc::clone(permit));
        let adding = tokio::task::spawn_blocking(move || {
            let together: Vec<(&Query, &[Arc<DaySummary>])> =
                unanswered.iter().map(|Unanswered { at, days, .. }| (&queries[*at], days.as_slice())).collect();
            let lasting = summary::lasting_answers(&together);
            drop(permit);
            let mut known = lock(&inner.answers);
            let added =
                std::iter::zip(unanswered, lasting).map(|(Unanswered { at, asked, days_from_rows, .. }, lasting)| {
                    (at, known.insert(asked, lasting, days_from_rows))
                });
            added.collect::<Vec<_>>()
        });
        for (at, answer) in adding.await? {
            answers[at] = Some(answer);
        }
        Ok(())
    }

    /// The summaries of these days.
    async fn find(
        &self,
        moment: &Arc<Moment>,
        days: BTreeSet<i32>,
        permit: &Arc<OwnedSemaphorePermit>,
        progress: &Arc<Progress>,
    ) -> Result<Found<DaySummaries>, Failure> {
        let (inner, reading, permit) = (Arc::clone(&self.0), Arc::clone(moment), Arc::clone(permit));
        let looking = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let (key, version) = (inner.kept()?.key.name, reading.files.version());
            let mut found = Found::new(0);
            let mut missing = Vec::new();
            for day in days {
                match inner.known_or_read(day, reading.fingerprint(key, day), version) {
                    Some(known) => found.add(day, known.bytes(), known, inner.options.question_bytes_max)?,
                    None => missing.push(day),
                }
            }
            Ok::<_, Failure>((found, missing))
        });
        let (mut found, missing) = looking.await??;
        progress.needed.store(found.days.len() + missing.len(), Relaxed);
        progress.ready.store(found.days.len(), Relaxed);
        // Newest first, so that each file's rows are at hand for the days beside it.
        let making =
            missing.into_iter().rev().map(|day| async move { Ok::<_, Failure>((day, self.day(moment, day).await?)) });
        let mut made = futures::stream::iter(making).buffered(FOLDS_AT_ONCE);
        while let Some((day, summaries)) = made.try_next().await? {
            progress.ready.fetch_add(1, Relaxed);
            found.add(day, summaries.bytes(), summaries, self.0.options.question_bytes_max)?;
        }
        drop(made);
        Ok(found)
    }

    /// Summaries of these days that answer a query, though the kept ones don't; beside others of so many bytes.
    async fn wished_days(
        &self,
        moment: &Arc<Moment>,
        query: &Query,
        days: &[i32],
        bytes: usize,
    ) -> Result<impl Iterator<Item = Arc<DaySummary>> + use<>, Failure> {
        let making = days
            .iter()
            .copied()
            .rev()
            .map(|day| async move { Ok::<_, Failure>((day, self.wished(moment, day, query).await?)) });
        let mut made = futures::stream::iter(making).buffered(FOLDS_AT_ONCE);
        let mut special = Found::new(bytes);
        while let Some((day, summary)) = made.try_next().await? {
            special.add(day, summary.bytes(), summary, self.0.options.question_bytes_max)?;
        }
        drop(made);
        Ok(special.days.into_values())
    }

    /// A summary of the day that answers the query, though the usual one doesn't.
    async fn wished(&self, moment: &Arc<Moment>, day: i32, query: &Query) -> Result<Arc<DaySummary>, Failure> {
        let bucket = Bucket::for_query(query).ok_or_else(|| {
            Failure::Limit("instants within a minute aren't told apart; ask for whole minutes".to_owned())
        })?;
        let values_max = match query.by {
            None | Some(Dimension::Channel) => 0,
            Some(_) => VALUES_PER_DAY_MAX,
        };
        let has_names = query.filter.texts().iter().any(|(_, values)| !values.is_empty());
        let wish = match Dimensions::kept_for(query) {
            // For whoever asks for these days in the same zone, whatever he asks for.
            Some(dimensions) if bucket != Bucket::Hour && !has_names => {
                Wish { bucket, dimensions, values_max: VALUES_PER_DAY_MAX, named: None }
            }
            _ => {
                let (dimensions, named) = (Dimensions::of_query(query), Some(query.filter.clone()));
                Wish { bucket, dimensions, values_max, named }
            }
        };
        self.special_day(moment, day, &wish).await
    }
}

/// The kept summaries that answer a query.
///
/// # Errors
/// [`Missing`], if they don't for all of its days.
fn kept_days(moment: &Moment, query: &Query, found: &Found<DaySummaries>) -> Result<Vec<Arc<DaySummary>>, Missing> {
    let (mut days, mut from_rows) = (Vec::new(), Vec::new());
    for day in moment.days_in(needed(query)) {
        let kept = found.days.get(&day).and_then(|summaries| summaries.knowing(query));
        match kept.filter(|summary| summary.can_answer(query).is_ok()) {
            Some(summary) => days.push(Arc::clone(summary)),
            None => from_rows.push(day),
        }
    }
    if from_rows.is_empty() { Ok(days) } else { Err(Missing { days, from_rows }) }
}

/// What there is of a query that kept summaries don't answer alone.
struct Missing {
    /// Kept summaries of the other days.
    days: Vec<Arc<DaySummary>>,
    /// Days whose rows are to be read.
    from_rows: Vec<i32>,
}

/// A query without an answer yet, and the summaries that give it.
struct Unanswered {
    /// Its place among the queries.
    at: usize,
    asked: Arc<Asked>,
    days: Vec<Arc<DaySummary>>,
    days_from_rows: Vec<i32>,
}

/// A query, and its answer where that is known.
struct Known {
    asked: Arc<Asked>,
    answer: Option<Arc<SummaryAnswer>>,
}

impl Inner {
    /// The answers that are known already.
    fn known_answers(&self, moment: &Moment, queries: &[Query]) -> Result<Vec<Known>, Failure> {
        let key = self.kept()?.key.name;
        let mut fingerprints: HashMap<i32, u128> = HashMap::new();
        let mut fingerprint = |day: i32| *fingerprints.entry(day).or_insert_with(|| moment.fingerprint(key, day));
        let known = queries.iter().map(|query| {
            let days: Vec<(i32, u128)> =
                moment.days_in(needed(query)).into_iter().map(|day| (day, fingerprint(day))).collect();
            let asked = Asked::new(query, days.into_iter());
            let answer = lock(&self.answers).get(&asked, query.now);
            self.counters.answers_known.fetch_add(u64::from(answer.is_some()), Relaxed);
            Known { asked, answer }
        });
        Ok(known.collect())
    }
}

impl<S> Found<S> {
    /// With so many bytes of others.
    fn new(bytes: usize) -> Found<S> {
        Found { days: BTreeMap::new(), bytes }
    }

    fn add(&mut self, day: i32, bytes: usize, summary: Arc<S>, bytes_max: usize) -> Result<(), Failure> {
        self.bytes += bytes;
        self.days.insert(day, summary);
        if self.bytes > bytes_max {
            return Err(Failure::Limit(format!(
                "the summaries of the days from {} to {} take more than {} MiB; ask for a shorter span",
                self.days.keys().next().copied().map_or_else(String::new, date),
                self.days.keys().next_back().copied().map_or_else(String::new, date),
                bytes_max >> 20
            )));
        }
        Ok(())
    }
}

/// The day as people write it.
pub(super) fn date(day: i32) -> String {
    let date = chrono::DateTime::from_timestamp(i64::from(day) * 86_400, 0);
    date.map_or_else(|| format!("day {day}"), |date| date.format("%Y-%m-%d").to_string())
}

/// The days whose summaries a query needs: those of its span, and if it asks who came again those before.
#[expect(clippy::reversed_empty_ranges, reason = "an empty range is what an empty span needs")]
fn needed(query: &Query) -> RangeInclusive<i32> {
    if query.since >= query.until {
        return 1..=0;
    }
    let before = if query.wanted.has_repeats() { DAYS_BEFORE } else { 0 };
    let first = Partition::of_micros(query.since).0.saturating_sub(before);
    first..=Partition::of_micros(query.until - 1).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_too_early_learns_how_far_it_is() {
        let check = |needed: usize, ready: usize| {
            let progress = Progress { needed: AtomicUsize::new(needed), ready: AtomicUsize::new(ready) };
            progress.too_late(Duration::from_secs(60))
        };
        let SummaryError::NotYet(message) = check(97, 31) else { panic!("there are days to make") };
        assert!(message.contains("31 of 97 days are ready"), "{message}");
        assert!(matches!(check(97, 97), SummaryError::Limit(_)), "adding up itself took too long");
        assert!(matches!(check(0, 0), SummaryError::Limit(_)), "it isn't known yet what is needed");
    }
}
