//! Kill -9 at random moments under load: what was acknowledged is there exactly once,
//! what was not sent is not there, and the server starts again by itself.
//!
//! A sender that got no answer sends the same request again after the restart, as real
//! ones do; that must not double anything either. A failing run names its seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::runtime::Builder;

use crate::server_process::{PATIENCE, TestDir, event, rows};

const SEEDS: u64 = 12;
const KILLS: u64 = 3;
const SENDERS: u64 = 3;
/// Requests that are acknowledged before a kill, at most.
const ACKS_MAX: usize = 300;

/// A request and the ids of its events.
#[derive(Clone)]
struct Sent {
    request_id: String,
    ids: Vec<String>,
}

impl Sent {
    fn body(&self) -> String {
        self.ids.iter().map(|id| event(id) + "\n").collect()
    }
}

/// What one sender remembers.
#[derive(Default)]
struct Log {
    sent: Vec<Sent>,
    acked: usize,
}

#[test]
fn acknowledged_events_survive_kill_9_exactly_once() {
    thread::scope(|scope| {
        // Two at a time: the machine has other tests to run.
        for lane in 0..2 {
            scope.spawn(move || (0..SEEDS).filter(|seed| seed % 2 == lane).for_each(one_seed));
        }
    });
}

fn one_seed(seed: u64) {
    let dir = TestDir::new();
    // Small segments and quick commits, so that kills meet rotation, commit and release.
    let args = ["--commit-after", "150ms", "--segment-bytes", "256KiB", "--drain-every", "20ms"];
    let mut logs: Vec<Log> = (0..SENDERS).map(|_| Log::default()).collect();
    for round in 0..KILLS {
        let server = dir.serve(&args);
        let stop = Arc::new(AtomicBool::new(false));
        let acked = Arc::new(AtomicUsize::new(0));
        let senders: Vec<_> = logs
            .into_iter()
            .enumerate()
            .map(|(sender, log)| {
                let (url, stop, acked) = (server.url.clone(), Arc::clone(&stop), Arc::clone(&acked));
                thread::spawn(move || send(&url, log, &format!("{seed}-{round}-{sender}"), &stop, &acked))
            })
            .collect();
        // Counted in acknowledgements, so that a slow machine kills no server before its first.
        let until = Instant::now() + PATIENCE;
        let enough = 1 + mixed(seed * 31 + round) as usize % ACKS_MAX;
        while acked.load(Ordering::Relaxed) < enough {
            assert!(Instant::now() < until, "seed {seed}: fewer than {enough} requests were acknowledged");
            thread::sleep(Duration::from_millis(1));
        }
        server.kill();
        stop.store(true, Ordering::Relaxed);
        logs = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
    }
    let stored = dir.ok(&["sql", "select \"_id\" from events", "--format", "csv"]);
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for id in rows(&stored) {
        *times.entry(id).or_default() += 1;
    }
    let sent: BTreeSet<&str> = ids(logs.iter().flat_map(|log| &log.sent));
    let acked: BTreeSet<&str> = ids(logs.iter().flat_map(|log| &log.sent[..log.acked]));
    assert!(!acked.is_empty(), "seed {seed}: nothing was acknowledged, so nothing was tested");
    let lost: Vec<_> = acked.iter().filter(|id| !times.contains_key(*id)).take(5).collect();
    assert!(lost.is_empty(), "seed {seed}: acknowledged and gone: {lost:?}");
    let doubled: Vec<_> = times.iter().filter(|(_, times)| **times > 1).take(5).collect();
    assert!(doubled.is_empty(), "seed {seed}: there more than once: {doubled:?}");
    let invented: Vec<_> = times.keys().filter(|id| !sent.contains(*id)).take(5).collect();
    assert!(invented.is_empty(), "seed {seed}: never sent: {invented:?}");
}

fn ids<'a>(requests: impl Iterator<Item = &'a Sent>) -> BTreeSet<&'a str> {
    requests.flat_map(|sent| sent.ids.iter().map(String::as_str)).collect()
}

/// Sends until it is told to stop or the server is gone. The request without an answer,
/// if there is one, is the last of the log and goes first the next time.
fn send(url: &str, mut log: Log, prefix: &str, stop: &AtomicBool, acked: &AtomicUsize) -> Log {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let client = Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        if log.acked == log.sent.len() {
            // Mostly single events, sometimes a batch.
            let events = if number % 5 == 4 { 40 } else { 1 };
            let ids = (0..events).map(|event| format!("{prefix}-{number}-{event}")).collect();
            log.sent.push(Sent { request_id: format!("{prefix}-{number}"), ids });
        }
        let sent = &log.sent[log.acked];
        let request =
            client.post(format!("{url}/v1/events")).header("x-request-id", &sent.request_id).body(sent.body());
        let answer = runtime.block_on(async {
            let response = request.send().await.ok()?;
            // The answer counts only when all of it has arrived.
            let status = response.status();
            response.bytes().await.ok().map(|_| status)
        });
        match answer {
            Some(status) if status.is_success() => {
                log.acked += 1;
                acked.fetch_add(1, Ordering::Relaxed);
            }
            Some(status) if status.as_u16() == 503 => thread::sleep(Duration::from_millis(20)),
            Some(status) => panic!("a valid request was answered with {status}"),
            None => break,
        }
    }
    log
}

/// SplitMix64's finisher: a seed's moment looks like chance and can be repeated.
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
