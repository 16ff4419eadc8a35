//! The columns of the flat views `activity` and `contacts`: name, type, where each comes from,
//! what it means. The views and `docs/sql.md` are made from this table.

use crate::metrics::Counter;
use crate::visitor::IdentityPart;
use summary::Dimension;

/// One column of `activity` and `contacts`.
pub(crate) struct ViewColumn {
    pub(crate) name: &'static str,
    /// SQL type, for the documentation.
    pub(crate) kind: &'static str,
    pub(crate) source: ColumnSource,
    pub(crate) doc: &'static str,
}

/// Where a view's column comes from.
pub(crate) enum ColumnSource {
    /// A field of `events`, by its dotted path.
    Field(&'static str),
    /// The same for a text that stands for something; null when it is empty.
    Key(&'static str),
    /// A counter; null when it is an anomaly.
    Counter(Counter),
    /// True if the event has something at this path.
    Given(&'static str),
    /// True if any counter is an anomaly.
    Anomaly,
    /// What the identities say, by the rules in `visitor.rs`.
    Identity(IdentityPart),
    /// The channel that the event belongs to, by the columns beside it.
    Channel,
    /// The sum of the contact requests of all channels.
    ContactRequests,
    /// The page without what changes from call to call.
    Page,
    /// The kind of device, by fields of the event.
    Device,
    /// The host of the page that led here, by the columns beside it.
    Referrer,
    /// True if the event came by a request after its day was closed.
    Late,
}

/// The column that has the texts of a dimension.
pub(crate) fn column_of(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Datastream => "datastream",
        Dimension::Channel => "channel",
        Dimension::Subject => "subject",
        Dimension::Page => "page",
        Dimension::Device => "device",
        Dimension::Referrer => "referrer",
    }
}

/// The column of `activity` and `contacts` that has the same values as a dotted path of `events`.
pub fn flat_column(path: &str) -> Option<&'static str> {
    let is_of = |column: &&ViewColumn| match &column.source {
        ColumnSource::Field(of) | ColumnSource::Key(of) => *of == path,
        ColumnSource::Counter(counter) => counter.field() == path,
        _ => false,
    };
    COLUMNS.iter().find(is_of).map(|column| column.name)
}

const fn column(name: &'static str, kind: &'static str, source: ColumnSource, doc: &'static str) -> ViewColumn {
    ViewColumn { name, kind, source, doc }
}

const fn counter(counter: Counter, doc: &'static str) -> ViewColumn {
    column(counter.column(), "integer", ColumnSource::Counter(counter), doc)
}

/// The columns of `activity` and `contacts`, in their order.
pub(crate) const COLUMNS: &[ViewColumn] = &[
    column("time", "timestamp", ColumnSource::Field("timestamp"), "When it happened, by the sender's clock (UTC)."),
    column("id", "text", ColumnSource::Field("_id"), "The event's id."),
    column(
        "visitor",
        "text",
        ColumnSource::Identity(IdentityPart::Visitor),
        "The first `ECID`; else the primary identity's id; else the first identity that has an id. A personal one (an address, a number, a hash of one) is a pseudonym, `k1:…`: the same for equal values.",
    ),
    column(
        "primary_identity",
        "text",
        ColumnSource::Identity(IdentityPart::Primary),
        "The id of the identity that is marked primary, such as the account after a login; null if none is.",
    ),
    column(
        "primary_namespace",
        "text",
        ColumnSource::Identity(IdentityPart::PrimaryNamespace),
        "The namespace of that identity.",
    ),
    column(
        "session",
        "text",
        ColumnSource::Key("customerFeedback.chatSessionID"),
        "The chat system's key for the conversation.",
    ),
    column(
        "channel",
        "text",
        ColumnSource::Channel,
        "The first that applies: `chat` (any chat counter above 0), `call`, `text`, `email`, `direct_message` (that click counter above 0), `callback`, `reply`; null if none does.",
    ),
    column(
        "contact_requests",
        "integer",
        ColumnSource::ContactRequests,
        "Chats started plus clicks of the four kinds; anomalies count as 0.",
    ),
    counter(Counter::ChatOffered, "Chats offered to the visitor."),
    counter(Counter::ChatDeclined, "Chats declined by the visitor."),
    counter(Counter::ChatStart, "Chats started."),
    counter(Counter::ChatEnd, "Chats ended."),
    counter(Counter::ClickToCall, "Clicks on a telephone link; not connected calls."),
    counter(Counter::ClickToText, "Clicks on a link that opens a text message."),
    counter(Counter::ClickToEmail, "Clicks on an e-mail link."),
    counter(Counter::ClickToDirectMessage, "Uses of a message or feedback form."),
    column(
        "anomaly",
        "boolean",
        ColumnSource::Anomaly,
        "True if a counter is below 0 or above 1,000. That counter is null here; `events` keeps it as sent.",
    ),
    column("subject", "text", ColumnSource::Key("customerFeedback.subject"), "What the visitor wants help with."),
    column(
        "callback",
        "boolean",
        ColumnSource::Given("customerFeedback.callBackNumber"),
        "True if the event carries a callback number (the number itself is sealed).",
    ),
    column(
        "reply_to",
        "boolean",
        ColumnSource::Given("customerFeedback.replyToEmailAddress"),
        "True if the event carries a reply address (the address itself is sealed).",
    ),
    column(
        "page",
        "text",
        ColumnSource::Page,
        "The page that metrics are told apart by: `page_url` up to its first `?` or `#`; where there is none, `page_name`.",
    ),
    column("page_url", "text", ColumnSource::Field("web.webPageDetails.URL"), "The page's address."),
    column("page_name", "text", ColumnSource::Field("web.webPageDetails.name"), "The site's name for the page."),
    column("site_section", "text", ColumnSource::Field("web.webPageDetails.siteSection"), "Part of the site."),
    column(
        "referrer",
        "text",
        ColumnSource::Referrer,
        "Where the visitor came from, as metrics tell it apart: the host of `referrer_url`, in lower case, without `www.` and port; `(internal)` if that is the host of `page_url`; null if there is none.",
    ),
    column(
        "referrer_url",
        "text",
        ColumnSource::Field("web.webReferrer.URL"),
        "The address of the page before, as it was sent.",
    ),
    column("event_type", "text", ColumnSource::Field("eventType"), "The event's type."),
    column(
        "device",
        "text",
        ColumnSource::Device,
        "The kind of device that metrics are told apart by: `desktop`, `mobile`, `tablet`, `app` or `other`; null if the event doesn't tell. [How it is known](metrics.md#devices-and-referrers).",
    ),
    column("device_type", "text", ColumnSource::Field("device.type"), "Kind of device, as it was sent."),
    column(
        "derived",
        "text",
        ColumnSource::Field("derived"),
        "The count of this row that was not sent but concluded from the clicked link, such as `clickToCall`; null if all was sent.",
    ),
    column("datastream", "text", ColumnSource::Field("datastream"), "The datastream it came in by."),
    column("received_at", "timestamp", ColumnSource::Field("received_at"), "When Frontdesk took it in (UTC)."),
    column(
        "time_anomaly",
        "text",
        ColumnSource::Field("time_anomaly"),
        "`ahead` or `behind` when `time` is more than 24 hours after or before `received_at`; else null.",
    ),
    column(
        "late",
        "boolean",
        ColumnSource::Late,
        "True if it came by a request an hour or more after the end of its UTC day. What was loaded from a file is not late.",
    ),
    column(
        "event_date",
        "date",
        ColumnSource::Field("event_date"),
        "UTC date of `time`. The tables are partitioned by it: name it in a where clause and only those days are read.",
    ),
    column(
        "contact",
        "boolean",
        ColumnSource::Given("customerFeedback"),
        "True if the event carries `customerFeedback`; always true in `contacts`.",
    ),
];
