//! Chats, as the events count them one by one.

use super::{Channel, Chart, Counter, Lines, Measure, Metric, Quantity, Relation, Unit};

const fn sum(counter: Counter) -> Measure {
    Measure::Sum(Quantity::Counter(counter))
}

/// Chats started.
pub const CHATS_STARTED: Metric = Metric {
    name: "chats_started",
    label: "Chats started",
    heading: "started",
    unit: Unit::Count,
    formula: "Σ chatStart",
    measure: sum(Counter::ChatStart),
    relation: Relation::Activity,
    note: "",
    lines: Lines::AllAndOwn(Channel::Chat),
    chart: Chart::Columns,
};

/// Chats offered.
pub const CHATS_OFFERED: Metric = Metric {
    name: "chats_offered",
    label: "Chats offered",
    heading: "offered",
    formula: "Σ chatOffered",
    measure: sum(Counter::ChatOffered),
    note: "Offered to the visitor. Contact centres also say \"offered\" for a contact routed to an agent: this is not that.",
    ..CHATS_STARTED
};

/// Chats declined.
pub const CHATS_DECLINED: Metric = Metric {
    name: "chats_declined",
    label: "Chats declined",
    heading: "declined",
    formula: "Σ chatDeclined",
    measure: sum(Counter::ChatDeclined),
    note: "Declined by the visitor, not by an agent.",
    ..CHATS_STARTED
};

/// Chats ended.
pub const CHATS_ENDED: Metric = Metric {
    name: "chats_ended",
    label: "Chats ended",
    heading: "ended",
    formula: "Σ chatEnd",
    measure: sum(Counter::ChatEnd),
    ..CHATS_STARTED
};
