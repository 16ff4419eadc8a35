//! The tables as a reader sees them: `events` and `rejects` without their sealed bytes,
//! and flat views over `events`.
//!
//! * `activity`: a row per event, whatever it carries. Metrics are computed over it,
//!   since a rate needs the visitors who did not ask for contact as well.
//! * `contacts`: the rows of `activity` whose event carries `customerFeedback`.
//!
//! Over these stand the views of what several events say together ([`derived`]).
//!
//! A view's column is null where the table's schema has no such field, so that a store
//! with fewer field groups, or one written by an older version, still reads.

pub(crate) mod columns;
pub(crate) mod derived;

use std::sync::Arc;

use datafusion::arrow::compute::kernels::length::length;
use datafusion::arrow::datatypes::{DataType, Fields, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::{Result, TableReference};
use datafusion::datasource::ViewTable;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use summary::{DAY_CLOSES_AFTER_MICROS, DAY_MICROS};

use self::columns::{COLUMNS, ColumnSource};
use self::derived::DERIVED;
use crate::metrics::{COUNTER_MAX, Channel};
use crate::surroundings::{DEVICE, REFERRER};

/// Everything a query can name in its FROM clause. What others are computed over comes first.
pub(crate) const NAMES: [&str; 8] =
    ["contacts", "activity", "events", "rejects", DERIVED[0].name, DERIVED[1].name, DERIVED[2].name, DERIVED[3].name];

/// The ciphertext column of both tables; never selected, see the crate's front page.
const SEALED: &str = "sealed";

const NULL_TEXT: &str = "cast(null as varchar)";

/// A page's address without its query and fragment; its name where there is no address.
const PAGE: &str = "coalesce(nullif(split_part(split_part(page_url, '?', 1), '#', 1), ''), nullif(page_name, ''))";

/// Length of a binary value; the engine's own `octet_length` takes text only.
const LENGTH_FUNCTION: &str = "byte_length";

/// The function behind the column `sealed_bytes`.
pub(crate) fn length_udf() -> ScalarUDF {
    let lengths = |arguments: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        Ok(ColumnarValue::Array(length(arrays[0].as_ref())?))
    };
    create_udf(LENGTH_FUNCTION, vec![DataType::Binary], DataType::Int32, Volatility::Immutable, Arc::new(lengths))
}

/// Those of [`NAMES`] that a statement needs: the ones it refers to, or all of them when
/// it asks what there is, and what those are computed over. Planning the views costs more than a
/// small query does.
pub(crate) fn needed(references: &[TableReference]) -> Vec<&'static str> {
    let asks_what_there_is =
        references.iter().any(|reference| matches!(reference.schema(), Some("information_schema" | "pg_catalog")));
    let is_named = |name: &str| asks_what_there_is || references.iter().any(|reference| reference.table() == name);
    let is_needed =
        |name: &&str| is_named(name) || DERIVED.iter().any(|view| view.over == *name && is_named(view.name));
    NAMES.into_iter().filter(is_needed).collect()
}

