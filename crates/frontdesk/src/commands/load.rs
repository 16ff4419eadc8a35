//! `frontdesk load`: files of events into the tables, each file once.
//!
//! With the data directory in its own hands it takes `intake`'s bulk path. While a
//! server holds the directory, it sends the file to it in batches, each under a
//! request id made from the file's fingerprint and the batch's offset, so that a file
//! sent twice changes nothing. Invalid events are kept in `rejects`; only a file of which
//! every event is invalid is a failure.

mod summaries;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use intake::{IntakeOptions, LoadError, LoadOptions, LoadSummary, Shape, SystemClock, Watcher};
use report::visible;
use tokio::task::JoinSet;
use xxhash_rust::xxh3::xxh3_64;

use self::summaries::LoadedDays;
use crate::access;
use crate::args::LoadArgs;
use crate::data_dir::{self, Claim};
use crate::failure::{Exit, Failure};
use crate::input::Input;
use crate::progress::Progress;
use crate::remote::{Answer, Remote};
use crate::settings::Settings;
use crate::terminal;

/// Requests to a server at once: one is on the way while others wait for the disk.
const BATCHES_IN_FLIGHT_MAX: usize = 4;

/// Runs the command.
///
/// # Errors
/// A file can't be read, or the tables can't be written. What was loaded before stays.
pub(crate) fn run(args: &LoadArgs, settings: &Settings) -> Result<(), Failure> {
    settings.datastreams.takes(&args.datastream)?;
    match data_dir::claim(&settings.data)? {
        Claim::Ours(dir) => {
            let options = access::intake_options(&dir, settings)?;
            each_file(args, |input| straight(input, args, &options, &settings.data))
        }
        Claim::Theirs(holder) => {
            let remote = Remote::of(&holder, &settings.data)?.ok_or_else(|| holder.busy(&settings.data))?;
            each_file(args, |input| crate::block_on(through(&remote, input, &args.datastream)))
        }
    }
}

/// What became of one file.
#[derive(Debug, Default)]
struct Loaded {
    read: u64,
    accepted: u64,
    rejected: BTreeMap<String, u64>,
    /// Unknown when a server took the events: it finds duplicates later.
    repeated: Option<Repeated>,
    bytes: u64,
    already_loaded: bool,
}

/// Events whose id was known.
#[derive(Debug)]
struct Repeated {
    duplicates: u64,
    conflicts: u64,
}

fn each_file(args: &LoadArgs, load: impl Fn(&Input) -> Result<Loaded, Failure>) -> Result<(), Failure> {
    let mut nothing_accepted = false;
    for path in &args.files {
        let input = Input::named(path);
        let begin = Instant::now();
        let loaded = load(&input)?;
        nothing_accepted |= loaded.is_refused();
        write(&loaded, &input.name(), begin.elapsed(), &mut terminal::people())?;
    }
    // As the server answers 422 then: a job that looks at nothing but the code notices.
    if nothing_accepted { Err(Failure::answered_no()) } else { Ok(()) }
}

fn straight(input: &Input, args: &LoadArgs, intake: &IntakeOptions, data: &Path) -> Result<Loaded, Failure> {
    let source = input.to_load();
    let mut options = LoadOptions { datastream: args.datastream.clone(), ..LoadOptions::default() };
    options.threads = args.threads.unwrap_or(options.threads).max(1);
    options.watcher = LoadedDays::new(data).map(|days| Arc::new(days) as Arc<dyn Watcher>);
    let progress = Progress::new(&input.name(), input.stored_bytes());
    let clock: Arc<dyn intake::Clock> = Arc::new(SystemClock);
    let outcome = intake::load(intake, &clock, &source, &options, &progress);
    progress.finish();
    match outcome {
        Ok(LoadSummary { read, accepted, rejected, duplicates, conflicts, bytes, already_loaded }) => {
            let repeated = Some(Repeated { duplicates, conflicts });
            Ok(Loaded { read, accepted, rejected, repeated, bytes, already_loaded })
        }
        Err(LoadError::Input { source, .. }) => Err(input.unreadable(&source)),
        Err(LoadError::Open(error)) => Err(error.into()),
        Err(error) => Err(Failure::new(Exit::Unavailable, error).help("load the same file again to go on")),
    }
}

impl intake::Progress for Progress {
    fn read(&self, bytes: u64, events: u64) {
        self.advance(bytes, events);
    }

    fn total(&self, bytes: Option<u64>) {
        self.set_total(bytes);
    }
}

