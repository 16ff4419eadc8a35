//! What a small query costs in this process and through a worker, in turns.
//!
//! `cargo run -p report --example query_rate [rounds]`
//!
//! Processor time is that of this process and its worker together, which other programs on the
//! machine disturb less than the clock. Both are the median of the rounds.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use ambient::ManualClock;
use report::{Form, PoolOptions, QueryLimits, QueryPool, Session, WorkerProgram};
use table::{Block, Root, Row, Seal, Shape, Store, StoreOptions};
use xdm::{Checker, Profile, Verdict};

const ROUNDS: usize = 20;
const QUERIES_PER_ROUND: usize = 25;
const EVENTS: usize = 100;
const QUERIES: [&str; 3] =
    ["select 1", "select count(*) from events", "select channel, sum(contact_requests) from contacts group by channel"];

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    if std::env::args().nth(1).as_deref() == Some("worker") {
        let socket = io::stdin().as_fd().try_clone_to_owned()?;
        return Ok(report::serve_queries(UnixStream::from(socket), || std::process::exit(0))?);
    }
    let rounds = std::env::args().nth(1).map_or(Ok(ROUNDS), |rounds| rounds.parse())?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure(rounds))
}

async fn measure(rounds: usize) -> Result<(), Failure> {
    let dir = tempfile::tempdir()?;
    let shape = Arc::new(Shape::new(Arc::clone(xdm::standard_plan().layout()))?);
    let clock = Arc::new(ManualClock::at(1_793_880_000_000_000));
    let store = Store::open(StoreOptions::new(Root::Dir(dir.path().to_owned()), shape.arrow_schema(), clock)).await?;
    store.events.set_fresh(vec![events(&shape).to_arrow()])?;
    let session = Session::new(store.clone());
    let program = WorkerProgram { path: std::env::current_exe()?, args: vec!["worker".to_owned()] };
    let pool = QueryPool::new(store, PoolOptions { program, queries_max: 1 })?;
    let limits = QueryLimits::default();
    // The first one starts the worker.
    pool.sql(QUERIES[0], Form::Json, limits, &mut ()).await?;
    let processes = own_processes();
    for sql in QUERIES {
        let (mut here, mut through) = (Costs::default(), Costs::default());
        // The first round finds nothing warm.
        for is_counted in (0..=rounds).map(|round| round > 0) {
            let begin = Cost::now(&processes);
            for _ in 0..QUERIES_PER_ROUND {
                let mut answer = Vec::new();
                session.query(sql, limits).await?.write_json(&mut answer)?;
            }
            let middle = Cost::now(&processes);
            for _ in 0..QUERIES_PER_ROUND {
                pool.sql(sql, Form::Json, limits, &mut ()).await?;
            }
            let end = Cost::now(&processes);
            if is_counted {
                here.0.push(middle.since(&begin));
                through.0.push(end.since(&middle));
            }
        }
        let ratio = through.processor().as_secs_f64() / here.processor().as_secs_f64();
        writeln!(
            io::stdout(),
            "{sql}\n  in process {here}\n  by worker  {through}\n  {ratio:.2} of the processor time"
        )?;
    }
    Ok(())
}

/// A moment of both clocks, or the time between two.
struct Cost {
    clock: Duration,
    processor: Duration,
}

impl Cost {
    fn now(processes: &[PathBuf]) -> Cost {
        static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        Cost { clock: BEGIN.elapsed(), processor: processor_time(processes) }
    }

    fn since(&self, earlier: &Cost) -> Cost {
        let queries = QUERIES_PER_ROUND as u32;
        Cost {
            clock: (self.clock - earlier.clock) / queries,
            processor: self.processor.saturating_sub(earlier.processor) / queries,
        }
    }
}

/// A query's cost in each round.
#[derive(Default)]
struct Costs(Vec<Cost>);

impl Costs {
    fn processor(&self) -> Duration {
        median(self.0.iter().map(|cost| cost.processor))
    }
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = median(self.0.iter().map(|cost| cost.clock));
        write!(f, "{:>6} µs processor, {:>6} µs by the clock", self.processor().as_micros(), clock.as_micros())
    }
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// This process and those that it started, as folders of `/proc`.
fn own_processes() -> Vec<PathBuf> {
    let own = std::process::id().to_string();
    let is_own = |path: &PathBuf| {
        let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1).map(str::to_owned));
        parent.as_ref() == Some(&own) || path.ends_with(&own)
    };
    fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).filter(is_own).collect()
}

/// What their threads have used so far, to the nanosecond.
fn processor_time(processes: &[PathBuf]) -> Duration {
    let tasks = processes.iter().flat_map(|process| fs::read_dir(process.join("task")).into_iter().flatten());
    let nanos = tasks.filter_map(|task| {
        let schedule = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        schedule.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

fn events(shape: &Arc<Shape>) -> Block {
    let mut block = Block::new(Arc::clone(shape), Arc::new(Hide));
    let mut checker = Checker::new(xdm::standard_plan(), Profile::spec());
    for number in 0..EVENTS {
        let event = format!(
            r#"{{"_id":"e{number}","timestamp":"2026-11-01T09:00:00Z","identityMap":{{"ECID":[{{"id":"v{number}"}}]}},"customerFeedback":{{"chatStart":1}}}}"#
        );
        if checker.check(&event, &mut block) == Verdict::Valid {
            block.commit(Row {
                minted_id: None,
                received_micros: 1_793_880_000_000_000,
                datastream: "web",
                request_id: None,
                content_mac: 1,
                derived: None,
                time_anomaly: None,
            });
        }
    }
    block
}

/// Nothing here is personal.
struct Hide;

impl Seal for Hide {
    fn seal(&self, _: &[u8], _: &[u8], _: &mut Vec<u8>) {}

    fn pseudonym(&self, _: &[u8], _: &mut Vec<u8>) {}
}
