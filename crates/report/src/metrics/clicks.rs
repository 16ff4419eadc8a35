//! Clicks on links that open a call or a message: intents, not connected calls.

use super::{Channel, Chart, Counter, Lines, Measure, Metric, Quantity, Relation, Unit};

const fn sum(counter: Counter) -> Measure {
    Measure::Sum(Quantity::Counter(counter))
}

/// Clicks to call.
pub const CLICK_TO_CALL: Metric = Metric {
    name: "click_to_call",
    label: "Clicks to call",
    heading: "call",
    unit: Unit::Count,
    formula: "Σ clickToCall",
    measure: sum(Counter::ClickToCall),
    relation: Relation::Activity,
    note: "An intent: the link was used. Whether a call or a message came of it is not known.",
    lines: Lines::AllAndOwn(Channel::Call),
    chart: Chart::Columns,
};

/// Clicks to text.
pub const CLICK_TO_TEXT: Metric = Metric {
    name: "click_to_text",
    label: "Clicks to text",
    heading: "text",
    formula: "Σ clickToText",
    measure: sum(Counter::ClickToText),
    lines: Lines::AllAndOwn(Channel::Text),
    ..CLICK_TO_CALL
};

/// Clicks to e-mail.
pub const CLICK_TO_EMAIL: Metric = Metric {
    name: "click_to_email",
    label: "Clicks to e-mail",
    heading: "e-mail",
    formula: "Σ clickToEmail",
    measure: sum(Counter::ClickToEmail),
    lines: Lines::AllAndOwn(Channel::Email),
    ..CLICK_TO_CALL
};

/// Clicks to direct message.
pub const CLICK_TO_DIRECT_MESSAGE: Metric = Metric {
    name: "click_to_direct_message",
    label: "Clicks to direct message",
    heading: "message",
    formula: "Σ clickToDirectMessage",
    measure: sum(Counter::ClickToDirectMessage),
    lines: Lines::AllAndOwn(Channel::DirectMessage),
    ..CLICK_TO_CALL
};
