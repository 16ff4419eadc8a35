//! What became of the events that were sent, by the time of receipt.

use table::RejectKind;

use super::{Chart, Condition, Dimension, Lines, Measure, Metric, Relation, Unit};

/// Accepted.
pub const ACCEPTED: Metric = Metric {
    name: "accepted",
    label: "Accepted",
    heading: "accepted",
    unit: Unit::Count,
    formula: "rows of `events` received in the period",
    measure: Measure::Rows(Condition::Any),
    relation: Relation::Events,
    note: "",
    lines: Lines::All,
    chart: Chart::Columns,
};

/// Rejected.
pub const REJECTED: Metric = Metric {
    name: "rejected",
    label: "Rejected",
    heading: "rejected",
    formula: "rows of `rejects` of kind `invalid`, in all and by the keyword of their first violation",
    measure: Measure::Rows(Condition::RejectedAs(RejectKind::Invalid)),
    relation: Relation::Rejects,
    note: "An event that was repaired and accepted later is no longer among them.",
    lines: Lines::By(Dimension::Keyword),
    ..ACCEPTED
};

/// Duplicates.
pub const DUPLICATES: Metric = Metric {
    name: "duplicates",
    label: "Duplicates",
    heading: "duplicates",
    formula: "events sent again with the same id and the same content",
    measure: Measure::Rows(Condition::RejectedAs(RejectKind::Duplicate)),
    relation: Relation::Rejects,
    note: "Counted; the payload is not kept twice.",
    ..ACCEPTED
};

/// Conflicts.
pub const CONFLICTS: Metric = Metric {
    name: "conflicts",
    label: "Conflicts",
    heading: "conflicts",
    formula: "events sent with a known id and other content",
    measure: Measure::Rows(Condition::RejectedAs(RejectKind::Conflict)),
    relation: Relation::Rejects,
    note: "The first event stands; the other is kept in `rejects`.",
    ..ACCEPTED
};
