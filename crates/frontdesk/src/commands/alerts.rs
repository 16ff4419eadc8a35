//! `frontdesk alerts`: how each alert stands, and the numbers behind it.

use std::io::Write;

use intake::{Clock, SystemClock};
use report::{AlertReading, AlertStanding};
use server::Alert;

use crate::access::Access;
use crate::args::{AlertsArgs, AlertsFormat};
use crate::failure::{Exit, Failure};
use crate::mailing::MailPlan;
use crate::settings::Settings;
use crate::terminal;

/// Runs the command.
///
/// # Errors
/// A setting can't be used, or the data can't be reached.
pub(crate) async fn run(args: &AlertsArgs, settings: &Settings) -> Result<(), Failure> {
    let plan = MailPlan::of(settings, SystemClock.now_micros())?;
    let alerts = Access::with(settings, async |access| access.alerts(&plan).await).await?;
    if args.format == AlertsFormat::Json {
        let mut out = terminal::data();
        let text = serde_json::to_string_pretty(&alerts)
            .map_err(|error| Failure::new(Exit::Damaged, format_args!("the alerts can't be written: {error}")))?;
        writeln!(out, "{text}")?;
        out.flush()?;
        return Ok(());
    }
    let mut out = terminal::people();
    if alerts.alerts.is_empty() {
        writeln!(out, "no alerts are set, or none was read yet; docs/mail.md says how to set one")?;
    }
    for alert in &alerts.alerts {
        writeln!(out, "{}", told(alert))?;
    }
    out.flush()?;
    Ok(())
}

fn told(alert: &Alert) -> String {
    let name = &alert.name;
    let Some(reading) = &alert.reading else {
        return format!("{name}: can't be read: {}", alert.error.as_deref().unwrap_or("no answer"));
    };
    let AlertReading { metric, kind, since, until, value, weeks, usual, standing, reason, .. } = reading;
    let standing = match (standing, &alert.raised_since) {
        (_, Some(since)) => format!("RAISED since {since}"),
        (AlertStanding::Quiet, None) => "quiet".to_owned(),
        (AlertStanding::Raised, None) => "to be raised".to_owned(),
        (AlertStanding::Unknown, None) => "not known yet".to_owned(),
    };
    let weeks: Vec<String> = weeks.iter().map(|week| week.value.to_string()).collect();
    let usual = usual.map_or_else(
        || "unknown".to_owned(),
        |usual| format!("{usual:.1} {} {}", reading.counted(), reading.same_span()),
    );
    format!(
        "{name}: {standing}; {reason}\n  {kind} of {metric}: {value} from {since} to {until}; usual {usual}; weeks before: {}",
        if weeks.is_empty() { "none".to_owned() } else { weeks.join(", ") },
    )
}
