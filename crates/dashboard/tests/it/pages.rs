//! Every page is a whole document that loads nothing from elsewhere, runs nothing, and is light.

use std::io::Write as _;

use dashboard::{Context, Overview, PAGE_PARTS_MAX, Page, QUERIES_SCRIPT, SCRIPT, STYLE, Wrong};
use flate2::Compression;
use flate2::write::GzEncoder;
use report::{Contents, Metric, Report, ReportName, Zone};

use crate::drawn::{all, of_many, with_context, with_link};
use crate::made_up::{self, HOSTILE, PAGES, SUBJECTS};

/// What a page may weigh, compressed, with its style sheet: 30 KB.
const PAGE_BYTES_MAX: usize = 30_000;

/// What the script of all pages may weigh, before it is compressed.
const SCRIPT_BYTES_MAX: usize = 6_000;

fn compressed(texts: &[&str]) -> usize {
    let weigh = |text: &&str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap().len()
    };
    texts.iter().map(weigh).sum()
}

#[test]
fn a_page_is_light() {
    // As many values as a list has at most before it is asked for more.
    let many: Vec<String> = (0..100).map(|number| format!("https://shop.example/product/{}", number * 7_919)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (subjects, pages) in [(SUBJECTS, PAGES), (&many, &many)] {
        for (name, page) in all(subjects, pages, &[("since", "7d")]) {
            let bytes = compressed(&[&page, STYLE.text(), SCRIPT.text()]);
            assert!(bytes < PAGE_BYTES_MAX, "{name} weighs {bytes} bytes");
        }
    }
}

/// At both sides of each number from which on charts are drawn in another way, and where most is drawn.
#[test]
fn a_page_of_many_parts_is_light() {
    for (by, parts) in [
        ("day", 31),
        ("day", 32),
        ("day", 62),
        ("day", 63),
        ("day", 100),
        ("hour", 101),
        ("hour", 168),
        ("hour", 200),
        ("hour", 201),
        ("day", 366),
        ("hour", PAGE_PARTS_MAX as i64),
    ] {
        for (name, page) in of_many(by, parts) {
            let bytes = compressed(&[&page, STYLE.text(), SCRIPT.text()]);
            assert!(bytes < PAGE_BYTES_MAX, "{name} with {parts} parts weighs {bytes} bytes");
        }
    }
}

#[test]
fn the_script_is_light_and_writes_no_markup() {
    assert!(SCRIPT.text().len() < SCRIPT_BYTES_MAX, "{} bytes", SCRIPT.text().len());
    let texts = [SCRIPT.text(), QUERIES_SCRIPT.text()];
    let bytes = compressed(&texts);
    assert!(bytes < SCRIPT_BYTES_MAX, "{bytes} bytes compressed");
    for refused in
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "http:", "https:"]
    {
        assert!(texts.iter().all(|text| !text.contains(refused)), "{refused}");
    }
}

/// A page without the scripts that it may have, each once.
fn without_own_scripts(page: &str) -> String {
    [&SCRIPT, &QUERIES_SCRIPT].iter().fold(page.to_owned(), |page, script| {
        page.replacen(&format!("<script src=\"{}\" defer></script>", script.path()), "", 1)
    })
}

#[test]
fn nothing_runs_but_our_script_and_nothing_comes_from_elsewhere() {
    for (name, page) in all(SUBJECTS, PAGES, &[("since", "7d"), ("subject", "a")]) {
        let page = without_own_scripts(&page);
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">") && page.ends_with("</html>"), "{name}");
        for refused in
            ["<script", " style=", "<style", "javascript:", " onload=", " onclick=", "<iframe", "<img", "@import"]
        {
            assert!(!page.contains(refused), "{name} has {refused}");
        }
        // Every address is of this server, but for our icon.
        for attribute in ["href=\"", "src=\"", "action=\""] {
            for address in page.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let is_own = address.starts_with('/') && !address.starts_with("//") || address.starts_with('#');
                assert!(is_own || address.starts_with("data:image/svg+xml,"), "{name}: {address}");
            }
        }
    }
    assert!(!STYLE.text().contains("url(") && !STYLE.text().contains("@import"));
}

