//! Pages for people: whole without scripts, closed to everything else, and drawn from reports alone.

use crate::rig::{Rig, refused};

const PAGES: [&str; 7] = ["/", "/chat", "/subjects", "/pages", "/quality", "/events", "/schemas"];

async fn page(rig: &Rig, path: &str, status: u16) -> String {
    let answer = rig.get(path).send().await.expect("an answer");
    assert_eq!(answer.status(), status, "{path}");
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8", "{path}");
    assert_eq!(
        header("content-security-policy"),
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types frontdesk",
    );
    assert_eq!(header("cache-control"), "no-store", "{path}");
    answer.text().await.expect("a page")
}

#[tokio::test]
async fn every_page_is_whole_without_scripts() {
    let rig = Rig::new().await;
    for path in PAGES {
        let text = page(&rig, path, 200).await;
        assert!(text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>"), "{path}: {text}");
        assert!(text.matches("<script").count() == 1 && !text.contains(" style="), "{path}");
        assert!(text.contains(&format!("<script src=\"{}\" defer></script>", dashboard::SCRIPT.path())), "{path}");
        // Each links to all pages, and says which it is.
        for other in PAGES {
            assert!(text.contains(&format!("<a href=\"{other}\"")), "{path} to {other}: {text}");
        }
        assert!(text.contains(&format!("<a href=\"{path}\" aria-current=\"page\">")), "{path}: {text}");
    }
}

#[tokio::test]
async fn the_style_sheet_is_kept_for_ever_under_its_name_alone() {
    let rig = Rig::new().await;
    let text = page(&rig, "/", 200).await;
    let sheet =
        text.split("rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let answer = rig.get(sheet).send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"text/css; charset=utf-8".parse().expect("a value"))
    );
    assert!(answer.headers()["cache-control"].to_str().is_ok_and(|kept| kept.contains("immutable")));
    for script in [&dashboard::SCRIPT, &dashboard::QUERIES_SCRIPT] {
        let script = rig.get(&script.path()).send().await.expect("an answer");
        assert_eq!(script.status(), 200);
        assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
    }
    refused(rig.get("/assets/0000000000000000.css"), 404, "not_found").await;
}

#[tokio::test]
async fn a_page_asks_for_each_of_its_reports_once() {
    let rig = Rig::new().await;
    page(&rig, "/?since=30d&tz=Europe/Berlin&subject=Billing&limit=5", 200).await;
    let asked: Vec<String> =
        rig.fake.queries.lock().expect("not poisoned").drain(..).map(|(asked, ..)| asked).collect();
    // Without referrers: by subject they are counted from the events.
    let begins = ["Overview", "Chat", "Subjects", "Pages", "Devices", "Overview"];
    assert_eq!(asked.len(), begins.len(), "{asked:?}");
    for (asked, name) in asked.iter().zip(begins) {
        assert!(
            asked.starts_with(&format!("report ReportRequest {{ name: {name}, "))
                && asked.contains(" zone: Zone(Europe/Berlin)"),
            "{asked}"
        );
        assert!(asked.contains("any_of: [\"Billing\"]"), "{asked}");
    }
    assert!(asked[2..5].iter().all(|asked| asked.contains("rows_max: 8")), "{asked:?}");
    assert!(asked[5].contains("by: WeekdayHour") && asked[5].contains("compare: None"), "{asked:?}");
    // Years have no hours of a week; the page has the rest.
    page(&rig, "/?since=5y", 200).await;
    assert_eq!(rig.fake.queries.lock().expect("not poisoned").drain(..).count(), 6);
    // By referrer that is so of subjects and pages.
    page(&rig, "/?since=7d&referrer=search.example", 200).await;
    let asked: Vec<String> =
        rig.fake.queries.lock().expect("not poisoned").drain(..).map(|(asked, ..)| asked).collect();
    assert!(!asked.iter().any(|asked| asked.contains("name: Subjects") || asked.contains("name: Pages")), "{asked:?}");
    assert_eq!(asked.len(), 5, "{asked:?}");
    page(&rig, "/subjects", 200).await;
    page(&rig, "/subjects?limit=1000", 200).await;
    let asked = rig.fake.queries.lock().expect("not poisoned").clone();
    assert!(asked[0].0.contains("rows_max: 100,") && asked[1].0.contains("rows_max: 1000,"), "{asked:?}");
}

#[tokio::test]
async fn what_is_wrong_is_said_on_the_page() {
    let rig = Rig::new().await;
    for (query, message) in [
        ("tz=Europe/Berln", "There is no time zone &quot;Europe/Berln&quot;; did you mean <a href=\"/"),
        ("since=2026-11-02&until=2026-11-01", "The period ends before it begins"),
        ("since=100y", "The period is 36525 days long"),
        ("sinc=7d", "There is no parameter &quot;sinc&quot;; did you mean since?"),
        ("channel=phone", "There is no channel &quot;phone&quot;"),
        ("since=1d&since=2d", "Since is given twice; write it once"),
        ("since=%3Cscript%3E", "Can't read &quot;&lt;script&gt;&quot; as a time"),
        ("tz=%E2%80%AE%00", "There is no time zone"),
    ] {
        for path in PAGES {
            let text = page(&rig, &format!("{path}?{query}"), 400).await;
            assert!(text.contains(message) && text.contains("<form "), "{path}?{query}: {text}");
            assert_eq!(text.matches("<script").count(), 1, "{path}?{query}");
        }
    }
    assert_eq!(rig.fake.queries.lock().expect("not poisoned").len(), 0);
    let text = page(&rig, "/pages?page=too%20much", 422).await;
    assert!(text.contains("The events of 3 days are too many; ask for fewer."), "{text}");
    let answer = rig.get("/pages?page=pending").header("accept", "text/html").send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().expect("text")), (503, "10"));
    let text = answer.text().await.expect("a page");
    assert!(text.contains("31 of 97 days are ready") && text.contains("http-equiv=\"refresh\""), "{text}");
    refused(rig.get("/?page=broken"), 500, "internal").await;
    refused(rig.post("/", ""), 405, "method_not_allowed").await;
}

