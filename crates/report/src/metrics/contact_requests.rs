//! How often contact was asked for, and by which channel.

use super::{Chart, Lines, Measure, Metric, Quantity, Relation, Unit};

const REQUESTS: Measure = Measure::Sum(Quantity::ContactRequests);

/// Contact requests.
pub const CONTACT_REQUESTS: Metric = Metric {
    name: "contact_requests",
    label: "Contact requests",
    heading: "requests",
    unit: Unit::Count,
    formula: "chats started + clicks to call, text, email and direct message",
    measure: REQUESTS,
    relation: Relation::Activity,
    note: "The headline.",
    lines: Lines::AllAndEach { formula: "Σ of the channel's counter", note: "" },
    chart: Chart::Columns,
};

/// Channel mix.
pub const CHANNEL_MIX: Metric = Metric {
    name: "channel_mix",
    label: "Channel mix",
    heading: "mix",
    unit: Unit::Share,
    formula: "the channel's share of all contact requests",
    measure: Measure::Ratio(&REQUESTS, &Measure::Sum(Quantity::AllContactRequests)),
    relation: Relation::Activity,
    note: "By counter, not by the event's column `channel`: an event that starts a chat and clicks to call counts once in each. Shares add up to 1.",
    lines: Lines::Each,
    chart: Chart::StackedColumns,
};
