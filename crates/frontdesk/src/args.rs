//! The command line as clap sees it: raw arguments, nothing decided yet.
//!
//! Settings are not written here: each row of the table of settings is a flag of every
//! command. The help texts are the reference that `docs/cli.md` is made from.

mod schema;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use generate::Style;

use crate::failure::EXITS;
use crate::settings::table::SETTINGS;
use crate::settings::{CONFIG_FILE, CONFIG_VARIABLE};
use crate::terminal;

pub(crate) use schema::*;

/// Heading of the settings in every help text.
pub(crate) const SETTINGS_HEADING: &str = "Settings";

/// Takes in contact requests, keeps them safe and counts them
#[derive(Debug, Parser)]
#[command(name = "frontdesk", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// What to do; `serve` when none is given
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take in events over HTTP until stopped (the default)
    Serve(ServeArgs),
    /// Load files of events straight into the tables, each file once
    Load(LoadArgs),
    /// Check events against the schema and store nothing
    Check(CheckArgs),
    /// Run a read-only SQL query
    Sql(SqlArgs),
    /// Print a report
    Report {
        /// Which one
        #[command(subcommand)]
        report: ReportCommand,
    },
    /// Write all rows of a span of time to a file, or to standard output
    Export(ExportArgs),
    /// Answer an assistant's questions over the Model Context Protocol, on standard input and output (docs/mcp.md)
    Mcp(McpArgs),
    /// List, look at and try mails of views and alerts (docs/mail.md)
    Mail {
        /// What to do with them
        #[command(subcommand)]
        action: MailCommand,
    },
    /// Say how each alert stands, and the numbers behind it
    Alerts(AlertsArgs),
    /// List, show and retry rejected events
    Rejects {
        /// What to do with them
        #[command(subcommand)]
        action: RejectsCommand,
    },
    /// List and retry requests that were acknowledged and can't be stored
    Quarantine {
        /// What to do with them
        #[command(subcommand)]
        action: QuarantineCommand,
    },
    /// Make, list and revoke API keys; works beside a running server (docs/keys.md)
    Key {
        /// What to do with them
        #[command(subcommand)]
        action: KeyCommand,
    },
    /// Show what arrives at the running server, live, with its verdict
    Tail(TailArgs),
    /// Say what became of an event
    Event(EventArgs),
    /// Write realistic demo events to standard output
    Generate(GenerateArgs),
    /// Spell the names of events as the schema or as the platform has them
    Convert(ConvertArgs),
    /// Print the columns of the events table, or work with schemas
    Schema {
        /// What to do with them; prints the columns when none is given
        #[command(subcommand)]
        action: Option<SchemaCommand>,
    },
    /// Print the settings in force and where each came from
    Settings,
    /// Print the version
    Version,
    /// Run the queries of the process that started this one
    #[command(hide = true)]
    QueryWorker,
}

/// `serve`.
#[derive(Args, Debug, Default)]
pub(crate) struct ServeArgs {
    /// Speak TLS too, with a certificate of its own making, for development (docs/tls.md)
    #[arg(long)]
    pub(crate) dev_tls: bool,
}

/// `load`.
#[derive(Args, Debug)]
pub(crate) struct LoadArgs {
    /// Files of events: one a line, a JSON array, or spread over lines; plain, gzip or zstd; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Datastream that the events belong to
    #[arg(long, default_value = "default", value_name = "NAME")]
    pub(crate) datastream: String,
    /// Worker threads; one per processor when not given
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// `check`.
#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// Files of events: one a line, a JSON array, or spread over lines; plain, gzip or zstd; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Datastream whose schema and profile are applied
    #[arg(long, default_value = "default", value_name = "NAME")]
    pub(crate) datastream: String,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(crate) format: CheckFormat,
    /// Tell what was noticed about valid events too
    #[arg(long)]
    pub(crate) notices: bool,
}

/// How `check` writes its findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// A line per violation
    Human,
    /// One JSON object with all findings
    Json,
}

/// `sql`.
#[derive(Args, Debug)]
pub(crate) struct SqlArgs {
    /// The query; - reads it from standard input
    #[arg(value_name = "SQL")]
    pub(crate) query: String,
    /// How rows are written
    #[arg(long, value_enum, default_value_t = RowFormat::Table)]
    pub(crate) format: RowFormat,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// Aligned columns
    Table,
    /// Comma-separated, with a heading
    Csv,
    /// One JSON array
    Json,
    /// One JSON object a line
    Ndjson,
}

