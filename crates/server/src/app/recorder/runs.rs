//! Test runs: the events of each, kept for a while.
//!
//! They live in memory within named limits: events and bytes of a run, runs, bytes and
//! age of all of them. What finds no room in a run is counted; of the runs the one that
//! began first goes first.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use intake::Claim;

/// Runs that are kept.
const RUNS_MAX: usize = 256;
/// Events of one run; later ones are only counted.
const RUN_EVENTS_MAX: usize = 5_000;
/// Bytes of one run; later events are only counted.
pub(super) const RUN_BYTES_MAX: usize = 8 << 20;
/// Bytes of all runs.
const RUNS_BYTES_MAX: usize = 32 << 20;
/// How long a run is kept after its last event.
const RUN_AGE_MAX: Duration = Duration::from_secs(60 * 60);
/// What an event, and what a run, takes besides its text.
const EVENT_BYTES: usize = 48;
const RUN_BYTES: usize = 512;

/// Test runs, in the order in which they began.
#[derive(Debug)]
pub(super) struct Runs {
    runs: VecDeque<Run>,
    bytes: usize,
    claim: Claim,
}

#[derive(Debug)]
struct Run {
    test_id: String,
    good: u64,
    bad: u64,
    /// Events that are counted and not kept.
    omitted: u64,
    events: Vec<Box<[u8]>>,
    bytes: usize,
    last: Instant,
}

impl Runs {
    pub(super) fn new(claim: Claim) -> Runs {
        Runs { runs: VecDeque::new(), bytes: 0, claim }
    }

    pub(super) fn add(&mut self, test_id: &str, is_good: bool, event: &[u8], now: Instant) {
        self.forget_old(now);
        let place = self.runs.iter().rposition(|run| run.test_id == test_id);
        let place = place.unwrap_or_else(|| self.begin(test_id, now));
        let run = &mut self.runs[place];
        run.last = now;
        match is_good {
            true => run.good += 1,
            false => run.bad += 1,
        }
        let cost = event.len() + EVENT_BYTES;
        if run.events.len() >= RUN_EVENTS_MAX || run.bytes + cost > RUN_BYTES_MAX {
            run.omitted += 1;
            return;
        }
        // The older runs make room, and not this one for itself.
        let mut place = place;
        while self.bytes + cost > RUNS_BYTES_MAX || !self.claim.grow_to(self.bytes + cost) {
            if place == 0 {
                self.runs[0].omitted += 1;
                return;
            }
            self.drop_oldest();
            place -= 1;
        }
        let run = &mut self.runs[place];
        run.events.push(event.into());
        run.bytes += cost;
        self.bytes += cost;
    }

    fn begin(&mut self, test_id: &str, now: Instant) -> usize {
        while self.runs.len() >= RUNS_MAX {
            self.drop_oldest();
        }
        let test_id = test_id.to_owned();
        let bytes = RUN_BYTES;
        self.bytes += bytes;
        self.runs.push_back(Run { test_id, good: 0, bad: 0, omitted: 0, events: Vec::new(), bytes, last: now });
        self.runs.len() - 1
    }

    fn drop_oldest(&mut self) {
        if let Some(run) = self.runs.pop_front() {
            self.bytes -= run.bytes;
            self.claim.shrink_to(self.bytes);
        }
    }

    /// Forgets runs that had no event for long.
    pub(super) fn forget_old(&mut self, now: Instant) {
        let bytes = &mut self.bytes;
        self.runs.retain(|run| {
            let keep = now.saturating_duration_since(run.last) < RUN_AGE_MAX;
            if !keep {
                *bytes -= run.bytes;
            }
            keep
        });
        self.claim.shrink_to(self.bytes);
    }

    /// About what the answer for a run takes.
    pub(super) fn bytes_of(&self, test_id: &str) -> usize {
        self.find(test_id).map_or(RUN_BYTES, |run| run.bytes)
    }

    fn find(&self, test_id: &str) -> Option<&Run> {
        self.runs.iter().find(|run| run.test_id == test_id)
    }

