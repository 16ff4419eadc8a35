//! The turns of sending: what is due is made and kept, alerts are read, what is kept is sent.
//!
//! A turn does each of these once and leaves nothing half done: whatever ends it (a crash, the stop of the server), the next one goes on
//! from the state file. Time of day comes from the clock that is handed in and decides what is due; pauses are counted in attempts, so
//! that a clock that steps neither loses a mail nor sends it twice.

mod retry;
mod standing;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ambient::Clock;
use async_trait::async_trait;
use futures::FutureExt;
use report::{AlertReading, AlertStanding};
use state::mailings::{self, Delivery, MailKind, NewMail, Outcome};
use state::{State, StateError};
use tokio::sync::watch;

use crate::address::MailAddress;
use crate::message::{Content, MailId, message};
use crate::schedule::{Due, Schedule};
use crate::smtp::{Gate, Sent, Smtp, Trouble};
use retry::{ATTEMPTS_MAX, PAUSE_MAX, pause};
pub use standing::{AlertStatus, AlertsStatus, Standing};

/// How often alerts are read.
const ALERTS_EVERY: Duration = Duration::from_secs(5 * 60);
/// How often is looked whether something is due.
const TURN_EVERY: Duration = Duration::from_secs(15);
/// Turns between two of forgetting what was done long ago: a day.
const TURNS_PER_FORGETTING: u32 = 5_760;
/// Mails that are sent in a turn at most.
const SENT_PER_TURN_MAX: u32 = 40;
/// How long what is done stays in the state file: 400 days, in microseconds.
const KEPT_MICROS: i64 = 400 * 24 * 60 * 60 * 1_000_000;
/// For how long an undelivered mail is told of: a week, in microseconds.
const TOLD_MICROS: i64 = 7 * 24 * 60 * 60 * 1_000_000;

/// A view that is sent by mail.
#[derive(Clone, Debug)]
pub struct Mailing {
    /// Its name; no other has it.
    pub name: String,
    /// To whom.
    pub to: Vec<MailAddress>,
    /// When.
    pub schedule: Schedule,
}

/// An alert that is watched for.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Its name; no other has it.
    pub name: String,
    /// Who is told.
    pub to: Vec<MailAddress>,
}

/// What is new about an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertNews {
    /// It has begun.
    Begun,
    /// It is over; it had begun at this instant, in microseconds since 1970.
    Over {
        /// When it had begun.
        since: i64,
    },
}

/// Makes what mails say, and reads alerts.
#[async_trait]
pub trait Editor: Send + Sync {
    /// The mail of a mailing.
    ///
    /// # Errors
    /// A sentence for the log: lower case, no final period, no address and nothing that was sent.
    async fn mailing(&self, name: &str, due: &Due) -> Result<Content, String>;

    /// What an alert says now.
    ///
    /// # Errors
    /// Likewise.
    async fn reading(&self, name: &str) -> Result<AlertReading, String>;

    /// The mail about an alert.
    fn alert(&self, name: &str, reading: &AlertReading, news: AlertNews) -> Content;
}

/// Carries a mail to a server.
#[async_trait]
pub trait MailCarrier: Send + Sync {
    /// Sends a mail to one recipient, if the gate opens.
    async fn carry(&self, from: &MailAddress, to: &MailAddress, message: &[u8], gate: &dyn Gate) -> Sent;
}

#[async_trait]
impl MailCarrier for Smtp {
    async fn carry(&self, from: &MailAddress, to: &MailAddress, message: &[u8], gate: &dyn Gate) -> Sent {
        self.send(from, to, message, gate).await
    }
}

/// What an office has to do.
#[derive(Clone, Debug)]
pub struct OfficeOptions {
    /// Views.
    pub mailings: Vec<Mailing>,
    /// Alerts.
    pub alerts: Vec<Watched>,
    /// Whom mails are from.
    pub from: MailAddress,
}

/// Sends mails in time. One works on a state file.
pub struct Office {
    options: OfficeOptions,
    state: State,
    clock: Arc<dyn Clock>,
    editor: Arc<dyn Editor>,
    carrier: Arc<dyn MailCarrier>,
    standing: Mutex<Standing>,
    /// Mailings that couldn't be made: how often, and when they are tried again by the time that has passed.
    unmade: Mutex<HashMap<String, (u32, Duration)>>,
    alerts_read: Mutex<Option<Duration>>,
    stopping: watch::Sender<bool>,
}

/// Notes durably that a mail is about to become the server's.
struct Mark<'a> {
    office: &'a Office,
    delivery: &'a Delivery,
}

#[async_trait]
impl Gate for Mark<'_> {
    async fn open(&self) -> bool {
        if self.office.is_stopping() {
            return false;
        }
        match mailings::hand_over(&self.office.state, self.delivery).await {
            Ok(is_ours) => is_ours,
            Err(error) => {
                tracing::warn!(%error, "a mail waits for the state file");
                false
            }
        }
    }
}

