//! Pages for people: whole without scripts, closed to everything else, and drawn from reports alone.

use crate::rig::{Rig, refused};

const PAGES: [&str; 5] = ["/", "/chat", "/subjects", "/pages", "/quality"];

async fn page(rig: &Rig, path: &str, status: u16) -> String {
    let answer = rig.get(path).send().await.expect("an answer");
    assert_eq!(answer.status(), status, "{path}");
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8", "{path}");
    assert_eq!(
        header("content-security-policy"),
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
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
        assert!(!text.contains("<script") && !text.contains(" style="), "{path}");
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
    refused(rig.get("/style/0000000000000000.css"), 404, "not_found").await;
}

#[tokio::test]
async fn a_page_asks_for_each_of_its_reports_once() {
    let rig = Rig::new().await;
    page(&rig, "/?since=30d&tz=Europe/Berlin&subject=Billing&limit=5", 200).await;
    let asked: Vec<String> =
        rig.fake.queries.lock().expect("not poisoned").drain(..).map(|(asked, ..)| asked).collect();
    let begins = ["Overview", "Chat", "Subjects", "Pages", "Overview"];
    assert_eq!(asked.len(), begins.len(), "{asked:?}");
    for (asked, name) in asked.iter().zip(begins) {
        assert!(
            asked.starts_with(&format!("report ReportRequest {{ name: {name}, zone: Zone(Europe/Berlin)")),
            "{asked}"
        );
        assert!(asked.contains("any_of: [\"Billing\"]"), "{asked}");
    }
    assert!(asked[2].contains("rows_max: 8") && asked[3].contains("rows_max: 8"), "{asked:?}");
    assert!(asked[4].contains("by: WeekdayHour") && asked[4].contains("compare: None"), "{asked:?}");
    // Years have no hours of a week; the page has the rest.
    page(&rig, "/?since=5y", 200).await;
    assert_eq!(rig.fake.queries.lock().expect("not poisoned").drain(..).count(), 4);
    page(&rig, "/subjects", 200).await;
    page(&rig, "/subjects?limit=1000", 200).await;
    let asked = rig.fake.queries.lock().expect("not poisoned").clone();
    assert!(asked[0].0.contains("rows_max: 100,") && asked[1].0.contains("rows_max: 1000,"), "{asked:?}");
}

#[tokio::test]
async fn what_is_wrong_is_said_on_the_page() {
    let rig = Rig::new().await;
    for (query, message) in [
        ("tz=Europe/Berln", "There is no time zone &quot;Europe/Berln&quot;; did you mean Europe/Berlin"),
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
            assert!(!text.contains("<script"), "{path}?{query}");
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

/// A form sends the fields that were left empty, too.
#[tokio::test]
async fn empty_fields_of_a_form_are_not_asked_for() {
    let rig = Rig::new().await;
    let text = page(&rig, "/chat?since=2026-11-01&until=&tz=&compare=", 200).await;
    assert!(text.contains("href=\"/chat?since=2026-11-01&amp;compare=year\""), "{text}");
}
