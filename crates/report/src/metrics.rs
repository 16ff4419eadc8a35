//! What is counted, and what each number means: the definitions that reports, the
//! documentation and the SQL beside each number are made from.
//!
//! A [`Metric`] is data: its names, what it measures ([`Measure`]), how it is drawn, and what
//! to know before quoting it. It stands in the file of its group; [`METRICS`] and [`QUALITY`]
//! say which there are, in the order in which they are shown. A new metric is its definition
//! and a line of such a table: its SQL, its number in reports and its line in `docs/metrics.md`
//! follow. A number is computed in two ways: by [`Metric::value`] from summaries, as reports do, and
//! by [`Measure::sql`] from the rows.
//!
//! What the events cannot carry (missed chats, waiting time, handle time, satisfaction) has no
//! line here and never will.

pub(crate) mod anomalies;
pub(crate) mod chats;
pub(crate) mod clicks;
pub(crate) mod contact_requests;
mod measure;
pub(crate) mod quality;
pub(crate) mod sessions;
pub(crate) mod statement;
mod value;
pub(crate) mod visitors;
pub(crate) mod visits;
pub(crate) mod want;

pub use anomalies::SessionAnomaly;
pub(crate) use contact_requests::CONTACT_REQUESTS;
pub(crate) use measure::shows_chat;
pub use measure::{Condition, Measure, Quantity, Scope, SessionCondition, SessionQuantity, Span};
pub use statement::{Dimension, Relation};
pub(crate) use summary::COUNTER_MAX;
pub use summary::{Channel, Counter};
pub use value::{Quantiles, Share, Value};

/// What `report contacts` shows, in its order. Whoever reads its columns relies on them: new metrics are not
/// among them.
pub(crate) const CONTACTS: &[&Metric] = &[
    &visitors::VISITORS,
    &visitors::CONTACT_VISITORS,
    &contact_requests::CONTACT_REQUESTS,
    &visitors::CONTACT_RATE,
    &contact_requests::CHANNEL_MIX,
    &chats::CHATS_OFFERED,
    &chats::CHATS_DECLINED,
    &chats::CHATS_STARTED,
    &chats::CHATS_ENDED,
    &clicks::CLICK_TO_CALL,
    &clicks::CLICK_TO_TEXT,
    &clicks::CLICK_TO_EMAIL,
    &clicks::CLICK_TO_DIRECT_MESSAGE,
    &anomalies::IN_CONTACTS,
];

/// Over the events, by their own time, in the order in which they are shown.
pub const METRICS: &[&Metric] = &[
    &visitors::VISITORS,
    &visitors::CONTACT_VISITORS,
    &contact_requests::CONTACT_REQUESTS,
    &visitors::CONTACT_RATE,
    &contact_requests::CHANNEL_MIX,
    &visits::TIME_TO_FIRST_CONTACT,
    &visits::REPEAT_CONTACT_RATE,
    &chats::CHATS_OFFERED,
    &chats::CHATS_DECLINED,
    &chats::CHATS_STARTED,
    &chats::CHATS_ENDED,
    &sessions::INVITATION_ACCEPTANCE_RATE,
    &sessions::INVITATION_DECLINE_RATE,
    &sessions::INVITATIONS_IGNORED,
    &sessions::UNPROMPTED_STARTS,
    &sessions::CHAT_DURATION,
    &sessions::CHATS_OPEN,
    &sessions::CHATS_UNENDED,
    &clicks::CLICK_TO_CALL,
    &clicks::CLICK_TO_TEXT,
    &clicks::CLICK_TO_EMAIL,
    &clicks::CLICK_TO_DIRECT_MESSAGE,
    &anomalies::ALL,
    &anomalies::COUNTER,
    &anomalies::TIME,
    &anomalies::LATE,
    &anomalies::WITHOUT_SESSION,
    &anomalies::END_WITHOUT_START,
    &anomalies::START_AFTER_END,
    &anomalies::DECLINED_AND_STARTED,
    &anomalies::TWO_STARTS,
];