#[test]
fn texts_of_others_stay_texts() {
    let parameters: Vec<(&str, &str)> = HOSTILE.iter().flat_map(|text| [("subject", *text), ("page", *text)]).collect();
    let parameters = [&parameters[..], &[("tz", HOSTILE[1]), ("since", HOSTILE[0]), ("until", HOSTILE[4])]].concat();
    for (name, page) in all(HOSTILE, HOSTILE, &parameters) {
        let page = without_own_scripts(&page);
        // A form hands on what the URL said, letter by letter; nobody sees it.
        let fields: Vec<&str> = page.split("<input type=\"hidden\"").collect();
        let rest = fields[1..].iter().map(|field| field.split_once('>').unwrap());
        assert!(rest.clone().all(|(field, _)| !field.contains('<') && field.matches('"').count() == 4), "{name}");
        let page: String = std::iter::once(fields[0]).chain(rest.map(|(_, after)| after)).collect();
        for refused in [
            "<script",
            "<img",
            "<svg/",
            "<b>gnp",
            "\u{202e}",
            "\u{1b}",
            "\u{0}",
            "href=\"javascript:",
            "href=\"data:text",
        ] {
            assert!(!page.contains(refused), "{name} has {refused:?}");
        }
        // Only the addresses of our own pages hold what was sent, as a parameter.
        for address in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(
                address.is_ascii() && !address.contains(['<', '>', ' ']) || address.starts_with("data:image"),
                "{name}: {address}"
            );
            assert!(!address.starts_with("http"), "{name}: {address}");
        }
    }
}

#[test]
fn ids_are_told_apart_and_what_is_referred_to_is_there() {
    for (name, page) in all(SUBJECTS, PAGES, &[]) {
        let values = |attribute: &str| -> Vec<String> {
            let attribute = format!(" {attribute}=\"");
            page.split(&attribute).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
        };
        let ids = values("id");
        for (place, id) in ids.iter().enumerate() {
            assert!(!ids[..place].contains(id), "{name}: {id} stands twice");
        }
        for label in values("aria-labelledby") {
            assert!(label.split(' ').all(|id| ids.iter().any(|known| known == id)), "{name}: {label}");
        }
        for list in values("list") {
            assert!(ids.contains(&list), "{name}: {list}");
        }
        // Whatever is drawn has a name, or is kept from whoever doesn't see it.
        for svg in page.split("<svg").skip(1).map(|rest| rest.split('>').next().unwrap()) {
            let is_named =
                svg.contains("role=\"img\"") && (svg.contains("aria-labelledby=") || svg.contains("aria-label="));
            let is_part = svg.contains("preserveAspectRatio=\"none\" width=\"100%\"");
            assert!(is_named || is_part || svg.contains("aria-hidden=\"true\""), "{name}: {svg}");
        }
    }
}

