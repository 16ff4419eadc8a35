//! The tables as a reader sees them: `events` and `rejects` without their sealed bytes,
//! and two flat views over `events`.
//!
//! * `activity`: a row per event, whatever it carries. Metrics are computed over it,
//!   since a rate needs the visitors who did not ask for contact as well.
//! * `contacts`: the rows of `activity` whose event carries `customerFeedback`.
//!
//! A view's column is null where the table's schema has no such field, so that a store
//! with fewer field groups, or one written by an older version, still reads.

use std::sync::Arc;

use datafusion::arrow::compute::kernels::length::length;
use datafusion::arrow::datatypes::{DataType, Fields, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::{Result, TableReference};
use datafusion::datasource::ViewTable;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use datafusion::prelude::SessionContext;

use crate::visitor::Asked;

/// Everything a query can name in its FROM clause.
pub(crate) const NAMES: [&str; 4] = ["contacts", "activity", "events", "rejects"];

/// A counter outside 0..=COUNTER_MAX is an anomaly and stays out of every sum. The
/// bound is the product's own: nobody starts a thousand chats between two events.
pub(crate) const COUNTER_MAX: u32 = 1_000;

/// The ciphertext column of both tables; never selected, see the crate's front page.
const SEALED: &str = "sealed";

/// Length of a binary value; the engine's own `octet_length` takes text only.
const LENGTH_FUNCTION: &str = "byte_length";

/// One column of `activity` and `contacts`.
pub(crate) struct ViewColumn {
    pub(crate) name: &'static str,
    /// SQL type, for the documentation.
    pub(crate) kind: &'static str,
    pub(crate) source: Source,
    pub(crate) doc: &'static str,
}

/// Where a view's column comes from.
pub(crate) enum Source {
    /// A field of `events`, by its dotted path.
    Field(&'static str),
    /// An integer field of `events`; null when it is an anomaly.
    Counter(&'static str),
    /// True if the event has something at this path.
    Given(&'static str),
    /// True if any counter is an anomaly.
    Anomaly,
    /// What the identities say, by the rules in `visitor.rs`.
    Identity(Asked),
    /// SQL over the other columns.
    Derived(&'static str),
}

const fn column(name: &'static str, kind: &'static str, source: Source, doc: &'static str) -> ViewColumn {
    ViewColumn { name, kind, source, doc }
}

const CHANNEL: &str = "case \
    when chat_start > 0 or chat_offered > 0 or chat_declined > 0 or chat_end > 0 then 'chat' \
    when click_to_call > 0 then 'call' \
    when click_to_text > 0 then 'text' \
    when click_to_email > 0 then 'email' \
    when click_to_direct_message > 0 then 'direct_message' \
    when callback then 'callback' \
    when reply_to then 'reply' end";

const CONTACT_REQUESTS: &str = "coalesce(chat_start, 0) + coalesce(click_to_call, 0) + coalesce(click_to_text, 0) \
    + coalesce(click_to_email, 0) + coalesce(click_to_direct_message, 0)";

/// The columns of `activity` and `contacts`, in their order.
pub(crate) const COLUMNS: &[ViewColumn] = &[
    column("time", "timestamp", Source::Field("timestamp"), "When it happened, by the sender's clock (UTC)."),
    column("id", "text", Source::Field("_id"), "The event's id."),
    column(
        "visitor",
        "text",
        Source::Identity(Asked::Visitor),
        "The first `ECID`; else the primary identity's id; else the first identity that has an id. A personal one (an address, a number, a hash of one) is a pseudonym, `k1:…`: the same for equal values.",
    ),
    column(
        "primary_identity",
        "text",
        Source::Identity(Asked::Primary),
        "The id of the identity that is marked primary, such as the account after a login; null if none is.",
    ),
    column("primary_namespace", "text", Source::Identity(Asked::PrimaryNamespace), "The namespace of that identity."),
    column(
        "session",
        "text",
        Source::Field("customerFeedback.chatSessionID"),
        "The chat system's key for the conversation.",
    ),
    column(
        "channel",
        "text",
        Source::Derived(CHANNEL),
        "The first that applies: `chat` (any chat counter above 0), `call`, `text`, `email`, `direct_message` (that click counter above 0), `callback`, `reply`; null if none does.",
    ),
    column(
        "contact_requests",
        "integer",
        Source::Derived(CONTACT_REQUESTS),
        "Chats started plus clicks of the four kinds; anomalies count as 0.",
    ),
    column("chat_offered", "integer", Source::Counter("customerFeedback.chatOffered"), "Chats offered to the visitor."),
    column(
        "chat_declined",
        "integer",
        Source::Counter("customerFeedback.chatDeclined"),
        "Chats declined by the visitor.",
    ),
    column("chat_start", "integer", Source::Counter("customerFeedback.chatStart"), "Chats started."),
    column("chat_end", "integer", Source::Counter("customerFeedback.chatEnd"), "Chats ended."),
    column(
        "click_to_call",
        "integer",
        Source::Counter("customerFeedback.clickToCall"),
        "Clicks on a telephone link; not connected calls.",
    ),
    column(
        "click_to_text",
        "integer",
        Source::Counter("customerFeedback.clickToText"),
        "Clicks on a link that opens a text message.",
    ),
    column("click_to_email", "integer", Source::Counter("customerFeedback.clickToEmail"), "Clicks on an e-mail link."),
    column(
        "click_to_direct_message",
        "integer",
        Source::Counter("customerFeedback.clickToDirectMessage"),
        "Uses of a message or feedback form.",
    ),
    column(
        "anomaly",
        "boolean",
        Source::Anomaly,
        "True if a counter is below 0 or above 1,000. That counter is null here; `events` keeps it as sent.",
    ),
    column("subject", "text", Source::Field("customerFeedback.subject"), "What the visitor wants help with."),
    column(
        "callback",
        "boolean",
        Source::Given("customerFeedback.callBackNumber"),
        "True if the event carries a callback number (the number itself is sealed).",
    ),
    column(
        "reply_to",
        "boolean",
        Source::Given("customerFeedback.replyToEmailAddress"),
        "True if the event carries a reply address (the address itself is sealed).",
    ),
    column("page_url", "text", Source::Field("web.webPageDetails.URL"), "The page's address."),
    column("page_name", "text", Source::Field("web.webPageDetails.name"), "The site's name for the page."),
    column("site_section", "text", Source::Field("web.webPageDetails.siteSection"), "Part of the site."),
    column("referrer", "text", Source::Field("web.webReferrer.URL"), "Where the visitor came from."),
    column("event_type", "text", Source::Field("eventType"), "The event's type."),
    column("device_type", "text", Source::Field("device.type"), "Kind of device."),
    column(
        "derived",
        "text",
        Source::Field("derived"),
        "The count of this row that was not sent but concluded from the clicked link, such as `clickToCall`; null if all was sent.",
    ),
    column("datastream", "text", Source::Field("datastream"), "The datastream it came in by."),
    column("received_at", "timestamp", Source::Field("received_at"), "When Frontdesk took it in (UTC)."),
    column(
        "event_date",
        "date",
        Source::Field("event_date"),
        "UTC date of `time`. The tables are partitioned by it: name it in a where clause and only those days are read.",
    ),
    column(
        "contact",
        "boolean",
        Source::Given("customerFeedback"),
        "True if the event carries `customerFeedback`; always true in `contacts`.",
    ),
];

/// The function behind the column `sealed_bytes`.
pub(crate) fn length_udf() -> ScalarUDF {
    let lengths = |arguments: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        Ok(ColumnarValue::Array(length(arrays[0].as_ref())?))
    };
    create_udf(LENGTH_FUNCTION, vec![DataType::Binary], DataType::Int32, Volatility::Immutable, Arc::new(lengths))
}

/// Those of [`NAMES`] that a statement needs: the ones it refers to, or all of them when
/// it asks what there is. Planning the flat views costs more than a small query does.
pub(crate) fn needed(references: &[TableReference]) -> Vec<&'static str> {
    let asks_what_there_is = references.iter().any(|reference| reference.schema() == Some("information_schema"));
    let is_needed = |name: &&str| asks_what_there_is || references.iter().any(|reference| reference.table() == *name);
    NAMES.into_iter().filter(is_needed).collect()
}

/// Makes these names available to a query.
pub(crate) async fn register(
    context: &SessionContext,
    names: &[&'static str],
    events: &Arc<dyn TableProvider>,
    rejects: &Arc<dyn TableProvider>,
) -> Result<()> {
    let mut views = Vec::with_capacity(names.len());
    for name in names {
        let (source, provider) = if *name == "rejects" { ("rejects", rejects) } else { ("events", events) };
        let sql = match *name {
            "contacts" => contacts(&provider.schema()),
            "activity" => activity(&provider.schema()),
            table => open(&provider.schema(), table),
        };
        // The stored table has the name only while the view over it is planned; a reader
        // finds the view under it.
        context.register_table(source, Arc::clone(provider))?;
        let plan = context.state().create_logical_plan(&sql).await;
        context.deregister_table(source)?;
        views.push((*name, ViewTable::new(plan?, Some(sql))));
    }
    for (name, view) in views {
        context.register_table(name, Arc::new(view))?;
    }
    Ok(())
}

/// Every field below the table's columns, as a dotted path; what a reader can write.
pub(crate) fn paths(schema: &Schema) -> Vec<String> {
    fn walk(fields: &Fields, prefix: &str, out: &mut Vec<String>) {
        for field in fields.iter().filter(|field| field.name() != SEALED) {
            let path = if prefix.is_empty() { field.name().clone() } else { format!("{prefix}.{}", field.name()) };
            if let DataType::Struct(inner) = field.data_type() {
                walk(inner, &path, out);
            }
            out.push(path);
        }
    }
    let mut out = Vec::new();
    walk(schema.fields(), "", &mut out);
    out
}

/// A table with every column but the sealed one, which is shown as its length.
fn open(schema: &Schema, table: &str) -> String {
    let columns: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| match field.name().as_str() {
            SEALED => format!("{LENGTH_FUNCTION}({SEALED}) as sealed_bytes"),
            name => quote(name),
        })
        .collect();
    format!("select {} from {table}", columns.join(", "))
}

fn contacts(schema: &Schema) -> String {
    format!("select * from ({}) where contact", activity(schema))
}

fn activity(schema: &Schema) -> String {
    let inner: Vec<String> = COLUMNS
        .iter()
        .filter_map(|column| Some(format!("{} as {}", inner_sql(schema, &column.source)?, quote(column.name))))
        .collect();
    let outer: Vec<String> = COLUMNS
        .iter()
        .map(|column| match column.source {
            Source::Derived(sql) => format!("{sql} as {}", quote(column.name)),
            _ => quote(column.name),
        })
        .collect();
    format!("select {} from (select {} from events) as flat", outer.join(", "), inner.join(", "))
}

fn inner_sql(schema: &Schema, source: &Source) -> Option<String> {
    Some(match source {
        Source::Derived(_) => return None,
        Source::Field(path) => field(schema, path).unwrap_or_else(|| "cast(null as varchar)".to_owned()),
        Source::Counter(path) => match field(schema, path) {
            Some(sql) => format!("case when {sql} between 0 and {COUNTER_MAX} then {sql} end"),
            None => "cast(null as bigint)".to_owned(),
        },
        Source::Given(path) => {
            field(schema, path).map_or_else(|| "false".to_owned(), |sql| format!("{sql} is not null"))
        }
        Source::Anomaly => anomaly(schema),
        Source::Identity(asked) => match field(schema, "identityMap") {
            Some(sql) => format!("{}({sql})", asked.function()),
            None => "cast(null as varchar)".to_owned(),
        },
    })
}

fn anomaly(schema: &Schema) -> String {
    let tests: Vec<String> = COLUMNS
        .iter()
        .filter_map(|column| match column.source {
            Source::Counter(path) => field(schema, path),
            _ => None,
        })
        .map(|sql| format!("coalesce({sql} not between 0 and {COUNTER_MAX}, false)"))
        .collect();
    if tests.is_empty() { "false".to_owned() } else { tests.join(" or ") }
}

/// The SQL that reads a dotted path, or `None` where the schema has no such field.
fn field(schema: &Schema, path: &str) -> Option<String> {
    let mut parts = path.split('.');
    let root = parts.next()?;
    let mut kind = schema.field_with_name(root).ok()?.data_type();
    let mut sql = quote(root);
    for part in parts {
        let DataType::Struct(fields) = kind else { return None };
        kind = fields.find(part)?.1.data_type();
        sql = format!("{sql}['{part}']");
    }
    Some(sql)
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
