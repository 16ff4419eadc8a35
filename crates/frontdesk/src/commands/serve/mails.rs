//! Sending mails and watching for alerts beside the HTTP server.

use std::sync::Arc;
use std::time::Duration;

use ::mail::{Office, Standing};
use intake::{Clock, SystemClock};
use server::{Alert, Alerts, EmbeddedBackend, MetricKind, MetricSample, ServerOptions};
use state::State;
use tokio::task::JoinHandle;

use crate::access::{self, Opening};
use crate::failure::Failure;
use crate::mailing::{self, Desk, MailPlan, PlannedView};
use crate::settings::Settings;
use report::{QueryPool, Summaries, Zone};

/// For the mail that is being handed over when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// What is to be sent, checked as far as it can be before anything is opened.
pub(super) struct Mails {
    plan: Arc<MailPlan>,
    smtp: ::mail::Smtp,
    from: ::mail::MailAddress,
}

impl Mails {
    /// `None` where nothing is to be sent.
    ///
    /// # Errors
    /// A setting that can't be used.
    pub(super) fn of(settings: &Settings) -> Result<Option<Mails>, Failure> {
        let plan = MailPlan::of(settings, SystemClock.now_micros())?;
        if plan.is_empty() {
            return Ok(None);
        }
        let (smtp, from) = mailing::carrier(settings)?;
        Ok(Some(Mails { plan: Arc::new(plan), smtp, from }))
    }

    /// Looks at what only the state can tell, before anything is said to run.
    ///
    /// # Errors
    /// A saved view that there isn't, or that can't be mailed.
    pub(super) async fn check(&self, state: &State) -> Result<(), Failure> {
        for mailing in &self.plan.mailings {
            if let PlannedView::Saved(name) = &mailing.view {
                let found = mailing::saved_view(state, name).await;
                let found = found.and_then(|view| {
                    mailing.requests(&view, SystemClock.now_micros()).map_err(|error| error.to_string())
                });
                found.map_err(|error| Failure::usage(format_args!("the mailing `{}`: {error}", mailing.name)))?;
            }
        }
        Ok(())
    }

    /// Begins to send, in the background, and gives the backend what is told of it.
    pub(super) fn start(
        self,
        opening: &Opening,
        (queries, summaries): (QueryPool, Summaries),
        options: &ServerOptions,
        state: State,
        backend: EmbeddedBackend,
    ) -> (EmbeddedBackend, Sending) {
        let Mails { plan, smtp, from } = self;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let desk = Desk {
            backend: opening.backend(queries, summaries.clone()),
            plan: Arc::clone(&plan),
            summaries,
            intake: opening.intake.clone(),
            limits: access::sql_limits(options),
            state: state.clone(),
            clock: Arc::clone(&clock),
        };
        let office = Arc::new(Office::new(plan.office(from), state, clock, Arc::new(desk), Arc::new(smtp)));
        tracing::info!(mailings = plan.mailings.len(), alerts = plan.alerts.len(), "mails are sent");
        let [remarks, numbers, alerts] = std::array::from_fn(|_| Arc::clone(&office));
        let backend = backend.with_mails(
            move || remarks.standing().remarks(),
            move || samples(&numbers.standing()),
            move || listed(&alerts.standing()),
        );
        let running = Arc::clone(&office);
        (backend, Sending { office, task: tokio::spawn(async move { running.run().await }) })
    }
}

/// Mails that are being sent in the background.
pub(super) struct Sending {
    office: Arc<Office>,
    task: JoinHandle<()>,
}

impl Sending {
    /// Ends it: a mail that is being handed over is waited for, for a while.
    pub(super) async fn stop(mut self) {
        self.office.stop();
        if tokio::time::timeout(STOP_TIMEOUT, &mut self.task).await.is_err() {
            // What was going on is settled at the next start.
            self.task.abort();
        }
    }
}

fn listed(standing: &Standing) -> Alerts {
    let written = |micros: i64| Zone::UTC.write(micros);
    let alerts = standing.alerts.alerts.iter().map(|(name, alert)| Alert {
        name: name.clone(),
        read_at: written(alert.read_at),
        raised_since: alert.raised_at.map(written),
        error: alert.reading.as_ref().err().cloned(),
        reading: alert.reading.as_ref().ok().cloned(),
    });
    Alerts { alerts: alerts.collect() }
}

/// The numbers for `/metrics`.
fn samples(standing: &Standing) -> Vec<MetricSample> {
    let one = |name, kind, help, value: u64| MetricSample { name, kind, help, values: vec![(None, value as f64)] };
    let counts = &standing.counts;
    vec![
        one("frontdesk_mails_sent_total", MetricKind::Counter, "Mails that the SMTP server took.", standing.sent),
        one(
            "frontdesk_mail_failures_total",
            MetricKind::Counter,
            "Mails that couldn't be made or weren't taken, and alerts that couldn't be read.",
            standing.failures,
        ),
        one("frontdesk_mails_waiting", MetricKind::Gauge, "Mails that are not sent yet.", counts.waiting),
        one("frontdesk_mails_retried", MetricKind::Gauge, "Of these, those that were tried in vain.", counts.retried),
        one(
            "frontdesk_mails_undelivered",
            MetricKind::Gauge,
            "Mails of the last 7 days that were refused or given up, or of which it isn't known.",
            counts.undelivered,
        ),
        one("frontdesk_alerts_raised", MetricKind::Gauge, "Alerts that are raised.", standing.raised()),
    ]
}
