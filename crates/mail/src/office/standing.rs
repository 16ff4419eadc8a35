//! How an office stands, for whoever watches: numbers, and sentences without an address.

use std::collections::BTreeMap;

use report::AlertReading;
use state::mailings::Counts;

/// How an office stands.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Mails that a server has taken, since the start.
    pub sent: u64,
    /// Failures since the start: mails that couldn't be made or weren't taken, alerts that couldn't be read.
    pub failures: u64,
    /// What is in the state file; undelivered mails are those of the last seven days.
    pub counts: Counts,
    /// What went wrong last, while mails wait because of it.
    pub(super) trouble: Option<String>,
    /// Mailings that can't be made, and why.
    pub(super) unmade: BTreeMap<String, String>,
    /// The alerts.
    pub alerts: AlertsStatus,
}

/// The alerts as they were read last.
#[derive(Clone, Debug, Default)]
pub struct AlertsStatus {
    /// By name.
    pub alerts: BTreeMap<String, AlertStatus>,
}

/// An alert as it was read last.
#[derive(Clone, Debug)]
pub struct AlertStatus {
    /// When, in microseconds since 1970.
    pub read_at: i64,
    /// Since when it is raised, likewise; `None` while it isn't.
    pub raised_at: Option<i64>,
    /// Its numbers, or why there are none.
    pub reading: Result<AlertReading, String>,
}

impl AlertsStatus {
    pub(super) fn put(
        &mut self,
        name: &str,
        read_at: i64,
        raised_at: Option<i64>,
        reading: Result<AlertReading, String>,
    ) {
        self.alerts.insert(name.to_owned(), AlertStatus { read_at, raised_at, reading });
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

impl Standing {
    /// How many alerts are raised.
    pub fn raised(&self) -> u64 {
        self.alerts.alerts.values().filter(|alert| alert.raised_at.is_some()).count() as u64
    }

    /// What doesn't work, a sentence each; nothing when all is well.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.counts.retried > 0 {
            let why = self.trouble.as_deref().map(|trouble| format!(": {trouble}")).unwrap_or_default();
            let waiting = counted(self.counts.retried, "mail waits and is", "mails wait and are");
            remarks.push(format!("{waiting} tried again{why}"));
        }
        if self.counts.undelivered > 0 {
            let lost = counted(self.counts.undelivered, "mail", "mails");
            remarks.push(format!("{lost} of the last 7 days not delivered, or not known to be"));
        }
        remarks.extend(
            self.unmade.iter().map(|(name, why)| format!("the mail {name:?} can't be made and is tried again: {why}")),
        );
        let unread = self.alerts.alerts.iter().filter_map(|(name, alert)| Some((name, alert.reading.as_ref().err()?)));
        remarks.extend(unread.map(|(name, why)| format!("the alert {name:?} can't be read and is tried again: {why}")));
        remarks
    }
}
