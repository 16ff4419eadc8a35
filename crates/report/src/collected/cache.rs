//! Answers that are kept: whoever asks the same soon after, or of the same rows, isn't kept waiting; and who asks while
//! it is being counted waits for the one count.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use table::Partition;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Collected, CollectedRequest};
use crate::worker::frame::Job;
use crate::worker::pool::QueryPool;
use crate::{Form, Period, QueryError, QueryLimits};

/// Events that are looked at, about: whole days, from the newest on, until there are so many.
const EVENTS_MIN: u64 = 150_000;
/// More events of a single day than this, and only a part of the day is looked at.
const DAY_EVENTS_MAX: u64 = 400_000;
/// How long an answer is good at most although events have come since.
const KEPT_MAX: Duration = Duration::from_secs(60);
/// For so many times as long as it took to count: a twentieth of a processor at most is spent on one question.
const KEPT_FACTOR: u32 = 20;
/// Answers that are kept.
const ANSWERS_MAX: usize = 32;
const DAY_MICROS: i64 = 86_400_000_000;

type Answer = Option<Counted>;

/// What was counted, and how long it took.
#[derive(Clone)]
struct Counted {
    answer: Result<Arc<Collected>, Arc<QueryError>>,
    took: Duration,
}

/// The last answers.
#[derive(Default)]
pub(crate) struct CollectedCache(Mutex<VecDeque<Kept>>);

struct Kept {
    sql: String,
    version: u64,
    began: Instant,
    answer: watch::Receiver<Answer>,
}

impl Kept {
    fn is_good(&self, version: u64, has_fresh: bool) -> bool {
        let kept_for = match &*self.answer.borrow() {
            Some(Counted { answer: Err(_), .. }) => return false,
            // Whoever waits for the first event sees it at once.
            Some(Counted { answer: Ok(counted), .. }) if counted.events == 0 => Duration::ZERO,
            Some(Counted { took, .. }) => took.saturating_mul(KEPT_FACTOR).min(KEPT_MAX),
            // Whoever counts is gone, if nobody can tell it any more.
            None => return self.answer.has_changed().is_ok(),
        };
        let is_same = self.version == version && !has_fresh;
        is_same || self.began.elapsed() < kept_for
    }
}

impl QueryPool {
    /// What arrived, if that is known within `wait`; it is counted further if not, for whoever asks again.
    ///
    /// # Errors
    /// As [`QueryPool::sql`].
    pub async fn collected(
        &self,
        request: &CollectedRequest,
        limits: QueryLimits,
        wait: Duration,
    ) -> Result<Option<Arc<Collected>>, Arc<QueryError>> {
        let mut answer = self.begun(request, limits);
        let known = tokio::time::timeout(wait, answer.wait_for(Option::is_some)).await;
        match known {
            Ok(Ok(counted)) => counted.clone().map(|counted| counted.answer).transpose(),
            // Whoever counted was stopped in the middle of it.
            Ok(Err(_)) => Err(Arc::new(QueryError::Closing)),
            Err(_) => Ok(None),
        }
    }

    /// The count, begun by this or an earlier question.
    fn begun(&self, request: &CollectedRequest, limits: QueryLimits) -> watch::Receiver<Answer> {
        let events = &self.inner.tables.events;
        let moment = events.moment();
        let period = newest(&request.period, &events.days(), request.now);
        let sql = request.sql(&period, &moment.schema);
        let mut kept = self.inner.collected.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.sql != sql || kept.is_good(moment.version, !moment.fresh.is_empty()));
        if let Some(kept) = kept.iter().find(|kept| kept.sql == sql) {
            return kept.answer.clone();
        }
        let (told, answer) = watch::channel(None);
        let since = (period.since() > request.period.since()).then(|| period.since().timestamp_micros());
        let job = Job::Collected { sql: sql.clone(), columns: request.columns.clone() };
        let pool = self.clone();
        let began = Instant::now();
        tokio::spawn(async move {
            let counted = pool.count(job, limits).await;
            let counted = counted.map(|counted| Arc::new(Collected { since_micros: since, ..counted }));
            told.send_replace(Some(Counted { answer: counted.map_err(Arc::new), took: began.elapsed() }));
        });
        kept.push_back(Kept { sql, version: moment.version, began, answer: answer.clone() });
        if kept.len() > ANSWERS_MAX {
            kept.pop_front();
        }
        answer
    }

    async fn count(&self, job: Job, limits: QueryLimits) -> Result<Collected, QueryError> {
        let answer = self.run_job(job, Form::Json, limits, &mut ()).await?;
        serde_json::from_slice(&answer)
            .map_err(|error| QueryError::Failed { message: format!("a worker's answer can't be read: {error}") })
    }
}

/// The newest part of a period that has about as many events as are looked at.
fn newest(period: &Period, days: &BTreeMap<Partition, u64>, now: i64) -> Period {
    let (since, until) = (period.since().timestamp_micros(), period.until().timestamp_micros());
    let within = Partition::of_micros(since)..=Partition::of_micros(until - 1);
    let mut events = 0;
    for (day, rows) in days.range(within).rev() {
        events += rows;
        if events < EVENTS_MIN {
            continue;
        }
        let begin = i64::from(day.0).saturating_mul(DAY_MICROS);
        let begin = if events > DAY_EVENTS_MAX {
            // The day's last part so far, as if its events came evenly.
            let end = until.min(begin.saturating_add(DAY_MICROS)).min(now.max(begin));
            let share = EVENTS_MIN.saturating_sub(events - rows) as f64 / *rows as f64;
            end - ((end - begin) as f64 * share) as i64
        } else {
            begin
        };
        return Period::of_micros(since.max(begin), until).unwrap_or(*period);
    }
    *period
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_days_are_looked_at() {
        let days = |rows: &[(i32, u64)]| -> BTreeMap<Partition, u64> {
            rows.iter().map(|(day, rows)| (Partition(*day), *rows)).collect()
        };
        let period = Period::of_micros(10 * DAY_MICROS, 20 * DAY_MICROS).expect("a period");
        let check_at = |now: f64, rows: &[(i32, u64)], expect: f64| {
            let now = (now * DAY_MICROS as f64) as i64;
            let since = newest(&period, &days(rows), now).since().timestamp_micros();
            assert!((since as f64 / DAY_MICROS as f64 - expect).abs() < 1e-6, "{rows:?}: {since}");
        };
        let check = |rows: &[(i32, u64)], expect: f64| check_at(30.0, rows, expect);
        check(&[], 10.0);
        check(&[(12, 100), (15, 70_000), (19, 70_000)], 10.0);
        check(&[(12, 100), (15, 80_000), (19, 70_000)], 15.0);
        // Days outside don't count.
        check(&[(12, 100), (25, 800_000)], 10.0);
        check(&[(12, 100), (19, 150_000 * 4)], 19.75);
        check(&[(18, 900_000), (19, 75_000)], 19.0 - 75.0 / 900.0);
        // Nothing has come of the rest of today.
        check_at(19.5, &[(19, 150_000 * 4)], 19.375);
    }
}
