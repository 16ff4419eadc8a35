//! Hand-written rows in the shape that `table` gives them, as tables in memory.

use std::io::Cursor;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use report::{Session, Tables, TablesError};

const EVENTS: &str = include_str!("../fixtures/events.ndjson");
const CHATS: &str = include_str!("../fixtures/chats.ndjson");
const VISITS: &str = include_str!("../fixtures/visits.ndjson");
const ORIGINS: &str = include_str!("../fixtures/origins.ndjson");
const TIES: &str = include_str!("../fixtures/ties.ndjson");
const ZONES: &str = include_str!("../fixtures/zones.ndjson");
const REJECTS: &str = include_str!("../fixtures/rejects.ndjson");

/// Two tables that never change.
pub(crate) struct Fixture {
    events: Arc<dyn TableProvider>,
    rejects: Arc<dyn TableProvider>,
}

#[async_trait]
impl Tables for Fixture {
    async fn events(&self) -> Result<Arc<dyn TableProvider>, TablesError> {
        Ok(Arc::clone(&self.events))
    }

    async fn rejects(&self) -> Result<Arc<dyn TableProvider>, TablesError> {
        Ok(Arc::clone(&self.rejects))
    }
}

/// A session over the named rows: `week`, `chats`, `visits`, `origins`, `ties`, `zones` (events told in the `.slt` files of
/// these names), `empty` (no rows), `bare` (the events of `week` in a table without any field group).
pub(crate) fn session(name: &str) -> Session {
    let (events, rejects) = match name {
        "week" => (table(events_schema(), EVENTS), table(rejects_schema(), REJECTS)),
        "chats" => (table(events_schema(), CHATS), table(rejects_schema(), "")),
        "visits" => (table(events_schema(), VISITS), table(rejects_schema(), "")),
        "origins" => (table(events_schema(), ORIGINS), table(rejects_schema(), "")),
        "ties" => (table(events_schema(), TIES), table(rejects_schema(), "")),
        "zones" => (table(events_schema(), ZONES), table(rejects_schema(), "")),
        "empty" => (table(events_schema(), ""), table(rejects_schema(), "")),
        "bare" => (table(bare_schema(), EVENTS), table(rejects_schema(), REJECTS)),
        other => panic!("no fixture {other}"),
    };
    Session::new(Fixture { events, rejects })
}

/// The rows of `events` of the fixture `week`, a JSON object each.
pub(crate) fn events() -> impl Iterator<Item = &'static str> {
    EVENTS.lines()
}

/// The rows of `rejects` of the fixture `week`.
pub(crate) fn rejects() -> Vec<RecordBatch> {
    batches(&rejects_schema(), REJECTS)
}

fn table(schema: SchemaRef, rows: &str) -> Arc<dyn TableProvider> {
    let batches = batches(&schema, rows);
    Arc::new(MemTable::try_new(schema, vec![batches]).unwrap())
}

fn batches(schema: &SchemaRef, rows: &str) -> Vec<RecordBatch> {
    let reader = arrow::json::ReaderBuilder::new(Arc::clone(schema)).build(Cursor::new(rows.to_owned())).unwrap();
    reader.map(Result::unwrap).collect()
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn number(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn time(name: &str) -> Field {
    Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true)
}

fn group(name: &str, fields: Vec<Field>) -> Field {
    Field::new(name, DataType::Struct(Fields::from(fields)), true)
}

fn identity_map() -> Field {
    let identity =
        group("element", vec![text("id"), text("authenticatedState"), Field::new("primary", DataType::Boolean, true)]);
    let list = Field::new("value", DataType::List(Arc::new(identity)), true);
    let entry = DataType::Struct(Fields::from(vec![Field::new("key", DataType::Utf8, false), list]));
    Field::new("identityMap", DataType::Map(Arc::new(Field::new("key_value", entry, false)), false), true)
}

fn events_schema() -> SchemaRef {
    let feedback = vec![
        number("chatDeclined"),
        number("chatEnd"),
        number("chatOffered"),
        text("chatSessionID"),
        number("chatStart"),
        number("clickToCall"),
        number("clickToDirectMessage"),
        number("clickToEmail"),
        number("clickToText"),
        text("subject"),
        group("callBackNumber", vec![text("countryCode"), text("status")]),
        group("replyToEmailAddress", vec![text("type")]),
    ];
    let web = vec![
        group("webPageDetails", vec![text("URL"), text("name"), text("siteSection")]),
        group("webReferrer", vec![text("URL")]),
    ];
    let mut fields = vec![
        text("_id"),
        time("timestamp"),
        text("eventType"),
        identity_map(),
        group("customerFeedback", feedback),
        group("web", web),
        group("device", vec![text("type"), number("screenWidth"), number("screenHeight")]),
        group("environment", vec![text("type"), group("browserDetails", vec![number("viewportWidth")])]),
    ];
    fields.extend(own_fields());
    Arc::new(Schema::new(fields))
}

fn bare_schema() -> SchemaRef {
    let mut fields = vec![text("_id"), time("timestamp")];
    fields.extend(own_fields());
    Arc::new(Schema::new(fields))
}

fn own_fields() -> Vec<Field> {
    vec![
        time("received_at"),
        text("datastream"),
        text("request_id"),
        number("content_mac"),
        text("extra"),
        text("time_anomaly"),
        Field::new("sealed", DataType::Binary, true),
        Field::new("event_date", DataType::Date32, true),
    ]
}

fn rejects_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("reject_id"),
        time("received_at"),
        text("datastream"),
        text("request_id"),
        text("event_id"),
        Field::new("event_index", DataType::Int32, true),
        text("kind"),
        text("keyword"),
        text("pointer"),
        Field::new("violation_count", DataType::Int32, true),
        text("violations"),
        Field::new("sealed", DataType::Binary, true),
        Field::new("received_date", DataType::Date32, true),
    ]))
}