/// What became of the events that were sent, by the time of receipt.
pub const QUALITY: &[&Metric] = &[&quality::ACCEPTED, &quality::REJECTED, &quality::DUPLICATES, &quality::CONFLICTS];

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name in JSON, CSV and SQL.
    pub name: &'static str,
    /// Its name in prose.
    pub label: &'static str,
    /// Its name at the head of a narrow column.
    pub heading: &'static str,
    /// What it counts in.
    pub unit: Unit,
    /// The formula as a reader would say it.
    pub formula: &'static str,
    /// What it is computed from.
    pub measure: Measure,
    /// Whose rows it is computed over.
    pub relation: Relation,
    /// What to know before quoting it; may be empty.
    pub note: &'static str,
    /// On which lines of a report it is shown.
    pub lines: Lines,
    /// How it is drawn.
    pub chart: Chart,
}

/// What a metric's number counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things that happened.
    Count,
    /// Distinct visitors. Never the sum of its parts: one visitor may come on two days.
    Visitors,
    /// A fraction from 0 to 1; null where there is nothing to divide by.
    Share,
    /// Whole seconds: the median, p90, p95 and the greatest of some lengths of time.
    Seconds,
}

/// The lines of a report by channel that show a metric.
#[derive(Clone, Copy, Debug)]
pub enum Lines {
    /// The line of all channels.
    All,
    /// The line of all channels, and that of the channel which it is a number of.
    AllAndOwn(Channel),
    /// The line of all channels, and that of each channel with the requests of that channel.
    AllAndEach {
        /// The formula on a channel's line.
        formula: &'static str,
        /// What to know about it there; may be empty.
        note: &'static str,
    },
    /// The line of each channel; it says nothing about all of them together.
    Each,
    /// One number, and below it one for each value of a dimension.
    By(Dimension),
}

/// How a metric is drawn over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// A column for each span of time: its numbers add up.
    Columns,
    /// A line: what it shows is not the sum of its spans.
    Line,
    /// A column for each span of time, divided among the channels.
    StackedColumns,
}

impl Metric {
    /// Whether the line of all channels shows it.
    pub(crate) fn is_of_all(&self) -> bool {
        !matches!(self.lines, Lines::Each)
    }

    /// The same metric as a channel's line tells it; `None` if that doesn't show it.
    pub(crate) fn on_a_channel(&self) -> Option<Metric> {
        match self.lines {
            Lines::Each => Some(*self),
            Lines::AllAndEach { formula, note } => Some(Metric { formula, note, ..*self }),
            Lines::All | Lines::AllAndOwn(_) | Lines::By(_) => None,
        }
    }

    /// Whether it is a number of this channel and no other.
    pub(crate) fn is_of(&self, channel: Channel) -> bool {
        matches!(self.lines, Lines::AllAndOwn(own) if own == channel)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_told_apart_and_spelled_alike() {
        let mut names = HashSet::new();
        for metric in METRICS.iter().chain(QUALITY) {
            assert!(names.insert(metric.name), "{} stands twice", metric.name);
            let is_snake_case = metric.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            assert!(is_snake_case, "{}", metric.name);
            assert!(!metric.label.is_empty() && !metric.formula.is_empty(), "{}", metric.name);
        }
    }

    #[test]
    fn a_share_is_a_ratio_and_nothing_else_is() {
        for metric in METRICS.iter().chain(QUALITY) {
            let is_ratio = matches!(metric.measure, Measure::Ratio(..));
            assert_eq!(metric.unit == Unit::Share, is_ratio, "{}", metric.name);
            let is_length = matches!(metric.measure, Measure::Seconds(_));
            assert_eq!(metric.unit == Unit::Seconds, is_length, "{}", metric.name);
            // Columns invite the eye to add them up.
            let adds_up = matches!(
                metric.measure,
                Measure::Sum(_)
                    | Measure::Rows(_)
                    | Measure::Sessions(_)
                    | Measure::SumOfSessions(_)
                    | Measure::Total(_)
            );
            assert_eq!(metric.chart == Chart::Columns, adds_up, "{}", metric.name);
        }
    }
}