#[tokio::test]
async fn a_page_draws_so_many_parts_and_says_what_it_does_instead() {
    let rig = Rig::new().await;
    let asked = || -> Vec<String> {
        rig.fake.queries.lock().expect("not poisoned").drain(..).map(|(asked, ..)| asked).collect()
    };
    const NOTE: &str = "A page draws 500 parts of a period at most, so this one is divided by day and not by hour;";
    for path in ["/", "/chat", "/quality"] {
        let text = page(&rig, &format!("{path}?since=31d&by=hour"), 200).await;
        assert_eq!(text.matches(NOTE).count(), 1, "{path}: {text}");
        // Its files have every hour.
        assert!(text.contains("?since=31d&amp;by=hour&amp;limit=1000&amp;format=csv"), "{path}: {text}");
        let by_day = asked();
        assert!(!by_day.iter().any(|asked| asked.contains("by: Hour")), "{path}: {by_day:?}");
        assert!(by_day[0].contains("by: Day"), "{path}: {by_day:?}");
        let text = page(&rig, &format!("{path}?since=20d&by=hour"), 200).await;
        assert!(!text.contains("A page draws"), "{path}: {text}");
        assert!(asked()[0].contains("by: Hour"), "{path}");
    }
}

/// A form sends the fields that were left empty, too.
#[tokio::test]
async fn empty_fields_of_a_form_are_not_asked_for() {
    let rig = Rig::new().await;
    let text = page(&rig, "/chat?since=2026-11-01&until=&tz=&compare=", 200).await;
    assert!(text.contains("href=\"/chat?since=2026-11-01&amp;compare=year\""), "{text}");
}

#[tokio::test]
async fn events_are_listed_and_searched() {
    let rig = Rig::new().await;
    let text = page(&rig, "/events?since=30d&tz=Europe/Berlin&subject=Billing", 200).await;
    // By the zone's clock, with the way on to each and to what is alike.
    assert!(
        text.contains("<a href=\"/events/https:%2F%2Fdata%2Eexample%2Fstored\">22 Nov 2026, 15:07:16</a>"),
        "{text}"
    );
    assert!(text.contains("href=\"/events?since=30d&amp;tz=Europe/Berlin&amp;subject=Billing&amp;find=C1\""), "{text}");
    assert!(
        text.contains("subject=Billing&amp;before=2026-11-22T14:07:16Z~a%20b\" rel=\"next\">Older events</a>"),
        "{text}"
    );
    assert!(
        text.contains("&lt;b&gt;") && !text.contains("<b>&lt;b>") && text.contains("<span class=\"mark\">late</span>"),
        "{text}"
    );
    let text = page(&rig, "/events?find=stored-1&before=2026-11-22T14:07:16Z~a", 200).await;
    assert!(text.contains("There is an event with this id: <a href=\"/events/stored-1\">"), "{text}");
    assert!(text.contains("<a href=\"/events?find=stored-1\">Newest</a>"), "{text}");
    let text = page(&rig, "/events?show=rejected&reason=type", 200).await;
    assert!(text.contains("<a href=\"/events/rejected-1\">22 Nov 2026, 14:07:16</a>"), "{text}");
    let asked: Vec<String> =
        rig.fake.queries.lock().expect("not poisoned").drain(..).map(|(asked, ..)| asked).collect();
    assert!(asked[0].contains("any_of: [\"Billing\"]") && asked[2].contains("reason: Some(\"type\")"), "{asked:?}");
    for (query, message) in [
        ("show=all", "Show is &quot;all&quot;; write stored or rejected."),
        ("anomaly=odd", "Anomaly is &quot;odd&quot;; write anomalies_counter, "),
        ("before=now", "Before is &quot;now&quot;; write what the link to older events has."),
        ("find=a&find=b", "Find is given twice; write it once."),
        ("findd=a", "There is no parameter &quot;findd&quot;"),
    ] {
        let text = page(&rig, &format!("/events?{query}"), 400).await;
        assert!(text.contains(message), "{query}: {text}");
    }
    // What this page alone takes, no other one does.
    let text = page(&rig, "/chat?find=a", 400).await;
    assert!(text.contains("There is no parameter &quot;find&quot;"), "{text}");
    page(&rig, "/events?subject=too%20much", 422).await;
}

