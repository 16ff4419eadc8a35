//! The contacts report over the fixture, every number worked out by hand.
//!
//! | day | who | what |
//! |---|---|---|
//! | 1 | anna | page view; chat offered; chat started |
//! | 1 | ben | chat offered and declined; two clicks to call |
//! | 1 | cleo | page view |
//! | 1 | nobody | click to e-mail (and a chatStart of 0) |
//! | 2 | anna | chat ended |
//! | 2 | dora | click to text and to direct message in one event |
//! | 2 | ben | −3 clicks to call (anomaly), one click to e-mail |
//! | 2 | cleo | 1,001 chat starts (anomaly) with a reply address; a callback number alone |
//! | 3 | sealed identity | click to call |

use chrono::{DateTime, Utc};
use report::{ContactsReport, Line, Period, QueryLimits};
use serde_json::{Value, json};

use crate::fixture::session;

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-05T12:00:00Z").unwrap().to_utc()
}

pub(crate) async fn run(tables: &str, since: &str, until: Option<&str>) -> ContactsReport {
    let period = Period::parse(since, until, now()).unwrap();
    let session = session(tables);
    // Spawned, as a server does: the future has to be Send.
    let report = tokio::spawn(async move { ContactsReport::run(&session, &period, QueryLimits::default()).await });
    report.await.unwrap().unwrap()
}

fn check(line: &Line, numbers: Value, channels: Value) {
    let got = serde_json::to_value(line).unwrap();
    for (name, number) in numbers.as_object().unwrap() {
        assert_eq!(&got[name], number, "{name} of {:?}", line.date);
    }
    for (channel, expect) in channels.as_object().unwrap() {
        let [visitors, requests, rate, mix] = expect.as_array().unwrap().as_slice() else { panic!("four numbers") };
        let got = &got["channels"][channel];
        let expect = json!({"contact_visitors": visitors, "contact_requests": requests, "contact_rate": rate, "channel_mix": mix});
        assert_eq!(got, &expect, "{channel} of {:?}", line.date);
    }
}

#[tokio::test]
async fn numbers_by_day_and_channel() {
    let report = run("week", "2026-11-01", Some("2026-11-03")).await;
    let dates: Vec<&str> = report.days.iter().filter_map(|line| line.date.as_deref()).collect();
    assert_eq!(dates, ["2026-11-01", "2026-11-02", "2026-11-03"]);
    // Day 1: anna, ben, cleo; anna (1 start) and ben (2 calls) asked; nobody's e-mail makes 4.
    check(
        &report.days[0],
        json!({"visitors": 3, "contact_visitors": 2, "contact_requests": 4, "contact_rate": 2.0 / 3.0,
               "chats_offered": 2, "chats_declined": 1, "chats_started": 1, "chats_ended": 0,
               "click_to_call": 2, "click_to_text": 0, "click_to_email": 1, "click_to_direct_message": 0, "anomalies": 0}),
        json!({"chat": [1, 1, 1.0 / 3.0, 0.25], "call": [1, 2, 1.0 / 3.0, 0.5], "text": [0, 0, 0.0, 0.0],
               "email": [0, 1, 0.0, 0.25], "direct_message": [0, 0, 0.0, 0.0]}),
    );
    // Day 2: four visitors; dora (text + message) and ben (e-mail) asked. Neither −3 nor 1,001 counts.
    check(
        &report.days[1],
        json!({"visitors": 4, "contact_visitors": 2, "contact_requests": 3, "contact_rate": 0.5,
               "chats_offered": 0, "chats_declined": 0, "chats_started": 0, "chats_ended": 1,
               "click_to_call": 0, "click_to_text": 1, "click_to_email": 1, "click_to_direct_message": 1, "anomalies": 2}),
        json!({"chat": [0, 0, 0.0, 0.0], "call": [0, 0, 0.0, 0.0], "text": [1, 1, 0.25, 1.0 / 3.0],
               "email": [1, 1, 0.25, 1.0 / 3.0], "direct_message": [1, 1, 0.25, 1.0 / 3.0]}),
    );
    // Day 3: the only identity is sealed: a request, but no visitor to divide by.
    check(
        &report.days[2],
        json!({"visitors": 0, "contact_visitors": 0, "contact_requests": 1, "contact_rate": null, "click_to_call": 1}),
        json!({"chat": [0, 0, null, 0.0], "call": [0, 1, null, 1.0]}),
    );
}

#[tokio::test]
async fn totals_count_a_visitor_once() {
    let report = run("week", "2026-11-01", Some("2026-11-03")).await;
    // anna, ben, cleo, dora (the days add up to 7); anna, ben, dora asked.
    check(
        &report.totals,
        json!({"visitors": 4, "contact_visitors": 3, "contact_requests": 8, "contact_rate": 0.75,
               "chats_offered": 2, "chats_declined": 1, "chats_started": 1, "chats_ended": 1,
               "click_to_call": 3, "click_to_text": 1, "click_to_email": 2, "click_to_direct_message": 1, "anomalies": 2}),
        json!({"chat": [1, 1, 0.25, 0.125], "call": [1, 3, 0.25, 0.375], "text": [1, 1, 0.25, 0.125],
               "email": [1, 2, 0.25, 0.25], "direct_message": [1, 1, 0.25, 0.125]}),
    );
    assert_eq!(report.totals.date, None);
}

