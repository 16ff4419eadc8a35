//! Mails: the same numbers in both parts, nothing that programs for mails don't show, and texts of others stay texts.

use dashboard::{AlertMail, Mail, MailedView, ViewMail, alert_mail, view_mail};
use report::{AlertStanding, Report, ReportName, WrittenFilter};

use crate::made_up::{self, HOSTILE, NOW, PAGES, SUBJECTS};
use crate::mailed::{alert, mailed, reading, reports};

fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{2009}'], " ").replace('\u{2212}', "-")
}

const VIEWS: [&str; 7] = ["/", "/chat", "/subjects", "/pages", "/referrers", "/devices", "/quality"];

#[test]
fn both_parts_say_the_same() {
    let mail = mailed("/", None, SUBJECTS, PAGES);
    assert_eq!(plain(&mail.subject), "1,942 contact requests so far (+12 %) – Overview, 22 – 28 Nov 2026");
    let (html, text) = (plain(&mail.html), plain(&mail.text));
    for expect in [
        "22 – 28 Nov 2026",
        "UTC",
        "so far",
        "compared with 15 Nov 2026, 00:00 – 21 Nov 2026, 12:40, up to the same point",
        "1,942",
        "+12 % from 1,731",
        "48,211",
        "estimated, ±0.9 % in 95 of 100 cases",
        "3.3 %",
        "4 min 12 s",
        "90 of 100 within 12 min 36 s",
        "Contact requests by day",
        "Channels",
        "Direct message",
        "Returns and refunds",
        "shop.example/help/returns",
        "No subject",
        "Other pages",
        "Referrers",
        "account.shop.example",
        "None (typed, bookmarked or kept back)",
        "Devices",
        "Tablet",
        "The period isn't over",
        "Sent by Frontdesk as the mailing “weekly”",
    ] {
        assert!(html.contains(expect), "{expect}: {html}");
        assert!(text.contains(expect), "{expect}: {text}");
    }
    let link = "https://desk.shop.example/?since=2026-11-22&until=2026-11-28&tz=UTC";
    assert!(text.contains(link) && html.contains(&link.replace('&', "&amp;")), "{text}");
    // Each day's number is in the plain part; a day that isn't over says so.
    assert!(
        text.contains("Sat 28 Nov 2026")
            && text.lines().any(|line| line.starts_with("Sat 28") && line.ends_with("so far")),
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() < 200));
}

#[test]
fn html_is_what_programs_for_mails_show() {
    let none = WrittenFilter::default();
    let mails = VIEWS.map(|view| mailed(view, None, SUBJECTS, PAGES)).into_iter();
    for mail in
        mails.chain([alert("spike", 60, &none, None), alert("silence", 0, &none, Some("2026-11-28T14:05:00+01:00"))])
    {
        assert!(mail.html.starts_with("<!DOCTYPE html><html lang=\"en\">") && mail.html.ends_with("</html>"));
        for refused in [
            "<script",
            "<svg",
            "<img",
            "<link",
            "<form",
            "<iframe",
            "url(",
            "@import",
            "@font-face",
            "var(",
            "src=",
            "http-equiv",
            "position:",
            "display:flex",
            "display:grid",
        ] {
            assert!(!mail.html.contains(refused), "{refused}: {}", mail.html);
        }
        // The only way out is the one link.
        assert_eq!(mail.html.matches("http").count(), 1, "{}", mail.html);
        assert_eq!(mail.html.matches("href=\"https://desk.shop.example/").count(), 1);
        assert!(mail.html.len() < 60_000, "{}", mail.html.len());
        balanced(&mail.html);
    }
}

