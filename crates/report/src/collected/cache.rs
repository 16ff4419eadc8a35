//! Answers that are kept: whoever asks the same soon after, or of the same rows, isn't kept waiting; and who asks while
//! it is being counted waits for the one count, and has the older one meanwhile, if there is one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use table::Partition;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Collected, CollectedAnswer, CollectedColumn, CollectedRequest};
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

/// What was asked: over the whole period, since which part of it is looked at goes with the time.
#[derive(PartialEq, Eq)]
struct Asked {
    sql: String,
    columns: Vec<CollectedColumn>,
}

struct Kept {
    asked: Asked,
    version: u64,
    began: Instant,
    /// The same by the clock, in microseconds since 1970.
    began_micros: i64,
    answer: watch::Receiver<Answer>,
    /// The one before it.
    older: Option<CollectedAnswer>,
}

impl Kept {
    /// What is known already, as whoever asks anew has it meanwhile.
    fn known(self) -> Option<CollectedAnswer> {
        let counted = self.answer.borrow().clone().and_then(|counted| counted.answer.ok());
        let known = counted.map(|collected| CollectedAnswer { collected, older_micros: Some(self.began_micros) });
        known.or(self.older)
    }

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
    /// What arrived, if that is known within `wait`; else what was counted before, if that is kept. It is counted further,
    /// for whoever asks again.
    ///
    /// # Errors
    /// As [`QueryPool::sql`].
    pub async fn collected(
        &self,
        request: &CollectedRequest,
        limits: QueryLimits,
        wait: Duration,
    ) -> Result<Option<CollectedAnswer>, Arc<QueryError>> {
        let (mut answer, older) = self.begun(request, limits);
        let known = tokio::time::timeout(wait, answer.wait_for(Option::is_some)).await;
        match known {
            Ok(Ok(counted)) => {
                let counted = counted.clone().map(|counted| counted.answer).transpose()?;
                Ok(counted.map(|collected| CollectedAnswer { collected, older_micros: None }))
            }
            // Whoever counted was stopped in the middle of it.
            Ok(Err(_)) => Err(Arc::new(QueryError::Closing)),
            Err(_) => Ok(older),
        }
    }

    /// The count, begun by this or an earlier question, and the one before it.
    fn begun(
        &self,
        request: &CollectedRequest,
        limits: QueryLimits,
    ) -> (watch::Receiver<Answer>, Option<CollectedAnswer>) {
        let events = &self.inner.tables.events;
        let moment = events.moment();
        let asked = Asked { sql: request.sql(&request.period, &moment.schema), columns: request.columns.clone() };
        let mut kept = self.inner.collected.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = kept.iter().position(|kept| kept.asked == asked);
        let mut older = None;
        if let Some(place) = same {
            let same = &kept[place];
            if same.is_good(moment.version, !moment.fresh.is_empty()) {
                return (same.answer.clone(), same.older.clone());
            }
            older = kept.remove(place).and_then(Kept::known);
        }
        let period = newest(&request.period, &events.days(), request.now);
        let sql = request.sql(&period, &moment.schema);
        let (told, answer) = watch::channel(None);
        let since = (period.since() > request.period.since()).then(|| period.since().timestamp_micros());
        let job = Job::Collected { sql, columns: request.columns.clone() };
        let pool = self.clone();
        let began = Instant::now();
        tokio::spawn(async move {
            let counted = pool.count(job, limits).await;
            let counted = counted.map(|counted| Arc::new(Collected { since_micros: since, ..counted }));
            told.send_replace(Some(Counted { answer: counted.map_err(Arc::new), took: began.elapsed() }));
        });
        let (version, began_micros) = (moment.version, request.now);
        kept.push_back(Kept { asked, version, began, began_micros, answer: answer.clone(), older: older.clone() });
        if kept.len() > ANSWERS_MAX {
            kept.pop_front();
        }
        (answer, older)
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
    fn what_was_counted_last_is_there_while_it_is_counted_anew() {
        let counted = |events: u64| Arc::new(Collected { events, ..Collected::default() });
        let kept = |answer: Option<Result<Arc<Collected>, Arc<QueryError>>>, older: Option<CollectedAnswer>| {
            let took = Duration::from_secs(1);
            let (_, answer) = watch::channel(answer.map(|answer| Counted { answer, took }));
            let asked = Asked { sql: String::new(), columns: Vec::new() };
            Kept { asked, version: 1, began: Instant::now(), began_micros: 7, answer, older }
        };
        let known = |events: u64, at: i64| CollectedAnswer { collected: counted(events), older_micros: Some(at) };
        assert_eq!(kept(Some(Ok(counted(3))), Some(known(2, 5))).known(), Some(known(3, 7)));
        // It failed, or was broken off: the one before it is still there.
        assert_eq!(kept(Some(Err(Arc::new(QueryError::Closing))), Some(known(2, 5))).known(), Some(known(2, 5)));
        assert_eq!(kept(None, Some(known(2, 5))).known(), Some(known(2, 5)));
        assert_eq!(kept(None, None).known(), None);
    }

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
