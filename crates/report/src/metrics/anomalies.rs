//! What can't be right: shown, and never hidden in a sum.

use super::{Channel, Chart, Condition, Lines, Measure, Metric, Relation, SessionCondition, Unit};

/// What can't be right in a chat session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionAnomaly {
    /// An end and no start.
    EndWithoutStart,
    /// A start later than an end.
    StartAfterEnd,
    /// Declined and started.
    DeclinedAndStarted,
    /// More than one start.
    TwoStarts,
}

impl SessionAnomaly {
    /// In the order in which the column `anomalies` of `chat_sessions` lists them.
    pub const ALL: [SessionAnomaly; 4] = [
        SessionAnomaly::EndWithoutStart,
        SessionAnomaly::StartAfterEnd,
        SessionAnomaly::DeclinedAndStarted,
        SessionAnomaly::TwoStarts,
    ];

    /// As that column has it. None is a part of another.
    pub const fn name(self) -> &'static str {
        match self {
            SessionAnomaly::EndWithoutStart => "end_without_start",
            SessionAnomaly::StartAfterEnd => "start_after_end",
            SessionAnomaly::DeclinedAndStarted => "declined_and_started",
            SessionAnomaly::TwoStarts => "two_starts",
        }
    }
}

/// Impossible counters.
pub const COUNTER: Metric = Metric {
    name: "anomalies_counter",
    label: "Impossible counters",
    heading: "counters",
    unit: Unit::Count,
    formula: "events with a counter below 0 or above 1,000",
    measure: Measure::Rows(Condition::CounterAnomaly),
    relation: Relation::Activity,
    note: "Such a counter is left out of every sum; the event's other counters count.",
    lines: Lines::All,
    chart: Chart::Columns,
};

/// Anomalies.
pub const ALL: Metric = Metric {
    name: "anomalies",
    label: "Anomalies",
    heading: "anomalies",
    formula: "the sum of all kinds below",
    measure: Measure::Total(&[
        &COUNTER,
        &TIME,
        &LATE,
        &WITHOUT_SESSION,
        &END_WITHOUT_START,
        &START_AFTER_END,
        &DECLINED_AND_STARTED,
        &TWO_STARTS,
    ]),
    note: "An event or a session of two kinds counts twice.",
    ..COUNTER
};

/// Of these alone, and under the name that it has had since there are reports.
pub(super) const IN_CONTACTS: Metric =
    Metric { name: "anomalies", label: "Anomalies", heading: "anomalies", ..COUNTER };

/// Times far from receipt.
pub const TIME: Metric = Metric {
    name: "anomalies_time",
    label: "Times far from receipt",
    heading: "times",
    formula: "events whose time is more than 24 hours from that of their receipt",
    measure: Measure::Rows(Condition::TimeAnomaly),
    note: "A clock that is wrong, a queue that was offline. The event counts at its own time. A file that is loaded is about the past: in one only times to come count. The settings `event_ahead_max` and `event_behind_max` move the bounds.",
    ..COUNTER
};

/// Late events.
pub const LATE: Metric = Metric {
    name: "late",
    label: "Late events",
    heading: "late",
    formula: "events that came by a request an hour or more after the end of their UTC day",
    measure: Measure::Rows(Condition::Late),
    note: "They count at their own time: numbers of a day that is over may still change. None of the events that `frontdesk load` loads from a file is late, beside a running server too.",
    ..COUNTER
};

/// Chat events without a session.
pub const WITHOUT_SESSION: Metric = Metric {
    name: "anomalies_without_session",
    label: "Chat events without a session",
    heading: "no session",
    formula: "events of a chat with neither a `chatSessionID` nor a visitor",
    measure: Measure::Rows(Condition::WithoutSession),
    note: "Their counters are summed; no rate or duration of chats knows them.",
    lines: Lines::AllAndOwn(Channel::Chat),
    ..COUNTER
};

/// Ends without a start.
pub const END_WITHOUT_START: Metric = Metric {
    name: "anomalies_end_without_start",
    label: "Ends without a start",
    heading: "end only",
    formula: "chat sessions with an end and no start",
    measure: Measure::Sessions(SessionCondition::With(SessionAnomaly::EndWithoutStart)),
    relation: Relation::ChatSessions,
    note: "They have no duration.",
    lines: Lines::AllAndOwn(Channel::Chat),
    ..COUNTER
};

/// Starts after an end.
pub const START_AFTER_END: Metric = Metric {
    name: "anomalies_start_after_end",
    label: "Starts after an end",
    heading: "start after end",
    formula: "chat sessions with a start later than an end",
    measure: Measure::Sessions(SessionCondition::With(SessionAnomaly::StartAfterEnd)),
    note: "The duration is that from the first start to the first end at or after it, if there is one.",
    ..END_WITHOUT_START
};

/// Declined and started.
pub const DECLINED_AND_STARTED: Metric = Metric {
    name: "anomalies_declined_and_started",
    label: "Declined and started",
    heading: "both",
    formula: "chat sessions that were declined and started",
    measure: Measure::Sessions(SessionCondition::With(SessionAnomaly::DeclinedAndStarted)),
    note: "",
    ..END_WITHOUT_START
};

/// Several starts.
pub const TWO_STARTS: Metric = Metric {
    name: "anomalies_two_starts",
    label: "Several starts",
    heading: "two starts",
    formula: "chat sessions with more than one start",
    measure: Measure::Sessions(SessionCondition::With(SessionAnomaly::TwoStarts)),
    note: "",
    ..END_WITHOUT_START
};