    /// The answer for one run; an unknown one has no events yet.
    pub(super) fn answer(&self, test_id: &str) -> Vec<u8> {
        let run = self.find(test_id);
        let (good, bad, omitted) = run.map_or((0, 0, 0), |run| (run.good, run.bad, run.omitted));
        let omitted = if omitted > 0 { format!(r#","eventsOmitted":{omitted}"#) } else { String::new() };
        let mut out = format!(r#"{{"testId":"{test_id}","good":{good},"bad":{bad}{omitted},"events":["#).into_bytes();
        for (index, event) in run.map_or(&[][..], |run| &run.events).iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(event);
        }
        out.extend_from_slice(b"]}");
        out
    }
}

#[cfg(test)]
mod tests {
    use intake::Budget;

    use super::*;

    fn check(runs: &Runs, name: &str, expect: &str) {
        assert_eq!(String::from_utf8(runs.answer(name)).as_deref(), Ok(expect));
    }

    #[test]
    fn runs_are_counted_kept_and_forgotten_in_order() {
        let budget = Budget::new(1 << 30);
        let mut runs = Runs::new(budget.empty());
        let now = Instant::now();
        runs.add("a", true, b"1", now);
        runs.add("a", false, b"2", now);
        runs.add("b", true, b"3", now);
        check(&runs, "a", r#"{"testId":"a","good":1,"bad":1,"events":[1,2]}"#);
        check(&runs, "none", r#"{"testId":"none","good":0,"bad":0,"events":[]}"#);
        for number in 0..RUNS_MAX - 1 {
            runs.add(&format!("n{number}"), true, b"4", now);
        }
        check(&runs, "a", r#"{"testId":"a","good":0,"bad":0,"events":[]}"#);
        check(&runs, "b", r#"{"testId":"b","good":1,"bad":0,"events":[3]}"#);
        assert_eq!((runs.bytes, budget.used()), (RUNS_MAX * (RUN_BYTES + EVENT_BYTES + 1), runs.bytes));
        for _ in 0..RUN_EVENTS_MAX + 2 {
            runs.add("many", true, b"6", now);
        }
        let many = String::from_utf8(runs.answer("many")).expect("text");
        assert!(
            many.contains(&format!("\"good\":{},\"bad\":0,\"eventsOmitted\":2,", RUN_EVENTS_MAX + 2)),
            "{many:.200}"
        );
        runs.forget_old(now + RUN_AGE_MAX);
        assert_eq!((runs.runs.len(), runs.bytes, budget.used()), (0, 0, 0));
    }

    #[test]
    fn bytes_of_a_run_of_all_and_of_the_budget_are_bounded() {
        let now = Instant::now();
        let event = vec![b'5'; 1 << 20];
        let fill = |runs: &mut Runs, name: &str| (0..20).for_each(|_| runs.add(name, true, &event, now));
        let budget = Budget::new(1 << 30);
        let mut runs = Runs::new(budget.empty());
        fill(&mut runs, "a");
        assert!(runs.bytes <= RUN_BYTES_MAX + RUN_BYTES && runs.runs[0].omitted == 13, "{}", runs.runs[0].omitted);
        ["b", "c", "d", "e"].iter().for_each(|name| fill(&mut runs, name));
        assert!(runs.bytes <= RUNS_BYTES_MAX && budget.used() <= RUNS_BYTES_MAX + RUN_BYTES, "{}", budget.used());
        check(&runs, "a", r#"{"testId":"a","good":0,"bad":0,"events":[]}"#);

        let budget = Budget::new(3 << 20);
        let mut runs = Runs::new(budget.empty());
        fill(&mut runs, "a");
        fill(&mut runs, "b");
        assert!(budget.used() <= 3 << 20);
        assert_eq!(runs.runs.iter().map(|run| run.test_id.as_str()).collect::<Vec<_>>(), ["b"]);
        assert_eq!((runs.runs[0].events.len(), runs.runs[0].omitted), (2, 18));
    }
}
