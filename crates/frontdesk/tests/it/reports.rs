//! The reports: the same numbers as SQL gives, alone and beside a server, and what is said about mistakes.

use serde_json::Value;

use crate::server_process::{TestDir, event, rows};

/// The seven days of the generated events.
const PERIOD: [&str; 4] = ["--since", "2026-11-15", "--until", "2026-11-21"];

fn loaded() -> TestDir {
    let dir = TestDir::new();
    let events = dir.ok(&["generate", "--events", "3000", "--seed", "5", "--until", "2026-11-22"]);
    dir.write("events.ndjson", events);
    dir.run(&["load", "events.ndjson"]);
    dir
}

fn report(dir: &TestDir, args: &[&str]) -> Value {
    let json = dir.ok(&[&["report"][..], args, &["--format", "json"]].concat());
    serde_json::from_str(&json).unwrap()
}

/// The numbers of one row of SQL.
fn sql(dir: &TestDir, select: &str) -> Vec<f64> {
    let answer = dir.ok(&["sql", select, "--format", "csv"]);
    rows(&answer)[0].split(',').map(|number| number.parse().unwrap()).collect()
}

#[test]
fn a_report_has_the_numbers_that_sql_has() {
    let dir = loaded();
    let names = ["contact_requests", "visitors", "contact_visitors", "chats_offered", "chats_started", "click_to_call"];
    let select = |of_zone: &str| {
        format!(
            "select sum(contact_requests), count(distinct visitor), \
             count(distinct case when contact_requests > 0 then visitor end), \
             sum(chat_offered), sum(chat_start), sum(click_to_call) from activity \
             where cast(to_local_time(time at time zone '{of_zone}') as date) between '2026-11-15' and '2026-11-21'"
        )
    };
    for zone in ["UTC", "America/New_York", "Asia/Kolkata"] {
        let told = report(&dir, &[&["overview", "--tz", zone][..], &PERIOD].concat());
        let numbers: Vec<f64> = names.iter().map(|name| told["metrics"][name]["value"].as_f64().unwrap()).collect();
        assert_eq!(numbers, sql(&dir, &select(zone)), "{zone}");
        assert!(numbers[0] > 100.0, "{numbers:?}");
        let days = told["series"].as_array().unwrap();
        assert_eq!(days.len(), 7, "{zone}");
        let of_days: f64 = days.iter().map(|day| day["metrics"]["contact_requests"]["value"].as_f64().unwrap()).sum();
        assert_eq!(of_days, numbers[0], "{zone}");
    }
}

#[test]
fn filters_and_rows_have_them_too() {
    let dir = loaded();
    let told = report(&dir, &[&["subjects", "--limit", "1"][..], &PERIOD].concat());
    let row = &told["rows"][0];
    let subject = row["value"].as_str().unwrap();
    let number = |of: &Value| of["metrics"]["contact_requests"]["value"].as_f64().unwrap();
    let of_subject = format!("select sum(contact_requests) from activity where subject = '{subject}'");
    assert_eq!(sql(&dir, &of_subject), [number(row)]);
    let only = report(&dir, &[&["overview", "--subject", subject][..], &PERIOD].concat());
    assert_eq!(number(&only), number(row));
    let others = report(&dir, &[&["overview", "--subject", &format!("!{subject}")][..], &PERIOD].concat());
    assert_eq!(number(&others) + number(&only), number(&told));
    let calls = report(&dir, &[&["overview", "--channel", "call"][..], &PERIOD].concat());
    assert_eq!([number(&calls)].to_vec(), sql(&dir, "select sum(click_to_call) from activity"));
    let nobody = report(&dir, &[&["overview", "--subject", "nobody's"][..], &PERIOD].concat());
    assert_eq!(number(&nobody), 0.0);
    assert!(nobody["notes"][0].as_str().unwrap().starts_with("No event of this period passes the filter"));
}