/// The reports.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Contact requests by day and channel
    Contacts(ContactsArgs),
    /// The headline numbers over time, and the channels
    Overview(ReportArgs),
    /// What became of invitations to chat and of chats, and how long they took
    Chat(ReportArgs),
    /// The numbers of each channel
    Channels(ReportArgs),
    /// The numbers of each subject
    Subjects(ReportArgs),
    /// The numbers of each page
    Pages(ReportArgs),
    /// The numbers of each host that pages were reached from
    Referrers(ReportArgs),
    /// The numbers of each kind of device
    Devices(ReportArgs),
    /// What became of the events that were sent, and what can't be right in them
    Quality(ReportArgs),
}

/// `report overview` and those beside it. Read as the HTTP interface reads them, so that both say the
/// same about a wrong one.
#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    #[arg(long, value_name = "WHEN", help = about("since"))]
    pub(crate) since: Option<String>,
    #[arg(long, value_name = "WHEN", help = about("until"))]
    pub(crate) until: Option<String>,
    #[arg(long, value_name = "ZONE", help = about("tz"))]
    pub(crate) tz: Option<String>,
    #[arg(long, value_name = "PART", help = about("by"))]
    pub(crate) by: Option<String>,
    #[arg(long, value_name = "NAME", help = about("datastream"))]
    pub(crate) datastream: Vec<String>,
    #[arg(long, value_name = "NAME", help = about("channel"))]
    pub(crate) channel: Vec<String>,
    #[arg(long, value_name = "TEXT", help = about("subject"))]
    pub(crate) subject: Vec<String>,
    #[arg(long, value_name = "URL", help = about("page"))]
    pub(crate) page: Vec<String>,
    #[arg(long, value_name = "NAME", help = about("device"))]
    pub(crate) device: Vec<String>,
    #[arg(long, value_name = "HOST", help = about("referrer"))]
    pub(crate) referrer: Vec<String>,
    #[arg(long, value_name = "WITH", help = about("compare"))]
    pub(crate) compare: Option<String>,
    #[arg(long, value_name = "N", help = about("limit"))]
    pub(crate) limit: Option<String>,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    pub(crate) format: ReportFormat,
    /// File to write, whole or not at all; standard output when not given
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// What a parameter of reports means.
fn about(parameter: &str) -> &'static str {
    report::PARAMETERS.iter().find(|(name, _)| *name == parameter).map_or("", |(_, about)| about)
}

impl ReportArgs {
    /// As pairs of name and value.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, &str)> {
        let once = [
            ("since", &self.since),
            ("until", &self.until),
            ("tz", &self.tz),
            ("by", &self.by),
            ("compare", &self.compare),
            ("limit", &self.limit),
        ];
        let lists = [
            ("datastream", &self.datastream),
            ("channel", &self.channel),
            ("subject", &self.subject),
            ("page", &self.page),
            ("device", &self.device),
            ("referrer", &self.referrer),
        ];
        let once = once.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        once.chain(lists.into_iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value.as_str()))))
            .collect()
    }
}

/// `export`. Read as the HTTP interface reads it, so that both say the same about a wrong word.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    #[arg(long, value_name = "TABLE", help = about_export("table"))]
    pub(crate) table: Option<String>,
    #[arg(long, value_name = "WHEN", help = about_export("since"))]
    pub(crate) since: Option<String>,
    #[arg(long, value_name = "WHEN", help = about_export("until"))]
    pub(crate) until: Option<String>,
    #[arg(long, value_name = "ZONE", help = about_export("tz"))]
    pub(crate) tz: Option<String>,
    #[arg(long, value_name = "NAME", help = about_export("datastream"))]
    pub(crate) datastream: Vec<String>,
    #[arg(long, value_name = "NAME", help = about_export("channel"))]
    pub(crate) channel: Vec<String>,
    #[arg(long, value_name = "TEXT", help = about_export("subject"))]
    pub(crate) subject: Vec<String>,
    #[arg(long, value_name = "URL", help = about_export("page"))]
    pub(crate) page: Vec<String>,
    #[arg(long, value_name = "NAME", help = about_export("device"))]
    pub(crate) device: Vec<String>,
    #[arg(long, value_name = "HOST", help = about_export("referrer"))]
    pub(crate) referrer: Vec<String>,
    #[arg(long, value_name = "FORM", help = about_export("format"))]
    pub(crate) format: Option<String>,
    /// CSV with each text as it was sent; else one that a spreadsheet would take for a formula has an apostrophe before it
    #[arg(long)]
    pub(crate) raw: bool,
    /// File to write, whole or not at all; standard output when not given
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// What a parameter of exports means.
fn about_export(parameter: &str) -> &'static str {
    report::EXPORT_PARAMETERS.iter().find(|(name, _)| *name == parameter).map_or("", |(_, about)| about)
}

