//! What mails say, made where the tables are: beside the server.

use std::sync::Arc;
use std::time::Duration;

use ::mail::{AlertNews, Content, Due, Editor};
use async_trait::async_trait;
use dashboard::{Mail, MailedView};
use intake::{Clock, Intake};
use report::{AlertReading, Summaries};
use server::{EmbeddedBackend, QueryFailure, Reports, SqlLimits};
use state::State;

use super::{MailPlan, PlannedView};

/// An alert first waits so long for what is acknowledged to be counted, as a report does.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

/// Makes mails from the tables of this process.
pub(crate) struct Desk {
    pub(crate) plan: Arc<MailPlan>,
    pub(crate) backend: EmbeddedBackend,
    pub(crate) summaries: Summaries,
    pub(crate) intake: Intake,
    pub(crate) limits: SqlLimits,
    pub(crate) state: State,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Desk {
    /// A saved view as it is now.
    async fn saved(&self, name: &str) -> Result<MailedView, String> {
        saved_view(&self.state, name).await
    }
}

/// A saved view that can be sent.
///
/// # Errors
/// There is none of this name, or it is of a page that isn't sent.
pub(crate) async fn saved_view(state: &State, name: &str) -> Result<MailedView, String> {
    let view = state::views::by_name(state, name).await.map_err(|error| error.to_string())?;
    let view = view.ok_or_else(|| no_saved_view(name))?;
    view_of(name, view.page, &view.query)
}

pub(crate) fn no_saved_view(name: &str) -> String {
    format!("there is no saved view {name:?}; save one on a page, or write a page with its query")
}

/// A saved view, from its page and its query.
pub(crate) fn view_of(name: &str, page: String, query: &str) -> Result<MailedView, String> {
    let written = if query.is_empty() { page } else { format!("{page}?{query}") };
    MailedView::parse(&written).map_err(|error| format!("the saved view {name:?} can't be sent: {error}"))
}

#[async_trait]
impl Editor for Desk {
    async fn mailing(&self, name: &str, due: &Due) -> Result<Content, String> {
        let mailing = self.plan.mailing(name).ok_or("it isn't in the settings")?;
        let view = match &mailing.view {
            PlannedView::Written(view) => view.clone(),
            PlannedView::Saved(name) => self.saved(name).await?,
        };
        let now = self.clock.now_micros();
        // What is over by the date that the mail is of; what a view counts from today, from the present.
        let at = if view.names_a_span() { now } else { due.at_micros };
        let requests = mailing.requests(&view, at).map_err(|error| error.to_string())?;
        let reports = self.backend.reports(&requests, self.limits).await.map_err(told)?;
        let mail = self.plan.view_mail(mailing, &view, &reports, now).ok_or("other reports than were asked for")?;
        Ok(content(mail))
    }

    async fn reading(&self, name: &str) -> Result<AlertReading, String> {
        let alert = self.plan.alert(name).ok_or("it isn't in the settings")?;
        // A pipeline that stopped still has tables to read.
        let _ = tokio::time::timeout(SETTLE_TIMEOUT, self.intake.settle()).await;
        alert.rule.read(self.clock.now_micros(), &self.summaries).await.map_err(|error| error.to_string())
    }

    fn alert(&self, name: &str, reading: &AlertReading, news: AlertNews) -> Content {
        let Some(alert) = self.plan.alert(name) else {
            return Content { subject: String::new(), text: String::new(), html: String::new() };
        };
        let since = match news {
            AlertNews::Begun => None,
            AlertNews::Over { since } => Some(reading.tz.parse().unwrap_or(report::Zone::UTC).write(since)),
        };
        content(self.plan.alert_mail(alert, reading, since.as_deref()))
    }
}

pub(crate) fn content(Mail { subject, text, html }: Mail) -> Content {
    Content { subject, text, html }
}

/// For the log.
fn told(failure: QueryFailure) -> String {
    failure.to_string()
}