#[test]
fn numbers_are_those_of_the_reports() {
    let pages = all(SUBJECTS, PAGES, &[]);
    let check = |name: &str, expect: &str| {
        let page = &pages.iter().find(|(known, _)| *known == name).unwrap().1;
        let plain = page.replace(['\u{a0}', '\u{2009}'], " ");
        assert!(plain.contains(expect), "{name}: {expect} in {plain}");
    };
    check("overview", "<p class=\"number\">1,942</p>");
    check("overview", "So far contact requests rose 12 % to 1,942 from 1,731 in the period before; the most: ");
    check("overview", "<b>22 – 28 Nov 2026</b> UTC <span class=\"sofar-mark\">so far</span>");
    check("overview", "compared with 15 Nov 2026, 00:00 – 21 Nov 2026, 12:40, up to the same point");
    check("overview", "estimated, ±0.9 % in 95 of 100 cases");
    check("overview", "<p class=\"number length\">4 min 12 s</p>");
    check("overview", "href=\"/?subject=Returns%20and%20refunds\"");
    check("overview", "href=\"/?subject=\"");
    check("overview", "Sat 28 Nov 2026, so far");
    check("chat", "Of the chats with an invitation 31.2 % were accepted.");
    check("chat", "Half of 756 chats took 4 min 12 s or less");
    check("quality", "from 0 to 212");
    check("quality", "48 cases. They are counted as the definitions say, and shown here.");
    check("subjects", "href=\"/?subject=Warranty\"");
    check("schemas", "<code>xdm:chatStart</code> <code>chatStart</code>");
    check("schemas", "<code>customerFeedback.<wbr>chatStart</code>");
    check(
        "schemas",
        "Filled is the share of the newest 1,942 events of this period, those since 26 Nov 2026, 00:00:00.",
    );
    check("schemas", "personal, sealed");
    check("counting", "<meta http-equiv=\"refresh\" content=\"2\">");
    check("empty", "frontdesk generate --events 10000 | frontdesk load --datastream demo -");
    check(
        "offered",
        "<form class=\"offer\" action=\"/demo-data\" method=\"post\"><button>Load 20,000 made-up events</button>",
    );
    check("loading", "<b>Made-up events are being loaded</b>: 4,000 of 20,000.");
    check("loading", "<meta http-equiv=\"refresh\" content=\"2\">");
    check("loaded", "<b>These numbers are made up</b>: 19,900 events in the datastream <code>demo</code>");
    check("loaded", "<a href=\"/?datastream=!demo\">Show the numbers without them</a>");
    check("stopped", "<b>Made-up events: 4,000 of 20,000 were loaded</b>.");
    check("quality", "<code>frontdesk rejects retry 0190a1b2-0000-4000-8000-00000000abcd</code>");
    check("quality", "<b><a href=\"/events?show=rejected&amp;reason=format\">format</a></b>");
    // The numbers of the lines under the headline numbers.
    check("overview", "<summary>Show numbers<span class=\"aside\"> of the lines above</span></summary>");
    check("overview", "<thead><tr><th scope=\"col\">Day</th><th scope=\"col\">Contact requests</th>");
    check("empty", "curl http://127.0.0.1:8080/v1/events -d ");
    check("wrong", "There is no time zone &quot;Europe/Berln&quot;; did you mean Europe/Berlin?");
    check("overview", ">This page as CSV</a>");
    let wrong = &pages.iter().find(|(known, _)| *known == "wrong").unwrap().1;
    assert!(!wrong.contains("as CSV"), "what leads to the same fault");
}

