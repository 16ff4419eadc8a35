//! How many visitors there were, and how many of them asked for contact.

use super::{Chart, Condition, Lines, Measure, Metric, Quantity, Relation, Unit};

const ALL: Measure = Measure::Visitors(Condition::Any);
const ASKING: Measure = Measure::Visitors(Condition::Positive(Quantity::ContactRequests));

/// Visitors.
pub const VISITORS: Metric = Metric {
    name: "visitors",
    label: "Visitors",
    heading: "visitors",
    unit: Unit::Visitors,
    formula: "distinct visitors with an event",
    measure: ALL,
    relation: Relation::Activity,
    note: "Events without an identity have no visitor and are left out of this and of the contact rate, but not of the other counts.",
    lines: Lines::All,
    chart: Chart::Line,
};

/// Visitors who asked for contact.
pub const CONTACT_VISITORS: Metric = Metric {
    name: "contact_visitors",
    label: "Visitors who asked for contact",
    heading: "asking",
    unit: Unit::Visitors,
    formula: "distinct visitors with ≥ 1 contact request",
    measure: ASKING,
    relation: Relation::Activity,
    note: "",
    lines: Lines::AllAndEach {
        formula: "distinct visitors with ≥ 1 contact request by this channel",
        note: "A visitor who used two channels counts once in each.",
    },
    chart: Chart::Line,
};

/// Contact rate.
pub const CONTACT_RATE: Metric = Metric {
    name: "contact_rate",
    label: "Contact rate",
    heading: "rate",
    unit: Unit::Share,
    formula: "visitors with ≥ 1 contact request ÷ visitors",
    measure: Measure::Ratio(&ASKING, &ALL),
    relation: Relation::Activity,
    note: "",
    lines: Lines::AllAndEach {
        formula: "visitors with ≥ 1 contact request by this channel ÷ all visitors", note: ""
    },
    chart: Chart::Line,
};
