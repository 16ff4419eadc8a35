//! Reports as files to send: whole in themselves, leading nowhere, and what others sent in them is text.

use dashboard::{report_page, report_picture};
use report::{Report, ReportName, WrittenFilter};

use crate::made_up::{self, HOSTILE, NOW, SUBJECTS};

fn reports(values: &[&str]) -> Vec<Report> {
    let by = |name: ReportName| match name {
        ReportName::Overview | ReportName::Channels => "channel",
        ReportName::Subjects => "subject",
        ReportName::Pages => "page",
        ReportName::Referrers => "referrer",
        ReportName::Devices => "device",
        ReportName::Quality | ReportName::Chat => "reason",
    };
    let made = |name: ReportName| made_up::with_rows(made_up::days(name), by(name), values);
    ReportName::ALL.into_iter().map(made).chain([made_up::hours(), made_up::nothing(ReportName::Chat)]).collect()
}

#[test]
fn a_page_is_whole_and_leads_nowhere() {
    for report in reports(SUBJECTS) {
        let (name, page) = (report.report.name(), report_page(&report, &[], NOW));
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">") && page.ends_with("</html>"), "{name}");
        assert!(
            page.contains("<style>:root {") && page.contains("default-src 'none'; style-src 'unsafe-inline'"),
            "{name}"
        );
        for refused in
            ["href=", "src=", "<script", "<link", "<form", "<img", "<a ", "</a>", " style=", "url(", "@import"]
        {
            assert!(!page.contains(refused), "{name} has {refused}");
        }
        assert!(page.contains("</figure>"), "{name} has something to show");
    }
    let page = report_page(&reports(SUBJECTS)[0], &reports(SUBJECTS)[3..7], NOW).replace(['\u{a0}', '\u{2009}'], " ");
    for expect in ["<h1>Contact requests</h1>", "<b>22 – 28 Nov 2026</b> UTC", "<p class=\"number\">1,942</p>"] {
        assert!(page.contains(expect), "{expect}: {page}");
    }
    // The overview has its lists in it.
    for expect in ["Channels", "Subjects", "Pages", "Referrers", "Devices"] {
        assert_eq!(page.matches(&format!("<h2>{expect}</h2>")).count(), 1, "{expect}: {page}");
    }
    assert!(!page.contains("href=") && page.matches("Returns and refunds").count() >= 4, "{page}");
}

/// A file runs no script and may be of any weight: each part says its values, and the table has them all.
#[test]
fn a_file_has_all_values_of_many_parts() {
    let page = report_page(&made_up::many(ReportName::Overview, "day", 366), &[], NOW);
    let requests = page.split("id=\"requests\"").nth(1).and_then(|rest| rest.split("</figure>").next()).unwrap();
    assert_eq!(requests.matches("<g class=\"part").count(), 366, "of 366");
    assert_eq!(requests.matches("<tr><th scope=\"row\">").count(), 366, "of 366");
    assert!(requests.contains("\nDirect message ") && !page.contains("data-of"), "of 366");
    let picture = report_picture(&made_up::many(ReportName::Chat, "hour", 168), NOW);
    assert_eq!(picture.matches("<g class=\"part").count(), 168);
    balanced(&picture);
}

#[test]
fn a_picture_is_whole_and_well_formed() {
    for report in reports(SUBJECTS) {
        let (name, picture) = (report.report.name(), report_picture(&report, NOW));
        assert!(picture.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns="), "{name}");
        for refused in ["href=", "<script", "<a ", "var(", "<image", "url(", "@import", "&nbsp;"] {
            assert!(!picture.contains(refused), "{name} has {refused}");
        }
        balanced(&picture);
    }
    let picture = report_picture(&reports(SUBJECTS)[0], NOW).replace(['\u{a0}', '\u{2009}'], " ");
    for expect in [
        "Contact requests over time</text>",
        "contact requests rose 12 % to 1,942",
        ">Chat</text>",
        "22 – 28 Nov 2026 · UTC · Frontdesk",
    ] {
        assert!(picture.contains(expect), "{expect}: {picture}");
    }
}

/// Every element ends where it should, as XML asks.
fn balanced(picture: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in picture.split('<').skip(2) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag.split(' ').next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{picture}"),
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn texts_of_others_stay_texts() {
    let filter: Vec<String> = HOSTILE.iter().map(|text| (*text).to_owned()).chain(["\u{ffff}".to_owned()]).collect();
    for mut report in reports(HOSTILE) {
        report.filter = WrittenFilter { subject: filter.clone(), page: filter.clone(), ..WrittenFilter::default() };
        let name = report.report.name();
        for file in [report_page(&report, &reports(HOSTILE)[3..7], NOW), report_picture(&report, NOW)] {
            for refused in [
                "<script",
                "<img",
                "<svg/",
                "<b>gnp",
                "\u{202e}",
                "\u{1b}",
                "\u{0}",
                "href=",
                "src=x onerror=alert(1)>",
            ] {
                assert!(!file.contains(refused), "{name} has {refused:?}");
            }
        }
        balanced(&report_picture(&report, NOW));
        assert!(!report_picture(&report, NOW).contains('\u{ffff}'), "XML has no such letter");
    }
}
