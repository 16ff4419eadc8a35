//! `frontdesk schema impact`: how many stored events a changed schema would reject.

use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use indicatif::HumanCount;
use intake::{Impact, ImpactCounts, ImpactError, ImpactOptions};
use report::Period;
use serde_json::{Value, json};
use table::StoreError;
use xdm::{Registry, SchemaError};

use super::{counted, pretty};
use crate::access::Opening;
use crate::args::{SchemaImpactArgs, TextOrJson};
use crate::data_dir::{self, Claim};
use crate::failure::{Exit, Failure, warn};
use crate::policies::{ValidationPolicies, named};
use crate::progress::Counting;
use crate::settings::Settings;
use crate::terminal;

/// Runs the command.
///
/// # Errors
/// The schema or the data can't be used, or events would be rejected (exit code 1).
pub(crate) fn run(args: &SchemaImpactArgs, settings: &Settings) -> Result<(), Failure> {
    let period = Period::parse(&args.since, args.until.as_deref(), Utc::now()).map_err(Failure::usage)?;
    if let Some(datastream) = &args.datastream {
        settings.datastreams.takes(datastream)?;
    }
    let mut policies = policies(args, settings)?;
    let tables = settings.data.join("tables");
    if !tables.is_dir() {
        return Err(Failure::usage(format_args!("{} holds no events", settings.data.display()))
            .help("name the data directory with --data"));
    }
    let is_told = crate::block_on(complete(settings))? == Completed::Here;
    let own = &settings.schema_files.0;
    policies.warnings.retain(|fault| !is_told || !own.iter().any(|path| Path::new(&fault.file).starts_with(path)));
    let policies = policies.told();
    let options = ImpactOptions {
        tables,
        key_file: settings.key_file.clone().unwrap_or_else(|| settings.data.join("vault.key")),
        span: period.since().timestamp_micros()..period.until().timestamp_micros(),
        datastream: args.datastream.clone(),
        policy: policies.default,
        policies: policies.by_datastream,
    };
    let counting = Counting::new("judged");
    let impact = crate::block_on(async {
        let outcome = intake::impact(&options, &mut |rows| counting.advance(rows)).await;
        outcome.map_err(Failure::from)
    });
    counting.finish();
    let impact = impact?;
    match args.format {
        TextOrJson::Text => write_text(&impact, args, &mut terminal::people())?,
        TextOrJson::Json => terminal::data().write_all(pretty(&as_json(&impact, args, &period)).as_bytes())?,
    }
    if impact.events.not_judged + impact.rejects.not_judged > 0 {
        warn("events that were sealed with another key, or are too long once they are put together, are not judged");
    }
    if impact.events.changed > 0 { Err(Failure::answered_no()) } else { Ok(()) }
}

/// By what the events are judged: one schema, or those of a directory that the settings name.
fn policies(args: &SchemaImpactArgs, settings: &Settings) -> Result<ValidationPolicies, Failure> {
    let path = Path::new(&args.new);
    let beside: Vec<PathBuf> = args.schemas.iter().cloned().collect();
    let known = settings.schema_files.0.as_slice();
    let new = [path.to_owned()];
    if path.is_dir() {
        if named(settings).is_empty() {
            return Err(Failure::usage(format_args!(
                "the settings name no schema, so that nothing of {} is used",
                args.new
            ))
            .help("name the schema: its file, or its $id with --schemas DIR"));
        }
        return ValidationPolicies::of_files(settings, &[&new, &beside]);
    }
    if path.is_file() {
        let text = xdm::read_text(path).map_err(SchemaError::from).map_err(Failure::usage)?;
        let mut alone = Registry::new();
        alone.add_file(&args.new, &text).map_err(SchemaError::from).map_err(Failure::usage)?;
        let id = alone.ids().next().unwrap_or_default();
        return ValidationPolicies::of_schema(id, settings, &[&new, &beside, known]);
    }
    ValidationPolicies::of_schema(&args.new, settings, &[&beside, known]).map_err(|failure| {
        failure.help(format_args!("{} is no file and no directory, and so taken for an $id", args.new))
    })
}

/// Who has put into the tables what the journal had left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Completed {
    /// This process; it has told what is wrong with the settings' own schema files.
    Here,
    /// The server, which does it by itself.
    Elsewhere,
}

/// Where nobody works in the directory, what the journal has left goes to the tables first.
async fn complete(settings: &Settings) -> Result<Completed, Failure> {
    match data_dir::claim(&settings.data)? {
        Claim::Ours(dir) => {
            let opening = Opening::of(&dir, settings).await?;
            opening.intake.degraded().iter().for_each(warn);
            opening.intake.close().await;
            Ok(Completed::Here)
        }
        Claim::Theirs(_) => {
            tracing::info!("events of the last seconds are not in the tables yet");
            Ok(Completed::Elsewhere)
        }
    }
}

fn write_text(impact: &Impact, args: &SchemaImpactArgs, out: &mut dyn Write) -> std::io::Result<()> {
    let Impact { events, rejects, rules, other_rules } = impact;
    let told = |counts: &ImpactCounts, what: &str| {
        format!("{} of {} {what}", HumanCount(counts.changed), HumanCount(counts.judged))
    };
    writeln!(out, "{} would be rejected by {}", told(events, "stored events"), args.new)?;
    for rule in rules {
        writeln!(out, "\n{}  {}  {}", HumanCount(rule.events), rule.keyword, rule.schema)?;
        for example in &rule.examples {
            let pointer = if example.pointer.is_empty() { "(event)" } else { &example.pointer };
            writeln!(out, "  {} at {pointer}: {}", example.id, example.message)?;
        }
    }
    if *other_rules > 0 {
        writeln!(out, "\n{} break more rules than are listed", counted(*other_rules as usize, "event"))?;
    }
    if !rules.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{} would be accepted", told(rejects, "rejects"))?;
    out.flush()
}

fn as_json(impact: &Impact, args: &SchemaImpactArgs, period: &Period) -> Value {
    let iso = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let Impact { events, rejects, rules, other_rules } = impact;
    let rules = rules.iter().map(|rule| {
        let examples = rule
            .examples
            .iter()
            .map(|example| json!({"id": example.id, "pointer": example.pointer, "message": example.message}));
        json!({
            "schema": rule.schema,
            "keyword": rule.keyword,
            "events": rule.events,
            "examples": examples.collect::<Vec<_>>(),
        })
    });
    json!({
        "new": args.new,
        "since": iso(period.since()),
        "until": iso(period.until()),
        "datastream": args.datastream,
        "events": {"judged": events.judged, "rejected": events.changed, "notJudged": events.not_judged},
        "rejects": {"judged": rejects.judged, "accepted": rejects.changed, "notJudged": rejects.not_judged},
        "rules": rules.collect::<Vec<_>>(),
        "eventsBeyondRules": other_rules,
    })
}

impl From<ImpactError> for Failure {
    fn from(error: ImpactError) -> Failure {
        let help = match &error {
            ImpactError::Store(StoreError::Search { .. }) => {
                "if a file of the tables is damaged, `frontdesk sql` names it"
            }
            _ => "docs/storage.md says what lies in the data directory",
        };
        Failure::new(Exit::Damaged, error).help(help)
    }
}
