//! `frontdesk rejects`: what was rejected, why, and taking it in again.
//!
//! Listing and showing read the table, whose messages have values masked. The event as
//! it was sent is opened only by the process that holds the data directory, so
//! `--reveal` and `retry` refuse while a server runs: nothing personal goes over HTTP.

use std::io::{self, Write};

use intake::RetryOutcome;
use report::visible;
use serde::Deserialize;
use xdm::Violation;

use crate::access::Access;
use crate::args::{RejectsCommand, RowFormat};
use crate::failure::{Exit, Failure};
use crate::settings::Settings;
use crate::terminal;

/// Most rows that `retry --all` takes at once; run it again for more.
const RETRY_MAX: usize = 10_000;

/// Runs the command.
///
/// # Errors
/// An unknown id, or the data can't be reached.
pub(crate) async fn run(command: &RejectsCommand, settings: &Settings) -> Result<(), Failure> {
    match command {
        RejectsCommand::List { limit, format } => list(*limit, *format, settings).await,
        RejectsCommand::Show { id, reveal } => show(id, *reveal, settings).await,
        RejectsCommand::Retry { ids, all } => retry(ids, *all, settings).await,
    }
}

async fn list(limit: u32, format: RowFormat, settings: &Settings) -> Result<(), Failure> {
    let sql = format!(
        "select received_at, kind, keyword, pointer, violation_count, event_id, datastream, reject_id \
         from rejects order by received_at desc, event_index, reject_id limit {limit}"
    );
    let rows = Access::with(settings, async |access| access.sql(&sql, format).await).await?;
    Ok(terminal::rows(format).write_all(&rows)?)
}

/// A row of `rejects` as far as it is shown.
#[derive(Deserialize)]
struct Row {
    received_at: String,
    kind: String,
    datastream: String,
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default)]
    event_id: Option<String>,
    event_index: u32,
    #[serde(default)]
    violations: Option<String>,
}

async fn show(id: &str, reveal: bool, settings: &Settings) -> Result<(), Failure> {
    let id = checked(id)?;
    let sql = format!(
        "select received_at, kind, datastream, request_id, event_id, event_index, violations from rejects where reject_id = '{id}'"
    );
    let (rows, payload) = Access::with(settings, async |access| {
        let payload = if reveal { access.opened()?.reject_payload(id).await.map_err(Failure::from)? } else { None };
        Ok((access.sql(&sql, RowFormat::Ndjson).await?, payload))
    })
    .await?;
    let Some(row) = rows.split(|byte| *byte == b'\n').find(|line| !line.is_empty()) else {
        return Err(unknown(id));
    };
    let row: Row = serde_json::from_slice(row)
        .map_err(|error| Failure::new(Exit::Damaged, format_args!("the row can't be read: {error}")))?;
    let mut out = terminal::people();
    write_row(&mut out, id, &row)?;
    drop(out);
    let mut out = terminal::data();
    match payload {
        Some(payload) => {
            out.write_all(&payload)?;
            writeln!(out)?;
        }
        None if reveal => writeln!(out, "there is no payload: a duplicate is only counted")?,
        None => {}
    }
    Ok(())
}

fn write_row(out: &mut dyn Write, id: &str, row: &Row) -> io::Result<()> {
    writeln!(out, "{id}")?;
    writeln!(out, "  kind        {}", row.kind)?;
    writeln!(out, "  received    {}", row.received_at)?;
    writeln!(out, "  datastream  {}", visible(&row.datastream))?;
    if let Some(request_id) = row.request_id.as_deref().filter(|id| !id.is_empty()) {
        writeln!(out, "  request     {}, event {}", visible(request_id), row.event_index)?;
    }
    if let Some(event_id) = &row.event_id {
        writeln!(out, "  event id    {}", visible(event_id))?;
    }
    let violations: Vec<Violation> =
        row.violations.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    for violation in &violations {
        writeln!(out, "  {}", visible(&violation.to_string()))?;
        writeln!(out, "    {}", visible(&violation.schema))?;
    }
    Ok(())
}

async fn retry(ids: &[String], all: bool, settings: &Settings) -> Result<(), Failure> {
    for id in ids {
        checked(id)?;
    }
    let outcomes = Access::with(settings, async |access| {
        let intake = access.opened()?;
        let ids = if all { invalid_ids(access).await? } else { ids.to_vec() };
        intake.rejects_retry(&ids).await.map_err(Failure::from)
    })
    .await?;
    tell(&outcomes)
}

/// The rows that a retry can change: conflicts and duplicates stay what they are.
async fn invalid_ids(access: &Access) -> Result<Vec<String>, Failure> {
    let sql = format!(
        "select reject_id from rejects where kind = 'invalid' order by received_at, event_index limit {RETRY_MAX}"
    );
    let rows = access.sql(&sql, RowFormat::Csv).await?;
    let lines = rows.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty());
    Ok(lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect())
}

fn tell(outcomes: &[RetryOutcome]) -> Result<(), Failure> {
    let mut out = terminal::people();
    let mut accepted = 0;
    for outcome in outcomes {
        match outcome {
            RetryOutcome::Accepted { reject_id, id } => {
                accepted += 1;
                writeln!(out, "{reject_id}  accepted as {}", visible(&id.to_string()))?;
            }
            RetryOutcome::Rejected { reject_id, violations } => {
                writeln!(out, "{reject_id}  still invalid")?;
                for violation in violations {
                    writeln!(out, "  {}", visible(&violation.to_string()))?;
                }
            }
            RetryOutcome::NotRetryable { reject_id, kind } => {
                writeln!(out, "{reject_id}  is a {kind}; only invalid events can be retried")?;
            }
            RetryOutcome::Unknown { reject_id } => writeln!(out, "{reject_id}  is unknown")?,
        }
    }
    writeln!(out, "{accepted} of {} accepted", outcomes.len())?;
    if accepted == outcomes.len() { Ok(()) } else { Err(Failure::answered_no()) }
}

/// Reject ids are UUIDs; anything else has no place in a query.
fn checked(id: &str) -> Result<&str, Failure> {
    let is_plain = !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if is_plain { Ok(id) } else { Err(unknown(id)) }
}

fn unknown(id: &str) -> Failure {
    Failure::new(Exit::No, format_args!("there is no rejected event `{}`", xdm::mask_key(id)))
        .help("`frontdesk rejects list` prints the ids")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_uuids_reach_a_query() {
        assert!(checked("0190a1b2-0000-4000-8000-00000000abcd").is_ok());
        assert!(checked("").is_err());
        assert!(checked("x' or '1'='1").is_err());
    }
}
