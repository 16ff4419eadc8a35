//! The four forms of a result, nested values and empty results included.

use report::{QueryLimits, QueryResult, Session};

use crate::fixture::session;

const NESTED: &str = "select _id, timestamp, identityMap, customerFeedback, eventType from events where _id in ('e02', 'e07') order by _id";

async fn check(sql: &str, write: impl Fn(&QueryResult, &mut Vec<u8>) -> std::io::Result<()>, expect: &str) {
    let result = session("week").query(sql, QueryLimits::default()).await.unwrap();
    let mut out = Vec::new();
    write(&result, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), expect);
}

#[tokio::test]
async fn as_json() {
    let expect = r#"[
{"_id":"e02","timestamp":"2026-11-01T09:01:00Z","identityMap":{"ECID":[{"id":"v-anna"}],"CRMID":[{"id":"crm-9","primary":true}]},"customerFeedback":{"chatOffered":1,"chatSessionID":"C1"},"eventType":null},
{"_id":"e07","timestamp":"2026-11-01T12:00:00.500Z","identityMap":null,"customerFeedback":{"chatStart":0,"clickToEmail":1},"eventType":null}
]
"#;
    check(NESTED, |result, out| result.write_json(out), expect).await;
    let lines = expect.trim_start_matches("[\n").trim_end_matches("]\n").replace("},\n", "}\n");
    check(NESTED, |result, out| result.write_ndjson(out), &lines).await;
}

#[tokio::test]
async fn as_csv() {
    let expect = "_id,customerFeedback,sealed_bytes\ne05,\"{\"\"clickToCall\"\":2}\",\ne06,,\n";
    let sql = "select _id, customerFeedback, sealed_bytes from events where _id in ('e05', 'e06') order by _id";
    check(sql, |result, out| result.write_csv(out), expect).await;
}

#[tokio::test]
async fn as_table() {
    let sql = "select id, subject, chat_start from contacts where chat_start is not null order by id";
    let expect = "\
id   subject            chat_start
---  -----------------  ----------
e03  Billing, \"urgent\"           1
e07                              0
(2 rows)
";
    check(sql, |result, out| result.write_table(out, None), expect).await;
    let narrow = "\
id   subject   chat_st…
---  --------  --------
e03  Billing…         1
e07                   0
(2 rows)
";
    check(sql, |result, out| result.write_table(out, Some(23)), narrow).await;
}

#[tokio::test]
async fn without_rows() {
    let sql = "select id, chat_start from contacts where false";
    check(sql, |result, out| result.write_json(out), "[]\n").await;
    check(sql, |result, out| result.write_ndjson(out), "").await;
    check(sql, |result, out| result.write_csv(out), "id,chat_start\n").await;
    check(sql, |result, out| result.write_table(out, None), "id  chat_start\n--  ----------\n(0 rows)\n").await;
}

#[test]
fn on_a_runtime_of_its_own() {
    let own = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let caller = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let elsewhere: Session = session("week").on(own.handle().clone());
    let result = caller.block_on(elsewhere.query("select count(*) from contacts", QueryLimits::default()));
    assert_eq!(result.unwrap().rows(), 1);
}
