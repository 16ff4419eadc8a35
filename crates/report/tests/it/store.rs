//! Over the real store: the fixture's events, decoded, sealed, encoded and committed
//! (the third day still fresh), give the same report as the rows written by hand.

use std::path::Path;
use std::sync::Arc;

use ambient::ManualClock;
use chrono::DateTime;
use report::{ContactsReport, Period, QueryLimits, Session};
use serde_json::Value;
use table::{Block, EncodeOptions, Encoder, FileEncoder, Partition, Root, Row, Seal, Shape, Store, StoreOptions, Txn};
use xdm::{Checker, Profile, Verdict};

use crate::fixture;

/// Made-up values that must not be found by any query.
const PHONE: &str = "+1-408-555-0100";
const EMAIL: &str = "jo@shop.example";

/// Not a cipher: it hides the text, and its length tells that something was sealed.
struct Hide;

impl Seal for Hide {
    fn seal(&self, _context: &[u8], plain: &[u8], out: &mut Vec<u8>) {
        out.extend(plain.iter().map(|byte| !byte));
    }

    fn pseudonym(&self, value: &[u8], out: &mut Vec<u8>) {
        out.extend(value.iter().rev());
    }
}

fn micros(row: &Value, column: &str) -> i64 {
    DateTime::parse_from_rfc3339(row[column].as_str().unwrap()).unwrap().timestamp_micros()
}

/// The event as a sender would send it: without our own columns, with what is sealed. The
/// rows in memory are as older versions wrote them, without ids for e-mail identities.
fn as_sent(row: &Value, email: Option<&str>) -> String {
    let mut event = row.clone();
    for own in ["received_at", "event_date", "datastream", "sealed", "extra"] {
        event.as_object_mut().unwrap().remove(own);
    }
    if let Some(number) = event.pointer_mut("/customerFeedback/callBackNumber") {
        number["number"] = PHONE.into();
    }
    if let Some((identity, email)) = event.pointer_mut("/identityMap/Email/0").zip(email) {
        identity["id"] = email.into();
    }
    event.to_string()
}

fn block_of(shape: &Arc<Shape>, date: &str, email: Option<&str>) -> Block {
    let mut block = Block::new(Arc::clone(shape), Arc::new(Hide));
    let mut checker = Checker::new(xdm::standard_plan(), Profile::spec());
    for row in fixture::events().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if row["event_date"] == date {
            let verdict = checker.check(&as_sent(&row, email), &mut block);
            assert_eq!(verdict, Verdict::Valid, "{:?}", checker.violations());
            let received_micros = micros(&row, "received_at");
            let datastream = row["datastream"].as_str().unwrap();
            let (minted_id, request_id, derived, time_anomaly) = (None, None, None, None);
            block.commit(Row {
                minted_id,
                received_micros,
                datastream,
                request_id,
                content_mac: 1,
                derived,
                time_anomaly,
            });
        }
    }
    block.protect();
    block
}

async fn store(dir: &Path, email: Option<&str>) -> Store {
    let shape = Arc::new(Shape::new(Arc::clone(xdm::standard_plan().layout())).unwrap());
    let clock = Arc::new(ManualClock::at(1_793_880_000_000_000));
    let options = StoreOptions::new(Root::Dir(dir.to_owned()), shape.arrow_schema(), clock);
    let store = Store::open(options).await.unwrap();
    let mut files = Vec::new();
    for date in ["2026-11-01", "2026-11-02"] {
        let block = block_of(&shape, date, email);
        let encoder = Encoder::new(Arc::clone(&shape), EncodeOptions::default()).unwrap();
        let file = store.events.create_file(Partition(block.dates()[0])).unwrap();
        let mut file = FileEncoder::new(encoder, file).unwrap();
        file.push(&block).unwrap();
        let (_, file, summary) = file.finish().unwrap();
        files.push(file.finish(summary.into()).unwrap());
    }
    let fresh = vec![block_of(&shape, "2026-11-03", email).to_arrow()];
    let committed = store.events.commit(Txn { app: "journal", version: 1 }, files, fresh).await.unwrap();
    assert!(matches!(committed, table::Committed::At(_)));
    store.rejects.set_fresh(fixture::rejects()).unwrap();
    store
}

async fn csv(session: &Session, sql: &str) -> String {
    let mut out = Vec::new();
    session.query(sql, QueryLimits::default()).await.unwrap().write_csv(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn gives_the_same_report_as_rows_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let session = Session::new(store(dir.path(), None).await);
    let now = DateTime::from_timestamp(1_793_880_000, 0).unwrap();
    let period = Period::parse("2026-11-01", Some("2026-11-03"), now).unwrap();
    let report = ContactsReport::run(&session, &period, QueryLimits::default()).await.unwrap();
    assert_eq!(report, crate::report::run("week", "2026-11-01", Some("2026-11-03")).await);
    assert_eq!(report.totals.channels.len(), 5);
}

#[tokio::test]
async fn shows_nothing_personal_and_reads_only_the_days_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let session = Session::new(store(dir.path(), Some(EMAIL)).await);
    for table in ["events", "activity", "contacts", "rejects"] {
        let rows = csv(&session, &format!("select * from {table}")).await;
        assert!(rows.lines().count() > 5, "{table}: {rows}");
        assert!(!rows.contains(PHONE) && !rows.contains(EMAIL), "{table}");
    }
    // The numbers of e03 and e12, the addresses of e09 and e13.
    let sealed = csv(&session, "select _id from events where sealed_bytes > 0 order by _id").await;
    assert_eq!(sealed, "_id\ne03\ne09\ne12\ne13\n");
    let flags =
        csv(&session, "select id, visitor from contacts where callback or id in ('e09', 'e13') order by id").await;
    // Hidden as a pseudonym is here: backwards.
    assert_eq!(flags, "id,visitor\ne03,v-anna\ne09,elpmaxe.pohs@oj\ne12,v-cleo\ne13,elpmaxe.pohs@oj\n");
    let plan = csv(&session, "explain select count(*) from contacts where event_date = '2026-11-01'").await;
    assert!(plan.contains("event_date=2026-11-01") && !plan.contains("event_date=2026-11-02"), "{plan}");
}
