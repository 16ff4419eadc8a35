//! How many durable records a second the journal takes: a closed loop of K threads that
//! keep N appends outstanding between them, in a directory of its own.
//!
//! `append_rate [--dir DIR] [--threads 2] [--outstanding 128] [--bytes 1024] [--records 500000]`

#![expect(clippy::print_stdout, reason = "it is a program that prints its result")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use journal::{Journal, Log, MasterKey, Options, Sequence};

struct Load {
    dir: PathBuf,
    threads: usize,
    outstanding: usize,
    bytes: usize,
    records: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let load = parse(std::env::args().skip(1))?;
    let dir = tempfile::tempdir_in(&load.dir)?;
    let mut options = Options::new(dir.path(), MasterKey::new([7; 32]));
    options.queue_bytes_max = options.queue_bytes_max.max(load.outstanding * (load.bytes + 64));
    let (journal, _) = Journal::open(options)?;

    // What is durable is released as a drain would, so that the disk does not fill up.
    let releaser = {
        let journal = journal.clone();
        let last = Sequence(load.records as u64);
        thread::spawn(move || {
            let mut durable = Sequence(0);
            while durable < last {
                durable = journal.tail();
                let _ = journal.release(durable);
                thread::sleep(Duration::from_millis(20));
            }
        })
    };
    let started = Instant::now();
    let load = Arc::new(load);
    let callers: Vec<_> = (0..load.threads)
        .map(|_| {
            let (journal, load) = (journal.clone(), Arc::clone(&load));
            thread::spawn(move || call(&journal, &load))
        })
        .collect();
    let mut latencies_us = Vec::with_capacity(load.records);
    for caller in callers {
        latencies_us.extend(caller.join().map_err(|_| "a caller failed")?);
    }
    let took = started.elapsed();
    let status = journal.status();
    let _ = releaser.join();

    latencies_us.sort_unstable();
    let percentile = |p: usize| latencies_us[(latencies_us.len() - 1) * p / 100];
    let rate = status.appended as f64 / took.as_secs_f64();
    println!(
        "{} records of {} bytes, {} threads, {} outstanding: {:.0} records/s, {:.0} MB/s, {:.1} records/fsync, p50 {} us, p99 {} us",
        status.appended,
        load.bytes,
        load.threads,
        load.outstanding,
        rate,
        rate * load.bytes as f64 / 1e6,
        status.appended as f64 / status.syncs as f64,
        percentile(50),
        percentile(99),
    );
    Ok(())
}

/// One thread's closed loop: a new append for each that became durable.
fn call(journal: &Journal, load: &Load) -> Vec<u32> {
    let body = Bytes::from(vec![b'x'; load.bytes]);
    let window = load.outstanding / load.threads;
    let (answers, answered) = mpsc::channel();
    let mut latencies_us = Vec::with_capacity(load.records / load.threads);
    let mut sent = 0;
    while latencies_us.len() < load.records / load.threads {
        while sent < load.records / load.threads && sent - latencies_us.len() < window {
            let answers = answers.clone();
            let started = Instant::now();
            let done = Box::new(move |outcome: Result<_, _>| {
                let _ = answers.send((outcome.is_ok(), started.elapsed().as_micros() as u32));
            });
            journal.append(Vec::new(), body.clone(), done).expect("the queue has room for them all");
            sent += 1;
        }
        let (durable, us) = answered.recv().expect("every append is answered");
        assert!(durable, "an append failed: {:?}", journal.status());
        latencies_us.push(us);
    }
    latencies_us
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Load, Box<dyn Error>> {
    let mut load = Load { dir: PathBuf::from("."), threads: 2, outstanding: 128, bytes: 1024, records: 500_000 };
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--dir" => load.dir = value.into(),
            "--threads" => load.threads = value.parse()?,
            "--outstanding" => load.outstanding = value.parse()?,
            "--bytes" => load.bytes = value.parse()?,
            "--records" => load.records = value.parse()?,
            _ => return Err(format!("{name} is not an option").into()),
        }
    }
    Ok(load)
}
