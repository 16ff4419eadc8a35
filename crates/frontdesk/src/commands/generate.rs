//! `frontdesk generate`: demo events on standard output.

use std::io::{self, BufWriter, Write};

use chrono::{NaiveTime, Utc};
use generate::{Generator, Options};

use crate::args::GenerateArgs;
use crate::failure::Failure;

/// Runs the command.
///
/// # Errors
/// Standard output can't be written.
pub(crate) fn run(args: &GenerateArgs) -> Result<(), Failure> {
    // The default end is a day, not an instant, so that a run can be repeated.
    let until = args.until.unwrap_or_else(|| Utc::now().date_naive());
    let options = Options {
        events: args.events,
        seed: args.seed,
        days: args.days,
        until_ms: until.and_time(NaiveTime::MIN).and_utc().timestamp_millis(),
        invalid: (args.events as f64 * args.invalid).round() as u64,
        style: args.style,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    Generator::new(options).write_to(&mut out)?;
    out.flush()?;
    Ok(())
}
