//! What can't be right in the events: shown, and left out of every sum.

use super::{Chart, Condition, Lines, Measure, Metric, Relation, Unit};

pub(super) const ANOMALIES: Metric = Metric {
    name: "anomalies",
    label: "Anomalies",
    heading: "anomalies",
    unit: Unit::Count,
    formula: "events with a counter below 0 or above 1,000",
    measure: Measure::Rows(Condition::Anomaly),
    relation: Relation::Activity,
    note: "Such a counter is left out of every sum; the event's other counters count.",
    lines: Lines::All,
    chart: Chart::Columns,
};
