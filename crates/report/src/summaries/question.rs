//! Answering: all queries of a question from one moment of the table.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use summary::{Bucket, DaySummary, Query, Unanswerable};
use table::Partition;

use super::failure::Failure;
use super::moment::Moment;
use super::{Summaries, lock};
use crate::{Answered, SummaryAnswer, SummaryError};

/// Times that a question is begun anew since files went away while it was answered.
const ATTEMPTS_MAX: usize = 4;

/// Days before a span that tell which of its visitors come again.
const DAYS_BEFORE: i32 = 7;

/// The summaries that a question looks at, and their bytes.
#[derive(Default)]
struct Found {
    days: BTreeMap<i32, Arc<DaySummary>>,
    bytes: usize,
}

impl Summaries {
    pub(super) async fn answer_within_time(&self, queries: &[Query]) -> Result<Answered, SummaryError> {
        let time_max = self.0.options.answer_time_max;
        let queries: Arc<[Query]> = queries.into();
        let answering = async {
            let _permit = self.0.questions.acquire().await.map_err(|_| Failure::Stopping)?;
            let mut attempts = 1;
            loop {
                match self.attempt(&queries).await {
                    Err(Failure::Gone) if attempts < ATTEMPTS_MAX => attempts += 1,
                    outcome => return outcome,
                }
            }
        };
        match tokio::time::timeout(time_max, answering).await {
            Ok(outcome) => outcome.map_err(SummaryError::from),
            Err(_) => Err(SummaryError::Limit(format!(
                "the answer took longer than {} s; days that were added up for it are kept, so ask again, or for a \
                 shorter span",
                time_max.as_secs()
            ))),
        }
    }

    async fn attempt(&self, queries: &Arc<[Query]>) -> Result<Answered, Failure> {
        if self.0.is_closed() {
            return Err(Failure::Stopping);
        }
        let moment = Arc::new(self.moment().await?);
        let mut found = self.find(&moment, queries).await?;
        let mut answers = Vec::with_capacity(queries.len());
        for at in 0..queries.len() {
            let (days, days_from_rows) = self.days_of(&moment, &queries[at], &mut found).await?;
            let queries = Arc::clone(queries);
            let answer = tokio::task::spawn_blocking(move || summary::answer(&queries[at], &days)).await?;
            answers.push(SummaryAnswer { answer, days_from_rows });
        }
        Ok(Answered { answers })
    }

    /// The summaries of all days that any of the queries needs.
    async fn find(&self, moment: &Arc<Moment>, queries: &[Query]) -> Result<Found, Failure> {
        let days: BTreeSet<i32> = queries.iter().flat_map(|query| moment.days_in(needed(query))).collect();
        let (inner, reading) = (Arc::clone(&self.0), Arc::clone(moment));
        let looking = tokio::task::spawn_blocking(move || {
            let key = inner.kept()?.key.name;
            let mut found = Found::default();
            let mut missing = Vec::new();
            for day in days {
                match inner.known_or_read(day, reading.fingerprint(key, day), Bucket::Hour) {
                    Some(summary) => found.add(day, summary, inner.options.question_bytes_max)?,
                    None => missing.push(day),
                }
            }
            Ok::<_, Failure>((found, missing))
        });
        let (mut found, missing) = looking.await??;
        // Newest first, so that each file's rows are at hand for the days beside it.
        for day in missing.into_iter().rev() {
            let summary = self.day(moment, day, Bucket::Hour).await?;
            found.add(day, summary, self.0.options.question_bytes_max)?;
        }
        Ok(found)
    }

    /// The summaries that answer a query, and the days of which they were made for it.
    async fn days_of(
        &self,
        moment: &Arc<Moment>,
        query: &Query,
        found: &mut Found,
    ) -> Result<(Vec<Arc<DaySummary>>, Vec<i32>), Failure> {
        let mut days = Vec::new();
        let mut from_rows = Vec::new();
        let mut special = Found { bytes: found.bytes, ..Found::default() };
        for day in moment.days_in(needed(query)) {
            let Some(summary) = found.days.get(&day) else { continue };
            let Err(reason) = summary.can_answer(query) else {
                days.push(Arc::clone(summary));
                continue;
            };
            let bucket = Bucket::for_query(query).ok_or_else(|| {
                Failure::Limit("instants within a minute aren't told apart; ask for whole minutes".to_owned())
            })?;
            // Zones whose days begin at a quarter of an hour are asked for again and again.
            if matches!(reason, Unanswerable::Instant { .. }) && bucket == Bucket::QuarterHour {
                let finer = self.finer_day(moment, day, bucket).await?;
                found.replace(day, Arc::clone(&finer), self.0.options.question_bytes_max)?;
                if finer.can_answer(query).is_ok() {
                    days.push(finer);
                    continue;
                }
            }
            let made = self.special_day(moment, day, bucket, &query.filter).await?;
            special.add(day, Arc::clone(&made), self.0.options.question_bytes_max)?;
            days.push(made);
            from_rows.push(day);
        }
        Ok((days, from_rows))
    }

    async fn finer_day(&self, moment: &Arc<Moment>, day: i32, bucket: Bucket) -> Result<Arc<DaySummary>, Failure> {
        {
            let mut usual = lock(&self.0.bucket);
            *usual = bucket.max(*usual);
        }
        self.day(moment, day, bucket).await
    }
}

impl Found {
    fn add(&mut self, day: i32, summary: Arc<DaySummary>, bytes_max: usize) -> Result<(), Failure> {
        self.bytes += summary.bytes();
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

    fn replace(&mut self, day: i32, summary: Arc<DaySummary>, bytes_max: usize) -> Result<(), Failure> {
        if let Some(old) = self.days.remove(&day) {
            self.bytes -= old.bytes();
        }
        self.add(day, summary, bytes_max)
    }
}

/// The day as people write it.
fn date(day: i32) -> String {
    let date = chrono::DateTime::from_timestamp(i64::from(day) * 86_400, 0);
    date.map_or_else(|| format!("day {day}"), |date| date.format("%Y-%m-%d").to_string())
}

/// The days whose summaries a query needs: those of its span, and those before.
#[expect(clippy::reversed_empty_ranges, reason = "an empty range is what an empty span needs")]
fn needed(query: &Query) -> RangeInclusive<i32> {
    if query.since >= query.until {
        return 1..=0;
    }
    let first = Partition::of_micros(query.since).0.saturating_sub(DAYS_BEFORE);
    first..=Partition::of_micros(query.until - 1).0
}
