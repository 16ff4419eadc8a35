//! Alerts: whether the last hour or day is unlike the same hours of the weeks before, or nothing came at all.
//!
//! An [`AlertRule`] is read from words, as reports are. [`AlertRule::read`] asks the summaries and gives an
//! [`AlertReading`]: the numbers, what they were compared with, and whether that is more than chance explains. Nothing
//! here remembers whether an alert was raised before; whoever sends mails does.
//!
//! The rules are few and written in `docs/metrics.md`, so that a person can check a mail with a pencil.

mod chance;
mod reading;
mod rule;

pub use reading::{AlertReading, AlertStanding, AlertWeek};
pub use rule::{ALERT_PARAMETERS, AlertError, AlertKind, AlertRule};

use crate::metric;
use crate::metrics::Metric;

/// Weeks before that an hour or a day is compared with.
pub(crate) const WEEKS: usize = 4;
/// Of these, as many must lie within what is known at all; with fewer nothing is raised.
pub(crate) const WEEKS_MIN: usize = 3;
/// What chance alone would do more rarely than this raises an alert.
pub(crate) const CHANCE_MAX: f64 = 1e-4;
/// How long after its end an hour is judged: its last events are on their way until then. Minutes.
pub(crate) const HOUR_GRACE_MINUTES: i64 = 5;
/// The same of a day. Minutes.
pub(crate) const DAY_GRACE_MINUTES: i64 = 60;

/// The metrics that alerts are about: counts that add up and are whole as soon as the hour is over. What is known only
/// later (chats that never end, late events) would always look like a drop.
pub const ALERT_METRICS: &[&Metric] = &[
    &metric::CONTACT_REQUESTS,
    &metric::CHATS_OFFERED,
    &metric::CHATS_DECLINED,
    &metric::CHATS_STARTED,
    &metric::CHATS_ENDED,
    &metric::CLICK_TO_CALL,
    &metric::CLICK_TO_TEXT,
    &metric::CLICK_TO_EMAIL,
    &metric::CLICK_TO_DIRECT_MESSAGE,
    &metric::ANOMALIES_COUNTER,
];