async fn through(remote: &Remote, input: &Input, datastream: &str) -> Result<Loaded, Failure> {
    let fingerprint = input.fingerprint()?;
    let mut reader = input.open()?;
    let is_lines = reader.shape() == Shape::Lines;
    let progress = Progress::new(&input.name(), None);
    let mut loaded = Loaded::default();
    let mut sending: JoinSet<Result<Answer, Failure>> = JoinSet::new();
    while let Some(batch) = reader.next_batch().map_err(|error| input.unreadable(&error))? {
        if sending.len() >= BATCHES_IN_FLIGHT_MAX {
            loaded.answered(sending.join_next().await, &progress)?;
        }
        let body = Bytes::from(batch.body().into_owned());
        // What can't be read twice is told apart by its content.
        let name = fingerprint.unwrap_or_else(|| xxh3_64(&body));
        let request_id = format!("load-{name:016x}-{}", batch.offset());
        loaded.bytes += batch.len() as u64;
        progress.advance(batch.len() as u64, 0);
        let is_blank = body.trim_ascii().is_empty();
        let (remote, datastream) = (remote.clone(), datastream.to_owned());
        if !is_blank {
            let media_type = if is_lines { "application/x-ndjson" } else { "application/json" };
            sending.spawn(async move { remote.send(body, media_type, &request_id, &datastream).await });
        }
    }
    while !sending.is_empty() {
        loaded.answered(sending.join_next().await, &progress)?;
    }
    progress.finish();
    Ok(loaded)
}

impl Loaded {
    /// Whether there were events, and every one was rejected.
    fn is_refused(&self) -> bool {
        let rejected: u64 = self.rejected.values().sum();
        rejected > 0 && rejected == self.read
    }

    fn answered(
        &mut self,
        outcome: Option<Result<Result<Answer, Failure>, tokio::task::JoinError>>,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let answer = match outcome {
            None => return Ok(()),
            Some(Ok(answer)) => answer
                .map_err(|failure| failure.help("load the same file again: what was sent before is recognised"))?,
            Some(Err(error)) => return Err(Failure::unavailable(format_args!("sending stopped: {error}"))),
        };
        progress.advance(0, answer.accepted + answer.rejected);
        self.read += answer.accepted + answer.rejected;
        self.accepted += answer.accepted;
        for event in answer.events {
            if let Some(first) = event.violations.into_iter().next() {
                *self.rejected.entry(first.keyword).or_default() += 1;
            }
        }
        Ok(())
    }
}

/// The summary of one file.
fn write(loaded: &Loaded, name: &str, took: Duration, out: &mut dyn Write) -> io::Result<()> {
    if loaded.already_loaded {
        return writeln!(out, "{}: already loaded, nothing to do", visible(name));
    }
    let rejected: u64 = loaded.rejected.values().sum();
    write!(out, "{}: {} events read, {} accepted, {} rejected", visible(name), loaded.read, loaded.accepted, rejected)?;
    match &loaded.repeated {
        Some(Repeated { duplicates, conflicts }) => writeln!(out, ", {duplicates} duplicates, {conflicts} conflicts")?,
        None => writeln!(out, "; sent to the running server, which tells duplicates in `frontdesk report contacts`")?,
    }
    let mut reasons: Vec<(&String, &u64)> = loaded.rejected.iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    for (reason, count) in reasons {
        writeln!(out, "  rejected for {reason}: {count}")?;
    }
    let seconds = took.as_secs_f64().max(0.001);
    let megabytes = loaded.bytes as f64 / 1e6;
    writeln!(
        out,
        "  {megabytes:.1} MB in {seconds:.2} s: {:.0} MB/s, {:.0} events/s",
        megabytes / seconds,
        loaded.read as f64 / seconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_which_nothing_is_accepted_is_refused() {
        let check = |read, rejected, expect| {
            let rejected = BTreeMap::from([("type".to_owned(), rejected)]);
            assert_eq!(Loaded { read, rejected, ..Loaded::default() }.is_refused(), expect);
        };
        check(10, 10, true);
        check(10, 9, false);
        // Nothing in it, or nothing new.
        check(0, 0, false);
        check(10, 0, false);
    }

    #[test]
    fn sums_up() {
        let loaded = Loaded {
            read: 10,
            accepted: 6,
            rejected: [("type".to_owned(), 1), ("required".to_owned(), 2)].into(),
            repeated: Some(Repeated { duplicates: 1, conflicts: 0 }),
            bytes: 10_000_000,
            already_loaded: false,
        };
        let mut out = Vec::new();
        write(&loaded, "a.ndjson", Duration::from_millis(500), &mut out).unwrap();
        let expect = "a.ndjson: 10 events read, 6 accepted, 3 rejected, 1 duplicates, 0 conflicts\n  \
            rejected for required: 2\n  \
            rejected for type: 1\n  \
            10.0 MB in 0.50 s: 20 MB/s, 20 events/s\n";
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }
}
