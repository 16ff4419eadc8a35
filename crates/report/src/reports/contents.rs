//! Which numbers each report has.

use summary::{Dimension, Want, Wanted};

use super::name::ReportName;
use crate::metric;
use crate::metrics::{METRICS, Metric, QUALITY, want};

/// What a report has numbers of.
#[derive(Debug)]
pub struct Contents {
    /// Of the whole span.
    pub totals: &'static [&'static Metric],
    /// Of each part of it. The first one is drawn.
    pub series: &'static [&'static Metric],
    /// Of each row. Rows are in the order of the first one.
    pub rows: &'static [&'static Metric],
}

impl Contents {
    /// What is asked of summaries. Rows of no dimension are those of channels, and are read from the totals.
    pub(super) fn wanted(&self, by: Option<Dimension>) -> Wanted {
        let (totals, rows) = (want::of(self.totals), want::of(self.rows));
        match by {
            None => Wanted { totals: totals.or(rows), series: want::of(self.series), rows: Want::SUMS },
            Some(_) => Wanted { totals, series: want::of(self.series), rows },
        }
    }
}

/// What is of the present, whatever span is asked for.
const OF_NOW: &[&Metric] = &[&metric::CHATS_OPEN];

const CHANNEL_ROWS: &[&Metric] =
    &[&metric::CONTACT_REQUESTS, &metric::CONTACT_VISITORS, &metric::CONTACT_RATE, &metric::CHANNEL_MIX];

const CHANNEL_SERIES: &[&Metric] = &[
    &metric::CONTACT_REQUESTS,
    &metric::CHATS_STARTED,
    &metric::CLICK_TO_CALL,
    &metric::CLICK_TO_TEXT,
    &metric::CLICK_TO_EMAIL,
    &metric::CLICK_TO_DIRECT_MESSAGE,
    &metric::VISITORS,
    &metric::CONTACT_VISITORS,
    &metric::CONTACT_RATE,
];

const PAGE_ROWS: &[&Metric] = &[
    &metric::CONTACT_REQUESTS,
    &metric::VISITORS,
    &metric::CONTACT_VISITORS,
    &metric::CONTACT_RATE,
    &metric::CHATS_OFFERED,
    &metric::CHATS_STARTED,
    &metric::INVITATION_ACCEPTANCE_RATE,
    &metric::CHAT_DURATION_SECONDS,
    &metric::CLICK_TO_CALL,
    &metric::CLICK_TO_TEXT,
    &metric::CLICK_TO_EMAIL,
    &metric::CLICK_TO_DIRECT_MESSAGE,
];

const OVERVIEW: Contents = Contents {
    totals: &[
        &metric::CONTACT_REQUESTS,
        &metric::VISITORS,
        &metric::CONTACT_VISITORS,
        &metric::CONTACT_RATE,
        &metric::CHATS_OFFERED,
        &metric::CHATS_STARTED,
        &metric::INVITATION_ACCEPTANCE_RATE,
        &metric::CHAT_DURATION_SECONDS,
        &metric::CHATS_OPEN,
        &metric::CLICK_TO_CALL,
        &metric::CLICK_TO_TEXT,
        &metric::CLICK_TO_EMAIL,
        &metric::CLICK_TO_DIRECT_MESSAGE,
        &metric::TIME_TO_FIRST_CONTACT_SECONDS,
        &metric::REPEAT_CONTACT_RATE,
        &metric::ANOMALIES,
    ],
    series: CHANNEL_SERIES,
    rows: CHANNEL_ROWS,
};

const CHAT: Contents = Contents {
    totals: &[
        &metric::CHATS_OFFERED,
        &metric::CHATS_DECLINED,
        &metric::CHATS_STARTED,
        &metric::CHATS_ENDED,
        &metric::INVITATION_ACCEPTANCE_RATE,
        &metric::INVITATION_DECLINE_RATE,
        &metric::INVITATIONS_IGNORED,
        &metric::UNPROMPTED_STARTS,
        &metric::CHAT_DURATION_SECONDS,
        &metric::CHATS_OPEN,
        &metric::CHATS_UNENDED,
        &metric::ANOMALIES_WITHOUT_SESSION,
        &metric::ANOMALIES_END_WITHOUT_START,
        &metric::ANOMALIES_START_AFTER_END,
        &metric::ANOMALIES_DECLINED_AND_STARTED,
        &metric::ANOMALIES_TWO_STARTS,
    ],
    series: &[
        &metric::CHATS_STARTED,
        &metric::CHATS_OFFERED,
        &metric::CHATS_DECLINED,
        &metric::CHATS_ENDED,
        &metric::INVITATION_ACCEPTANCE_RATE,
        &metric::INVITATIONS_IGNORED,
        &metric::UNPROMPTED_STARTS,
        &metric::CHAT_DURATION_SECONDS,
    ],
    rows: &[],
};

