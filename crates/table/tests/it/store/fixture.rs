//! A small table with every kind of nesting, and rows for it. All values are made up.

use std::path::Path;
use std::sync::Arc;

use ambient::{Clock as _, ManualClock, SystemClock};
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Float64Array, Int64Array, ListArray, MapArray, RecordBatch,
    StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use table::{Committed, Dataset, Partition, Root, Store, StoreOptions, Txn};

pub(super) const DAY: i32 = 20_779;
pub(super) const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A clock that the test moves. It starts at the system's time, since files carry that.
pub(super) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(SystemClock.now_micros()))
}

pub(super) fn options(dir: &Path) -> StoreOptions {
    StoreOptions::new(Root::Dir(dir.to_owned()), events_schema(), clock())
}

pub(super) async fn open(dir: &Path) -> Store {
    Store::open(options(dir)).await.unwrap()
}

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

fn feedback_fields() -> Fields {
    let start = Fields::from(vec![field("value", DataType::Float64), field("byAgent", DataType::Boolean)]);
    Fields::from(vec![field("chatStart", DataType::Struct(start)), field("subject", DataType::Utf8)])
}

fn item_fields() -> Fields {
    Fields::from(vec![field("sku", DataType::Utf8), field("tags", tags_type())])
}

fn tags_type() -> DataType {
    DataType::List(Arc::new(field("element", DataType::Utf8)))
}

fn entry_fields() -> Fields {
    Fields::from(vec![Field::new("key", DataType::Utf8, false), field("value", DataType::Utf8)])
}

pub(super) fn events_schema() -> SchemaRef {
    let entries = Arc::new(Field::new("key_value", DataType::Struct(entry_fields()), false));
    Arc::new(Schema::new(vec![
        field("_id", DataType::Utf8),
        field("timestamp", instant()),
        field("customerFeedback", DataType::Struct(feedback_fields())),
        field("items", DataType::List(Arc::new(field("element", DataType::Struct(item_fields()))))),
        field("labels", DataType::Map(entries, false)),
        field("received_at", instant()),
        field("datastream", DataType::Utf8),
        field("content_mac", DataType::Int64),
        field("sealed", DataType::Binary),
        field("event_date", DataType::Date32),
    ]))
}

/// Rows `from..to` of one day. Every third lacks its nested parts, and lists have 0 to 2 items.
pub(super) fn rows(from: i64, to: i64, day: i32) -> RecordBatch {
    let ids: Vec<i64> = (from..to).collect();
    let instants: Vec<i64> = ids.iter().map(|id| i64::from(day) * MICROS_PER_DAY + id * 1_000).collect();
    let instants = || Arc::new(TimestampMicrosecondArray::from(instants.clone()).with_timezone("UTC")) as ArrayRef;
    let present = NullBuffer::from(ids.iter().map(|id| id % 3 != 0).collect::<Vec<_>>());
    let text = |prefix: &str| StringArray::from_iter_values(ids.iter().map(|id| format!("{prefix}{id}")));
    // Null inside where the outside is null: DataFusion's field access looks inside only.
    let inside = |id: &i64| id % 3 != 0;
    let chat_start = StructArray::new(
        Fields::from(vec![field("value", DataType::Float64), field("byAgent", DataType::Boolean)]),
        vec![
            Arc::new(ids.iter().map(|id| inside(id).then_some(*id as f64)).collect::<Float64Array>()),
            Arc::new(ids.iter().map(|id| inside(id).then_some(id % 2 == 0)).collect::<BooleanArray>()),
        ],
        Some(present.clone()),
    );
    let subject = ids.iter().map(|id| inside(id).then(|| format!("subject {id}"))).collect::<StringArray>();
    let feedback =
        StructArray::new(feedback_fields(), vec![Arc::new(chat_start), Arc::new(subject)], Some(present.clone()));
    let counts: Vec<usize> = ids.iter().map(|id| (id % 3) as usize).collect();
    let total: usize = counts.iter().sum();
    let tags = ListArray::new(
        Arc::new(field("element", DataType::Utf8)),
        OffsetBuffer::from_lengths((0..total).map(|n| n % 2)),
        Arc::new(StringArray::from_iter_values((0..total).filter(|n| n % 2 == 1).map(|n| format!("tag{n}")))),
        None,
    );
    let items = StructArray::new(
        item_fields(),
        vec![Arc::new(StringArray::from_iter_values((0..total).map(|n| format!("sku{n}")))), Arc::new(tags)],
        None,
    );
    let items = ListArray::new(
        Arc::new(field("element", DataType::Struct(item_fields()))),
        OffsetBuffer::from_lengths(counts.iter().copied()),
        Arc::new(items),
        Some(present.clone()),
    );
    let entries = StructArray::new(entry_fields(), vec![Arc::new(text("k")), Arc::new(text("v"))], None);
    let labels = MapArray::new(
        Arc::new(Field::new("key_value", DataType::Struct(entry_fields()), false)),
        OffsetBuffer::from_lengths(ids.iter().map(|_| 1)),
        entries,
        None,
        false,
    );
    let columns: Vec<ArrayRef> = vec![
        Arc::new(text("e")),
        instants(),
        Arc::new(feedback),
        Arc::new(items),
        Arc::new(labels),
        instants(),
        Arc::new(StringArray::from_iter_values(ids.iter().map(|_| "web"))),
        Arc::new(Int64Array::from(ids.clone())),
        Arc::new(BinaryArray::from_iter_values(ids.iter().map(|id| id.to_le_bytes()))),
        Arc::new(Date32Array::from(vec![day; ids.len()])),
    ];
    RecordBatch::try_new(events_schema(), columns).unwrap()
}

/// Commits rows as application `journal`, up to and including `to - 1`.
pub(super) async fn commit(dataset: &Dataset, from: i64, to: i64, day: i32) -> Committed {
    let files = dataset.write_rows(&rows(from, to, day)).unwrap();
    dataset.commit(Txn { app: "journal", version: to - 1 }, files, Vec::new()).await.unwrap()
}

pub(super) async fn query(dataset: &Dataset, sql: &str) -> Vec<RecordBatch> {
    test_query::query(dataset.name(), dataset.provider(), sql).await.unwrap()
}

/// The first cell of the first row, as text.
pub(super) async fn scalar(dataset: &Dataset, sql: &str) -> String {
    let batches = query(dataset, sql).await;
    arrow::util::display::array_value_to_string(batches[0].column(0), 0).unwrap()
}

/// Rows and distinct ids, which are the same when each is seen exactly once.
pub(super) async fn counts(dataset: &Dataset) -> (i64, i64) {
    let sql = "select count(*), count(distinct \"_id\") from events";
    let batches = query(dataset, sql).await;
    let value = |column: usize| {
        use arrow::array::AsArray;
        batches[0].column(column).as_primitive::<arrow::datatypes::Int64Type>().value(0)
    };
    (value(0), value(1))
}

pub(super) fn log_entry(dir: &Path, table: &str, version: u64) -> std::path::PathBuf {
    dir.join(table).join("_delta_log").join(format!("{version:020}.json"))
}

/// Data files on the disk, in the log or not.
pub(super) fn data_files(dir: &Path, table: &str) -> usize {
    let partitions = std::fs::read_dir(dir.join(table)).unwrap().map(|entry| entry.unwrap().path());
    let partitions = partitions.filter(|path| path.is_dir() && !path.ends_with("_delta_log"));
    partitions.map(|path| std::fs::read_dir(path).unwrap().count()).sum()
}

pub(super) fn partition() -> Partition {
    Partition(DAY)
}
