//! What is counted, and what each number means: the one table that the report, the
//! documentation and the SQL beside each number come from.
//!
//! A metric is an SQL aggregate over the view `activity`, in SQL that any engine
//! understands (`count(distinct case when …)` rather than `filter`, no functions of
//! ours), so that the same definition runs in Spark or ClickHouse over the same
//! tables. What the events cannot carry (missed chats, waiting time, handle time,
//! satisfaction) has no line here and never will; what needs the events of a session
//! side by side (acceptance rate, duration) is left out until it can be told rightly.

/// What a metric's number counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things that happened.
    Count,
    /// Distinct visitors. Never the sum of its parts: one visitor may come on two days.
    Visitors,
    /// A fraction from 0 to 1; null where there is nothing to divide by.
    Share,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name in JSON, CSV and SQL.
    pub name: &'static str,
    /// Its name in prose.
    pub label: &'static str,
    /// Its name at the head of a narrow column.
    pub heading: &'static str,
    /// What it counts in.
    pub unit: Unit,
    /// The formula as a reader would say it.
    pub formula: &'static str,
    /// The aggregate over `activity`. In [`CHANNEL_METRICS`], `{counter}` stands for the
    /// channel's counter.
    pub sql: &'static str,
    /// What to know before quoting it; may be empty.
    pub note: &'static str,
    /// The channel on whose line it is shown besides the line of all channels.
    pub channel: Option<&'static str>,
}

/// A way of getting in touch that is counted.
#[derive(Clone, Copy, Debug)]
pub struct Channel {
    /// As in the view's column `channel`.
    pub name: &'static str,
    /// Its name in prose.
    pub label: &'static str,
    /// The counter in `activity` that counts its contact requests.
    pub counter: &'static str,
}

const fn metric(
    name: &'static str,
    label: &'static str,
    heading: &'static str,
    unit: Unit,
    formula: &'static str,
) -> Metric {
    Metric { name, label, heading, unit, formula, sql: "", note: "", channel: None }
}

impl Metric {
    const fn sql(self, sql: &'static str) -> Metric {
        Metric { sql, ..self }
    }

    const fn note(self, note: &'static str) -> Metric {
        Metric { note, ..self }
    }

    const fn of(self, channel: &'static str) -> Metric {
        Metric { channel: Some(channel), ..self }
    }
}

/// The channels of the report. `callback` and `reply` are channels of an event, but
/// leaving a number or an address is no contact request by the definition.
pub const CHANNELS: &[Channel] = &[
    Channel { name: "chat", label: "Chat", counter: "chat_start" },
    Channel { name: "call", label: "Call", counter: "click_to_call" },
    Channel { name: "text", label: "Text", counter: "click_to_text" },
    Channel { name: "email", label: "E-mail", counter: "click_to_email" },
    Channel { name: "direct_message", label: "Direct message", counter: "click_to_direct_message" },
];

const CLICKS: &str = "An intent: the link was used. Whether a call or a message came of it is not known.";

