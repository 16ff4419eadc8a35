//! How soon visitors ask for contact, and who asks again.

use super::{Chart, Condition, Lines, Measure, Metric, Quantity, Relation, Span, Unit};

const ASKING: Measure = Measure::Visitors(Condition::Positive(Quantity::AllContactRequests));
const ASKING_AGAIN: Measure = Measure::Visitors(Condition::Repeated);

/// Time to first contact.
pub const TIME_TO_FIRST_CONTACT: Metric = Metric {
    name: "time_to_first_contact_seconds",
    label: "Time to first contact",
    heading: "to contact",
    unit: Unit::Seconds,
    formula: "of each visit with a contact request: its first contact request − its first event; median, p90, p95, greatest",
    measure: Measure::Seconds(Span::TimeToFirstContact),
    relation: Relation::Visits,
    note: "In whole seconds, rounded down. Visits without a contact request don't count.",
    lines: Lines::All,
    chart: Chart::Line,
};

/// Repeat contact rate.
pub const REPEAT_CONTACT_RATE: Metric = Metric {
    name: "repeat_contact_rate",
    label: "Repeat contact rate",
    heading: "repeat",
    unit: Unit::Share,
    formula: "visitors with a contact request 30 minutes to 7 days after their one before ÷ visitors with ≥ 1 contact request",
    measure: Measure::Ratio(&ASKING_AGAIN, &ASKING),
    relation: Relation::Requests,
    note: "Of visitors, not of persons: who comes by another device is another visitor. What is left to 1 is the only honest sign of contacts that were resolved at once.",
    lines: Lines::All,
    chart: Chart::Line,
};