impl ExportArgs {
    /// As pairs of name and value.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, &str)> {
        let once = [
            ("table", self.table.as_deref()),
            ("since", self.since.as_deref()),
            ("until", self.until.as_deref()),
            ("tz", self.tz.as_deref()),
            ("format", self.format.as_deref()),
            ("raw", self.raw.then_some("true")),
        ];
        let lists = [
            ("datastream", &self.datastream),
            ("channel", &self.channel),
            ("subject", &self.subject),
            ("page", &self.page),
            ("device", &self.device),
            ("referrer", &self.referrer),
        ];
        let once = once.into_iter().filter_map(|(name, value)| Some((name, value?)));
        once.chain(lists.into_iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value.as_str()))))
            .collect()
    }
}

/// `mcp`.
#[derive(Args, Debug)]
pub(crate) struct McpArgs {
    /// Server to ask, such as http://127.0.0.1:8080; when not given, that of the data directory, or the directory itself
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// File with the API key that --server demands; the variable FRONTDESK_API_KEY when not given
    #[arg(long, value_name = "FILE", requires = "server")]
    pub(crate) api_key_file: Option<PathBuf>,
}

/// The same of a report that knows no other time zone.
fn of_utc(parameter: &str) -> String {
    format!("{}. Days are those of UTC", about(parameter))
}

/// `report contacts`.
#[derive(Args, Debug)]
pub(crate) struct ContactsArgs {
    #[arg(long, default_value = "7d", value_name = "WHEN", help = of_utc("since"))]
    pub(crate) since: String,
    #[arg(long, value_name = "WHEN", help = of_utc("until"))]
    pub(crate) until: Option<String>,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = ContactsFormat::Table)]
    pub(crate) format: ContactsFormat,
}

/// How `report contacts` is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ContactsFormat {
    /// Aligned columns
    Table,
    /// Comma-separated, with a heading
    Csv,
    /// One JSON object
    Json,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Aligned columns
    Table,
    /// Comma-separated, with a heading
    Csv,
    /// One JSON object
    Json,
    /// A workbook, with real numbers and dates
    Xlsx,
    /// A page with everything in it, to send
    Html,
    /// Its chart over time, as a picture
    Svg,
}

/// What to do with mails.
#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// List mailings and alerts, and when each mailing is next due
    List,
    /// Print a mail as HTML, as if it were due now
    Preview {
        /// The mailing's or the alert's name
        #[arg(value_name = "NAME")]
        name: String,
        /// Print its plain part instead
        #[arg(long)]
        text: bool,
    },
    /// Send a mail now and print what the SMTP server says; what is sent by itself stays as it is
    Test {
        /// The mailing's or the alert's name
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// `alerts`.
#[derive(Args, Debug)]
pub(crate) struct AlertsArgs {
    /// How they are written
    #[arg(long, value_enum, default_value_t = AlertsFormat::Table)]
    pub(crate) format: AlertsFormat,
}

/// How alerts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AlertsFormat {
    /// Two lines each
    Table,
    /// One JSON object
    Json,
}

/// What to do with rejected events.
#[derive(Debug, Subcommand)]
pub(crate) enum RejectsCommand {
    /// List rejected events, the newest first
    List {
        /// Most rows to list
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u32,
        /// How rows are written
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Show one rejected event and every rule that it breaks
    Show {
        /// Its reject id, as `rejects list` prints it
        #[arg(value_name = "ID")]
        id: String,
        /// Print the event as it was sent, personal values in clear
        #[arg(long)]
        reveal: bool,
    },
    /// Take rejected events in again, for example after a change of settings
    Retry {
        /// Reject ids
        #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<String>,
        /// Retry all invalid events
        #[arg(long)]
        all: bool,
    },
}

/// What to do with requests that are set aside.
#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// List them: their place in the journal, when and why they were set aside
    List,
    /// Take them in again, with another version of the program for example; none is stored twice
    Retry {
        /// Places in the journal, as `quarantine list` prints them
        #[arg(value_name = "SEQUENCE", required_unless_present = "all", conflicts_with = "all")]
        sequences: Vec<u64>,
        /// Retry all of them
        #[arg(long)]
        all: bool,
    },
}