impl Office {
    /// An office; nothing is done until [`Office::run`] or [`Office::turn`].
    pub fn new(
        options: OfficeOptions,
        state: State,
        clock: Arc<dyn Clock>,
        editor: Arc<dyn Editor>,
        carrier: Arc<dyn MailCarrier>,
    ) -> Office {
        Office {
            options,
            state,
            clock,
            editor,
            carrier,
            standing: Mutex::default(),
            unmade: Mutex::default(),
            alerts_read: Mutex::default(),
            stopping: watch::Sender::new(false),
        }
    }

    /// Does a turn every few seconds, until it is stopped or dropped.
    pub async fn run(&self) {
        let mut stopped = self.stopping.subscribe();
        let mut is_recovered = false;
        for turn in 0u32.. {
            let done = AssertUnwindSafe(self.one(&mut is_recovered, turn)).catch_unwind().await;
            match done {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "mails wait for the state file"),
                Err(_) => tracing::error!("sending mails ended by a defect and is tried again; please report it"),
            }
            // An error means that the office is gone.
            if tokio::time::timeout(TURN_EVERY, stopped.wait_for(|stopped| *stopped)).await.is_ok() {
                return;
            }
        }
    }

    async fn one(&self, is_recovered: &mut bool, turn: u32) -> Result<(), StateError> {
        if !*is_recovered {
            self.recover().await?;
            *is_recovered = true;
        }
        if turn.is_multiple_of(TURNS_PER_FORGETTING) {
            mailings::forget(&self.state, self.clock.now_micros().saturating_sub(KEPT_MICROS)).await?;
        }
        self.turn().await
    }

    /// Has [`Office::run`] end soon: no mail is handed over any more, but the one on its way is.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.lock().clone()
    }

    /// Once, before the first turn: settles what a crash has left.
    ///
    /// # Errors
    /// The state file failed.
    pub async fn recover(&self) -> Result<(), StateError> {
        let interrupted = mailings::recover(&self.state).await?;
        if interrupted > 0 {
            tracing::warn!(
                mails = interrupted,
                "mails were being sent when the server ended; whether they were taken isn't known"
            );
        }
        // Mailings are known from now on, however long the first turn takes.
        for mailing in &self.options.mailings {
            mailings::first_seen(&self.state, &mailing.name).await?;
        }
        Ok(())
    }

    /// Makes what is due, reads alerts if it is time, and sends.
    ///
    /// # Errors
    /// The state file failed; the next turn goes on.
    pub async fn turn(&self) -> Result<(), StateError> {
        for mailing in &self.options.mailings {
            self.make(mailing).await?;
        }
        if self.is_time_for_alerts() {
            for alert in &self.options.alerts {
                self.watch(alert).await?;
            }
        }
        self.send().await?;
        let since = self.clock.now_micros().saturating_sub(TOLD_MICROS);
        let counts = mailings::counts(&self.state, since).await?;
        let mut standing = self.lock();
        standing.counts = counts;
        if counts.retried == 0 {
            standing.trouble = None;
        }
        Ok(())
    }

    async fn make(&self, mailing: &Mailing) -> Result<(), StateError> {
        let now = self.clock.now_micros();
        let due = mailing.schedule.last_due(now);
        if due.at_micros <= mailings::first_seen(&self.state, &mailing.name).await?
            || mailings::has_mail(&self.state, MailKind::Mailing, &mailing.name, &due.date).await?
        {
            return Ok(());
        }
        let passed = self.clock.monotonic();
        let unmade = || self.unmade.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = match unmade().get(&mailing.name) {
            Some((_, again)) if passed < *again => return Ok(()),
            Some((failures, _)) => *failures,
            None => 0,
        };
        match self.editor.mailing(&mailing.name, &due).await {
            Ok(content) => {
                unmade().remove(&mailing.name);
                self.lock().unmade.remove(&mailing.name);
                let recipients = texts(&mailing.to);
                let new = new_mail(MailKind::Mailing, &mailing.name, &due.date, &content, &recipients);
                mailings::put(&self.state, new).await?;
            }
            Err(error) => {
                let failures = failures.saturating_add(1);
                let pause = pause(failures);
                unmade().insert(mailing.name.clone(), (failures, passed + pause));
                tracing::warn!(mailing = mailing.name, %error, again_in_s = pause.as_secs(), "a mail can't be made and is tried again");
                let mut standing = self.lock();
                standing.failures += 1;
                standing.unmade.insert(mailing.name.clone(), error);
            }
        }
        Ok(())
    }

    fn is_time_for_alerts(&self) -> bool {
        let passed = self.clock.monotonic();
        let mut read = self.alerts_read.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = read.is_none_or(|read| passed >= read + ALERTS_EVERY);
        if is_time {
            *read = Some(passed);
        }
        is_time
    }

    async fn watch(&self, alert: &Watched) -> Result<(), StateError> {
        let read = self.editor.reading(&alert.name).await;
        let raised_at = mailings::raised_at(&self.state, &alert.name).await?;
        let mut is_raised_since = raised_at;
        if let Ok(reading) = &read {
            let news = match (raised_at, reading.standing) {
                (None, AlertStanding::Raised) => Some(AlertNews::Begun),
                (Some(since), _) if reading.is_over => Some(AlertNews::Over { since }),
                _ => None,
            };
            if let Some(news) = news {
                let content = self.editor.alert(&alert.name, reading, news);
                let kind = if news == AlertNews::Begun { MailKind::AlertBegun } else { MailKind::AlertOver };
                // One of each time that it was raised.
                let now = self.clock.now_micros();
                let period = now.to_string();
                let recipients = texts(&alert.to);
                mailings::turn(&self.state, new_mail(kind, &alert.name, &period, &content, &recipients)).await?;
                is_raised_since = (news == AlertNews::Begun).then_some(now);
                tracing::info!(alert = alert.name, raised = news == AlertNews::Begun, "an alert has changed");
            }
        }
        let mut standing = self.lock();
        if let Err(error) = &read {
            standing.failures += 1;
            tracing::warn!(alert = alert.name, %error, "an alert can't be read and is tried again");
        }
        standing.alerts.put(&alert.name, self.clock.now_micros(), is_raised_since, read);
        Ok(())
    }

    async fn send(&self) -> Result<(), StateError> {
        let pause_max = i64::try_from(PAUSE_MAX.as_micros()).unwrap_or(i64::MAX);
        let deliveries = mailings::due(&self.state, pause_max, SENT_PER_TURN_MAX).await?;
        let mut is_away = None;
        for delivery in deliveries {
            if self.is_stopping() {
                break;
            }
            if !mailings::attempt(&self.state, &delivery).await? {
                continue;
            }
            let sent = match &is_away {
                // Who doesn't answer isn't asked once for each mail.
                Some(trouble) => Sent::Later(Trouble::clone(trouble)),
                None => match self.carry(&delivery).await {
                    Ok(sent) => sent,
                    Err(error) => {
                        tracing::error!(mail = delivery.name, error, "a mail can't be sent");
                        self.lock().failures += 1;
                        mailings::finish(&self.state, &delivery, Outcome::GivenUp).await?;
                        continue;
                    }
                },
            };
            if let Sent::Later(trouble) = &sent
                && trouble.is_of_the_server()
            {
                is_away = Some(trouble.clone());
            }
            mailings::finish(&self.state, &delivery, self.outcome(&delivery, &sent)).await?;
        }
        Ok(())
    }

    async fn carry(&self, delivery: &Delivery) -> Result<Sent, String> {
        let to = MailAddress::parse(&delivery.recipient).map_err(|error| error.to_string())?;
        let Delivery { subject, text, html, .. } = delivery;
        let content = Content { subject: subject.clone(), text: text.clone(), html: html.clone() };
        let id = MailId { kind: delivery.kind.name(), name: &delivery.name, period: &delivery.period };
        let message = message(&content, &self.options.from, &to, &id, self.clock.now_micros());
        let message = message.map_err(|error| error.to_string())?;
        Ok(self.carrier.carry(&self.options.from, &to, &message, &Mark { office: self, delivery }).await)
    }

    /// What an attempt leads to, and what is said of it: neither an address nor the server's words.
    fn outcome(&self, delivery: &Delivery, sent: &Sent) -> Outcome {
        let name = &delivery.name;
        let attempts = delivery.attempts + 1;
        let mut standing = self.lock();
        let trouble = match sent {
            Sent::Taken(_) => {
                standing.sent += 1;
                tracing::info!(mail = name, attempts, "sent a mail");
                return Outcome::Sent;
            }
            Sent::Later(trouble) | Sent::Refused(trouble) | Sent::Unknown(trouble) => trouble,
        };
        standing.failures += 1;
        standing.trouble = Some(trouble.to_string());
        match sent {
            Sent::Refused(_) => {
                tracing::error!(mail = name, attempts, %trouble, "a mail was refused for good");
                Outcome::Refused
            }
            // A view isn't worth a second mail; an alarm is.
            Sent::Unknown(_) if delivery.kind == MailKind::Mailing => {
                tracing::error!(mail = name, attempts, %trouble, "whether a mail was taken isn't known; it isn't sent again");
                Outcome::Unknown
            }
            _ if attempts >= ATTEMPTS_MAX => {
                tracing::error!(mail = name, attempts, %trouble, "a mail is given up");
                Outcome::GivenUp
            }
            _ => {
                let pause = pause(attempts);
                tracing::warn!(mail = name, attempts, %trouble, again_in_s = pause.as_secs(), "a mail wasn't taken and is tried again");
                let pause = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
                Outcome::Again(self.clock.now_micros().saturating_add(pause))
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn texts(addresses: &[MailAddress]) -> Vec<String> {
    addresses.iter().map(MailAddress::text).collect()
}

fn new_mail<'a>(kind: MailKind, name: &'a str, period: &'a str, content: &'a Content, to: &'a [String]) -> NewMail<'a> {
    let Content { subject, text, html } = content;
    NewMail { kind, name, period, subject, text, html, recipients: to }
}
