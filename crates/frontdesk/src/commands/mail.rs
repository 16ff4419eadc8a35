//! `frontdesk mail`: what is sent, to be looked at; and one sent now, to see what the server says.
//!
//! Neither changes what the server sends by itself.

use std::io::Write;

use ::mail::{MailId, OpenGate, Sent};
use dashboard::{Mail, MailedView};
use intake::{Clock, SystemClock};
use report::Zone;

use crate::access::Access;
use crate::args::MailCommand;
use crate::failure::{Failure, warn};
use crate::mailing::{self, MailPlan, PlannedMailing, PlannedView};
use crate::settings::Settings;
use crate::terminal;

/// Runs `mail …`.
///
/// # Errors
/// There is no such mailing or alert, the data can't be reached, or a server doesn't take the mail.
pub(crate) async fn run(command: &MailCommand, settings: &Settings) -> Result<(), Failure> {
    let plan = MailPlan::of(settings, SystemClock.now_micros())?;
    match command {
        MailCommand::List => list(&plan),
        MailCommand::Preview { name, text } => {
            let mail = made(&plan, name, settings).await?;
            let mut out = terminal::data();
            out.write_all(if *text { mail.text.as_bytes() } else { mail.html.as_bytes() })?;
            out.flush()?;
            Ok(())
        }
        MailCommand::Test { name } => test(&plan, name, settings).await,
    }
}

/// What there is, and when it is due.
fn list(plan: &MailPlan) -> Result<(), Failure> {
    let mut out = terminal::people();
    if plan.is_empty() {
        writeln!(out, "no mailings and no alerts are set; docs/mail.md says how")?;
    }
    let now = SystemClock.now_micros();
    for mailing in &plan.mailings {
        let zone: &Zone = &mailing.schedule.zone;
        let next = zone.write(mailing.schedule.next_due(now));
        writeln!(out, "mailing {}: next {next} ({}), to {}", mailing.name, zone.name(), addresses(mailing.to.len()))?;
    }
    for alert in &plan.alerts {
        let (kind, metric) = (alert.rule.kind().name(), alert.rule.metric().name);
        writeln!(out, "alert {}: {kind} of {metric}, to {}", alert.name, addresses(alert.to.len()))?;
    }
    out.flush()?;
    Ok(())
}

fn addresses(count: usize) -> String {
    format!("{count} {}", if count == 1 { "address" } else { "addresses" })
}

/// The mail of a mailing, as if it were due now, or of an alert, as if it began.
async fn made(plan: &MailPlan, name: &str, settings: &Settings) -> Result<Mail, Failure> {
    if let Some(mailing) = plan.mailing(name) {
        return Access::with(settings, async |access| mailing_now(plan, mailing, access).await).await;
    }
    let Some(alert) = plan.alert(name) else { return Err(unknown(plan, name)) };
    let reading = Access::with(settings, async |access| {
        let alerts = access.alerts(plan).await?;
        Ok(alerts.alerts.into_iter().find(|listed| listed.name == name))
    });
    let listed = reading.await?.ok_or_else(|| not_there(name))?;
    let reading = listed.reading.ok_or_else(|| {
        Failure::unavailable(format_args!("the alert can't be read: {}", listed.error.unwrap_or_default()))
    })?;
    warn(format_args!("the alert is {} now: {}", standing(&reading), reading.reason));
    Ok(plan.alert_mail(alert, &reading, None))
}

fn standing(reading: &report::AlertReading) -> &'static str {
    match reading.standing {
        report::AlertStanding::Quiet => "quiet",
        report::AlertStanding::Raised => "raised",
        report::AlertStanding::Unknown => "not known",
    }
}

async fn mailing_now(plan: &MailPlan, mailing: &PlannedMailing, access: &Access) -> Result<Mail, Failure> {
    let view: MailedView = match &mailing.view {
        PlannedView::Written(view) => view.clone(),
        PlannedView::Saved(name) => access.saved_view(name).await?,
    };
    let now = SystemClock.now_micros();
    let requests = mailing.requests(&view, now).map_err(Failure::usage)?;
    let mut reports = Vec::with_capacity(requests.len());
    for (request, (_, parameters)) in requests.iter().zip(mailing.parameters(&view)) {
        reports.push(access.report(request, &parameters, mailing.schedule.zone).await?);
    }
    plan.view_mail(mailing, &view, &reports, now)
        .ok_or_else(|| Failure::unavailable("the server gave other reports than were asked for"))
}

async fn test(plan: &MailPlan, name: &str, settings: &Settings) -> Result<(), Failure> {
    let (smtp, from) = mailing::carrier(settings)?;
    let to = match (plan.mailing(name), plan.alert(name)) {
        (Some(mailing), _) => &mailing.to,
        (None, Some(alert)) => &alert.to,
        (None, None) => return Err(unknown(plan, name)),
    };
    let content = mailing::content(made(plan, name, settings).await?);
    let mut out = terminal::people();
    let mut failed = 0;
    for recipient in to {
        let now = SystemClock.now_micros();
        let period = format!("test-{now}");
        let id = MailId { kind: "test", name, period: &period };
        let message = ::mail::message(&content, &from, recipient, &id, now).map_err(Failure::usage)?;
        let address = recipient.text();
        match smtp.send(&from, recipient, &message, &OpenGate).await {
            Sent::Taken(said) => writeln!(out, "{address}: taken; the server said: {said}")?,
            Sent::Later(trouble) | Sent::Refused(trouble) | Sent::Unknown(trouble) => {
                failed += 1;
                let said = if trouble.said.is_empty() { String::new() } else { format!(" ({})", trouble.said) };
                writeln!(out, "{address}: {trouble}{said}")?;
            }
        }
    }
    out.flush()?;
    drop(out);
    if failed > 0 { Err(Failure::answered_no()) } else { Ok(()) }
}

fn unknown(plan: &MailPlan, name: &str) -> Failure {
    let names = plan.mailings.iter().map(|mailing| mailing.name.as_str());
    let names: Vec<&str> = names.chain(plan.alerts.iter().map(|alert| alert.name.as_str())).collect();
    let failure = Failure::usage(format_args!("the settings have no mailing and no alert `{name}`"));
    match names.is_empty() {
        true => failure.help("docs/mail.md says how to set one"),
        false => failure.help(format_args!("there are: {}", names.join(", "))),
    }
}

fn not_there(name: &str) -> Failure {
    Failure::unavailable(format_args!("the running server knows no alert `{name}`, or hasn't read it yet"))
        .help("start it again with these settings, or wait a few seconds")
}
