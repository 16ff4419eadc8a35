//! `frontdesk report`: the reports, as table, CSV or JSON.

use std::io::{self, Write};

use chrono::Utc;
use report::{ContactsReport, Period};

use crate::access::Access;
use crate::args::{ContactsArgs, ReportFormat};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::terminal;

/// Runs `report contacts`.
///
/// # Errors
/// A time can't be read, or the data can't be reached.
pub(crate) async fn contacts(args: &ContactsArgs, settings: &Settings) -> Result<(), Failure> {
    let period = Period::parse(&args.since, args.until.as_deref(), Utc::now()).map_err(Failure::usage)?;
    let report = Access::with(settings, async |access| access.contacts(&period).await).await?;
    let mut out = match args.format {
        ReportFormat::Table => terminal::people(),
        ReportFormat::Csv | ReportFormat::Json => terminal::data(),
    };
    write(&report, args.format, &mut out)?;
    Ok(())
}

fn write(report: &ContactsReport, format: ReportFormat, mut out: &mut dyn Write) -> io::Result<()> {
    match format {
        ReportFormat::Table => report.write_table(&mut out, None)?,
        ReportFormat::Csv => report.write_csv(&mut out)?,
        ReportFormat::Json => report.write_json(&mut out)?,
    }
    out.flush()
}
