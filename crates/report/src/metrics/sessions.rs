//! What became of chats, by session: invitations taken up, ignored and declined, durations.

use super::{
    Channel, Chart, Counter, Lines, Measure, Metric, Quantity, Relation, SessionCondition, SessionQuantity, Span, Unit,
};

const OFFERED: Measure = Measure::Sessions(SessionCondition::Offered);
const ACCEPTED: Measure = Measure::Sessions(SessionCondition::Accepted);
const DECLINES: Measure = Measure::Sum(Quantity::Counter(Counter::ChatDeclined));
const OFFERS: Measure = Measure::Sum(Quantity::Counter(Counter::ChatOffered));

/// Invitation acceptance rate.
pub const INVITATION_ACCEPTANCE_RATE: Metric = Metric {
    name: "invitation_acceptance_rate",
    label: "Invitation acceptance rate",
    heading: "acceptance",
    unit: Unit::Share,
    formula: "chat sessions with a start at or after the first offer ÷ chat sessions with an offer",
    measure: Measure::Ratio(&ACCEPTED, &OFFERED),
    relation: Relation::ChatSessions,
    note: "By session: three offers in one session and then a start are one session that was accepted.",
    lines: Lines::AllAndOwn(Channel::Chat),
    chart: Chart::Line,
};

/// Invitation decline rate.
pub const INVITATION_DECLINE_RATE: Metric = Metric {
    name: "invitation_decline_rate",
    label: "Invitation decline rate",
    heading: "decline",
    formula: "chats declined ÷ chats offered",
    measure: Measure::Ratio(&DECLINES, &OFFERS),
    relation: Relation::Activity,
    note: "By event: it and the acceptance rate need not add up with what was ignored. Above 1 if the events say so.",
    ..INVITATION_ACCEPTANCE_RATE
};

/// Invitations ignored.
pub const INVITATIONS_IGNORED: Metric = Metric {
    name: "invitations_ignored",
    label: "Invitations ignored",
    heading: "ignored",
    unit: Unit::Count,
    formula: "of each chat session: offers − declines − starts at or after the first offer, at least 0",
    measure: Measure::SumOfSessions(SessionQuantity::Ignored),
    note: "It falls when an answer to an invitation comes in late.",
    chart: Chart::Columns,
    ..INVITATION_ACCEPTANCE_RATE
};

/// Unprompted starts.
pub const UNPROMPTED_STARTS: Metric = Metric {
    name: "unprompted_starts",
    label: "Unprompted starts",
    heading: "unprompted",
    formula: "of each chat session: starts before the first offer, or all where nothing was offered",
    measure: Measure::SumOfSessions(SessionQuantity::Unprompted),
    note: "The visitor opened the chat by himself.",
    ..INVITATIONS_IGNORED
};

/// Chat duration.
pub const CHAT_DURATION: Metric = Metric {
    name: "chat_duration_seconds",
    label: "Chat duration",
    heading: "duration",
    unit: Unit::Seconds,
    formula: "of each chat session: first end at or after the first start − first start; median, p90, p95, greatest",
    measure: Measure::Seconds(Span::ChatDuration),
    note: "Of sessions that have both, in whole seconds, rounded down. Those that never end, and ends without a start, are counted apart and never as 0.",
    chart: Chart::Line,
    ..INVITATION_ACCEPTANCE_RATE
};

/// Chats open now.
pub const CHATS_OPEN: Metric = Metric {
    name: "chats_open",
    label: "Chats open now",
    heading: "open",
    formula: "chat sessions with a start, no end at or after it, and an event in the last 24 hours",
    measure: Measure::Sessions(SessionCondition::Open),
    note: "Of those that began in the period.",
    ..INVITATIONS_IGNORED
};

/// Chats never ended.
pub const CHATS_UNENDED: Metric = Metric {
    name: "chats_unended",
    label: "Chats never ended",
    heading: "unended",
    formula: "chat sessions with a start, no end at or after it, and no event in the last 24 hours",
    measure: Measure::Sessions(SessionCondition::Unended),
    note: "The end wasn't sent, as when a page is closed.",
    ..INVITATIONS_IGNORED
};
