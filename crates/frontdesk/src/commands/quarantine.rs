//! `frontdesk quarantine`: requests that were acknowledged and can't be stored.
//!
//! Listing reads the files' clear parts and works beside a running server. Taking one in
//! again needs the data directory for itself, as with `rejects retry`.

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat};
use intake::{QuarantinedRecord, Replayed};

use crate::access::Access;
use crate::args::QuarantineCommand;
use crate::failure::{Exit, Failure};
use crate::settings::Settings;
use crate::terminal;

/// Runs the command.
///
/// # Errors
/// An unknown request, or the data can't be reached.
pub(crate) async fn run(command: &QuarantineCommand, settings: &Settings) -> Result<(), Failure> {
    match command {
        QuarantineCommand::List => list(settings),
        QuarantineCommand::Retry { sequences, all } => retry(sequences, *all, settings).await,
    }
}

fn list(settings: &Settings) -> Result<(), Failure> {
    let records = intake::quarantine_list(&settings.data)
        .map_err(|error| Failure::unavailable(error).help("name the data directory with --data"))?;
    Ok(write_list(&mut terminal::people(), &records)?)
}

fn write_list(out: &mut dyn Write, records: &[QuarantinedRecord]) -> io::Result<()> {
    for QuarantinedRecord { sequence, at_micros, reason, bytes } in records {
        let at = DateTime::from_timestamp_micros(*at_micros)
            .map_or_else(|| at_micros.to_string(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        writeln!(out, "{sequence}  set aside {at}  {bytes} bytes  {reason} [{}]", reason.as_str())?;
    }
    match records.len() {
        0 => writeln!(out, "nothing is set aside: everything that was acknowledged is stored"),
        count => writeln!(out, "{count} set aside; `frontdesk quarantine retry --all` takes them in again"),
    }
}

async fn retry(sequences: &[u64], all: bool, settings: &Settings) -> Result<(), Failure> {
    let outcomes = Access::with(settings, async |access| {
        let intake = access.opened()?;
        let sequences =
            if all { intake.quarantined().iter().map(|record| record.sequence).collect() } else { sequences.to_vec() };
        let mut outcomes = Vec::with_capacity(sequences.len());
        for sequence in sequences {
            outcomes.push((sequence, intake.quarantine_retry(sequence).await.map_err(Failure::from)?));
        }
        Ok(outcomes)
    })
    .await?;
    let mut out = terminal::people();
    let mut stored = 0;
    for (sequence, outcome) in &outcomes {
        match outcome {
            Replayed::Stored => {
                stored += 1;
                writeln!(out, "{sequence}  stored")?;
            }
            Replayed::Still(reason) => writeln!(out, "{sequence}  still set aside: {reason}")?,
        }
    }
    writeln!(out, "{stored} of {} stored", outcomes.len())?;
    if stored == outcomes.len() {
        return Ok(());
    }
    Err(Failure::new(Exit::No, "some can't be stored by this version either")
        .help("keep the data directory, and report it with the version of the program and what `quarantine list` says"))
}

#[cfg(test)]
mod tests {
    use intake::QuarantineReason;

    use super::*;

    #[test]
    fn says_what_is_set_aside_and_what_to_do() {
        let check = |records: &[QuarantinedRecord], parts: &[&str]| {
            let mut out = Vec::new();
            write_list(&mut out, records).unwrap();
            let text = String::from_utf8(out).unwrap();
            parts.iter().for_each(|part| assert!(text.contains(part), "{part}: {text}"));
        };
        check(&[], &["nothing is set aside"]);
        let record = QuarantinedRecord { sequence: 7, at_micros: 0, reason: QuarantineReason::Version, bytes: 90 };
        check(&[record], &["7  set aside 1970-01-01T00:00:00Z  90 bytes", "newer version", "retry --all"]);
    }
}