/// What to do with API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print it, this once
    New {
        /// What it may do
        #[arg(long, value_enum, value_name = "SCOPE")]
        scope: ScopeName,
        /// What to call it: whoever will hold it, such as grafana
        #[arg(long, value_name = "NAME")]
        name: String,
        /// The only datastream that it is for
        #[arg(long, value_name = "NAME")]
        datastream: Option<String>,
        /// When it ends: 90d, 12h, or a date such as 2027-06-30 (UTC, included); never when not given
        #[arg(long, value_name = "WHEN")]
        expires: Option<String>,
    },
    /// List all keys, with their last use
    List {
        /// How rows are written
        #[arg(long, value_enum, default_value_t = KeyFormat::Table)]
        format: KeyFormat,
    },
    /// Take keys back; a running server refuses them within two seconds
    Revoke {
        /// Ids, or names that only one key has
        #[arg(value_name = "ID", required = true)]
        which: Vec<String>,
    },
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeName {
    /// Send events
    Collect,
    /// Read events, reports and numbers
    Read,
    /// Work on requests for contact
    Desk,
    /// All of it
    Admin,
}

/// How keys are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyFormat {
    /// Aligned columns
    Table,
    /// One JSON array
    Json,
}

/// `tail`.
#[derive(Args, Debug)]
pub(crate) struct TailArgs {
    /// Only events of this test run
    #[arg(long, value_name = "ID")]
    pub(crate) test: Option<String>,
    /// How events are written
    #[arg(long, value_enum, default_value_t = TailFormat::Human)]
    pub(crate) format: TailFormat,
}

/// How `tail` writes events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TailFormat {
    /// A line per event, and one per violation
    Human,
    /// One JSON object a line, with the event, personal values masked
    Json,
}

/// `event`.
#[derive(Args, Debug)]
pub(crate) struct EventArgs {
    /// The event's _id, or the id in the answer to its request
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// `generate`.
#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    /// How many events
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    pub(crate) events: u64,
    /// Same seed, days, end and style: same bytes
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub(crate) seed: u64,
    /// Over how many days they are spread
    #[arg(long, default_value_t = 7, value_name = "D", value_parser = clap::value_parser!(u32).range(1..=3_660))]
    pub(crate) days: u32,
    /// First day (UTC) after them; today when not given
    #[arg(long, value_name = "DATE", value_parser = until)]
    pub(crate) until: Option<chrono::NaiveDate>,
    /// Share of events that are invalid
    #[arg(long, default_value = "1%", value_name = "SHARE", value_parser = share)]
    pub(crate) invalid: f64,
    /// How events are written
    #[arg(long, value_enum, default_value_t = Style::Platform)]
    pub(crate) style: Style,
}

/// A day near which events may lie.
fn until(text: &str) -> Result<chrono::NaiveDate, String> {
    match text.parse::<chrono::NaiveDate>() {
        Ok(day) if generate::YEARS.contains(&chrono::Datelike::year(&day)) => Ok(day),
        _ => Err(format!(
            "expected a day of the years {} to {}, such as 2026-11-22",
            generate::YEARS.start(),
            generate::YEARS.end()
        )),
    }
}

/// `1%` or `0.01`.
fn share(text: &str) -> Result<f64, String> {
    let (number, divisor) = match text.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    match number.trim().parse::<f64>().map(|number| number / divisor) {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a share from 0% to 100%, such as 1% or 0.01".to_owned()),
    }
}

/// The arguments, parsed.
pub(crate) struct Parsed {
    /// What to do.
    pub(crate) command: Command,
    /// `--config`.
    pub(crate) config: Option<PathBuf>,
    /// The settings that were given as flags: key and value.
    pub(crate) flags: Vec<(&'static str, String)>,
}

/// The whole command line as clap's own structure.
pub(crate) fn command() -> clap::Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .help(format!("File of settings; {CONFIG_VARIABLE} or ./{CONFIG_FILE} when not given"));
    let settings = SETTINGS.iter().map(|setting| {
        Arg::new(setting.key)
            .long(flag_name(setting.key))
            .value_name((setting.form)())
            .help(setting.doc)
            .hide(!setting.common)
    });
    let flags = std::iter::once(config).chain(settings).map(|arg| arg.global(true).help_heading(SETTINGS_HEADING));
    Cli::command().args(flags).after_help(after_help())
}

