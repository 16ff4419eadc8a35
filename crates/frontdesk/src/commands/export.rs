//! `frontdesk export`: all rows of a span of time, as CSV, NDJSON or Parquet.

use chrono::Utc;
use report::{ExportForm, ExportRequest};

use crate::access::Access;
use crate::args::ExportArgs;
use crate::failure::Failure;
use crate::output::{Content, Output};
use crate::settings::Settings;

/// Runs the command.
///
/// # Errors
/// A parameter can't be read, the data can't be reached, or the rows can't be written.
pub(crate) async fn run(args: &ExportArgs, settings: &Settings) -> Result<(), Failure> {
    let pairs = args.pairs();
    let zone = settings.time_zone.0;
    // Read before anything is opened; a server reads it again.
    let now = Utc::now().timestamp_micros();
    let request = ExportRequest::parse(pairs.iter().copied(), zone, now).map_err(Failure::usage)?;
    let content = match request.form() {
        ExportForm::Parquet => Content::Binary,
        ExportForm::Csv | ExportForm::NdJson => Content::Text,
    };
    let mut output = Output::open(args.output.as_deref(), content)?;
    Access::with(settings, async |access| access.export(&request, &pairs, zone, &mut |bytes| output.put(bytes)).await)
        .await?;
    output.finish()
}
