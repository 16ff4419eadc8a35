//! Rejects are kept, can be queried, and show nothing of what was sent.

use arrow::util::display::array_value_to_string;
use parquet::basic::Type;
use parquet::file::reader::{FileReader, SerializedFileReader};
use table::{Committed, RejectBuilder, RejectKind, RejectRow, Txn};

use super::fixture::*;

const PAYLOAD: &str = "{\"phone\":\"+00 555 0100\"}";

fn row<'a>(id: &'a str, received_micros: i64, sealed: &'a [u8]) -> RejectRow<'a> {
    RejectRow {
        reject_id: id,
        received_micros,
        datastream: "web",
        request_id: Some("r-1"),
        event_id: None,
        event_index: 0,
        kind: RejectKind::Invalid,
        keyword: Some("format"),
        pointer: Some("/phone"),
        violation_count: 1,
        violations: "[{\"keyword\":\"format\",\"instance\":\"***\"}]",
        sealed: Some(sealed),
    }
}

fn bytes_below(dir: &std::path::Path, into: &mut Vec<u8>) {
    for entry in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        match entry.is_dir() {
            true => bytes_below(&entry, into),
            false => into.extend(std::fs::read(entry).unwrap()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_show_nothing_of_the_payload() {
    let dir = tempfile::tempdir().unwrap();
    let rejects = open(dir.path()).await.rejects;
    // Stands for the vault's seal.
    let sealed: Vec<u8> = PAYLOAD.bytes().map(|byte| byte ^ 0xA5).collect();
    let mut builder = RejectBuilder::new();
    let noon = i64::from(DAY) * MICROS_PER_DAY;
    builder.push(&row("id-1", noon, &sealed));
    builder.push(&row("id-2", noon + MICROS_PER_DAY, &sealed));
    builder.push(&row("id-3", noon, &sealed));
    let batch = builder.finish();
    rejects.set_fresh(vec![batch.clone()]).unwrap();
    assert_eq!(scalar(&rejects, "select count(*) from rejects where kind = 'invalid'").await, "3");
    let files = rejects.write_rows(&batch).unwrap();
    assert_eq!(files.iter().map(|file| file.rows()).sum::<u64>(), 3);
    let files_count = files.len();
    let committed = rejects.commit(Txn { app: "journal", version: 1 }, files, Vec::new()).await.unwrap();
    assert_eq!((committed, files_count), (Committed::At(1), 2), "one file a day");
    assert_eq!(scalar(&rejects, "select count(*) from rejects where received_date = date '2026-11-23'").await, "1");

    for batch in query(&rejects, "select * from rejects").await {
        for (column, row) in (0..batch.num_columns()).flat_map(|c| (0..batch.num_rows()).map(move |r| (c, r))) {
            let shown = array_value_to_string(batch.column(column), row).unwrap();
            assert!(!shown.contains("555") && !shown.contains("phone\""), "{shown}");
        }
    }
    let mut bytes = Vec::new();
    bytes_below(dir.path(), &mut bytes);
    assert!(!String::from_utf8_lossy(&bytes).contains("555 0100"));
    let mut ids = Vec::new();
    rejects.scan_ids(&|_| true, &mut |row| ids.push(row.id.to_owned())).await.unwrap();
    ids.sort_unstable();
    assert_eq!(ids, ["id-1", "id-2", "id-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_log_nor_footer_holds_a_text_of_a_row() {
    let dir = tempfile::tempdir().unwrap();
    let events = open(dir.path()).await.events;
    let _ = commit(&events, 0, 10, DAY).await;
    let entry = std::fs::read_to_string(log_entry(dir.path(), "events", 1)).unwrap();
    assert!(entry.contains("2026-11-22T00:00:00.009Z"), "the range of the instants is there: {entry}");
    for text in ["\"e0", "\"e9", "subject", "web", "_id"] {
        assert!(!entry.contains(text), "{text} in {entry}");
    }
    let folder = dir.path().join("events/event_date=2026-11-22");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let footer = SerializedFileReader::new(std::fs::File::open(file).unwrap()).unwrap();
    for column in footer.metadata().row_group(0).columns() {
        let is_text = column.column_type() == Type::BYTE_ARRAY;
        assert_eq!(column.statistics().is_some(), !is_text, "{}", column.column_path());
        assert!(column.column_index_offset().is_none() || !is_text, "{}", column.column_path());
    }
    assert!(footer.metadata().file_metadata().key_value_metadata().is_none_or(|pairs| pairs.is_empty()));
}