const CHANNELS: Contents = Contents {
    totals: &[
        &metric::CONTACT_REQUESTS,
        &metric::VISITORS,
        &metric::CONTACT_VISITORS,
        &metric::CONTACT_RATE,
        &metric::CHATS_STARTED,
        &metric::CLICK_TO_CALL,
        &metric::CLICK_TO_TEXT,
        &metric::CLICK_TO_EMAIL,
        &metric::CLICK_TO_DIRECT_MESSAGE,
    ],
    series: CHANNEL_SERIES,
    rows: CHANNEL_ROWS,
};

const VALUE_SERIES: &[&Metric] =
    &[&metric::CONTACT_REQUESTS, &metric::VISITORS, &metric::CONTACT_VISITORS, &metric::CONTACT_RATE];

const PAGES: Contents = Contents { totals: PAGE_ROWS, series: VALUE_SERIES, rows: PAGE_ROWS };

/// Few ask on the page that they came to from elsewhere, so referrers are in the order of their visitors.
const REFERRER_ROWS: &[&Metric] = &[
    &metric::VISITORS,
    &metric::CONTACT_REQUESTS,
    &metric::CONTACT_VISITORS,
    &metric::CONTACT_RATE,
    &metric::CHATS_OFFERED,
    &metric::CHATS_STARTED,
    &metric::INVITATION_ACCEPTANCE_RATE,
    &metric::CHAT_DURATION_SECONDS,
    &metric::CLICK_TO_CALL,
    &metric::CLICK_TO_TEXT,
    &metric::CLICK_TO_EMAIL,
    &metric::CLICK_TO_DIRECT_MESSAGE,
];

const REFERRERS: Contents = Contents { totals: PAGE_ROWS, series: VALUE_SERIES, rows: REFERRER_ROWS };

/// A subject is named by who asks for contact, so a subject's visitors are those who asked and its
/// invitations those that were answered: rates among them say nothing.
const SUBJECT_ROWS: &[&Metric] = &[
    &metric::CONTACT_REQUESTS,
    &metric::CONTACT_VISITORS,
    &metric::CHATS_STARTED,
    &metric::CHAT_DURATION_SECONDS,
    &metric::CLICK_TO_CALL,
    &metric::CLICK_TO_TEXT,
    &metric::CLICK_TO_EMAIL,
    &metric::CLICK_TO_DIRECT_MESSAGE,
];

const SUBJECTS: Contents = Contents { totals: PAGE_ROWS, series: VALUE_SERIES, rows: SUBJECT_ROWS };

const RECEIPT: Contents = Contents {
    totals: &[
        &metric::ACCEPTED,
        &metric::REJECTED,
        &metric::DUPLICATES,
        &metric::CONFLICTS,
        &metric::LATE,
        &metric::ANOMALIES,
        &metric::ANOMALIES_COUNTER,
        &metric::ANOMALIES_TIME,
        &metric::ANOMALIES_WITHOUT_SESSION,
        &metric::ANOMALIES_END_WITHOUT_START,
        &metric::ANOMALIES_START_AFTER_END,
        &metric::ANOMALIES_DECLINED_AND_STARTED,
        &metric::ANOMALIES_TWO_STARTS,
    ],
    series: &[
        &metric::ANOMALIES,
        &metric::LATE,
        &metric::ANOMALIES_COUNTER,
        &metric::ANOMALIES_TIME,
        &metric::ANOMALIES_WITHOUT_SESSION,
    ],
    rows: &[&metric::REJECTED],
};

impl ReportName {
    pub(super) fn contents(self) -> &'static Contents {
        match self {
            ReportName::Overview => &OVERVIEW,
            ReportName::Chat => &CHAT,
            ReportName::Channels => &CHANNELS,
            ReportName::Subjects => &SUBJECTS,
            ReportName::Pages | ReportName::Devices => &PAGES,
            ReportName::Referrers => &REFERRERS,
            ReportName::Quality => &RECEIPT,
        }
    }
}

/// The metric of this name, which a report of another version may have.
pub(super) fn named(name: &str) -> Option<&'static Metric> {
    METRICS.iter().chain(QUALITY).find(|metric| metric.name == name).copied()
}

/// Whether a number is of the present: then there is no earlier one to compare it with.
pub(super) fn is_of_now(metric: &Metric) -> bool {
    OF_NOW.iter().any(|of_now| of_now.name == metric.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_in_a_report() {
        let mut shown: Vec<&str> = Vec::new();
        for name in ReportName::ALL {
            let Contents { totals, series, rows } = name.contents();
            for list in [totals, series, rows] {
                let names: Vec<&str> = list.iter().map(|metric| metric.name).collect();
                for (place, number) in names.iter().enumerate() {
                    assert!(named(number).is_some(), "{number} of {name:?} is in no table of metrics");
                    assert!(!names[..place].contains(number), "{number} of {name:?} stands twice");
                }
                shown.extend(names);
            }
        }
        for metric in METRICS.iter().chain(QUALITY) {
            assert!(shown.contains(&metric.name), "{} is in no report", metric.name);
        }
    }
}