#[tokio::test]
async fn an_events_story_is_told() {
    let rig = Rig::new().await;
    let text = page(&rig, "/events/conflict-1", 200).await.replace(['\u{a0}', '\u{2009}'], " ");
    for part in [
        "Accepted",
        "22 Nov 2026, 14:07:16",
        "1 s later",
        "2 times, and wasn",
        "Same id, other content",
        "3 more are not listed",
        "clickToCall",
        "&lt;script&gt;",
        "Personal values are sealed",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("<script"), "{text}");
    let asked = rig.fake.queries.lock().expect("not poisoned").clone();
    assert_eq!(asked[0].0, "event conflict-1 2026-11-22T14:07:16Z");
    let text = page(&rig, "/events/rejected-1", 200).await;
    for part in [
        "Rejected",
        "Breaks the rules",
        "<code>/place0</code> 9 is a number; send a string.",
        "frontdesk rejects show --reveal r-1",
        "frontdesk rejects retry r-1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = page(&rig, "/events/https:%2F%2Fdata%2Eexample%2Fstored", 200).await;
    assert!(text.contains("<bdi><b>https://data.example/stored</b></bdi>"), "{text}");
    refused(rig.get("/events/unheard-of"), 404, "event_unknown").await;
}

#[tokio::test]
async fn pages_are_told_what_arrives_until_the_server_stops() {
    let mut rig = Rig::new().await;
    let mut stream = rig.get("/live").send().await.expect("an answer");
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut told = String::new();
    while !told.contains("event: received\ndata: 0\n\n") {
        told.push_str(std::str::from_utf8(&stream.chunk().await.expect("a part").expect("no end")).expect("text"));
    }
    assert!(told.starts_with("retry: 5000\n\n"), "{told}");
    rig.post("/v1/events", "{}").send().await.expect("an answer");
    while !told.ends_with("event: received\ndata: 1\n\n") {
        told.push_str(std::str::from_utf8(&stream.chunk().await.expect("a part").expect("no end")).expect("text"));
    }
    // Streams are few; whoever has gone makes room.
    let mut others = Vec::new();
    for _ in 1..64 {
        others.push(rig.get("/live").send().await.expect("an answer"));
    }
    refused(rig.get("/live"), 503, "overloaded").await;
    drop(others);
    rig.stop();
    assert!(stream.chunk().await.is_ok_and(|part| part.is_none()), "it ends in order");
    rig.stopped().await;
}

#[tokio::test]
async fn a_query_is_run_by_whoever_looks_at_its_page() {
    let rig = Rig::new().await;
    let text = page(&rig, "/sql", 200).await;
    assert!(text.contains("<textarea") && text.contains("<code data-word>chat_sessions</code>"), "{text}");
    assert_eq!(rig.fake.queries.lock().expect("not poisoned").len(), 0);
    let text = page(&rig, "/sql?q=select+1%3C%2Ftextarea%3E%3Cscript%3E", 200).await;
    assert!(
        text.contains("\nselect 1&lt;/textarea&gt;&lt;script&gt;</textarea>") && text.contains("id=\"result\""),
        "{text}"
    );
    let text = page(&rig, "/sql?q=invalid", 400).await;
    assert!(
        text.contains("There is no table `x`; did you mean `events`?")
            || text.contains("There is no table `x`; did you mean `events`."),
        "{text}"
    );
    assert!(page(&rig, "/sql?q=limit", 422).await.contains("The query took longer than 30 s; narrow it."));
    let saved = rig.get("/sql?q=select+2&format=csv").send().await.expect("an answer");
    assert_eq!(saved.headers()["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(saved.headers()["content-disposition"], "attachment; filename=\"frontdesk.csv\"");
    refused(rig.get("/sql?q=select+3&format=xml"), 400, "query_invalid").await;
    refused(rig.get("/sql?query=select+3"), 400, "query_invalid").await;
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("referer", "https://evil.example/")]
    {
        refused(rig.get("/sql?q=select+3").header(name, value), 403, "origin_foreign").await;
    }
    let asked: Vec<String> =
        rig.fake.queries.lock().expect("not poisoned").iter().map(|(asked, ..)| asked.clone()).collect();
    assert_eq!(asked, ["select 1</textarea><script>", "invalid", "limit", "select 2"]);
}
