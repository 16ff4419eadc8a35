//! How long a commit of one small file takes, with few and with many live files.
//!
//! `cargo run -p table --example commit_latency [directory]`

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ambient::SystemClock;
use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use table::{CompactPolicy, Dataset, Root, Store, StoreOptions, Txn};

const ROWS: i64 = 200;
const COMMITS: usize = 60;
const DAY: i32 = 20_779;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let root = std::env::args().nth(1).map_or_else(|| std::env::temp_dir().join("commit_latency"), PathBuf::from);
    let _ = std::fs::remove_dir_all(&root);
    let clock = Arc::new(SystemClock);
    let opened = Instant::now();
    let events = Store::open(StoreOptions::new(Root::Dir(root.clone()), schema(), clock)).await?.events;
    report(&format!("both tables made in {} ms", opened.elapsed().as_millis()));
    let mut version = 0;
    for live in [5, 100] {
        while events.stats().files < live {
            commit(&events, &mut version).await?;
        }
        let (mut files, mut commits) = (Vec::new(), Vec::new());
        for _ in 0..COMMITS {
            let (file, commit) = commit(&events, &mut version).await?;
            files.push(file);
            commits.push(commit);
            keep_live(&events, live).await?;
        }
        report(&format!(
            "{live:>3} live files: write {} rows + fsync p50 {} p99 {}; commit p50 {} p99 {}",
            ROWS,
            percentile(&mut files, 50),
            percentile(&mut files, 99),
            percentile(&mut commits, 50),
            percentile(&mut commits, 99),
        ));
    }
    queries(&events).await?;
    let compacting = Instant::now();
    let compacted = events.compact(CompactPolicy { files_min: 2, ..CompactPolicy::default() }).await?;
    report(&format!("{compacted:?} in {} ms", compacting.elapsed().as_millis()));
    queries(&events).await?;
    scan_ids(&events).await?;
    Ok(std::fs::remove_dir_all(&root)?)
}

/// Writes and commits one file: the time of each step.
async fn commit(events: &Dataset, version: &mut i64) -> Result<(Duration, Duration), Failure> {
    let rows = rows(*version * ROWS, ROWS);
    *version += 1;
    let started = Instant::now();
    let files = events.write_rows(&rows)?;
    let written = started.elapsed();
    let txn = Txn { app: "journal", version: *version };
    let _ = events.commit(txn, files, Vec::new()).await?;
    Ok((written, started.elapsed() - written))
}

/// Merges when the number of files has grown by half, so that it stays about the same.
async fn keep_live(events: &Dataset, live: u64) -> Result<(), Failure> {
    if live < 10 && events.stats().files > live + live / 2 {
        events.compact(CompactPolicy { files_min: 2, target_bytes: 60_000, ..CompactPolicy::default() }).await?;
    }
    Ok(())
}

async fn queries(events: &Dataset) -> Result<(), Failure> {
    for sql in ["select count(*) from events", "select datastream, count(*), max(timestamp) from events group by 1"] {
        let mut times = Vec::new();
        for _ in 0..20 {
            let started = Instant::now();
            test_query::query("events", events.provider(), sql).await?;
            times.push(started.elapsed());
        }
        report(&format!("{} files: {} for {sql}", events.stats().files, percentile(&mut times, 50)));
    }
    Ok(())
}

async fn scan_ids(events: &Dataset) -> Result<(), Failure> {
    const MANY: i64 = 1_000_000;
    let files = events.write_rows(&rows(10_000_000, MANY))?;
    let more = events.write_rows(&rows(20_000_000, MANY))?;
    let _ = events.commit(Txn { app: "load", version: 1 }, files.into_iter().chain(more).collect(), Vec::new()).await?;
    let started = Instant::now();
    let mut bytes = 0;
    let rows = events.scan_ids(&|_| true, &mut |row| bytes += row.id.len()).await?;
    report(&format!("scan_ids: {rows} rows, {bytes} bytes of ids in {} ms", started.elapsed().as_millis()));
    Ok(())
}

fn schema() -> SchemaRef {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let mut fields = vec![
        Field::new("_id", DataType::Utf8, true),
        Field::new("timestamp", instant.clone(), true),
        Field::new("received_at", instant, true),
        Field::new("datastream", DataType::Utf8, true),
        Field::new("content_mac", DataType::Int64, true),
    ];
    fields.extend((0..30).map(|n| Field::new(format!("text{n}"), DataType::Utf8, true)));
    fields.push(Field::new("event_date", DataType::Date32, true));
    Arc::new(Schema::new(fields))
}

fn rows(from: i64, count: i64) -> RecordBatch {
    let numbers = || from..from + count;
    let instants = || {
        let micros = numbers().map(|n| i64::from(DAY) * 86_400_000_000 + n % 86_400_000 * 1_000);
        Arc::new(TimestampMicrosecondArray::from_iter_values(micros).with_timezone("UTC")) as ArrayRef
    };
    let id = |n: i64| format!("{:016x}-{:016x}", n.wrapping_mul(0x5851_F42D_4C95_7F2D), n);
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(numbers().map(id))),
        instants(),
        instants(),
        Arc::new(StringArray::from_iter_values(numbers().map(|n| ["web", "app"][n as usize % 2]))),
        Arc::new(Int64Array::from_iter_values(numbers().map(|n| n.wrapping_mul(0x5851_F42D_4C95_7F2D)))),
    ];
    let text = |k: i64| {
        Arc::new(StringArray::from_iter_values(numbers().map(|n| format!("value {}", (n * k) % 17)))) as ArrayRef
    };
    columns.extend((0..30).map(text));
    columns.push(Arc::new(Date32Array::from(vec![DAY; count as usize])));
    RecordBatch::try_new(schema(), columns).expect("one column per field")
}

fn percentile(times: &mut [Duration], percent: usize) -> String {
    times.sort_unstable();
    let time = times[(times.len() - 1) * percent / 100];
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

#[expect(clippy::print_stdout, reason = "the figures are this program's output")]
fn report(line: &str) {
    println!("{line}");
}