#[test]
fn numbers_are_honest() {
    // From 0 to 3, never a share of nothing.
    let view = MailedView::parse("/quality").unwrap();
    let mut reports = reports(&view, SUBJECTS, PAGES);
    let mail = |reports: &[Report]| {
        view_mail(&ViewMail { view: &view, title: None, reports, public_url: "https://d.example", name: "w", now: NOW })
            .unwrap()
    };
    let text = plain(&mail(&reports).text);
    assert!(text.contains("from 0 to 212") && !text.contains('∞') && !text.contains("inf"), "{text}");
    reports[0] = made_up::nothing(ReportName::Quality);
    let text = plain(&mail(&reports).text);
    assert!(text.contains("No reasons in this period.") && text.contains("unchanged"), "{text}");
    let other = made_up::days(ReportName::Chat);
    assert!(
        view_mail(&ViewMail {
            view: &view,
            title: None,
            reports: &[other.clone(), other],
            public_url: "",
            name: "",
            now: NOW
        })
        .is_none()
    );
}

#[test]
fn an_alert_says_what_is_unusual() {
    let filter =
        WrittenFilter { channel: vec!["chat".to_owned()], subject: vec![String::new()], ..WrittenFilter::default() };
    let mail = alert("spike", 60, &filter, None);
    assert_eq!(mail.subject, "Spike: far more contact requests: 60 – flood");
    let text = plain(&mail.text);
    for expect in [
        "28 Nov 2026, 14:00 – 15:00 Europe/Berlin",
        "There were 60 contact requests, and usually 21 in the same hour of the week.",
        "Usual in the same hour of the week, the mean of the weeks before",
        "Only channel: chat",
        "Only subject: none",
        "Sat 28 Nov 2026, 14:00 (this)",
        "https://desk.shop.example/?since=2026-11-28&until=2026-11-28&tz=Europe/Berlin&channel=chat&subject=",
    ] {
        assert!(text.contains(expect), "{expect}: {text}");
    }
    assert!(text.lines().any(|line| line.starts_with("Sat 7 Nov 2026, 14:00 ") && line.ends_with(" 25")), "{text}");
    let mut quiet = reading("spike", 20, &[22, 18, 25, 20]);
    quiet.standing = AlertStanding::Quiet;
    let (name, public_url) = ("flood", "https://d.example");
    let preview = alert_mail(&AlertMail { name, reading: &quiet, filter: &filter, over_since: None, public_url });
    assert!(
        preview.text.contains("A preview: nothing is unusual now.") && !preview.text.contains("Chance"),
        "{}",
        preview.text
    );
    let over = alert("silence", 7, &WrittenFilter::default(), Some("2026-11-28T14:05:00+01:00"));
    assert_eq!(over.subject, "Over: silence of contact requests – flood");
    assert!(over.text.contains("What had begun on 28 Nov 2026, 14:05:00 is over: 7 contact requests"), "{}", over.text);
}

#[test]
fn texts_of_others_stay_texts() {
    let filter: Vec<String> = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    let filter = WrittenFilter { subject: filter.clone(), page: filter, ..WrittenFilter::default() };
    let mut mails: Vec<Mail> =
        VIEWS.iter().map(|view| mailed(view, Some("a\r\nBcc: x@evil.example\u{202e}"), HOSTILE, HOSTILE)).collect();
    mails.push(alert("drop", 1, &filter, None));
    for mail in mails {
        for refused in ["<script", "<img", "<svg/", "<b>gnp", "\u{202e}", "\u{1b}", "\u{0}", "src=x onerror=alert(1)>"]
        {
            assert!(!mail.html.contains(refused), "{refused:?}: {}", mail.html);
        }
        for refused in ["\u{202e}", "\u{1b}", "\u{0}", "\r"] {
            assert!(!mail.text.contains(refused) && !mail.subject.contains(refused), "{refused:?}");
        }
        assert!(!mail.subject.contains('\n'), "{}", mail.subject);
        balanced(&mail.html);
    }
}

/// Every element ends where it should.
fn balanced(html: &str) {
    const VOID: [&str; 2] = ["meta", "br"];
    let mut open: Vec<&str> = Vec::new();
    for tag in html.split('<').skip(2) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag.split(' ').next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{html}"),
            None if VOID.contains(&name) => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}