/// What stands below the commands in the program's own help.
fn after_help() -> String {
    let mut text =
        "Every setting is a flag of every command; `frontdesk settings` lists them all.\n\nExit codes:\n  0  done\n"
            .to_owned();
    for (exit, meaning) in EXITS {
        text += &format!("  {}  {meaning}\n", exit.code());
    }
    text
}

/// The key with dashes. clap wants names that live for ever; these do, once a process.
fn flag_name(key: &'static str) -> &'static str {
    static NAMES: OnceLock<BTreeMap<&str, String>> = OnceLock::new();
    let names =
        NAMES.get_or_init(|| SETTINGS.iter().map(|setting| (setting.key, setting.key.replace('_', "-"))).collect());
    names.get(key).map_or(key, String::as_str)
}

/// Parses the process's arguments; prints help, version and mistakes itself.
pub(crate) fn parse() -> Parsed {
    let parsed = command().try_get_matches().and_then(|matches| from_matches(&matches));
    parsed.unwrap_or_else(|error| end(&error))
}

/// A mistake repeats what was written, and that may be the name of a file that somebody
/// else named: then it is told without colours, and shown.
fn end(error: &clap::Error) -> ! {
    let text = error.render().to_string();
    let is_plain = !text.contains(|letter| letter != '\n' && report::is_steering(letter));
    if is_plain || !error.use_stderr() {
        error.exit();
    }
    // Nothing is left to do when standard error is gone.
    let _ = terminal::errors().write_all(text.as_bytes());
    std::process::exit(error.exit_code())
}

fn from_matches(matches: &ArgMatches) -> Result<Parsed, clap::Error> {
    let cli = Cli::from_arg_matches(matches)?;
    let given = |key: &'static str| Some((key, matches.get_one::<String>(key)?.clone()));
    Ok(Parsed {
        command: cli.command.unwrap_or_else(|| Command::Serve(ServeArgs::default())),
        config: matches.get_one::<PathBuf>("config").cloned(),
        flags: SETTINGS.iter().filter_map(|setting| given(setting.key)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Parsed, clap::Error> {
        from_matches(&command().try_get_matches_from(line.split_whitespace())?)
    }

    #[test]
    fn clap_finds_no_contradiction() {
        command().debug_assert();
    }

    #[test]
    fn nothing_means_serve_and_flags_stand_anywhere() {
        let parsed = parse("frontdesk").unwrap();
        assert!(matches!(parsed.command, Command::Serve(ServeArgs { dev_tls: false })) && parsed.flags.is_empty());
        let check = |line: &str| {
            let parsed = parse(line).unwrap();
            assert_eq!(parsed.flags, [("data", "x".to_owned()), ("commit_after", "2s".to_owned())], "{line}");
        };
        check("frontdesk --data x --commit-after 2s");
        check("frontdesk serve --data x --commit-after 2s");
        check("frontdesk --data x report contacts --commit-after 2s");
    }

    #[test]
    fn events_are_generated_up_to_a_day_that_they_may_have() {
        let check = |text: &str, holds: bool| assert_eq!(until(text).is_ok(), holds, "{text}");
        for day in ["2026-11-22", "1700-01-01", "2260-12-31"] {
            check(day, true);
        }
        for text in ["1699-12-31", "2261-01-01", "+12000-01-01", "-0001-01-01", "0001-01-01", "2026-11-31", "now", ""] {
            check(text, false);
        }
    }

    #[test]
    fn reads_shares() {
        let check = |text: &str, expect: Option<f64>| assert_eq!(share(text).ok(), expect, "{text}");
        check("1%", Some(0.01));
        check("0.25", Some(0.25));
        check("0", Some(0.0));
        check("100%", Some(1.0));
        check("101%", None);
        check("-1%", None);
        check("many", None);
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        let check = |line: &str| assert!(parse(line).is_err(), "{line}");
        check("frontdesk load");
        check("frontdesk rejects retry");
        check("frontdesk rejects retry a --all");
        check("frontdesk generate --days 0");
        check("frontdesk sql");
        check("frontdesk --no-such-setting 1");
    }
}
