//! What a report costs when nothing is known, and when a thousand events more have come.
//!
//! `cargo run -p report --example summary_rate [events]`
//!
//! The events are of one day and in no file yet, so reading files isn't in it: what is measured is how
//! rows are taken out of their columns, folded and added up. Processor time of this process, which other
//! programs on the machine disturb less than the clock.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ambient::ManualClock;
use report::{Summaries, SummariesOptions, SummarySource};
use summary::{Filter, Query, Timeline, Wanted};
use table::{Block, Root, Row, Seal, Shape, Store, StoreOptions};
use xdm::{Checker, Profile, Verdict};

const EVENTS: usize = 300_000;
const EVENTS_PER_BATCH: usize = 10_000;
const ROUNDS: usize = 5;
/// 2026-11-01T00:00:00Z.
const DAY_SECONDS: i64 = 1_793_491_200;
const DAY: i64 = 24 * 60 * 60;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let events = std::env::args().nth(1).map_or(Ok(EVENTS), |events| events.parse())?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure(events))
}

async fn measure(events: usize) -> Result<(), Failure> {
    let dir = tempfile::tempdir()?;
    let shape = Arc::new(Shape::new(Arc::clone(xdm::standard_plan().layout()))?);
    let micros = (DAY_SECONDS + DAY) * 1_000_000;
    let clock = Arc::new(ManualClock::at(micros));
    let tables = Root::Dir(dir.path().join("tables"));
    let store = Store::open(StoreOptions::new(tables, shape.arrow_schema(), Arc::<ManualClock>::clone(&clock))).await?;
    let mut batches = Vec::new();
    for from in (0..events).step_by(EVENTS_PER_BATCH) {
        batches.push(block(&shape, from..events.min(from + EVENTS_PER_BATCH)).to_arrow());
    }
    store.events.set_fresh(batches.clone())?;
    let query = Query {
        since: DAY_SECONDS * 1_000_000,
        until: micros,
        now: micros,
        filter: Filter::default(),
        timeline: Timeline::default(),
        by: None,
        wanted: Wanted::ALL,
    };
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    // Kept to the end: the time of threads that have ended isn't told.
    let mut kept = Vec::new();
    for round in 0..ROUNDS {
        let options =
            SummariesOptions::new(dir.path().join(format!("summaries-{round}")), Arc::<ManualClock>::clone(&clock));
        let summaries = Summaries::new(store.events.clone(), options);
        let begun = (processor_time(), Instant::now());
        let first = summaries.answer(std::slice::from_ref(&query)).await?;
        cold.push(since(begun));
        let from = events + round * 1_000;
        batches.push(block(&shape, from..from + 1_000).to_arrow());
        store.events.set_fresh(batches.clone())?;
        let begun = (processor_time(), Instant::now());
        let second = summaries.answer(std::slice::from_ref(&query)).await?;
        warm.push(since(begun));
        let count = |answered: &report::Answered| answered.answers[0].answer.totals.events;
        if count(&second) != count(&first) + 1_000 {
            return Err("the answers lack events".into());
        }
        kept.push(summaries);
    }
    for (name, mut costs) in [("nothing known", cold), ("1,000 events more", warm)] {
        costs.sort();
        let (processor, clock) = costs[ROUNDS / 2];
        writeln!(io::stdout(), "{events} events, {name}: {processor:?} of processors, {clock:?} by the clock")?;
    }
    Ok(())
}

fn since((processor, clock): (Duration, Instant)) -> (Duration, Duration) {
    (processor_time().saturating_sub(processor), clock.elapsed())
}

/// What the threads that run have used so far, to the nanosecond.
fn processor_time() -> Duration {
    let nanos = fs::read_dir("/proc/self/task").into_iter().flatten().filter_map(|task| {
        let schedule = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        schedule.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// Visits of about four events, every tenth event with a contact request.
fn block(shape: &Arc<Shape>, numbers: std::ops::Range<usize>) -> Block {
    let mut block = Block::new(Arc::clone(shape), Arc::new(Hide));
    let mut checker = Checker::new(xdm::standard_plan(), Profile::spec());
    for number in numbers {
        let at = DAY_SECONDS + (number as i64 * 7_919) % DAY;
        let time = chrono::DateTime::from_timestamp(at, 0).map_or_else(String::new, |time| time.to_rfc3339());
        let call =
            if number.is_multiple_of(10) { r#","customerFeedback":{"clickToCall":1,"subject":"Orders"}"# } else { "" };
        let event = format!(
            r#"{{"_id":"e{number}","timestamp":"{time}","identityMap":{{"ECID":[{{"id":"{:038}"}}]}},"web":{{"webPageDetails":{{"URL":"https://shop.example/section/page-{}.html?visit={number}"}}}}{call}}}"#,
            number / 4,
            number % 12
        );
        if checker.check(&event, &mut block) == Verdict::Valid {
            block.commit(Row {
                minted_id: None,
                received_micros: at * 1_000_000,
                datastream: "web",
                request_id: None,
                content_mac: 1,
                derived: None,
                time_anomaly: None,
            });
        }
    }
    block.protect();
    block
}

/// Nothing here is personal.
struct Hide;

impl Seal for Hide {
    fn seal(&self, _: &[u8], plain: &[u8], out: &mut Vec<u8>) {
        out.extend(plain);
    }

    fn pseudonym(&self, value: &[u8], out: &mut Vec<u8>) {
        out.extend(value);
    }
}
