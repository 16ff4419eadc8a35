//! `frontdesk sql`: a read-only query.

use std::io::{self, Read, Write};

use crate::access::Access;
use crate::args::SqlArgs;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::terminal;

/// Runs the command.
///
/// # Errors
/// The query can't be run, or standard output can't be written.
pub(crate) async fn run(args: &SqlArgs, settings: &Settings) -> Result<(), Failure> {
    let sql = match args.query.as_str() {
        "-" => {
            let mut text = String::new();
            let read = io::stdin().read_to_string(&mut text);
            read.map_err(|error| Failure::usage(format_args!("cannot read the query from standard input: {error}")))?;
            text
        }
        text => text.to_owned(),
    };
    let rows = Access::with(settings, async |access| access.sql(&sql, args.format).await).await?;
    let mut out = terminal::rows(args.format);
    out.write_all(&rows)?;
    out.flush()?;
    Ok(())
}
