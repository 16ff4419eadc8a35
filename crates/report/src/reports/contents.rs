//! Which numbers each report has, by the metrics' names.

use super::name::ReportName;
use crate::metrics::{METRICS, Metric, QUALITY};

/// What a report has numbers of.
pub(super) struct Contents {
    /// Of the whole span.
    pub(super) totals: &'static [&'static str],
    /// Of each part of it. The first one is drawn.
    pub(super) series: &'static [&'static str],
    /// Of each row. Rows are in the order of the first one.
    pub(super) rows: &'static [&'static str],
}

/// What is of the present, whatever span is asked for.
const OF_NOW: &[&str] = &["chats_open"];

const CHANNEL_ROWS: &[&str] = &["contact_requests", "contact_visitors", "contact_rate", "channel_mix"];

const CHANNEL_SERIES: &[&str] = &[
    "contact_requests",
    "chats_started",
    "click_to_call",
    "click_to_text",
    "click_to_email",
    "click_to_direct_message",
    "visitors",
    "contact_visitors",
    "contact_rate",
];

const VALUE_ROWS: &[&str] = &[
    "contact_requests",
    "visitors",
    "contact_visitors",
    "contact_rate",
    "chats_offered",
    "chats_started",
    "invitation_acceptance_rate",
    "chat_duration_seconds",
    "click_to_call",
    "click_to_text",
    "click_to_email",
    "click_to_direct_message",
];

const OVERVIEW: Contents = Contents {
    totals: &[
        "contact_requests",
        "visitors",
        "contact_visitors",
        "contact_rate",
        "chats_offered",
        "chats_started",
        "invitation_acceptance_rate",
        "chat_duration_seconds",
        "chats_open",
        "click_to_call",
        "click_to_text",
        "click_to_email",
        "click_to_direct_message",
        "time_to_first_contact_seconds",
        "repeat_contact_rate",
        "anomalies",
    ],
    series: CHANNEL_SERIES,
    rows: CHANNEL_ROWS,
};

const CHAT: Contents = Contents {
    totals: &[
        "chats_offered",
        "chats_declined",
        "chats_started",
        "chats_ended",
        "invitation_acceptance_rate",
        "invitation_decline_rate",
        "invitations_ignored",
        "unprompted_starts",
        "chat_duration_seconds",
        "chats_open",
        "chats_unended",
        "anomalies_without_session",
        "anomalies_end_without_start",
        "anomalies_start_after_end",
        "anomalies_declined_and_started",
        "anomalies_two_starts",
    ],
    series: &[
        "chats_started",
        "chats_offered",
        "chats_declined",
        "chats_ended",
        "invitation_acceptance_rate",
        "invitations_ignored",
        "unprompted_starts",
        "chat_duration_seconds",
    ],
    rows: &[],
};

const CHANNELS: Contents = Contents {
    totals: &[
        "contact_requests",
        "visitors",
        "contact_visitors",
        "contact_rate",
        "chats_started",
        "click_to_call",
        "click_to_text",
        "click_to_email",
        "click_to_direct_message",
    ],
    series: CHANNEL_SERIES,
    rows: CHANNEL_ROWS,
};

const VALUES: Contents = Contents {
    totals: VALUE_ROWS,
    series: &["contact_requests", "visitors", "contact_visitors", "contact_rate"],
    rows: VALUE_ROWS,
};

const RECEIPT: Contents = Contents {
    totals: &[
        "accepted",
        "rejected",
        "duplicates",
        "conflicts",
        "late",
        "anomalies",
        "anomalies_counter",
        "anomalies_time",
        "anomalies_without_session",
        "anomalies_end_without_start",
        "anomalies_start_after_end",
        "anomalies_declined_and_started",
        "anomalies_two_starts",
    ],
    series: &["anomalies", "late", "anomalies_counter", "anomalies_time", "anomalies_without_session"],
    rows: &["rejected"],
};

impl ReportName {
    pub(super) fn contents(self) -> &'static Contents {
        match self {
            ReportName::Overview => &OVERVIEW,
            ReportName::Chat => &CHAT,
            ReportName::Channels => &CHANNELS,
            ReportName::Subjects | ReportName::Pages => &VALUES,
            ReportName::Quality => &RECEIPT,
        }
    }
}

/// The metric of this name.
pub(super) fn metric(name: &str) -> Option<&'static Metric> {
    METRICS.iter().chain(QUALITY).find(|metric| metric.name == name).copied()
}

/// Whether a number is of the present: then there is no earlier one to compare it with.
pub(super) fn is_of_now(name: &str) -> bool {
    OF_NOW.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_defined_and_every_metric_is_in_a_report() {
        let mut shown: Vec<&str> = Vec::new();
        for name in ReportName::ALL {
            let Contents { totals, series, rows } = name.contents();
            for list in [totals, series, rows] {
                for (place, number) in list.iter().enumerate() {
                    assert!(metric(number).is_some(), "{number} of {name:?} has no definition");
                    assert!(!list[..place].contains(number), "{number} of {name:?} stands twice");
                }
                shown.extend(*list);
            }
        }
        for metric in METRICS.iter().chain(QUALITY) {
            assert!(shown.contains(&metric.name), "{} is in no report", metric.name);
        }
    }
}
