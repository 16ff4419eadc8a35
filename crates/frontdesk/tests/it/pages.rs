//! Pages of a server with events in it: what is listed and what is collected, compared with SQL.

use crate::server_process::{ServerProcess, TestDir, rows};

/// Events of two days with several of one instant, some of them committed and some fresh.
const EVENTS: usize = 120;
/// A list is followed for so many pages at most.
const PAGES_MAX: usize = 50;

fn numbered(number: usize) -> String {
    // Seven of one instant, and an instant that as a text sorts before the whole second that it follows.
    let (second, millis) = (number / 7 % 60, if number.is_multiple_of(14) { ".5" } else { "" });
    let (day, id) = (20 + number % 2, number * 7_919 % 1_000);
    let kind = if number.is_multiple_of(3) { r#","eventType":"web.webinteraction.linkClicks""# } else { "" };
    let loyalty = if number.is_multiple_of(4) { r#","loyalty":{"tier":"secret-gold"}"# } else { "" };
    format!(
        r#"{{"_id":"e{id:03}","timestamp":"2026-11-{day}T10:00:{second:02}{millis}Z"{kind}{loyalty},"device":{{"type":"mobile"}},"customerFeedback":{{"chatStart":{},"subject":"free text","callBackNumber":{{"number":"1-408-555-0100"}}}}}}"#,
        number % 3
    )
}

fn ids(server: &ServerProcess, path: &str) -> (Vec<String>, Option<String>) {
    let (status, page) = server.get(path);
    assert_eq!(status, 200, "{path}: {page}");
    let list = page.split("<tbody>").nth(1).unwrap_or_default().split("</tbody>").next().unwrap_or_default();
    let ids = list.split("href=\"/events/").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned);
    let next = page.split("rel=\"next\"").next().filter(|before| before.len() < page.len());
    let next = next
        .and_then(|before| before.rsplit("href=\"").next()?.split('"').next())
        .map(|href| href.replace("&amp;", "&"));
    (ids.collect(), next)
}

#[test]
fn the_list_of_events_is_that_of_sql_on_every_page() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    for chunk in (0..EVENTS).collect::<Vec<_>>().chunks(40) {
        let body: Vec<String> = chunk.iter().map(|number| numbered(*number)).collect();
        assert_eq!(server.post("/v1/events", body.join("\n")).0, 200);
    }
    let sql = dir.ok(&["sql", "select id from activity order by time desc, id desc", "--format", "csv"]);
    let expect: Vec<&str> = rows(&sql);
    assert_eq!(expect.len(), EVENTS);
    // Without a filter rows are picked out of files; with one that all pass a query lists them.
    for filter in ["", "&subject=free%20text"] {
        for limit in [5, 7, 50] {
            let mut path = format!("/events?since=2026-11-20&until=2026-11-22&limit={limit}{filter}");
            let mut found: Vec<String> = Vec::new();
            for _ in 0..PAGES_MAX {
                let (ids, next) = ids(&server, &path);
                found.extend(ids);
                match next {
                    Some(next) => path = next,
                    None => break,
                }
            }
            assert_eq!(found, expect, "{limit} {filter}");
        }
    }
    let (none, next) = ids(&server, "/events?since=2026-11-01&until=2026-11-02");
    assert!(none.is_empty() && next.is_none());
    // One event, whole, and without what is sealed.
    let (status, story) = server.get("/events/e000");
    assert_eq!(status, 200);
    for part in ["free text", "secret-gold", "Accepted", "Personal values are sealed"] {
        assert!(story.contains(part), "{part} in {story}");
    }
    assert!(!story.contains("408-555"), "{story}");
}

#[test]
fn what_is_collected_is_counted_and_no_free_text_is_shown() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    let body: Vec<String> = (0..EVENTS).map(numbered).collect();
    assert_eq!(server.post("/v1/events", body.join("\n")).0, 200);
    let path = "/schemas?since=2026-11-20&until=2026-11-22";
    let counted = || server.get(path).1;
    let mut page = counted();
    for _ in 0..100 {
        // Rows are seen a moment after they are durable.
        if !page.contains("http-equiv=\"refresh\"") && !page.contains("Nothing was received") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        page = counted();
    }
    let plain = page.replace('\u{a0}', " ");
    assert!(plain.contains("Filled is the share of the 120 events of this period."), "{plain}");
    let row = |name: &str| {
        let at = plain.find(&format!("<code>{name}</code>")).unwrap_or_else(|| panic!("{name} in {plain}"));
        plain[at..].split("</tr>").next().unwrap_or_default()
    };
    // A third has a type, and the schema names it; each has a device and a subject.
    assert!(row("xdm:eventType").contains(">33.3 %"), "{}", row("xdm:eventType"));
    assert!(row("xdm:subject").contains(">100.0 %"), "{}", row("xdm:subject"));
    assert!(plain.contains("<bdi>mobile</bdi> <span class=\"aside\">100.0 %"), "{plain}");
    assert!(row("xdm:chatStart").contains("<bdi>1</bdi> <span class=\"aside\">33.3 %"), "{}", row("xdm:chatStart"));
    assert!(row("xdm:number").contains("personal, sealed"), "{}", row("xdm:number"));
    assert!(plain.contains("<code>/loyalty</code>") && plain.contains("frontdesk schema infer"), "{plain}");
    for hidden in ["free text", "secret-gold", "408-555"] {
        assert!(!plain.contains(hidden), "{hidden} in {plain}");
    }
    // Filters hold, and what is wrong is told.
    assert!(server.get(&format!("{path}&subject=nothing")).0.is_success());
    let (status, told) = server.get("/schemas?schema=none");
    assert!(status == 400 && told.contains("There is no schema"), "{told}");
    assert_eq!(server.get("/schemas?tz=Nowhere").0, 400);
}