/// Per day, and over the whole period.
pub const METRICS: &[Metric] = &[
    metric("visitors", "Visitors", "visitors", Unit::Visitors, "distinct visitors with an event")
        .sql("count(distinct visitor)")
        .note("Events without an identity have no visitor and are left out of this and of the contact rate, but not of the other counts."),
    metric("contact_visitors", "Visitors who asked for contact", "asking", Unit::Visitors, "distinct visitors with ≥ 1 contact request")
        .sql("count(distinct case when contact_requests > 0 then visitor end)"),
    metric("contact_requests", "Contact requests", "requests", Unit::Count, "chats started + clicks to call, text, email and direct message")
        .sql("coalesce(sum(contact_requests), 0)")
        .note("The headline."),
    metric("contact_rate", "Contact rate", "rate", Unit::Share, "visitors with ≥ 1 contact request ÷ visitors")
        .sql("1.0 * count(distinct case when contact_requests > 0 then visitor end) / nullif(count(distinct visitor), 0)"),
    metric("chats_offered", "Chats offered", "offered", Unit::Count, "Σ chatOffered")
        .sql("coalesce(sum(chat_offered), 0)")
        .note("Offered to the visitor. Contact centres also say \"offered\" for a contact routed to an agent: this is not that.")
        .of("chat"),
    metric("chats_declined", "Chats declined", "declined", Unit::Count, "Σ chatDeclined")
        .sql("coalesce(sum(chat_declined), 0)")
        .note("Declined by the visitor, not by an agent.")
        .of("chat"),
    metric("chats_started", "Chats started", "started", Unit::Count, "Σ chatStart").sql("coalesce(sum(chat_start), 0)").of("chat"),
    metric("chats_ended", "Chats ended", "ended", Unit::Count, "Σ chatEnd").sql("coalesce(sum(chat_end), 0)").of("chat"),
    metric("click_to_call", "Clicks to call", "call", Unit::Count, "Σ clickToCall").sql("coalesce(sum(click_to_call), 0)").note(CLICKS).of("call"),
    metric("click_to_text", "Clicks to text", "text", Unit::Count, "Σ clickToText").sql("coalesce(sum(click_to_text), 0)").note(CLICKS).of("text"),
    metric("click_to_email", "Clicks to e-mail", "e-mail", Unit::Count, "Σ clickToEmail").sql("coalesce(sum(click_to_email), 0)").note(CLICKS).of("email"),
    metric("click_to_direct_message", "Clicks to direct message", "message", Unit::Count, "Σ clickToDirectMessage")
        .sql("coalesce(sum(click_to_direct_message), 0)")
        .note(CLICKS)
        .of("direct_message"),
    metric("anomalies", "Anomalies", "anomalies", Unit::Count, "events with a counter below 0 or above 1,000")
        .sql("coalesce(sum(case when anomaly then 1 else 0 end), 0)")
        .note("Such a counter is left out of every sum; the event's other counters count."),
];

/// Per channel, per day and over the whole period.
pub const CHANNEL_METRICS: &[Metric] = &[
    metric("contact_visitors", "Visitors who asked for contact", "asking", Unit::Visitors, "distinct visitors with ≥ 1 contact request by this channel")
        .sql("count(distinct case when {counter} > 0 then visitor end)")
        .note("A visitor who used two channels counts once in each."),
    metric("contact_requests", "Contact requests", "requests", Unit::Count, "Σ of the channel's counter")
        .sql("coalesce(sum({counter}), 0)"),
    metric("contact_rate", "Contact rate", "rate", Unit::Share, "visitors with ≥ 1 contact request by this channel ÷ all visitors")
        .sql("1.0 * count(distinct case when {counter} > 0 then visitor end) / nullif(count(distinct visitor), 0)"),
    metric("channel_mix", "Channel mix", "mix", Unit::Share, "the channel's share of all contact requests")
        .sql("1.0 * coalesce(sum({counter}), 0) / nullif(sum(contact_requests), 0)")
        .note("By counter, not by the event's column `channel`: an event that starts a chat and clicks to call counts once in each. Shares add up to 1."),
];

/// What became of the events that were sent, by the time of receipt. Here `sql` is a
/// whole statement; `{period}` stands for the condition on `received_at`.
pub const QUALITY: &[Metric] = &[
    metric("accepted", "Accepted", "accepted", Unit::Count, "rows of `events` received in the period")
        .sql("select count(*) as events from events where {period}"),
    metric("rejected", "Rejected", "rejected", Unit::Count, "rows of `rejects` of kind `invalid`, in all and by the keyword of their first violation")
        .sql("select coalesce(keyword, 'unknown') as reason, count(*) as events from rejects where kind = 'invalid' and {period} group by keyword order by events desc, reason")
        .note("An event that was repaired and accepted later is no longer among them."),
    metric("duplicates", "Duplicates", "duplicates", Unit::Count, "events sent again with the same id and the same content")
        .sql("select count(*) as events from rejects where kind = 'duplicate' and {period}")
        .note("Counted; the payload is not kept twice."),
    metric("conflicts", "Conflicts", "conflicts", Unit::Count, "events sent with a known id and other content")
        .sql("select count(*) as events from rejects where kind = 'conflict' and {period}")
        .note("The first event stands; the other is kept in `rejects`."),
];