#[test]
fn a_report_through_a_server_is_the_report_without_it() {
    let dir = loaded();
    let each: Vec<Vec<&str>> = ["overview", "chat", "channels", "subjects", "pages"]
        .map(|name| [&["report", name, "--compare", "none"][..], &PERIOD].concat())
        .to_vec();
    let quality = ["report", "quality", "--since", "2026-11-01", "--format", "json"];
    let forms = ["json", "csv", "table"];
    let asked = |args: &[&str], form: &str| dir.ok(&[args, &["--format", form]].concat());
    let alone: Vec<String> = each.iter().flat_map(|args| forms.map(|form| asked(args, form))).collect();
    assert!(alone.iter().all(|text| !text.contains('\u{1b}') && !text.contains('█')), "a pipe gets nothing drawn");
    let counted: Value = serde_json::from_str(&dir.ok(&quality)).unwrap();
    assert_eq!(counted["metrics"]["rejected"]["value"], 30, "{counted}");
    assert_eq!(counted["metrics"]["accepted"]["value"], 2_970, "{counted}");

    let server = dir.serve(&["--time-zone", "Europe/Berlin"]);
    let beside: Vec<String> =
        each.iter().flat_map(|args| forms.map(|form| asked(&[args, &["--tz", "UTC"][..]].concat(), form))).collect();
    assert_eq!(beside, alone);
    let told = report(&dir, &["overview", "--since", "7d"]);
    assert_eq!(told["period"]["tz"], "Europe/Berlin", "the server's own zone");
    // What was acknowledged is counted.
    let before = report(&dir, &[&["overview"][..], &PERIOD].concat());
    let (status, _) = server.post("/v1/events", event("r-1"));
    assert_eq!(status, 200);
    let after = report(&dir, &[&["overview"][..], &PERIOD].concat());
    let number = |of: &Value| of["metrics"]["contact_requests"]["value"].as_u64().unwrap();
    assert_eq!(number(&after), number(&before) + 1);
}

#[test]
fn the_same_is_said_about_a_mistake_alone_and_over_http() {
    let dir = TestDir::new();
    let mistakes = [
        (["--tz", "Europe/Berln"], "there is no time zone \"Europe/Berln\"; did you mean Europe/Berlin"),
        (["--since", "yesterday"], "can't read \"yesterday\" as a time; write 7d"),
        (["--since", "100y"], "the period is "),
        (["--until", "2026-01-01"], "the period ends before it begins"),
        (["--by", "year"], "by is \"year\"; write hour, day, week, month or weekday-hour"),
        (["--channel", "phone"], "there is no channel \"phone\"; write chat, call"),
        (["--limit", "many"], "limit is \"many\"; write a number up to 1000"),
    ];
    let alone = mistakes.map(|(args, expect)| {
        let outcome = dir.run(&[&["report", "chat"][..], &args].concat());
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.err.starts_with(&format!("error: {expect}")), "{outcome:?}");
        outcome.err
    });
    let refused = dir.run(&["report", "chat", "--time-zone", "Europe/Berln"]);
    assert!(refused.code == 2 && refused.err.contains("did you mean Europe/Berlin"), "{refused:?}");
    let refused = dir.run(&["serve", "--time-zone", "Mars/Olympus"]);
    assert!(refused.code == 2 && refused.err.contains("there is no time zone"), "{refused:?}");
    let server = dir.serve(&[]);
    for ((args, _), alone) in mistakes.iter().zip(&alone) {
        let path = format!("/v1/reports/chat?{}={}", args[0].trim_start_matches('-'), args[1]);
        let (status, answer) = server.get(&path);
        let problem: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status.as_u16(), &problem["code"]), (400, &"query_invalid".into()), "{path}");
        assert_eq!(*alone, format!("error: {}\n", problem["detail"].as_str().unwrap()), "{path}");
    }
}

#[test]
fn a_report_is_a_file_to_send() {
    let dir = loaded();
    let make = |format: &str, name: &str| {
        dir.ok(&[&["report", name, "--format", format, "-o", "out"][..], &PERIOD].concat());
        std::fs::read(dir.path("out")).unwrap()
    };
    let forms = || -> Vec<Vec<u8>> {
        let one = |(format, name)| make(format, name);
        [("xlsx", "overview"), ("html", "chat"), ("svg", "overview"), ("html", "quality"), ("table", "pages")]
            .map(one)
            .to_vec()
    };
    let alone = forms();
    for (bytes, begin) in
        alone.iter().zip(["PK\u{3}\u{4}", "<!DOCTYPE html>", "<?xml ", "<!DOCTYPE html>", "pages from 2026-11-15"])
    {
        assert!(bytes.starts_with(begin.as_bytes()) && bytes.len() > 1_000, "{begin}: {} bytes", bytes.len());
    }
    let server = dir.serve(&[]);
    let beside = forms();
    // Workbooks hold when they were made.
    assert_eq!(beside[4], alone[4]);
    for (beside, alone) in beside.iter().zip(&alone) {
        assert_eq!(beside.len().abs_diff(alone.len()) / 100, 0);
    }
    let (status, page) = server.get("/v1/reports/chat?format=html&since=2026-11-15&until=2026-11-21");
    assert!(status.is_success() && page.contains("From invitation to end"), "{status}: {page}");
    drop(server);
    let shown = dir.run(&[&["report", "overview", "--format", "svg"][..], &PERIOD].concat());
    assert!(shown.code == 0 && shown.out.ends_with("</svg>\n"), "{shown:?}");
    let missing = dir.run(&["report", "overview", "-o", "no/such/file"]);
    assert_eq!(missing.code, 3, "{missing:?}");
}