#[tokio::test]
async fn quality_counts_by_receipt() {
    let quality = run("week", "2026-11-01", Some("2026-11-03")).await.quality;
    // r7 came in on the 4th. r6 has no keyword.
    assert_eq!(
        quality.to_string(),
        "received: accepted 13, rejected 4 (required 2, type 1, unknown 1), duplicates 1, conflicts 1"
    );
    // e12 happened on the 2nd and was received on the 3rd, with e13.
    let quality = run("week", "2026-11-03", Some("2026-11-03")).await.quality;
    assert_eq!(quality.to_string(), "received: accepted 2, rejected 1 (unknown 1), duplicates 1, conflicts 0");
}

#[tokio::test]
async fn the_period_is_half_open() {
    let dates = |report: &ContactsReport| report.days.iter().map(|line| line.date.clone().unwrap()).collect::<Vec<_>>();
    // e08 lies on the first instant, e09 on the first one after it.
    let report = run("week", "2026-11-02T09:00:00Z", Some("2026-11-02T10:00:00Z")).await;
    check(&report.totals, json!({"chats_ended": 1, "click_to_text": 0}), json!({}));
    // e12 lies a microsecond before the 3rd, e13 on its first instant.
    assert_eq!(dates(&run("week", "2026-11-03", None).await), ["2026-11-03"]);
    assert_eq!(dates(&run("week", "2026-11-02T12:00:01Z", Some("2026-11-03T00:00:00Z")).await), ["2026-11-02"]);
    assert_eq!(dates(&run("week", "2d", None).await), [""; 0]);
}

#[tokio::test]
async fn nothing_to_count() {
    for tables in ["empty", "bare"] {
        let report = run(tables, "2026-11-01", Some("2026-11-03")).await;
        check(
            &report.totals,
            json!({"visitors": 0, "contact_requests": 0, "contact_rate": null, "chats_started": 0, "anomalies": 0}),
            json!({"chat": [0, 0, null, null]}),
        );
        assert_eq!(report.days.len(), if tables == "empty" { 0 } else { 3 });
    }
    let quality = run("empty", "7d", None).await.quality;
    assert_eq!(quality.to_string(), "received: accepted 0, rejected 0, duplicates 0, conflicts 0");
}

#[tokio::test]
async fn survives_its_own_json() {
    let report = run("week", "2026-11-01", None).await;
    let mut json = Vec::new();
    report.write_json(&mut json).unwrap();
    let read: ContactsReport = serde_json::from_slice(&json).unwrap();
    assert_eq!(read, report);
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn as_table() {
    let report = run("week", "2026-11-01", Some("2026-11-01")).await;
    let expect = "\
contact requests from 2026-11-01T00:00:00Z to 2026-11-02T00:00:00Z (UTC)

date        channel  visitors  asking  requests   rate    mix  offered  declined  started  ended  call  text  e-mail  message  anomalies
----------  -------  --------  ------  --------  -----  -----  -------  --------  -------  -----  ----  ----  ------  -------  ---------
2026-11-01  all             3       2         4  66.7%               2         1        1      0     2     0       1        0          0
            Chat                    1         1  33.3%  25.0%        2         1        1      0
            Call                    1         2  33.3%  50.0%                                        2
            E-mail                  0         1   0.0%  25.0%                                                      1
total       all             3       2         4  66.7%               2         1        1      0     2     0       1        0          0
            Chat                    1         1  33.3%  25.0%        2         1        1      0
            Call                    1         2  33.3%  50.0%                                        2
            E-mail                  0         1   0.0%  25.0%                                                      1

received: accepted 7, rejected 2 (required 2), duplicates 0, conflicts 0
";
    assert_eq!(written(|out| report.write_table(out, None)), expect);
}

#[tokio::test]
async fn as_csv() {
    let report = run("week", "2026-11-03", Some("2026-11-03")).await;
    let expect = "\
date,channel,visitors,contact_visitors,contact_requests,contact_rate,channel_mix,chats_offered,chats_declined,chats_started,chats_ended,click_to_call,click_to_text,click_to_email,click_to_direct_message,anomalies
2026-11-03,all,0,0,1,,,0,0,0,0,1,0,0,0,0
2026-11-03,chat,,0,0,,0.0,0,0,0,0,,,,,
2026-11-03,call,,0,1,,1.0,,,,,1,,,,
2026-11-03,text,,0,0,,0.0,,,,,,0,,,
2026-11-03,email,,0,0,,0.0,,,,,,,0,,
2026-11-03,direct_message,,0,0,,0.0,,,,,,,,0,
";
    let got = written(|out| report.write_csv(out));
    let (days, totals) = got.split_at(got.find("total,").unwrap());
    assert_eq!(days, expect);
    assert_eq!(totals.lines().count(), 6);
}
