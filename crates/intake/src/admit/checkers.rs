//! Every event of a request is checked before a byte of it is stored.
//!
//! A check needs a checker, which predicts keys from the events before and is costly to
//! make; they live in a pool and go back to it warm. The sink keeps only id and time.

use std::sync::{Mutex, PoisonError};

use xdm::{Checker, Verdict};

use super::answer::{Answers, EventAnswer};
use super::answer_budget::AnswerBudget;
use crate::policy::ValidationPolicy;
use crate::request::body::{BodyError, Source};
use crate::request::framing::ResolvedFraming;
use crate::request::head::HeadSink;
use crate::request::identity::{IdGenerator, Origin};
use crate::request::record::RequestId;
use crate::request::time_anomaly::{TimeAnomaly, TimeBounds};
use crate::request::walk::{Bounds, Event, walk};

/// Most idle checkers that are kept; more than there are workers is waste.
const IDLE_MAX: usize = 64;
/// What an idle checker's buffer for an id may keep allocated.
const ID_BYTES_KEPT: usize = 4096;
/// What an answer takes besides its texts: twice, since the list doubles as it grows.
const ANSWER_BYTES: usize = 2 * size_of::<EventAnswer>();

/// What one check needs, kept warm between requests.
pub(crate) struct PooledChecker {
    checker: Checker,
    policy: ValidationPolicy,
    sink: HeadSink,
    id_generator: IdGenerator,
}

/// Where the events of a request come from.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) datastream: &'a str,
    pub(crate) request_id: RequestId<'a>,
    pub(crate) source: Source,
    pub(crate) received_micros: i64,
}

/// The checkers that nobody uses at the moment.
pub(crate) struct CheckerPool {
    bounds: Bounds,
    times: TimeBounds,
    #[expect(clippy::vec_box, reason = "a checker is large, and is taken out and put back for each request")]
    idle: Mutex<Vec<Box<PooledChecker>>>,
}

impl CheckerPool {
    pub(crate) fn new(bounds: Bounds, times: TimeBounds) -> Self {
        CheckerPool { bounds, times, idle: Mutex::default() }
    }

    /// Forgets the warm ones: they judge by schemas that are gone.
    pub(crate) fn clear(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Checks a body. An unreadable one gives an error, and none of its events counts.
    pub(crate) fn check(
        &self,
        framing: ResolvedFraming,
        body: &[u8],
        policy: &ValidationPolicy,
        arrival: Arrival<'_>,
        budget: AnswerBudget,
    ) -> Result<Answers, BodyError> {
        let mut pooled = self.take(policy);
        let outcome = pooled.check(framing, body, (self.bounds, &self.times), arrival, budget);
        self.give_back(pooled);
        outcome
    }

    fn take(&self, policy: &ValidationPolicy) -> Box<PooledChecker> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // The last one given back is the warmest; nearly always all read alike.
        let place = idle.iter().rposition(|pooled| pooled.policy.is(policy));
        let warm = place.map(|place| idle.swap_remove(place));
        drop(idle);
        warm.unwrap_or_else(|| {
            Box::new(PooledChecker {
                checker: policy.checker(),
                policy: policy.clone(),
                sink: HeadSink::new(&policy.plan),
                id_generator: IdGenerator::default(),
            })
        })
    }

    fn give_back(&self, mut pooled: Box<PooledChecker>) {
        pooled.sink.shrink_to(ID_BYTES_KEPT);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(pooled);
        }
    }
}

impl PooledChecker {
    fn check(
        &mut self,
        framing: ResolvedFraming,
        body: &[u8],
        (bounds, times): (Bounds, &TimeBounds),
        arrival: Arrival<'_>,
        budget: AnswerBudget,
    ) -> Result<Answers, BodyError> {
        let Arrival { datastream, request_id, source, received_micros } = arrival;
        let mut answers = Answers::within(budget);
        let PooledChecker { checker, sink, id_generator, .. } = self;
        sink.clear();
        walk(checker, framing, body, bounds, sink, |sink, checker, event| {
            let id = match (sink.id(), event.verdict) {
                (Some(id), _) => Some(id.to_owned()),
                (None, Verdict::Invalid) => None,
                (None, Verdict::Valid) => {
                    let index = event.index;
                    Some(id_generator.generate(Origin::Event { datastream, request_id, index }).to_owned())
                }
            };
            let anomaly = times.judge(source, sink.time(), received_micros);
            sink.clear();
            answer(&mut answers, checker, &event, id, anomaly.map(|anomaly| (anomaly, times)))
        })?;
        Ok(answers)
    }
}

/// Answers one event: whether it was taken is always said, the details as far as the budget
/// goes.
fn answer(
    answers: &mut Answers,
    checker: &Checker,
    event: &Event<'_>,
    id: Option<String>,
    anomaly: Option<(TimeAnomaly, &TimeBounds)>,
) -> Result<(), BodyError> {
    if !answers.budget.require(ANSWER_BYTES + id.as_ref().map_or(0, String::len)) {
        return Err(BodyError::NoRoom);
    }
    match event.verdict {
        Verdict::Valid => {
            let (notices, left_out) = match anomaly {
                None => answers.budget.detail_notices(checker.notices()),
                Some((anomaly, times)) => {
                    let mut all = checker.notices().to_vec();
                    all.push(anomaly.notice(event.bytes, times));
                    answers.budget.detail_notices(&all)
                }
            };
            let answer = EventAnswer::Accepted { id: id.unwrap_or_default(), notices };
            answers.push(answer, left_out + checker.notices_omitted());
        }
        Verdict::Invalid => {
            let all = checker.violations();
            let keyword = all.first().map_or("invalid", |violation| &violation.keyword);
            match answers.rejected.get_mut(keyword) {
                Some(count) => *count += 1,
                None => drop(answers.rejected.insert(keyword.to_owned(), 1)),
            }
            let (violations, left_out) = answers.budget.detail_violations(all);
            answers.push(EventAnswer::Rejected { id, violations }, left_out + checker.violations_omitted());
        }
    }
    Ok(())
}