/// It is Saturday, 12:40, of a week from Sunday on: eleven hours of Saturday are still to come.
#[test]
fn hours_of_the_week_that_are_to_come_are_left_out() {
    let hours = made_up::hours();
    let chart = |report: &Report| {
        let page = with_context(Page::Overview, &[("by", "weekday-hour")], |context| {
            let days = made_up::days(ReportName::Devices);
            let data = Overview {
                overview: report,
                chat: report,
                hours: Some(report),
                subjects: None,
                pages: None,
                referrers: None,
                devices: &days,
            };
            dashboard::overview(context, &data)
        });
        let numbers =
            page.split(" of the lines above</span>").nth(1).map(|rest| rest.split("</table>").next().unwrap());
        let chart = page.split("id=\"requests\"").nth(1).unwrap().split("</figure>").next().unwrap();
        (chart.replace(['\u{a0}', '\u{2009}'], " "), numbers.map(str::to_owned))
    };
    let rows = |chart: &str| (chart.matches("<tr><th scope=\"row\">").count(), chart.matches("<tr hidden>").count());
    let (week, _) = chart(&hours);
    assert_eq!(rows(&week), (168 - 11, 11), "{week}");
    assert!(week.contains("<tr><th scope=\"row\">Sat 12:00, so far</th>"), "{week}");
    // The script counts rows.
    assert!(week.contains("<tr hidden><th scope=\"row\">Sat 13:00: no data yet</th><td></td></tr>"), "{week}");
    assert!(week.contains(" Blank: no data yet.</p>") && week.contains("<th scope=\"col\">Hour</th>"), "{week}");
    let outline = week.split("<path class=\"s5\" d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    // From 11:00 of Saturday to 08:00 of Sunday: noon is drawn by itself, and there were none in the night.
    assert!(outline.contains("M128.15 200V190h.7V200h.3V180h.7V200h.3V180h.7V200h.3V170h.7V200M152.15 "), "{outline}");

    let mut day = hours;
    day.period.since = "2026-11-28T00:00:00Z".to_owned();
    let (day, numbers) = chart(&day);
    assert_eq!(rows(&day), (13, 155), "{day}");
    assert!(day.contains("<tr hidden><th scope=\"row\">Sun 00:00: not in this period</th><td></td></tr>"), "{day}");
    assert!(day.contains(" Blank: no data yet, or not in this period.</p>"), "{day}");
    // The numbers of the lines are those of the same hours.
    let first = |text: &str| {
        let row = text.split("Sat 12:00, so far</th><td>").nth(1).and_then(|rest| rest.split('<').next());
        row.unwrap().to_owned()
    };
    assert_eq!(first(&numbers.unwrap()), first(&day));
    assert_ne!(first(&day), "0");
}

#[test]
fn a_wrong_time_zone_leads_to_those_that_may_have_been_meant() {
    let drawn = |page: Page, parameters: &[(&str, &str)]| {
        let zone = parameters.iter().find(|(name, _)| *name == "tz").unwrap().1;
        let message = zone.parse::<Zone>().unwrap_err().to_string();
        with_context(page, parameters, |context| dashboard::wrong(context, Wrong::Asked, &message))
    };
    // All else is kept, and nothing that was sent becomes markup.
    let page = drawn(
        Page::Chat,
        &[("since", "7d"), ("tz", "Europe/Berln"), ("compare", "year"), ("subject", "Bills & <more>"), ("page", "\"")],
    );
    let href = "/chat?since=7d&amp;tz=Europe/Berlin&amp;compare=year&amp;subject=Bills%20%26%20%3Cmore%3E&amp;page=%22";
    let link = format!("did you mean <a href=\"{href}\">Europe/Berlin</a>");
    assert!(page.contains(&format!("There is no time zone &quot;Europe/Berln&quot;; {link}")), "{page}");
    // Several are told apart, and a question ends as one.
    let page = drawn(Page::Overview, &[("tz", "America/Indiana")]);
    let links = page.split("did you mean ").nth(1).and_then(|rest| rest.split("</p>").next()).unwrap();
    assert!(links.matches("<a href=\"/?tz=America/").count() > 1 && links.ends_with("</a>?"), "{links}");
    // None is near.
    let page = drawn(Page::Overview, &[("tz", "<b>nowhere at all</b>")]);
    assert!(page.contains("write a name of the IANA database, such as Europe/Berlin"), "{page}");
    assert!(!page.contains("<b>nowhere"), "{page}");
}

#[test]
fn the_same_reports_give_the_same_bytes() {
    assert_eq!(all(SUBJECTS, PAGES, &[]), all(SUBJECTS, PAGES, &[]));
}

#[test]
fn the_first_page_is_drawn_from_the_numbers_that_it_names() {
    let reports = || {
        let [overview, chat, hours] =
            [made_up::days(ReportName::Overview), made_up::days(ReportName::Chat), made_up::hours()];
        let list = |name: ReportName, by: &str, values: &[&str]| made_up::with_rows(made_up::days(name), by, values);
        let subjects = list(ReportName::Subjects, "subject", made_up::SUBJECTS);
        let pages = list(ReportName::Pages, "page", made_up::PAGES);
        let referrers = list(ReportName::Referrers, "referrer", made_up::REFERRERS);
        let devices = list(ReportName::Devices, "device", &["desktop", "mobile"]);
        [overview, chat, subjects, pages, referrers, devices, hours]
    };
    let draw = |[overview, chat, subjects, pages, referrers, devices, hours]: &[Report; 7]| {
        let (subjects, pages, referrers) = (Some(subjects), Some(pages), Some(referrers));
        let data = Overview { overview, chat, hours: Some(hours), subjects, pages, referrers, devices };
        with_context(Page::Overview, &[("since", "7d")], |context| dashboard::overview(context, &data))
    };
    let mut named = reports();
    let contents = [
        Overview::OVERVIEW,
        Overview::CHAT,
        Overview::SUBJECTS,
        Overview::PAGES,
        Overview::REFERRERS,
        Overview::PAGES,
        Overview::HOURS,
    ];
    let mut left_out = 0;
    for (report, Contents { totals, series, rows }) in named.iter_mut().zip(contents) {
        let is_in = |list: &[&Metric], name: &str| list.iter().any(|metric| metric.name == name);
        let all = report.metrics.0.len();
        report.metrics.0.retain(|(name, _)| is_in(totals, name));
        left_out += all - report.metrics.0.len();
        report.series.iter_mut().for_each(|bucket| bucket.metrics.0.retain(|(name, _)| is_in(series, name)));
        report.rows.iter_mut().for_each(|row| row.metrics.0.retain(|(name, _)| is_in(rows, name)));
    }
    assert!(left_out > 10, "the reports have others, too: {left_out}");
    assert_eq!(draw(&named), draw(&reports()));
}

#[test]
fn filters_offer_what_there_is() {
    let pages = all(SUBJECTS, PAGES, &[]);
    let page = |name: &str| &pages.iter().find(|(known, _)| *known == name).unwrap().1;
    let check = |name: &str, expect: &str| assert!(page(name).contains(expect), "{name}: {expect}");
    for name in ["overview", "subjects"] {
        check(name, r#"<input type="text" name="subject" list="of-subject" required"#);
        check(name, r#"<datalist id="of-subject"><option value="Delivery"></option>"#);
    }
    check("pages", r#"<datalist id="of-page"><option value="https://"#);
    check("chat", r#"<optgroup label="Leave out"><option value="!chat">Not Chat</option>"#);
    check("chat", r#"<option value="!">Not Unknown</option>"#);
    // Each value is written as a filter takes it, and no list is there twice.
    let odd = all(&["!not", "\\x", "<b>"], PAGES, &[]);
    let (_, odd) = odd.iter().find(|(name, _)| *name == "subjects").unwrap();
    assert!(odd.contains(r#"<option value="\!not"></option><option value="\\x"></option><option value="&lt;b&gt;">"#));
    for (name, page) in &pages {
        for list in ["of-subject", "of-page", "of-referrer"] {
            assert!(page.matches(&format!(r#"<datalist id="{list}">"#)).count() <= 1, "{name}: {list}");
        }
        let is_for_others = ["shared", "link-failed"].contains(name);
        assert!(!is_for_others || !page.contains("<datalist"), "{name}");
    }
}

#[test]
fn a_list_that_is_left_out_leads_on_only_where_there_is_a_way() {
    let reports = [ReportName::Overview, ReportName::Chat, ReportName::Devices].map(made_up::days);
    let [overview, chat, devices] = &reports;
    let (hours, subjects, pages, referrers) = (None, None, None, None);
    let data = Overview { overview, chat, hours, subjects, pages, referrers, devices };
    let draw = |context: &Context<'_>| dashboard::overview(context, &data);
    let own = with_context(Page::Overview, &[("subject", "Delivery")], draw);
    assert!(own.contains(r#"<a href="/referrers?subject=Delivery">Show referrers</a>"#), "{own}");
    let shared = with_link(Page::Overview, &[("subject", "Delivery")], "For a wall", draw);
    assert!(shared.contains("They aren't counted with this filter.") && !shared.contains("Show referrers"), "{shared}");
}
