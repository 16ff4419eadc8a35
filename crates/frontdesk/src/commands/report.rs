//! `frontdesk report`: the reports, as table, CSV, JSON or workbook, as page or picture.

use std::io::{self, IsTerminal, Write};

use chrono::Utc;
use report::{ContactsReport, Look, Period, Report, ReportForm, ReportName, ReportRequest};

use crate::access::Access;
use crate::args::{ContactsArgs, ContactsFormat, ReportArgs, ReportCommand, ReportFormat};
use crate::failure::{Exit, Failure};
use crate::output::{Content, Output};
use crate::settings::Settings;
use crate::terminal;

/// Columns of a terminal that doesn't say how many it has.
const WIDTH_DEFAULT: usize = 100;
/// No table is made narrower than this, in columns.
const WIDTH_MIN: usize = 40;

/// Runs `report …`.
///
/// # Errors
/// A parameter can't be read, or the data can't be reached.
pub(crate) async fn run(command: &ReportCommand, settings: &Settings) -> Result<(), Failure> {
    let (name, args) = match command {
        ReportCommand::Contacts(args) => return contacts(args, settings).await,
        ReportCommand::Overview(args) => (ReportName::Overview, args),
        ReportCommand::Chat(args) => (ReportName::Chat, args),
        ReportCommand::Channels(args) => (ReportName::Channels, args),
        ReportCommand::Subjects(args) => (ReportName::Subjects, args),
        ReportCommand::Pages(args) => (ReportName::Pages, args),
        ReportCommand::Referrers(args) => (ReportName::Referrers, args),
        ReportCommand::Devices(args) => (ReportName::Devices, args),
        ReportCommand::Quality(args) => (ReportName::Quality, args),
    };
    summarized(name, args, settings).await
}

/// A report that is made from summaries.
async fn summarized(name: ReportName, args: &ReportArgs, settings: &Settings) -> Result<(), Failure> {
    let pairs = args.pairs();
    // Read before anything is opened; a server reads it again.
    let now = Utc::now().timestamp_micros();
    let request =
        ReportRequest::parse(name.name(), pairs.iter().copied(), settings.time_zone.0, now).map_err(Failure::usage)?;
    let is_shown = args.format == ReportFormat::Table && args.output.is_none();
    let content = if args.format == ReportFormat::Xlsx { Content::Binary } else { Content::Text };
    let output = (!is_shown).then(|| Output::open(args.output.as_deref(), content)).transpose()?;
    // What is taken along has the lists of the overview in it.
    let is_whole = matches!(args.format, ReportFormat::Html | ReportFormat::Xlsx);
    let lists = if is_whole { request.lists() } else { Vec::new() };
    let ask = async |access: &Access| {
        let zone = settings.time_zone.0;
        let report = access.report(&request, &pairs, zone).await?;
        let mut made = Vec::new();
        for list in &lists {
            made.push(access.report(list, &pairs, zone).await?);
        }
        Ok((report, made))
    };
    let (report, lists) = Access::with(settings, async |access| ask(access).await).await?;
    let Some(mut output) = output else { return show(&report) };
    output.put(&bytes(&report, &lists, args.format, now)?)?;
    output.finish()
}

/// Prints the table.
fn show(report: &Report) -> Result<(), Failure> {
    let is_terminal = io::stdout().is_terminal();
    let look = look(is_terminal, &|name| std::env::var(name).ok());
    let mut out = if is_terminal { terminal::drawn() } else { terminal::people() };
    report.write(ReportForm::Table, look, &mut out)?;
    out.flush()?;
    Ok(())
}

fn bytes(report: &Report, lists: &[Report], format: ReportFormat, now: i64) -> Result<Vec<u8>, Failure> {
    let written = |form: ReportForm| {
        let mut bytes = Vec::new();
        let written = match form {
            ReportForm::Xlsx => report.write_workbook(lists, &mut bytes),
            form => report.write(form, Look::Plain, &mut bytes),
        };
        written.map_err(|error| Failure::new(Exit::Damaged, format_args!("the report can't be written: {error}")))?;
        Ok(bytes)
    };
    match format {
        ReportFormat::Table => written(ReportForm::Table),
        ReportFormat::Csv => written(ReportForm::Csv),
        ReportFormat::Json => written(ReportForm::Json),
        ReportFormat::Xlsx => written(ReportForm::Xlsx),
        ReportFormat::Html => Ok(dashboard::report_page(report, lists, now).into_bytes()),
        ReportFormat::Svg => Ok(dashboard::report_picture(report, now).into_bytes()),
    }
}

/// What a table is written for. `COLUMNS` says how wide a terminal is, where a shell exports it;
/// `NO_COLOR` and a terminal that is `dumb` get none.
fn look(is_terminal: bool, variable: &dyn Fn(&str) -> Option<String>) -> Look {
    if !is_terminal {
        return Look::Plain;
    }
    let width = variable("COLUMNS").and_then(|columns| columns.parse::<usize>().ok());
    let has_colour = variable("NO_COLOR").is_none_or(|value| value.is_empty())
        && variable("TERM").is_none_or(|terminal| terminal != "dumb");
    Look::Terminal { width: width.unwrap_or(WIDTH_DEFAULT).max(WIDTH_MIN), has_colour }
}

async fn contacts(args: &ContactsArgs, settings: &Settings) -> Result<(), Failure> {
    let period = Period::parse(&args.since, args.until.as_deref(), Utc::now()).map_err(Failure::usage)?;
    let report = Access::with(settings, async |access| access.contacts(&period).await).await?;
    let mut out = match args.format {
        ContactsFormat::Table => terminal::people(),
        ContactsFormat::Csv | ContactsFormat::Json => terminal::data(),
    };
    write(&report, args.format, &mut out)?;
    Ok(())
}

fn write(report: &ContactsReport, format: ContactsFormat, mut out: &mut dyn Write) -> io::Result<()> {
    match format {
        ContactsFormat::Table => report.write_table(&mut out, None)?,
        ContactsFormat::Csv => report.write_csv(&mut out)?,
        ContactsFormat::Json => report.write_json(&mut out)?,
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_bars_and_perhaps_colours() {
        let check = |is_terminal: bool, variables: &[(&str, &str)], expect: Look| {
            let found =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(look(is_terminal, &found), expect, "{variables:?}");
        };
        check(false, &[("COLUMNS", "120")], Look::Plain);
        check(true, &[], Look::Terminal { width: 100, has_colour: true });
        check(true, &[("COLUMNS", "120"), ("TERM", "xterm")], Look::Terminal { width: 120, has_colour: true });
        check(true, &[("COLUMNS", "3"), ("NO_COLOR", "1")], Look::Terminal { width: 40, has_colour: false });
        check(true, &[("NO_COLOR", ""), ("COLUMNS", "x")], Look::Terminal { width: 100, has_colour: true });
        check(true, &[("TERM", "dumb")], Look::Terminal { width: 100, has_colour: false });
    }
}