/// Makes these names available to a query.
pub(crate) async fn register(
    state: &SessionState,
    names: &[&'static str],
    events: &Arc<dyn TableProvider>,
    rejects: &Arc<dyn TableProvider>,
) -> Result<()> {
    let schema = state.schema_for_ref("events")?;
    let (derived, flat): (Vec<&'static str>, Vec<&'static str>) =
        names.iter().partition(|name| DERIVED.iter().any(|view| view.name == **name));
    let mut views = Vec::with_capacity(flat.len());
    for name in &flat {
        let (source, provider) = if *name == "rejects" { ("rejects", rejects) } else { ("events", events) };
        let sql = match *name {
            "contacts" => contacts(&provider.schema()),
            "activity" => activity(&provider.schema()),
            table => open(&provider.schema(), table),
        };
        // The stored table has the name only while the view over it is planned; a reader
        // finds the view under it.
        schema.register_table(source.to_owned(), Arc::clone(provider))?;
        let plan = state.create_logical_plan(&sql).await;
        schema.deregister_table(source)?;
        views.push((*name, ViewTable::new(plan?, Some(sql))));
    }
    for (name, view) in views {
        schema.register_table(name.to_owned(), Arc::new(view))?;
    }
    for view in DERIVED.iter().filter(|view| derived.contains(&view.name)) {
        let sql = view.sql();
        let plan = state.create_logical_plan(&sql).await?;
        schema.register_table(view.name.to_owned(), Arc::new(ViewTable::new(plan, Some(sql))))?;
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
    activity_with(schema, &[])
}

/// What begins the name of a column of `events` that stands beside those of `activity`.
pub(crate) const SENT: &str = "sent ";

/// The name of such a column, quoted.
pub(crate) fn sent(root: &str) -> String {
    quote(&format!("{SENT}{root}"))
}

/// Whether a table has a column of this name that readers see as it is.
pub(crate) fn is_open(schema: &Schema, name: &str) -> bool {
    name != SEALED && schema.field_with_name(name).is_ok()
}

/// The rows of `activity`, with columns of `events` beside its own, under the names that [`sent`] makes.
pub(crate) fn activity_with(schema: &Schema, roots: &[&str]) -> String {
    let beside = || roots.iter().map(|root| sent(root));
    let inner = COLUMNS
        .iter()
        .filter_map(|column| Some(format!("{} as {}", inner_sql(schema, &column.source)?, quote(column.name))));
    let inner: Vec<String> =
        inner.chain(roots.iter().map(|root| format!("{} as {}", quote(root), sent(root)))).collect();
    let outer: Vec<String> = COLUMNS
        .iter()
        .map(|column| match column.source {
            ColumnSource::Channel => format!("{} as {}", channel(), quote(column.name)),
            ColumnSource::ContactRequests => format!("{} as {}", contact_requests(), quote(column.name)),
            ColumnSource::Page => format!("{PAGE} as {}", quote(column.name)),
            ColumnSource::Referrer => format!("{REFERRER}(referrer_url, page_url) as {}", quote(column.name)),
            _ => quote(column.name),
        })
        .chain(beside())
        .collect();
    format!("select {} from (select {} from events) as flat", outer.join(", "), inner.join(", "))
}

fn inner_sql(schema: &Schema, source: &ColumnSource) -> Option<String> {
    Some(match source {
        ColumnSource::Channel | ColumnSource::ContactRequests | ColumnSource::Page | ColumnSource::Referrer => {
            return None;
        }
        ColumnSource::Late => late(schema),
        ColumnSource::Device => device(schema),
        ColumnSource::Field(path) => field(schema, path).unwrap_or_else(|| NULL_TEXT.to_owned()),
        ColumnSource::Key(path) => {
            field(schema, path).map_or_else(|| NULL_TEXT.to_owned(), |sql| format!("nullif({sql}, '')"))
        }
        ColumnSource::Counter(counter) => match field(schema, counter.field()) {
            Some(sql) => format!("case when {sql} between 0 and {COUNTER_MAX} then {sql} end"),
            None => "cast(null as bigint)".to_owned(),
        },
        ColumnSource::Given(path) => {
            field(schema, path).map_or_else(|| "false".to_owned(), |sql| format!("{sql} is not null"))
        }
        ColumnSource::Anomaly => anomaly(schema),
        ColumnSource::Identity(part) => match field(schema, "identityMap") {
            Some(sql) => format!("{}({sql})", part.function()),
            None => NULL_TEXT.to_owned(),
        },
    })
}

/// The kind of device by what the schema has of its signs.
fn device(schema: &Schema) -> String {
    let sign = |path: &str, kind: &str| field(schema, path).unwrap_or_else(|| format!("cast(null as {kind})"));
    let [kind, environment] = ["device.type", "environment.type"].map(|path| sign(path, "varchar"));
    let [width, height] = ["device.screenWidth", "device.screenHeight"].map(|path| sign(path, "bigint"));
    let window = sign("environment.browserDetails.viewportWidth", "bigint");
    format!("{DEVICE}({kind}, {environment}, {width}, {height}, {window})")
}

/// The first channel that a counter above 0 shows; else what was left behind to be called or
/// written back.
fn channel() -> String {
    let cases = Channel::ALL.map(|channel| {
        let shown: Vec<String> = channel.counters().iter().map(|counter| format!("{} > 0", counter.column())).collect();
        format!("when {} then '{}'", shown.join(" or "), channel.name())
    });
    format!("case {} when callback then 'callback' when reply_to then 'reply' end", cases.join(" "))
}

fn contact_requests() -> String {
    Channel::ALL.map(|channel| format!("coalesce({}, 0)", channel.requests().column())).join(" + ")
}

/// Whether the day was closed when its sender's request came in. What was loaded from a file came in no request, and
/// was no sender's to send in time.
fn late(schema: &Schema) -> String {
    let closes_after_hours = (DAY_MICROS + DAY_CLOSES_AFTER_MICROS) / 3_600_000_000;
    let [Some(time), Some(received_at)] = ["timestamp", "received_at"].map(|path| field(schema, path)) else {
        return "false".to_owned();
    };
    let by_request = field(schema, "request_id").map_or_else(|| "false".to_owned(), |id| format!("{id} is not null"));
    let is_after = format!("{received_at} >= date_trunc('day', {time}) + interval '{closes_after_hours}' hour");
    format!("coalesce({by_request} and {is_after}, false)")
}

fn anomaly(schema: &Schema) -> String {
    let tests: Vec<String> = COLUMNS
        .iter()
        .filter_map(|column| match column.source {
            ColumnSource::Counter(counter) => field(schema, counter.field()),
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
