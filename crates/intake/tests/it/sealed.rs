//! Nothing personal lies in clear in the data directory: every byte of every file is
//! searched, with the data pages of the tables unpacked as well.

use std::fs;
use std::path::Path;

use arrow::util::display::array_value_to_string;
use intake::{LoadInput, LoadOptions, NoProgress, Request, load};
use table::Dataset;

use crate::bench::*;

const PERSONAL: [&str; 4] = ["1-408-555-0143", "marker@shop.example", "Marker Mustermann", "x4711x"];

/// The same where no schema marks them; each stands in one place of [`misplaced`].
const MISPLACED: [&str; 13] = [
    "408-555-0151",
    "root@shop.example",
    "Markfirst",
    "crm@shop.example",
    "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "4085550152",
    "+14085550153",
    "page@shop.example",
    "4085550154",
    "referrer@shop.example",
    "subject@shop.example",
    "chat@shop.example",
    "key@shop.example",
];

fn misplaced(id: &str) -> String {
    let [number, root, first, crm, hash, phone, link, page, parameter, referrer, subject, chat, key] = MISPLACED;
    let properties = format!(
        "\"identityMap\":{{\"CRMID\":[{{\"id\":\"{crm}\",\"primary\":true}}],\"Emails_SHA256\":[{{\"id\":\"{hash}\"}}]}},\
         \"_shop\":{{\"person\":{{\"firstName\":\"{first}\",\"mobile\":{phone}}},\"mails\":[\"{root}\"]}},\"{key}\":1,\
         \"web\":{{\"webInteraction\":{{\"URL\":\"tel:{link}\",\"linkClicks\":{{\"value\":1}}}},\
         \"webPageDetails\":{{\"URL\":\"https://shop.example/?e={page}&phone={parameter}\"}},\
         \"webReferrer\":{{\"URL\":\"https://shop.example/u/{referrer}\"}}}}"
    );
    let feedback =
        format!("\"callBackNumbr\":{{\"number\":\"{number}\"}},\"subject\":\"write to {subject}\",\"chatStart\":1");
    let event = event(id, 5).replace("\"C5\"", &format!("\"{chat}\""));
    event.replace("\"chatStart\":1", &feedback).replacen('{', &format!("{{{properties},"), 1)
}

fn personal(id: &str, minute: u32) -> String {
    let [number, address, label, extension] = PERSONAL;
    event(id, minute).replace(
        "\"chatStart\":1",
        &format!(
            "\"chatStart\":1,\"callBackNumber\":{{\"number\":\"{number}\",\"extension\":\"{extension}\"}},\
             \"replyToEmailAddress\":{{\"address\":\"{address}\",\"label\":\"{label}\"}}"
        ),
    )
}

fn files(dir: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

fn search_bytes(data: &Path, context: &str) {
    let mut found = Vec::new();
    files(data, &mut found);
    assert!(found.len() > 3, "{context}: the search looks at something");
    for (name, bytes) in found {
        for value in PERSONAL.iter().chain(&MISPLACED) {
            let clear = memchr::memmem::find(&bytes, value.as_bytes());
            assert_eq!(clear, None, "{context}: {value:?} in {name}");
        }
    }
}

/// What compression hides from a search of bytes: every value of every row.
async fn search_rows(table: &Dataset, context: &str) -> String {
    let mut all = String::new();
    for batch in test_query::query("rows", table.provider(), "select * from rows").await.unwrap() {
        for column in batch.columns() {
            for row in 0..batch.num_rows() {
                all.push_str(&array_value_to_string(column, row).unwrap());
                all.push('\n');
            }
        }
    }
    for value in PERSONAL.iter().chain(&MISPLACED) {
        assert!(!all.contains(value), "{context}: {value:?} in a row of {}", table.name());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_personal_lies_in_clear() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let intake = open(&data).await;
    submit(&intake, personal("visible-id", 1)).await;
    submit(&intake, misplaced("misplaced")).await;
    let named = Request { request_id: Some(PERSONAL[1].to_owned()), ..request(event("named", 1)) };
    assert!(intake.submit(named).await.unwrap()[0].is_accepted());
    // A duplicate, a conflict, a broken event, a line that is no JSON at all.
    submit(&intake, personal("visible-id", 1)).await;
    submit(&intake, personal("visible-id", 2)).await;
    submit(&intake, personal("broken", 1).replace("\"timestamp\"", "\"timestmap\"")).await;
    let cut = personal("cut-short", 1);
    submit(&intake, format!("{}\n{}", personal("whole", 1), &cut[..cut.len() - 30])).await;
    let wrong = personal("wrong", 1).replace(PERSONAL[1], &format!("{} is not an address", PERSONAL[1]));
    submit(&intake, wrong).await;
    search_bytes(&data, "in the journal");
    intake.flush().await.unwrap();
    search_bytes(&data, "committed");
    let events = search_rows(&intake.store().events, "committed").await;
    assert!(events.contains("visible-id"), "the search sees values");
    for shown in ["tel:k1:", "https://shop.example/?e=***&phone=***", "write to ***", r#""firstName":null"#] {
        assert!(events.contains(shown), "{shown} stands for what is sealed");
    }
    let rejects = search_rows(&intake.store().rejects, "committed").await;
    assert!(rejects.contains("conflict") && rejects.contains("invalid"));
    intake.close().await;

    let file = dir.path().join("bulk.ndjson");
    let lines = [
        personal("bulk", 3),
        misplaced("misplaced-bulk"),
        personal("broken-bulk", 1).replace("\"timestamp\"", "\"timestmap\""),
    ];
    fs::write(&file, lines.join("\n")).unwrap();
    let loaded = tokio::task::spawn_blocking({
        let data = data.clone();
        move || load(&options(&data), &clock(), &LoadInput::File(file), &LoadOptions::default(), &NoProgress)
    });
    assert_eq!(loaded.await.unwrap().unwrap().accepted, 2);
    search_bytes(&data, "loaded");
    let intake = open(&data).await;
    search_rows(&intake.store().events, "loaded").await;
    search_rows(&intake.store().rejects, "loaded").await;
    intake.close().await;
}
